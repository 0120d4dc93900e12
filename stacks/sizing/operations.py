"""What is watched and kept: logs, freshness, alarms, the limit on one query."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import geography
from stacks.sizing.limits import Limit
from stacks.sizing.model import Ledger, OperationsCapacity
from stacks.sizing.targets import ALARM_SHARE, freshness_source
from stacks.sizing.task import Task

LEAST_LOG_DAYS = 30
"""A fault is often looked into weeks after it happened; logs hold no events, so keeping them is cheap."""
GIB = 2**30
HOURLY_UP_TO = 100 * 10**9
"""Bytes of a day, up to which silver is refreshed hourly: some 24 x 2 days are read then, 5 TB a day at most, which is
tens of dollars where a scan is paid by the byte."""
MINUTES_PER_HOUR, MINUTES_PER_DAY = 60, 1_440
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class Keeping:
    """What a cloud says about keeping logs and ending queries.

    `choices` are the retentions that it takes, or the shortest and the longest where `any_between`. `least_scan` is the
    lowest scan limit that it takes, None where any is taken; `scan` then says what ends a query. `incremental`: a
    refresh of silver reads only what is new.
    """

    choices: tuple[Limit, ...]
    any_between: bool = False
    least_scan: Limit | None = None
    scan: str | None = None
    incremental: bool = False


def size_operations(ledger: Ledger, task: Task, keeping: Keeping) -> OperationsCapacity:
    """Log retention, freshness objective, alarm threshold and scan limit. Raises SizingError: log retention."""
    freshness = ledger.decide(
        "operations.freshness_minutes",
        task.slo.freshness_minutes,
        "min",
        "minutes after which an event is visible to SQL",
        source=freshness_source(task.latency, task.slo.freshness_minutes),
    )
    return OperationsCapacity(
        log_retention_days=_log_days(ledger, task, keeping),
        freshness_minutes=freshness,
        refresh_minutes=_refresh(ledger, task, keeping),
        iterator_age_alarm_ms=ledger.decide(
            "operations.iterator_age_alarm_ms",
            int(freshness * 60_000 * ALARM_SHARE),
            "ms",
            "two thirds of the freshness objective: above what gathering takes, with a third left to act",
            source=freshness_source(task.latency, freshness),
        ),
        scan_limit_bytes=_scan_limit(ledger, task, keeping),
    )


def _refresh(ledger: Ledger, task: Task, keeping: Keeping) -> int:
    asked = task.slo.refresh_minutes
    day = task.workload.events_per_second.average * task.workload.event_bytes * SECONDS_PER_DAY
    often = keeping.incremental or day <= HOURLY_UP_TO
    if keeping.incremental:
        reads = f"each refresh of silver reads what is new in bronze, {day / 10**9:,.1f} GB a day uncompressed: "
        chosen = "hourly costs no more than daily, and what a run is cut off in goes on an hour later"
    else:
        reads = f"each refresh of silver reads whole days of bronze, {day / 10**9:,.1f} GB for each uncompressed: "
        chosen = f"{'hourly' if often else 'once a day'} is what that pays for"
    return ledger.decide(
        "operations.refresh_minutes",
        asked or (MINUTES_PER_HOUR if often else MINUTES_PER_DAY),
        "min",
        reads + ("as asked" if asked else chosen),
        source="slo.refresh_minutes" if asked else "workload",
    )


def _log_days(ledger: Ledger, task: Task, keeping: Keeping) -> int:
    duty = geography.keeps_logs(task.limits.jurisdictions)
    wanted = max(LEAST_LOG_DAYS, ceil(task.retention.replay_hours / 24), duty.value if duty else 0)
    choice = min((limit for limit in keeping.choices if limit.value >= wanted), key=lambda limit: limit.value)
    accepted = f"{wanted} or more" if keeping.any_between else f"the first accepted value from {wanted} on"
    return ledger.decide(
        "operations.log_retention_days",
        max(wanted, keeping.choices[0].value) if keeping.any_between else choice.value,
        "days",
        f"{accepted}: {LEAST_LOG_DAYS} days to look into a fault, and never shorter than the replay window"
        + (f", and {duty.value} days by law ({duty.source})" if duty else ""),
        limit=choice,
    )


def _scan_limit(ledger: Ledger, task: Task, keeping: Keeping) -> int:
    least = keeping.least_scan
    day = task.workload.events_per_second.average * task.workload.event_bytes * SECONDS_PER_DAY
    return ledger.decide(
        "operations.scan_limit_bytes",
        max(ceil(day / GIB) * GIB, least.value if least else 0),
        "B",
        f"one day at the average load, {day / 10**9:,.1f} GB uncompressed, in whole GiB: several days of stored data, "
        + (keeping.scan or "while a query that forgot its day is stopped"),
        limit=least,
        source=None if least else "workload",
    )
