"""A private network has no way to the internet; a public one is none of ours."""

from __future__ import annotations

import ipaddress
import json

import pytest

import geography
from components.aws.network import ADDRESSES, subnet_cidrs, zones
from components.contracts import Unsupported
from homeshore.engine import Snapshot
from tests.components.conftest import ACCOUNT, HOME, PUBLIC, Preview, named, of_type

INSIDE = {
    "aws:ec2/vpc:Vpc",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    "aws:ec2/subnet:Subnet",
    "aws:ec2/routeTable:RouteTable",
    "aws:ec2/routeTableAssociation:RouteTableAssociation",
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    "aws:ec2/flowLog:FlowLog",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
}


def test_nothing_in_the_network_leads_outside(preview: Preview) -> None:
    """No gateway to the internet, no NAT, no peering, no route of ours: none of their types is registered."""
    snapshot = preview()
    kinds = {r.type for r in snapshot.resources if r.type.startswith(("aws:ec2", "aws:vpc"))}
    assert kinds == INSIDE
    for table in of_type(snapshot, "aws:ec2/routeTable:RouteTable"):
        assert "routes" not in table.inputs


def test_subnets_are_private_and_in_two_zones(preview: Preview) -> None:
    subnets = of_type(preview(), "aws:ec2/subnet:Subnet")
    assert [s.inputs["mapPublicIpOnLaunch"] for s in subnets] == [False, False]
    assert [s.inputs["availabilityZoneId"] for s in subnets] == list(zones(HOME))
    assert len({s.inputs["cidrBlock"] for s in subnets}) == 2
    associations = of_type(preview(), "aws:ec2/routeTableAssociation:RouteTableAssociation")
    assert len(associations) == len(subnets)


