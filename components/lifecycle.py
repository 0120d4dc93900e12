"""From retention in days to the rules of an object store: pure, the same on every cloud."""

from __future__ import annotations

from dataclasses import dataclass

LAKE_PREFIXES = ("bronze/", "quarantine/", "dead-letter/", "silver/", "gold/", "query-results/")
"""The layout of the lake. Silver and gold belong to table formats, whose files must only be removed through SQL."""

RECOVERY_DAYS = 30
"""Days in which an overwritten or deleted object of the lake can be brought back."""
QUERY_RESULT_DAYS = 7
UPLOAD_DAYS = 7
"""Days after which the parts of an upload that was never completed are removed."""
HOURS_PER_DAY = 24


@dataclass(frozen=True)
class Move:
    """Objects change into `storage_class` (the cloud's own name) when they are `after_days` old."""

    storage_class: str
    after_days: int


@dataclass(frozen=True)
class LifecycleRule:
    """What happens to the objects under `prefix` ("" is all) and when, in days of their age; None is never.

    `recovery_days` counts from when a version was replaced or deleted, `upload_days` from an upload's start.
    """

    name: str
    prefix: str
    moves: tuple[Move, ...] = ()
    delete_after_days: int | None = None
    recovery_days: int | None = None
    upload_days: int | None = None


def lake_rules(moves: tuple[Move, ...], delete_after_days: int) -> tuple[LifecycleRule, ...]:
    """Rules of the lake: bronze cools down and is deleted; the small side stores and query results are only deleted."""
    return (
        LifecycleRule("bronze", "bronze/", moves, delete_after_days),
        LifecycleRule("quarantine", "quarantine/", delete_after_days=delete_after_days),
        LifecycleRule("dead-letter", "dead-letter/", delete_after_days=delete_after_days),
        LifecycleRule("query-results", "query-results/", delete_after_days=QUERY_RESULT_DAYS),
        housekeeping(RECOVERY_DAYS),
    )


def failed_batch_rules(replay_hours: int) -> tuple[LifecycleRule, ...]:
    """Rules of the store of raw failed batches: as many whole days as the stream itself keeps the records.

    A day is the shortest that object stores offer, so with the shortest replay window (24 hours) it is one day. They
    count from the next midnight in UTC, and what has expired stays for the shortest recovery, one day more: the last
    byte of a batch goes two to four days after it failed, with the shortest window.
    """
    return (
        LifecycleRule("expire", "", delete_after_days=max(1, replay_hours // HOURS_PER_DAY)),
        housekeeping(recovery_days=1),
    )


def log_rules(retention_days: int) -> tuple[LifecycleRule, ...]:
    """Rules of a store of access logs."""
    return (LifecycleRule("expire", "", delete_after_days=retention_days), housekeeping(recovery_days=1))


def housekeeping(recovery_days: int) -> LifecycleRule:
    """The rule that removes what no listing shows: replaced versions and parts of abandoned uploads."""
    return LifecycleRule("housekeeping", "", recovery_days=recovery_days, upload_days=UPLOAD_DAYS)
