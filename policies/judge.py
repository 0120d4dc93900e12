"""Runs the rules over a stack: what is wrong, what could not be determined, what was looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Generic, TypeVar, cast

from policies.model import Resource, Stack
from policies.rules import ANY, UNPLACED, Case, Fail, Rule, Said, Unsure, rules

SOVEREIGNTY = "SOV-"


S_co = TypeVar("S_co", bound=Said, covariant=True)


@dataclass(frozen=True)
class Statement(Generic[S_co]):
    """What one rule said of one resource (None: of the stack)."""

    rule: Rule
    resource: Resource | None
    said: S_co


@dataclass(frozen=True)
class Outcome:
    """All that the rules said of a stack. `evaluations` counts rules times resources that they looked at.

    `looked_at` are the URNs of the resources that a rule looked at which knows their type: one that reads any type's
    labels says nothing of what the type does. `rules` are the ids of the rules that looked at any resource, or at a
    stack of their cloud.
    """

    failed: tuple[Statement[Fail], ...]
    unsure: tuple[Statement[Unsure], ...]
    evaluations: int
    looked_at: frozenset[str]
    rules: frozenset[str]


def judge(stack: Stack, only: Iterable[str] | None = None) -> Outcome:
    """Every rule (or those with the ids in `only`) over every resource of `stack`. Never raises for what it reads."""
    wanted = None if only is None else frozenset(only)
    failed: list[Statement[Fail]] = []
    unsure: list[Statement[Unsure]] = []
    looked_at: set[str] = set()
    counted: Counter[str] = Counter()
    for entry in _everything(stack, wanted, looked_at, counted):
        if isinstance(entry.said, Fail):
            failed.append(cast("Statement[Fail]", entry))
        else:
            unsure.append(cast("Statement[Unsure]", entry))
    return Outcome(tuple(failed), tuple(unsure), counted.total(), frozenset(looked_at), frozenset(+counted))


def _everything(
    stack: Stack, wanted: frozenset[str] | None, looked_at: set[str], counted: Counter[str]
) -> Iterator[Statement[Said]]:
    clouds = {resource.cloud for resource in stack.resources}
    for resource in stack.resources:
        case = Case(stack, resource)
        for one in rules_for(resource.type, resource.package):
            if one.check is None or not _may_say(one, wanted):
                continue
            counted[one.id] += 1
            if one.knows_types:
                looked_at.add(resource.urn)
            for said in one.check(case):
                yield from _stated(one, said.resource or resource, said, wanted)
    for one in rules():
        if one.on_stack is not None and _may_say(one, wanted):
            counted[one.id] += one.about.cloud in clouds
            for said in one.on_stack(stack):
                yield from _stated(one, said.resource, said, wanted)


def _may_say(one: Rule, wanted: frozenset[str] | None) -> bool:
    return wanted is None or one.id in wanted or (UNPLACED in wanted and one.id.startswith(SOVEREIGNTY))


def _stated(
    one: Rule, resource: Resource | None, said: Said, wanted: frozenset[str] | None
) -> Iterator[Statement[Said]]:
    """The statement, under the rule that it belongs to, if that one is wanted."""
    if isinstance(said, Fail) and said.under:
        one = Rule(said.under, (), None, None)
    if wanted is None or one.id in wanted:
        yield Statement(one, resource, said)


@cache
def rules_for(kind: str, package: str) -> tuple[Rule, ...]:
    """The rules that look at resources of a type; `aws:*` looks at all of a package but its providers."""
    whole = f"{package}:*"
    provider = kind.startswith("pulumi:providers:")
    return tuple(
        one for one in rules() if kind in one.types or ((whole in one.types or ANY in one.types) and not provider)
    )
