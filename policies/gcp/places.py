"""Where resources of Google Cloud lie: regions, buckets, datasets, topics, keys, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final, cast

from policies.facts import rows
from policies.gcp.where import (
    ANYWHERE,
    BUCKET,
    DATASET,
    KEY,
    KEY_RING,
    TOPIC,
    bucket_location,
    homes,
    location,
    may_pair,
    must_lie_inside,
    named,
    not_inside,
    outside,
    pairs,
    places_of_host,
)
from policies.places import gcp_location
from policies.rules import Case, Said, rule
from policies.values import Reading, State, classify, opened

LOCATIONS: Final = ("location", "region", "zone")
RESOURCE: Final = re.compile(
    r"(?:(?:https:)?//[a-z.]+/(?:\w+/v\d+\w*/)?)?projects/[^/\s]+/(locations|regions|zones)/[^/\s]+\S*"
    r"|(?:regions|zones)/[^/\s]+/\w+/\S+"
)
KEY_NAME: Final = re.compile(
    r"(?:(?:https:)?//cloudkms\.googleapis\.com/(?:v\d\w*/)?)?projects/[^/]+/locations/([^/]+)/keyRings/"
)
KEY_INPUTS: Final = frozenset({"kmsKeyName", "defaultKmsKeyName", "encryptionKey", "kmsKey"})
SETTING: Final = re.compile(r"nvironmentVariables\.|\benvs\[\d+\]\.value$|^parameters\.")
ENDPOINTS: Final = (".googleapis.com", ".googleapis.com.")
SAID_ELSEWHERE: Final = frozenset({*LOCATIONS, "destination", "pushConfig"})
"""Inputs whose places other sentences judge."""
NESTED: Final = re.compile(r"[.\]](?:location|region|zone|locationId|locations\[\d+\]|regions\[\d+\]|zones\[\d+\])$")
"""How the path of a place ends that stands inside a block."""
HOST: Final = re.compile(r"(?<![a-z0-9-])[a-z0-9-]+(?:\.[a-z0-9-]+)+")


@rule("SOV-GCP-001", "gcp:*")
def resource_lies_inside(case: Case) -> Iterator[Said]:
    """Whatever says a location, region or zone says one inside."""
    placed = case.resource.type == BUCKET and _chosen_in_part(case)
    for path in (*LOCATIONS, *_more_locations().get(case.resource.type, ())):
        for at in case.read_all(path):
            if at.present and not (placed and path == "location"):
                yield from _lies_inside(case, at)


def _chosen_in_part(case: Case) -> bool:
    """Whether a bucket's regions are chosen, out of an area of which a part at least lies inside."""
    if case.read("customPlacementConfig.dataLocations").missing:
        return False
    area = bucket_location(case.read("location").text)
    boundary = case.stack.boundary
    return area is None or boundary is None or not boundary.jurisdictions.isdisjoint(area.jurisdiction.split("+"))


def _lies_inside(case: Case, at: Reading) -> Iterator[Said]:
    if at.text.lower() == ANYWHERE:
        if _module(case.resource.type) not in _without_data() and case.stack.boundary is not None:
            yield case.fail(at, f"{at.path} is {at.text}: what it holds may lie in any country")
        return
    if isinstance(at.value, str):
        name = re.sub(r"^.*\bregional-", "", at.text)  # Spanner's configurations carry their region at the end.
        name = f"{name}1" if at.path == "locationId" and location(name) is None else name  # App Engine's old names.
        at = Reading(at.path, State.KNOWN, name)
    yield from must_lie_inside(case, at, bucket=case.resource.type == BUCKET)


@rule("SOV-GCP-001", *(row["type"] for row in rows("gcp_defaulted.csv")))
def default_lies_inside(case: Case) -> Iterator[Said]:
    """What says no place lies where its provider works."""
    if any(case.read(path).present for path in LOCATIONS):
        return
    at, provider = case.stack.location(case.resource), case.stack.provider_of(case.resource)
    if outside(case.stack, at) and provider is not None:
        said = f"no place is said, and the provider {provider.name} works in {at.text}"
        yield case.fail(_defaulted()[case.resource.type], f"{said}, {not_inside(case.stack, at.text)}")


@rule("SOV-GCP-001", "gcp:*")
def places_in_blocks_lie_inside(case: Case) -> Iterator[Said]:
    """A place inside a block (a replica, a cluster's machines) is one inside, where it is a place of this cloud."""
    if _module(case.resource.type) in _without_data():
        return
    told = _more_locations().get(case.resource.type, ())
    for leaf in case.resource.leaves:
        if not NESTED.search(leaf.path) or re.sub(r"\[\d+\]", "[]", leaf.path) in told:
            continue
        found = location(leaf.text)
        if found is not None and found.cloud == "gcp" and found.kind != ANYWHERE and not case.stack.holds(found):
            yield case.fail(leaf.path, f"{leaf.path} is {leaf.text}, {not_inside(case.stack, leaf.text)}")


