"""The SQL models, rendered from the contract: bronze as it is written, silver without duplicates, gold by hour.

One canonical model, spelt for two engines: `athena` (Trino; silver and gold are Iceberg tables) and `duckdb` (tests,
and the emulator, whose Athena speaks DuckDB). The refreshes are idempotent: run twice, or over days that were refreshed
before, they change nothing. Identifiers come from a checked contract; a database name is checked here.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Literal

from processor.schema import Contract, Field, FieldType

Dialect = Literal["athena", "duckdb"]
Source = Literal["silver", "bronze"]
Since = date | int | None

REPEATED_WITHIN_DAYS = 7
"""A partial refresh of silver looks for an event's earlier copy among the arrivals of so many days before it. Silver
grows for years: without a bound each refresh would read all of its ids, and in the end more than a query may scan."""
FAST_CLOCK_DAYS = 1
"""A partial refresh of gold takes a sender's clock to be fast by so much at most: which events an hour holds is known
from the arrivals since so long before it."""

_DATABASE = re.compile(r"[A-Za-z0-9_-]{1,255}")
_SILVER_TYPES: dict[FieldType, str] = {
    "string": "string",
    "timestamp": "timestamp",
    "date": "date",
    "integer": "bigint",
    "number": "double",
    "boolean": "boolean",
    "object": "string",
    "array": "string",
}
_DUCKDB_TYPES = {"string": "VARCHAR", "bigint": "BIGINT", "double": "DOUBLE", "array<string>": "VARCHAR[]"}
# The processor's columns that silver keeps: its name there, the one in bronze, the type.
_KEPT = (
    ("arrived_at", "_arrived_at", "timestamp"),
    ("contract_version", "_contract_version", "string"),
    ("key_version", "_key_version", "string"),
)


def bronze_ddl(contract: Contract, dialect: Dialect, database: str, location: str) -> str:
    """The table (athena) or view (duckdb) over the objects below `location`, by day and hour of arrival."""
    table = _table(database, "bronze")
    location = _literal(location.rstrip("/"))
    if dialect == "duckdb":
        columns = ", ".join(
            f"\"{column.name}\": '{_DUCKDB_TYPES.get(column.type, column.type.upper())}'" for column in contract.columns
        )
        files = f"{location[:-1]}/*/*/*.jsonl.zst'"
        return (
            f"CREATE OR REPLACE VIEW {table} AS\n"
            f"SELECT * FROM read_json({files}, format = 'newline_delimited', compression = 'zstd',\n"
            f"  columns = {{{columns}, day: 'VARCHAR', hour: 'VARCHAR'}}, hive_partitioning = true,\n"
            "  hive_types = {day: VARCHAR, hour: VARCHAR})"
        )
    columns = ",\n".join(f"  `{column.name}` {column.type}" for column in contract.columns)
    return (
        f"CREATE EXTERNAL TABLE IF NOT EXISTS `{database}`.`bronze` (\n{columns}\n)\n"
        "PARTITIONED BY (`day` string, `hour` string)\n"
        "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'\n"
        f"LOCATION {location[:-1]}/'\n"
        "TBLPROPERTIES (\n"
        "  'projection.enabled' = 'true',\n"
        "  'projection.day.type' = 'date', 'projection.day.format' = 'yyyy-MM-dd',\n"
        "  'projection.day.range' = '2020-01-01,NOW',\n"
        "  'projection.hour.type' = 'integer', 'projection.hour.range' = '0,23', 'projection.hour.digits' = '2',\n"
        f"  'storage.location.template' = {location[:-1]}/day=${{day}}/hour=${{hour}}/'\n"
        ")"
    )


def silver_ddl(contract: Contract, dialect: Dialect, database: str, location: str) -> str:
    """The silver table: an Iceberg table below `location` (athena), a plain one (duckdb, which ignores `location`).

    Its partitions are days of arrival, which nobody outside decides. Days of the event's own time would be the
    sender's word: a few wrong clocks, and one refresh has more partitions to write than the 100 that Athena opens.
    """
    columns = [(f.name, _SILVER_TYPES[f.type]) for f in contract.fields] + [(name, kind) for name, _, kind in _KEPT]
    return _create(dialect, database, "silver", columns=columns, partition="day(arrived_at)", location=location)


def gold_ddl(contract: Contract, dialect: Dialect, database: str, location: str) -> str:
    """The gold table, as silver_ddl has it; without partitions, for it is small and its hours are the sender's word."""
    columns = [("hour_start", "timestamp"), ("event_type", "string"), ("events", "bigint")]
    columns += [("users", "bigint")] if _person(contract) else []
    return _create(dialect, database, "gold", columns=columns, partition=None, location=location)


