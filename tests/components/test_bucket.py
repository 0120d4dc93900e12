"""Every bucket has all its siblings, each by value."""

from __future__ import annotations

import json

import pytest

from homeshore.engine import Snapshot
from tests.components.conftest import ACCOUNT, HOME, MAXIMAL, Preview, named, of_type

ROLES = ("access-logs", "failed-batches", "lake")
NAMES = {"access-logs": "logs", "failed-batches": "failed", "lake": "lake"}
S3 = "aws:s3/"


def sibling(snapshot: Snapshot, kind: str, role: str, suffix: str) -> dict[str, object]:
    token = f"{S3}{kind[0].lower()}{kind[1:]}:{kind}"
    resource = named(snapshot, token, f"pipeline-{role}-{suffix}")
    bucket = named(snapshot, f"{S3}bucket:Bucket", f"pipeline-{role}")
    assert resource.property_dependencies["bucket"] == (bucket.urn,)
    assert resource.inputs["bucket"] == bucket.inputs["bucket"]
    return {key: value for key, value in resource.inputs.items() if key != "bucket"}


@pytest.mark.parametrize("role", ROLES)
def test_a_bucket_is_closed_owned_and_versioned(preview: Preview, role: str) -> None:
    snapshot = preview()
    assert sibling(snapshot, "BucketPublicAccessBlock", role, "public-access") == {
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }
    assert sibling(snapshot, "BucketOwnershipControls", role, "ownership") == {
        "rule": {"objectOwnership": "BucketOwnerEnforced"}
    }
    assert sibling(snapshot, "BucketVersioning", role, "versioning") == {
        "versioningConfiguration": {"status": "Enabled"}
    }


@pytest.mark.parametrize("role", ["failed-batches", "lake"])
def test_data_is_encrypted_with_the_regions_key(preview: Preview, role: str) -> None:
    snapshot = preview()
    (rule,) = sibling(snapshot, "BucketServerSideEncryptionConfiguration", role, "encryption")["rules"]
    assert rule["bucketKeyEnabled"] is True
    assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "aws:kms"
    resource = named(
        snapshot,
        f"{S3}bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        f"pipeline-{role}-encryption",
    )
    (key,) = of_type(snapshot, "aws:kms/key:Key")
    assert key.urn in resource.property_dependencies["rules"]


def test_the_log_bucket_has_the_encryption_that_log_delivery_can_write(preview: Preview) -> None:
    (rule,) = sibling(preview(), "BucketServerSideEncryptionConfiguration", "access-logs", "encryption")["rules"]
    assert rule == {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}


@pytest.mark.parametrize("role", ROLES)
def test_a_request_without_tls_is_refused_on_bucket_and_objects(preview: Preview, role: str) -> None:
    policy = json.loads(str(sibling(preview(), "BucketPolicy", role, "policy")["policy"]))
    arn = f"arn:aws:s3:::homeshore-test-g1-{ACCOUNT}-{HOME}-{NAMES[role]}"
    assert policy["Statement"][0] == {
        "Sid": "RefuseUnencryptedTransport",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": ["s3:*"],
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    assert len(policy["Statement"]) == (2 if role == "access-logs" else 1)


def test_only_s3_may_deliver_logs_and_only_of_our_buckets(preview: Preview) -> None:
    policy = json.loads(str(sibling(preview(), "BucketPolicy", "access-logs", "policy")["policy"]))
    prefix = f"arn:aws:s3:::homeshore-test-g1-{ACCOUNT}-{HOME}"
    delivery = policy["Statement"][1]
    assert delivery["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert delivery["Action"] == ["s3:PutObject"]
    assert delivery["Resource"] == [f"{prefix}-logs/lake/*", f"{prefix}-logs/failed/*"]
    assert delivery["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": [f"{prefix}-lake", f"{prefix}-failed"]},
    }


def test_every_bucket_but_the_log_bucket_is_logged(preview: Preview) -> None:
    snapshot = preview()
    logging = {r.name: r.inputs for r in of_type(snapshot, f"{S3}bucketLogging:BucketLogging")}
    assert set(logging) == {"pipeline-lake-logging", "pipeline-failed-batches-logging"}
    for role in ("lake", "failed-batches"):
        inputs = logging[f"pipeline-{role}-logging"]
        assert inputs["targetBucket"] == f"homeshore-test-g1-{ACCOUNT}-{HOME}-logs"
        assert inputs["targetPrefix"] == f"{NAMES[role]}/"


def test_the_lifecycle_follows_the_stack_file(preview: Preview) -> None:
    snapshot = preview({"retention": {"replay_hours": 72, "hot_days": 31, "cool_days": 62, "delete_after_days": 365}})
    lake = {
        rule["id"]: rule for rule in sibling(snapshot, "BucketLifecycleConfiguration", "lake", "lifecycle")["rules"]
    }
    assert lake["bronze"] == {
        "id": "bronze",
        "status": "Enabled",
        "filter": {"prefix": "bronze/"},
        "transitions": [{"days": 31, "storageClass": "STANDARD_IA"}, {"days": 62, "storageClass": "GLACIER_IR"}],
        "expiration": {"days": 365},
    }
    assert lake["housekeeping"]["noncurrentVersionExpiration"] == {"noncurrentDays": 30}
    assert lake["housekeeping"]["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}
    failed = sibling(snapshot, "BucketLifecycleConfiguration", "failed-batches", "lifecycle")["rules"]
    assert [rule.get("expiration") for rule in failed] == [{"days": 3}, None]


def test_names_stay_within_the_limit_at_the_maximum(preview: Preview) -> None:
    names = [str(r.inputs["bucket"]) for r in of_type(preview(MAXIMAL), f"{S3}bucket:Bucket")]
    assert all(len(name) <= 63 for name in names)
    assert len(set(names)) == 3
