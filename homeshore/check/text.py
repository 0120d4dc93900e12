"""Reports for people: worst first, what was found, what is expected, how to mend it, where it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from findings import DeclaredTransfer, Enforcement, Exempted, Finding, NotJudged, Report, Severity, States
from homeshore.check import naming
from homeshore.check.harmless import clipped, line, printable
from homeshore.check.layout import INDENT, Style, count, plain, table, wrapped

WIDTH: Final = 80
COLOURS: Final = {Enforcement.MANDATORY: "red", Enforcement.ADVISORY: "yellow"}
FOLDED_FROM: Final = 6  # resources with the same violation, before they are shown as one
NAMED: Final = 5  # of them
LONGEST: Final = 600  # characters of one sentence


@dataclass(frozen=True)
class Page:
    """How to print: characters in a line, colours, and whether to leave nothing out."""

    width: int = WIDTH
    paint: Style = plain
    verbose: bool = False


def render(report: Report, style: Style | None = None, *, width: int = WIDTH, verbose: bool = False) -> str:
    """One stack's report: its findings, worst first, then what was exempted or not judged, then the counts."""
    page = Page(width, style or plain, verbose)
    lines = [page.paint(_title(report), bold=True)]
    for group in _groups(report.findings, verbose):
        lines += ["", *_block(group, page)]
    if report.exempted:
        lines += ["", f"{INDENT}Exempted:", *(text for row in report.exempted for text in _exempted(row, page))]
    if report.transfers:
        lines += [
            "",
            f"{INDENT}Declared transfers:",
            *(text for row in report.transfers for text in _declared(row, page)),
        ]
    if report.not_judged:
        lines += ["", f"{INDENT}Not judged:", *_not_judged(report.not_judged, page)]
    lines += ["", *_end(report, page)]
    return "\n".join(line(one) for one in lines)


def render_all(
    reports: Sequence[Report], style: Style | None = None, *, width: int = WIDTH, verbose: bool = False
) -> str:
    """Several stacks: those with something to say in full, one line for each of the others, then the total."""
    page = Page(width, style or plain, verbose)
    loud = [one for one in reports if one.findings or one.exempted or one.transfers or one.not_judged or one.gaps]
    clean = [one for one in reports if one not in loud]
    blocks = [render(one, style, width=width, verbose=verbose) for one in loud]
    if clean:
        blocks.append("\n".join(line(one) for one in _clean(clean, page)))
    return "\n\n".join([*blocks, _total(reports, page)])


def summary(report: Report) -> str:
    """The counts of resources and findings in one line."""
    failing = sum(found.enforcement is Enforcement.MANDATORY for found in report.findings)
    parts = [count(failing, "error"), count(len(report.findings) - failing, "warning")]
    parts += [f"{len(report.exempted)} exempted"] if report.exempted else []
    parts += [f"{len(report.not_judged)} not judged"] if report.not_judged else []
    return f"{report.judged} of {count(report.resources, 'resource')} judged: {', '.join(parts)}."


def states(report: Report) -> str:
    """The four states in one line, with the reason of each rule that was not evaluated; empty without states."""
    if report.states is None:
        return ""
    told = report.states
    reasons = _reasons(told, left_out(report)) if told.not_evaluated else ""
    return (
        f"{told.passed + told.failed + told.not_applicable + told.not_evaluated} rules: {told.passed} pass, "
        f"{told.failed} fail, {told.not_applicable} not applicable, {told.not_evaluated} not evaluated{reasons}."
    )


def undetermined(report: Report, *, hint: bool = True) -> str:
    """What is known only after the update, in one line by rule; empty where nothing is."""
    if not report.undetermined:
        return ""
    by_rule = Counter(row.rule for row in report.undetermined)
    rules = ", ".join(
        f"{rule} ({number})" for rule, number in sorted(by_rule.items(), key=lambda row: (-row[1], row[0]))
    )
    number = len(report.undetermined)
    what = "1 value is" if number == 1 else f"{number} values are"
    return f"{what} known only after the update: {rules}{'; --verbose lists them' if hint else ''}."


