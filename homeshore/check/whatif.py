"""What if the law changed: which stacks, resources and paths that stand today would break.

The same resources are judged twice, under the tables as they are and as somebody supposes them; what only the second
judgement finds would break. No program runs again: a stack that would be refused tomorrow is there today.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import geography
from findings import Enforcement, Finding, Report
from findings.model import FORMAT_VERSION
from homeshore.check import naming
from homeshore.check.harmless import clipped, line, printable
from homeshore.check.layout import INDENT, Style, count, plain, wrapped
from homeshore.check.paths import WIDTH, Drawn, drawn
from homeshore.errors import UserError
from policies.paths import Path, Store, Verdict

if TYPE_CHECKING:
    from homeshore.engine import Snapshot
    from policies.configuration import Configuration

T = TypeVar("T")
LONGEST: Final = 600  # characters of one sentence
SHOWN: Final = 5  # resources with the same finding, and paths to the same end, before they are counted


@dataclass(frozen=True)
class Broken:
    """What would break of one stack that stands before.

    `findings` are the violations that only the supposition makes, `lost` the countries (ISO codes) that the stack's own
    boundary would no longer hold, `paths` the ways by which bytes of a store would then leave.
    """

    stack: str
    file: str | None
    boundary: str
    lost: tuple[str, ...]
    findings: tuple[Finding, ...]
    paths: tuple[tuple[Store, Path], ...]
    already: int
    gaps: tuple[str, ...]

    @property
    def breaks(self) -> bool:
        """Whether anything would."""
        return bool(self.lost or self.findings or self.paths)

    @property
    def title(self) -> str:
        """How a sentence names it."""
        return self.file or self.stack or "(no name)"


def supposed(sentences: Sequence[str]) -> geography.Tables:
    """The tables under the sentences of `--what-if`. Raises UserError for one that nobody can suppose."""
    try:
        return geography.supposing(sentences)
    except geography.Unheard as fault:
        near = f" Did you mean {' or '.join(repr(one) for one in fault.suggestions)}?" if fault.suggestions else ""
        raise UserError(
            f"--what-if {printable(fault.sentence)!r}: {printable(fault.problem)}.{near} "
            "docs/transfers.md tells what can be supposed."
        ) from None


def broken(
    snapshot: Snapshot,
    file: str | None = None,
    *,
    tables: geography.Tables,
    told: Configuration,
    boundary_needed: bool = True,
) -> Broken:
    """What would break of a stack under `tables`. Raises UserError."""
    before = _judged(snapshot, file, None, told, boundary_needed)
    after = _judged(snapshot, file, tables, told, boundary_needed)
    stood = {_key(one) for one in _firm(before.report)}
    led = {_way(store, path) for store, path in before.drawn.chart.ending(Verdict.LEAVES)}
    return Broken(
        snapshot.stack,
        file,
        before.boundary.name if before.boundary else "",
        _lost(before.boundary, after.boundary),
        tuple(one for one in _firm(after.report) if _key(one) not in stood),
        tuple(each for each in after.drawn.chart.ending(Verdict.LEAVES) if _way(*each) not in led),
        len(stood),
        before.report.gaps,
    )


@dataclass(frozen=True)
class _Judged:
    report: Report
    drawn: Drawn
    boundary: geography.Boundary | None


def _judged(
    snapshot: Snapshot, file: str | None, tables: geography.Tables | None, told: Configuration, needed: bool
) -> _Judged:
    from homeshore.check import report
    from homeshore.check.policy import judge_with
    from homeshore.check.policy import plain as as_rules_see
    from policies import subject

    with geography.supposed(tables) if tables else nullcontext():
        found = report(snapshot, file, (judge_with(told),), boundary_needed=needed)
        ways = drawn(snapshot, file, told=told, boundary_needed=needed)
        stack = subject.stack(snapshot.stack, map(as_rules_see, snapshot.resources), told)
        return _Judged(found, ways, stack.boundary)


def _firm(report: Report) -> Iterator[Finding]:
    return (one for one in report.findings if one.enforcement is Enforcement.MANDATORY)


def _key(found: Finding) -> tuple[str, ...]:
    # Two sentences of the register stand at the same place, which is none: their text tells them apart.
    return found.rule, found.urn, found.path, "" if found.urn else found.message


def _way(store: Store, path: Path) -> tuple[object, ...]:
    return store.urn, path.to, path.urn, path.hops


def _lost(before: geography.Boundary | None, after: geography.Boundary | None) -> tuple[str, ...]:
    return tuple(sorted(before.countries - after.countries)) if before and after else ()


def document(sentences: Sequence[str], stacks: Sequence[Broken]) -> dict[str, object]:
    """The JSON document, whose shape the command's help tells."""
    return {
        "version": FORMAT_VERSION,
        "what_if": list(sentences),
        "breaks": any(one.breaks for one in stacks),
        "stacks": [_stack(one) for one in stacks],
    }


