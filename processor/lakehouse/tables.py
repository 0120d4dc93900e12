"""Silver and gold as Delta tables that every reader takes: protocol reader 1, writer 2, nothing newer.

Times are Delta's `timestamp` (a moment, UTC); one without a zone would be a table feature that Synapse does not read.
Each commit names the transaction identifier WRITER, so of two that were prepared side by side only one can stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from deltalake import CommitProperties, DeltaTable, Field, Schema, Transaction, WriterProperties
from deltalake.schema import PrimitiveType

from processor.schema import Contract
from processor.sql.models import gold_columns, silver_columns

ARRIVED_DAY = "arrived_day"
"""Silver's partitions: the day of arrival, as on the other clouds. A column of its own, for Delta derives none."""
KEY = "_id_key"
"""Silver's column that lookups read instead of the event ids (see known.py); no view shows it."""
WRITER = "homeshore"
PROTOCOL = (1, 2)
KEPT_HOURS = 7 * 24
"""How long files that a commit replaced or deleted stay for readers that have begun: Delta's own default."""

_TYPES = {
    "string": "string",
    "timestamp": "timestamp",
    "date": "date",
    "bigint": "long",
    "double": "double",
    "boolean": "boolean",
}
_CONFIGURATION: Mapping[str, str | None] = {
    "delta.deletedFileRetentionDuration": "interval 7 days",
    "delta.logRetentionDuration": "interval 30 days",
}
# Every reader takes Snappy.
WRITING = WriterProperties(compression="SNAPPY")


class Place(NamedTuple):
    """Where the tables lie: a URI or a directory, and the options of its object store."""

    root: str
    options: dict[str, str] | None = None


def silver_schema(contract: Contract) -> Schema:
    """Silver's columns, the key, and the day that it is partitioned by. All optional, so that a contract may grow."""
    return _schema(silver_rows(contract))


def silver_rows(contract: Contract) -> list[tuple[str, str]]:
    """Silver's columns with what the job itself needs beside them: name and type in the words of Hive.

    The key and the time of arrival come first: Delta keeps statistics of a table's first 32 columns only, and a lookup
    passes over the files whose arrivals lie before its time.
    """
    own = [(KEY, "bigint"), *(column for column in silver_columns(contract) if column[0] == "arrived_at")]
    return [*own, *(column for column in silver_columns(contract) if column not in own), (ARRIVED_DAY, "date")]


def gold_schema(contract: Contract) -> Schema:
    """Gold's columns."""
    return _schema(gold_columns(contract))


def opened(place: Place, name: str, schema: Schema, partition: str | None = None) -> DeltaTable:
    """The table `name`, created when it is not there, with the columns that a newer contract added.

    Raises RuntimeError for a table of a newer protocol than the readers take.
    """
    table = DeltaTable.create(
        f"{place.root}/{name}",
        schema,
        mode="ignore",
        partition_by=[partition] if partition else None,
        configuration=_CONFIGURATION,
        storage_options=place.options,
    )
    held = {field.name for field in table.schema().fields}
    if added := [field for field in schema.fields if field.name not in held]:
        table.alter.add_columns(added)
    protocol = table.protocol()
    if (protocol.min_reader_version, protocol.min_writer_version) != PROTOCOL:
        raise RuntimeError(f"the table {name} has protocol {protocol}, which not every reader takes")
    return table


def marks(table: DeltaTable, progress: Mapping[str, int] | None = None) -> CommitProperties:
    """What a commit says beside its rows: WRITER, and how far things are, by name."""
    told = {WRITER: table.version() + 1, **(progress or {})}
    return CommitProperties(app_transactions=[Transaction(name, at) for name, at in told.items()], max_commit_retries=0)


def _schema(columns: list[tuple[str, str]]) -> Schema:
    return Schema([Field(name, PrimitiveType(_TYPES[kind])) for name, kind in columns])
