"""The canonical model: silver from bronze, gold from silver, and the statements that bring both up to date.

The refreshes are idempotent: run twice, or over days that were refreshed before, they change nothing. Identifiers come
from a checked contract; a database name is checked in `dialects`.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from processor.schema import Contract, Field, FieldType
from processor.sql.dialects import Dialect, Since, Spelling, literal, spelling

Source = Literal["silver", "bronze"]

REPEATED_WITHIN_DAYS = 7
"""A partial refresh of silver looks for an event's earlier copy among the arrivals of so many days before it. Silver
grows for years: without a bound each refresh would read all of its ids, and in the end more than a query may scan."""
FAST_CLOCK_DAYS = 1
"""A partial refresh of gold takes a sender's clock to be fast by so much at most: which events an hour holds is known
from the arrivals since so long before it."""

SILVER_TYPES: dict[FieldType, str] = {
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
_BEGINNING = date(1, 1, 1)  # for an engine that wants a bound where none is meant


def silver_columns(contract: Contract) -> list[tuple[str, str]]:
    """Silver's columns in order: name and type in the words of Hive."""
    return [(f.name, SILVER_TYPES[f.type]) for f in contract.fields] + [(name, kind) for name, _, kind in _KEPT]


def gold_columns(contract: Contract) -> list[tuple[str, str]]:
    """Gold's columns in order: name and type in the words of Hive."""
    columns = [("hour_start", "timestamp"), ("event_type", "string"), ("events", "bigint")]
    return columns + ([("users", "bigint")] if _person(contract) else [])


def bronze_ddl(contract: Contract, dialect: Literal["athena", "duckdb"], database: str, location: str) -> str:
    """The table (athena) or view (duckdb) over the objects below `location`, by day and hour of arrival.

    BigQuery's is declared as data: see bigquery.py.
    """
    table = spelling(dialect).table(database, "bronze")
    location = location.rstrip("/")
    if dialect == "duckdb":
        return f"CREATE OR REPLACE VIEW {table} AS\n{bronze_reader(contract, [f'{location}/*/*/*.jsonl.*'])}"
    columns = ",\n".join(f"  `{column.name}` {column.type}" for column in contract.columns)
    location = literal(location)
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


def bronze_reader(contract: Contract, files: list[str]) -> str:
    """The rows of bronze in `files` (paths or patterns, below day=…/hour=…) for DuckDB, whichever codec they have."""
    columns = ", ".join(
        f"\"{column.name}\": '{_DUCKDB_TYPES.get(column.type, column.type.upper())}'" for column in contract.columns
    )
    listed = literal(files[0]) if len(files) == 1 else f"[{', '.join(map(literal, files))}]"
    return (
        f"SELECT * FROM read_json({listed}, format = 'newline_delimited',\n"  # noqa: S608 - literals
        f"  columns = {{{columns}, day: 'VARCHAR', hour: 'VARCHAR'}}, hive_partitioning = true,\n"
        "  hive_types = {day: VARCHAR, hour: VARCHAR})"
    )


def silver_ddl(contract: Contract, dialect: Literal["athena", "duckdb"], database: str, location: str) -> str:
    """The silver table: an Iceberg table below `location` (athena), a plain one (duckdb, which ignores `location`).

    Its partitions are days of arrival, which nobody outside decides. Days of the event's own time would be the
    sender's word: a few wrong clocks, and one refresh has more partitions to write than the 100 that Athena opens.
    """
    columns = silver_columns(contract)
    return _create(dialect, database, "silver", columns=columns, partition="day(arrived_at)", location=location)


def gold_ddl(contract: Contract, dialect: Literal["athena", "duckdb"], database: str, location: str) -> str:
    """The gold table, as silver_ddl has it; without partitions, for it is small and its hours are the sender's word."""
    return _create(dialect, database, "gold", columns=gold_columns(contract), partition=None, location=location)


