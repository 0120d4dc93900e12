"""The SQL models on DuckDB against the same answers computed in Python, from the objects that the processor writes."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from events.generator import generate
from processor import sql
from processor.core import Context, process
from processor.schema import Contract
from tests.processor.batches import ARRIVED, lines, make_batch

DATABASE = "homeshore_test_g1_lake"


def fill(root: Path, context: Context, batches: range) -> list[dict]:
    """Write generated batches as objects below `root`; return their rows in the order of arrival."""
    rows: list[dict] = []
    events = [record.data for record in generate(context.contract, 1000, 3, duplicates=0.2, boundary="eu")]
    for number in batches:
        chunk = events[number * 100 : (number + 1) * 100]
        result = process(make_batch(chunk, first=number * 100, partition=f"shard-{number % 2}"), context)
        stored = result.objects[-1]
        path = root / stored.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(stored.body)
        rows += [json.loads(line) for line in lines(result, "bronze").splitlines()]
    return rows


def expected_silver(rows: list[dict]) -> dict[str, dict]:
    first: dict[str, dict] = {}
    for row in sorted(rows, key=lambda row: (row["_arrived_at"], row["_shard"], row["_sequence"], row["_index"])):
        first.setdefault(row["event_id"], row)
    return first


def expected_gold(rows: list[dict]) -> list[tuple]:
    events: Counter[tuple] = Counter()
    users: dict[tuple, set[str]] = defaultdict(set)
    for row in expected_silver(rows).values():
        moment = datetime.fromisoformat(row["event_time"]).astimezone(UTC).replace(tzinfo=None)
        key = (moment.replace(minute=0, second=0, microsecond=0), row["event_type"])
        events[key] += 1
        users[key].add(row["user_id"])
    return [(*key, events[key], len(users[key])) for key in sorted(events)]


@pytest.fixture
def lake(tmp_path: Path, contract: Contract) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'Asia/Kathmandu'")  # what is UTC must not depend on where it runs
    connection.execute(f"CREATE SCHEMA {DATABASE}")
    connection.execute(sql.silver_ddl(contract, "duckdb", DATABASE, ""))
    connection.execute(sql.gold_ddl(contract, "duckdb", DATABASE, ""))
    return connection


def bronze(lake: duckdb.DuckDBPyConnection, contract: Contract, root: Path) -> None:
    lake.execute(sql.bronze_ddl(contract, "duckdb", DATABASE, str(root / "bronze")))


def silver_ids(lake: duckdb.DuckDBPyConnection) -> list[tuple]:
    return lake.execute(f"SELECT event_id, arrived_at, user_id FROM {DATABASE}.silver ORDER BY 1").fetchall()


def ids_of(rows: list[dict]) -> list[tuple]:
    return [
        (key, datetime.fromisoformat(row["_arrived_at"]).replace(tzinfo=None), row["user_id"])
        for key, row in sorted(expected_silver(rows).items())
    ]


def test_silver_keeps_the_earliest_arrival_and_every_declared_column(tmp_path: Path, lake, context: Context):
    rows = fill(tmp_path, context, range(10))
    bronze(lake, context.contract, tmp_path)
    found = lake.execute(sql.silver_select(context.contract, "duckdb", DATABASE)).fetchall()
    names = [f.name for f in context.contract.fields] + ["arrived_at", "contract_version", "key_version"]
    assert [column[0] for column in lake.description] == names
    expected = expected_silver(rows)
    assert len(rows) > len(expected) == len(found)
    for row in (dict(zip(names, values, strict=True)) for values in found):
        source = expected[row["event_id"]]
        for name in ("event_type", "tenant_id", "home", "user_id", "ip", "page", "referrer", "attributes"):
            assert row[name] == source[name]
        assert row["event_time"].isoformat() == source["event_time"].removesuffix("Z")


@pytest.mark.parametrize("source", ["silver", "bronze"])
def test_gold_equals_the_count_in_python(tmp_path: Path, lake, context: Context, source: sql.Source):
    rows = fill(tmp_path, context, range(10))
    bronze(lake, context.contract, tmp_path)
    lake.execute(sql.silver_refresh(context.contract, "duckdb", DATABASE))
    gold = sql.gold_select(context.contract, "duckdb", DATABASE, source)
    assert lake.execute(gold).fetchall() == expected_gold(rows)


def test_a_refresh_is_idempotent_and_follows_what_arrives(tmp_path: Path, lake, context: Context):
    # The later half first: then earlier arrivals come in, as from a shard that lagged behind.
    rows = fill(tmp_path, context, range(5, 10))
    for more in (range(0), range(5), range(0)):
        rows += fill(tmp_path, context, more)
        bronze(lake, context.contract, tmp_path)
        lake.execute(sql.silver_refresh(context.contract, "duckdb", DATABASE))
        lake.execute(sql.gold_refresh(context.contract, "duckdb", DATABASE))
        assert silver_ids(lake) == ids_of(rows)
        assert lake.execute(f"SELECT * FROM {DATABASE}.gold ORDER BY 1, 2").fetchall() == expected_gold(rows)


def test_gold_does_not_depend_on_how_the_reader_types_the_columns(tmp_path: Path, lake, context: Context):
    """The emulator's Athena lets DuckDB guess: times with zone, ids as UUID, and no `_repeats` where none is."""
    rows = fill(tmp_path, context, range(10))
    guessed = f"read_json_auto('{tmp_path}/bronze/*/*/*.zst', union_by_name = true, hive_partitioning = true)"
    gold = sql.gold_select(context.contract, "duckdb", DATABASE, "bronze")
    assert lake.execute(gold.replace(f'"{DATABASE}"."bronze"', guessed)).fetchall() == expected_gold(rows)