def _title(report: Report) -> str:
    where = f" in {printable(report.file)}" if report.file else ""
    return f"Stack {printable(report.stack) or '(no name)'}{where}"


def _groups(findings: Sequence[Finding], verbose: bool) -> Iterator[list[Finding]]:
    """The findings of one resource together, and the violations that the same many have; the worst one first."""
    alike: dict[object, dict[str, None]] = {}
    for found in findings:
        alike.setdefault(violation(found), {})[found.urn] = None
    groups: dict[object, list[Finding]] = {}
    for found in findings:
        urns = tuple(alike[violation(found)])
        many = not verbose and len(urns) >= FOLDED_FROM
        groups.setdefault(urns if many else found.urn, []).append(found)
    yield from groups.values()


def violation(found: Finding) -> tuple[str, ...]:
    """What is the same for all resources with the same thing wrong with them."""
    return found.rule, found.enforcement, found.path, found.message, found.found


def _block(group: list[Finding], page: Page) -> Iterator[str]:
    urns = list(dict.fromkeys(found.urn for found in group))
    if len(urns) == 1:
        yield f"{INDENT}{_resource(urns[0], page)}"
    else:
        named = clipped(", ".join(naming.name(urn) for urn in urns[:NAMED]), LONGEST)
        text = f"{len(urns)} resources: {named} and {len(urns) - NAMED} more; --verbose lists them"
        yield from (page.paint(line(one), bold=True) for one in wrapped(text, page.width, INDENT))
    shown = group if len(urns) == 1 else {violation(found): found for found in reversed(group)}.values()
    for found in sorted(shown, key=lambda one: one.order):
        yield from _finding(found, page, place=len(urns) == 1)


def _finding(found: Finding, page: Page, *, place: bool) -> Iterator[str]:
    word = page.paint(_severity(found), fg=COLOURS[found.enforcement])
    about = naming.title(found.rule)
    yield f"{INDENT * 2}{word}  {printable(found.rule)}{f'  {about}' if about else ''}"
    yield from wrapped(clipped(naming.statement(found), LONGEST), page.width, INDENT * 3)
    rows = (
        ("expected", found.allowed),
        ("fix", found.remedy),
        ("says", found.source),
        ("meets", _frameworks(found.frameworks, page)),
        ("line", naming.place(found) if place else ""),
    )
    yield from table(((name, clipped(text, LONGEST)) for name, text in rows if text), page.width, INDENT * 3)


def _frameworks(frameworks: Sequence[str], page: Page) -> str:
    """As many as one line holds."""
    room = page.width - len(INDENT * 3) - len("expected") - len(INDENT)
    kept = list(frameworks)
    while (
        not page.verbose and len(kept) > 1 and len("; ".join(kept)) + (2 if len(kept) < len(frameworks) else 0) > room
    ):
        kept.pop()
    return "; ".join(kept) + (" …" if len(kept) < len(frameworks) else "")


def _severity(found: Finding) -> str:
    if found.enforcement is Enforcement.MANDATORY:
        return found.severity
    return "warning" if found.severity is Severity.LOW else f"{found.severity}, warning only"


def _resource(urn: str, page: Page) -> str:
    kind = naming.kind(urn)
    # A colour that is taken out again must not leave a command at the start of the line.
    return page.paint(line(clipped(naming.name(urn), LONGEST)), bold=True) + (
        f"  {page.paint(clipped(kind, LONGEST), dim=True)}" if kind else ""
    )


def _exempted(row: Exempted, page: Page) -> Iterator[str]:
    found = row.finding
    yield from wrapped(
        f"{found.rule} {clipped(naming.name(found.urn), LONGEST)}: {clipped(row.reason, LONGEST)} "
        f"({printable(row.owner)}, until {row.expires}{f', {printable(row.ticket)}' if row.ticket else ''})",
        page.width,
        INDENT * 2,
    )


def _declared(row: DeclaredTransfer, page: Page) -> Iterator[str]:
    yield from wrapped(f"{clipped(naming.transfer(row), LONGEST)}.", page.width, INDENT * 2)


