"""Where an Azure resource lies, and what is said of a place, a destination, or something that cannot be placed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import geography
from policies.azure.facts import WORKSPACE, named
from policies.azure.joins import host_of, owner, target
from policies.model import Resource, Stack, Target
from policies.places import place
from policies.rules import Case, Said
from policies.values import Reading

CLOUD = "azure"


def location(stack: Stack, resource: Resource) -> Reading:
    """Where `resource` lies, as its own inputs, its group, its provider or its workspace say."""
    own = resource.read("location")
    if own.present:
        return own
    if resource.type.startswith("azure-native:synapse:") and resource.type != WORKSPACE:
        for one in owner(stack, resource, WORKSPACE).inside:
            return location(stack, one)
    return stack.location(resource)


def region(stack: Stack, resource: Resource) -> geography.Region | None:
    """The place of `resource` in the table of regions; None where it is not known."""
    where = location(stack, resource)
    return place(CLOUD, where.text) if where.text else None


def inside(case: Case, at: Reading, where: Reading, who: str) -> Iterator[Said]:
    """What is wrong with a location: `where` is its value, `at` the input that is to blame, `who` lies there."""
    boundary = case.stack.boundary
    if boundary is None:
        return
    if where.unknown or where.missing:
        yield case.unsure(at, f"where {who} lies is not known before the update")
        return
    found = place(CLOUD, where.text)
    if found is None:
        yield case.fail(at, f"{who} lies in {where.text}, which is no region that is known: it counts as outside")
    elif found.kind == "global":
        yield case.fail(at, f"{who} is kept everywhere ({found.name}), not inside {boundary.title}")
    elif not case.stack.holds(found):
        yield case.fail(at, f"{who} lies in {found.name} ({found.country}), outside {boundary.title}")


def destination(case: Case, at: Reading, types: tuple[str, ...], what: str) -> Iterator[Said]:
    """What is wrong with sending `what` to that which the value at `at` names, one of `types`."""
    if at.missing or case.stack.boundary is None:
        return
    known = tuple(kind for kind in types if kind in named())
    yield from placed(case, target(case.stack, case.resource, at, *known), what)


def placed(case: Case, aim: Target, what: str) -> Iterator[Said]:
    """What is wrong with a destination: a resource outside, a host elsewhere, or something nobody can place."""
    at = aim.reading
    for one in aim.inside:
        yield from inside(case, at, location(case.stack, one), f"{one.name}, where {what} go")
    if aim.unknown:
        yield case.unsure(at, f"where {what} go is known only after the update")
    elif aim.outside:
        yield from _elsewhere(case, at, what)


def _elsewhere(case: Case, at: Reading, what: str) -> Iterator[Said]:
    """A destination that the stack does not declare: some hosts say their region, after the name that people chose."""
    host = host_of(at.text)
    if host in {one.lower() for one in case.stack.parameters.allowed_hosts}:
        return
    regions = regions_of(host.split(".")[1:])
    if not regions:
        yield from case.unplaced(at, what)
    elif not all(case.stack.holds(one) for one in regions):
        yield case.fail(at, f"{what} go to {regions[0].name}, outside the boundary")


def regions_of(labels: Iterable[str]) -> list[geography.Region]:
    """The regions that a host's labels name, also with the number of one of several units there (`REGION-01`)."""
    return [one for one in map(_region, labels) if one is not None]


def _region(label: str) -> geography.Region | None:
    found = place(CLOUD, label) or place(CLOUD, label.rpartition("-")[0])
    return found if found is not None and found.kind == "region" else None
