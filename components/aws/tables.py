"""The tables over what the processor writes: names, places and columns, as data. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from events.contract import Column, Contract
from processor import sql
from processor.schema import METADATA

REFRESHED_DAYS = 3
"""Days of arrival that one refresh of silver reads: a failed batch is retried for less than a day."""
_PLACE = tuple(column for column in METADATA if column.name != "_repeats")
_REASON = Column("reason", "string", True, "Why it was refused, one word of a fixed list")


@dataclass(frozen=True)
class Table:
    """JSON lines under `prefix`, by day and hour of arrival."""

    name: str
    prefix: str
    description: str
    columns: tuple[Column, ...]


def tables(contract: Contract) -> tuple[Table, ...]:
    """Accepted events, and the two kinds that were not: without personal data, without payload."""
    return (
        Table(
            "bronze",
            "bronze",
            "Accepted events as they arrived, personal fields as tokens; may hold an event more than once",
            contract.columns,
        ),
        Table(
            "quarantine",
            "quarantine",
            "Events of people outside the boundary: ids and tags, nothing personal",
            (
                Column("event_id", "string", True, "The event's id"),
                Column("tenant", "string", True, "Whose event it is"),
                Column("event_type", "string", True, "What happened"),
                Column("home", "string", True, "The country that the event belongs to"),
                _REASON,
                *_PLACE,
            ),
        ),
        Table(
            "dead_letter",
            "dead-letter",
            "What could not be decoded or breaks the contract: position, reason and error, no payload",
            (_REASON, Column("error", "string", True, "The kind of error"), *_PLACE),
        ),
    )


@dataclass(frozen=True)
class SavedStatement:
    """One SQL statement that is kept beside the tables; `purpose` says when to run it."""

    name: str
    purpose: str
    text: str


def statements(contract: Contract, database: str, bucket: str, keep_days: int) -> tuple[SavedStatement, ...]:
    """Silver and gold, in the order in which they are first run. Each may be run again at any time.

    Refreshes read some days only, so that they stay within the scan limit however old the lake is. No lifecycle rule
    may touch the files of silver: after `keep_days` its events are deleted by the two statements for that.
    """
    return (
        SavedStatement(
            "silver-create",
            "Once: the table of events without duplicates",
            sql.silver_ddl(contract, "athena", database, f"s3://{bucket}/silver/"),
        ),
        SavedStatement(
            "silver-refresh",
            f"As often as readers need it: bring silver up to date with the last {REFRESHED_DAYS} days of bronze",
            sql.silver_refresh(contract, "athena", database, since=REFRESHED_DAYS),
        ),
        SavedStatement(
            "gold-create",
            "Once: the table of events and people per type and hour",
            sql.gold_ddl(contract, "athena", database, f"s3://{bucket}/gold/"),
        ),
        SavedStatement(
            "gold-refresh",
            f"After silver-refresh: count the hours of the last {REFRESHED_DAYS} days anew",
            sql.gold_refresh(contract, "athena", database, since=REFRESHED_DAYS),
        ),
        SavedStatement(
            "silver-expire",
            f"Every day: delete the events that arrived more than {keep_days} days ago (retention.delete_after_days)",
            sql.silver_expire(database, keep_days),
        ),
        SavedStatement(
            "silver-vacuum",
            "After silver-expire: remove the files of what was deleted, once the table's history lets go of them",
            sql.silver_vacuum(database),
        ),
        SavedStatement(
            "events-by-hour",
            "Events and people per type and hour, straight from silver",
            sql.gold_select(contract, "athena", database),
        ),
    )


def projection(bucket: str, prefix: str, keep_days: int) -> dict[str, str]:
    """Table parameters that tell Athena which partitions there are, from the layout instead of from a list.

    Days older than `keep_days` have been deleted; a query without a filter does not even look for them.
    """
    return {
        "EXTERNAL": "TRUE",
        "classification": "json",
        "compressionType": "zstd",
        "projection.enabled": "true",
        "projection.day.type": "date",
        "projection.day.format": "yyyy-MM-dd",
        "projection.day.range": f"NOW-{keep_days}DAYS,NOW",
        "projection.day.interval": "1",
        "projection.day.interval.unit": "DAYS",
        "projection.hour.type": "integer",
        "projection.hour.range": "0,23",
        "projection.hour.digits": "2",
        "storage.location.template": f"s3://{bucket}/{prefix}/day=${{day}}/hour=${{hour}}/",
    }
