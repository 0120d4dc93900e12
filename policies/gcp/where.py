"""Where things of Google Cloud lie: a location's name, a resource of the stack, a destination that a text names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

import geography
from policies.facts import rows
from policies.model import Resource, Stack
from policies.places import arn, gcp_location, place, places_in_host
from policies.rules import Case, Said
from policies.values import Reading, State

BUCKET: Final = "gcp:storage/bucket:Bucket"
DATASET: Final = "gcp:bigquery/dataset:Dataset"
TABLE: Final = "gcp:bigquery/table:Table"
TOPIC: Final = "gcp:pubsub/topic:Topic"
KEY: Final = "gcp:kms/cryptoKey:CryptoKey"
KEY_RING: Final = "gcp:kms/keyRing:KeyRing"
LOG_BUCKET: Final = "gcp:logging/projectBucketConfig:ProjectBucketConfig"
OWN_NAMES: Final = {BUCKET: "name", DATASET: "datasetId", TOPIC: "name", LOG_BUCKET: "bucketId", KEY_RING: "name"}
KINDS: Final = {"bucket": BUCKET, "dataset": DATASET, "topic": TOPIC, "log": LOG_BUCKET}
DATASET_DEFAULT: Final = "US"
"""Where BigQuery puts a dataset, a job or a transfer whose location is not said."""
ANYWHERE: Final = "global"
_SERVICES: Final = {"storage": "bucket", "bigquery": "dataset", "pubsub": "topic", "logging": "log"}
_PROJECT: Final = re.compile(r"(?:^|/)projects/([a-z][a-z0-9:.-]*[a-z0-9])/")
_GOOGLE: Final = (".cloudfunctions.net", ".run.app", ".appspot.com", ".googleapis.com")
_CODE: Final = re.compile(r"(?:-([a-z]{2})\.a\.run\.app|\.([a-z]{2})\.r\.appspot\.com)$")


@geography.cached
def location(text: str) -> geography.Region | None:
    """The place that a location, zone or self link names, also one of another cloud that BigQuery works in."""
    name = text.strip().rstrip("/").rpartition("/")[2]
    for cloud in ("aws", "azure"):
        if name.startswith(f"{cloud}-"):
            return place(cloud, name.removeprefix(f"{cloud}-"))
    return place("gcp", name)


@geography.cached
def bucket_location(text: str) -> geography.Region | None:
    """As `location`, with Cloud Storage's own names first: a key's location of the same word may span more."""
    try:
        return geography.region("gcp", text.strip().upper())
    except geography.UnknownRegion:
        return location(text)


def homes(stack: Stack, resource: Resource) -> tuple[Reading, ...]:
    """Every location in which a resource keeps data; known as "global" where nothing ties it to one."""
    match resource.type:
        case "gcp:storage/bucket:Bucket":
            placed = resource.read("customPlacementConfig.dataLocations")
            return tuple(resource.read_all("customPlacementConfig.dataLocations[]" if placed.present else "location"))
        case "gcp:bigquery/dataset:Dataset":
            return (or_default(resource.read("location"), DATASET_DEFAULT),)
        case "gcp:bigquery/table:Table":
            return tuple(home for one in datasets_of(stack, resource) for home in homes(stack, one))
        case "gcp:pubsub/topic:Topic":
            regions = "messageStoragePolicy.allowedPersistenceRegions[]"
            return tuple(or_default(one, ANYWHERE) for one in resource.read_all(regions))
        case "gcp:kms/cryptoKey:CryptoKey":
            rings = named(stack, resource, resource.read("keyRing"), KEY_RING)
            return tuple(home for ring in rings for home in homes(stack, ring))
        case _:
            return (stack.location(resource),)


def or_default(reading: Reading, default: str) -> Reading:
    """The reading, or what the cloud takes where it is missing."""
    return Reading(reading.path, State.KNOWN, default) if reading.missing else reading


def datasets_of(stack: Stack, table: Resource) -> list[Resource]:
    """The dataset of a table, where the stack declares it."""
    return named(stack, table, table.read("datasetId"), DATASET)


def named(stack: Stack, resource: Resource, reading: Reading, kind: str) -> list[Resource]:
    """The resources of type `kind` that a reading means: by their own name, else by what the input depends on."""
    linked = [stack.by_urn[urn] for urn in _links(resource, reading) if urn in stack.by_urn]
    if kind == DATASET:
        linked = [one for each in linked for one in (datasets_of(stack, each) if each.type == TABLE else [each])]
    linked = [one for one in linked if one.type == kind]
    if not reading.text:
        return linked
    wanted = own_name(kind, reading.text)
    if _elsewhere(stack, resource, reading.text):
        return []
    own = OWN_NAMES[kind]
    for among in (linked, list(stack.of(kind))):
        same = [one for one in among if own_name(kind, one.read(own).text) == wanted and wanted]
        if same:
            return same
    nameless = [one for one in linked if not one.read(own).text]
    return nameless or [one for one in stack.of(kind) if one.read(own).missing and one.name.lower() == wanted]


def _elsewhere(stack: Stack, resource: Resource, text: str) -> bool:
    """Whether a name says another project than the one that the resource, or its provider, works in."""
    found = _PROJECT.search(text)
    own = {one.read("project").text for one in (stack.provider_of(resource), resource) if one is not None}
    # A project also goes by its number, which nothing here says.
    return found is not None and not found[1].isdigit() and bool(own - {""}) and found[1] not in own


def _links(resource: Resource, reading: Reading) -> tuple[str, ...]:
    top = re.split(r"[.\[]", reading.path, maxsplit=1)[0]
    return resource.property_dependencies.get(top, ())


@cache
def own_name(kind: str, text: str) -> str:
    """The name, in small letters, of the resource of type `kind` that a reference means; empty where it means none."""
    name = re.sub(r"^(gs://|//)?([a-z]+\.googleapis\.com/)?", "", text.strip())
    if kind == BUCKET:
        return re.sub(r"^(projects/[^/]+/buckets/|b/)", "", name).partition("/")[0].lower()
    if kind == DATASET:
        found = re.search(r"(?:^|/)datasets/([^/]+)", name)
        if found:
            return found[1].lower()
        parts = re.split(r"[.:]", name)
        # A reference to a table ends with the table's name, project or not; a dataset's own id has no point in it.
        return parts[-2].lower() if len(parts) > 1 else name.lower()
    return name.rstrip("/").rpartition("/")[2].lower()


def outside(stack: Stack, where: Reading, *, bucket: bool = False) -> bool | None:
    """Whether a known location lies outside the boundary; None where it is not known. An unheard-of one is outside."""
    if not where.text:
        return None
    found = bucket_location(where.text) if bucket else location(where.text)
    if stack.boundary is None:
        return False
    return found is None or not stack.holds(found)


def must_lie_inside(case: Case, at: Reading, *, bucket: bool = False) -> Iterator[Said]:
    """A location that is said must lie inside; a missing one is not this sentence's matter."""
    left = outside(case.stack, at, bucket=bucket)
    if at.unknown:
        yield case.unsure(at)
    elif left:
        yield case.fail(at, f"{at.path} is {at.text}, {not_inside(case.stack, at.text, bucket=bucket)}")


