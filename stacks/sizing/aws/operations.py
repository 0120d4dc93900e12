"""What is watched and kept: logs, freshness, alarms, the limit on one query."""

from __future__ import annotations

from math import ceil

from stacks.sizing.aws.task import Task
from stacks.sizing.model import Ledger, OperationsCapacity
from stacks.sizing.targets import ALARM_SHARE, freshness_source

LEAST_LOG_DAYS = 30
"""A fault is often looked into weeks after it happened; logs hold no events, so keeping them is cheap."""
GIB = 2**30
SECONDS_PER_DAY = 86_400


def size_operations(ledger: Ledger, task: Task) -> OperationsCapacity:
    """Log retention, freshness objective, alarm threshold and scan limit."""
    freshness = ledger.decide(
        "operations.freshness_minutes",
        task.slo.freshness_minutes,
        "min",
        "minutes after which an event is visible to SQL",
        source=freshness_source(task.latency, task.slo.freshness_minutes),
    )
    return OperationsCapacity(
        log_retention_days=_log_days(ledger, task),
        freshness_minutes=freshness,
        iterator_age_alarm_ms=ledger.decide(
            "operations.iterator_age_alarm_ms",
            int(freshness * 60_000 * ALARM_SHARE),
            "ms",
            "two thirds of the freshness objective: above what gathering takes, with a third left to act",
            source=freshness_source(task.latency, freshness),
        ),
        scan_limit_bytes=_scan_limit(ledger, task),
    )


def _log_days(ledger: Ledger, task: Task) -> int:
    wanted = max(LEAST_LOG_DAYS, ceil(task.retention.replay_hours / 24))
    choice = min(
        (limit for limit in task.limits.all("CloudWatch Logs", "retention choice") if limit.value >= wanted),
        key=lambda limit: limit.value,
    )
    return ledger.decide(
        "operations.log_retention_days",
        choice.value,
        "days",
        f"the first accepted value from {wanted} on: {LEAST_LOG_DAYS} days to look into a fault, and never shorter "
        "than the replay window",
        limit=choice,
    )


def _scan_limit(ledger: Ledger, task: Task) -> int:
    least = task.limits.one("Athena", "scan limit minimum")
    day = task.workload.events_per_second.average * task.workload.event_bytes * SECONDS_PER_DAY
    return ledger.decide(
        "operations.scan_limit_bytes",
        max(ceil(day / GIB) * GIB, least.value),
        "B",
        f"one day at the average load, {day / 10**9:,.1f} GB uncompressed, in whole GiB: several days of stored data, "
        "while a query that forgot its day is stopped",
        limit=least,
    )