@rule("SOV-GCP-001", "gcp:*")
def names_in_inputs_lie_inside(case: Case) -> Iterator[Said]:
    """Names of other resources, and settings of programs, name no place outside."""
    for leaf in case.resource.leaves:
        if leaf.top in SAID_ELSEWHERE or KEY_NAME.match(leaf.text):
            continue
        for said in _named_places(leaf.path, leaf.text):
            at = Reading(leaf.path, State.KNOWN, said)
            if said != ANYWHERE and outside(case.stack, at):
                yield case.fail(leaf.path, f"{leaf.path} names {said}, {not_inside(case.stack, said)}")


def _named_places(path: str, text: str) -> Iterator[str]:
    """The locations that a text names: as a resource's name, and in a setting of a program as a region or host."""
    if "/" in text and RESOURCE.fullmatch(text):
        yield gcp_location(text) or ANYWHERE
    elif SETTING.search(path):
        region = location(text) if "/" not in text else None
        if region is not None and region.kind == "region":
            yield text
        for host in HOST.findall(text.lower()):
            yield from (one.name for one in places_of_host(host))
    elif text.endswith(ENDPOINTS) and HOST.fullmatch(text.rstrip(".")):
        yield from (one.name for one in places_of_host(text.rstrip(".")))


@rule("SOV-GCP-002", BUCKET)
def bucket_members_lie_inside(case: Case) -> Iterator[Said]:
    """Every region of a bucket that spans several lies inside."""
    placed = case.read("customPlacementConfig.dataLocations")
    if placed.present and not _chosen_in_part(case):
        yield from must_lie_inside(case, case.read("location"), bucket=True)
        return
    if placed.present:
        for at in case.read_all("customPlacementConfig.dataLocations[]"):
            if at.unknown and outside(case.stack, case.read("location"), bucket=True) is False:
                continue  # the members lie in the area that the location names
            yield from must_lie_inside(case, at, bucket=True)
        return
    at = case.read("location")
    whole = bucket_location(at.text) if at.text else None
    if whole is not None and whole.kind != "region":
        yield from must_lie_inside(case, at, bucket=True)
    elif at.unknown:
        yield case.unsure(at)


@rule("SOV-GCP-002", BUCKET)
def turbo_replication_stays_in_a_pair(case: Case) -> Iterator[Said]:
    """Fast replication runs between two regions that may be paired, both inside."""
    rpo = case.read("rpo")
    if rpo.unknown:
        yield case.unsure(rpo)
    elif rpo.among("ASYNC_TURBO"):
        members = tuple(case.read_all("customPlacementConfig.dataLocations[]"))
        if any(one.unknown for one in members) or case.read("location").unknown:
            yield case.unsure(rpo, "the bucket's two regions are known only after the update")
        elif not _pair_inside(case, {one.text.lower() for one in members if one.text}):
            yield case.fail(rpo, "rpo ASYNC_TURBO is for two regions that may be paired and lie inside the boundary")


def _pair_inside(case: Case, members: set[str]) -> bool:
    regions = members or pairs().get(case.read("location").text.upper(), frozenset())
    found = [location(one) for one in regions]
    if len(found) != 2 or None in found:  # noqa: PLR2004 - a pair
        return False
    first, second = (one for one in found if one is not None)
    return may_pair(first.name, second.name) and case.stack.holds(first) and case.stack.holds(second)


@rule("SOV-GCP-003", DATASET)
def dataset_says_where_it_lies(case: Case) -> Iterator[Said]:
    """A dataset says where it lies, and what it links to lies inside."""
    at = case.read("location")
    if at.missing:
        yield case.fail(at, "location is missing: BigQuery puts the dataset in the United States")
    yield from must_lie_inside(case, at)
    source = case.read("externalDatasetReference.externalSource")
    found = re.search(r"arn:aws[a-z-]*:[a-z0-9-]+:([a-z0-9-]+):", source.text)
    if found:
        yield from _external(case, source, f"aws-{found[1]}")
    elif source.unknown:
        yield case.unsure(source)
    connection = case.read("externalDatasetReference.connection")
    said = gcp_location(connection.text)
    if said:
        yield from _external(case, connection, said)


