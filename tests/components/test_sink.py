"""The queryable lake: bronze's table by value, a workgroup that cannot be overridden."""

from __future__ import annotations

import base64
import json
from typing import cast

import pytest
import zstandard

import geography
from components.aws.tables import REFRESHED_DAYS, tables
from events.contract import SHIPPED, load
from events.generator import generate
from homeshore.engine import Resource
from processor import sql
from processor.core import Batch, Context, process
from processor.keys import KeyRing
from stacks import sizing
from stacks.config import StackConfig
from tests.components.conftest import ACCOUNT, HOME, MAXIMAL, MINIMAL, Preview, named, of_type

LAKE = f"homeshore-test-g1-{ACCOUNT}-{HOME}-lake"


@pytest.fixture
def bronze(preview: Preview) -> Resource:
    return named(preview(), "aws:glue/catalogTable:CatalogTable", "pipeline-sink-bronze")


def test_bronze_has_the_contracts_columns_in_their_order(bronze: Resource) -> None:
    descriptor = cast("dict[str, list[dict[str, str]]]", bronze.inputs["storageDescriptor"])
    assert [(c["name"], c["type"]) for c in descriptor["columns"]] == [(c.name, c.type) for c in load(SHIPPED).columns]
    assert all(len(c.get("comment", "")) <= 255 for c in descriptor["columns"])


def test_bronze_reads_what_the_processor_writes(bronze: Resource) -> None:
    descriptor = cast("dict[str, object]", bronze.inputs["storageDescriptor"])
    assert descriptor["location"] == f"s3://{LAKE}/bronze/"
    serde = cast("dict[str, object]", descriptor["serDeInfo"])
    assert serde["serializationLibrary"] == "org.openx.data.jsonserde.JsonSerDe"
    assert cast("dict[str, str]", serde["parameters"])["ignore.malformed.json"] == "false"
    assert bronze.inputs["tableType"] == "EXTERNAL_TABLE"


def test_what_was_refused_has_tables_too(preview: Preview) -> None:
    tables = of_type(preview(), "aws:glue/catalogTable:CatalogTable")
    places = {t.inputs["name"]: cast("dict[str, object]", t.inputs["storageDescriptor"])["location"] for t in tables}
    assert places == {
        "bronze": f"s3://{LAKE}/bronze/",
        "quarantine": f"s3://{LAKE}/quarantine/",
        "dead_letter": f"s3://{LAKE}/dead-letter/",
    }


def test_the_tables_declare_what_the_processor_writes() -> None:
    """Every key of every row has a column: accepted, foreign and undecodable events, processed for real."""
    contract = load(SHIPPED)
    ring = KeyRing.from_secret(json.dumps({"current": "k1", "keys": {"k1": base64.b64encode(b"k" * 32).decode()}}))
    context = Context(contract, ring, geography.boundary("eu").countries, "events")
    sent = [
        r.data for r in generate(contract, 200, seed=1, boundary="eu", foreign=0.2, undecodable=0.2, duplicates=0.1)
    ]
    numbers = [str(number) for number in range(len(sent))]
    stored = process(Batch("shard", numbers, [0.0] * len(sent), sent), context).objects
    declared = {table.prefix: {column.name for column in table.columns} for table in tables(contract)}
    assert {found.kind for found in stored} == set(declared)
    for found in stored:
        lines = zstandard.ZstdDecompressor().decompressobj().decompress(found.body).splitlines()
        written = {key for line in lines for key in json.loads(line)}
        assert written == declared[found.kind]


def test_the_models_are_saved_in_the_workgroup(preview: Preview) -> None:
    snapshot = preview()
    saved = {r.inputs["name"]: r for r in of_type(snapshot, "aws:athena/namedQuery:NamedQuery")}
    assert set(saved) == {
        "silver-create",
        "silver-refresh",
        "silver-expire",
        "silver-vacuum",
        "gold-create",
        "gold-refresh",
        "events-by-hour",
    }
    (workgroup,) = of_type(snapshot, "aws:athena/workgroup:Workgroup")
    for query in saved.values():
        assert query.property_dependencies["workgroup"] == (workgroup.urn,)
        assert query.inputs["database"] == "homeshore_test_g1_lake"
        assert "homeshore_test_g1_lake" in str(query.inputs["query"])
    assert saved["silver-refresh"].inputs["query"] == sql.silver_refresh(
        load(SHIPPED), "athena", "homeshore_test_g1_lake", since=REFRESHED_DAYS
    )
    # Neither refresh reads the whole of silver: a workgroup with a scan limit would refuse it after some weeks.
    assert saved["gold-refresh"].inputs["query"] == sql.gold_refresh(
        load(SHIPPED), "athena", "homeshore_test_g1_lake", since=REFRESHED_DAYS
    )
    assert saved["silver-expire"].inputs["query"] == sql.silver_expire("homeshore_test_g1_lake", 730)
    for name in ("silver", "gold"):
        assert f"LOCATION 's3://{LAKE}/{name}/'" in str(saved[f"{name}-create"].inputs["query"])


def test_partitions_follow_from_the_layout(bronze: Resource) -> None:
    assert bronze.inputs["partitionKeys"] == [{"name": "day", "type": "string"}, {"name": "hour", "type": "string"}]
    assert bronze.inputs["parameters"] == {
        "EXTERNAL": "TRUE",
        "classification": "json",
        "compressionType": "zstd",
        "projection.enabled": "true",
        "projection.day.type": "date",
        "projection.day.format": "yyyy-MM-dd",
        "projection.day.range": "NOW-730DAYS,NOW",
        "projection.day.interval": "1",
        "projection.day.interval.unit": "DAYS",
        "projection.hour.type": "integer",
        "projection.hour.range": "0,23",
        "projection.hour.digits": "2",
        "storage.location.template": f"s3://{LAKE}/bronze/day=${{day}}/hour=${{hour}}/",
    }


def test_the_days_that_are_looked_for_are_the_days_that_are_kept(preview: Preview) -> None:
    table = named(preview(MAXIMAL), "aws:glue/catalogTable:CatalogTable", "pipeline-sink-bronze")
    assert cast("dict[str, str]", table.inputs["parameters"])["projection.day.range"] == "NOW-3650DAYS,NOW"


@pytest.mark.parametrize("changes", [{}, MAXIMAL], ids=["minimal", "maximal"])
def test_the_workgroup_enforces_key_and_scan_limit(preview: Preview, changes: dict[str, object]) -> None:
    snapshot = preview(changes)
    (workgroup,) = of_type(snapshot, "aws:athena/workgroup:Workgroup")
    (key,) = of_type(snapshot, "aws:kms/key:Key")
    config = StackConfig.model_validate({**MINIMAL, **changes})
    plan = sizing.plan(config.placement, config.workload, config.latency, config.retention, config.slo)
    settings = cast("dict[str, object]", workgroup.inputs["configuration"])
    results = cast("dict[str, object]", settings["resultConfiguration"])
    assert settings["enforceWorkgroupConfiguration"] is True
    assert settings["publishCloudwatchMetricsEnabled"] is True
    assert settings["bytesScannedCutoffPerQuery"] == plan.operations.scan_limit_bytes
    assert str(results["outputLocation"]).endswith("-lake/query-results/")
    assert results["expectedBucketOwner"] == ACCOUNT
    assert cast("dict[str, str]", results["encryptionConfiguration"])["encryptionOption"] == "SSE_KMS"
    assert key.urn in workgroup.property_dependencies["configuration"]
