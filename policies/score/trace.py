"""Judges a bent stack as the judge would, looking again only at what can have changed.

Each evaluation (a rule at a resource, or at the stack) of the clean stack is run once on a copy of its own, which
writes down what the rule looked at. A rule's answer follows from what it looked at: one that read nothing of the bent
resource, and asked for nothing that its coming or going changes, says again what it said. A test compares the answers
with the whole judge's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeVar, cast

from policies.judge import rules_for
from policies.model import Resource, Stack
from policies.rules import Case, Fail, Rule, Said, rules
from policies.score.bends import Bend

BENT: Final = frozenset({"inputs", "property_dependencies", "dependencies", "provider", "protect"})
"""What a bend may change of a resource."""
T = TypeVar("T")


class Catch(NamedTuple):
    """A finding: the rule that makes it, and the one that it is reported under."""

    maker: str
    rule: str


class NotClean(ValueError):  # noqa: N818 - named for what is wrong
    """The stack has findings before anything is bent: nothing can be told from more of them."""


@dataclass
class _Asked:
    """What one evaluation looked at: resources, by URN; types, and names, that it looked for among all."""

    urns: set[str] = field(default_factory=set[str])
    types: set[str] = field(default_factory=set[str])
    names: bool = False
    everything: bool = False


@dataclass(frozen=True)
class _Evaluation:
    """One rule at one resource (None: at the stack), and what it asked for."""

    rule: Rule
    urn: str | None
    asked: _Asked

    def may_change(self, bend: Bend, renamed: bool) -> bool:
        """Whether its answer may be another one after `bend`; `renamed`: the resource is known by other names."""
        if bend.urn in self.asked.urns or (renamed and self.asked.names):
            return True
        moved = {one.type for one in bend.added} | ({bend.type} if bend.bent is None else set[str]())
        return bool(moved) and (self.asked.everything or bool(moved & self.asked.types))


class _Watched(Resource):
    """A resource that writes down that somebody looks at what a bend may change of it."""

    def __getattribute__(self, name: str) -> object:
        if name in BENT:
            own = cast("dict[str, object]", object.__getattribute__(self, "__dict__"))
            cast("_Asked", own["asked"]).urns.add(cast("str", own["urn"]))
        return object.__getattribute__(self, name)


class _Keyed(dict[str, T]):
    """A mapping that writes down which of its keys were asked for; going through it is asking for everything."""

    def __init__(self, members: Mapping[str, T], told: set[str], asked: _Asked) -> None:
        super().__init__(members)
        self.told, self.asked = told, asked

    def get(self, key: str, default: object = None) -> object:  # type: ignore[override]
        """The member at `key`."""
        self.told.add(key)
        return super().get(key, cast("T", default))

    def __getitem__(self, key: str) -> T:
        self.told.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.told.add(str(key))
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        self.asked.everything = True
        return super().__iter__()

    def keys(self) -> object:  # type: ignore[override]
        """All keys."""
        self.asked.everything = True
        return super().keys()

    def values(self) -> object:  # type: ignore[override]
        """All members."""
        self.asked.everything = True
        return super().values()

    def items(self) -> object:  # type: ignore[override]
        """All keys with their members."""
        self.asked.everything = True
        return super().items()


class _Names(dict[str, "list[Resource]"]):
    """The resources by the names that others may use, that writes down that somebody looked for one."""

    def __init__(self, names: Mapping[str, list[Resource]], watched: Mapping[str, Resource], asked: _Asked) -> None:
        super().__init__(names)
        self.watched, self.asked = watched, asked

    def get(self, key: str, _: object = None) -> object:  # type: ignore[override]
        """Those of one name."""
        self.asked.names = True
        return [self.watched[one.urn] for one in super().get(key, [])]


class _WatchedStack(Stack):
    """A copy of a stack for one evaluation."""

    def __init__(self, stack: Stack, names: Mapping[str, list[Resource]], asked: _Asked) -> None:
        copies: list[Resource] = []
        for one in stack.resources:
            copy = object.__new__(_Watched)
            copy.__dict__.update({key: one.__dict__[key] for key in Resource.__dataclass_fields__}, asked=asked)
            copies.append(copy)
        self._asked = asked
        super().__init__(stack.name, copies, boundary=stack.boundary, parameters=stack.parameters)
        plain = dict(self.by_urn)
        self.by_urn = cast("dict[str, Resource]", _Keyed(plain, asked.urns, asked))
        self.by_type = cast("dict[str, list[Resource]]", _Keyed(self.by_type, asked.types, asked))
        self.__dict__["_index"] = _Names(names, plain, asked)

    def __getattribute__(self, name: str) -> object:
        if name == "resources" and "_asked" in object.__getattribute__(self, "__dict__"):
            object.__getattribute__(self, "_asked").everything = True
        return object.__getattribute__(self, name)


class Traced:
    """A clean stack, and what each evaluation of it looked at. Raises NotClean."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        names: dict[str, list[Resource]] = {}
        for one in stack.resources:
            for name in one.known_as:
                names.setdefault(name, []).append(one)
        self._evaluations = tuple(self._traced(names))

    def _traced(self, names: Mapping[str, list[Resource]]) -> Iterator[_Evaluation]:
        for rule, urn in _all(self.stack.resources):
            asked = _Asked()
            watched = _WatchedStack(self.stack, names, asked)
            asked.urns.clear()
            asked.types.clear()
            asked.everything = False
            for said in _says(watched, rule, urn):
                if isinstance(said, Fail):
                    raise NotClean(f"{self.stack.name}: {said.under or rule.id} at {urn} {said.path}: {said.message}")
            yield _Evaluation(rule, urn, asked)

    def caught_by(self, bend: Bend) -> frozenset[Catch]:
        """What the rules find in the stack as `bend` leaves it."""
        after = bent(self.stack, bend)
        before = self.stack.by_urn.get(bend.urn)
        own = bend.bent.known_as if bend.bent is not None else frozenset[str]()
        added = frozenset[str]().union(*(one.known_as for one in bend.added))
        renamed = bool(added) or own != (before.known_as if before is not None else frozenset())
        again = (
            (one.rule, one.urn) for one in self._evaluations if one.urn != bend.urn and one.may_change(bend, renamed)
        )
        fresh = [*bend.added, *([bend.bent] if bend.bent is not None else [])]
        found: set[Catch] = set()
        for rule, urn in (*again, *((rule, urn) for rule, urn in _all(fresh) if urn is not None)):
            found.update(
                Catch(rule.id, said.under or rule.id) for said in _says(after, rule, urn) if isinstance(said, Fail)
            )
        return frozenset(found)


def bent(stack: Stack, bend: Bend) -> Stack:
    """The stack as `bend` leaves it."""
    kept = ((bend.bent if one.urn == bend.urn else one) for one in stack.resources)
    resources = [one for one in kept if one is not None]
    return Stack(stack.name, [*resources, *bend.added], boundary=stack.boundary, parameters=stack.parameters)


def _all(resources: Iterable[Resource]) -> Iterator[tuple[Rule, str | None]]:
    for one in resources:
        for rule in rules_for(one.type, one.package):
            if rule.check is not None:
                yield rule, one.urn
    for rule in rules():
        if rule.on_stack is not None:
            yield rule, None


def _says(stack: Stack, rule: Rule, urn: str | None) -> Iterator[Said]:
    if urn is None:
        yield from rule.on_stack(stack) if rule.on_stack is not None else ()
    elif rule.check is not None:
        yield from rule.check(Case(stack, stack.by_urn[urn]))
