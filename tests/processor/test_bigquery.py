"""BigQuery's words: they parse, they say what the golden copies say, and spelt for DuckDB they do what its own do.

BigQuery itself is not run here. sqlglot reads the text as GoogleSQL and writes it for DuckDB, which runs it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from processor import sql
from processor.core import Context, process
from processor.schema import Contract
from processor.sql import bigquery
from tests.processor.batches import ARRIVED, make_batch, shared_context
from tests.processor.test_sql import DATABASE, fill, lines

GOLDEN = Path(__file__).parent / "golden"
PROJECT = "homeshore-test-1"
ARRIVED_DAY = datetime.fromtimestamp(ARRIVED, UTC).date()
_TYPES = {
    "STRING": "VARCHAR",
    "INTEGER": "BIGINT",
    "FLOAT": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "TIMESTAMP": "TIMESTAMPTZ",
    "DATE": "DATE",
}


def texts(contract: Contract, since: sql.Since) -> list[str]:
    """Every statement that BigQuery gets."""
    database = f"{PROJECT}.{DATABASE}"
    return [
        sql.silver_refresh(contract, "bigquery", database, since),
        sql.gold_refresh(contract, "bigquery", database, since),
        sql.gold_select(contract, "bigquery", database),
        sql.gold_select(contract, "bigquery", database, "bronze"),
        sql.silver_expire(database, 30, "bigquery"),
    ]


def test_the_texts_and_tables_are_the_golden_ones(contract: Contract):
    tables = {
        "external": bigquery.external_tables(contract, "homeshore-test-g1-lake"),
        "native": [bigquery.silver_table(contract), bigquery.gold_table(contract)],
    }
    script = bigquery.refresh_script(contract, f"{PROJECT}.{DATABASE}", 3)
    more = [*texts(contract, date(2026, 3, 2))[:2], *texts(contract, None)[2:]]
    assert "\n\n-- next\n\n".join([script, *more]) + "\n" == (GOLDEN / "bigquery.sql").read_text(encoding="utf-8")
    plain = json.loads(json.dumps(tables, default=vars))
    assert plain == json.loads((GOLDEN / "bigquery-tables.json").read_text(encoding="utf-8"))


def test_the_script_is_both_refreshes_in_their_order(contract: Contract):
    found = sqlglot.parse(bigquery.refresh_script(contract, f"{PROJECT}.{DATABASE}", 3), read="bigquery")
    merges = [statement for statement in found if statement]
    assert [merge.this.name for merge in merges if isinstance(merge, exp.Merge)] == ["silver", "gold"]
    assert len(merges) == 2


@pytest.mark.parametrize("since", [None, 3, date(2026, 3, 2)])
def test_every_partitioned_table_is_read_within_a_bound(contract: Contract, since: sql.Since):
    """What `require_partition_filter` refuses otherwise: bronze by `day`, silver by `arrived_at`."""
    bounds = {"bronze": "day", "silver": "arrived_at"}
    assert bigquery.silver_table(contract).partition_column == bounds["silver"]
    seen: set[str] = set()
    for text in texts(contract, since):
        tree = sqlglot.parse_one(text, read="bigquery")
        for table in tree.find_all(exp.Table):
            if table.name not in bounds or not table.db:
                continue  # another table, or the name of a common table expression
            seen.add(table.name)
            around = table.find_ancestor(exp.Select, exp.Merge, exp.Delete)
            assert around is not None
            condition = around.args["on"] if isinstance(around, exp.Merge) else around.args["where"]
            compared = [found.this.name for found in condition.find_all(exp.GTE, exp.LT)]
            assert bounds[table.name] in compared, text
    assert seen == set(bounds)


def test_a_dataset_name_cannot_carry_sql_and_a_project_may_stand_before_it(contract: Contract):
    for bad in ("a-b", "x`; DROP TABLE y", "Project.lake", "p.q.lake", "my-project.", ".lake"):
        with pytest.raises(ValueError, match="no database name"):
            sql.silver_refresh(contract, "bigquery", bad)
    for good in ("lake", "my-project.lake", "example.com:my-project.lake"):
        assert "`lake`.`silver`" in sql.silver_refresh(contract, "bigquery", good)


def test_the_external_tables_declare_what_the_processor_writes(contract: Contract):
    from events.generator import generate

    sent = [
        record.data
        for record in generate(contract, 200, 1, boundary="eu", foreign=0.2, undecodable=0.2, duplicates=0.1)
    ]
    result = process(make_batch(sent), shared_context())
    declared = {
        table.name: {column.name for column in table.columns} for table in bigquery.external_tables(contract, "b")
    }
    for kind, name in (("bronze", "bronze"), ("quarantine", "quarantine"), ("dead-letter", "dead_letter")):
        written = {key for line in lines(result, kind).splitlines() for key in json.loads(line)}
        assert written == declared[name]
    (repeats,) = (c for c in bigquery.external_tables(contract, "b")[0].columns if c.name == "_repeats")
    assert (repeats.type, repeats.mode) == ("STRING", "REPEATED")


def test_native_tables_require_only_what_no_row_can_lack(contract: Contract):
    silver = bigquery.silver_table(contract)
    required = {column.name for column in silver.columns if column.mode == "REQUIRED"}
    assert required == {"event_id", "event_time", "event_type", "arrived_at"}
    assert [column.name for column in silver.columns] == [name for name, _ in sql.models.silver_columns(contract)]
    assert all(column.description for column in (*silver.columns, *bigquery.gold_table(contract).columns))
    assert json.loads(bigquery.schema(silver.columns))[0]["name"] == "event_id"


class Lake:
    """A DuckDB database with BigQuery's tables, filled by BigQuery's texts."""

    def __init__(self, contract: Contract, root: Path) -> None:
        self.contract = contract
        self.root = root
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")  # BigQuery's, where TIMESTAMP_TRUNC says no other
        self.connection.execute(f"CREATE SCHEMA {DATABASE}")
        for table in (bigquery.silver_table(contract), bigquery.gold_table(contract)):
            columns = ", ".join(
                f'"{c.name}" {_TYPES[c.type]}{" NOT NULL" if c.mode == "REQUIRED" else ""}' for c in table.columns
            )
            self.connection.execute(f"CREATE TABLE {DATABASE}.{table.name} ({columns})")

    def see(self) -> None:
        """Take up what lies in the bucket: the keys of the external table have the types that its prefix says."""
        (bronze, *_) = bigquery.external_tables(self.contract, "b")
        assert bronze.source_uri_prefix.endswith("/{day:DATE}/{hour:STRING}")
        reader = sql.models.bronze_reader(self.contract, [f"{self.root}/bronze/*/*/*.jsonl.*"])
        self.connection.execute(
            f"CREATE OR REPLACE VIEW {DATABASE}.bronze AS SELECT * REPLACE (CAST(day AS date) AS day) FROM ({reader})"
        )

    def run(self, text: str) -> list[tuple]:
        (spelt,) = sqlglot.transpile(text, read="bigquery", write="duckdb")
        return self.connection.execute(spelt).fetchall()

    def refresh(self, since: sql.Since = None) -> None:
        self.see()
        for statement in sqlglot.parse(bigquery.refresh_script(self.contract, DATABASE, since), read="bigquery"):
            if statement:
                self.connection.execute(statement.sql("duckdb"))

    def rows(self, table: str) -> list[tuple]:
        """The rows with times as they are in UTC."""
        listed = self.connection.execute(f"SELECT * FROM {DATABASE}.{table} LIMIT 0").description
        columns = [
            f"\"{name}\" AT TIME ZONE 'UTC'" if str(kind) == "TIMESTAMP WITH TIME ZONE" else f'"{name}"'
            for name, kind, *_ in listed
        ]
        return self.connection.execute(f"SELECT {', '.join(columns)} FROM {DATABASE}.{table} ORDER BY ALL").fetchall()


class Plain:
    """The same with DuckDB's own tables and texts."""

    def __init__(self, contract: Contract, root: Path) -> None:
        self.contract, self.root = contract, root
        self.connection = duckdb.connect()
        self.connection.execute(f"CREATE SCHEMA {DATABASE}")
        self.connection.execute(sql.silver_ddl(contract, "duckdb", DATABASE, ""))
        self.connection.execute(sql.gold_ddl(contract, "duckdb", DATABASE, ""))

    def refresh(self, since: sql.Since = None) -> None:
        self.connection.execute(sql.bronze_ddl(self.contract, "duckdb", DATABASE, str(self.root / "bronze")))
        self.connection.execute(sql.silver_refresh(self.contract, "duckdb", DATABASE, since))
        self.connection.execute(sql.gold_refresh(self.contract, "duckdb", DATABASE, since))

    def rows(self, table: str) -> list[tuple]:
        return self.connection.execute(f"SELECT * FROM {DATABASE}.{table} ORDER BY ALL").fetchall()


