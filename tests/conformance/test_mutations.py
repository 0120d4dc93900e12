"""Removal is noticed: without any one grant, key use or provider, the suite fails.

Each mutation takes one thing out of what the stack with every setting registers, and asks the rules again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from homeshore.engine import Resource
from tests.conformance import settings, suite, tables
from tests.conformance.grants import granted
from tests.conformance.paths import at, without
from tests.conformance.rules import RULES, holders
from tests.conformance.subjects import Subject, subject

CLOUDS = ("aws", "azure", "gcp")
FULL = pytest.mark.parametrize("stack", [f"{cloud}-{which}" for cloud in CLOUDS for which in ("maximum", "open")])
COMPONENTS = {"Key", "Bucket", "Stream", "Network", "Processor", "Sink", "Observability"}


def changed(stack: Subject, resource: Resource, new: Resource | None) -> Subject:
    """The stack with `new` in the place of the resource, or with nothing there."""
    swapped = (new if each is resource else each for each in stack.snapshot.resources)
    return stack.with_resources(each for each in swapped if each is not None)


def missed(stack: Subject, rule: str, mutants: Iterator[tuple[str, Subject]]) -> tuple[list[str], int]:
    """The mutations that the rule does not notice, and how many there were."""
    before = {str(each) for each in suite.undeclared(stack, rule)}
    names, unseen = 0, list[str]()
    for name, mutant in mutants:
        names += 1
        if {str(each) for each in suite.undeclared(mutant, rule)} <= before:
            unseen.append(name)
    return unseen, names


@FULL
def test_a_grant_that_is_gone_is_noticed(stack: str) -> None:
    full = subject(stack)
    giving = {resource.urn: resource for _, resource in granted(full)}
    unseen, count = missed(full, "grants", ((urn, changed(full, r, None)) for urn, r in giving.items()))
    assert unseen == []
    assert count == len(giving) > 8


@FULL
def test_a_grant_to_somebody_else_or_of_more_is_noticed(stack: str) -> None:
    full = subject(stack)
    assert missed(full, "grants", widened(full))[0] == []


def widened(stack: Subject) -> Iterator[tuple[str, Subject]]:
    """Each role assignment with another role, each policy with one more action."""
    for resource in {r.urn: r for _, r in granted(stack)}.values():
        for key, (old, new) in MORE.items():
            text = str(resource.inputs.get(key, ""))
            if re.search(old, text):
                inputs = {**resource.inputs, key: re.sub(old, new, text, count=1)}
                yield f"{resource.urn} {key}", changed(stack, resource, replace(resource, inputs=inputs))


MORE = {
    "policy": (r'"Action": \["', '"Action": ["iam:PassRole", "'),
    "role": (r"^(roles|projects)/.+", "roles/storage.admin"),
    "roleDefinitionId": (r"[0-9a-f]{12}$", "20f7382dd24c"),
}
"""How a permission is made another one: by property, what is replaced by what."""


@FULL
def test_a_key_that_is_not_named_is_noticed(stack: str) -> None:
    full = subject(stack)
    unseen, count = missed(full, "key", keyless(full))
    assert unseen == []
    assert count > 4


def keyless(stack: Subject) -> Iterator[tuple[str, Subject]]:
    """Each use of the key, left out."""
    uses = {use.type: use for use in tables.key_uses()}
    for resource in stack.managed:
        if use := uses.get(resource.type):
            for holder in holders(stack, resource, use):
                if at(holder.inputs, use.path):
                    bare = replace(holder, inputs=without(holder.inputs, use.path))
                    yield f"{holder.urn} {use.path}", changed(stack, holder, bare)


@FULL
def test_a_provider_that_is_not_named_is_noticed(stack: str) -> None:
    full = subject(stack)
    mutants = ((r.urn, changed(full, r, replace(r, provider=None))) for r in full.managed)
    unseen, count = missed(full, "provider", mutants)
    assert unseen == []
    assert count == len(full.managed)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_provider_of_the_other_region_is_noticed(cloud: str) -> None:
    full = subject(f"{cloud}-maximum")
    primary, standby = sorted(str(r.provider) for r in {str(r.provider): r for r in full.managed}.values())
    other = {primary: standby, standby: primary}
    mutants = ((r.urn, changed(full, r, replace(r, provider=other[str(r.provider)]))) for r in full.managed)
    assert missed(full, "provider", mutants)[0] == []


@FULL
def test_a_setting_that_is_gone_or_otherwise_is_noticed(stack: str) -> None:
    full = subject(stack)
    unseen = list[str]()
    for setting in tables.settings():
        if not settings.applies(setting, full) or setting.value in EMPTY:
            continue
        for resource in settings.resources_of(full, setting):
            if settings.holds(setting, full, at(resource.inputs, setting.path)) and at(resource.inputs, setting.path):
                bare = replace(resource, inputs=without(resource.inputs, setting.path))
                told = [str(each) for each in settings.judge(changed(full, resource, bare), setting.rule)]
                if not any(setting.path in each and resource.name in each for each in told):
                    unseen.append(f"{resource.urn} {setting.path}")
    assert unseen == []


EMPTY = {"absent", "[]"}


@FULL
def test_what_is_no_longer_kept_is_noticed(stack: str) -> None:
    full = subject(stack)
    mutants = (
        (r.urn, changed(full, r, replace(r, protect=not r.protect, retain_on_delete=not r.retain_on_delete)))
        for r in full.managed
    )
    assert missed(full, "protection", mutants)[0] == []


@FULL
def test_what_lies_outside_of_its_component_is_noticed(stack: str) -> None:
    full = subject(stack)
    top = full.snapshot.resources[0].urn
    mutants = ((r.urn, changed(full, r, replace(r, parent=top))) for r in full.managed)
    assert missed(full, "parent", mutants)[0] == []


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_component_is_reached_by_a_mutation(cloud: str) -> None:
    """Grants, keys and providers of each component: none is spared because nobody looks at it."""
    full = subject(f"{cloud}-maximum")
    reached = {component.type.rpartition(":")[2] for r in full.managed if (component := full.component(r)) is not None}
    assert reached >= COMPONENTS
    assert RULES.keys() <= suite.RULES.keys()
