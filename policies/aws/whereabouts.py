"""Where a value of an AWS resource leads to: inside the boundary, outside it, unknown, or to what nobody can place."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from enum import Enum
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import geography
from policies.model import Resource, Stack
from policies.places import Arn, place, places_in_host
from policies.rules import Case
from policies.values import Reading

BUCKETS: Final = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
KEYS: Final = (
    "aws:kms/key:Key",
    "aws:kms/replicaKey:ReplicaKey",
    "aws:kms/alias:Alias",
    "aws:kms/externalKey:ExternalKey",
)
GLOBAL: Final = Path(__file__).parents[1] / "data" / "aws_global.csv"
# Wider than what a real ARN may hold: patterns of policies stand in the place of region and account as well.
_ARN: Final = re.compile(r"arn:(aws[a-z-]*):([a-z0-9-]+):([a-z0-9*?-]*):([^:]*):(.+)", re.DOTALL)
_URL: Final = re.compile(r"(?:[a-z0-9+]{1,20}:)*//(?:[^/@]*@)?(\[[^\]]*\]|[^/:?]+)", re.IGNORECASE)
_HOST: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?(/.*)?", re.IGNORECASE)
_S3: Final = re.compile(r"s3[an]?://([^/]+)", re.IGNORECASE)
_AWS_HOST: Final = re.compile(r"(^|\.)(amazonaws\.com(\.cn)?|amazonaws\.eu|api\.aws|on\.aws|aws\.dev)$")
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1", "[::1]", "host.docker.internal")


class Verdict(Enum):
    """What is known of a destination."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    UNKNOWN = "unknown"
    NOWHERE = "nowhere"
    """A literal that names nothing of this stack and no region: nobody can place it."""


class Whereabouts(NamedTuple):
    """A verdict, and the place that it is about, as a message names it."""

    verdict: Verdict
    where: str = ""


INSIDE: Final = Whereabouts(Verdict.INSIDE)
UNKNOWN: Final = Whereabouts(Verdict.UNKNOWN)
NOWHERE: Final = Whereabouts(Verdict.NOWHERE)


@cache
def global_types() -> frozenset[str]:
    """The types whose resources lie in no region."""
    with GLOBAL.open(encoding="utf-8", newline="") as file:
        return frozenset(row["type"] for row in csv.DictReader(file))


def arn(text: str) -> Arn | None:
    """The ARN, or pattern of ARNs, that `text` is; None where it is none."""
    found = _ARN.fullmatch(text.strip())
    return Arn(*found.groups()) if found else None


def of_region(stack: Stack, name: str) -> Whereabouts:
    """The verdict on a region's or zone's name, or a pattern of names. An unknown one is outside: it fails closed."""
    if "*" in name or "?" in name:
        meant = [one for one in geography.regions("aws") if one.kind == "region" and fnmatchcase(one.name, name)]
        outside = [one for one in meant if not stack.holds(one)]
        return Whereabouts(Verdict.OUTSIDE, name) if meant and len(outside) == len(meant) else INSIDE
    found = place("aws", name) or _of_local_zone(name.strip().lower())
    if found is None:
        return (
            INSIDE
            if stack.boundary is None
            else Whereabouts(Verdict.OUTSIDE, f"{name}, which is no region that is known")
        )
    return INSIDE if stack.holds(found) else Whereabouts(Verdict.OUTSIDE, described(found))


@geography.cached
def _of_local_zone(name: str) -> geography.Region | None:
    """The region of a local or wavelength zone, whose name is the region's and a dash and a place."""
    return next((one for one in geography.regions("aws") if name.startswith(f"{one.name}-")), None)


def of_host(stack: Stack, text: str) -> Whereabouts:
    """The verdict on a URL or host: AWS's own hosts say where they are, others have to be allowed."""
    host = host_of(text)
    if host in LOOPBACK or allowed(stack, text, host):
        return INSIDE
    named = places_in_host("aws", host)
    outside = [one for one in named if not stack.holds(one)]
    if outside:
        return Whereabouts(Verdict.OUTSIDE, described(outside[0]))
    if not _AWS_HOST.search(host):
        return NOWHERE
    return INSIDE if named else NOWHERE


def host_of(text: str) -> str:
    """The host, in small letters, of a URL of any scheme (jdbc:redshift://… too) or of a text that is a host."""
    found = _URL.search(text)
    if found:
        return found[1].lower()
    return text.split("/", maxsplit=1)[0].split(":", maxsplit=1)[0].lower() if _HOST.fullmatch(text) else text.lower()


def allowed(stack: Stack, *names: str) -> bool:
    """Whether somebody has looked at this destination and allowed it by one of its names."""
    known = {
        one.lower().rstrip("/") for one in (*stack.parameters.allowed_destinations, *stack.parameters.allowed_hosts)
    }
    return any(fnmatchcase(name.lower().rstrip("/"), one) for name in names if name for one in known)


def of_resources(case: Case, targets: Iterable[Resource]) -> Whereabouts:
    """The verdict on resources of the stack: outside if any is, since an input depends only on what it mentions."""
    verdict = INSIDE
    for one in targets:
        if one.type in global_types() or one.cloud != "aws":
            continue
        where = case.stack.location(one)
        if where.missing or where.unknown:
            verdict = UNKNOWN
            continue
        found = of_region(case.stack, where.text)
        if found.verdict is Verdict.OUTSIDE:
            return Whereabouts(Verdict.OUTSIDE, f"{found.where} ({one.name})")
    return verdict


def of_arn(case: Case, reading: Reading) -> Whereabouts:
    """The verdict on a reference by ARN: its region field, else the bucket or the linked resource that it means."""
    found = arn(reading.text)
    if found is not None and found.region:
        return of_region(case.stack, found.region)
    if found is not None and found.service == "s3":
        return of_bucket(case, reading)
    if found is not None:
        return INSIDE  # a global service: nothing of it lies in one region
    return _linked(case, reading)


def of_key(case: Case, reading: Reading) -> Whereabouts:
    """The verdict on a reference to a key: an id or alias without an ARN means a key of the resource's own region."""
    found = arn(reading.text)
    if found is not None:
        return of_region(case.stack, found.region) if found.region else INSIDE
    if not reading.unknown:
        return INSIDE
    return _linked(case, reading, *KEYS)


def of_bucket(case: Case, reading: Reading) -> Whereabouts:
    """The verdict on a bucket by name, ARN or s3:// URL. Names of buckets say nothing of the region: the stack does."""
    found = arn(reading.text)
    if found is not None and found.region:  # an access point
        return of_region(case.stack, found.region)
    target = case.stack.target(case.resource, reading, *BUCKETS)
    if target.inside:
        return of_resources(case, target.inside)
    if target.unknown:
        return UNKNOWN
    return INSIDE if allowed(case.stack, reading.text, bucket_name(reading.text)) else NOWHERE


def bucket_name(text: str) -> str:
    """The bucket that a name, ARN or s3:// URL means."""
    url = _S3.match(text)
    if url:
        return url[1]
    found = arn(text)
    return (found.resource if found else text).split("/")[0]


def _linked(case: Case, reading: Reading, *types: str) -> Whereabouts:
    target = case.stack.target(case.resource, reading, *types)
    if target.inside:
        return of_resources(case, target.inside)
    if target.unknown:
        return UNKNOWN
    return INSIDE if allowed(case.stack, reading.text) else NOWHERE


def described(region: geography.Region) -> str:
    """A region with its jurisdiction, as a message names it."""
    return f"{region.name} ({region.jurisdiction})"