def agree(both: Iterable[Lake | Plain]) -> None:
    first, second = both
    for table in ("silver", "gold"):
        found = first.rows(table)
        assert found == second.rows(table)


@pytest.mark.parametrize("since", [None, ARRIVED_DAY])
def test_both_dialects_give_the_same_tables_as_batches_arrive(tmp_path: Path, context: Context, since: sql.Since):
    both = (Lake(context.contract, tmp_path), Plain(context.contract, tmp_path))
    for more in (range(5, 10), range(0), range(5), range(0)):  # the later half first, and each refresh twice
        fill(tmp_path, context, more)
        for lake in both:
            lake.refresh(since)
        agree(both)
    assert both[0].rows("silver")
    assert both[0].rows("gold")


def test_both_dialects_count_back_from_today(tmp_path: Path, context: Context):
    both = (Lake(context.contract, tmp_path), Plain(context.contract, tmp_path))
    fill(tmp_path, context, range(10))
    age = (datetime.now(UTC).date() - ARRIVED_DAY).days
    for days, some in ((age - 2, False), (age + 2, True)):
        for lake in both:
            lake.refresh(days)
        agree(both)
        assert bool(both[0].rows("silver")) is some


def test_the_view_and_the_count_from_bronze_agree_with_gold(tmp_path: Path, context: Context):
    lake = Lake(context.contract, tmp_path)
    fill(tmp_path, context, range(10))
    lake.refresh()
    for source in ("silver", "bronze"):
        selected = sql.gold_select(context.contract, "bigquery", DATABASE, source)
        (spelt,) = sqlglot.transpile(selected, read="bigquery", write="duckdb")
        lake.connection.execute(f"CREATE OR REPLACE TABLE {DATABASE}.selected AS {spelt}")
        assert lake.rows("selected") == lake.rows("gold") != []


def test_what_is_past_its_retention_leaves_silver(tmp_path: Path, context: Context):
    lake = Lake(context.contract, tmp_path)
    fill(tmp_path, context, range(10))
    lake.refresh()
    for days, kind in ((31, "= 'click'"), (29, "<> 'click'")):
        lake.connection.execute(
            f"UPDATE {DATABASE}.silver SET arrived_at = now() - INTERVAL {days} DAY WHERE event_type {kind}"
        )
    lake.run(sql.silver_expire(DATABASE, 30, "bigquery"))
    found = {row[0] for row in lake.connection.execute(f"SELECT DISTINCT event_type FROM {DATABASE}.silver").fetchall()}
    assert found
    assert "click" not in found
