"""Where Azure's resources send data: standbys, captured events, logs, streaming jobs, file systems, keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import geography
from policies.azure import facts
from policies.azure.facts import HSM, LOGS, PLAN, VAULT, Destination
from policies.azure.joins import host_of, target
from policies.azure.settings import CONTAINERS, OWN, foreign_hosts, host_accounts, other_hosts
from policies.azure.where import CLOUD, destination, inside, location, placed, region, regions_of
from policies.rules import Case, Said, rule
from policies.values import Reading, within

DATASOURCE: Final = "@datasource"
KEYS: Final = "@vault"
CAPTURED_TO: Final = tuple(
    f"captureDescription.destination.{key}" for key in ("storageAccountResourceId", "dataLakeAccountName")
)
HUB: Final = "azure-native:eventhub:EventHub"


def _types(rule_id: str) -> tuple[str, ...]:
    return tuple(kind for one, kind in facts.destinations() if one == rule_id)


def _follow(case: Case, rule_id: str) -> Iterator[Said]:
    """Each destination that the table knows of this type."""
    for one in facts.destinations().get((rule_id, case.resource.type), ()):
        if not (one.unless and case.read(one.unless).flag is False):
            yield from _one(case, one)


def _one(case: Case, fact: Destination) -> Iterator[Said]:
    for at in case.read_all(fact.path):
        if fact.targets == (DATASOURCE,):
            yield from _datasource(case, at, fact.what)
        elif fact.targets == (KEYS,):
            yield from _vault(case, at, fact.what)
        else:
            yield from destination(case, at, fact.targets, fact.what)


@rule("SOV-AZ-004", *_types("SOV-AZ-004"))
def partner_is_inside(case: Case) -> Iterator[Said]:
    """The standby of a namespace or a server lies inside the boundary."""
    yield from _follow(case, "SOV-AZ-004")


@rule("SOV-AZ-005", HUB)
def capture_stays_inside(case: Case) -> Iterator[Said]:
    """Captured events go to an account inside the boundary; a capture that names none cannot be placed."""
    yield from _follow(case, "SOV-AZ-005")
    account = case.read(CAPTURED_TO[0])
    if case.read("captureDescription.enabled").flag is True and all(case.read(one).missing for one in CAPTURED_TO):
        yield case.fail(account, "the captured events go to an account that is not named")


@rule("SOV-AZ-006", *_types("SOV-AZ-006"))
def replication_stays_inside(case: Case) -> Iterator[Said]:
    """Both ends of an object replication lie inside the boundary."""
    yield from _follow(case, "SOV-AZ-006")


@rule("SOV-AZ-008", *_types("SOV-AZ-008"))
def logs_stay_inside(case: Case) -> Iterator[Said]:
    """Logs go to a workspace, an account or a hub inside the boundary."""
    if case.resource.type == LOGS:
        where = location(case.stack, case.resource)
        if where.present:
            yield from inside(case, case.read("location"), where, "what is logged here")
    yield from _follow(case, "SOV-AZ-008")


@rule("SOV-AZ-010", *_types("SOV-AZ-010"))
def streaming_job_stays_inside(case: Case) -> Iterator[Said]:
    """What a streaming job reads, writes and runs on lies inside the boundary."""
    yield from _follow(case, "SOV-AZ-010")


@rule("SOV-AZ-011", *_types("SOV-AZ-011"))
def lake_is_inside(case: Case) -> Iterator[Said]:
    """The workspace's own file system lies inside the boundary."""
    yield from _follow(case, "SOV-AZ-011")


@rule("SOV-AZ-012", *sorted({PLAN, *OWN, *_types("SOV-AZ-012")}))
def function_stays_inside(case: Case) -> Iterator[Said]:
    """The plan that a function runs on and the account that its host keeps books in lie inside the boundary."""
    if case.resource.type == PLAN:
        where = location(case.stack, case.resource)
        if where.present:
            yield from inside(case, case.read("location"), where, "what runs on this plan")
        return
    yield from _follow(case, "SOV-AZ-012")
    for at in host_accounts(case.resource):
        yield from destination(case, at, (facts.ACCOUNT,), "the function's books")
    yield from told_to_talk_to(case)


@rule("SOV-X-005", *sorted(CONTAINERS))
def told_to_talk_to(case: Case) -> Iterator[Said]:
    """The services that settings name by their hosts lie inside the boundary."""
    for at, types in other_hosts(case.resource):
        yield from destination(case, at, types, "what the code sends")
    allowed = {one.lower() for one in case.stack.parameters.allowed_hosts}
    for at in foreign_hosts(case.resource):
        outside = [one for one in regions_of(at.text.split(".")) if not case.stack.holds(one)]
        if outside and at.text not in allowed:
            yield case.fail(at, f"what the code sends go to {outside[0].name}, outside the boundary")


@rule("SOV-X-005", *_types("SOV-X-005"))
def rest_stays_inside(case: Case) -> Iterator[Said]:
    """Destinations that no rule of their own is about."""
    yield from _follow(case, "SOV-X-005")


@rule("SOV-AZ-013", *_types("SOV-AZ-013"))
def keys_stay_inside(case: Case) -> Iterator[Said]:
    """The vault that holds the key lies inside the boundary, in the same world of its vendor."""
    yield from _follow(case, "SOV-AZ-013")


def _datasource(case: Case, at: Reading, what: str) -> Iterator[Said]:
    """What a job's input or output names, whatever its kind."""
    if at.unknown:
        yield case.unsure(at, f"where {what} lies is known only after the update")
        return
    for row in facts.rows("azure_datasources.csv"):
        for one in within(at, row["path"]):
            yield from destination(case, one, tuple(row["targets"].split()), what)


def _vault(case: Case, at: Reading, what: str) -> Iterator[Said]:
    """The vault of a key, or the world that a vault outside of the stack belongs to."""
    if at.missing or case.stack.boundary is None:
        return
    aim = target(case.stack, case.resource, at, VAULT, HSM)
    host = host_of(at.text)
    world = facts.worlds().get(host.partition(".")[2])
    if world is not None and not _reachable(case, world):
        yield case.fail(at, f"{host} belongs to another world of its vendor than the boundary: {world or 'public'}")
    else:
        yield from placed(case, aim, what)


def _reachable(case: Case, world: str) -> bool:
    """Whether the boundary has regions in that world, and the resource does not lie in another one."""
    own = region(case.stack, case.resource)
    if own is not None and case.stack.holds(own):
        return geography.world(own) == world
    return any(case.stack.holds(one) and geography.world(one) == world for one in geography.regions(CLOUD))
