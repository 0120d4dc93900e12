"""The stream, by value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.components.azure.conftest import Record, of_type
from tests.components.azure.program import CLUSTER, PUBLIC, SENDER

STANDARD = {"tier": "Standard", "units": 3, "shards": 32}
DEDICATED = {"tier": "Dedicated", "units": None, "shards": 200, "cluster": CLUSTER}


@pytest.mark.parametrize(
    ("tier", "sku", "cluster"),
    [
        ({}, {"name": "Premium", "tier": "Premium", "capacity": 4}, None),
        (STANDARD, {"name": "Standard", "tier": "Standard", "capacity": 3}, None),
        (DEDICATED, {"name": "Standard", "tier": "Standard", "capacity": 1}, CLUSTER),
    ],
)
def test_the_tier_is_what_the_plan_buys(
    record: Record, tier: dict[str, Any], sku: dict[str, Any], cluster: str | None
) -> None:
    (namespace,) = of_type(record(**tier), "eventhub:Namespace").values()
    assert namespace.inputs["sku"] == sku
    assert namespace.inputs.get("clusterArmId") == cluster
    assert namespace.inputs["isAutoInflateEnabled"] is False
    assert namespace.inputs["zoneRedundant"] is namespace.inputs["kafkaEnabled"] is True


@pytest.mark.parametrize("tier", [{}, STANDARD, DEDICATED])
def test_nobody_signs_in_with_a_key_of_the_namespace(record: Record, tier: dict[str, Any]) -> None:
    (namespace,) = of_type(record(**tier), "eventhub:Namespace").values()
    assert namespace.inputs["disableLocalAuth"] is True
    assert namespace.inputs["minimumTlsVersion"] == "1.2"


@pytest.mark.parametrize("tier", [{}, DEDICATED])
def test_the_regions_own_key_encrypts_where_the_tier_can(record: Record, tier: dict[str, Any]) -> None:
    (namespace,) = of_type(record(**tier), "eventhub:Namespace").values()
    encryption = namespace.inputs["encryption"]
    assert encryption["keySource"] == "Microsoft.KeyVault"
    assert encryption["requireInfrastructureEncryption"] is True
    (key,) = encryption["keyVaultProperties"]
    assert key["keyName"] == "homeshore-test-g1-key"
    assert key["identity"]["userAssignedIdentity"] in namespace.inputs["identity"]["userAssignedIdentities"]


def test_standard_has_no_key_of_ones_own(record: Record) -> None:
    (namespace,) = of_type(record(**STANDARD), "eventhub:Namespace").values()
    assert not {"encryption", "identity"} & namespace.inputs.keys()


def test_the_hub_by_value(record: Record) -> None:
    snapshot = record(replay_hours=49)
    (hub,) = of_type(snapshot, "eventhub:EventHub").values()
    assert hub.inputs["partitionCount"] == 40
    assert hub.inputs["retentionDescription"] == {"cleanupPolicy": "Delete", "retentionTimeInHours": 49}
    (consumers,) = of_type(snapshot, "eventhub:ConsumerGroup").values()
    assert (consumers.inputs["consumerGroupName"], consumers.inputs["eventHubName"]) == (
        "processor",
        hub.inputs["eventHubName"],
    )
    (schemas,) = of_type(snapshot, "eventhub:SchemaRegistry").values()
    assert (schemas.inputs["schemaType"], schemas.inputs["schemaCompatibility"]) == ("Avro", "Backward")


def test_a_private_stream_has_no_public_door(record: Record) -> None:
    snapshot = record()
    (namespace,) = of_type(snapshot, "eventhub:Namespace").values()
    (rules,) = of_type(snapshot, "eventhub:NamespaceNetworkRuleSet").values()
    assert namespace.inputs["publicNetworkAccess"] == rules.inputs["publicNetworkAccess"] == "Disabled"
    assert (rules.inputs["defaultAction"], rules.inputs["ipRules"]) == ("Deny", [])
    assert rules.inputs["trustedServiceAccessEnabled"] is False


def test_a_public_stream_opens_to_the_senders_networks_only(record: Record) -> None:
    snapshot = record(**PUBLIC)
    (namespace,) = of_type(snapshot, "eventhub:Namespace").values()
    (rules,) = of_type(snapshot, "eventhub:NamespaceNetworkRuleSet").values()
    assert namespace.inputs["publicNetworkAccess"] == rules.inputs["publicNetworkAccess"] == "Enabled"
    assert rules.inputs["defaultAction"] == "Deny"
    assert [rule["ipMask"] for rule in rules.inputs["ipRules"]] == list(PUBLIC["sender_cidrs"])


def test_senders_and_receivers_have_a_role_on_the_hub(record: Record) -> None:
    snapshot = record()
    grants = of_type(snapshot, "authorization:RoleAssignment")
    hub = of_type(snapshot, "eventhub:EventHub")["pipeline-stream"]
    for name in ("pipeline-sender-produce", "pipeline-reader-consume"):
        assert grants[name].inputs["scope"].endswith(f"/eventhubs/{hub.inputs['eventHubName']}")
        assert hub.urn in grants[name].dependencies
    assert grants["pipeline-sender-produce"].inputs["principalId"] == SENDER


def test_a_standby_takes_its_hub_from_the_pairing(record: Record) -> None:
    snapshot = record(standby=True)
    assert of_type(snapshot, "eventhub:Namespace").keys() == {"pipeline-stream-namespace", "standby-stream-namespace"}
    for kind in ("EventHub", "ConsumerGroup", "SchemaRegistry"):
        assert not [name for name in of_type(snapshot, f"eventhub:{kind}") if name.startswith("standby")]
    grants = of_type(snapshot, "authorization:RoleAssignment")
    primary, partner = (grants[f"{name}-sender-produce"].inputs["scope"] for name in ("pipeline", "standby"))
    # The pairing copies the hub under its own name.
    assert primary.rpartition("/")[2] == partner.rpartition("/")[2]
    assert primary != partner
    assert "standby-network-stream" in of_type(snapshot, "network:PrivateEndpoint")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"private": False}, "open to everybody"),
        ({"tier": "Basic"}, "no tier 'Basic'"),
        ({"tier": "Dedicated", "units": None}, "a dedicated cluster carries the tier Dedicated"),
        ({"cluster": CLUSTER}, "and no other"),
        ({"units": None}, "bought in units"),
        ({"shards": None}, "fixed number of partitions"),
        ({"own_throughput": True}, "no read path of its own"),
    ],
)
def test_what_event_hubs_cannot_is_refused(refused: Callable[..., str], spec: dict[str, Any], words: str) -> None:
    assert words in refused(**spec)