def not_inside(stack: Stack, text: str, *, bucket: bool = False) -> str:
    """Why a location is not inside, as the end of a sentence."""
    if (bucket_location(text) if bucket else location(text)) is None:
        return "which is no location that is known"
    return f"outside the boundary {stack.boundary.name}" if stack.boundary else "outside"


def target_lies_inside(case: Case, at: Reading, target: Resource) -> Iterator[Said]:
    """What an input leads to, a resource of the stack, must keep its data inside: one finding however many places."""
    places = homes(case.stack, target)
    gone = [one.text for one in places if outside(case.stack, one, bucket=target.type == BUCKET)]
    if gone:
        yield case.fail(at, f"{at.path} leads to {target.name} in {', '.join(gone)}, outside the boundary")
    elif any(one.unknown for one in places):
        yield case.unsure(at, f"where {target.name} lies is known only after the update")


def leads_inside(case: Case, at: Reading, kind: str, what: str) -> Iterator[Said]:
    """A destination must lie inside: a name that says its location, a resource of the stack, or an allowed one."""
    if at.missing:
        return
    said = place_in(at.text)
    if said and outside(case.stack, Reading(at.path, State.KNOWN, said)):
        yield case.fail(at, f"{at.path} leads {what} to {said}, {not_inside(case.stack, said)}")
        return
    targets = named_of(case.stack, case.resource, at, kind)
    for target in targets:
        yield from target_lies_inside(case, at, target)
    if not targets and at.unknown:
        yield case.unsure(at, "where it leads is known only after the update")
    elif not targets and not said and case.stack.boundary is not None:
        yield from case.unplaced(at, what)


def named_of(stack: Stack, resource: Resource, at: Reading, kind: str) -> list[Resource]:
    """What a destination of a kind means in the stack; "any" is told from its beginning."""
    kinds = [KINDS[kind]] if kind in KINDS else [KINDS[one] for one in _kinds_of(at.text)]
    return [found for one in kinds for found in named(stack, resource, at, one)]


def _kinds_of(text: str) -> tuple[str, ...]:
    service = re.match(r"(?://)?([a-z]+)\.googleapis\.com/", text)
    if service:
        return (_SERVICES[service[1]],) if service[1] in _SERVICES else ()
    if text.startswith("gs://"):
        return ("bucket",)
    if "/topics/" in text:
        return ("topic",)
    return tuple(KINDS)


def place_in(text: str) -> str:
    """The location that a resource name or ARN says itself; empty where it says none."""
    found = arn(text)
    return f"aws-{found.region}" if found and found.region else gcp_location(text) or ""


def places_of_host(host: str) -> tuple[geography.Region, ...]:
    """The regions that a host of Google names: by its name, or by the code in addresses of the older form."""
    if not host.endswith(_GOOGLE):
        return ()
    code = _CODE.search(host)
    if code:
        found = location(_codes().get(code[1] or code[2], ""))
        return (found,) if found else ()
    return places_in_host("gcp", host)


@cache
def _codes() -> dict[str, str]:
    return {row["code"]: row["region"] for row in rows("gcp_codes.csv")}


@cache
def pairs() -> dict[str, frozenset[str]]:
    """The two regions of each predefined dual-region of Cloud Storage, by its name."""
    found = rows("gcp_dual_regions.csv")
    return {row["location"]: frozenset(row["regions"].split("+")) for row in found if row["kind"] == "predefined"}


def may_pair(first: str, second: str) -> bool:
    """Whether a bucket of Cloud Storage can lie in these two regions together, predefined or by its own placement."""
    both = {first, second}
    return len(both) == 2 and any(  # noqa: PLR2004 - a pair
        both <= set(row["regions"].split("+")) for row in rows("gcp_dual_regions.csv")
    )
