"""The network: what leads in, what leads out, and what it leads to."""

from __future__ import annotations

import ipaddress
from itertools import combinations
from typing import Any

from components.azure.network import ADDRESSES, Service, subnet_cidrs
from components.azure.place import place_of
from homeshore.engine import Snapshot
from tests.components.azure.conftest import Record, made, of_type
from tests.components.azure.program import PUBLIC, scope

TAGS_OUT = {
    "processor": {"AzureActiveDirectory", "AzureMonitor"},
    "sink": {"AzureActiveDirectory", "AzureMonitor", "MicrosoftContainerRegistry", "AzureFrontDoor.FirstParty"},
    "endpoints": set[str](),
}
NO_WAY_OUT = ("natGateway", "PublicIPAddress", "RouteTable", "AzureFirewall", "VirtualNetworkPeering")


def subnets(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    (network,) = of_type(snapshot, "network:VirtualNetwork").values()
    return {subnet["name"]: subnet for subnet in network.inputs["subnets"]}


def rules(snapshot: Snapshot, role: str) -> list[dict[str, Any]]:
    guard = of_type(snapshot, "network:NetworkSecurityGroup")[f"pipeline-network-{role}-guard"]
    found: list[dict[str, Any]] = guard.inputs["securityRules"]
    return found


def test_the_platforms_subnets_are_delegated_and_all_are_guarded(record: Record) -> None:
    found = subnets(record())
    assert found.keys() == {"processor", "sink", "endpoints"}
    for role, subnet in found.items():
        assert subnet["networkSecurityGroup"]["id"].endswith(f"-{role}-guard")
        if role != "endpoints":
            assert [d["serviceName"] for d in subnet["delegations"]] == ["Microsoft.App/environments"]
    assert found["endpoints"]["privateEndpointNetworkPolicies"] == "Enabled"
    assert found["endpoints"]["defaultOutboundAccess"] is False


def test_subnets_lie_in_the_network_and_apart(record: Record) -> None:
    ranges = [ipaddress.ip_network(subnet["addressPrefix"]) for subnet in subnets(record()).values()]
    assert [str(found) for found in ranges] == subnet_cidrs(ADDRESSES)[:3]
    assert not any(one.overlaps(other) for one, other in combinations(ranges, 2))


def test_every_guard_closes_what_it_does_not_open(record: Record) -> None:
    snapshot = record()
    for role in TAGS_OUT:
        found = rules(snapshot, role)
        for direction in ("Inbound", "Outbound"):
            last = max((r for r in found if r["direction"] == direction), key=lambda r: r["priority"])
            assert (last["access"], last["protocol"]) == ("Deny", "*")
            assert {last["sourceAddressPrefix"], last["destinationAddressPrefix"], last["destinationPortRange"]} == {
                "*"
            }
            priorities = [r["priority"] for r in found if r["direction"] == direction]
            assert len(set(priorities)) == len(priorities)


def test_only_the_platforms_own_services_lie_outside(record: Record) -> None:
    snapshot = record()
    inside = {subnet["addressPrefix"] for subnet in subnets(snapshot).values()}
    for role, tags in TAGS_OUT.items():
        opened = [r for r in rules(snapshot, role) if r["access"] == "Allow"]
        assert {r["destinationAddressPrefix"] for r in opened if r["direction"] == "Outbound"} - inside == tags
        sources = {r["sourceAddressPrefix"] for r in opened if r["direction"] == "Inbound"} - inside
        assert sources == ({"AzureLoadBalancer"} if role == "sink" else set())


def test_endpoints_answer_and_begin_nothing(record: Record) -> None:
    opened = [r for r in rules(record(), "endpoints") if r["access"] == "Allow"]
    assert {r["direction"] for r in opened} == {"Inbound"}
    assert {port for r in opened for port in r["destinationPortRanges"]} == {"443", "5671-5672", "1433"}


def test_nothing_leads_to_the_internet(record: Record) -> None:
    assert not [r.urn for r in made(record()) for word in NO_WAY_OUT if word in r.type or word in str(r.inputs)]


def test_vault_stores_and_stream_are_reached_privately_in_both_modes(record: Record) -> None:
    expected = {
        "pipeline-network-vault": ("vault", "privatelink.vaultcore.azure.net"),
        "pipeline-network-lake-blob": ("blob", "privatelink.blob.core.windows.net"),
        "pipeline-network-lake-dfs": ("dfs", "privatelink.dfs.core.windows.net"),
        "pipeline-network-failed-blob": ("blob", "privatelink.blob.core.windows.net"),
        "pipeline-network-failed-dfs": ("dfs", "privatelink.dfs.core.windows.net"),
        "pipeline-network-flows-blob": ("blob", "privatelink.blob.core.windows.net"),
        "pipeline-network-stream": ("namespace", "privatelink.servicebus.windows.net"),
    }
    for snapshot in (record(), record(**PUBLIC)):
        endpoints = of_type(snapshot, "network:PrivateEndpoint")
        groups = of_type(snapshot, "network:PrivateDnsZoneGroup")
        assert endpoints.keys() == expected.keys()
        for name, (group, zone) in expected.items():
            (connection,) = endpoints[name].inputs["privateLinkServiceConnections"]
            assert connection["groupIds"] == [group]
            (config,) = groups[f"{name}-names"].inputs["privateDnsZoneConfigs"]
            assert config["privateDnsZoneId"].endswith(f"/privateDnsZones/{zone}")
            assert (
                groups[f"{name}-names"].inputs["privateEndpointName"] == endpoints[name].inputs["privateEndpointName"]
            )


def test_each_zone_is_made_once_and_linked(record: Record) -> None:
    snapshot = record()
    zones = {r.inputs["privateZoneName"]: r for r in of_type(snapshot, "privatedns:PrivateZone").values()}
    links = {r.inputs["privateZoneName"]: r for r in of_type(snapshot, "privatedns:VirtualNetworkLink").values()}
    assert len(zones) == 4
    assert zones.keys() == links.keys()
    assert all(link.inputs["registrationEnabled"] is False for link in links.values())


def test_every_service_has_a_zone_of_its_own_world() -> None:
    zones = {service: service.zone(place_of(scope())) for service in Service}
    assert all(zone.startswith("privatelink.") for zone in zones.values())
    assert zones[Service.SQL] == zones[Service.SQL_ON_DEMAND] == "privatelink.sql.azuresynapse.net"
    assert zones[Service.REGISTRY] == "privatelink.azurecr.io"


def test_flows_are_recorded_for_as_long_as_the_plan_says(record: Record) -> None:
    snapshot = record()
    (log,) = of_type(snapshot, "network:FlowLog").values()
    (network,) = of_type(snapshot, "network:VirtualNetwork").values()
    assert log.inputs["targetResourceId"].endswith(f"/virtualNetworks/{network.inputs['virtualNetworkName']}")
    assert log.inputs["enabled"] is True
    account = of_type(snapshot, "storage:StorageAccount")["pipeline-network-flows"]
    assert log.inputs["storageId"].endswith(f"/storageAccounts/{account.inputs['accountName']}")
    (rule,) = of_type(snapshot, "storage:ManagementPolicy")["pipeline-network-flows-lifecycle"].inputs["policy"][
        "rules"
    ]
    assert rule["definition"]["actions"]["baseBlob"]["delete"] == {"daysAfterModificationGreaterThan": 30}
    allowed = of_type(snapshot, "authorization:RoleAssignment")["pipeline-network-flows-write"]
    assert allowed.urn in log.dependencies
