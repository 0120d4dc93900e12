"""The region's log bucket, and what of the project's log entries comes into it."""

from __future__ import annotations

import re

from components.gcp.logs import of_the_stack
from tests.components.gcp.recording import HOME, PROJECT, Everything, of_type, pipeline, record, scope


def test_the_log_bucket_lies_in_the_region_under_our_key() -> None:
    snapshot = record(lambda: Everything(pipeline()))
    (bucket,) = of_type(snapshot, "gcp:logging/projectBucketConfig:ProjectBucketConfig").values()
    key = of_type(snapshot, "gcp:kms/cryptoKey:CryptoKey")["pipeline-key"]
    agent = of_type(snapshot, "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember")["pipeline-key-logging"]
    assert bucket.inputs["location"] == HOME
    assert bucket.inputs["retentionDays"] == 41
    assert bucket.inputs["bucketId"] == "homeshore-test-g1-logs"
    assert key.urn in bucket.property_dependencies["cmekSettings"]
    assert agent.urn in bucket.dependencies
    assert bucket.protect
    (sink,) = of_type(snapshot, "gcp:logging/projectSink:ProjectSink").values()
    assert sink.inputs["destination"] == (
        f"logging.googleapis.com/projects/{PROJECT}/locations/{HOME}/buckets/homeshore-test-g1-logs"
    )
    assert bucket.urn in sink.property_dependencies["destination"]
    assert sink.inputs["filter"] == of_the_stack(scope().names, ("lake", "failed", "logs"))


def test_the_filter_names_what_the_components_make() -> None:
    snapshot = record(lambda: Everything(pipeline()))
    wanted = {
        "gcp:storage/bucket:Bucket",
        "gcp:pubsub/topic:Topic",
        "gcp:kms/keyRing:KeyRing",
        "gcp:compute/subnetwork:Subnetwork",
        "gcp:compute/network:Network",
    }
    made = {str(each.inputs["name"]) for each in snapshot.resources if each.type in wanted}
    text = of_the_stack(scope().names, ("lake", "failed", "logs"))
    named = set(re.findall(r'"(homeshore[-_][^"]+)"', text))
    assert len(made) == 8
    assert made <= named


def test_the_bucket_of_usage_logs_is_closed_and_forgets_them_as_the_log_bucket_does() -> None:
    snapshot = record(lambda: Everything(pipeline()))
    usage = of_type(snapshot, "gcp:storage/bucket:Bucket")["pipeline-logs-usage"]
    key = of_type(snapshot, "gcp:kms/cryptoKey:CryptoKey")["pipeline-key"]
    assert usage.inputs["name"] == f"homeshore-test-g1-{HOME}-logs-a1e4c657"
    # Logs are delivered into the location of the buckets only.
    assert usage.inputs["location"] == HOME.upper()
    assert usage.inputs["publicAccessPrevention"] == "enforced"
    assert usage.inputs["uniformBucketLevelAccess"] is True
    assert usage.inputs["versioning"] == {"enabled": True}
    assert usage.inputs["labels"] == {"data_classification": "internal"}
    assert key.urn in usage.property_dependencies["encryption"]
    ends = {
        (rule["action"]["type"], rule["condition"].get("age"), rule["condition"].get("daysSinceNoncurrentTime"))
        for rule in usage.inputs["lifecycleRules"]  # type: ignore[union-attr]
    }
    assert ends == {("Delete", 41, None), ("Delete", None, 1), ("AbortIncompleteMultipartUpload", 7, None)}
    assert (usage.protect, usage.retain_on_delete) == (True, True)
    # Each delivery would be logged in turn.
    assert "logging" not in usage.inputs


def test_only_the_delivery_may_add_usage_logs() -> None:
    snapshot = record(lambda: Everything(pipeline()))
    name = of_type(snapshot, "gcp:storage/bucket:Bucket")["pipeline-logs-usage"].inputs["name"]
    (grant,) = (
        each
        for each in of_type(snapshot, "gcp:storage/bucketIAMMember:BucketIAMMember").values()
        if each.inputs["bucket"] == name
    )
    assert grant.inputs["member"] == "group:cloud-storage-analytics@google.com"
    assert grant.inputs["role"] == "roles/storage.objectCreator"


def test_the_filter_is_balanced_and_short_enough() -> None:
    text = of_the_stack(scope(environment="production-1", generation=99).names, ("lake", "failed"))
    assert text.count("(") == text.count(")")
    assert text.count('"') % 2 == 0
    assert len(text) < 20_000
    assert all(line.removeprefix("OR ").startswith('(resource.type="') for line in text.splitlines())
