"""AWS data is kept as long as it should be: not for ever, and not lost by a mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from policies.aws import buckets
from policies.aws.buckets import absent, buckets_of, first_present, joined, owners
from policies.aws.whereabouts import BUCKETS
from policies.rules import Case, Said, rule
from policies.values import Reading, within

SHORTEST_STREAM_HOURS: Final = 24


@rule("RET-AWS-001", "aws:cloudwatch/logGroup:LogGroup")
def log_group_ends(case: Case) -> Iterator[Said]:
    """Logs are kept for ever where it is missing or 0."""
    days = case.read("retentionInDays")
    lowest, highest = case.stack.parameters.log_days
    if days.unknown:
        yield case.unsure(days)
    elif days.number is None or days.number == 0:
        yield case.fail(days, "retentionInDays is missing or 0: the logs would be kept for ever")
    elif not lowest <= days.number <= highest:
        yield case.fail(days, f"retentionInDays must be between {lowest} and {highest}{case.stack.parameters.by_law}")


@rule("RET-AWS-004", "aws:dynamodb/table:Table")
def table_can_be_restored(case: Case) -> Iterator[Said]:
    """Both are off where they are missing."""
    yield from case.must_be_true("pointInTimeRecovery.enabled")
    if case.stack.parameters.production:
        yield from case.must_be_true("deletionProtectionEnabled")


@rule("RET-AWS-005", "aws:kinesis/stream:Stream")
def stream_is_bounded(case: Case) -> Iterator[Said]:
    """24 hours where it is missing."""
    hours = case.read("retentionPeriod")
    highest = case.stack.parameters.stream_hours_at_most
    if hours.unknown:
        yield case.unsure(hours)
    elif hours.present and not SHORTEST_STREAM_HOURS <= (hours.number or 0) <= highest:
        yield case.fail(hours, f"retentionPeriod must be between {SHORTEST_STREAM_HOURS} and {highest} hours")


@rule("RET-AWS-003", *buckets.VERSIONINGS)
def versioning_is_enabled(case: Case) -> Iterator[Said]:
    """Versioning as a resource of its own, unless the bucket's object lock turns it on anyhow."""
    yield from case.must_be("versioningConfiguration.status", "Enabled")


@rule("RET-AWS-003", *buckets.LOCKS)
def lock_is_enabled(case: Case) -> Iterator[Said]:
    """An object lock that says so; it is Enabled where it is missing."""
    state = case.read("objectLockEnabled")
    if state.unknown:
        yield case.unsure(state)
    elif state.present and not state.among("Enabled"):
        yield case.fail(state, "objectLockEnabled must be Enabled")


@rule("RET-AWS-003", *BUCKETS)
def bucket_is_versioned(case: Case) -> Iterator[Said]:
    """Inside the bucket, or by a sibling; object lock needs versions, so it brings them."""
    inline = first_present(case, "versioning", "versionings")
    if inline is not None:
        path = "versioning.enabled" if inline.path == "versioning" else "versionings[].enabled"
        yield from case.must_be_true(path)
        return
    locked = first_present(case, "objectLockConfiguration", "objectLockEnabled")
    if locked is not None and (locked.path == "objectLockConfiguration" or locked.flag is True or locked.unknown):
        return
    siblings, locks = joined(case.stack, buckets.VERSIONINGS), joined(case.stack, buckets.LOCKS)
    if not siblings.of(case.resource) and not locks.of(case.resource):
        yield from absent(case, locks if locks.loose else siblings, "it has no versioning: what is overwritten is lost")


@rule("RET-AWS-002", *buckets.LIFECYCLES)
def lifecycle_is_whole(case: Case) -> Iterator[Said]:
    """The rules as a resource of their own."""
    enabled = [one for one in case.read_all("rules[]") if _may_be(one, "status", _enabled)]
    versioned = _versioned(case)
    yield from _whole(case, "rules", enabled, "abortIncompleteMultipartUpload.daysAfterInitiation", versioned)


@rule("RET-AWS-002", *BUCKETS)
def bucket_has_a_lifecycle(case: Case) -> Iterator[Said]:
    """The rules inside the bucket, or a sibling."""
    if case.read("lifecycleRules").present:
        enabled = [one for one in case.read_all("lifecycleRules[]") if _may_be(one, "enabled", _true)]
        versioned = any(
            one.flag is True for path in ("versioning.enabled", "versionings[].enabled") for one in case.read_all(path)
        ) or _is_versioned(case, case.resource.urn)
        yield from _whole(case, "lifecycleRules", enabled, "abortIncompleteMultipartUploadDays", versioned)
        return
    siblings = joined(case.stack, buckets.LIFECYCLES)
    if not siblings.of(case.resource):
        yield from absent(case, siblings, "it has no lifecycle: what is in it stays for ever")


def _versioned(case: Case) -> bool:
    beside = any(_is_versioned(case, one) for one in owners(case))
    return beside or any(one.read("versioning.enabled").flag is True for one in buckets_of(case))


def _is_versioned(case: Case, bucket: str) -> bool:
    siblings = joined(case.stack, buckets.VERSIONINGS).by_bucket.get(bucket, ())
    return any(one.read("versioningConfiguration.status").among("Enabled") for one in siblings)


def _whole(case: Case, path: str, rules: list[Reading], abort: str, versioned: bool) -> Iterator[Said]:
    ends = (
        "expiration.days",
        "expiration.date",
        "expirations[].days",
        "expirations[].date",
        "transitions[].storageClass",
    )
    yield from _some(case, path, rules, ends, "no rule that is enabled expires or moves objects")
    if versioned:
        old = (
            *("noncurrentVersionExpiration.noncurrentDays", "noncurrentVersionExpiration.newerNoncurrentVersions"),
            *("noncurrentVersionExpiration.days", "noncurrentVersionExpirations[].days"),
        )
        yield from _some(
            case, path, rules, old, "no rule that is enabled expires old versions, and the bucket keeps them"
        )
    yield from _some(case, path, rules, (abort,), "no rule that is enabled aborts incomplete uploads")


def _some(case: Case, path: str, rules: list[Reading], inside: tuple[str, ...], message: str) -> Iterator[Said]:
    readings = [found for one in rules for part in inside for found in within(one, part)]
    if any(one.present and not one.unknown for one in readings):
        return
    if any(one.unknown for one in readings):
        yield case.unsure(path, "some of its rules are known only after the update")
    else:
        yield case.fail(path, f"{path}: {message}")


def _may_be(block: Reading, path: str, wanted: Callable[[Reading], bool]) -> bool:
    return any(one.unknown or wanted(one) for one in within(block, path))


def _enabled(reading: Reading) -> bool:
    return reading.among("Enabled")


def _true(reading: Reading) -> bool:
    return reading.flag is True