def test_a_refresh_of_some_days_leaves_the_others_alone(tmp_path: Path, lake, context: Context):
    rows = fill(tmp_path, context, range(10))
    bronze(lake, context.contract, tmp_path)
    arrived = datetime.fromtimestamp(ARRIVED, UTC).date()
    lake.execute(sql.silver_refresh(context.contract, "duckdb", DATABASE, since=date(arrived.year + 1, 1, 1)))
    assert silver_ids(lake) == []
    lake.execute(sql.silver_refresh(context.contract, "duckdb", DATABASE, since=arrived))
    assert silver_ids(lake) == ids_of(rows)


def test_a_refresh_of_the_last_days_counts_from_today(tmp_path: Path, lake, context: Context):
    rows = fill(tmp_path, context, range(10))
    bronze(lake, context.contract, tmp_path)
    arrived = f"{datetime.fromtimestamp(ARRIVED, UTC):%Y-%m-%d}"
    (age,) = lake.execute(f"SELECT date_diff('day', DATE '{arrived}', today())").fetchone()
    lake.execute(sql.silver_refresh(context.contract, "duckdb", DATABASE, since=age - 1))
    assert silver_ids(lake) == []
    lake.execute(sql.silver_refresh(context.contract, "duckdb", DATABASE, since=age + 1))
    assert silver_ids(lake) == ids_of(rows)


def test_a_refresh_of_some_days_looks_for_an_earlier_copy_in_the_days_before(tmp_path: Path, lake, context: Context):
    """Not in all of silver: its ids of a few weeks are more than a query may read."""
    fill(tmp_path, context, range(10))
    bronze(lake, context.contract, tmp_path)
    arrived = datetime.fromtimestamp(ARRIVED, UTC).date()
    lake.execute(sql.silver_refresh(context.contract, "duckdb", DATABASE))
    (events,) = lake.execute(f"SELECT count(*) FROM {DATABASE}.silver").fetchone()
    for days_before, rows in ((sql.REPEATED_WITHIN_DAYS, events), (sql.REPEATED_WITHIN_DAYS + 2, 2 * events)):
        lake.execute(f"UPDATE {DATABASE}.silver SET arrived_at = DATE '{arrived - timedelta(days=days_before)}'")
        for _ in range(2):  # still idempotent
            lake.execute(sql.silver_refresh(context.contract, "duckdb", DATABASE, since=arrived))
            assert lake.execute(f"SELECT count(*) FROM {DATABASE}.silver").fetchone() == (rows,)


