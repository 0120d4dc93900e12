"""A key, a lake and a network that exist already: bindings are added to them, and nothing of them is made."""

from __future__ import annotations

from typing import Any

import pytest

import geography
import validity
from components.contracts import BroughtNetwork, NetworkSpec
from components.gcp.brought import BroughtVpc
from components.gcp.managed_key import SERVICES
from homeshore.engine import ProgramFailed, Resource, Snapshot
from tests.components.gcp.conftest import LARGE, SMALL, GcpPreview
from tests.components.gcp.recording import HOME, NUMBER, Everything, of_type, pipeline, record

PLATFORM = "homeshore-platform"
KEY = f"projects/{PLATFORM}/locations/{HOME}/keyRings/platform/cryptoKeys/homeshore"
LAKE = "example-lake"
NETWORK = f"projects/{PLATFORM}/global/networks/shared"
SUBNETWORK = f"projects/{PLATFORM}/regions/{HOME}/subnetworks/workers"
BRING: dict[str, Any] = {"key": KEY, "bucket": LAKE, "network": {"network": NETWORK, "subnetwork": SUBNETWORK}}
BINDING = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
AGENT = f"serviceAccount:service-{NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com"
STANDBY = {"standby": {"region": geography.partners("gcp", HOME, "eu")[0].region.name}}


def bringing(*names: str) -> dict[str, Any]:
    return {"bring": {name: BRING[name] for name in names}}


def types(snapshot: Snapshot) -> set[str]:
    return {each.type for each in snapshot.resources}


def managed(snapshot: Snapshot) -> list[Resource]:
    return [each for each in snapshot.resources if each.managed]


@pytest.mark.parametrize("config", [SMALL, {**LARGE, **STANDBY}], ids=["small", "large with standby"])
def test_a_provider_would_take_every_input(gcp_preview: GcpPreview, config: dict[str, object]) -> None:
    found = managed(gcp_preview({**config, **bringing("key", "bucket", "network")}))
    assert len(found) > 50
    for each in found:
        assert validity.check(each.type, dict(each.inputs)) == (), each.urn


def test_a_key_gets_a_binding_for_each_agent_and_no_twin(gcp_preview: GcpPreview) -> None:
    snapshot = gcp_preview({**SMALL, **bringing("key")})
    assert not types(snapshot) & {"gcp:kms/keyRing:KeyRing", "gcp:kms/cryptoKey:CryptoKey"}
    bindings = of_type(snapshot, BINDING)
    assert set(bindings) == {f"pipeline-key-{service}" for service in SERVICES}
    for each in bindings.values():
        assert each.inputs["cryptoKeyId"] == KEY
        assert each.inputs["role"] == "roles/cloudkms.cryptoKeyEncrypterDecrypter"
        assert each.protect
    assert bindings["pipeline-key-pubsub"].inputs["member"] == AGENT
    assert gcp_preview({**SMALL, **bringing("key")}).outputs["key"] == KEY


def test_whatever_encrypts_uses_the_key_that_was_brought_once_its_agent_may(gcp_preview: GcpPreview) -> None:
    snapshot = gcp_preview({**SMALL, **bringing("key")})
    bindings = of_type(snapshot, BINDING)
    for token, service in (
        ("gcp:pubsub/topic:Topic", "pubsub"),
        ("gcp:storage/bucket:Bucket", "storage"),
        ("gcp:bigquery/dataset:Dataset", "bigquery"),
        ("gcp:logging/projectBucketConfig:ProjectBucketConfig", "logging"),
        ("gcp:secretmanager/regionalSecret:RegionalSecret", "secretmanager"),
        ("gcp:artifactregistry/repository:Repository", "artifactregistry"),
        ("gcp:cloudrunv2/workerPool:WorkerPool", "run"),
    ):
        found = of_type(snapshot, token)
        assert found
        for each in found.values():
            assert KEY in str(each.inputs), each.urn
            assert bindings[f"pipeline-key-{service}"].urn in each.dependencies, each.urn


