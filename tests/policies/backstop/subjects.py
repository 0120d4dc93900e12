"""The cases of the rules, each with the guard of the boundary and cloud that it is about."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import geography
from policies.backstop import Guard, Home, Stopped, guard, stopped
from policies.judge import judge
from policies.model import Stack
from policies.rules import UNPLACED, catalogue
from tests.policies import bent
from tests.policies.anywhere import test_anywhere
from tests.policies.aws import loading
from tests.policies.azure import test_rules as azure
from tests.policies.cases import loader
from tests.policies.gcp import test_gcp

ACCOUNT = "home"


class Subject(NamedTuple):
    """A stack, the rules that find something wrong with it, and what its guards would stop."""

    title: str
    failed: frozenset[str]
    stopped: tuple[Stopped, ...]


def home_of(cloud: str, boundary: geography.Boundary, **options: Any) -> Home | None:
    """A place for a guard: the boundary's first region on the cloud; None where there is none."""
    for one in geography.regions(cloud):
        if one.kind == "region" and boundary.holds(one) and geography.world(one) in ("", "aws"):
            given = {"customers": ("C0123456",), "key_projects": ("p",)} if cloud == "gcp" else {}
            return Home(cloud, one.name, boundary, ACCOUNT, ACCOUNT, **{**given, **options})
    return None


@cache
def guard_of(cloud: str, boundary: str, **options: Any) -> Guard | None:
    """The guard of a cloud for a boundary by its name."""
    found = home_of(cloud, geography.boundary(boundary), **options)
    return guard(found) if found else None


def stops(stack: Stack) -> tuple[Stopped, ...]:
    """What the guards of the stack's clouds would stop."""
    if stack.boundary is None:
        return ()
    clouds = {one.cloud for one in stack.resources if one.cloud}
    guards = (guard_of(cloud, stack.boundary.name) for cloud in sorted(clouds))
    return tuple(one for found in guards if found for one in stopped(found, stack))


@cache
def subjects() -> tuple[Subject, ...]:
    """Every case of every table, judged once."""
    return tuple(_judged(title, stack) for title, stack in _stacks())


def _judged(title: str, stack: Stack) -> Subject:
    failed = frozenset(one.rule.id for one in judge(stack).failed)
    return Subject(title, failed, stops(stack))


def _stacks() -> Iterator[tuple[str, Stack]]:
    for title, case, change in loading.cases():
        yield title, loading.changed(case, change)
    for change in azure.CHANGES:
        yield azure.title(change), azure.changed(change)
    for table in (*test_gcp.TABLES, *test_anywhere.HERE.glob("*.yaml")):
        for case in bent.cases(table):
            yield f"{case.rule}: {case.title}", case.stack
    for written in loader.cases():
        yield written.name, written.stack


def category(rule: str) -> str:
    """What a rule is about; the rule for destinations that nobody can place is about sovereignty."""
    return "sovereignty" if rule == UNPLACED else catalogue()[rule].category
