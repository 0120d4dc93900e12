"""Who may do what: role assignments on the one resource that needs them, built-in roles where one is narrow enough.

The built-in roles are data, `roles.csv` (Microsoft Learn, "Azure built-in
roles"): the same in every tenant.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pulumi
from pulumi_azure_native import authorization

from components.azure import names
from components.azure.place import AzureComponent

USE_KEY = "Key Vault Crypto Service Encryption User"
READ_SECRETS = "Key Vault Secrets User"
READ_OBJECTS = "Storage Blob Data Reader"
WRITE_CONTAINERS = "Storage Blob Data Contributor"
SEND_EVENTS = "Azure Event Hubs Data Sender"
RECEIVE_EVENTS = "Azure Event Hubs Data Receiver"

_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
ADD_OBJECTS = (f"{_BLOBS}/add/action", f"{_BLOBS}/write")
MAINTAIN_OBJECTS = (*ADD_OBJECTS, f"{_BLOBS}/delete", f"{_BLOBS}/move/action", f"{_BLOBS}/read")
"""No built-in role lets one write and nothing else; those that write may also delete the container itself."""


def grant(
    component: AzureComponent,
    name: str,
    *,
    role: str,
    scope: str,
    principal: pulumi.Input[str],
    why: str,
    after: Sequence[pulumi.Resource],
    kind: authorization.PrincipalType = authorization.PrincipalType.SERVICE_PRINCIPAL,
    holds: bool = False,
) -> authorization.RoleAssignment:
    """Assign a built-in role of `roles.csv` on the resource whose identifier is `scope`, which `after` makes.

    `kind` says what `principal` is; managed identities are service principals.
    """
    return assign(
        component,
        name,
        role_id=role_on(scope, role_guid(role)),
        scope=scope,
        principal=principal,
        why=why,
        after=after,
        kind=kind,
        holds=holds,
    )


def assign(
    component: AzureComponent,
    name: str,
    *,
    role_id: str,
    scope: str,
    principal: pulumi.Input[str],
    why: str,
    after: Sequence[pulumi.Resource],
    kind: authorization.PrincipalType = authorization.PrincipalType.SERVICE_PRINCIPAL,
    holds: bool = False,
) -> authorization.RoleAssignment:
    """Assign the role with the identifier `role_id`.

    The assignment's own name is a GUID made of scope, role and `name`. `holds`: without it data cannot be read, so it
    outlives a destroy as the data does.
    """
    return authorization.RoleAssignment(
        name,
        role_assignment_name=names.assignment(scope, role_id, name),
        scope=scope,
        role_definition_id=role_id,
        principal_id=principal,
        # Without it the service looks the principal up, and does not find one that is seconds old.
        principal_type=kind,
        description=why,
        opts=component.keeper(depends_on=after) if holds else component.child(depends_on=after),
    )


def custom_role(
    component: AzureComponent, name: str, *, title: str, why: str, data_actions: Sequence[str], group_id: str
) -> authorization.RoleDefinition:
    """A role of our own, for one resource group only: those data actions, nothing of the control plane.

    `title` is unique in the tenant.
    """
    return authorization.RoleDefinition(
        name,
        role_definition_id=role_definition(group_id, title),
        scope=group_id,
        role_name=title,
        role_type="CustomRole",
        description=why,
        assignable_scopes=[group_id],
        permissions=[
            authorization.PermissionArgs(
                actions=[], not_actions=[], data_actions=list(data_actions), not_data_actions=[]
            )
        ],
        opts=component.child(),
    )


def role_definition(group_id: str, title: str) -> str:
    """The GUID of the role of our own with that title."""
    return names.assignment(group_id, title)


def role_on(scope: str, guid: str) -> str:
    """Identifier of a role definition as an assignment on `scope` names it: within the subscription of `scope`."""
    return f"/subscriptions/{scope.split('/')[2]}/providers/Microsoft.Authorization/roleDefinitions/{guid}"


def role_guid(name: str) -> str:
    """The GUID of the built-in role of that name. Raises KeyError for one that is not in the table."""
    return _roles()[name]


@cache
def _roles() -> dict[str, str]:
    with (Path(__file__).parent / "roles.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: row["guid"] for row in csv.DictReader(file)}
