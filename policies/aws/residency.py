"""Where AWS resources themselves lie, what their inputs name, and which features take data elsewhere by design."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final, cast

import geography
from policies.aws.whereabouts import BUCKETS, Verdict, arn, global_types, of_key, of_region
from policies.places import Arn
from policies.rules import Case, Said, rule
from policies.values import Leaf, Plain, Reading, as_json, classify, is_unknown, opened

ZONES: Final = ("availabilityZone", "availabilityZones[]", "preferredAvailabilityZones[]", "availabilityZoneName")
# Services whose ARNs lead no data anywhere: CloudFront reads its certificates and filters in one region only.
WITHOUT_DATA: Final = frozenset({"acm", "iam", "sts", "organizations", "cloudfront", "route53"})
LABELS: Final = frozenset({"tags", "tagsAll", "description", "comment"})
KEY_INPUT: Final = re.compile(r"[a-z0-9]*kms[a-z]*?(key|arn)(id|arn|identifier)?|(encryption)?keyarn", re.IGNORECASE)
# The destination rules have these: a replica's key, and the key that a replica key copies.
KEYS_ELSEWHERE: Final = frozenset({"replicaKmsKeyId", "sourceKmsKeyArn"})


@rule("SOV-AWS-001", "aws:*")
def resource_lies_inside(case: Case) -> Iterator[Said]:
    """The region that holds for a regional resource: its own, else its provider's."""
    if case.stack.boundary is None or not case.resource.custom or case.resource.type in global_types():
        return
    where = case.stack.location(case.resource)
    if not where.text:
        yield case.unsure(where, "neither the resource nor its provider says in which region it lies")
    else:
        found = of_region(case.stack, where.text)
        if found.verdict is Verdict.OUTSIDE:
            yield case.fail(where, f"it lies in {found.where}, outside the boundary")
    for path in (*ZONES, "serviceRegion"):
        for reading in case.read_all(path):
            if reading.text and of_region(case.stack, reading.text).verdict is Verdict.OUTSIDE:
                yield case.fail(reading, f"{reading.path} is outside the boundary")


@rule("SOV-AWS-002", "aws:*")
def arns_stay_inside(case: Case) -> Iterator[Said]:
    """Every ARN in the inputs, also inside policies: its region and its partition. What a policy denies is no path."""
    if case.stack.boundary is None:
        return
    for leaf in _texts(case.resource.inputs, ""):
        found = arn(leaf.text)
        if found is None or found.account == "aws" or found.service in WITHOUT_DATA:
            continue
        if found.service == "wafv2" and found.resource.startswith("global/"):
            continue
        reading = classify(leaf.path, leaf.text)
        if not _of_our_partition(case, found):
            yield case.fail(reading, f"{leaf.path} lies in the partition {found.partition}, which is not the stack's")
        elif found.region:
            there = of_region(case.stack, found.region)
            if there.verdict is Verdict.OUTSIDE:
                yield case.fail(reading, f"{leaf.path} names something in {there.where}, outside the boundary")


def _of_our_partition(case: Case, found: Arn) -> bool:
    own = case.stack.region(case.resource)
    if own is not None and own.partition:
        return found.partition == own.partition
    return found.partition in _partitions(case.stack.boundary)


@cache
def _partitions(boundary: geography.Boundary | None) -> frozenset[str]:
    inside = (one for one in geography.regions("aws") if boundary is None or boundary.holds(one))
    return frozenset(one.partition for one in inside)


def _texts(value: object, at: str) -> Iterator[Leaf]:
    """Every known text but labels, also in texts that are JSON; what a policy denies is left out."""
    here = opened(value)
    if isinstance(here, str):
        inner = as_json(here)
        if inner is not None:
            yield from _texts(inner, at)
        elif here and not is_unknown(here):
            yield Leaf(at, here)
    elif isinstance(here, Mapping):
        block = cast("Mapping[str, object]", here)
        if str(block.get("Effect", block.get("effect", ""))).lower() == "deny":
            return
        for key, member in block.items():
            if at or key not in LABELS:
                yield from _texts(member, f"{at}.{key}" if at else key)
    elif isinstance(here, list):
        for number, member in enumerate(cast("list[object]", here)):
            yield from _texts(member, f"{at}[{number}]")


