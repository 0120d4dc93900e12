"""The T-SQL for Synapse serverless, compared with its golden copy. It is never run: there is no Synapse here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from processor.schema import Contract, Field
from processor.sql import synapse
from tests.processor.test_compiler import ROLES

GOLDEN = Path(__file__).parent / "golden" / "synapse.sql"
PLACE = "https://homeshoretest.dfs.core.windows.net/lake"
NEWER = ("deletionVectors", "columnMapping", "NTZ", "ICEBERG")


def text_of(batches: tuple[synapse.Batch, ...]) -> str:
    return "\nGO\n".join(f"-- in {batch.database}\n{batch.text}" for batch in batches) + "\n"


def test_the_batches_are_the_golden_ones(contract: Contract):
    assert text_of(synapse.batches(contract, "homeshore_test_g1_lake", PLACE)) == GOLDEN.read_text(encoding="utf-8")


def test_each_batch_may_be_run_again(contract: Contract):
    first, *others = synapse.batches(contract, "lake", PLACE)
    assert first.database == "master"
    assert {batch.database for batch in others} == {"lake"}
    for batch in (first, *others):
        assert batch.text.startswith(("IF DB_ID(", "IF NOT EXISTS (", "CREATE OR ALTER VIEW "))
    views = re.findall(r"VIEW \[dbo\]\.\[(\w+)\]", "\n".join(batch.text for batch in others))
    assert views == ["silver", "gold", "bronze"]


def test_bronze_is_read_as_the_only_parser_with_gzip_reads_it(contract: Contract):
    bronze = synapse.batches(contract, "lake", PLACE)[-1].text
    assert "PARSER_VERSION = '1.0', DATA_COMPRESSION = 'GZIP'" in bronze
    assert "*.jsonl.gz" in bronze


def test_every_text_says_its_collation_and_its_length():
    fields = (
        *ROLES,
        Field("short", "string", max_length=10),
        Field("long", "string", max_length=4096),
        Field("who", "string", personal=True, max_length=10),
        Field("free", "object"),
        Field("count", "integer"),
        Field("share", "number"),
        Field("sure", "boolean"),
        Field("born", "date"),
    )
    silver = synapse.batches(Contract("c", "1", fields), "lake", PLACE)[3].text
    for column in (
        "[class] VARCHAR(1) COLLATE Latin1_General_100_BIN2_UTF8",
        "[short] VARCHAR(40) COLLATE Latin1_General_100_BIN2_UTF8",
        "[long] VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8",
        "[who] VARCHAR(8000) COLLATE Latin1_General_100_BIN2_UTF8",  # a token, which is longer than the value
        "[free] VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8",
        "[count] BIGINT",
        "[share] FLOAT",
        "[sure] BIT",
        "[born] DATE",
        "[at] DATETIME2(6)",
        "[arrived_day] DATE",
    ):
        assert f"  {column}" in silver
    assert not any(word in silver for word in NEWER)


@pytest.mark.parametrize(
    ("database", "place"),
    [
        ("x]; DROP DATABASE y", PLACE),
        ("x'", PLACE),
        ("", PLACE),
        ("lake", "https://a/b'c"),
        ("lake", "http://homeshoretest.dfs.core.windows.net/lake"),
        ("lake", PLACE + "/x"),
    ],
)
def test_no_name_carries_sql(contract: Contract, database: str, place: str):
    with pytest.raises(ValueError, match="is no"):
        synapse.batches(contract, database, place)
