"""The private network: VPC, subnets, routes, endpoints and flow logs."""

from __future__ import annotations

from homeshore.local.aws import Aws
from homeshore.local.fields import Fields, renamed
from homeshore.local.kind import Found, Kind, Wanted
from homeshore.local.kinds.firewall import default_group
from homeshore.local.kinds.tagged import deleted_by, filters, mine, retag, specification, tags_of

# ---- VPC and subnets

_DNS = {"enableDnsSupport": "EnableDnsSupport", "enableDnsHostnames": "EnableDnsHostnames"}


def _read_vpc(aws: Aws, wanted: Wanted) -> Found | None:
    vpc = mine(aws, wanted, "describe_vpcs", "Vpcs")
    if vpc is None:
        return None
    vpc_id = vpc.text("VpcId")
    state: dict[str, object] = {"cidrBlock": vpc.text("CidrBlock"), "tags": tags_of(vpc)}
    state["instanceTenancy"] = vpc.text_or("InstanceTenancy", "default")
    for wire, api in _DNS.items():
        attribute = api[0].lower() + api[1:]
        answer = aws.call("ec2", "describe_vpc_attribute", VpcId=vpc_id, Attribute=attribute)
        state[wire] = answer.block(api).flag("Value")
    outputs = {
        "arn": aws.arn("ec2", f"vpc/{vpc_id}"),
        "ownerId": aws.account_id,
        "defaultSecurityGroupId": default_group(aws, vpc_id),
    }
    return Found(vpc_id, state, outputs)


def _create_vpc(aws: Aws, wanted: Wanted) -> None:
    cidr = wanted.inputs.text("cidrBlock")
    aws.call("ec2", "create_vpc", CidrBlock=cidr, TagSpecifications=specification("vpc", wanted))


