"""What is brought along on Azure is used, and no more is added to it than roles and private endpoints."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from components.azure import names
from components.azure.brought import named_subnet
from components.azure.grants import role_guid
from components.contracts import Unsupported
from components.naming import Names
from components.placement import AzurePlacement
from homeshore.engine import Resource, Snapshot
from homeshore.pseudonyms.azure import vault_url
from tests.components.azure.conftest import made, of_type
from tests.components.azure.program import HOME, SUBSCRIPTION, TENANT
from tests.components.azure.whole import MAXIMAL, STANDBY, whole
from validity.walk import check

ELSEWHERE = "00000000-0000-4000-8000-0000000000ff"
"""The platform team's subscription."""
GROUP = f"/subscriptions/{ELSEWHERE}/resourceGroups/platform"
KEY = f"{GROUP}/providers/Microsoft.KeyVault/vaults/platform-vault/keys/platform-key"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/platformlake"
BUCKET = f"{ACCOUNT}/blobServices/default/containers/events"
SUBNETS = {
    f"{role}_subnet": f"{GROUP}/providers/Microsoft.Network/virtualNetworks/platform/subnets/{role}"
    for role in ("processor", "jobs", "endpoints")
}
ALL: dict[str, object] = {"key": KEY, "bucket": BUCKET, "network": SUBNETS}
STACK_NAMES = Names("test", 1, SUBSCRIPTION, HOME)
PLACEMENT = AzurePlacement(cloud="azure", region=HOME, subscription_id=SUBSCRIPTION, tenant_id=TENANT)


def brought(*more: Mapping[str, object], **what: object) -> Snapshot:
    return whole(*more, {"bring": what}).snapshot


def assignments(snapshot: Snapshot) -> dict[str, Resource]:
    return of_type(snapshot, "authorization:RoleAssignment")


def mentions(snapshot: Snapshot, text: str) -> set[str]:
    """Names of the resources that are scoped to, or lead to, what `text` names; those that only use it are left out."""
    return {
        r.name
        for r in made(snapshot)
        if text in str(r.inputs.get("scope", "")) or text in str(r.inputs.get("privateLinkServiceConnections", ""))
    }


def test_a_key_that_is_brought_along_encrypts_everything_and_is_not_declared() -> None:
    snapshot = brought(MAXIMAL, key=KEY)
    assert of_type(snapshot, "keyvault:Key") == {}
    for account in of_type(snapshot, "storage:StorageAccount").values():
        assert account.inputs["encryption"]["keyVaultProperties"] == {
            "keyName": "platform-key",
            "keyVaultUri": "https://platform-vault.vault.azure.net",
        }
    (bus,) = of_type(snapshot, "eventhub:Namespace").values()
    (used,) = bus.inputs["encryption"]["keyVaultProperties"]
    assert (used["keyName"], used["keyVaultUri"]) == ("platform-key", "https://platform-vault.vault.azure.net")
    (sql,) = of_type(snapshot, "synapse:Workspace").values()
    assert sql.inputs["encryption"]["cmk"]["key"]["keyVaultUrl"].startswith("https://platform-vault.vault.azure.net/")
    assert snapshot.outputs["key"] == KEY


def test_the_encrypting_identity_is_let_in_to_that_one_key_and_everything_waits_for_it() -> None:
    snapshot = brought(key=KEY)
    use = assignments(snapshot)["pipeline-key-identity-use"]
    assert use.inputs["scope"] == KEY
    # Of the subscription in which it is assigned.
    assert use.inputs["roleDefinitionId"] == (
        f"/subscriptions/{ELSEWHERE}/providers/Microsoft.Authorization/roleDefinitions/"
        + role_guid("Key Vault Crypto Service Encryption User")
    )
    assert mentions(snapshot, "platform-vault") == {"pipeline-key-identity-use"}
    for account in of_type(snapshot, "storage:StorageAccount").values():
        assert use.urn in account.dependencies, account.urn


def test_the_pseudonym_key_stays_in_a_vault_of_the_stacks_own() -> None:
    snapshot = brought(key=KEY)
    (vault,) = of_type(snapshot, "keyvault:Vault").values()
    assert vault.inputs["vaultName"] == names.vault(STACK_NAMES)
    assert snapshot.outputs["pseudonym_secret"] == f"{vault_url(PLACEMENT, STACK_NAMES)}/secrets/pseudonym-key"
    secret = assignments(snapshot)["pipeline-processor-secret"]
    assert secret.inputs["scope"].endswith(f"/vaults/{vault.inputs['vaultName']}/secrets/pseudonym-key")
    (app,) = of_type(snapshot, "web:WebApp").values()
    settings = {each["name"]: each["value"] for each in app.inputs["siteConfig"]["appSettings"]}
    assert settings["HOMESHORE_VAULT"] == vault_url(PLACEMENT, STACK_NAMES)
    assert "pipeline-network-vault" in of_type(snapshot, "network:PrivateEndpoint")


def test_a_store_that_is_brought_along_gets_roles_and_private_endpoints_and_no_more() -> None:
    snapshot = brought(bucket=BUCKET)
    accounts = of_type(snapshot, "storage:StorageAccount")
    assert "pipeline-lake" not in accounts
    assert "pipeline-failed-batches" in accounts
    assert mentions(snapshot, "platformlake") == {
        "pipeline-network-lake-blob",
        "pipeline-network-lake-dfs",
        "pipeline-processor-lake-read",
        "pipeline-processor-lake-write",
        "pipeline-sink-lake",
        "pipeline-sink-sql-lake-read",
    }
    assert {r.inputs["scope"] for r in assignments(snapshot).values() if ELSEWHERE in r.inputs["scope"]} == {BUCKET}
    assert [r.urn for r in made(snapshot) if r.inputs.get("accountName") == "platformlake"] == []
    # Its owner's diagnostic settings say who touched it.
    watched = [r.inputs["resourceUri"] for r in of_type(snapshot, "monitor:DiagnosticSetting").values()]
    assert [uri for uri in watched if ACCOUNT in uri] == []
    assert any(accounts["pipeline-failed-batches"].inputs["accountName"] in uri for uri in watched)


