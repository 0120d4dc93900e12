"""The stores, by value."""

from __future__ import annotations

from dataclasses import replace

import pytest

import geography
from components.azure.account import sku
from components.azure.bucket import lifecycle_rules
from components.base import Scope
from components.contracts import Redundancy, Unsupported
from components.lifecycle import LifecycleRule, Move
from tests.components.azure.conftest import Record, of_type
from tests.components.azure.program import scope


def at(boundary: str, region: str) -> Scope:
    return replace(scope(region), boundary=boundary)


def test_each_store_is_encrypted_twice_with_the_regions_own_key(record: Record) -> None:
    snapshot = record()
    (vault,) = of_type(snapshot, "keyvault:Vault").values()
    for account in of_type(snapshot, "storage:StorageAccount").values():
        encryption = account.inputs["encryption"]
        assert encryption["keySource"] == "Microsoft.Keyvault"
        assert encryption["keyVaultProperties"] == {
            "keyName": "homeshore-test-g1-key",
            "keyVaultUri": f"https://{vault.inputs['vaultName']}.vault.azure.net",
        }
        assert encryption["requireInfrastructureEncryption"] is True
        assert {name: service["keyType"] for name, service in encryption["services"].items()} == dict.fromkeys(
            ("blob", "file", "queue", "table"), "Account"
        )
        (identity,) = account.inputs["identity"]["userAssignedIdentities"]
        assert encryption["encryptionIdentity"] == {"encryptionUserAssignedIdentity": identity}
        assert identity.endswith("/homeshore-test-g1-encryption")
        assert account.inputs["allowCrossTenantReplication"] is False
        assert account.inputs["allowedCopyScope"] == "AAD"


def test_stores_have_real_directories_and_the_flow_logs_have_not(record: Record) -> None:
    kinds = {name: r.inputs["isHnsEnabled"] for name, r in of_type(record(), "storage:StorageAccount").items()}
    assert kinds == {"pipeline-lake": True, "pipeline-failed": True, "pipeline-network-flows": False}


def test_deleted_objects_can_be_brought_back(record: Record) -> None:
    kept = of_type(record(), "storage:BlobServiceProperties")
    for name, days in (("lake", 30), ("failed", 7)):
        inputs = kept[f"pipeline-{name}-recovery"].inputs
        expected = {"enabled": True, "days": days}
        assert inputs["deleteRetentionPolicy"] == inputs["containerDeleteRetentionPolicy"] == expected
        assert "isVersioningEnabled" not in inputs


def test_bronze_cools_down_and_is_deleted(record: Record) -> None:
    policy = of_type(record(), "storage:ManagementPolicy")["pipeline-lake-lifecycle"].inputs["policy"]
    rules = {rule["name"]: rule["definition"] for rule in policy["rules"]}
    assert rules.keys() == {"bronze", "quarantine", "dead-letter", "query-results"}
    assert rules["bronze"] == {
        "filters": {"blobTypes": ["blockBlob"], "prefixMatch": ["lake/bronze/"]},
        "actions": {
            "baseBlob": {
                "tierToCool": {"daysAfterModificationGreaterThan": 31},
                "tierToCold": {"daysAfterModificationGreaterThan": 61},
                "delete": {"daysAfterModificationGreaterThan": 730},
            }
        },
    }
    assert rules["query-results"]["actions"]["baseBlob"].keys() == {"delete"}


def test_raw_failed_batches_go_with_the_replay_window(record: Record) -> None:
    policy = of_type(record(), "storage:ManagementPolicy")["pipeline-failed-lifecycle"].inputs["policy"]
    (rule,) = policy["rules"]
    assert rule["definition"]["filters"]["prefixMatch"] == ["failed/"]
    assert rule["definition"]["actions"]["baseBlob"]["delete"] == {"daysAfterModificationGreaterThan": 1}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (LifecycleRule("a", "", (Move("GLACIER", 90),)), "not to 'GLACIER'"),
        (LifecycleRule("a", "", upload_days=3), "after 7 days, not after 3"),
    ],
)
def test_what_azure_has_no_rule_for_is_refused(rule: LifecycleRule, words: str) -> None:
    with pytest.raises(Unsupported, match=words):
        lifecycle_rules((rule,), "lake")


@pytest.mark.parametrize(
    ("redundancy", "bought"), [("local", "Standard_LRS"), ("zone", "Standard_ZRS"), ("pair", "Standard_GZRS")]
)
def test_redundancy_is_what_was_asked_for(record: Record, redundancy: str, bought: str) -> None:
    account = of_type(record(redundancy=redundancy), "storage:StorageAccount")["pipeline-lake"]
    assert account.inputs["sku"] == {"name": bought}


def test_a_pair_outside_of_the_boundary_is_refused_by_name() -> None:
    outside = [
        (place, pair, boundary.name)
        for place in geography.regions("azure")
        for boundary in geography.boundaries()
        if place.kind == "region" and boundary.holds(place) and (pair := geography.pair_outside(place, boundary))
    ]
    assert outside
    for place, pair, boundary in outside:
        with pytest.raises(Unsupported, match=f"to {pair.name}, outside of"):
            sku(at(boundary, place.name), "pair")


def test_no_zones_or_no_pair_is_refused() -> None:
    lacking: dict[Redundancy, str] = {"zone": "zone-redundant storage", "pair": "no paired region"}
    for redundancy, words in lacking.items():
        place, boundary = next(
            (place, boundary)
            for place in geography.regions("azure")
            for boundary in geography.boundaries()
            if place.kind == "region"
            and boundary.holds(place)
            and (
                "ZRS" not in geography.redundancy(place, boundary).kinds
                if redundancy == "zone"
                else place.paired_region is None
            )
        )
        with pytest.raises(Unsupported, match=words):
            sku(at(boundary.name, place.name), redundancy)


def test_a_writer_only_adds(record: Record) -> None:
    snapshot = record()
    roles = of_type(snapshot, "authorization:RoleDefinition")
    assert roles.keys() == {"pipeline-lake-writer", "pipeline-lake-maintainer"}
    (allowed,) = roles["pipeline-lake-writer"].inputs["permissions"]
    assert {action.rpartition("blobs/")[2] for action in allowed["dataActions"]} == {"write", "add/action"}
    grants = of_type(snapshot, "authorization:RoleAssignment")
    for name in ("pipeline-reader-write", "pipeline-sender-write"):
        assert (
            grants[name].inputs["roleDefinitionId"].endswith(roles["pipeline-lake-writer"].inputs["roleDefinitionId"])
        )
        assert roles["pipeline-lake-writer"].urn in grants[name].dependencies
        assert grants[name].inputs["scope"].endswith("/blobServices/default/containers/lake")
