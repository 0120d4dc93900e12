"""The datasets, their tables and views, and the scheduled query, each setting by value."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from components.contracts import Parts
from components.gcp.tables import NOTHING, refreshed_days, schedule, views
from homeshore.engine import Resource
from processor.sql import bigquery as models
from tests.components.gcp.recording import HOME, PROJECT, STREAM, of_type
from tests.components.gcp.whole import SINK, scope, usual, whole

DATASET, TABLE = "gcp:bigquery/dataset:Dataset", "gcp:bigquery/table:Table"
LAKE = f"homeshore_test_g1_{HOME}_lake".replace("-", "_")
READERS = f"homeshore_test_g1_{HOME}_sql".replace("-", "_")
KEY = f"projects/{PROJECT}/locations/{HOME}/keyRings/homeshore-test-g1-keys/cryptoKeys/data"
REFRESH = "serviceAccount:hs-test-g1-refresh-"
KEEP_MS = 401 * 86_400_000


def table(name: str) -> Resource:
    return of_type(usual(), TABLE)[name]


def test_the_lakes_dataset_by_value() -> None:
    dataset = of_type(usual(), DATASET)["s"]
    inputs = dict(dataset.inputs)
    accesses = inputs.pop("accesses")
    assert dataset.protect
    assert inputs == {
        "datasetId": LAKE,
        "project": PROJECT,
        "location": HOME,
        "description": f"Events of homeshore-test-g1-{HOME}-events in {HOME}",
        "defaultEncryptionConfiguration": {"kmsKeyName": KEY},
        "defaultPartitionExpirationMs": KEEP_MS,
        "maxTimeTravelHours": "48",
        "storageBillingModel": "LOGICAL",
        "deleteContentsOnDestroy": False,
        "labels": {"data_classification": "pseudonymised"},
    }
    owners, refresh, readers = accesses
    assert owners == {"role": "OWNER", "specialGroup": "projectOwners"}
    assert refresh["role"] == "READER"
    assert f"serviceAccount:{refresh['userByEmail']}".startswith(REFRESH)
    assert readers == {"dataset": {"dataset": {"projectId": PROJECT, "datasetId": READERS}, "targetTypes": ["VIEWS"]}}


def test_nobody_has_a_right_on_the_readers_dataset_itself() -> None:
    readers = of_type(usual(), DATASET)["s-readers"].inputs
    assert (readers["datasetId"], readers["location"]) == (READERS, HOME)
    assert readers["accesses"] == [{"role": "OWNER", "specialGroup": "projectOwners"}]
    assert readers["defaultEncryptionConfiguration"] == {"kmsKeyName": KEY}
    assert "defaultPartitionExpirationMs" not in readers
    assert "defaultTableExpirationMs" not in readers


def test_contents_go_only_when_both_keys_are_turned() -> None:
    erasable = whole(scope(protect=False, destroys=True))
    kept = whole(scope(protect=False, destroys=False))
    for name in ("s", "s-readers"):
        assert of_type(erasable, DATASET)[name].inputs["deleteContentsOnDestroy"] is True
        assert of_type(kept, DATASET)[name].inputs["deleteContentsOnDestroy"] is False
    for name in ("s-silver", "s-gold"):
        assert of_type(erasable, TABLE)[name].inputs["deletionProtection"] is False
        assert of_type(kept, TABLE)[name].inputs["deletionProtection"] is True


@pytest.mark.parametrize(
    ("name", "prefix"), [("bronze", "bronze"), ("quarantine", "quarantine"), ("dead-letter", "dead-letter")]
)
def test_the_objects_are_read_where_the_worker_writes_them(name: str, prefix: str) -> None:
    inputs = table(f"s-{name}").inputs
    bucket = of_type(usual(), "gcp:storage/bucket:Bucket")["pipeline-lake"].inputs["name"]
    assert inputs["datasetId"] == LAKE
    assert inputs["tableId"] == name.replace("-", "_")
    external = dict(inputs["externalDataConfiguration"])
    columns = json.loads(external.pop("schema"))
    assert "REQUIRED" not in {column["mode"] for column in columns}
    assert not {"day", "hour"} & {column["name"] for column in columns}
    assert external == {
        "sourceFormat": "NEWLINE_DELIMITED_JSON",
        "compression": "GZIP",
        "autodetect": False,
        "sourceUris": [f"gs://{bucket}/{prefix}/*"],
        "ignoreUnknownValues": True,
        "maxBadRecords": 0,
        "hivePartitioningOptions": {
            "mode": "CUSTOM",
            "sourceUriPrefix": f"gs://{bucket}/{prefix}/{{day:DATE}}/{{hour:STRING}}",
            "requirePartitionFilter": True,
        },
    }


@pytest.mark.parametrize(
    ("name", "prefix"), [("bronze", "bronze"), ("quarantine", "quarantine"), ("dead-letter", "dead-letter")]
)
def test_a_table_over_partitions_waits_for_its_first_object(name: str, prefix: str) -> None:
    first = of_type(usual(), "gcp:storage/bucketObject:BucketObject")[f"s-{name}-first"]
    assert first.inputs["name"] == f"{prefix}/day=1970-01-01/hour=00/none.jsonl.gz"
    assert first.inputs["bucket"] == of_type(usual(), "gcp:storage/bucket:Bucket")["pipeline-lake"].inputs["name"]
    assert first.urn in table(f"s-{name}").dependencies
    assert any(urn.endswith("::pipeline-lake") for urn in first.dependencies)


def test_the_first_object_holds_no_row_as_the_reader_reads_it() -> None:
    assert gzip.decompress((Path(__file__).parents[3] / NOTHING).read_bytes()) == b""


def test_silver_is_cut_by_day_of_arrival_and_forgets_days() -> None:
    silver = table("s-silver")
    assert silver.protect
    assert silver.inputs["timePartitioning"] == {"type": "DAY", "field": "arrived_at", "expirationMs": KEEP_MS}
    assert silver.inputs["requirePartitionFilter"] is True
    assert silver.inputs["clusterings"] == ["tenant_id", "event_type"]
    assert silver.inputs["encryptionConfiguration"] == {"kmsKeyName": KEY}
    assert silver.inputs["schema"] == models.schema(models.silver_table(STREAM.contract).columns)


def test_gold_is_small_and_stays() -> None:
    gold = table("s-gold")
    assert gold.protect
    assert "timePartitioning" not in gold.inputs
    assert gold.inputs["requirePartitionFilter"] is False
    assert gold.inputs["clusterings"] == ["hour_start", "event_type"]
    assert gold.inputs["encryptionConfiguration"] == {"kmsKeyName": KEY}


def test_readers_see_the_columns_of_silver_and_gold() -> None:
    events, by_hour = views(STREAM.contract, "project-x", "lake_x")
    assert events.query.endswith("FROM `project-x`.`lake_x`.`silver`")
    assert by_hour.query == (
        "SELECT\n  `hour_start`,\n  `event_type`,\n  `events`,\n  `users`\nFROM `project-x`.`lake_x`.`gold`"
    )
    assert [line.strip(" ,`") for line in events.query.splitlines()[1:-1]] == [
        column.name for column in models.silver_table(STREAM.contract).columns
    ]


def test_a_refresh_reads_yesterday_and_today() -> None:
    refresh = of_type(usual(), "gcp:bigquery/dataTransferConfig:DataTransferConfig")["s-refresh"]
    assert "WHERE day >= DATE_SUB(CURRENT_DATE('UTC'), INTERVAL 1 DAY)" in refresh.inputs["params"]["query"]


@pytest.mark.parametrize(("minutes", "days"), [(1, 1), (60, 1), (720, 1), (721, 2), (1440, 2), (10_000, 2)])
def test_a_run_catches_up_after_one_that_failed(minutes: int, days: int) -> None:
    assert refreshed_days(minutes) == days
    # From midnight of that day on, so never less than twice the time between two runs.
    assert days * 1440 >= 2 * min(minutes, 1440)
    daily = whole(sink=replace(SINK, refresh_minutes=minutes))
    refresh = of_type(daily, "gcp:bigquery/dataTransferConfig:DataTransferConfig")["s-refresh"]
    assert f"WHERE day >= DATE_SUB(CURRENT_DATE('UTC'), INTERVAL {days} DAY)" in refresh.inputs["params"]["query"]


def test_the_views_and_the_refresh_are_sql_that_bigquery_reads() -> None:
    texts = [view.query for view in views(STREAM.contract, PROJECT, LAKE)]
    texts.append(
        of_type(usual(), "gcp:bigquery/dataTransferConfig:DataTransferConfig")["s-refresh"].inputs["params"]["query"]
    )
    parsed = [statement for text in texts for statement in sqlglot.parse(text, read="bigquery") if statement]
    assert [statement.key for statement in parsed] == ["select", "select", "merge", "merge"]
    read = {table.sql(dialect="bigquery", identify=False) for one in parsed for table in one.find_all(exp.Table)}
    assert {name.partition(" ")[0].replace("`", "") for name in read} == {
        f"{PROJECT}.{LAKE}.{layer}" for layer in ("bronze", "silver", "gold")
    }


def test_the_views_stand_in_the_readers_dataset_over_the_lakes() -> None:
    for name, source in (("events", "silver"), ("events-by-hour", "gold")):
        inputs = table(f"s-{name}").inputs
        assert (inputs["datasetId"], inputs["tableId"]) == (READERS, name.replace("-", "_"))
        assert inputs["view"]["useLegacySql"] is False
        assert inputs["view"]["query"].endswith(f"FROM `{PROJECT}`.`{LAKE}`.`{source}`")


def test_the_scheduled_query_by_value() -> None:
    refresh = of_type(usual(), "gcp:bigquery/dataTransferConfig:DataTransferConfig")["s-refresh"]
    inputs = dict(refresh.inputs)
    assert f"serviceAccount:{inputs.pop('serviceAccountName')}".startswith(REFRESH)
    assert inputs == {
        "project": PROJECT,
        "displayName": f"homeshore-test-g1-{HOME}-refresh",
        "dataSourceId": "scheduled_query",
        "location": HOME,
        "schedule": "every 17 minutes",
        "params": {"query": models.refresh_script(STREAM.contract, f"{PROJECT}.{LAKE}", 1)},
        "encryptionConfiguration": {"kmsKeyName": KEY},
    }


def test_the_scheduled_query_waits_for_its_tables_and_rights() -> None:
    refresh = of_type(usual(), "gcp:bigquery/dataTransferConfig:DataTransferConfig")["s-refresh"]
    names = {urn.rpartition("::")[2] for urn in refresh.dependencies}
    assert {"s-bronze", "s-silver", "s-gold"} <= names
    assert {"s-refresh-jobs", "s-refresh-silver", "s-refresh-gold", "s-refresh-lake"} <= names


def test_the_refresh_may_write_two_tables_read_the_lake_and_run_jobs() -> None:
    role = of_type(usual(), "gcp:projects/iAMCustomRole:IAMCustomRole")["s-refresh-role"].inputs
    assert role["permissions"] == [
        "bigquery.tables.get",
        "bigquery.tables.getData",
        "bigquery.tables.updateData",
    ]
    writes = f"projects/{PROJECT}/roles/{role['roleId']}"
    rights = {
        (r.type.rpartition(":")[2], r.inputs["role"], r.inputs.get("tableId"))
        for r in usual().resources
        if str(r.inputs.get("member", "")).startswith(REFRESH)
    }
    assert rights == {
        ("IAMMember", "roles/bigquery.jobUser", None),
        ("IamMember", writes, "silver"),
        ("IamMember", writes, "gold"),
        ("BucketIAMMember", "roles/storage.objectViewer", None),
    }


def test_a_reader_gets_the_views_and_nothing_else() -> None:
    analyst = "group:analysts@example.com"
    snapshot = whole(then=lambda parts: parts.sink.grant_read("analysts", analyst))
    granted = [r for r in snapshot.resources if r.inputs.get("member") == analyst]
    assert {(r.name, r.type, r.inputs["role"], r.inputs["datasetId"], r.inputs["tableId"]) for r in granted} == {
        (f"analysts-{view}", "gcp:bigquery/iamMember:IamMember", "roles/bigquery.dataViewer", READERS, table_id)
        for view, table_id in (("events", "events"), ("events-by-hour", "events_by_hour"))
    }


def test_the_handles_are_known_before_anything_exists() -> None:
    seen: dict[str, str] = {}

    def look(parts: Parts) -> None:
        for name in ("name", "workgroup", "resource_id", "uri"):
            getattr(parts.sink, name).apply(lambda value, name=name: seen.update({name: value}))

    whole(then=look)
    assert seen == {
        "name": LAKE,
        "workgroup": READERS,
        "resource_id": f"projects/{PROJECT}/datasets/{LAKE}",
        "uri": f"bigquery://{PROJECT}/{READERS}?location={HOME}",
    }


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (1, "every 5 minutes"),
        (5, "every 5 minutes"),
        (59, "every 59 minutes"),
        (60, "every 1 hours"),
        (90, "every 90 minutes"),
        (1440, "every 24 hours"),
        (10_000, "every 24 hours"),
    ],
)
def test_how_often_it_runs(minutes: int, said: str) -> None:
    assert schedule(minutes) == said


def test_the_shortest_retention_is_a_day() -> None:
    snapshot = whole(sink=replace(SINK, keep_days=1, refresh_minutes=1))
    silver = of_type(snapshot, TABLE)["s-silver"].inputs["timePartitioning"]
    assert silver["expirationMs"] == 86_400_000