def silver_select(contract: Contract, dialect: Dialect, database: str, since: Since = None) -> str:
    """Silver from bronze: of the rows with one event id the one that arrived first; times are timestamps in UTC.

    `since` leaves out the days of arrival before it; a number counts days back from the day on which the text is run.
    """
    spell = spelling(dialect)
    columns = [f"{_value(f, spell)} AS {spell.quoted(f.name)}" for f in contract.fields]
    columns += [
        f"{spell.moment(spell.quoted(own)) if kind == 'timestamp' else spell.quoted(own)} AS {spell.quoted(name)}"
        for name, own, kind in _KEPT
    ]
    since = _bound(spell, since)
    where = "" if since is None else f"\n  WHERE day >= {spell.first_day(since)}"
    event_id = spell.quoted(contract.field("event_id").name)
    order = ", ".join(spell.quoted(name) for name in ("_arrived_at", "_shard", "_sequence", "_index"))
    listed = ",\n  ".join(columns)
    # Identifiers are the checked contract's, the rest is ours: nothing of an event or a user stands in the text.
    return (
        f"SELECT\n  {listed}\n"  # noqa: S608 - as said above
        "FROM (\n"
        "  SELECT *, ROW_NUMBER() OVER (\n"
        f"    PARTITION BY {event_id} ORDER BY {order}\n"
        "  ) AS arrival\n"
        f"  FROM {spell.table(database, 'bronze')}{where}\n"
        ") AS arrivals\n"
        "WHERE arrival = 1"
    )


def silver_refresh(contract: Contract, dialect: Dialect, database: str, since: Since = None) -> str:
    """Bring silver up to date with bronze; idempotent. An event that silver holds is replaced by an earlier arrival.

    With `since` an event that comes again more than REPEATED_WITHIN_DAYS after its first copy may count as another.
    """
    spell = spelling(dialect)
    names = [name for name, _ in silver_columns(contract)]
    event_id = contract.field("event_id").name
    source = silver_select(contract, dialect, database, since)
    bound, before = _bound(spell, since), 0 if since is None else REPEATED_WITHIN_DAYS
    among = None if bound is None else f"target.arrived_at >= {spell.first_moment(bound, before)}"
    earlier = "source.arrived_at < target.arrived_at"
    return _merge(spell, database, "silver", source, keys=[event_id], names=names, when=earlier, among=among)


def gold_select(contract: Contract, dialect: Dialect, database: str, source: Source = "silver") -> str:
    """Events, and distinct users where the contract knows persons, per event type and hour of the event's own time.

    `source` bronze computes silver on the way, for an engine that has no silver table.
    """
    spell = spelling(dialect)
    if source == "bronze":
        silver = f"WITH silver AS (\n{silver_select(contract, dialect, database)}\n)\n"
        return f"{silver}{_gold(contract, spell, 'silver')}\nORDER BY 1, 2"
    where = f"arrived_at >= {spell.first_moment(_BEGINNING)}" if spell.bounded else None
    return f"{_gold(contract, spell, spell.table(database, 'silver'), where)}\nORDER BY 1, 2"


def gold_refresh(contract: Contract, dialect: Dialect, database: str, since: Since = None) -> str:
    """Bring gold up to date with silver; idempotent. With `since` only the hours of those days are counted anew."""
    spell = spelling(dialect)
    names = [name for name, _ in gold_columns(contract)]
    where = f"arrived_at >= {spell.first_moment(_BEGINNING)}" if spell.bounded else None
    if since is not None:
        # The second condition is what leaves the older days unread: silver's partitions are days of arrival.
        event_time = spell.quoted(contract.field("event_time").name)
        where = (
            f"{event_time} >= {spell.first_moment(since)} "
            f"AND arrived_at >= {spell.first_moment(since, FAST_CLOCK_DAYS)}"
        )
    source = _gold(contract, spell, spell.table(database, "silver"), where)
    changed = " OR ".join(f"source.{name} <> target.{name}" for name in names[2:])
    return _merge(spell, database, "gold", source, keys=names[:2], names=names, when=changed)


