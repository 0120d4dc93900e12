"""A stack of Google Cloud with a standby: two of everything that holds data, and what is copied between the lakes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import geography
import validity
from components.gcp.processor import DATA_PREFIXES
from components.gcp.standby import looked_back
from components.lifecycle import LifecycleRule, housekeeping, lake_rules
from homeshore.engine import Resource, Snapshot
from tests.components.gcp.conftest import LARGE, OPEN, SMALL, GcpPreview
from tests.components.gcp.recording import HOME, NUMBER, PROJECT, of_type

OTHER = geography.partners("gcp", HOME, "eu")[0].region.name
WITH = {"standby": {"region": OTHER}}
DELETABLE = {"protect": False, "removal": "destroy"}
EVERY = pytest.mark.parametrize(
    "config",
    [{**SMALL, **WITH}, {**LARGE, **WITH}, {**OPEN, **WITH}, {**SMALL, **WITH, **DELETABLE}],
    ids=["small", "large", "open", "deletable"],
)
JOB = "gcp:storage/transferJob:TransferJob"
AGENT = f"serviceAccount:project-{NUMBER}@storage-transfer-service.iam.gserviceaccount.com"
WITHOUT_COUNTERPART = {"pipeline-sink", "pipeline-observability"}
NAMES = ("name", "accountId", "bucketId", "repositoryId", "secretId", "datasetId", "roleId")
INSIDE_ANOTHER = {"RecordSet", "CryptoKey", "Table", "IamMember"}
"""Named within a zone, a ring or a dataset."""
INSIDE_A_REGION = {
    "KeyRing",
    "ProjectBucketConfig",
    "RegionalEndpoint",
    "RegionalSecret",
    "RegionalSecretIamMember",
    "Repository",
    "Subnetwork",
    "WorkerPool",
}


def managed(snapshot: Snapshot) -> list[Resource]:
    return [each for each in snapshot.resources if each.managed]


def kind(resource: Resource) -> str:
    return resource.type.rpartition(":")[2]


def stands_by(resource: Resource) -> bool:
    return "StandbyPipeline$" in resource.urn


def lake(region: str) -> str:
    return f"homeshore-test-g1-{region}-lake-a1e4c657"


@EVERY
def test_a_provider_would_take_every_input(gcp_preview: GcpPreview, config: dict[str, object]) -> None:
    found = managed(gcp_preview(config))
    assert len(found) > 100
    for each in found:
        assert validity.check(each.type, dict(each.inputs)) == (), each.urn


@EVERY
def test_each_region_has_its_own_provider(gcp_preview: GcpPreview, config: dict[str, object]) -> None:
    snapshot = gcp_preview(config)
    providers = {each.name: each for each in snapshot.resources if each.is_provider}
    assert {name: each.inputs["region"] for name, each in providers.items()} == {"primary": HOME, "standby": OTHER}
    assert {each.inputs["project"] for each in providers.values()} == {PROJECT}
    seen = Counter(stands_by(each) for each in managed(snapshot))
    assert min(seen.values()) > 30
    for each in managed(snapshot):
        assert str(each.provider).startswith(providers["standby" if stands_by(each) else "primary"].urn), each.urn


@EVERY
def test_everything_lies_where_it_belongs(gcp_preview: GcpPreview, config: dict[str, object]) -> None:
    found = managed(gcp_preview(config))
    for each in found:
        region = OTHER if stands_by(each) else HOME
        for key in ("location", "region"):
            if key in each.inputs:
                assert str(each.inputs[key]).casefold() == region, each.urn
        assert "customPlacementConfig" not in each.inputs
    placed = {kind(each) for each in found if stands_by(each) and "location" in each.inputs}
    assert {"Bucket", "KeyRing", "ProjectBucketConfig", "RegionalSecret", "Repository", "WorkerPool"} <= placed


@EVERY
def test_no_name_is_taken_twice(gcp_preview: GcpPreview, config: dict[str, object]) -> None:
    snapshot = gcp_preview(config)
    assert len({each.urn for each in snapshot.resources}) == len(snapshot.resources)
    taken = Counter(
        (kind(each), key, each.inputs[key])
        for each in managed(snapshot)
        for key in NAMES
        if key in each.inputs and kind(each) not in INSIDE_ANOTHER
    )
    assert sum(taken.values()) > 40
    assert {entry[0] for entry, count in taken.items() if count > 1} <= INSIDE_A_REGION
    assert max(taken.values()) == 2


@EVERY
def test_the_standby_is_the_primary_without_sql_and_alarms(gcp_preview: GcpPreview, config: dict[str, object]) -> None:
    children: dict[str, set[str]] = {"pipeline": set(), "standby": set()}
    for each in gcp_preview(config).resources:
        parent = str(each.parent).rpartition("::")[2]
        if each.type.startswith("homeshore:gcp:") and parent in children:
            children[parent].add(each.name)
    primary = {name for name in children["pipeline"] if name.startswith("pipeline-")} - WITHOUT_COUNTERPART
    assert children["standby"] == {name.replace("pipeline-", "standby-") for name in primary}
    assert children["pipeline"] - primary - WITHOUT_COUNTERPART == {"standby-pair"}


def test_without_a_standby_nothing_is_copied(gcp_preview: GcpPreview) -> None:
    assert not of_type(gcp_preview(SMALL), JOB)


def test_new_objects_are_copied_every_hour_under_the_standbys_key(gcp_preview: GcpPreview) -> None:
    job = of_type(gcp_preview({**SMALL, **WITH}), JOB)["standby-pair-to-standby"]
    assert job.inputs == {
        "name": f"transferJobs/homeshore-test-g1-{HOME}-to-standby",
        "project": PROJECT,
        "description": f"test's lake of {HOME}: to standby",
        "status": "ENABLED",
        "transferSpec": {
            "gcsDataSource": {"bucketName": lake(HOME)},
            "gcsDataSink": {"bucketName": lake(OTHER)},
            "objectConditions": {
                "includePrefixes": ["bronze/", "quarantine/", "dead-letter/"],
                "maxTimeElapsedSinceLastModification": "604800s",
            },
            "transferOptions": {
                "overwriteWhen": "NEVER",
                "deleteObjectsUniqueInSink": False,
                "deleteObjectsFromSourceAfterTransfer": False,
                "metadataOptions": {"kmsKey": "KMS_KEY_DESTINATION_BUCKET_DEFAULT"},
            },
        },
        "schedule": {"scheduleStartDate": {"year": 2026, "month": 1, "day": 1}, "repeatInterval": "3600s"},
        "loggingConfig": {"logActions": ["FIND", "COPY"], "logActionStates": ["FAILED"]},
    }


def test_the_way_back_is_prepared_and_waits_for_a_command(gcp_preview: GcpPreview) -> None:
    jobs = of_type(gcp_preview({**SMALL, **WITH}), JOB)
    there, back = jobs["standby-pair-to-standby"].inputs, jobs["standby-pair-from-standby"].inputs
    assert len(jobs) == 2
    spec: Any = back["transferSpec"]
    forth: Any = there["transferSpec"]
    assert back["name"] == f"transferJobs/homeshore-test-g1-{HOME}-from-standby"
    assert "schedule" not in back
    assert "eventStream" not in back
    assert spec["gcsDataSource"] == {"bucketName": lake(OTHER)}
    assert spec["gcsDataSink"] == {"bucketName": lake(HOME)}
    assert spec["objectConditions"] == {
        "includePrefixes": list(DATA_PREFIXES),
        "maxTimeElapsedSinceLastModification": f"{31 * 86_400}s",
    }
    assert spec["transferOptions"] == forth["transferOptions"]


@pytest.mark.parametrize(
    ("days", "kept", "looked"),
    [(7, 730, 7), (31, 32, 31), (31, 31, 30), (7, 5, 4), (7, 1, 1)],
)
def test_no_run_looks_for_what_the_other_lake_may_have_let_expire(days: int, kept: int, looked: int) -> None:
    assert looked_back(days, lake_rules((), kept)) == looked


def test_only_the_rules_of_what_is_copied_count_and_an_owners_are_not_known() -> None:
    assert looked_back(7, ()) == 7
    assert looked_back(7, (LifecycleRule("q", "query-results/", delete_after_days=2), housekeeping(1))) == 7
    assert looked_back(7, (LifecycleRule("d", "dead-letter/", delete_after_days=3),)) == 2


def test_a_short_retention_shortens_both_ways(gcp_preview: GcpPreview) -> None:
    short = {"replay_hours": 24, "hot_days": 5, "cool_days": 5, "delete_after_days": 5}
    jobs = of_type(gcp_preview({**SMALL, **WITH, "retention": short}), JOB)
    for each in jobs.values():
        spec: Any = each.inputs["transferSpec"]
        assert spec["objectConditions"]["maxTimeElapsedSinceLastModification"] == f"{4 * 86_400}s"


def test_the_transfer_service_may_read_and_add_and_nothing_else_before_it_starts(gcp_preview: GcpPreview) -> None:
    snapshot = gcp_preview({**SMALL, **WITH})
    grants = [each for each in managed(snapshot) if each.inputs.get("member") == AGENT]
    roles = {"roles/storage.objectViewer", "roles/storage.objectCreator", "roles/storage.legacyBucketReader"}
    assert {kind(each) for each in grants} == {"BucketIAMMember"}
    assert {(each.inputs["bucket"], each.inputs["role"]) for each in grants} == {
        (lake(region), role) for region in (HOME, OTHER) for role in roles
    }
    assert len(grants) == 6
    for each in grants:
        assert stands_by(each) == (each.inputs["bucket"] == lake(OTHER))
    for job in of_type(snapshot, JOB).values():
        assert {each.urn for each in grants} <= set(job.dependencies)


def test_copies_that_failed_are_kept_in_the_region(gcp_preview: GcpPreview) -> None:
    snapshot = gcp_preview({**SMALL, **WITH})
    sink = of_type(snapshot, "gcp:logging/projectSink:ProjectSink")["pipeline-access-logs-sink"]
    (line,) = [each for each in str(sink.inputs["filter"]).splitlines() if "storage_transfer_job" in each]
    names = [str(each.inputs["name"]).removeprefix("transferJobs/") for each in of_type(snapshot, JOB).values()]
    assert len(names) == 2
    assert line.removeprefix("OR ").startswith('(resource.type="storage_transfer_job" AND resource.labels.job_id:(')
    for name in names:
        assert f'"{name}"' in line


def test_each_lake_is_under_its_own_regions_key(gcp_preview: GcpPreview) -> None:
    found = of_type(gcp_preview({**SMALL, **WITH}), "gcp:storage/bucket:Bucket")
    keys = {name: str(each.inputs["encryption"]) for name, each in found.items()}  # type: ignore[index]
    assert len(keys) == 6
    for name, encryption in keys.items():
        assert f"/locations/{OTHER if name.startswith('standby') else HOME}/keyRings/" in encryption


def test_both_topics_may_be_stored_in_both_regions_each_under_its_own_key(gcp_preview: GcpPreview) -> None:
    topics = of_type(gcp_preview({**SMALL, **WITH}), "gcp:pubsub/topic:Topic")
    assert len(topics) == 4
    for each in topics.values():
        own, other = (OTHER, HOME) if stands_by(each) else (HOME, OTHER)
        assert each.inputs["messageStoragePolicy"] == {
            "allowedPersistenceRegions": [own, other],
            "enforceInTransit": True,
        }
        assert f"/locations/{own}/keyRings/" in str(each.inputs["kmsKeyName"])
        assert own in str(each.inputs["name"])


def test_producers_get_both_addresses(gcp_preview: GcpPreview) -> None:
    outputs = gcp_preview({**SMALL, **WITH}).outputs
    assert outputs["endpoint"] == outputs["failover_endpoint"] == f"https://{HOME}-pubsub.googleapis.com"
    assert outputs["standby_endpoint"] == f"https://{OTHER}-pubsub.googleapis.com"
    assert outputs["standby_stream"] == f"homeshore-test-g1-{OTHER}-events"
    assert outputs["standby_bucket"] == lake(OTHER)
    assert str(outputs["standby_pseudonym_secret"]).startswith(f"projects/{PROJECT}/locations/{OTHER}/secrets/")