def test_a_refresh_of_gold_counts_the_hours_of_some_days_anew_and_leaves_the_others(
    tmp_path: Path, lake, context: Context
):
    rows = fill(tmp_path, context, range(10))
    bronze(lake, context.contract, tmp_path)
    expected = expected_gold(rows)
    hours = sorted({row[0] for row in expected})
    days = sorted({hour.date() for hour in hours})
    lake.execute(sql.silver_refresh(context.contract, "duckdb", DATABASE))
    lake.execute(sql.gold_refresh(context.contract, "duckdb", DATABASE, since=days[-1] + timedelta(days=1)))
    assert lake.execute(f"SELECT * FROM {DATABASE}.gold").fetchall() == []
    for since in (days[-1], days[0]):
        lake.execute(sql.gold_refresh(context.contract, "duckdb", DATABASE, since=since))
        found = lake.execute(f"SELECT * FROM {DATABASE}.gold ORDER BY 1, 2").fetchall()
        assert found == [row for row in expected if row[0].date() >= since]


def test_what_is_past_its_retention_leaves_silver(tmp_path: Path, lake, context: Context):
    fill(tmp_path, context, range(10))
    bronze(lake, context.contract, tmp_path)
    lake.execute(sql.silver_refresh(context.contract, "duckdb", DATABASE))
    lake.execute(f"UPDATE {DATABASE}.silver SET arrived_at = today() - 31 WHERE event_type = 'click'")
    lake.execute(f"UPDATE {DATABASE}.silver SET arrived_at = today() - 29 WHERE event_type <> 'click'")
    lake.execute(sql.silver_expire(DATABASE, 30))
    found = {kind for (kind,) in lake.execute(f"SELECT DISTINCT event_type FROM {DATABASE}.silver").fetchall()}
    assert found
    assert "click" not in found


def test_no_sender_decides_how_many_partitions_a_refresh_writes(contract: Contract):
    """Athena opens 100 for one statement, Iceberg tables included; an event's own time is the sender's word."""
    silver = sql.silver_ddl(contract, "athena", DATABASE, "s3://bucket/silver")
    gold = sql.gold_ddl(contract, "athena", DATABASE, "s3://bucket/gold")
    assert "PARTITIONED BY (day(arrived_at))" in silver
    assert "PARTITIONED BY" not in gold


def test_athenas_text_names_what_athena_needs(contract: Contract):
    refresh = sql.silver_refresh(contract, "athena", DATABASE, since=date(2026, 3, 2))
    assert refresh.startswith(f'MERGE INTO "{DATABASE}"."silver" AS target')
    assert "from_iso8601_timestamp" in refresh
    assert "WHERE day >= '2026-03-02'" in refresh
    assert "AND target.arrived_at >= TIMESTAMP '2026-02-23 00:00:00'" in refresh
    daily = sql.gold_refresh(contract, "athena", DATABASE, since=3)
    assert "WHERE \"event_time\" >= CAST(CURRENT_DATE - INTERVAL '3' DAY AS timestamp)" in daily
    assert "AND arrived_at >= CAST(CURRENT_DATE - INTERVAL '4' DAY AS timestamp)\nGROUP BY" in daily
    # VACUUM takes no quoted database (Athena User Guide, "VACUUM").
    assert sql.silver_vacuum(DATABASE) == f"VACUUM {DATABASE}.silver"
    table = sql.silver_ddl(contract, "athena", DATABASE, "s3://bucket/silver")
    assert "'table_type' = 'ICEBERG'" in table
    assert "LOCATION 's3://bucket/silver/'" in table
    external = sql.bronze_ddl(contract, "athena", DATABASE, "s3://bucket/bronze")
    assert "`_repeats` array<string>" in external
    assert "s3://bucket/bronze/day=${day}/hour=${hour}/" in external


def test_a_database_name_cannot_carry_sql(contract: Contract):
    with pytest.raises(ValueError, match="no database name"):
        sql.silver_select(contract, "athena", 'x"; DROP TABLE y; --')
