"""Walks from every store along the edges, as far as bytes can get."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from policies.model import Resource, Stack
from policies.paths.aims import worst
from policies.paths.facts import Role, role
from policies.paths.grants import Grants
from policies.paths.graph import Builder
from policies.paths.model import ORDER, Chart, Edge, Hop, Path, Spot, Store, Verdict
from policies.paths.told import Told
from policies.paths.vanish import vanishing
from policies.paths.where import spots
from policies.standings import Class, parts, standing

LIES: Final = "lies there"
WHERE: Final = ("region", "location", "zone")
LOOSE: Final = Role("mover", "")
"""What a type is that the table of stores does not know, where bytes leave through it."""


def chart(stack: Stack) -> Chart:
    """Every way out of every store of a stack. Never raises for what it reads."""
    return _Walk(stack).chart()


class _Walk:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.told = Told(stack)
        builder = Builder(stack, self.told)
        self.places = {one.urn: _places(stack, one) for one in stack.resources}
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
        paths = sorted(self._paths(one), key=lambda path: (ORDER.index(path.verdict), len(path.hops), path.to))
        place = ", ".join(dict.fromkeys(spot.name for spot in self.places[one.urn]))
        return Store(one.urn, one.type, one.name, known.word, place, tuple(paths))

    def _add(self, edge: Edge) -> None:
        self.edges.setdefault(edge.source.urn, []).append(edge)

    def _stays(self) -> Iterator[Edge]:
        """A resource that lies outside itself: its bytes have left before anything sends them."""
        for one in self.stack.resources:
            for spot in self.places[one.urn]:
                if spot.verdict is not Verdict.INSIDE:
                    yield Edge(one, spot, Hop(one.urn, spot.path, LIES, "all that it holds"))

    def _paths(self, start: Resource) -> Iterator[Path]:
        """The shortest way to each end, and every way that leaves by another door."""
        seen = {start.urn}
        doors: set[tuple[str, Hop]] = set()
        queue: deque[tuple[Resource, tuple[Hop, ...], tuple[str, ...]]] = deque([(start, (), ())])
        while queue:
            here, hops, through = queue.popleft()
            for edge in self.edges.get(here.urn, ()):
                steps, target = _joined(hops, edge.hop), edge.target
                verdict = self._verdict(target)
                if isinstance(target, Spot):
                    if (target.name, edge.hop) not in doors:
                        doors.add((target.name, edge.hop))
                        yield Path(target.name, verdict, steps, self._rules(steps, verdict), through=through)
                elif target.urn not in seen:
                    seen.add(target.urn)
                    ends, carries = _is_end(target)
                    if ends:
                        yield self._arrived(target, verdict, steps, through)
                    if carries and verdict is not Verdict.LEAVES:
                        queue.append((target, steps, (*through, target.name) if ends else through))

    def _arrived(self, one: Resource, verdict: Verdict, hops: tuple[Hop, ...], through: tuple[str, ...]) -> Path:
        place = ", ".join(dict.fromkeys(spot.name for spot in self.places[one.urn]))
        rules = self._rules(hops, verdict) or (self.told.any_rules(one.urn) if verdict is Verdict.LEAVES else ())
        return Path(one.name, verdict, hops, rules, one.urn, place, through)

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
        if isinstance(target, Spot):
            return target.verdict
        found = worst(self.places[target.urn])
        return found.verdict if found else Verdict.INSIDE


def _places(stack: Stack, one: Resource) -> tuple[Spot, ...]:
    """Where a resource lies, if it is one that bytes can be in: rights and settings lie nowhere."""
    if not one.custom or one.is_provider:
        return ()
    known = role(one.type)
    if known is None and (standing(one.type).kind is Class.NONE or _only_wires(one.type)):
        return ()
    if known is not None and known.role in ("identity", "wiring"):
        return ()
    return spots(stack, one)


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


def _joined(hops: Iterable[Hop], last: Hop) -> tuple[Hop, ...]:
    """The hops with one more; of two by the same resource only the later one opens the way on."""
    before = tuple(hops)
    return (*before[:-1], last) if before and before[-1].urn == last.urn else (*before, last)
