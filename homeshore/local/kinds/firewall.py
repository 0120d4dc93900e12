"""Security groups and their rules."""

from __future__ import annotations

from homeshore.local.aws import Aws
from homeshore.local.fields import Fields, renamed
from homeshore.local.kind import Found, Kind, Wanted
from homeshore.local.kinds.tagged import deleted_by, filters, identity, mine, retag, specification, tags_of


def default_group(aws: Aws, vpc_id: str) -> str:
    """The id of the security group that came with the VPC; empty when it is not shown."""
    found_by = [*filters(**{"vpc-id": vpc_id}), *filters(**{"group-name": "default"})]
    groups = aws.each("ec2", "describe_security_groups", "SecurityGroups", Filters=found_by)
    return next((group.text("GroupId") for group in groups), "")


def _read_group(aws: Aws, wanted: Wanted) -> Found | None:
    group = mine(aws, wanted, "describe_security_groups", "SecurityGroups")
    if group is None:
        return None
    group_id = group.text("GroupId")
    state = {
        "name": group.text("GroupName"),
        "description": group.text_or("Description"),
        "vpcId": group.get("VpcId"),
        "tags": tags_of(group),
    }
    return Found(group_id, state, {"arn": aws.arn("ec2", f"security-group/{group_id}"), "ownerId": aws.account_id})


def _create_group(aws: Aws, wanted: Wanted) -> None:
    """Create the group without the rule that opens every port outward, as the provider does."""
    inputs = wanted.inputs
    group = aws.call(
        "ec2",
        "create_security_group",
        GroupName=inputs.text("name"),
        Description=inputs.text_or("description", "Managed by Pulumi"),
        VpcId=inputs.text("vpcId"),
        TagSpecifications=specification("security-group", wanted),
    )
    _revoke_all(aws, group.text("GroupId"))


def _rules(aws: Aws, group_id: str) -> list[Fields]:
    found_by = filters(**{"group-id": group_id})
    return list(aws.each("ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=found_by))


def _revoke_all(aws: Aws, group_id: str) -> None:
    for rule in _rules(aws, group_id):
        direction = "egress" if rule.flag("IsEgress") else "ingress"
        rules = [rule.text("SecurityGroupRuleId")]
        aws.call("ec2", f"revoke_security_group_{direction}", GroupId=group_id, SecurityGroupRuleIds=rules)


def _read_default(aws: Aws, wanted: Wanted) -> Found | None:
    vpc_id = wanted.inputs.text("vpcId")
    group_id = default_group(aws, vpc_id)
    if not group_id:
        return None
    rules = _rules(aws, group_id)
    state = {
        "vpcId": vpc_id,
        "ingress": [dict(rule) for rule in rules if not rule.flag("IsEgress")],
        "egress": [dict(rule) for rule in rules if rule.flag("IsEgress")],
    }
    return Found(group_id, state, {"arn": aws.arn("ec2", f"security-group/{group_id}")})


def _adopted(aws: Aws, wanted: Wanted) -> None:
    """The default group comes with its VPC; the resource only takes it over."""
    del aws, wanted


def _close_default(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    """Revoke every rule: the program declares none."""
    del wanted, drift
    _revoke_all(aws, found.id)


def _with_its_vpc(aws: Aws, wanted: Wanted, found: Found) -> None:
    """The default group cannot be deleted; it goes with its VPC."""
    del aws, wanted, found


_RULE = {
    "ipProtocol": "IpProtocol",
    "fromPort": "FromPort",
    "toPort": "ToPort",
    "cidrIpv4": "CidrIpv4",
    "cidrIpv6": "CidrIpv6",
    "prefixListId": "PrefixListId",
    "description": "Description",
}


def _rule_kind(*, egress: bool) -> Kind:
    direction = "egress" if egress else "ingress"

    def read(aws: Aws, wanted: Wanted) -> Found | None:
        group_id = wanted.inputs.text("securityGroupId")
        mine = (rule for rule in _rules(aws, group_id) if identity(rule) == wanted.identity)
        rule = next((rule for rule in mine if rule.flag("IsEgress") is egress), None)
        if rule is None:
            return None
        state: dict[str, object] = {wire: rule.get(api) for wire, api in _RULE.items()}
        state["referencedSecurityGroupId"] = rule.block("ReferencedGroupInfo").get("GroupId")
        state |= {"securityGroupId": group_id, "tags": tags_of(rule)}
        rule_id = rule.text("SecurityGroupRuleId")
        outputs = {"arn": aws.arn("ec2", f"security-group-rule/{rule_id}"), "securityGroupRuleId": rule_id}
        return Found(rule_id, state, outputs)

    def create(aws: Aws, wanted: Wanted) -> None:
        inputs = wanted.inputs
        aws.call(
            "ec2",
            f"authorize_security_group_{direction}",
            GroupId=inputs.text("securityGroupId"),
            IpPermissions=[_permission(inputs)],
            TagSpecifications=specification("security-group-rule", wanted),
        )

    def delete(aws: Aws, wanted: Wanted, found: Found) -> None:
        group_id = wanted.inputs.text("securityGroupId")
        aws.call("ec2", f"revoke_security_group_{direction}", GroupId=group_id, SecurityGroupRuleIds=[found.id])

    return Kind(read, create, retag, delete, fixed=frozenset({*_RULE, "referencedSecurityGroupId"}))


def _permission(inputs: Fields) -> dict[str, object]:
    """The rule as the API takes it: one protocol, one port range, one other end."""
    text = renamed(inputs, {"description": "Description"})
    permission = renamed(inputs, {"ipProtocol": "IpProtocol", "fromPort": "FromPort", "toPort": "ToPort"})
    ends = {
        "IpRanges": ("cidrIpv4", "CidrIp"),
        "Ipv6Ranges": ("cidrIpv6", "CidrIpv6"),
        "PrefixListIds": ("prefixListId", "PrefixListId"),
        "UserIdGroupPairs": ("referencedSecurityGroupId", "GroupId"),
    }
    for api, (wire, key) in ends.items():
        if inputs.get(wire):
            permission[api] = [{key: inputs[wire], **text}]
    return permission


KINDS = {
    "aws:ec2/securityGroup:SecurityGroup": Kind(
        _read_group,
        _create_group,
        retag,
        deleted_by("delete_security_group", "GroupId"),
        fixed=frozenset({"name", "description", "vpcId"}),
        engine_only=frozenset({"revokeRulesOnDelete"}),
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Kind(
        _read_default, _adopted, _close_default, _with_its_vpc, engine_only=frozenset({"tags"})
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _rule_kind(egress=True),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _rule_kind(egress=False),
}