def silver_expire(database: str, keep_days: int, dialect: Dialect = "athena") -> str:
    """Delete the events that arrived more than `keep_days` ago: whole partitions, so that no file is written anew."""
    spell = spelling(dialect)
    return f"DELETE FROM {spell.table(database, 'silver')} WHERE arrived_at < {spell.first_moment(keep_days)}"  # noqa: S608


def silver_vacuum(database: str) -> str:
    """Remove the files that hold what was deleted: until then they are kept as the table's earlier state (athena)."""
    spelling("athena").database(database)  # checks the name
    return f"VACUUM {database}.silver"


def _bound(spell: Spelling, since: Since) -> date | int | None:
    return _BEGINNING if since is None and spell.bounded else since


def _gold(contract: Contract, spell: Spelling, table: str, where: str | None = None) -> str:
    event_time, event_type = (spell.quoted(contract.field(role).name) for role in ("event_time", "event_type"))
    person = _person(contract)
    users = f",\n  COUNT(DISTINCT {spell.quoted(person.name)}) AS users" if person else ""
    condition = f"WHERE {where}\n" if where else ""
    return (
        "SELECT\n"
        f"  {spell.hour(event_time)} AS hour_start,\n"
        f"  {event_type} AS event_type,\n"
        f"  COUNT(*) AS events{users}\n"
        f"FROM {table}\n"
        f"{condition}"
        "GROUP BY 1, 2"
    )


def _merge(
    spell: Spelling,
    database: str,
    table: str,
    source: str,
    *,
    keys: list[str],
    names: list[str],
    when: str,
    among: str | None = None,
) -> str:
    quoted = spell.quoted
    on = " AND ".join(f"target.{quoted(key)} = source.{quoted(key)}" for key in keys)
    on += f" AND {among}" if among else ""
    updates = ", ".join(f"{quoted(name)} = source.{quoted(name)}" for name in names if name not in keys)
    columns = ", ".join(quoted(name) for name in names)
    values = ", ".join(f"source.{quoted(name)}" for name in names)
    return (
        f"MERGE INTO {spell.table(database, table)} AS target\n"  # noqa: S608 - checked names
        f"USING (\n{source}\n) AS source\n"
        f"ON {on}\n"
        f"WHEN MATCHED AND ({when}) THEN UPDATE SET {updates}\n"
        f"WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({values})"
    )


def _create(
    dialect: Literal["athena", "duckdb"],
    database: str,
    table: str,
    *,
    columns: list[tuple[str, str]],
    partition: str | None,
    location: str,
) -> str:
    spell = spelling(dialect)
    name = spell.table(database, table)
    if dialect == "duckdb":
        listed = ",\n".join(f"  {spell.quoted(name)} {_DUCKDB_TYPES.get(kind, kind.upper())}" for name, kind in columns)
        return f"CREATE TABLE IF NOT EXISTS {name} (\n{listed}\n)"
    listed = ",\n".join(f"  `{name}` {kind}" for name, kind in columns)
    partitioned = f"PARTITIONED BY ({partition})\n" if partition else ""
    return (
        f"CREATE TABLE IF NOT EXISTS `{database}`.`{table}` (\n{listed}\n)\n"
        f"{partitioned}"
        f"LOCATION {literal(location.rstrip('/') + '/')}\n"
        "TBLPROPERTIES ('table_type' = 'ICEBERG', 'format' = 'parquet', 'write_compression' = 'zstd')"
    )


def _person(contract: Contract) -> Field | None:
    return next((field for field in contract.fields if field.role == "person"), None)


def _value(field: Field, spell: Spelling) -> str:
    name = spell.quoted(field.name)
    if field.type == "timestamp":
        return spell.moment(name)
    return spell.calendar_day(name) if field.type == "date" else name
