"""The network has one way out, and it leads to the Google services that the processor calls."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import Any

import pytest

from components.gcp.network import ADDRESSES, APIS, secrets_address
from homeshore.engine import Snapshot
from tests.components.gcp.recording import HOME, PROJECT, STREAM, Everything, of_type, pipeline, record

NETWORK = f"projects/{PROJECT}/global/networks/homeshore-test-g1-{HOME}-network"
SUBNETWORK = f"projects/{PROJECT}/regions/{HOME}/subnetworks/homeshore-test-g1-workers"
SECRETS = f"secretmanager.{HOME}.rep.googleapis.com"
FIREWALL = "gcp:compute/firewall:Firewall"


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return record(lambda: Everything(pipeline()))


def only(snapshot: Snapshot, token: str) -> dict[str, Any]:
    (resource,) = of_type(snapshot, token).values()
    return dict(resource.inputs)


def test_there_is_no_subnetwork_and_no_route_but_ours(snapshot: Snapshot) -> None:
    network = only(snapshot, "gcp:compute/network:Network")
    assert (network["autoCreateSubnetworks"], network["deleteDefaultRoutesOnCreate"]) == (False, True)
    route = only(snapshot, "gcp:compute/route:Route")
    assert (route["destRange"], route["nextHopGateway"]) == (APIS, "default-internet-gateway")
    assert route["network"] == NETWORK
    assert not [each for each in snapshot.resources if "router" in each.type.lower()]


def test_the_subnetwork_reaches_google_privately_and_logs_every_flow(snapshot: Snapshot) -> None:
    subnetwork = only(snapshot, "gcp:compute/subnetwork:Subnetwork")
    assert subnetwork["privateIpGoogleAccess"] is True
    assert subnetwork["stackType"] == "IPV4_ONLY"
    assert (subnetwork["region"], subnetwork["network"], subnetwork["ipCidrRange"]) == (HOME, NETWORK, ADDRESSES)
    assert subnetwork["logConfig"] == {
        "aggregationInterval": "INTERVAL_10_MIN",
        "flowSampling": 1,
        "metadata": "INCLUDE_ALL_METADATA",
    }


def test_everything_is_refused_but_tls_of_the_processor_to_the_services(snapshot: Snapshot) -> None:
    rules = {name: dict(each.inputs) for name, each in of_type(snapshot, FIREWALL).items()}
    assert {rule["network"] for rule in rules.values()} == {NETWORK}
    assert all(rule["logConfig"] == {"metadata": "INCLUDE_ALL_METADATA"} for rule in rules.values())
    opening: Any = rules.pop("pipeline-network-allow-services")
    assert opening["allows"] == [{"protocol": "tcp", "ports": ["443"]}]
    assert opening["direction"] == "EGRESS"
    assert opening["destinationRanges"] == [APIS, f"{secrets_address(ADDRESSES)}/32"]
    assert opening["targetTags"] == ["homeshore-test-g1-processor"]
    refusals = {rule["direction"]: rule for rule in rules.values()}
    assert sorted(refusals) == ["EGRESS", "INGRESS"]
    for rule in refusals.values():
        assert rule["denies"] == [{"protocol": "all"}]
        assert "targetTags" not in rule
        assert opening["priority"] < rule["priority"] < 65_535
    assert refusals["EGRESS"]["destinationRanges"] == ["0.0.0.0/0"]
    assert refusals["INGRESS"]["sourceRanges"] == ["0.0.0.0/0"]


def test_names_of_google_lead_to_the_restricted_addresses(snapshot: Snapshot) -> None:
    zone = only(snapshot, "gcp:dns/managedZone:ManagedZone")
    assert (zone["dnsName"], zone["visibility"]) == ("googleapis.com.", "private")
    assert zone["privateVisibilityConfig"] == {"networks": [{"networkUrl": NETWORK}]}
    records = of_type(snapshot, "gcp:dns/recordSet:RecordSet").values()
    assert {each.inputs["managedZone"] for each in records} == {zone["name"]}
    assert {each.inputs["name"]: (each.inputs["type"], each.inputs["rrdatas"]) for each in records} == {
        "restricted.googleapis.com.": ("A", ["199.36.153.4", "199.36.153.5", "199.36.153.6", "199.36.153.7"]),
        "*.googleapis.com.": ("CNAME", ["restricted.googleapis.com."]),
        f"{SECRETS}.": ("A", [secrets_address(ADDRESSES)]),
    }
    policy = only(snapshot, "gcp:dns/policy:Policy")
    assert (policy["enableLogging"], policy["networks"]) == (True, [{"networkUrl": NETWORK}])


def test_regional_secrets_have_an_address_in_the_subnetwork(snapshot: Snapshot) -> None:
    endpoint = only(snapshot, "gcp:networkconnectivity/regionalEndpoint:RegionalEndpoint")
    assert endpoint["targetGoogleApi"] == SECRETS
    assert (endpoint["location"], endpoint["accessType"]) == (HOME, "REGIONAL")
    assert (endpoint["network"], endpoint["subnetwork"]) == (NETWORK, SUBNETWORK)
    assert endpoint["address"] == secrets_address(ADDRESSES)


def test_the_secrets_address_is_none_that_google_keeps() -> None:
    network = ipaddress.ip_network(ADDRESSES)
    kept = {network[0], network[1], network[-2], network[-1]}
    address = ipaddress.ip_address(secrets_address(ADDRESSES))
    assert address in network
    assert address not in kept


def test_the_processor_finds_the_network_and_what_to_wait_for() -> None:
    found: dict[str, Any] = {}

    def build() -> None:
        network = Everything(pipeline()).network
        assert network is not None
        assert (network.network_id, network.subnetwork_id) == (NETWORK, SUBNETWORK)
        assert network.tag == "homeshore-test-g1-processor"
        network.subnet_ids[0].apply(lambda value: found.setdefault("subnet", value))
        network.guard_ids[0].apply(lambda value: found.setdefault("guard", value))
        network.resource_id.apply(lambda value: found.setdefault("id", value))
        found["rules"] = sorted(rule._name for rule in network.rules)

    snapshot = record(build)
    assert found["subnet"] == SUBNETWORK
    assert found["guard"] == "homeshore-test-g1-processor"
    assert found["id"] == NETWORK
    waited = {"Firewall", "Route", "RecordSet", "Policy", "RegionalEndpoint"}
    assert found["rules"] == sorted(each.name for each in snapshot.resources if each.type.split(":")[-1] in waited)


def test_a_public_stack_has_no_network() -> None:
    snapshot = record(lambda: Everything(pipeline(), stream=replace(STREAM, private=False)))
    assert not [each for each in snapshot.resources if each.type.startswith(("gcp:compute/", "gcp:dns/"))]
