"""Runs the rules over a stack: what is wrong, what could not be determined, what was looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from policies.model import Resource, Stack
from policies.rules import ANY, UNPLACED, Case, Fail, Rule, Said, rules

SOVEREIGNTY = "SOV-"


@dataclass(frozen=True)
class Statement:
    """What one rule said of one resource (None: of the stack)."""

    rule: Rule
    resource: Resource | None
    said: Said


@dataclass(frozen=True)
class Outcome:
    """All that the rules said of a stack. `evaluations` counts rules times resources that they looked at."""

    failed: tuple[Statement, ...]
    unsure: tuple[Statement, ...]
    evaluations: int
    looked_at: frozenset[str]


def judge(stack: Stack, only: Iterable[str] | None = None) -> Outcome:
    """Every rule (or those with the ids in `only`) over every resource of `stack`. Never raises for what it reads."""
    wanted = None if only is None else frozenset(only)
    failed: list[Statement] = []
    unsure: list[Statement] = []
    looked_at: set[str] = set()
    counted: Counter[str] = Counter()
    for entry in _everything(stack, wanted, looked_at, counted):
        (failed if isinstance(entry.said, Fail) else unsure).append(entry)
    return Outcome(tuple(failed), tuple(unsure), counted["evaluations"], frozenset(looked_at))


def _everything(
    stack: Stack, wanted: frozenset[str] | None, looked_at: set[str], counted: Counter[str]
) -> Iterator[Statement]:
    for resource in stack.resources:
        for one in rules_for(resource.type, resource.package):
            if one.check is None or not _may_say(one, wanted):
                continue
            counted["evaluations"] += 1
            looked_at.add(resource.urn)
            for said in one.check(Case(stack, resource)):
                yield from _stated(one, said.resource or resource, said, wanted)
    for one in rules():
        if one.on_stack is not None and _may_say(one, wanted):
            counted["evaluations"] += 1
            for said in one.on_stack(stack):
                yield from _stated(one, said.resource, said, wanted)


def _may_say(one: Rule, wanted: frozenset[str] | None) -> bool:
    return wanted is None or one.id in wanted or (UNPLACED in wanted and one.id.startswith(SOVEREIGNTY))


def _stated(one: Rule, resource: Resource | None, said: Said, wanted: frozenset[str] | None) -> Iterator[Statement]:
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
