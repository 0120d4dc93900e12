"""What BigQuery is told as data: the external tables over the bucket, native silver and gold, and the refresh script.

BigQuery reads JSON lines plain or with gzip, nothing else (REST reference of tables, `compression`: GZIP or NONE), so
the objects there have that codec. Types are in the words of the API's answers (INTEGER, not INT64): a table that is
read back equals the one that was declared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

from processor.schema import METADATA, Column, Contract
from processor.sql.dialects import Since
from processor.sql.models import gold_columns, gold_refresh, silver_columns, silver_refresh

Mode = Literal["NULLABLE", "REQUIRED", "REPEATED"]

SOURCE_FORMAT = "NEWLINE_DELIMITED_JSON"
COMPRESSION = "GZIP"
PARTITIONING_MODE = "CUSTOM"
"""Of hive_partitioning_options: names and types of the keys stand in the prefix, nothing is guessed from what happens to
be there (AUTO would make `hour` a number)."""

_TYPES = {
    "string": "STRING",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
    "bigint": "INTEGER",
    "double": "FLOAT",
    "boolean": "BOOLEAN",
    "array<string>": "STRING",
}
_SILVER_METADATA = {
    "arrived_at": "When the stream took the event, UTC. Silver's partitions are its days.",
    "contract_version": "The version of the data contract that was enforced.",
    "key_version": "The version of the pseudonym key that made the tokens.",
}
_GOLD_DESCRIPTIONS = {
    "hour_start": "The hour of the event's own time, UTC.",
    "event_type": "What happened.",
    "events": "Distinct events.",
    "users": "Distinct persons, by their tokens.",
}
_PLACE = tuple(column for column in METADATA if column.name != "_repeats")
_REASON = Column("reason", "string", True, "Why it was refused, one word of a fixed list.")


@dataclass(frozen=True)
class TableColumn:
    """One column; `type` is an API type of BigQuery."""

    name: str
    type: str
    mode: Mode
    description: str


def schema(columns: tuple[TableColumn, ...]) -> str:
    """The columns as the JSON text that a table's `schema` is; the same columns always give the same text."""
    return msgspec.json.encode(columns).decode()


@dataclass(frozen=True)
class ExternalTable:
    """JSON lines below `source_uri`, by day and hour of arrival.

    `source_uri_prefix` is the one of `hive_partitioning_options`, with the keys `day` (DATE) and `hour` (STRING); the
    columns do not name them. Declare it with `ignore_unknown_values`: a newer contract's rows may hold more. A query
    needs a bound on `day` (`require_partition_filter`), which all of ours have.
    """

    name: str
    description: str
    columns: tuple[TableColumn, ...]
    source_uri: str
    source_uri_prefix: str
    require_partition_filter: bool = True


@dataclass(frozen=True)
class NativeTable:
    """A table of BigQuery's own. `partition_column` is cut by day; no partitions where it is None."""

    name: str
    description: str
    columns: tuple[TableColumn, ...]
    clustering: tuple[str, ...]
    partition_column: str | None = None
    require_partition_filter: bool = False


def external_tables(contract: Contract, bucket: str) -> tuple[ExternalTable, ...]:
    """Accepted events, and the two kinds that were not: without personal data, without payload."""
    refused = (
        Column("event_id", "string", True, "The event's id."),
        Column("tenant", "string", True, "Whose event it is."),
        Column("event_type", "string", True, "What happened."),
        Column("home", "string", True, "The country that the event belongs to."),
        _REASON,
        *_PLACE,
    )
    undecodable = (_REASON, Column("error", "string", True, "The kind of error."), *_PLACE)
    return (
        _external(
            "bronze",
            "bronze",
            "Accepted events as they arrived, personal fields as tokens; may hold an event more than once.",
            contract.columns,
            bucket,
        ),
        _external(
            "quarantine",
            "quarantine",
            "Events of people outside the boundary: ids and tags, nothing personal.",
            refused,
            bucket,
        ),
        _external(
            "dead_letter",
            "dead-letter",
            "What could not be decoded or breaks the contract: position, reason and error, no payload.",
            undecodable,
            bucket,
        ),
    )


def silver_table(contract: Contract) -> NativeTable:
    """Silver: partitions are days of arrival, which nobody outside decides (a sender's clock would make too many).

    Its retention is the partitions' own expiry: a day that is past it leaves as a whole, at no cost.
    """
    descriptions = {f.name: f.description for f in contract.fields} | _SILVER_METADATA
    # Only what no row can lack: BigQuery lets a column become optional later, never required.
    required = {"arrived_at", *(contract.field(role).name for role in ("event_id", "event_time", "event_type"))}
    columns = _native(silver_columns(contract), descriptions, required)
    clustering = tuple(contract.field(role).name for role in ("tenant", "event_type"))
    description = "Events without duplicates: of the rows with one id the one that arrived first."
    return NativeTable("silver", description, columns, clustering, "arrived_at", require_partition_filter=True)


def gold_table(contract: Contract) -> NativeTable:
    """Gold: without partitions, for it is small and its hours are the sender's word."""
    columns = _native(gold_columns(contract), _GOLD_DESCRIPTIONS, {"hour_start", "event_type", "events"})
    description = "Events, and distinct persons where the contract knows them, per event type and hour."
    return NativeTable("gold", description, columns, ("hour_start", "event_type"))


def refresh_script(contract: Contract, database: str, since: Since) -> str:
    """Silver, then gold, as one script: two scheduled queries would not wait for each other. Idempotent."""
    silver = silver_refresh(contract, "bigquery", database, since)
    gold = gold_refresh(contract, "bigquery", database, since)
    return f"{silver};\n\n{gold};\n"


def _external(name: str, prefix: str, description: str, columns: tuple[Column, ...], bucket: str) -> ExternalTable:
    # All optional, `required` or not: the external reader takes no other, and what is missing is the processor's fault.
    listed = tuple(
        TableColumn(
            column.name,
            _TYPES[column.type],
            "REPEATED" if column.type.startswith("array<") else "NULLABLE",
            column.description,
        )
        for column in columns
    )
    root = f"gs://{bucket}/{prefix}"
    return ExternalTable(name, description, listed, f"{root}/*", f"{root}/{{day:DATE}}/{{hour:STRING}}")


def _native(
    columns: list[tuple[str, str]], descriptions: dict[str, str], required: set[str]
) -> tuple[TableColumn, ...]:
    return tuple(
        TableColumn(name, _TYPES[kind], "REQUIRED" if name in required else "NULLABLE", descriptions[name])
        for name, kind in columns
    )
