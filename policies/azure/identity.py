"""Who may do what on Azure: no grants over everything, no keys that stand for whoever holds them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.azure import facts
from policies.azure.facts import ACCOUNT, GROUP, LOGS, NAMESPACE, VAULT, WORKSPACE
from policies.rules import Case, Said, rule
from policies.values import Reading

_NARROW: Final = re.compile(r"(?i)/resourcegroups/[^/]+/providers/[^/]+/[^/]+/[^/]+")
_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@rule("IAM-AZ-001", "azure-native:authorization:RoleAssignment")
def no_broad_administrators(case: Case) -> Iterator[Said]:
    """Nobody owns, or contributes to, a whole group, subscription or more."""
    role, scope = case.read("roleDefinitionId"), case.read("scope")
    if (role.text and not _administers(role)) or (scope.text and _NARROW.search(scope.text)):
        return
    over = scope.text or _group(case)
    if role.unknown or (scope.unknown and not over):
        yield case.unsure(role if role.unknown else scope)
    elif role.text:
        granted = next(row["role"] for row in facts.rows("azure_roles.csv") if row["guid"] in _guids(role))
        yield case.fail(role, f"{granted} is granted over {over or 'a scope that is missing'}")


def _group(case: Case) -> str:
    """The name of the group that an unknown scope is the id of: it comes out of a group and nothing else."""
    linked = [case.stack.by_urn.get(urn) for urn in case.resource.property_dependencies.get("scope", ())]
    groups = [one.name for one in linked if one is not None and one.type == GROUP]
    return groups[0] if len(groups) == len(linked) == 1 else ""


def _administers(role: Reading) -> bool:
    return any(row["guid"] in _guids(role) for row in facts.rows("azure_roles.csv"))


def _guids(role: Reading) -> list[str]:
    return _GUID.findall(role.text.lower())[-1:]


@rule("IAM-AZ-002", NAMESPACE)
def namespace_takes_identities(case: Case) -> Iterator[Said]:
    """Senders and readers say who they are; a shared key does not."""
    yield from case.must_be_true("disableLocalAuth")


@rule(
    "IAM-AZ-002",
    "azure-native:eventhub:NamespaceAuthorizationRule",
    "azure-native:eventhub:EventHubAuthorizationRule",
)
def key_does_not_manage(case: Case) -> Iterator[Said]:
    """Whoever holds a shared key may send or listen, never manage."""
    for right in case.read_all("rights[]"):
        if right.unknown:
            yield case.unsure(right)
        elif right.among("Manage"):
            yield case.fail(right, "rights must not include Manage")


@rule("IAM-AZ-002", ACCOUNT)
def account_takes_identities(case: Case) -> Iterator[Said]:
    """Requests to the account are signed by identities. Where nothing is said, Azure takes shared keys."""
    shared = case.read("allowSharedKeyAccess")
    if shared.unknown:
        yield case.unsure(shared)
    elif shared.flag is not False:
        yield case.fail(shared, "allowSharedKeyAccess must be false")
    # Users of the account's own sign in with passwords and keys; where nothing is said there are none.
    for path in ("isLocalUserEnabled", "isSftpEnabled"):
        yield from case.must_not_be_true(path)


@rule("IAM-AZ-002", VAULT)
def vault_takes_roles(case: Case) -> Iterator[Said]:
    """Who may use keys and secrets is decided by roles, not by the vault's own list."""
    yield from case.must_be_true("properties.enableRbacAuthorization")


@rule("IAM-AZ-002", "azure-native:web:WebAppScmAllowed", "azure-native:web:WebAppFtpAllowed")
def site_takes_no_passwords(case: Case) -> Iterator[Said]:
    """Nobody puts code there with a password."""
    yield from case.must_not_be_true("allow")


@rule("IAM-AZ-002", LOGS)
def logs_take_identities(case: Case) -> Iterator[Said]:
    """Where the workspace says how its senders sign in, no key does."""
    yield from _not_switched_off(case, "features.disableLocalAuth")


@rule("IAM-AZ-002", WORKSPACE)
def warehouse_takes_identities(case: Case) -> Iterator[Said]:
    """Where the workspace says how people sign in to its SQL, no password does."""
    yield from _not_switched_off(case, "azureADOnlyAuthentication")


def _not_switched_off(case: Case, path: str) -> Iterator[Said]:
    at = case.read(path)
    if at.unknown:
        yield case.unsure(at)
    elif at.flag is False:
        yield case.fail(at, f"{path} must not be false")
