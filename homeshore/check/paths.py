"""Where the bytes of each store can go: the walk of the policy pack, as text for people and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from findings import Enforcement, Report
from findings.model import FORMAT_VERSION
from homeshore.check.harmless import clipped, line, printable
from homeshore.check.layout import INDENT, Style, count, plain, wrapped
from homeshore.check.naming import kind, name
from policies.paths import Chart, Path, Store, Verdict, chart
from policies.paths.facts import role

if TYPE_CHECKING:
    from homeshore.engine import Snapshot
    from policies.configuration import Configuration

WIDTH: Final = 80
SHOWN: Final = 4  # ways out of one store that are told in full
NAMED: Final = 4  # ends that stay inside
LONGEST: Final = 200  # characters of one name
COLUMN: Final = 10
WORDS: Final = {
    Verdict.LEAVES: "leaves",
    Verdict.VANISHES: "vanishes",
    Verdict.UNKNOWN: "unknown",
    Verdict.NAMED: "named",
    Verdict.ALLOWED: "allowed",
    Verdict.INSIDE: "inside",
}
COUNTED: Final = {
    Verdict.LEAVES: "leave the boundary",
    Verdict.VANISHES: "end nowhere",
    Verdict.UNKNOWN: "known only after the update",
    Verdict.NAMED: "end at somebody named",
    Verdict.ALLOWED: "end outside, as somebody allowed",
    Verdict.INSIDE: "stay inside",
}
COLOURS: Final = {Verdict.LEAVES: "red", Verdict.VANISHES: "red", Verdict.UNKNOWN: "yellow"}


@dataclass(frozen=True)
class Drawn:
    """A stack's chart, with the reasons why no verdict can rest on it."""

    chart: Chart
    gaps: tuple[str, ...] = ()
    file: str | None = None

    @property
    def title(self) -> str:
        """How a sentence names it."""
        return self.file or self.chart.stack or "(no name)"


def drawn(snapshot: Snapshot, file: str | None = None, *, told: Configuration, boundary_needed: bool = True) -> Drawn:
    """The chart of a stack. What a declared transfer lets out is allowed here as it is there. Raises UserError."""
    from homeshore.check import report
    from homeshore.check.policy import judge_with
    from homeshore.check.policy import plain as as_rules_see
    from policies import subject

    by = (judge_with(told),)
    judged = report(snapshot, file, by, boundary_needed=boundary_needed)
    found = chart(subject.stack(snapshot.stack, map(as_rules_see, snapshot.resources), told))
    return Drawn(_lowered(found, judged), judged.gaps, file)


def _lowered(found: Chart, judged: Report) -> Chart:
    """The chart with what leaves by a declared transfer: there the rules only warn."""
    firm = {(one.urn, one.rule) for one in judged.findings if one.enforcement is Enforcement.MANDATORY}
    warned = {(one.urn, one.rule) for one in judged.findings} - firm

    def let(path: Path) -> Path:
        ends = {path.hops[-1].urn, path.urn}
        about = {(urn, rule) for urn in ends if urn for rule in path.rules}
        declared = path.verdict is Verdict.LEAVES and about & warned and not about & firm
        return replace(path, verdict=Verdict.ALLOWED) if declared else path

    stores = (replace(one, paths=tuple(map(let, one.paths))) for one in found.stores)
    return replace(found, stores=tuple(stores))


def document(charts: Sequence[Drawn]) -> dict[str, object]:
    """The JSON document, whose shape the command's help tells."""
    return {"version": FORMAT_VERSION, "stacks": [_stack(one) for one in charts]}


def _stack(one: Drawn) -> dict[str, object]:
    stores = [_store(store) for store in one.chart.stores]
    return {"stack": one.chart.stack, "file": one.file, "stores": stores, "gaps": list(one.gaps)}


def _store(store: Store) -> dict[str, object]:
    return {
        "urn": store.urn,
        "type": store.type,
        "name": store.name,
        "what": store.what,
        "place": store.place,
        "paths": [_path(path) for path in store.paths],
        "more": store.more,
    }


def _path(path: Path) -> dict[str, object]:
    return {
        "to": path.to,
        "urn": path.urn,
        "place": path.place,
        "verdict": path.verdict.value,
        "rules": list(path.rules),
        "hops": [hop._asdict() for hop in path.hops],
    }


def render(charts: Sequence[Drawn], style: Style | None = None, *, width: int = WIDTH, verbose: bool = False) -> str:
    """Each stack's stores, each with its ways out, then one line that counts them."""
    page = _Page(style or plain, width, verbose)
    return "\n\n".join("\n".join(line(text) for text in page.stack(one)) for one in charts)