def silver_select(contract: Contract, dialect: Dialect, database: str, since: Since = None) -> str:
    """Silver from bronze: of the rows with one event id the one that arrived first; times are timestamps in UTC.

    `since` leaves out the days of arrival before it; a number counts days back from the day on which the text is run.
    """
    columns = [f"{_value(f, dialect)} AS {_quoted(f.name)}" for f in contract.fields]
    columns += [f"{_moment(_quoted(own), dialect) if kind == 'timestamp' else _quoted(own)} AS {_quoted(name)}"
                for name, own, kind in _KEPT]  # fmt: skip
    where = "" if since is None else f"\n  WHERE day >= {_first_day(since)}"
    event_id = _quoted(contract.field("event_id").name)
    listed = ",\n  ".join(columns)
    # Identifiers are the checked contract's, the rest is ours: nothing of an event or a user stands in the text.
    return (
        f"SELECT\n  {listed}\n"  # noqa: S608 - as said above
        "FROM (\n"
        f"  SELECT *, ROW_NUMBER() OVER (\n"
        f'    PARTITION BY {event_id} ORDER BY "_arrived_at", "_shard", "_sequence", "_index"\n'
        "  ) AS arrival\n"
        f"  FROM {_table(database, 'bronze')}{where}\n"
        ") AS arrivals\n"
        "WHERE arrival = 1"
    )


def silver_refresh(contract: Contract, dialect: Dialect, database: str, since: Since = None) -> str:
    """Bring silver up to date with bronze; idempotent. An event that silver holds is replaced by an earlier arrival.

    With `since` an event that comes again more than REPEATED_WITHIN_DAYS after its first copy may count as another.
    """
    names = [f.name for f in contract.fields] + [name for name, _, _ in _KEPT]
    event_id = contract.field("event_id").name
    source = silver_select(contract, dialect, database, since)
    among = None if since is None else f"target.arrived_at >= {_first_moment(since, REPEATED_WITHIN_DAYS)}"
    earlier = "source.arrived_at < target.arrived_at"
    return _merge(database, "silver", source, keys=[event_id], names=names, when=earlier, among=among)


def gold_select(contract: Contract, dialect: Dialect, database: str, source: Source = "silver") -> str:
    """Events, and distinct users where the contract knows persons, per event type and hour of the event's own time.

    `source` bronze computes silver on the way, for an engine that has no silver table.
    """
    event_time, event_type = (_quoted(contract.field(role).name) for role in ("event_time", "event_type"))
    person = _person(contract)
    users = f",\n  COUNT(DISTINCT {_quoted(person.name)}) AS users" if person else ""
    silver = f"WITH silver AS (\n{silver_select(contract, dialect, database)}\n)\n" if source == "bronze" else ""
    table = "silver" if source == "bronze" else _table(database, "silver")
    return (
        f"{silver}SELECT\n"
        f"  DATE_TRUNC('hour', {event_time}) AS hour_start,\n"
        f"  {event_type} AS event_type,\n"
        f"  COUNT(*) AS events{users}\n"
        f"FROM {table}\n"
        "GROUP BY 1, 2\n"
        "ORDER BY 1, 2"
    )


def gold_refresh(contract: Contract, dialect: Dialect, database: str, since: Since = None) -> str:
    """Bring gold up to date with silver; idempotent. With `since` only the hours of those days are counted anew."""
    names = ["hour_start", "event_type", "events", *(["users"] if _person(contract) else [])]
    source = gold_select(contract, dialect, database).removesuffix("\nORDER BY 1, 2")
    if since is not None:
        # The second condition is what leaves the older days unread: silver's partitions are days of arrival.
        event_time = _quoted(contract.field("event_time").name)
        hours = f"{event_time} >= {_first_moment(since)} AND arrived_at >= {_first_moment(since, FAST_CLOCK_DAYS)}"
        source = source.replace("\nGROUP BY", f"\nWHERE {hours}\nGROUP BY")
    changed = " OR ".join(f"source.{name} <> target.{name}" for name in names[2:])
    return _merge(database, "gold", source, keys=names[:2], names=names, when=changed)