def _not_judged(rows: Sequence[NotJudged], page: Page) -> Iterator[str]:
    alike: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        alike.setdefault((row.category, row.type, row.reason), []).append(naming.name(row.urn))
    for (category, kind, reason), names in alike.items():
        shown = names if page.verbose else names[:NAMED]
        more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
        text = (
            f"{category}: {clipped(', '.join(shown), LONGEST * len(shown))}{more} ({clipped(kind, LONGEST)}): {reason}"
        )
        yield from wrapped(text, page.width, INDENT * 2)


def _end(report: Report, page: Page) -> Iterator[str]:
    if report.undetermined:
        yield from wrapped(undetermined(report, hint=not page.verbose), page.width, INDENT)
        if page.verbose:
            for row in report.undetermined:
                where = f"{row.path}: " if row.path else ""
                text = f"{row.rule} {clipped(naming.name(row.urn), LONGEST)}: {clipped(where + row.reason, LONGEST)}"
                yield from wrapped(text, page.width, INDENT * 2)
    if report.states is not None:
        yield from wrapped(states(report), page.width, INDENT)
    yield f"{INDENT}{summary(report)}"
    for gap in report.gaps:
        told = wrapped(f"No verdict: {clipped(gap, LONGEST)}.", page.width, INDENT)
        yield from (page.paint(line(text), fg="red") for text in told)


def left_out(report: Report) -> dict[str, list[str]]:
    """The rules that were not evaluated at all, by reason."""
    by_reason: dict[str, list[str]] = {}
    if report.states is not None:
        for rule, reason in report.states.left_out.items():
            by_reason.setdefault(reason, []).append(rule)
    return by_reason


def _reasons(told: States, by_reason: dict[str, list[str]]) -> str:
    """Why rules were not evaluated, the rules named where they are few."""
    texts = [
        f"{', '.join(rules) if len(rules) <= NAMED else f'{rules[0]} and {len(rules) - 1} more'}: {reason}"
        for reason, rules in by_reason.items()
    ]
    later = told.not_evaluated - len(told.left_out)
    texts += [f"{later} known only after the update"] if later else []
    return f" ({'; '.join(texts)})"


COLUMNS: Final = ("resources", "pass", "not applicable", "not evaluated", "unknown yet")


def _clean(reports: Sequence[Report], page: Page) -> Iterator[str]:
    """One line a stack, with its numbers in columns, then what was not evaluated, said once."""
    names = [_title(one).removeprefix("Stack ") for one in reports]
    widest = max(len(name) for name in (*names, "Clean"))
    yield page.paint(f"{'Clean':<{widest}}  {'  '.join(COLUMNS)}", bold=True)
    for one, name in zip(reports, names, strict=True):
        told = one.states
        numbers = (one.judged, *((told.passed, told.not_applicable, told.not_evaluated) if told else (0, 0, 0)))
        row = (*numbers, len(one.undetermined))
        yield f"{name:<{widest}}  " + "  ".join(
            f"{number:>{len(head)}}" for number, head in zip(row, COLUMNS, strict=True)
        )
    reasons = {text for one in reports if one.states for text in one.states.left_out.items()}
    for rule, reason in sorted(reasons):
        yield from wrapped(f"Not evaluated: {rule}: {reason}.", page.width, "")
    if any(one.undetermined for one in reports) and not page.verbose:
        yield from wrapped(
            "Unknown yet: values known only after the update; a stack's own check lists them.", page.width, ""
        )
    for one in reports if page.verbose else ():
        for row in one.undetermined:
            where = f"{row.path}: " if row.path else ""
            yield from wrapped(
                f"{one.stack}: {row.rule} {naming.name(row.urn)}: {printable(where + row.reason)}", page.width, INDENT
            )


def _total(reports: Sequence[Report], page: Page) -> str:
    failing = sum(one.failing() for one in reports)
    gaps = sum(bool(one.gaps) and not one.failing() for one in reports)
    parts = [f"{len(reports) - failing - gaps} pass", f"{failing} fail"] + (
        [f"{gaps} without a verdict"] if gaps else []
    )
    return page.paint(f"{count(len(reports), 'stack')}: {', '.join(parts)}.", bold=True)
