"""Roles and their inline policies."""

from __future__ import annotations

import json
import urllib.parse

from homeshore.local.aws import Aws
from homeshore.local.fields import Fields
from homeshore.local.kind import Found, Kind, Wanted, declared, listed_tags, read_tags, written

_GONE = "NoSuchEntity"


def _document(answer: Fields, key: str) -> str:
    """A policy document: boto3 decodes it where the API answers as AWS does, some emulators leave it quoted."""
    value = answer.get(key)
    return json.dumps(value) if not isinstance(value, str) else urllib.parse.unquote(value)


def _read_role(aws: Aws, wanted: Wanted) -> Found | None:
    name = wanted.inputs.text("name")
    answer = aws.find("iam", "get_role", _GONE, RoleName=name)
    if answer is None:
        return None
    role = answer.block("Role")
    tags = read_tags(aws.call("iam", "list_role_tags", RoleName=name).blocks("Tags"))
    state = {
        "name": name,
        "assumeRolePolicy": _document(role, "AssumeRolePolicyDocument"),
        "description": role.text_or("Description"),
        "path": role.text_or("Path", "/"),
        "maxSessionDuration": role.get("MaxSessionDuration"),
        "permissionsBoundary": role.block("PermissionsBoundary").get("PermissionsBoundaryArn"),
        "tags": declared(tags),
    }
    return Found(name, state, {"arn": role.text("Arn"), "uniqueId": role.text("RoleId")})


def _create_role(aws: Aws, wanted: Wanted) -> None:
    inputs = wanted.inputs
    aws.call(
        "iam",
        "create_role",
        RoleName=inputs.text("name"),
        AssumeRolePolicyDocument=inputs.text("assumeRolePolicy"),
        Description=inputs.text_or("description"),
        Path=inputs.text_or("path", "/"),
        Tags=listed_tags(wanted.tags),
    )


def _update_role(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    inputs, name = wanted.inputs, found.id
    if "assumeRolePolicy" in drift:
        document = inputs.text("assumeRolePolicy")
        aws.call("iam", "update_assume_role_policy", RoleName=name, PolicyDocument=document)
    if drift & {"description", "maxSessionDuration"}:
        session = {"MaxSessionDuration": inputs.whole("maxSessionDuration")} if inputs.get("maxSessionDuration") else {}
        aws.call("iam", "update_role", RoleName=name, Description=inputs.text_or("description"), **session)
    if "permissionsBoundary" in drift:
        boundary = inputs.text("permissionsBoundary")
        aws.call("iam", "put_role_permissions_boundary", RoleName=name, PermissionsBoundary=boundary)
    if "tags" in drift:
        surplus = sorted(set(Fields(found.state).table("tags")) - set(wanted.tags))
        if surplus:
            aws.call("iam", "untag_role", RoleName=name, TagKeys=surplus)
        aws.call("iam", "tag_role", RoleName=name, Tags=listed_tags(wanted.tags))


def _delete_role(aws: Aws, wanted: Wanted, found: Found) -> None:
    del wanted
    for policy in aws.call("iam", "list_role_policies", RoleName=found.id).texts("PolicyNames"):
        aws.call("iam", "delete_role_policy", RoleName=found.id, PolicyName=policy)
    aws.call("iam", "delete_role", RoleName=found.id)


def _read_role_policy(aws: Aws, wanted: Wanted) -> Found | None:
    role, name = wanted.inputs.text("role"), wanted.inputs.text("name")
    answer = aws.find("iam", "get_role_policy", _GONE, RoleName=role, PolicyName=name)
    if answer is None:
        return None
    return Found(f"{role}:{name}", {"role": role, "name": name, "policy": _document(answer, "PolicyDocument")})


def _write_role_policy(aws: Aws, wanted: Wanted) -> None:
    inputs = wanted.inputs
    aws.call(
        "iam",
        "put_role_policy",
        RoleName=inputs.text("role"),
        PolicyName=inputs.text("name"),
        PolicyDocument=inputs.text("policy"),
    )


def _delete_role_policy(aws: Aws, wanted: Wanted, found: Found) -> None:
    del found
    inputs = wanted.inputs
    aws.find("iam", "delete_role_policy", _GONE, RoleName=inputs.text("role"), PolicyName=inputs.text("name"))


KINDS = {
    "aws:iam/role:Role": Kind(
        _read_role,
        _create_role,
        _update_role,
        _delete_role,
        fixed=frozenset({"path"}),
        engine_only=frozenset({"forceDetachPolicies"}),
    ),
    "aws:iam/rolePolicy:RolePolicy": written(_read_role_policy, _write_role_policy, _delete_role_policy),
}