def test_the_lake_gets_bindings_only_and_everything_uses_it(gcp_preview: GcpPreview) -> None:
    snapshot = gcp_preview({**SMALL, **bringing("bucket")})
    assert set(of_type(snapshot, "gcp:storage/bucket:Bucket")) == {
        "pipeline-failed-batches",
        "pipeline-access-logs-usage",
    }
    in_it = [each for each in managed(snapshot) if each.inputs.get("bucket") == LAKE]
    on_it = [each for each in in_it if "role" in each.inputs]
    assert {each.type for each in in_it} - {each.type for each in on_it} == {"gcp:storage/bucketObject:BucketObject"}
    assert {(each.type.rpartition(":")[2], each.inputs["role"]) for each in on_it} == {
        ("BucketIAMMember", "roles/storage.objectUser"),
        ("BucketIAMMember", "roles/storage.objectViewer"),
    }
    replace = next(each for each in on_it if "condition" in each.inputs)
    condition: Any = replace.inputs["condition"]
    assert f"projects/_/buckets/{LAKE}/objects/bronze/" in condition["expression"]
    (pool,) = of_type(snapshot, "gcp:cloudrunv2/workerPool:WorkerPool").values()
    template: Any = pool.inputs["template"]
    assert {"name": "HOMESHORE_BUCKET", "value": LAKE} in template["containers"][0]["envs"]
    external = [each for each in of_type(snapshot, "gcp:bigquery/table:Table").values() if "bronze" in each.name]
    assert external
    assert all(f"gs://{LAKE}/" in str(each.inputs["externalDataConfiguration"]) for each in external)
    assert snapshot.outputs["bucket"] == LAKE


def test_a_lake_that_was_brought_is_copied_to_the_standby_like_any_other(gcp_preview: GcpPreview) -> None:
    snapshot = gcp_preview({**SMALL, **STANDBY, **bringing("bucket")})
    specs: dict[str, Any] = {
        name: each.inputs["transferSpec"]
        for name, each in of_type(snapshot, "gcp:storage/transferJob:TransferJob").items()
    }
    assert specs["standby-pair-to-standby"]["gcsDataSource"] == {"bucketName": LAKE}
    assert specs["standby-pair-from-standby"]["gcsDataSink"] == {"bucketName": LAKE}
    assert "standby-lake" in of_type(snapshot, "gcp:storage/bucket:Bucket")


def test_workers_run_in_the_subnetwork_that_was_brought_and_nothing_is_added_to_it(gcp_preview: GcpPreview) -> None:
    snapshot = gcp_preview({**SMALL, **bringing("network")})
    assert not [each.type for each in managed(snapshot) if each.type.startswith(("gcp:compute/", "gcp:dns/"))]
    assert not [each.type for each in managed(snapshot) if each.type.startswith("gcp:networkconnectivity/")]
    (pool,) = of_type(snapshot, "gcp:cloudrunv2/workerPool:WorkerPool").values()
    template: Any = pool.inputs["template"]
    assert template["vpcAccess"] == {
        "egress": "ALL_TRAFFIC",
        "networkInterfaces": [{"subnetwork": SUBNETWORK, "tags": ["homeshore-test-g1-processor"]}],
    }


@pytest.mark.parametrize("missing", ["network", "subnetwork"])
def test_half_a_network_is_refused(missing: str) -> None:
    whole = {"network": NETWORK, "subnetwork": SUBNETWORK}

    def build() -> None:
        parent = pipeline()
        made = Everything(parent)
        BroughtVpc(
            "n",
            BroughtNetwork(**{**whole, missing: None}),
            NetworkSpec(log_days=41, private=True),
            key=made.key,
            lake=made.lake,
            failed=made.failed,
            stream=made.stream,
            parent=parent,
        )

    with pytest.raises(ProgramFailed, match="name both"):
        record(build)
