"""The cases of the rules, and which of their findings the guard of the same boundary would stop at run time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import geography
from policies.backstop import Guard, Home, Stopped, guard, stopped
from policies.judge import Statement, judge
from policies.model import Resource, Stack
from tests.policies import bent
from tests.policies.anywhere import test_anywhere
from tests.policies.aws import loading
from tests.policies.azure import test_rules as azure
from tests.policies.cases import loader
from tests.policies.gcp import test_gcp

PUBLIC_WORLDS = ("", "aws")


class Subject(NamedTuple):
    """A stack, the one that it was bent from (None where nobody says), and the rules that it is about."""

    title: str
    stack: Stack
    base: Stack | None
    about: frozenset[str]


class Finding(NamedTuple):
    """A rule that finds something in a case, and the controls that would stop it at run time."""

    rule: str
    title: str
    controls: frozenset[str]


def home_of(cloud: str, boundary: geography.Boundary, *, standby: bool = False, private: bool = True) -> Home | None:
    """A place for a guard: the boundary's first region on the cloud; None where there is none."""
    for one in geography.regions(cloud):
        if one.kind == "region" and boundary.holds(one) and geography.world(one) in PUBLIC_WORLDS:
            return Home(cloud, one.name, boundary, "home", "home", standby, private, ("p",), ("C0123456",))
    return None


@cache
def guard_of(cloud: str, boundary: str) -> Guard | None:
    """The guard of a cloud for a boundary by its name; None where the cloud has no region inside."""
    found = home_of(cloud, geography.boundary(boundary))
    return guard(found) if found else None


def stops(stack: Stack) -> tuple[Stopped, ...]:
    """What the guards of the stack's clouds would stop."""
    if stack.boundary is None:
        return ()
    clouds = {one.cloud for one in stack.resources if one.cloud}
    guards = (guard_of(cloud, stack.boundary.name) for cloud in sorted(clouds))
    return tuple(one for found in guards if found for one in stopped(found, stack))


def subjects() -> Iterator[Subject]:
    """Every case of every table."""
    base: Stack | None = None
    for title, case, change in loading.cases():
        built = loading.changed(case, change)
        base = built if change.keys() <= {"unsure"} else base
        yield Subject(title, built, base, frozenset(line.split()[0] for line in change.get("finds", ())))
    clean = azure.changed({})
    for change in azure.CHANGES:
        rules = frozenset(line.split()[0] for line in change.get("finds", ()))
        yield Subject(azure.title(change), azure.changed(change), clean, rules)
    for table in (*test_gcp.TABLES, *sorted(test_anywhere.HERE.glob("*.yaml"))):
        for case in bent.cases(table):
            base = case.stack if case.title == "valid" else base
            yield Subject(f"{case.rule}: {case.title}", case.stack, base, frozenset(rule for rule, _, _ in case.fails))
    for written in loader.cases():
        yield Subject(written.name, written.stack, None, written.expect & {written.about})


@cache
def findings() -> tuple[Finding, ...]:
    """What the rules find in the cases, each with what would stop it: once for each rule and case."""
    return tuple(one for subject in subjects() if subject.about for one in _found(subject))


def _found(subject: Subject) -> Iterator[Finding]:
    new = [one for one in stops(subject.stack) if not _as_before(subject, one)]
    by_rule: dict[str, set[str]] = {}
    for statement in judge(subject.stack, subject.about).failed:
        rule = statement.rule.id
        controls = by_rule.setdefault(rule, set())
        stopping = (one for one in new if one.control.halves(rule))
        controls |= {one.control.id for one in stopping if _belongs(subject.stack, statement, one.resource)}
    for rule, controls in by_rule.items():
        if rule in subject.about:
            yield Finding(rule, subject.title, frozenset(controls))


def _as_before(subject: Subject, stop: Stopped) -> bool:
    """Whether the stack that the case was bent from has the same resource, stopped by the same."""
    if subject.base is None or subject.base is subject.stack:
        return False
    before = subject.base.by_urn.get(stop.resource.urn)
    if before is None or before.inputs != stop.resource.inputs:
        return False
    return (before.urn, stop.control.id) in _known(subject.base)


@cache
def _known(base: Stack) -> frozenset[tuple[str, str]]:
    return frozenset((one.resource.urn, one.control.id) for one in stops(base))


def _belongs(stack: Stack, statement: Statement, resource: Resource) -> bool:
    """Whether stopping `resource` stops what the rule found: it is the same, or made through it, or what it names."""
    found = statement.resource
    if found is None or found is resource or stack.provider_of(resource) is found:
        return True
    return any(resource in stack.target(found, one).inside for one in found.read_all(statement.said.path))
