"""What holds for everything that Azure's components register, in each network mode, tier and region."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from components.azure.grants import role_guid
from homeshore.engine import Resource, Snapshot
from homeshore.engine.values import UNKNOWN
from tests.components.azure.conftest import Record, made, of_type
from tests.components.azure.program import CLUSTER, HOME, PUBLIC, STANDBY, SUBSCRIPTION
from validity import sdk
from validity.walk import check

STANDARD = {**PUBLIC, "tier": "Standard", "units": 3, "shards": 32, "replay_hours": 168}
DEDICATED = {"tier": "Dedicated", "units": None, "shards": 200, "cluster": CLUSTER}
CASES: list[dict[str, Any]] = [{}, {"standby": True}, STANDARD, DEDICATED, {"protect": False, "destroys": True}]
GLOBAL = {"azure-native:privatedns:PrivateZone", "azure-native:privatedns:VirtualNetworkLink"}
BROAD = re.compile("8e3af657-a8ff-443c-a75c-2fe8c4bcb635|b24988ac-6180-42a0-ab88-20f7382dd24c")
"""Owner and Contributor."""
ROLES = (
    "Key Vault Crypto Service Encryption User",
    "Key Vault Secrets User",
    "Storage Blob Data Reader",
    "Storage Blob Data Contributor",
    "Azure Event Hubs Data Sender",
    "Azure Event Hubs Data Receiver",
)
DIGEST = "[a-z2-7]{13}$"
DATA = {
    "azure-native:resources:ResourceGroup",
    "azure-native:keyvault:Vault",
    "azure-native:keyvault:Key",
    "azure-native:managedidentity:UserAssignedIdentity",
    "azure-native:storage:StorageAccount",
    "azure-native:storage:BlobContainer",
    "azure-native:storage:BlobServiceProperties",
    "azure-native:storage:ManagementPolicy",
    "azure-native:eventhub:Namespace",
    "azure-native:eventhub:NamespaceNetworkRuleSet",
    "azure-native:eventhub:EventHub",
    "azure-native:operationalinsights:Workspace",
}
"""Holds data or guards it."""

pytestmark = pytest.mark.parametrize("case", CASES, ids=["private", "standby", "public", "dedicated", "deletable"])


@pytest.fixture
def snapshot(record: Record, case: dict[str, Any]) -> Snapshot:
    return record(**case)


def test_each_lies_in_its_region_under_its_provider(snapshot: Snapshot) -> None:
    providers = {r.urn: r.inputs["location"] for r in snapshot.resources if r.type == "pulumi:providers:azure-native"}
    assert set(providers.values()) <= {HOME, STANDBY}
    for resource in made(snapshot):
        assert resource.provider is not None, resource.urn
        region = providers[resource.provider.rpartition("::")[0]]
        # The address for both streams is the primary's.
        away = resource.name.startswith("standby") and resource.name != "standby-pair"
        assert (STANDBY if away else HOME) == region
        if "location" in fields(resource):
            assert resource.inputs["location"] == ("global" if resource.type in GLOBAL else region), resource.urn


def test_each_is_a_child_of_its_component_and_comes_after_its_group(snapshot: Snapshot) -> None:
    components = {r.urn for r in snapshot.resources if r.type.startswith("homeshore:azure:")}
    groups = {r.parent: r for r in of_type(snapshot, "resources:ResourceGroup").values()}
    group_urns = {r.urn for r in groups.values()}
    for resource in made(snapshot):
        assert resource.parent in components, resource.urn
        if resource.urn not in group_urns:
            assert group_urns & set(resource.dependencies), resource.urn


def test_each_says_whose_it_is_and_what_it_holds(snapshot: Snapshot) -> None:
    for resource in made(snapshot):
        if "tags" in fields(resource):
            assert resource.inputs["tags"].keys() >= {"Stack", "DataClassification"}, resource.urn
    tags = {
        name: r.inputs["tags"]["DataClassification"] for name, r in of_type(snapshot, "storage:StorageAccount").items()
    }
    assert tags["pipeline-lake"] == "pseudonymised"
    assert tags["pipeline-failed"] == "personal"


def test_nothing_is_unknown_but_the_ids_of_identities(snapshot: Snapshot) -> None:
    for resource in made(snapshot):
        assert set(unknowns(resource.inputs)) <= {"principalId"}, resource.urn


def test_azure_would_refuse_nothing(snapshot: Snapshot) -> None:
    for resource in made(snapshot):
        assert check(resource.type, resource.inputs) == (), resource.urn


def test_roles_are_narrow_and_on_one_resource(snapshot: Snapshot) -> None:
    own = {r.inputs["roleDefinitionId"]: r.inputs for r in of_type(snapshot, "authorization:RoleDefinition").values()}
    built_in = {role_guid(name) for name in ROLES}
    names = set[str]()
    for assignment in of_type(snapshot, "authorization:RoleAssignment").values():
        role = assignment.inputs["roleDefinitionId"].rpartition("/")[2]
        assert role in own or role in built_in
        assert not BROAD.search(role)
        # Below the group, and below a vault, account or namespace too, but for the platform's own flow log.
        depth = assignment.inputs["scope"].partition("/providers/")[2].count("/")
        assert depth >= (2 if assignment.name.endswith("flows-write") else 4), assignment.urn
        assert assignment.inputs["roleAssignmentName"] not in names
        names.add(assignment.inputs["roleAssignmentName"])
    for definition in own.values():
        (permission,) = definition["permissions"]
        assert permission["actions"] == []
        assert not any("*" in action for action in permission["dataActions"])


def test_stores_and_vault_are_closed_in_both_modes(snapshot: Snapshot) -> None:
    for account in of_type(snapshot, "storage:StorageAccount").values():
        assert account.inputs["publicNetworkAccess"] == "Disabled"
        rules = account.inputs["networkRuleSet"]
        trusted = "AzureServices" if account.name.endswith("-flows") else "None"
        assert (rules["defaultAction"], rules["bypass"], rules["ipRules"]) == ("Deny", trusted, [])
        assert account.inputs["allowSharedKeyAccess"] is account.inputs["allowBlobPublicAccess"] is False
        assert account.inputs["minimumTlsVersion"] == "TLS1_2"
    for vault in of_type(snapshot, "keyvault:Vault").values():
        properties = vault.inputs["properties"]
        assert (properties["publicNetworkAccess"], properties["networkAcls"]["defaultAction"]) == ("Disabled", "Deny")


def test_what_holds_data_survives_unless_both_keys_are_turned(snapshot: Snapshot, case: dict[str, Any]) -> None:
    kept = not case.get("destroys", False)
    for resource in made(snapshot):
        if resource.type in DATA and not resource.name.endswith("-flows-identity"):
            assert (resource.protect, resource.retain_on_delete) == (kept, kept), resource.urn
    for use in of_type(snapshot, "authorization:RoleAssignment").values():
        if use.name.endswith("-identity-use"):
            assert use.retain_on_delete is kept


def test_names_carry_environment_and_generation_or_a_digest_of_them(snapshot: Snapshot) -> None:
    named = re.compile("homeshore-test-g1|" + DIGEST + "|" + SUBSCRIPTION)
    physical = [
        value
        for resource in made(snapshot)
        for key, value in resource.inputs.items()
        if key
        in {"resourceGroupName", "virtualNetworkName", "accountName", "vaultName", "namespaceName", "eventHubName"}
        and value != "NetworkWatcherRG"
    ]
    assert physical
    assert all(named.search(value) for value in physical)


def fields(resource: Resource) -> frozenset[str]:
    described = sdk.args_class(resource.type)
    assert described is not None
    return frozenset(sdk.fields(described))


def unknowns(value: object, at: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from unknowns(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from unknowns(item, at)
    elif value == UNKNOWN:
        yield at
