"""Where AWS resources themselves lie, what their inputs name, and which features take data elsewhere by design."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final
from weakref import WeakKeyDictionary

import geography
from policies.aws.destinations import table
from policies.aws.whereabouts import BUCKETS, Verdict, allowed, arn, described, global_types, of_key, of_region
from policies.model import Resource
from policies.places import Arn, place, places_in_host
from policies.rules import Case, Said, rule
from policies.values import End, Leaf, Reading, classify

# An input, at any depth, that names a place: region, regionName, s3Region, availabilityZone, regions …
NAMES_A_PLACE: Final = re.compile(r"\w*(?:[rR]egion(?:Name|s|Lists?)?|[aA]vailabilityZones?(?:Name)?)(?:\[\d+\])*")
# There a region is where something is looked at or checked from, and no data of ours goes.
ONLY_LOOKED_AT: Final = (
    *("aws:route53/healthCheck:", "aws:s3control/storageLensConfiguration:", "aws:securityhub/", "aws:costexplorer/"),
    *("aws:uxc/", "aws:account/", "aws:ssoadmin/", "aws:servicequotas/", "aws:notifications/", "aws:organizations/"),
    *("aws:cfg/configurationAggregator:", "aws:ec2/vpcIpam", "aws:identitystore/", "aws:wafv2/", "aws:fms/"),
)
_HOSTS: Final = re.compile(
    r"(?:[a-z0-9-]+\.)+amazonaws\.(?:com(?:\.cn)?|eu)\b|com\.amazonaws(?:\.[a-z0-9-]+)+", re.IGNORECASE
)
# Services whose ARNs lead no data anywhere: CloudFront reads its certificates and filters in one region only.
WITHOUT_DATA: Final = frozenset({"acm", "iam", "sts", "organizations", "cloudfront", "route53"})
LABELS: Final = frozenset({"tags", "tagsAll", "description", "comment"})
KEY_INPUT: Final = re.compile(r"[a-z0-9]*kms[a-z]*?(key|arn)(id|arn|identifier)?|(encryption)?keyarn", re.IGNORECASE)
# The destination rules have these: a replica's key, and the key that a replica key copies.
KEYS_ELSEWHERE: Final = frozenset({"replicaKmsKeyId", "sourceKmsKeyArn"})

_TEXTS: WeakKeyDictionary[Resource, tuple[Leaf, ...]] = WeakKeyDictionary()


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


@rule("SOV-AWS-001", "aws:*")
def places_in_inputs_lie_inside(case: Case) -> Iterator[Said]:
    """Every other input that names a region or zone, unless a rule about destinations looks at it."""
    if case.stack.boundary is None or case.resource.type.startswith(ONLY_LOOKED_AT):
        return
    for leaf in _texts_of(case.resource):
        if leaf.path == "region" or ".Condition." in leaf.path or not _named_for_a_place(leaf.path):
            continue
        known = place("aws", leaf.text) is not None or leaf.path.startswith("availabilityZone")
        if not known or _looked_at_elsewhere(case.resource.type, leaf.path):
            continue
        found = of_region(case.stack, leaf.text)
        if found.verdict is Verdict.OUTSIDE:
            yield case.fail(classify(leaf.path, leaf.text), f"{leaf.path} is {found.where}, outside the boundary")


def _named_for_a_place(path: str) -> bool:
    return _names_a_place(path.rpartition(".")[2])


@cache
def _names_a_place(key: str) -> bool:
    return NAMES_A_PLACE.fullmatch(key) is not None


@cache
def _looked_at_elsewhere(kind: str, path: str) -> bool:
    plain = re.sub(r"\[\d+\]", "", path)  # without brackets: one block may stand where a list belongs
    return any(row.path.replace("[]", "") == plain for (_, of), rows in table().items() if of == kind for row in rows)


@rule("SOV-AWS-002", "aws:*")
def arns_stay_inside(case: Case) -> Iterator[Said]:
    """Every ARN and AWS host name in the inputs, also inside policies. What a policy denies is no path."""
    if case.stack.boundary is None:
        return
    for leaf in _texts_of(case.resource):
        text = leaf.text
        found = arn(text) if "arn:" in text else None
        if found is None:
            if "amazonaws" in text:
                yield from _hosts(case, leaf)
            continue
        if found.account == "aws":  # AWS's own, the same everywhere: managed policies
            continue
        reading = classify(leaf.path, leaf.text)
        if not _of_our_partition(case, found):
            yield case.fail(reading, f"{leaf.path} lies in the partition {found.partition}, which is not the stack's")
        elif found.region and not _without_data(found):
            there = of_region(case.stack, found.region)
            if there.verdict is Verdict.OUTSIDE:
                yield case.fail(reading, f"{leaf.path} names something in {there.where}, outside the boundary")


def _without_data(found: Arn) -> bool:
    of_the_edge = found.service == "wafv2" and found.resource.startswith("global/")
    return found.service in WITHOUT_DATA or of_the_edge


def _hosts(case: Case, leaf: Leaf) -> Iterator[Said]:
    """AWS's hosts and endpoint services (com.amazonaws.REGION.s3) in a text; a script may have several."""
    for host in _HOSTS.findall(leaf.text):
        outside = [one for one in places_in_host("aws", host) if not case.stack.holds(one)]
        if outside and not allowed(case.stack, host):
            reading = classify(leaf.path, leaf.text)
            yield case.fail(reading, f"{leaf.path} names {host} in {described(outside[0])}, outside the boundary")
            return


def _of_our_partition(case: Case, found: Arn) -> bool:
    own = case.stack.region(case.resource)
    if own is not None and own.partition:
        return found.partition == own.partition
    return found.partition in _partitions(case.stack.boundary)


@geography.cached
def _partitions(boundary: geography.Boundary | None) -> frozenset[str]:
    inside = (one for one in geography.regions("aws") if boundary is None or boundary.holds(one))
    return frozenset(one.partition for one in inside)


def _texts_of(resource: Resource) -> tuple[Leaf, ...]:
    """Every known text but labels, also in texts that are JSON; what a policy denies is left out."""
    if resource not in _TEXTS:
        found: list[Leaf] = []
        _add_texts((one for one in resource.ends if one.top not in LABELS), found)
        _TEXTS[resource] = tuple(found)
    return _TEXTS[resource]


def _add_texts(among: Iterable[End], found: list[Leaf]) -> None:
    for one in among:
        if one.denied or one.leaf is None:
            continue
        if one.inner is not None:
            _add_texts(one.inner, found)
        else:
            found.append(one.leaf)


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
    for reading in _keys(case.resource):
        found = of_key(case, reading)
        if found.verdict is Verdict.OUTSIDE:
            yield case.fail(reading, f"{reading.path} is a key in {found.where}, outside the boundary")
        elif found.verdict is Verdict.UNKNOWN:
            yield case.unsure(reading, "nobody can tell yet in which region the key lies")


def _keys(resource: Resource) -> Iterator[Reading]:
    for one in resource.ends:
        if one.top not in LABELS and _names_a_key(one.key):
            reading = classify(one.path, one.value)
            if reading.present:
                yield reading


@cache
def _names_a_key(key: str) -> bool:
    return key not in KEYS_ELSEWHERE and KEY_INPUT.fullmatch(key) is not None


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