@dataclass(frozen=True)
class _Page:
    paint: Callable[..., str]
    width: int
    verbose: bool
    inside: str = WORDS[Verdict.INSIDE]

    def stack(self, one: Drawn) -> Iterator[str]:
        """A title, a block for each store, and the counts."""
        about = f"Stack {printable(one.chart.stack)}" + (f" ({printable(one.file)})" if one.file else "")
        yield self.paint(about, bold=True)
        page = self if one.chart.bounded else replace(self, inside="leads to")
        for store in one.chart.stores:
            yield ""
            yield from page._store(store)
        yield ""
        yield from wrapped(f"{INDENT}{_counts(one.chart)}", self.width, "")
        for gap in one.gaps:
            told = wrapped(f"No verdict: {clipped(gap, 3 * LONGEST)}.", self.width, INDENT)
            yield from (self.paint(text, fg="red") for text in told)

    def _store(self, store: Store) -> Iterator[str]:
        where = f" in {clipped(store.place, LONGEST)}" if store.place else ""
        what = store.what or clipped(store.type, LONGEST)
        yield f"{INDENT}{self.paint(clipped(store.name, LONGEST), bold=True)}  {self.paint(what + where, dim=True)}"
        loud = [path for path in store.paths if path.verdict is not Verdict.INSIDE]
        shown = loud if self.verbose else loud[:SHOWN]
        for path in shown:
            yield from self._row(path.verdict, _told(path))
        if len(loud) > len(shown):
            yield f"{INDENT * 2}{'':<{COLUMN}}and {len(loud) - len(shown)} more ways; --verbose lists them"
        quiet = [path for path in store.paths if path.verdict is Verdict.INSIDE]
        if self.verbose:
            for path in quiet:
                yield from self._row(Verdict.INSIDE, _told(path))
        else:
            yield from self._inside(store, quiet)
        if not store.paths:
            yield f"{INDENT * 2}nothing here leads its bytes anywhere"

    def _inside(self, store: Store, quiet: Sequence[Path]) -> Iterator[str]:
        """The nearest ends that stay inside, and how many lie behind them."""
        direct = [path for path in quiet if not path.through]
        keys = [path for path in direct if _is_key(path)]
        ends = [path for path in direct if path not in keys]
        behind = [path for path in quiet if path.through]
        if ends:
            yield from self._row(Verdict.INSIDE, _listed(_ends(store, ends)))
        if behind:
            first = dict.fromkeys(path.through[0] for path in behind)
            places = count(len(behind) + store.more, "more place")
            yield from self._plain("then", f"{places} by way of {_listed(list(first))}")
        if keys:
            yield from self._plain("key", _listed(_ends(store, keys)))

    def _row(self, verdict: Verdict, text: str) -> Iterator[str]:
        word = self.inside if verdict is Verdict.INSIDE else WORDS[verdict]
        yield from self._plain(word, text, COLOURS.get(verdict))

    def _plain(self, word: str, text: str, colour: str | None = None) -> Iterator[str]:
        left = f"{INDENT * 2}{word:<{COLUMN}}"
        first, *more = wrapped(text, self.width, left, " " * len(left))
        yield first.replace(word, self.paint(word, fg=colour), 1) if colour else first
        yield from more


def _told(path: Path) -> str:
    """One way in a sentence: where it ends, what opens it, which rule says so."""
    end = clipped(path.to, LONGEST) + (f" in {clipped(path.place, LONGEST)}" if path.place else "")
    way = " > ".join(_hop(hop.urn, hop.path) for hop in path.hops)
    last = path.hops[-1]
    if path.verdict is Verdict.VANISHES:
        return f"{clipped(last.what, LONGEST)}: {way}"
    rules = f" ({', '.join(path.rules)})" if path.rules else " (no rule reports it)" if path.silent else ""
    return f"{end}: {last.kind}, opened by {way}{rules}"


def _hop(urn: str, path: str) -> str:
    return f"{clipped(name(urn), LONGEST)} {clipped(path, LONGEST)}".rstrip()


def _is_key(path: Path) -> bool:
    """Whether it ends at who can read the bytes, or make them unreadable, and not at the bytes themselves."""
    known = role(kind(path.urn)) if path.urn else None
    return path.hops[-1].kind == "key" or (known is not None and known.role == "key")


def _ends(store: Store, paths: Sequence[Path]) -> list[str]:
    """The names of the ends; with their place, where that is not the store's."""
    return [
        clipped(path.to, LONGEST) + (f" in {path.place}" if path.place not in ("", store.place) else "")
        for path in paths
    ]


def _listed(names: Sequence[str]) -> str:
    shown = [printable(one) for one in names[:NAMED]]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return ", ".join(shown) + more


def _counts(found: Chart) -> str:
    counted: Mapping[Verdict, int] = {one: len(found.ending(one)) for one in Verdict}
    words = COUNTED if found.bounded else COUNTED | {Verdict.INSIDE: "lead on, with no boundary to leave"}
    parts = [f"{number} {words[verdict]}" for verdict, number in counted.items() if number]
    total = count(len(found.stores), "store"), count(sum(counted.values()), "path")
    return f"{total[0]}, {total[1]}{': ' if parts else ''}{', '.join(parts)}."


def sentences(charts: Sequence[Drawn]) -> list[str]:
    """Why the command fails; empty where it passes."""
    told: list[str] = []
    for verdict, what in ((Verdict.LEAVES, "Bytes can leave"), (Verdict.VANISHES, "Good records can vanish from")):
        found = [one.title for one in charts if one.chart.ending(verdict)]
        told += [f"{what} {', '.join(dict.fromkeys(found))}."] if found else []
    silent = [one.title for one in charts if any(path.silent for _, path in one.chart.ending(Verdict.LEAVES))]
    told += [f"No rule reports a path that leaves {', '.join(silent)}: a defect of the rules."] if silent else []
    told += [f"No verdict on {one.title}: {gap}." for one in charts for gap in one.gaps]
    return [printable(one) for one in told]