def test_the_processor_connects_to_two_services_over_tls_and_nobody_to_it(preview: Preview) -> None:
    snapshot = preview()
    guards = {r.name: r for r in of_type(snapshot, "aws:ec2/securityGroup:SecurityGroup")}
    processor, services = guards["pipeline-network-processor-guard"], guards["pipeline-network-services-guard"]
    assert not any(key in guard.inputs for guard in guards.values() for key in ("ingress", "egress"))
    egress = of_type(snapshot, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    ingress = of_type(snapshot, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    for rule in (*egress, *ingress):
        assert (rule.inputs["ipProtocol"], rule.inputs["fromPort"], rule.inputs["toPort"]) == ("tcp", 443, 443)
        assert not {"cidrIpv4", "cidrIpv6"} & rule.inputs.keys()
    storage = named(snapshot, "aws:ec2/vpcEndpoint:VpcEndpoint", "pipeline-network-s3")
    assert {
        (rule.property_dependencies["securityGroupId"], rule.property_dependencies.get(target))
        for rule in egress
        for target in ("referencedSecurityGroupId", "prefixListId")
        if target in rule.inputs
    } == {((processor.urn,), (services.urn,)), ((processor.urn,), (storage.urn,))}
    (only,) = ingress
    assert only.property_dependencies["securityGroupId"] == (services.urn,)
    assert only.property_dependencies["referencedSecurityGroupId"] == (processor.urn,)


def test_the_default_guard_lets_nothing_through(preview: Preview) -> None:
    (guard,) = of_type(preview(), "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert (guard.inputs["ingress"], guard.inputs["egress"]) == ([], [])


def endpoint_policy(snapshot: Snapshot, name: str) -> dict[str, object]:
    endpoint = named(snapshot, "aws:ec2/vpcEndpoint:VpcEndpoint", name)
    (statement,) = json.loads(str(endpoint.inputs["policy"]))["Statement"]
    return statement


def test_endpoints_serve_the_processors_role_and_our_things_only(preview: Preview) -> None:
    snapshot = preview()
    role = f"arn:aws:iam::{ACCOUNT}:role/homeshore-test-g1-{HOME}-processor"
    storage = endpoint_policy(snapshot, "pipeline-network-s3")
    lake = f"arn:aws:s3:::homeshore-test-g1-{ACCOUNT}-{HOME}-lake"
    assert storage["Resource"] == [f"{lake}/*"]
    assert storage["Action"] == ["s3:GetObject", "s3:PutObject"]
    assert storage["Condition"] == {"ArnEquals": {"aws:PrincipalArn": role}}
    secrets = endpoint_policy(snapshot, "pipeline-network-secrets")
    assert secrets["Action"] == ["secretsmanager:GetSecretValue"]
    assert secrets["Condition"] == {"ArnEquals": {"aws:PrincipalArn": role}}
    interfaces = [
        r for r in of_type(snapshot, "aws:ec2/vpcEndpoint:VpcEndpoint") if r.inputs["vpcEndpointType"] == "Interface"
    ]
    assert [r.inputs["privateDnsEnabled"] for r in interfaces] == [True]


def test_the_role_of_the_endpoint_policies_is_the_processors(preview: Preview) -> None:
    role = named(preview(), "aws:iam/role:Role", "pipeline-processor-role")
    assert role.inputs["name"] == f"homeshore-test-g1-{HOME}-processor"


def test_the_function_stands_in_the_network(preview: Preview) -> None:
    snapshot = preview()
    function = named(snapshot, "aws:lambda/function:Function", "pipeline-processor")
    needed = set(function.property_dependencies["vpcConfig"])
    assert {r.urn for r in of_type(snapshot, "aws:ec2/subnet:Subnet")} <= needed
    assert named(snapshot, "aws:ec2/securityGroup:SecurityGroup", "pipeline-network-processor-guard").urn in needed


def test_flows_are_recorded_encrypted_and_for_a_limited_time(preview: Preview) -> None:
    snapshot = preview()
    (flow,) = of_type(snapshot, "aws:ec2/flowLog:FlowLog")
    assert flow.inputs["trafficType"] == "ALL"
    log = named(snapshot, "aws:cloudwatch/logGroup:LogGroup", "pipeline-network-flows-log")
    assert log.inputs["name"] == "/homeshore/test-g1/flows"
    assert int(str(log.inputs["retentionInDays"]).removesuffix(".0")) > 0
    assert log.property_dependencies["kmsKeyId"]


def test_public_mode_has_no_network_and_admits_only_the_listed_senders(preview: Preview) -> None:
    snapshot = preview(PUBLIC)
    assert not [r for r in snapshot.resources if r.type.startswith(("aws:ec2", "aws:vpc"))]
    assert "vpcConfig" not in named(snapshot, "aws:lambda/function:Function", "pipeline-processor").inputs
    (policy,) = of_type(snapshot, "aws:kinesis/resourcePolicy:ResourcePolicy")
    (statement,) = json.loads(str(policy.inputs["policy"]))["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Action"] == ["kinesis:PutRecord", "kinesis:PutRecords"]
    assert statement["Resource"] == [f"arn:aws:kinesis:{HOME}:{ACCOUNT}:stream/homeshore-test-g1-events"]
    assert statement["Condition"] == {"NotIpAddress": {"aws:SourceIp": ["198.51.100.0/24", "2001:db8::/32"]}}


def test_private_mode_leaves_the_senders_to_their_permissions(preview: Preview) -> None:
    assert of_type(preview(), "aws:kinesis/resourcePolicy:ResourcePolicy") == []


def test_subnets_do_not_overlap_and_fit() -> None:
    parts = [ipaddress.ip_network(cidr) for cidr in subnet_cidrs(ADDRESSES)]
    assert len(parts) == 4
    assert all(part.subnet_of(ipaddress.ip_network(ADDRESSES)) for part in parts)
    assert not any(a.overlaps(b) for i, a in enumerate(parts) for b in parts[i + 1 :])


def test_zones_are_entered_for_regions_that_exist_and_are_two_different_ones() -> None:
    known = [place.name for place in geography.regions("aws") if place.kind == "region"]
    entered = 0
    for name in known:
        try:
            first, second = zones(name)
        except Unsupported:
            continue
        entered += 1
        assert first != second
        assert first.split("-")[0] == second.split("-")[0]
    assert entered > 30


def test_a_region_whose_zones_nobody_entered_is_refused_with_the_remedy() -> None:
    with pytest.raises(Unsupported, match=r"zones\.csv.*or use network\.mode: public"):
        zones("atlantis")