@rule("SOV-AWS-004", "aws:dynamodb/tableReplica:TableReplica")
def replica_lies_inside(case: Case) -> Iterator[Said]:
    """A replica lies where its own region or provider says."""
    yield from _lies_inside(case, "the replica")


@rule("SOV-AWS-005", "aws:kms/replicaKey:ReplicaKey", "aws:kms/replicaExternalKey:ReplicaExternalKey")
def replica_key_lies_inside(case: Case) -> Iterator[Said]:
    """A replica of a key lies where its own region or provider says."""
    yield from _lies_inside(case, "the replica of the key")


@rule("SOV-AWS-005", "aws:kms/key:Key", "aws:kms/externalKey:ExternalKey")
def key_stays_in_its_region(case: Case) -> Iterator[Said]:
    """A multi-Region key can be replicated anywhere, later and from outside this stack."""
    if not case.stack.parameters.multi_region_keys:
        yield from case.must_not_be_true("multiRegion")


def _lies_inside(case: Case, what: str) -> Iterator[Said]:
    if case.stack.boundary is None:
        return
    where = case.stack.location(case.resource)
    if not where.text:
        yield case.unsure(where, f"nothing says in which region {what} lies")
        return
    found = of_region(case.stack, where.text)
    if found.verdict is Verdict.OUTSIDE:
        yield case.fail(where, f"{what} lies in {found.where}, outside the boundary")


@rule("SOV-AWS-006", "aws:*")
def keys_lie_inside(case: Case) -> Iterator[Said]:
    """Every input that names a KMS key, at any depth."""
    if case.stack.boundary is None:
        return
    for reading in _keys(case.resource.inputs, ""):
        found = of_key(case, reading)
        if found.verdict is Verdict.OUTSIDE:
            yield case.fail(reading, f"{reading.path} is a key in {found.where}, outside the boundary")
        elif found.verdict is Verdict.UNKNOWN:
            yield case.unsure(reading, "nobody can tell yet in which region the key lies")


def _keys(value: Mapping[str, Plain] | object, at: str) -> Iterator[Reading]:
    here = opened(value)
    if isinstance(here, list):
        for number, member in enumerate(cast("list[object]", here)):
            yield from _keys(member, f"{at}[{number}]")
    elif isinstance(here, Mapping):
        for key, member in cast("Mapping[str, object]", here).items():
            path = f"{at}.{key}" if at else key
            if not at and key in LABELS:
                continue
            reading = classify(path, member)
            if (
                KEY_INPUT.fullmatch(key)
                and key not in KEYS_ELSEWHERE
                and not isinstance(opened(member), Mapping | list)
            ):
                if reading.present:
                    yield reading
            else:
                yield from _keys(member, path)


@rule("SOV-AWS-013", *BUCKETS)
def bucket_is_not_accelerated(case: Case) -> Iterator[Said]:
    """Acceleration takes uploads in at edge locations all over the world."""
    yield from _not_accelerated(case, "accelerationStatus")


@rule(
    "SOV-AWS-013",
    "aws:s3/bucketAccelerateConfiguration:BucketAccelerateConfiguration",
    "aws:s3/bucketAccelerateConfigurationV2:BucketAccelerateConfigurationV2",
)
def acceleration_is_suspended(case: Case) -> Iterator[Said]:
    """The same as a resource of its own."""
    yield from _not_accelerated(case, "status")


def _not_accelerated(case: Case, path: str) -> Iterator[Said]:
    reading = case.read(path)
    if reading.unknown:
        yield case.unsure(reading)
    elif reading.among("Enabled"):
        yield case.fail(
            reading, f"{path} must not be Enabled: uploads pass through edge locations outside the boundary"
        )
