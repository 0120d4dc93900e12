"""Every bucket, each setting by value, its lifecycle, its grants, and where it may lie."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.base import Classification
from components.gcp.bucket import Bucket
from components.gcp.closed import lifecycle_rules, soft_delete_seconds
from components.lifecycle import LifecycleRule, Move, housekeeping
from homeshore.engine import ProgramFailed, Resource, Snapshot
from tests.components.gcp.recording import (
    HOME,
    LAKE,
    Everything,
    of_type,
    pipeline,
    record,
    scope,
)

BUCKET = "gcp:storage/bucket:Bucket"
MEMBER = "gcp:storage/bucketIAMMember:BucketIAMMember"
NAME = f"homeshore-test-g1-{HOME}-lake-a1e4c657"


def bucket(snapshot: Snapshot, role: str) -> Resource:
    return of_type(snapshot, BUCKET)[f"pipeline-{role}"]


def test_a_bucket_is_private_versioned_and_kept_in_the_region() -> None:
    snapshot = record(lambda: Everything(pipeline()))
    lake = bucket(snapshot, "lake")
    assert lake.inputs["name"] == NAME
    assert lake.inputs["location"] == HOME.upper()
    assert "customPlacementConfig" not in lake.inputs
    assert lake.inputs["uniformBucketLevelAccess"] is True
    assert lake.inputs["publicAccessPrevention"] == "enforced"
    assert lake.inputs["versioning"] == {"enabled": True}
    assert lake.inputs["autoclass"] == {"enabled": False}
    assert lake.inputs["softDeletePolicy"] == {"retentionDurationSeconds": 7 * 86400}
    assert lake.inputs["forceDestroy"] is False
    assert lake.inputs["labels"] == {"data_classification": "pseudonymised"}
    assert (lake.protect, lake.retain_on_delete) == (True, True)


@pytest.mark.parametrize("role", ["lake", "failed"])
def test_only_our_key_encrypts_and_its_agent_is_let_in_first(role: str) -> None:
    snapshot = record(lambda: Everything(pipeline()))
    made = bucket(snapshot, role)
    encryption: Any = made.inputs["encryption"]
    key = of_type(snapshot, "gcp:kms/cryptoKey:CryptoKey")["pipeline-key"]
    agent = of_type(snapshot, "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember")["pipeline-key-storage"]
    assert encryption["defaultKmsKeyName"] == f"{key.inputs['keyRing']}/cryptoKeys/data"
    assert encryption["googleManagedEncryptionEnforcementConfig"] == {"restrictionMode": "FullyRestricted"}
    assert encryption["customerSuppliedEncryptionEnforcementConfig"] == {"restrictionMode": "FullyRestricted"}
    assert key.urn in made.property_dependencies["encryption"]
    assert agent.urn in made.dependencies
    (sink,) = of_type(snapshot, "gcp:logging/projectSink:ProjectSink").values()
    assert sink.urn in made.dependencies


@pytest.mark.parametrize("role", ["lake", "failed"])
def test_usage_logs_go_to_the_bucket_that_takes_them_once_they_can_be_delivered(role: str) -> None:
    snapshot = record(lambda: Everything(pipeline()))
    made, usage = bucket(snapshot, role), bucket(snapshot, "logs-usage")
    assert made.inputs["logging"] == {"logBucket": usage.inputs["name"], "logObjectPrefix": role}
    assert usage.urn in made.property_dependencies["logging"]
    assert of_type(snapshot, MEMBER)["pipeline-logs-deliver"].urn in made.dependencies


def test_raw_personal_data_is_gone_once_it_is_deleted() -> None:
    failed = bucket(record(lambda: Everything(pipeline())), "failed")
    assert failed.inputs["softDeletePolicy"] == {"retentionDurationSeconds": 0}
    assert [soft_delete_seconds(each) for each in Classification] == [604_800, 604_800, 0]


def test_both_keys_turned_empty_the_bucket() -> None:
    within = scope(protect=False, destroys=True)
    lake = bucket(record(lambda: Everything(pipeline(within=within))), "lake")
    assert (lake.inputs["forceDestroy"], lake.protect, lake.retain_on_delete) == (True, False, False)


def translated(rule: LifecycleRule) -> list[tuple[Any, ...]]:
    """(action, storage class, age, days since replaced, state, prefixes) of each rule."""
    return [
        (
            each.action.type,
            each.action.storage_class,
            each.condition.age,
            each.condition.days_since_noncurrent_time,
            each.condition.with_state,
            each.condition.matches_prefixes,
        )
        for each in lifecycle_rules(rule)  # type: ignore[union-attr]
    ]


def test_a_rule_becomes_one_of_cloud_storage_for_each_thing_that_happens() -> None:
    rule = LifecycleRule("bronze", "bronze/", (Move("NEARLINE", 37), Move("COLDLINE", 97)), 401)
    assert translated(rule) == [
        ("SetStorageClass", "NEARLINE", 37, None, "LIVE", ["bronze/"]),
        ("SetStorageClass", "COLDLINE", 97, None, "LIVE", ["bronze/"]),
        ("Delete", None, 401, None, "LIVE", ["bronze/"]),
    ]
    assert translated(housekeeping(30)) == [
        ("Delete", None, None, 30, "ARCHIVED", None),
        ("AbortIncompleteMultipartUpload", None, 7, None, None, None),
    ]


def test_an_age_of_no_days_is_sent() -> None:
    (rule,) = lifecycle_rules(LifecycleRule("at-once", "", (Move("NEARLINE", 0),)))
    assert rule.condition.send_age_if_zero is True  # type: ignore[union-attr]
    (later,) = lifecycle_rules(LifecycleRule("later", "", (Move("NEARLINE", 1),)))
    assert later.condition.send_age_if_zero is None  # type: ignore[union-attr]


def test_grants_are_on_the_bucket_and_do_one_thing_each() -> None:
    who = "serviceAccount:a@b"

    def build() -> None:
        lake = Everything(pipeline()).lake
        lake.grant_read("r", who)
        lake.grant_write("w", who)
        lake.grant_replace("p", who, ("bronze/", "quarantine/"))
        lake.grant_deliver("d", who)

    granted = {name: each for name, each in of_type(record(build), MEMBER).items() if not name.startswith("pipeline")}
    assert {name: each.inputs["role"] for name, each in granted.items()} == {
        "r": "roles/storage.objectViewer",
        "w": "roles/storage.objectCreator",
        "p": "roles/storage.objectUser",
        "d-add": "roles/storage.objectCreator",
        "d-look": "roles/storage.legacyBucketReader",
    }
    assert {(each.inputs["bucket"], each.inputs["member"]) for each in granted.values()} == {(NAME, who)}
    conditions = {name: each.inputs["condition"] for name, each in granted.items() if "condition" in each.inputs}
    condition: Any = conditions.pop("p")
    assert not conditions
    assert condition["expression"] == (
        f'resource.name.startsWith("projects/_/buckets/{NAME}/objects/bronze/") || '
        f'resource.name.startsWith("projects/_/buckets/{NAME}/objects/quarantine/")'
    )


@pytest.mark.parametrize("redundancy", ["local", "pair"])
def test_a_redundancy_that_cloud_storage_has_not_is_refused(redundancy: Any) -> None:
    spec = replace(LAKE, redundancy=redundancy)
    with pytest.raises(ProgramFailed, match=f"storage redundancy '{redundancy}'.*use 'zone'"):
        record(lambda: Everything(pipeline(), lake=spec))


def test_handles_are_known_in_a_preview() -> None:
    found: dict[str, Any] = {}

    def build() -> None:
        lake = Everything(pipeline()).lake
        assert isinstance(lake, Bucket)
        for kind in ("name", "resource_id", "uri"):
            getattr(lake, kind).apply(lambda value, kind=kind: found.setdefault(kind, value))

    record(build)
    assert found == {"name": NAME, "resource_id": f"projects/_/buckets/{NAME}", "uri": f"gs://{NAME}"}
