"""The worker pool and what it needs, each setting by value."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components.contracts import Parts, Unsupported
from components.gcp.processor import limits
from homeshore.engine import Resource
from processor.gcp_pubsub import Limits, WorkerSettings
from tests.components.gcp.recording import HOME, NUMBER, PROJECT, of_type
from tests.components.gcp.whole import PROCESSOR, scope, usual, whole

PREFIX = f"homeshore-test-g1-{HOME}"
KEY = f"projects/{PROJECT}/locations/{HOME}/keyRings/homeshore-test-g1-keys/cryptoKeys/data"
SECRET = f"projects/{PROJECT}/locations/{HOME}/secrets/homeshore-test-g1-pseudonym-key"
WORKER = "serviceAccount:hs-test-g1-processor-"
POOL = "gcp:cloudrunv2/workerPool:WorkerPool"


def made(token: str, name: str) -> Resource:
    return of_type(usual(), token)[name]


def test_the_pool_by_value() -> None:
    pool = dict(made(POOL, "p").inputs)
    template = pool.pop("template")
    assert pool == {
        "name": "homeshore-test-g1-processor",
        "project": PROJECT,
        "location": HOME,
        "description": "Validates, gates and pseudonymises events, and stores them",
        "launchStage": "GA",
        "deletionProtection": True,
        "scaling": {"scalingMode": "MANUAL", "manualInstanceCount": 7},
    }
    (container,) = template["containers"]
    assert container["image"] == (
        f"{HOME}-docker.pkg.dev/{PROJECT}/homeshore-test-g1-images/processor:src-000102030405"
    )
    assert container["resources"] == {"limits": {"cpu": "4", "memory": "2049Mi"}}
    assert template["encryptionKey"] == KEY
    assert (template["encryptionKeyRevocationAction"], template["encryptionKeyShutdownDuration"]) == (
        "SHUTDOWN",
        "3600s",
    )
    assert f"serviceAccount:{template['serviceAccount']}".startswith(WORKER)


def test_the_worker_is_told_all_that_it_reads() -> None:
    (container,) = made(POOL, "p").inputs["template"]["containers"]
    found = {each["name"]: each["value"] for each in container["envs"]}
    bucket = of_type(usual(), "gcp:storage/bucket:Bucket")["pipeline-lake"].inputs["name"]
    assert found == {
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "HOMESHORE_BATCH_MESSAGES": "4321",
        "HOMESHORE_BATCH_SECONDS": "3",
        "HOMESHORE_BOUNDARY": "eu",
        "HOMESHORE_BUCKET": bucket,
        "HOMESHORE_ENDPOINT": f"{HOME}-pubsub.googleapis.com",
        "HOMESHORE_SECRET": SECRET,
        "HOMESHORE_STREAM": f"{PREFIX}-events",
        "HOMESHORE_SUBSCRIPTION": f"projects/{PROJECT}/subscriptions/{PREFIX}-processor",
    }
    assert WorkerSettings.read(found).endpoint == f"{HOME}-pubsub.googleapis.com"
    assert (Limits.read(found).batch_messages, Limits.read(found).batch_seconds) == (4321, 3.0)


def test_in_a_private_network_everything_goes_through_it() -> None:
    network = of_type(usual(), "gcp:compute/subnetwork:Subnetwork")["pipeline-network-workers"]
    access = made(POOL, "p").inputs["template"]["vpcAccess"]
    (interface,) = access["networkInterfaces"]
    assert access["egress"] == "ALL_TRAFFIC"
    assert interface["subnetwork"].endswith(f"/subnetworks/{network.inputs['name']}")
    firewall = of_type(usual(), "gcp:compute/firewall:Firewall")["pipeline-network-allow-services"]
    assert interface["tags"] == firewall.inputs["targetTags"]


def test_the_pool_waits_for_the_network_the_grants_and_the_key() -> None:
    names = {urn.rpartition("::")[2] for urn in made(POOL, "p").dependencies}
    assert {"p-images", "p-stream", "p-lake", "p-pseudonym-key-reader", "pipeline-key-run"} <= names
    assert {"pipeline-network-refuse-out", "pipeline-network-all", "pipeline-network-secrets"} <= names


def test_without_a_network_of_ours_none_is_named() -> None:
    pool = of_type(whole(private=False), POOL)["p"]
    assert "vpcAccess" not in pool.inputs["template"]


def test_the_registry_by_value() -> None:
    assert made("gcp:artifactregistry/repository:Repository", "p-images").inputs == {
        "repositoryId": "homeshore-test-g1-images",
        "project": PROJECT,
        "location": HOME,
        "format": "DOCKER",
        "mode": "STANDARD_REPOSITORY",
        "description": "Images of the processor, by the digest of their source",
        "kmsKeyName": KEY,
        "dockerConfig": {"immutableTags": True},
        "vulnerabilityScanningConfig": {"enablementConfig": "INHERITED"},
        "cleanupPolicyDryRun": False,
        "cleanupPolicies": [
            {
                "id": "untagged",
                "action": "DELETE",
                "condition": {"tagState": "UNTAGGED", "olderThan": "604800s"},
            }
        ],
    }


def test_the_pseudonym_key_is_declared_without_a_value_and_kept() -> None:
    secret = made("gcp:secretmanager/regionalSecret:RegionalSecret", "p-pseudonym-key")
    assert secret.protect
    assert secret.inputs == {
        "secretId": "homeshore-test-g1-pseudonym-key",
        "project": PROJECT,
        "location": HOME,
        "customerManagedEncryption": {"kmsKeyName": KEY},
        "versionDestroyTtl": "2592000s",
        "deletionProtection": True,
        "labels": {"data_classification": "personal"},
    }
    assert not [r.type for r in usual().resources if "ecretVersion" in r.type]


def test_the_secret_goes_only_when_both_keys_are_turned() -> None:
    erasable = whole(scope(protect=False, destroys=True))
    kept = whole(scope(protect=False, destroys=False))
    token = "gcp:secretmanager/regionalSecret:RegionalSecret"
    assert of_type(erasable, token)["p-pseudonym-key"].inputs["deletionProtection"] is False
    assert of_type(kept, token)["p-pseudonym-key"].inputs["deletionProtection"] is True


def test_the_worker_gets_three_rights_each_on_one_resource() -> None:
    rights = {
        (r.type.rpartition(":")[2], r.inputs["role"])
        for r in usual().resources
        if str(r.inputs.get("member", "")).startswith(WORKER)
    }
    assert rights == {
        ("SubscriptionIAMMember", "roles/pubsub.subscriber"),
        ("BucketIAMMember", "roles/storage.objectUser"),
        ("RegionalSecretIamMember", "roles/secretmanager.secretAccessor"),
    }


def test_the_worker_reaches_only_the_objects_that_it_writes() -> None:
    condition = made("gcp:storage/bucketIAMMember:BucketIAMMember", "p-lake").inputs["condition"]["expression"]
    bucket = of_type(usual(), "gcp:storage/bucket:Bucket")["pipeline-lake"].inputs["name"]
    prefixes = {part.split('"')[1] for part in condition.split(" || ")}
    assert prefixes == {
        f"projects/_/buckets/{bucket}/objects/{prefix}/" for prefix in ("bronze", "quarantine", "dead-letter")
    }


def test_failed_messages_are_delivered_raw_and_whole() -> None:
    subscription = made("gcp:pubsub/subscription:Subscription", "p-failed-batches").inputs
    failed = of_type(usual(), "gcp:storage/bucket:Bucket")["pipeline-failed"].inputs["name"]
    assert subscription["topic"] == f"projects/{PROJECT}/topics/{PREFIX}-dead-letters"
    assert subscription["name"] == f"{PREFIX}-failed-batches"
    assert subscription["expirationPolicy"] == {"ttl": ""}
    assert subscription["messageRetentionDuration"] == "172800s"
    assert subscription["ackDeadlineSeconds"] == 600
    assert subscription["labels"] == {"data_classification": "personal"}
    assert subscription["cloudStorageConfig"] == {
        "bucket": failed,
        "filenamePrefix": f"{PREFIX}-events/",
        "filenameSuffix": ".avro",
        "filenameDatetimeFormat": "YYYY-MM-DD/hh_mm_ssZ",
        "maxDuration": "300s",
        "avroConfig": {"writeMetadata": True},
    }


def test_the_agent_that_delivers_may_add_to_the_failed_batches_only() -> None:
    agent = f"serviceAccount:service-{NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com"
    failed = of_type(usual(), "gcp:storage/bucket:Bucket")["pipeline-failed"].inputs["name"]
    found = {
        (r.inputs["bucket"], r.inputs["role"])
        for r in of_type(usual(), "gcp:storage/bucketIAMMember:BucketIAMMember").values()
        if r.inputs["member"] == agent
    }
    assert found == {(failed, "roles/storage.objectCreator"), (failed, "roles/storage.legacyBucketReader")}


def test_the_handles_are_known_before_anything_exists() -> None:
    seen: dict[str, str] = {}

    def look(parts: Parts) -> None:
        worker = parts.processor
        for name in ("name", "resource_id", "uri", "secret_id", "feed_id"):
            getattr(worker, name).apply(lambda value, name=name: seen.update({name: value}))

    whole(then=look)
    identifier = f"projects/{PROJECT}/locations/{HOME}/workerPools/homeshore-test-g1-processor"
    assert seen == {
        "name": "homeshore-test-g1-processor",
        "resource_id": identifier,
        "uri": f"//run.googleapis.com/{identifier}",
        "secret_id": SECRET,
        "feed_id": f"projects/{PROJECT}/subscriptions/{PREFIX}-processor",
    }


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cpus": 3}, "1, 2, 4, 6, 8 processors, not 3"),
        ({"cpus": None}, "1, 2, 4, 6, 8 processors, not None"),
        ({"cpus": 4, "memory_mb": 2047}, "at least 2048 MiB, not 2047"),
        ({"cpus": 1, "memory_mb": 511}, "at least 512 MiB, not 511"),
        ({"instances": None}, "the plan has to say how many run"),
    ],
)
def test_a_size_that_cloud_run_does_not_have_is_refused(changes: dict[str, int | None], said: str) -> None:
    with pytest.raises(Unsupported, match=said):
        limits(replace(PROCESSOR, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(("cpus", "memory"), [(1, 512), (2, 512), (4, 2048), (6, 4096), (8, 4096)])
def test_the_smallest_memory_of_each_size_is_taken(cpus: int, memory: int) -> None:
    assert limits(replace(PROCESSOR, cpus=cpus, memory_mb=memory)) == {"cpu": str(cpus), "memory": f"{memory}Mi"}