def _external(case: Case, at: Reading, said: str) -> Iterator[Said]:
    if outside(case.stack, Reading(at.path, State.KNOWN, said)):
        yield case.fail(at, f"{at.path} reads from {said}, {not_inside(case.stack, said)}")


@rule("SOV-GCP-003", "gcp:bigquery/reservation:Reservation")
def reservation_fails_over_inside(case: Case) -> Iterator[Said]:
    """The second location of a reservation lies inside."""
    yield from must_lie_inside(case, case.read("secondaryLocation"))


@rule("SOV-GCP-004", TOPIC)
def topic_says_where_messages_stay(case: Case) -> Iterator[Said]:
    """A topic names the regions in which messages may be stored, and holds senders and receivers to them."""
    policy = case.read("messageStoragePolicy")
    regions = case.read("messageStoragePolicy.allowedPersistenceRegions")
    if policy.missing:
        yield case.fail(policy, "messageStoragePolicy is missing: messages may be stored in any region")
        return
    if regions.missing or regions.value == []:
        yield case.fail(regions.path, "no region is allowed by name: messages may be stored in any region")
    for at in case.read_all("messageStoragePolicy.allowedPersistenceRegions[]"):
        yield from must_lie_inside(case, at)
    if not policy.unknown:
        yield from case.must_be_true("messageStoragePolicy.enforceInTransit")


@rule("SOV-GCP-006", KEY_RING)
def key_ring_lies_inside(case: Case) -> Iterator[Said]:
    """A key ring lies in a place inside, not everywhere."""
    at = case.read("location")
    if at.missing:
        yield case.fail(at, "location is missing: a key ring lies where it is said to")
    elif at.among(ANYWHERE):
        yield case.fail(at, "location is global: the keys may lie in any country")
    else:
        yield from must_lie_inside(case, at)


@rule("SOV-GCP-006", "gcp:*")
def keys_lie_inside(case: Case) -> Iterator[Said]:
    """Every key that an input names lies inside."""
    for leaf in case.resource.leaves:
        named_key = KEY_NAME.match(leaf.text)
        if named_key and outside(case.stack, Reading(leaf.path, State.KNOWN, named_key[1])):
            yield case.fail(leaf.path, f"the key lies in {named_key[1]}, {not_inside(case.stack, named_key[1])}")
    for at in _key_readings(case.resource.inputs, ""):
        if not at.unknown:
            continue
        found = [home for key in named(case.stack, case.resource, at, KEY) for home in homes(case.stack, key)]
        gone = [one.text for one in found if outside(case.stack, one)]
        if gone:
            yield case.fail(at, f"the key lies in {gone[0]}, {not_inside(case.stack, gone[0])}")
        elif not found or any(one.unknown for one in found):
            yield case.unsure(at, "where the key lies is known only after the update")


def _key_readings(value: object, at: str) -> Iterator[Reading]:
    here = opened(value)
    if isinstance(here, Mapping):
        for key, member in cast("Mapping[str, object]", here).items():
            path = f"{at}.{key}" if at else key
            if key in KEY_INPUTS and not isinstance(opened(member), Mapping):
                yield classify(path, member)
            else:
                yield from _key_readings(member, path)
    elif isinstance(here, list):
        for number, member in enumerate(cast("list[object]", here)):
            yield from _key_readings(member, f"{at}[{number}]")


@rule("SOV-GCP-010", "gcp:secretmanager/secret:Secret")
def secret_is_replicated_by_its_owner(case: Case) -> Iterator[Said]:
    """A secret is kept in locations that its owner names, all inside."""
    replication = case.read("replication")
    if replication.unknown:
        yield case.unsure(replication)
        return
    automatic = case.read("replication.auto")
    legacy = case.read("replication.automatic")
    if automatic.present or legacy.flag is True:
        at = automatic if automatic.present else legacy
        yield case.fail(at.path, f"{at.path} lets Google choose the countries of the secret")
        return
    for at in case.read_all("replication.userManaged.replicas[].location"):
        if at.missing:
            yield case.fail(at, "no replica's location is said")
        elif at.among(ANYWHERE):
            yield case.fail(at, f"{at.path} is global: the secret may lie in any country")
        else:
            yield from must_lie_inside(case, at)


@cache
def _more_locations() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in rows("gcp_locations.csv"):
        found[row["type"]] = (*found.get(row["type"], ()), row["path"])
    return found


@cache
def _defaulted() -> dict[str, str]:
    return {row["type"]: row["input"] for row in rows("gcp_defaulted.csv")}


@cache
def _without_data() -> frozenset[str]:
    return frozenset(row["module"] for row in rows("gcp_global.csv"))


@cache
def _module(kind: str) -> str:
    return kind.split(":")[1].partition("/")[0]
