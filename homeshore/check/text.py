"""Reports for people and for GitHub's pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Final

from findings import Enforcement, Finding, Report

Style = Callable[..., str]
INDENT: Final = "  "
COLOURS: Final = {Enforcement.MANDATORY: "red", Enforcement.ADVISORY: "yellow"}
WORDS: Final = {Enforcement.MANDATORY: "error", Enforcement.ADVISORY: "warning"}


def render(report: Report, style: Style | None = None) -> str:
    """One stack's report: its findings by resource, worst first, then what was not judged, then the counts."""
    paint = style or _plain
    where = f" in {report.file}" if report.file else ""
    lines = [paint(f"Stack {report.stack or '(no name)'}{where}", bold=True)]
    for urn, group in groupby(_by_resource(report.findings), key=lambda found: found.urn):
        lines += ["", f"{INDENT}{_label(urn, paint)}"]
        for finding in group:
            lines += _finding(finding, paint)
    if report.exempted:
        lines += ["", f"{INDENT}Exempted:"]
        lines += [
            f"{INDENT * 2}{row.finding.rule} {_name(row.finding.urn)}: {row.reason} ({row.owner}, until {row.expires})"
            for row in report.exempted
        ]
    if report.not_judged:
        lines += ["", f"{INDENT}Not judged:"]
        lines += [
            f"{INDENT * 2}{row.category}: {_name(row.urn)} ({row.type}): {row.reason}" for row in report.not_judged
        ]
    return "\n".join([*lines, "", f"{INDENT}{summary(report)}"])


def summary(report: Report) -> str:
    """The counts in one line."""
    failing = sum(found.enforcement is Enforcement.MANDATORY for found in report.findings)
    parts = [_count(failing, "error"), _count(len(report.findings) - failing, "warning")]
    parts += [f"{len(report.exempted)} exempted"] if report.exempted else []
    parts += [f"{len(report.not_judged)} not judged"] if report.not_judged else []
    return f"{report.judged} of {_count(report.resources, 'resource')} judged: {', '.join(parts)}."


def workflow_commands(report: Report, stack_file: str | None) -> Iterator[str]:
    """The findings as commands of GitHub's workflows, which show them beside the file that they belong to."""
    for found in report.findings:
        file = found.file or stack_file
        place = f" file={_property(file)}," if file else " "
        source = f" ({found.source})" if found.source else ""
        what = f"{_name(found.urn)}: {_path(found)}{_message(found)}. {found.remedy}{source}"
        yield f"::{WORDS[found.enforcement]}{place}title={_property(found.rule)}::{_data(what)}"
    for row in report.not_judged:
        yield f"::notice title=not judged::{_data(f'{_name(row.urn)} ({row.type}): {row.reason}')}"


def _by_resource(findings: Sequence[Finding]) -> list[Finding]:
    """The findings of one resource together, the resource with the worst of them first."""
    first = {found.urn: at for at, found in reversed(list(enumerate(findings)))}
    return sorted(findings, key=lambda found: first[found.urn])


def _finding(found: Finding, paint: Style) -> list[str]:
    word = paint(f"{WORDS[found.enforcement]:<7}", fg=COLOURS[found.enforcement])
    lines = [f"{INDENT * 2}{word} {_path(found)}{found.message}{f': {found.found}' if found.found else ''}"]
    rows = (("allowed", found.allowed), ("fix", found.remedy), ("source", f"{found.source}  {found.rule}".strip()))
    return lines + [f"{INDENT * 6}{name:<8}{text}" for name, text in rows if text]


def _path(found: Finding) -> str:
    return f"{found.path}: " if found.path else ""


def _message(found: Finding) -> str:
    value = f": {found.found}" if found.found else ""
    return f"{found.message}{value}{f'; allowed: {found.allowed}' if found.allowed else ''}"


def _label(urn: str, paint: Style) -> str:
    kind = urn.split("::")[2].rsplit("$", 1)[-1]
    return f"{paint(_name(urn), bold=True)}  {paint(kind, dim=True)}"


def _name(urn: str) -> str:
    return urn.split("::", 3)[-1]


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _plain(text: str, **_: object) -> str:
    return text