def _stack(one: Broken) -> dict[str, object]:
    told = Report(one.stack, 0, 0, one.findings, (), (), one.file).to_json()
    return {
        "stack": one.stack,
        "file": one.file,
        "breaks": one.breaks,
        "boundary": {"name": one.boundary, "loses": list(one.lost)},
        "findings": told["findings"],
        "paths": [
            {
                "store": store.name,
                "urn": store.urn,
                "to": path.to,
                "place": path.place,
                "rules": list(path.rules),
                "hops": [hop._asdict() for hop in path.hops],
            }
            for store, path in one.paths
        ],
        "broken_already": one.already,
        "gaps": list(one.gaps),
    }


def render(
    sentences: Sequence[str],
    stacks: Sequence[Broken],
    style: Style | None = None,
    *,
    width: int = WIDTH,
    verbose: bool = False,
) -> str:
    """What would break, stack by stack, then who would stand. `verbose` folds nothing."""
    paint = style or plain
    page = _Page(paint, width, verbose)
    blocks = [paint(f"What if {printable(', '.join(sentences))}", bold=True)]
    blocks += ["\n".join(line(text) for text in page.block(one)) for one in stacks if one.breaks]
    hurt = sum(one.breaks for one in stacks)
    stand = [printable(one.title) for one in stacks if not one.breaks]
    blocks.append(paint(f"{count(len(stacks), 'stack')}: {hurt} would break, {len(stand)} would stand.", bold=True))
    if stand:
        blocks[-1] += "\n" + "\n".join(wrapped(f"Standing: {', '.join(stand)}.", width, ""))
    return "\n\n".join(blocks)


@dataclass(frozen=True)
class _Page:
    paint: Style
    width: int
    verbose: bool

    def block(self, one: Broken) -> Iterator[str]:
        """All that would break of one stack."""
        where = f" in {printable(one.file)}" if one.file else ""
        yield self.paint(f"Stack {clipped(one.stack, LONGEST)}{where}", bold=True)
        if one.lost:
            gone = f"{one.boundary} would no longer hold {', '.join(one.lost)}: events from there would be quarantined"
            yield from self._row("boundary", gone, INDENT)
        for several in _alike(one.findings, self._kind):
            yield from self._findings(several)
        for several in _alike(one.paths, self._end):
            yield from self._row("path", self._ways(several), INDENT)
        if one.already:
            left = f"{count(one.already, 'violation')} of today left out: `homeshore check` tells them."
            yield from wrapped(left, self.width, INDENT)

    def _kind(self, found: Finding) -> tuple[str, ...]:
        return (found.rule, found.path, found.message) if self.verbose else (found.rule,)

    def _findings(self, several: Sequence[Finding]) -> Iterator[str]:
        found = several[0]
        yield from self._row(found.severity, f"{found.rule}  {naming.title(found.rule)}", INDENT)
        yield from wrapped(self._names([naming.name(each.urn) for each in several]), self.width, INDENT * 2)
        yield from wrapped(clipped(naming.statement(found), LONGEST), self.width, INDENT * 2)
        others = len({(each.path, each.message) for each in several}) - 1
        if others:
            yield from wrapped(f"and {others} more like it; --verbose lists them", self.width, INDENT * 2)

    def _end(self, way: tuple[Store, Path]) -> object:
        """Ways are told together that end in one place; all the same ones where nothing is folded."""
        path = way[1]
        return (path.to, path.place, path.hops[-1]) if self.verbose else (path.place or path.to).partition(" ")[0]

    def _ways(self, several: Sequence[tuple[Store, Path]]) -> str:
        # Every resource that names a place leads there; those that people know as stores are told first.
        ways = sorted(several, key=lambda way: not way[0].what)
        path = ways[0][1]
        end = f"{path.to}{f' in {path.place}' if path.place else ''}"
        opened = f"{naming.name(path.hops[-1].urn)} {path.hops[-1].path}".rstrip()
        others = len({each.hops[-1] for _, each in ways}) - 1
        return (
            f"bytes of {self._names([store.name for store, _ in ways])} would leave to {clipped(end, LONGEST)}, "
            f"opened by {clipped(opened, LONGEST)}" + (f"; {others} more inputs lead there" if others else "")
        )

    def _names(self, names: Sequence[str]) -> str:
        named = [clipped(one, LONGEST) for one in dict.fromkeys(names)]
        shown = named if self.verbose else named[:SHOWN]
        return ", ".join(shown) + (f" and {len(named) - len(shown)} more" if len(named) > len(shown) else "")

    def _row(self, word: str, text: str, indent: str) -> Iterator[str]:
        first, *more = wrapped(f"{word}  {text}", self.width, indent)
        yield first.replace(word, self.paint(word, fg="red"), 1)
        yield from more


def _alike(rows: Iterable[T], by: Callable[[T], object]) -> Iterator[list[T]]:
    groups: dict[object, list[T]] = {}
    for row in rows:
        groups.setdefault(by(row), []).append(row)
    yield from groups.values()


def sentences_of(stacks: Sequence[Broken]) -> list[str]:
    """Why the command fails; empty where everything would stand."""
    hurt = [one.title for one in stacks if one.breaks]
    told = [f"{', '.join(hurt)} would break."] if hurt else []
    told += [f"No verdict on {one.title}: {gap}." for one in stacks for gap in one.gaps]
    return [printable(one) for one in told]
