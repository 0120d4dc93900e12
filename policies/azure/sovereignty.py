"""Where Azure's resources lie, and where the cloud itself copies them."""

from __future__ import annotations

from collections.abc import Iterator

import geography
from policies.azure import facts
from policies.azure.facts import ACCOUNT, GROUP, HSM
from policies.azure.where import CLOUD, inside, location, region
from policies.places import place
from policies.rules import Case, Said, rule
from policies.values import Reading, State


@rule("SOV-AZ-001", "azure-native:*")
def lies_inside(case: Case) -> Iterator[Said]:
    """The resource's own location, or the one that it takes from its group or provider, is inside the boundary."""
    kind = case.resource.type
    if kind == GROUP or case.stack.boundary is None:
        return
    own = case.read("location")
    may_be_global = kind in facts.column("azure_global.csv", "type")
    if own.present:
        named = place(CLOUD, own.text) if own.text else None
        if not (may_be_global and named is not None and named.kind == "global"):
            yield from inside(case, own, own, case.resource.name)
    elif kind in facts.column("azure_located.csv", "type") and not may_be_global:
        yield from _taken(case, own)
    for path in facts.places("SOV-AZ-001").get(kind, ()):
        for reading in case.read_all(path):
            if reading.present:
                yield from inside(case, reading, reading, f"a copy of {case.resource.name}")


def _taken(case: Case, own: Reading) -> Iterator[Said]:
    """A location that is not stated: the group's or the provider's. Where nobody states one, nothing keeps it in."""
    where = location(case.stack, case.resource)
    group = case.read("resourceGroupName")
    if where.present:
        yield from inside(case, own, where, case.resource.name)
    elif group.unknown:
        yield case.unsure(own, "it takes the location of a group that is known only after the update")
    else:
        yield case.fail(own, "location is missing, and neither its group nor its provider says where it will lie")


@rule("SOV-AZ-002", GROUP)
def group_lies_inside(case: Case) -> Iterator[Said]:
    """The resource group, which holds the names and settings of what is in it, is inside the boundary."""
    own = case.read("location")
    where = location(case.stack, case.resource)
    if where.missing:
        if case.stack.boundary is not None:
            yield case.fail(own, "location is missing: nobody can tell where the group will lie")
    else:
        yield from inside(case, own, where, case.resource.name)


@rule("SOV-AZ-003", *sorted(facts.copies()))
def pair_is_inside(case: Case) -> Iterator[Said]:
    """What is copied to the region's pair is copied to a place inside the boundary."""
    boundary, fact = case.stack.boundary, facts.copies()[case.resource.type]
    if boundary is None:
        return
    for stated in case.read_all(fact.path):
        taken = stated if stated.present else Reading(stated.path, State.KNOWN, fact.default)
        if stated.unknown:
            yield case.unsure(stated)
        elif taken.among(*fact.geo):
            yield from _pair(case, stated, taken.text, boundary)


def _pair(case: Case, at: Reading, redundancy: str, boundary: geography.Boundary) -> Iterator[Said]:
    where = region(case.stack, case.resource)
    if where is None:
        yield case.unsure(at, f"{redundancy} copies to the pair of a region that is not known")
        return
    pair = geography.pair_of(where)
    if pair is None:
        yield case.fail(at, f"{redundancy} copies to a pair, and none is known of {where.name}")
    elif not boundary.holds(pair):
        yield case.fail(at, f"{redundancy} copies to {pair.name} ({pair.country}), outside {boundary.title}")


@rule("SOV-AZ-007", ACCOUNT)
def account_copies_stay_in_the_tenant(case: Case) -> Iterator[Said]:
    """Nobody can copy objects to an account of another tenant."""
    yield from case.must_not_be_true("allowCrossTenantReplication")
    yield from case.must_be("allowedCopyScope", "AAD", "PrivateLink")


@rule("SOV-AZ-009", HSM)
def hsm_stays_inside(case: Case) -> Iterator[Said]:
    """Every region of a managed HSM, the first one too, is inside the boundary."""
    for path in facts.places("SOV-AZ-009")[HSM]:
        for reading in case.read_all(path):
            where = location(case.stack, case.resource) if reading.missing and path == "location" else reading
            if where.present:
                yield from inside(case, reading, where, "the HSM's key material")