def _update_vpc(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    for wire, api in _DNS.items():
        if wire in drift:
            aws.call("ec2", "modify_vpc_attribute", VpcId=found.id, **{api: {"Value": wanted.inputs.flag(wire)}})
    retag(aws, wanted, found, drift)


def _read_subnet(aws: Aws, wanted: Wanted) -> Found | None:
    subnet = mine(aws, wanted, "describe_subnets", "Subnets")
    if subnet is None:
        return None
    subnet_id = subnet.text("SubnetId")
    state = {
        "vpcId": subnet.text("VpcId"),
        "cidrBlock": subnet.text("CidrBlock"),
        "availabilityZone": subnet.get("AvailabilityZone"),
        "availabilityZoneId": subnet.get("AvailabilityZoneId"),
        "mapPublicIpOnLaunch": subnet.flag("MapPublicIpOnLaunch"),
        "tags": tags_of(subnet),
    }
    return Found(subnet_id, state, {"arn": aws.arn("ec2", f"subnet/{subnet_id}"), "ownerId": aws.account_id})


def _create_subnet(aws: Aws, wanted: Wanted) -> None:
    names = {
        "vpcId": "VpcId",
        "cidrBlock": "CidrBlock",
        "availabilityZone": "AvailabilityZone",
        "availabilityZoneId": "AvailabilityZoneId",
    }
    tagging = specification("subnet", wanted)
    aws.call("ec2", "create_subnet", TagSpecifications=tagging, **renamed(wanted.inputs, names))


def _update_subnet(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    if "mapPublicIpOnLaunch" in drift:
        value = {"Value": wanted.inputs.flag("mapPublicIpOnLaunch")}
        aws.call("ec2", "modify_subnet_attribute", SubnetId=found.id, MapPublicIpOnLaunch=value)
    retag(aws, wanted, found, drift)


# ---- routes


def _read_route_table(aws: Aws, wanted: Wanted) -> Found | None:
    table = mine(aws, wanted, "describe_route_tables", "RouteTables")
    if table is None:
        return None
    table_id = table.text("RouteTableId")
    state = {"vpcId": table.text("VpcId"), "tags": tags_of(table)}
    return Found(table_id, state, {"arn": aws.arn("ec2", f"route-table/{table_id}"), "ownerId": aws.account_id})


def _create_route_table(aws: Aws, wanted: Wanted) -> None:
    tagging = specification("route-table", wanted)
    aws.call("ec2", "create_route_table", VpcId=wanted.inputs.text("vpcId"), TagSpecifications=tagging)


def _read_association(aws: Aws, wanted: Wanted) -> Found | None:
    inputs = wanted.inputs
    table_id = inputs.text("routeTableId")
    for table in aws.each("ec2", "describe_route_tables", "RouteTables", RouteTableIds=[table_id]):
        for association in table.blocks("Associations"):
            if association.get("SubnetId") == inputs.text("subnetId"):
                state = {"subnetId": association["SubnetId"], "routeTableId": table_id}
                return Found(association.text("RouteTableAssociationId"), state)
    return None


def _create_association(aws: Aws, wanted: Wanted) -> None:
    inputs = wanted.inputs
    aws.call("ec2", "associate_route_table", SubnetId=inputs.text("subnetId"), RouteTableId=inputs.text("routeTableId"))


def _nothing_to_change(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    """It has nothing but the two ends by which it is found."""
    del aws, wanted, found, drift


# ---- endpoints and flow logs


def _read_endpoint(aws: Aws, wanted: Wanted) -> Found | None:
    endpoint = mine(aws, wanted, "describe_vpc_endpoints", "VpcEndpoints")
    if endpoint is None or endpoint.text_or("State") in ("deleting", "deleted"):
        return None
    endpoint_id = endpoint.text("VpcEndpointId")
    service = endpoint.text("ServiceName")
    state = {
        "vpcId": endpoint.text("VpcId"),
        "serviceName": service,
        "vpcEndpointType": endpoint.text_or("VpcEndpointType", "Gateway"),
        "routeTableIds": list(endpoint.texts("RouteTableIds")),
        "subnetIds": list(endpoint.texts("SubnetIds")),
        "securityGroupIds": [group.text("GroupId") for group in endpoint.blocks("Groups")],
        "privateDnsEnabled": endpoint.flag("PrivateDnsEnabled"),
        "policy": endpoint.get("PolicyDocument"),
        "tags": tags_of(endpoint),
    }
    outputs = {"arn": aws.arn("ec2", f"vpc-endpoint/{endpoint_id}"), "prefixListId": _prefix_list(aws, service)}
    return Found(endpoint_id, state, outputs)


def _prefix_list(aws: Aws, service: str) -> str | None:
    found_by = filters(**{"prefix-list-name": service})
    lists = aws.call("ec2", "describe_prefix_lists", Filters=found_by).blocks("PrefixLists")
    named = (item for item in lists if item.get("PrefixListName") == service)
    return next((item.text("PrefixListId") for item in named), None)


_ENDPOINT = {
    "vpcId": "VpcId",
    "serviceName": "ServiceName",
    "vpcEndpointType": "VpcEndpointType",
    "routeTableIds": "RouteTableIds",
    "subnetIds": "SubnetIds",
    "securityGroupIds": "SecurityGroupIds",
    "privateDnsEnabled": "PrivateDnsEnabled",
    "policy": "PolicyDocument",
}


def _create_endpoint(aws: Aws, wanted: Wanted) -> None:
    tagging = specification("vpc-endpoint", wanted)
    aws.call("ec2", "create_vpc_endpoint", TagSpecifications=tagging, **renamed(wanted.inputs, _ENDPOINT))


_MEMBERS = {"routeTableIds": "RouteTableIds", "subnetIds": "SubnetIds", "securityGroupIds": "SecurityGroupIds"}


def _update_endpoint(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    was, changes = Fields(found.state), dict[str, object]()
    for wire, api in _MEMBERS.items():
        if wire in drift:
            wanted_ids, ids = set(wanted.inputs.texts(wire)), set(was.texts(wire))
            changes |= {f"Add{api}": sorted(wanted_ids - ids), f"Remove{api}": sorted(ids - wanted_ids)}
    if "policy" in drift:
        changes["PolicyDocument"] = wanted.inputs["policy"]
    if "privateDnsEnabled" in drift:
        changes["PrivateDnsEnabled"] = wanted.inputs.flag("privateDnsEnabled")
    if changes:
        aws.call("ec2", "modify_vpc_endpoint", VpcEndpointId=found.id, **changes)
    retag(aws, wanted, found, drift)


def _read_flow_log(aws: Aws, wanted: Wanted) -> Found | None:
    """A flow log is what it watches and where it writes: it is found by that, not by its tags."""
    inputs = wanted.inputs
    logs = aws.each("ec2", "describe_flow_logs", "FlowLogs", Filters=filters(**{"resource-id": inputs.text("vpcId")}))
    ends = inputs.text("vpcId"), inputs.get("logDestination")
    log = next((item for item in logs if (item.get("ResourceId"), item.get("LogDestination")) == ends), None)
    if log is None:
        return None
    state = {
        "vpcId": log.get("ResourceId"),
        "trafficType": log.get("TrafficType"),
        "logDestinationType": log.get("LogDestinationType"),
        "logDestination": log.get("LogDestination"),
        "iamRoleArn": log.get("DeliverLogsPermissionArn"),
        "maxAggregationInterval": log.get("MaxAggregationInterval"),
        "tags": tags_of(log),
    }
    log_id = log.text("FlowLogId")
    return Found(log_id, state, {"arn": aws.arn("ec2", f"vpc-flow-log/{log_id}")})


def _create_flow_log(aws: Aws, wanted: Wanted) -> None:
    names = {
        "trafficType": "TrafficType",
        "logDestinationType": "LogDestinationType",
        "logDestination": "LogDestination",
        "iamRoleArn": "DeliverLogsPermissionArn",
        "maxAggregationInterval": "MaxAggregationInterval",
    }
    aws.call(
        "ec2",
        "create_flow_logs",
        ResourceType="VPC",
        ResourceIds=[wanted.inputs.text("vpcId")],
        TagSpecifications=specification("vpc-flow-log", wanted),
        **renamed(wanted.inputs, names),
    )


KINDS = {
    "aws:ec2/vpc:Vpc": Kind(
        _read_vpc,
        _create_vpc,
        _update_vpc,
        deleted_by("delete_vpc", "VpcId"),
        fixed=frozenset({"cidrBlock", "instanceTenancy"}),
    ),
    "aws:ec2/subnet:Subnet": Kind(
        _read_subnet,
        _create_subnet,
        _update_subnet,
        deleted_by("delete_subnet", "SubnetId"),
        fixed=frozenset({"vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId"}),
    ),
    "aws:ec2/routeTable:RouteTable": Kind(
        _read_route_table,
        _create_route_table,
        retag,
        deleted_by("delete_route_table", "RouteTableId"),
        fixed=frozenset({"vpcId"}),
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Kind(
        _read_association,
        _create_association,
        _nothing_to_change,
        deleted_by("disassociate_route_table", "AssociationId"),
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Kind(
        _read_endpoint,
        _create_endpoint,
        _update_endpoint,
        deleted_by("delete_vpc_endpoints", "VpcEndpointIds", as_list=True),
        fixed=frozenset({"vpcId", "serviceName", "vpcEndpointType"}),
    ),
    "aws:ec2/flowLog:FlowLog": Kind(
        _read_flow_log,
        _create_flow_log,
        retag,
        deleted_by("delete_flow_logs", "FlowLogIds", as_list=True),
        fixed=frozenset({"vpcId", "trafficType", "logDestinationType", "logDestination", "iamRoleArn"}),
    ),
}
