"""Buckets and the resources that set them up: who belongs to which bucket, and which buckets take logs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar, cast
from weakref import WeakKeyDictionary

from policies.aws.documents import document
from policies.aws.whereabouts import BUCKETS, bucket_name
from policies.model import Resource, Stack
from policies.rules import Case, Said
from policies.values import Reading

ENCRYPTIONS: Final = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
)
POLICIES: Final = ("aws:s3/bucketPolicy:BucketPolicy",)
BLOCKS: Final = ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",)
LIFECYCLES: Final = (
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
)
VERSIONINGS: Final = ("aws:s3/bucketVersioning:BucketVersioning", "aws:s3/bucketVersioningV2:BucketVersioningV2")
LOCKS: Final = (
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
    "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2",
)
ACLS: Final = ("aws:s3/bucketAcl:BucketAcl", "aws:s3/bucketAclV2:BucketAclV2")
LOGGINGS: Final = ("aws:s3/bucketLogging:BucketLogging", "aws:s3/bucketLoggingV2:BucketLoggingV2")
# Inputs that make a bucket the target of logs, which AWS delivers to buckets without a key of the customer's only.
LOG_TARGETS: Final = (
    *((kind, "targetBucket") for kind in LOGGINGS),
    ("aws:s3/bucket:Bucket", "logging.targetBucket"),
    ("aws:s3/bucketV2:BucketV2", "loggings[].targetBucket"),
    ("aws:lb/loadBalancer:LoadBalancer", "accessLogs.bucket"),
    ("aws:alb/loadBalancer:LoadBalancer", "accessLogs.bucket"),
)

# A bucket that lets these in takes the access logs of others, whose stacks need not be this one.
LOG_ACL: Final = "log-delivery-write"
LOG_SERVICE: Final = "logging.s3.amazonaws.com"

_T = TypeVar("_T")
_REMEMBERED: WeakKeyDictionary[Stack, dict[object, object]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Joined:
    """Resources of one purpose by their bucket: its URN, or the name (small letters) of one that the stack has not.

    `loose`: of some, nobody can tell the bucket yet. `elsewhere`: some name a bucket that no resource says it is.
    """

    by_bucket: dict[str, tuple[Resource, ...]]
    loose: bool
    elsewhere: bool = False

    def of(self, bucket: Resource) -> tuple[Resource, ...]:
        """Those of one bucket."""
        return self.by_bucket.get(bucket.urn, ())


def joined(stack: Stack, kinds: tuple[str, ...]) -> Joined:
    """The resources of `kinds`, each with the bucket that its input `bucket` means."""
    return _once(stack, kinds, lambda: _join(stack, tuple((kind, "bucket") for kind in kinds)))


def log_targets(stack: Stack) -> Joined:
    """What sends logs to each bucket."""
    return _once(stack, "log targets", lambda: _join(stack, LOG_TARGETS))


def _join(stack: Stack, inputs: tuple[tuple[str, str], ...]) -> Joined:
    found: dict[str, tuple[Resource, ...]] = {}
    loose = elsewhere = False
    for kind, path in inputs:
        for one in stack.of(kind):
            for reading in one.read_all(path):
                target = stack.target(one, reading, *BUCKETS)
                loose = loose or target.unknown
                inside = target.inside or tuple(_auto_named(stack, reading.text))
                elsewhere = elsewhere or bool(reading.text and not inside)
                for key in _keys(inside, reading):
                    found[key] = (*found.get(key, ()), one)
    return Joined(found, loose, elsewhere)


def _keys(inside: tuple[Resource, ...], reading: Reading) -> tuple[str, ...]:
    if inside or not reading.text:
        return tuple(one.urn for one in inside)
    return (bucket_name(reading.text).lower(),)


def _auto_named(stack: Stack, text: str) -> Iterator[Resource]:
    """The buckets without a name of their own that the engine may have named so: their resource's name and a suffix."""
    for one in stack.of(*BUCKETS) if text else ():
        if not one.known_as and re.fullmatch(rf"{re.escape(one.name.lower())}(-[0-9a-f]{{7,}})?", text.lower()):
            yield one


def _once(stack: Stack, key: object, make: Callable[[], _T]) -> _T:
    remembered = _REMEMBERED.setdefault(stack, {})
    if key not in remembered:
        remembered[key] = make()
    return cast("_T", remembered[key])


def absent(case: Case, siblings: Joined, message: str) -> Iterator[Said]:
    """A bucket has no sibling of a kind: a violation, unless one whose bucket nobody knows yet may be it."""
    if siblings.loose or (siblings.elsewhere and not case.resource.known_as):
        yield case.unsure("", "a resource whose bucket is known only after the update may set it up")
    else:
        yield case.fail("", message)


def buckets_of(case: Case) -> tuple[Resource, ...]:
    """The buckets that a sibling belongs to; none where it belongs to one outside the stack."""
    reading = case.read("bucket")
    inside = case.stack.target(case.resource, reading, *BUCKETS).inside
    return inside or tuple(_auto_named(case.stack, reading.text))


def owners(case: Case) -> tuple[str, ...]:
    """The keys in Joined of a bucket, or of the bucket that a sibling belongs to."""
    if case.resource.type in BUCKETS:
        return (case.resource.urn,)
    return _keys(buckets_of(case), case.read("bucket"))


def takes_logs(case: Case) -> bool:
    """Whether a bucket, or the bucket of a sibling, is the target of logs."""
    opened = _once(case.stack, "opened to logs", lambda: frozenset(_opened_to_logs(case.stack)))
    targets = log_targets(case.stack).by_bucket
    return any(one in targets or one in opened for one in owners(case))


def _opened_to_logs(stack: Stack) -> Iterator[str]:
    """The keys of the buckets whose ACL or policy, inside or beside, lets S3's log delivery write into them."""
    for kinds in (ACLS, POLICIES):
        beside = joined(stack, kinds).by_bucket.items()
        yield from (key for key, siblings in beside if any(map(_lets_logs_in, siblings)))
    yield from (one.urn for one in stack.of(*BUCKETS) if _lets_logs_in(one))


def _lets_logs_in(one: Resource) -> bool:
    statements = document(one.read("policy")).statements
    by_policy = any(it.allows and ("Service", LOG_SERVICE) in it.principals for it in statements)
    return by_policy or one.read("acl").among(LOG_ACL)


def first_present(case: Case, *paths: str) -> Reading | None:
    """The first of the inputs at `paths` that is there: two generations of the same type spell it differently."""
    return next((one for one in map(case.read, paths) if one.present), None)
