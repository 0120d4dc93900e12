"""What the baseline of each cloud says, and that pipelines live within what it refuses."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

import geography
from components.azure.baseline import assignments
from components.azure.baseline import locations as azure_locations
from components.gcp.baseline import locations as gcp_locations
from components.gcp.baseline import services
from tests.components.baselines import SINK, baseline, examples, managed, of_type, recorded


def test_whoever_may_ask_glue_may_read_the_catalog_and_nobody_else() -> None:
    (key,) = of_type(baseline("aws"), "aws:kms/key:Key")
    (settings,) = of_type(baseline("aws"), "aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings")
    place = examples()["baseline-aws"]["config"]["homeshore:placement"]
    own, readers = json.loads(str(key.inputs["policy"]))["Statement"]
    assert own["Principal"] == {"AWS": f"arn:aws:iam::{place['account_id']}:root"}
    assert "Condition" not in own
    assert readers["Principal"] == {"AWS": "*"}
    assert readers["Condition"] == {
        "StringEquals": {
            "kms:CallerAccount": place["account_id"],
            "kms:ViaService": f"glue.{place['region']}.amazonaws.com",
        }
    }
    assert "kms:*" not in readers["Action"]
    inside = cast("dict[str, dict[str, object]]", settings.inputs["dataCatalogEncryptionSettings"])
    assert inside["encryptionAtRest"]["catalogEncryptionMode"] == "SSE-KMS"
    assert inside["connectionPasswordEncryption"]["returnConnectionPasswordEncrypted"] is True
    used = settings.property_dependencies["dataCatalogEncryptionSettings"]
    assert key.urn in used
    assert key.inputs["enableKeyRotation"] is True
    assert key.inputs["multiRegion"] is False


def test_no_bucket_of_the_account_can_be_made_public() -> None:
    (block,) = of_type(baseline("aws"), "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock")
    settings = {key: value for key, value in block.inputs.items() if key != "accountId"}
    assert set(settings.values()) == {True}
    assert len(settings) == 4


def test_azure_refuses_with_built_in_policies_for_the_whole_subscription() -> None:
    place = examples()["baseline-azure"]["config"]["homeshore:placement"]
    found = of_type(baseline("azure"), "azure-native:authorization:PolicyAssignment")
    assert len(found) == len(assignments()) == 5
    assert {each.inputs["scope"] for each in found} == {f"/subscriptions/{place['subscription_id']}"}
    assert {each.inputs["enforcementMode"] for each in found} == {"Default"}
    given = [cast("dict[str, dict[str, object]]", each.inputs["parameters"]) for each in found]
    assert sorted(next(iter(each)) for each in given) == ["effect"] * 3 + ["listOfAllowedLocations"] * 2
    assert all(each["effect"]["value"] == "Deny" for each in given if "effect" in each)


def test_azures_activity_log_goes_to_the_regions_workspace() -> None:
    snapshot = baseline("azure")
    (setting,) = of_type(snapshot, "azure-native:monitor:DiagnosticSetting")
    (workspace,) = of_type(snapshot, "azure-native:operationalinsights:Workspace")
    place = examples()["baseline-azure"]["config"]["homeshore:placement"]
    assert setting.inputs["resourceUri"] == f"/subscriptions/{place['subscription_id']}"
    assert str(setting.inputs["workspaceId"]).endswith(f"/workspaces/{workspace.inputs['workspaceName']}")
    assert str(workspace.inputs["resourceGroupName"]) in str(setting.inputs["workspaceId"])
    assert workspace.urn in setting.dependencies
    assert workspace.inputs["location"] == place["region"]
    assert workspace.inputs["retentionInDays"] == 400
    logs = cast("list[dict[str, object]]", setting.inputs["logs"])
    assert {"Administrative", "Policy", "Security"} <= {str(log["category"]) for log in logs if log["enabled"]}


def test_pipelines_write_flow_logs_through_the_baselines_watcher() -> None:
    (watcher,) = of_type(baseline("azure"), "azure-native:network:NetworkWatcher")
    for snapshot in recorded("azure").values():
        # A standby's flow logs are its own region's: another watcher writes them.
        (log,) = [one for one in of_type(snapshot, "azure-native:network:FlowLog") if "StandbyPipeline$" not in one.urn]
        assert log.inputs["networkWatcherName"] == watcher.inputs["networkWatcherName"]
        assert log.inputs["resourceGroupName"] == watcher.inputs["resourceGroupName"]


def test_google_clouds_logs_go_to_the_region_under_a_key() -> None:
    snapshot = baseline("gcp")
    (sink,) = of_type(snapshot, SINK)
    (bucket,) = of_type(snapshot, "gcp:logging/projectBucketConfig:ProjectBucketConfig")
    place = examples()["baseline-gcp"]["config"]["homeshore:placement"]
    home = f"projects/{place['project_id']}/locations/{place['region']}"
    assert sink.inputs["name"] == "_Default"
    assert sink.inputs["destination"] == f"logging.googleapis.com/{home}/buckets/{bucket.inputs['bucketId']}"
    assert bucket.inputs["location"] == place["region"]
    assert str(cast("dict[str, object]", bucket.inputs["cmekSettings"])["kmsKeyName"]).startswith(f"{home}/keyRings/")
    assert str(sink.inputs["filter"]).count("NOT LOG_ID(") == 6
    (grant,) = of_type(snapshot, "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember")
    assert grant.urn in bucket.dependencies


def test_google_cloud_writes_down_who_read_without_exception() -> None:
    found = of_type(baseline("gcp"), "gcp:projects/iAMAuditConfig:IAMAuditConfig")
    audited = {str(each.inputs["service"]).partition(".")[0] for each in found}
    assert {"pubsub", "storage", "bigquery", "cloudkms", "secretmanager"} <= audited
    for each in found:
        configs = cast("list[dict[str, object]]", each.inputs["auditLogConfigs"])
        assert {config["logType"] for config in configs} == {"DATA_READ", "DATA_WRITE"}
        assert [config["exemptedMembers"] for config in configs] == [[], []]


def policies() -> dict[str, dict[str, Any]]:
    """The organisation policies of the Google Cloud baseline: the one rule of each, by constraint."""
    found = {}
    for policy in of_type(baseline("gcp"), "gcp:orgpolicy/policy:Policy"):
        (rule,) = cast("dict[str, Any]", policy.inputs["spec"])["rules"]
        assert str(policy.inputs["name"]).startswith(f"{policy.inputs['parent']}/policies/")
        found[str(policy.inputs["name"]).rpartition("/")[2]] = rule
    return found


def test_google_cloud_refuses() -> None:
    rules = policies()
    assert rules.keys() > {"gcp.resourceLocations", "gcp.restrictNonCmekServices"}
    enforced = {name for name, rule in rules.items() if rule == {"enforce": "TRUE"}}
    assert enforced == rules.keys() - {"gcp.resourceLocations", "gcp.restrictNonCmekServices"}
    assert len(enforced) == 4


@pytest.mark.parametrize("name", ["eu", "us", "de"])
@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_all_of_the_boundary_is_allowed_and_nothing_else(cloud: str, name: str) -> None:
    boundary = geography.boundary(name)
    inside = {r.name for r in geography.regions(cloud) if r.kind == "region" and boundary.holds(r)}
    assert inside
    found = azure_locations(boundary) if cloud == "azure" else gcp_locations(boundary)
    assert sorted(found) == sorted(inside if cloud == "azure" else (f"in:{region}-locations" for region in inside))


def test_pipelines_stay_within_what_azure_refuses() -> None:
    allowed = set(azure_locations(geography.boundary("eu")))
    for snapshot in recorded("azure").values():
        places = {str(r.inputs["location"]) for r in managed(snapshot) if "location" in r.inputs}
        assert places - {"global"} <= allowed
        for account in of_type(snapshot, "azure-native:storage:StorageAccount"):
            assert (account.inputs["publicNetworkAccess"], account.inputs["allowSharedKeyAccess"]) == (
                "Disabled",
                False,
            )
        for vault in of_type(snapshot, "azure-native:keyvault:Vault"):
            assert cast("dict[str, object]", vault.inputs["properties"])["publicNetworkAccess"] == "Disabled"


KEYED = {
    "gcp:artifactregistry/repository:Repository": "kmsKeyName",
    "gcp:bigquery/dataTransferConfig:DataTransferConfig": "encryptionConfiguration",
    "gcp:cloudrunv2/workerPool:WorkerPool": "template",
    "gcp:logging/projectBucketConfig:ProjectBucketConfig": "cmekSettings",
    "gcp:pubsub/topic:Topic": "kmsKeyName",
    "gcp:secretmanager/regionalSecret:RegionalSecret": "customerManagedEncryption",
    "gcp:storage/bucket:Bucket": "encryption",
}
"""What the services that must have a key make for a pipeline, and the input that holds the key."""


def test_pipelines_stay_within_what_google_cloud_refuses() -> None:
    rules = policies()
    allowed = set(rules["gcp.resourceLocations"]["values"]["allowedValues"])
    denied = set(rules["gcp.restrictNonCmekServices"]["values"]["deniedValues"])
    assert denied == {service.name for service in services() if service.keyed}
    assert {token.partition(":")[2].partition("/")[0] for token in KEYED} == {
        {"run": "cloudrunv2", "bigquerydatatransfer": "bigquery"}.get(name, name)
        for name in (service.partition(".")[0] for service in denied)
    }
    for snapshot in recorded("gcp").values():
        places = {str(r.inputs["location"]).lower() for r in managed(snapshot) if "location" in r.inputs}
        assert {f"in:{place}-locations" for place in places - {"global"}} <= allowed
        for token, holder in KEYED.items():
            for resource in of_type(snapshot, token):
                assert "cryptoKeys/" in json.dumps(resource.inputs[holder]), resource.urn
        for bucket in of_type(snapshot, "gcp:storage/bucket:Bucket"):
            assert (bucket.inputs["publicAccessPrevention"], bucket.inputs["uniformBucketLevelAccess"]) == (
                "enforced",
                True,
            )
