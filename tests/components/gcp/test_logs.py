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
    assert sink.inputs["filter"] == of_the_stack(scope().names, ("lake", "failed"))


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
    named = set(re.findall(r'"(homeshore[-_][^"]+)"', of_the_stack(scope().names, ("lake", "failed"))))
    assert len(made) == 7
    assert made <= named


def test_the_filter_is_balanced_and_short_enough() -> None:
    text = of_the_stack(scope(environment="production-1", generation=99).names, ("lake", "failed"))
    assert text.count("(") == text.count(")")
    assert text.count('"') % 2 == 0
    assert len(text) < 20_000
    assert all(line.removeprefix("OR ").startswith('(resource.type="') for line in text.splitlines())
