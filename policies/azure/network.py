"""Who can reach Azure's data services from the internet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.azure.facts import ACCOUNT, NAMESPACE, SITE, SLOT, VAULT, WORKSPACE
from policies.azure.joins import parts, unjoined
from policies.azure.shapes import any_of, no_open_range
from policies.model import Resource
from policies.rules import Case, Said, rule

CLOSED: Final = ("Disabled", "SecuredByPerimeter")
DENY: Final = ("Deny",)
RULES: Final = "azure-native:eventhub:NamespaceNetworkRuleSet"


@rule("PUB-AZ-001", ACCOUNT)
def account_is_closed(case: Case) -> Iterator[Said]:
    """The account answers its own networks only, and nothing in it can be made public."""
    yield from case.must_not_be_true("allowBlobPublicAccess")
    yield from any_of(
        case,
        "publicNetworkAccess must be Disabled, or networkRuleSet.defaultAction Deny",
        ("publicNetworkAccess", CLOSED),
        ("networkRuleSet.defaultAction", DENY),
    )
    if not case.read("publicNetworkAccess").among(*CLOSED):
        yield from no_open_range(case, "networkRuleSet.ipRules", "iPAddressOrRange")


@rule("PUB-AZ-001", "azure-native:storage:BlobContainer")
def container_is_private(case: Case) -> Iterator[Said]:
    """Nobody reads the container's objects without a grant."""
    access = case.read("publicAccess")
    if access.unknown:
        yield case.unsure(access)
    elif access.present and not access.among("None"):
        yield case.fail(access, "publicAccess must be None")


@rule("PUB-AZ-002", NAMESPACE)
def namespace_is_closed(case: Case) -> Iterator[Said]:
    """The namespace itself is closed, or its network rules let in nobody whom they do not name."""
    own = case.read("publicNetworkAccess")
    if own.among(*CLOSED):
        return
    sets = parts(case.stack, case.resource, RULES)
    if any(_closed(one) for one in sets):
        return
    if own.unknown:
        yield case.unsure(own)
    elif any(_undecided(one) for one in sets) or (not sets and unjoined(case.stack, RULES, NAMESPACE)):
        yield case.unsure(own, "its network rules are known only after the update")
    else:
        yield case.fail(own, "publicNetworkAccess must be Disabled, or a rule set's defaultAction Deny")


@rule("PUB-AZ-002", RULES)
def rule_set_denies(case: Case) -> Iterator[Said]:
    """The namespace's rule set lets in nobody whom it does not name."""
    yield from any_of(
        case,
        "defaultAction must be Deny, or publicNetworkAccess Disabled",
        ("defaultAction", DENY),
        ("publicNetworkAccess", CLOSED),
    )
    if not case.read("publicNetworkAccess").among(*CLOSED):
        yield from no_open_range(case, "ipRules", "ipMask")


def _closed(rules: Resource) -> bool:
    return rules.read("defaultAction").among(*DENY) or rules.read("publicNetworkAccess").among(*CLOSED)


def _undecided(rules: Resource) -> bool:
    return rules.read("defaultAction").unknown or rules.read("publicNetworkAccess").unknown


@rule("PUB-AZ-003", VAULT)
def vault_is_closed(case: Case) -> Iterator[Said]:
    """The vault answers its own networks only."""
    yield from any_of(
        case,
        "properties.publicNetworkAccess must be disabled, or properties.networkAcls.defaultAction Deny",
        ("properties.publicNetworkAccess", CLOSED),
        ("properties.networkAcls.defaultAction", DENY),
    )
    if not case.read("properties.publicNetworkAccess").among(*CLOSED):
        yield from no_open_range(case, "properties.networkAcls.ipRules", "value")


@rule("PUB-AZ-004", WORKSPACE)
def workspace_is_closed(case: Case) -> Iterator[Said]:
    """The workspace runs in a network of its own, sends nothing elsewhere, and is not reached from the internet."""
    yield from case.must_be("managedVirtualNetwork", "default")
    yield from case.must_be_true("managedVirtualNetworkSettings.preventDataExfiltration")
    yield from case.must_be("publicNetworkAccess", "Disabled")
    yield from case.must_not_be_true("trustedServiceBypassEnabled")
    checked = case.read("managedVirtualNetworkSettings.linkedAccessCheckOnTargetResource")
    if checked.flag is False:
        yield case.fail(checked, f"{checked.path} must not be false: what is linked is then not asked for")


@rule("PUB-AZ-004", "azure-native:synapse:IpFirewallRule")
def firewall_names_addresses(case: Case) -> Iterator[Said]:
    """No rule begins at 0.0.0.0 (all of Azure, or everybody) or ends at the last address."""
    for path, everybody in (("startIpAddress", "0.0.0.0"), ("endIpAddress", "255.255.255.255")):  # noqa: S104 - refused
        reading = case.read(path)
        if reading.unknown:
            yield case.unsure(reading)
        elif reading.among(everybody):
            yield case.fail(reading, f"{path} {everybody} lets in whom nobody has named")


@rule("PUB-AZ-005", SITE, SLOT)
def site_is_closed(case: Case) -> Iterator[Said]:
    """The site answers its own networks only, and no page of another origin may read its answers."""
    yield from any_of(
        case,
        "publicNetworkAccess must be Disabled, or siteConfig.ipSecurityRestrictionsDefaultAction Deny",
        ("publicNetworkAccess", CLOSED),
        ("siteConfig.publicNetworkAccess", CLOSED),
        ("siteConfig.ipSecurityRestrictionsDefaultAction", DENY),
    )
    if not case.read("publicNetworkAccess").among(*CLOSED):
        yield from no_open_range(case, "siteConfig.ipSecurityRestrictions", "ipAddress")
    for origin in case.read_all("siteConfig.cors.allowedOrigins[]"):
        if origin.unknown:
            yield case.unsure(origin)
        elif origin.among("*"):
            yield case.fail(origin, "siteConfig.cors.allowedOrigins must name origins, not *")


@rule("PUB-AZ-005", "azure-native:web:WebAppAuthSettingsV2", "azure-native:web:WebAppAuthSettingsV2Slot")
def site_asks_who_calls(case: Case) -> Iterator[Said]:
    """Where a site asks its callers who they are, it turns away those who do not say."""
    yield from case.must_be_true("platform.enabled")
    yield from case.must_be_true("globalValidation.requireAuthentication")
    action = case.read("globalValidation.unauthenticatedClientAction")
    if action.unknown:
        yield case.unsure(action)
    elif action.among("AllowAnonymous"):
        yield case.fail(action, "globalValidation.unauthenticatedClientAction lets anonymous callers in")
