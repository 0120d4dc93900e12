"""Walks from every store along the edges, as far as bytes can get."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from policies.model import Resource, Stack
from policies.paths.aims import worst
from policies.paths.facts import Role, links, role
from policies.paths.grants import Grants
from policies.paths.graph import Builder
from policies.paths.model import ORDER, Chart, Edge, Hop, Path, Spot, Store, Verdict
from policies.paths.told import Told
from policies.paths.vanish import vanishing
from policies.paths.where import spots
from policies.standings import Class, parts, standing

FAR_PATHS: Final = 50
"""Paths of one store and one verdict that pass other stores; the rest are counted."""
LIES: Final = "lies there"
WHERE: Final = ("region", "location", "zone")
LOOSE: Final = Role("mover", "")
"""What a type is that the table of stores does not know, where bytes leave through it."""


def chart(stack: Stack) -> Chart:
    """Every way out of every store of a stack. Never raises for what it reads."""
    return _Walk(stack).chart()


class Came(NamedTuple):
    """How a walk came to a resource: from which, by which step, past how many stores and programs."""

    before: Resource | None
    hop: Hop | None
    stops: int


class _Way(NamedTuple):
    hops: tuple[Hop, ...]
    through: tuple[str, ...]


@dataclass
class _Trip:
    """The paths of one store. Of those that pass other stores only so many are told; each begins at one of them too."""

    paths: list[Path] = field(default_factory=list[Path])
    told: Counter[Verdict] = field(default_factory=Counter[Verdict])

    def takes(self, verdict: Verdict, *, far: bool) -> bool:
        """Whether one more path is told; it is counted in any case."""
        self.told[verdict] += far
        return not far or self.told[verdict] <= FAR_PATHS

    @property
    def more(self) -> int:
        """How many are not told."""
        return sum(max(0, number - FAR_PATHS) for number in self.told.values())


class _Walk:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.told = Told(stack)
        builder = Builder(stack, self.told)
        self.places = {one.urn: _places(stack, one) for one in stack.resources}
        self.verdicts = {urn: _worst(found) for urn, found in self.places.items()}
        self.edges: dict[str, list[Edge]] = {}
        leaving: set[tuple[str, str]] = set()
        read = [
            *builder.edges(),
            *Grants(stack, self.told, builder.register).edges(),
            *vanishing(stack),
            *self._stays(),
        ]
        for edge in read:
            self._add(edge)
            if self._verdict(edge.target) is Verdict.LEAVES:
                paths = WHERE if edge.hop.kind == LIES else (edge.hop.path,)
                leaving |= {(edge.hop.urn, path) for path in (edge.hop.path, *paths)}
        for edge in self.told.left(leaving):
            self._add(edge)

    def chart(self) -> Chart:
        found = [
            self._store(one, known)
            for one in self.stack.resources
            if one.custom and (known := role(one.type)) is not None and known.role == "store"
        ]
        shown = {path.hops[-1] for store in found for path in store.paths if _matters(path.verdict)}
        for one in self.stack.resources:  # ways whose source is not in this stack, or is no store
            known = role(one.type) or LOOSE
            hidden = {hop for hop in self._hops_out(one) if hop not in shown}
            if hidden and known.role != "store":
                begun = self._store(one, known)
                own = tuple(path for path in begun.paths if path.hops[-1] in hidden)
                shown |= hidden
                found.append(replace(begun, paths=own))
        return Chart(self.stack.name, tuple(found), self.stack.boundary is not None)

    def _hops_out(self, one: Resource) -> Iterator[Hop]:
        """The steps by which bytes leave a resource itself."""
        for edge in self.edges.get(one.urn, ()):
            if _matters(self._verdict(edge.target)):
                yield edge.hop

    def _store(self, one: Resource, known: Role) -> Store:
        trip = self._trip(one)
        paths = sorted(trip.paths, key=lambda path: (ORDER.index(path.verdict), len(path.hops), path.to))
        place = ", ".join(dict.fromkeys(spot.name for spot in self.places[one.urn]))
        return Store(one.urn, one.type, one.name, known.word, place, tuple(paths), trip.more)

    def _add(self, edge: Edge) -> None:
        self.edges.setdefault(edge.source.urn, []).append(edge)

    def _stays(self) -> Iterator[Edge]:
        """A resource that lies outside itself: its bytes have left before anything sends them."""
        for one in self.stack.resources:
            for spot in self.places[one.urn]:
                if spot.verdict is not Verdict.INSIDE:
                    yield Edge(one, spot, Hop(one.urn, spot.path, LIES, "all that it holds"))

    def _trip(self, start: Resource) -> _Trip:
        """The shortest way to each end, and every way that leaves by another door."""
        trip = _Trip()
        came: dict[str, Came] = {start.urn: Came(None, None, 0)}
        doors: set[tuple[str, Hop | None]] = set()
        queue = deque([start])
        while queue:
            here = queue.popleft()
            for edge in self.edges.get(here.urn, ()):
                target, far = edge.target, came[here.urn].stops > 0
                verdict = self._verdict(target)
                if isinstance(target, Spot):
                    door = (target.name, None if edge.hop.kind == LIES else edge.hop)
                    if door not in doors and trip.takes(verdict, far=far):
                        trip.paths.append(self._path(target.name, verdict, _hops(came, here, edge.hop)))
                    doors.add(door)
                elif target.urn not in came:
                    ends, carries = _is_end(target)
                    came[target.urn] = Came(here, edge.hop, came[here.urn].stops + ends)
                    if ends and trip.takes(verdict, far=far):
                        trip.paths.append(self._arrived(target, verdict, _hops(came, here, edge.hop)))
                    if carries and verdict is not Verdict.LEAVES:
                        queue.append(target)
        return trip

    def _path(self, to: str, verdict: Verdict, way: _Way) -> Path:
        return Path(to, verdict, way.hops, self._rules(way.hops, verdict), through=way.through)

    def _arrived(self, one: Resource, verdict: Verdict, way: _Way) -> Path:
        place = ", ".join(dict.fromkeys(spot.name for spot in self.places[one.urn]))
        found = self._path(one.name, verdict, way)
        rules = found.rules or (self.told.any_rules(one.urn) if verdict is Verdict.LEAVES else ())
        return replace(found, rules=rules, urn=one.urn, place=place)

    def _rules(self, hops: tuple[Hop, ...], verdict: Verdict) -> tuple[str, ...]:
        if verdict is not Verdict.LEAVES:
            return ()
        last = hops[-1]
        said = self.told.rules(last.urn, last.path) or self.told.any_rules(last.urn)
        if not said and last.kind == LIES:  # a part lies where its owner does, and the rule speaks of the owner
            owners = [one.target for one in self.edges[last.urn] if one.hop.kind == "part"]
            said = tuple(rule for one in owners if isinstance(one, Resource) for rule in self.told.any_rules(one.urn))
        return said

    def _verdict(self, target: Resource | Spot) -> Verdict:
        return target.verdict if isinstance(target, Spot) else self.verdicts[target.urn]


def _places(stack: Stack, one: Resource) -> tuple[Spot, ...]:
    """Where a resource lies, if it is one that bytes can be in: rights and settings lie nowhere."""
    if not one.custom or one.is_provider:
        return ()
    known = role(one.type)
    if known is None and (one.type in links() or standing(one.type).kind is Class.NONE or _only_wires(one.type)):
        return ()
    if known is not None and known.role in ("identity", "wiring"):
        return ()
    return spots(stack, one)


def _worst(found: tuple[Spot, ...]) -> Verdict:
    spot = worst(found)
    return spot.verdict if spot else Verdict.INSIDE


def _only_wires(kind: str) -> bool:
    """Whether a type holds nothing of its own: it belongs to what it names."""
    return any(word in parts(kind)[1] for word in ("Policy", "Configuration", "Setting", "Member", "Binding", "Block"))


def _matters(verdict: Verdict) -> bool:
    """Whether a report has to show it, whoever the bytes belong to."""
    return verdict not in (Verdict.INSIDE, Verdict.ALLOWED)


def _is_end(one: Resource) -> tuple[bool, bool]:
    """Whether bytes stop at a resource, and whether they go on from it: a key opens them and carries none."""
    known = role(one.type)
    if known is None:
        return False, True
    return known.role in ("store", "mover", "key"), known.role != "key"


def _hops(came: Mapping[str, Came], last: Resource, hop: Hop) -> _Way:
    """The steps to a resource and one more; of two by the same resource only the later one opens the way on."""
    hops, through = [hop], list[str]()
    here: Resource | None = last
    while here is not None and (step := came[here.urn]).hop is not None:
        if step.hop.urn != hops[-1].urn:
            hops.append(step.hop)
        if _is_end(here)[0]:
            through.append(here.name)
        here = step.before
    return _Way(tuple(reversed(hops)), tuple(reversed(through)))