def test_the_roles_of_ones_own_lie_where_the_store_lies_and_differ_between_stacks() -> None:
    def roles(snapshot: Snapshot) -> dict[str, Resource]:
        return {r.inputs["roleDefinitionId"]: r for r in of_type(snapshot, "authorization:RoleDefinition").values()}

    snapshot = brought(bucket=BUCKET)
    assert len(roles(snapshot)) == 2
    for guid, role in roles(snapshot).items():
        assert role.inputs["scope"] == GROUP
        assert role.inputs["assignableScopes"] == [GROUP]
        assert any(
            r.inputs["roleDefinitionId"]
            == f"/subscriptions/{ELSEWHERE}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
            for r in assignments(snapshot).values()
        )
    # A title is unique in the tenant, and two stacks may share an account.
    other = roles(brought({"environment": "other"}, bucket=BUCKET))
    assert not other.keys() & roles(snapshot).keys()
    titles = [r.inputs["roleName"] for r in (*other.values(), *roles(snapshot).values())]
    assert len(set(titles)) == 4


def test_processor_job_and_sql_work_on_the_store_that_is_brought_along() -> None:
    snapshot = brought(bucket=BUCKET)
    assert snapshot.outputs["bucket"] == "platformlake"
    (app,) = of_type(snapshot, "web:WebApp").values()
    settings = {each["name"]: each["value"] for each in app.inputs["siteConfig"]["appSettings"]}
    assert (settings["HOMESHORE_ACCOUNT"], settings["HOMESHORE_BUCKET"]) == (
        "https://platformlake.blob.core.windows.net",
        "events",
    )
    (sql,) = of_type(snapshot, "synapse:Workspace").values()
    lake = sql.inputs["defaultDataLakeStorage"]
    assert (lake["resourceId"], lake["accountUrl"], lake["filesystem"]) == (
        ACCOUNT,
        "https://platformlake.dfs.core.windows.net",
        "events",
    )


def test_a_container_named_as_another_of_ours_meets_nothing_of_its_name() -> None:
    endpoints = of_type(brought(bucket=f"{ACCOUNT}/blobServices/default/containers/failed"), "network:PrivateEndpoint")
    assert {"pipeline-network-lake-blob", "pipeline-network-failed-blob"} <= endpoints.keys()


def test_a_network_that_is_brought_along_takes_everything_in() -> None:
    snapshot = brought(network=SUBNETS)
    for kind in ("VirtualNetwork", "NetworkSecurityGroup", "FlowLog", "PrivateDnsZoneGroup"):
        assert of_type(snapshot, f"network:{kind}") == {}, kind
    # The owner's zones lead to the endpoints: a network resolves a name by one zone only.
    assert [r.urn for r in made(snapshot) if r.type.startswith("azure-native:privatedns:")] == []
    (app,) = of_type(snapshot, "web:WebApp").values()
    assert app.inputs["virtualNetworkSubnetId"] == SUBNETS["processor_subnet"]
    (jobs,) = of_type(snapshot, "app:ManagedEnvironment").values()
    assert jobs.inputs["vnetConfiguration"]["infrastructureSubnetId"] == SUBNETS["jobs_subnet"]
    endpoints = of_type(snapshot, "network:PrivateEndpoint")
    assert {r.inputs["subnet"]["id"] for r in endpoints.values()} == {SUBNETS["endpoints_subnet"]}
    assert endpoints.keys() == of_type(whole().snapshot, "network:PrivateEndpoint").keys() - {
        "pipeline-network-flows-blob"
    }


@pytest.mark.parametrize("more", [{}, MAXIMAL], ids=["minimal", "maximal"])
def test_all_of_it_together(more: dict[str, object]) -> None:
    snapshot = brought(more, **ALL)
    assert {r.type for r in snapshot.resources if "Brought" in r.type} == {
        "homeshore:azure:BroughtKey",
        "homeshore:azure:BroughtBucket",
        "homeshore:azure:BroughtNetwork",
    }
    assert snapshot.outputs.keys() == whole(more).snapshot.outputs.keys()
    for resource in made(snapshot):
        assert check(resource.type, resource.inputs) == (), resource.urn


def test_a_standby_makes_its_own_beside_those_brought_along() -> None:
    run = whole(STANDBY, {"bring": ALL, "storage": {"redundancy": "pair"}})
    snapshot = run.snapshot
    assert of_type(snapshot, "keyvault:Key").keys() == {"standby-key"}
    assert of_type(snapshot, "network:VirtualNetwork").keys() == {"standby-network"}
    assert "standby-lake" in of_type(snapshot, "storage:StorageAccount")
    (alias,) = of_type(snapshot, "eventhub:DisasterRecoveryConfig").values()
    endpoints = of_type(snapshot, "network:PrivateEndpoint")
    assert {endpoints[f"{region}-network-stream"].urn for region in ("pipeline", "standby")} <= set(alias.dependencies)
    # Whether somebody else's account keeps copies elsewhere is not known here.
    assert re.search("standby starts with an empty lake", run.said)


def test_a_network_without_one_of_its_subnets_is_refused() -> None:
    with pytest.raises(Unsupported, match="needs jobs_subnet"):
        named_subnet("jobs_subnet", None)