def silver_expire(database: str, keep_days: int) -> str:
    """Delete the events that arrived more than `keep_days` ago: whole partitions, so that no file is written anew."""
    return f"DELETE FROM {_table(database, 'silver')} WHERE arrived_at < {_first_moment(keep_days)}"  # noqa: S608


def silver_vacuum(database: str) -> str:
    """Remove the files that hold what was deleted: until then they are kept as the table's earlier state (athena)."""
    _table(database, "silver")  # checks the name
    return f"VACUUM {database}.silver"


def _merge(
    database: str, table: str, source: str, *, keys: list[str], names: list[str], when: str, among: str | None = None
) -> str:
    on = " AND ".join(f"target.{_quoted(key)} = source.{_quoted(key)}" for key in keys)
    on += f" AND {among}" if among else ""
    updates = ", ".join(f"{_quoted(name)} = source.{_quoted(name)}" for name in names if name not in keys)
    columns = ", ".join(_quoted(name) for name in names)
    values = ", ".join(f"source.{_quoted(name)}" for name in names)
    return (
        f"MERGE INTO {_table(database, table)} AS target\n"  # noqa: S608 - checked names
        f"USING (\n{source}\n) AS source\n"
        f"ON {on}\n"
        f"WHEN MATCHED AND ({when}) THEN UPDATE SET {updates}\n"
        f"WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({values})"
    )


def _create(
    dialect: Dialect, database: str, table: str, *, columns: list[tuple[str, str]], partition: str | None, location: str
) -> str:
    if dialect == "duckdb":
        listed = ",\n".join(f"  {_quoted(name)} {_DUCKDB_TYPES.get(kind, kind.upper())}" for name, kind in columns)
        return f"CREATE TABLE IF NOT EXISTS {_table(database, table)} (\n{listed}\n)"
    listed = ",\n".join(f"  `{name}` {kind}" for name, kind in columns)
    _table(database, table)  # checks the name
    partitioned = f"PARTITIONED BY ({partition})\n" if partition else ""
    return (
        f"CREATE TABLE IF NOT EXISTS `{database}`.`{table}` (\n{listed}\n)\n"
        f"{partitioned}"
        f"LOCATION {_literal(location.rstrip('/') + '/')}\n"
        "TBLPROPERTIES ('table_type' = 'ICEBERG', 'format' = 'parquet', 'write_compression' = 'zstd')"
    )


def _person(contract: Contract) -> Field | None:
    return next((field for field in contract.fields if field.role == "person"), None)


def _value(field: Field, dialect: Dialect) -> str:
    name = _quoted(field.name)
    if field.type == "timestamp":
        return _moment(name, dialect)
    return f"CAST({name} AS date)" if field.type == "date" else name


def _moment(column: str, dialect: Dialect) -> str:
    """An ISO text as a timestamp in UTC, without a zone: Iceberg in Athena knows no other."""
    if dialect == "duckdb":
        # Its JSON reader may have made a time with zone of the text; a plain cast would give the host's local time.
        return f"CAST({column} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
    return f"CAST(from_iso8601_timestamp({column}) AT TIME ZONE 'UTC' AS timestamp(6))"


def _first_day(since: date | int) -> str:
    if isinstance(since, date):
        return _literal(since.isoformat())
    # The inner cast matters to DuckDB, where a date less an interval is a timestamp.
    return f"CAST(CAST(CURRENT_DATE - INTERVAL '{since}' DAY AS date) AS varchar)"


def _first_moment(since: date | int, before: int = 0) -> str:
    """Midnight of the day `since`, less `before` days, as a timestamp in UTC without a zone."""
    if isinstance(since, date):
        return f"TIMESTAMP '{since - timedelta(days=before)} 00:00:00'"
    return f"CAST(CURRENT_DATE - INTERVAL '{since + before}' DAY AS timestamp)"


def _table(database: str, name: str) -> str:
    if not _DATABASE.fullmatch(database):
        raise ValueError(f"{database!r} is no database name")
    return f'"{database}"."{name}"'


def _quoted(name: str) -> str:
    return f'"{name}"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
