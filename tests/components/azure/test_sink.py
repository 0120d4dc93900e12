"""The lakehouse job and the SQL engine: each setting by value, who may do what, and how often it runs."""

from __future__ import annotations

import re
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.azure.grants import role_guid
from components.azure.sink import cron, gibibytes
from homeshore.engine import Resource
from homeshore.engine.values import UNKNOWN
from tests.components.azure.conftest import of_type
from tests.components.azure.pipeline import ANALYST, SINK, Case, recorded
from tests.components.azure.program import TENANT
from tests.components.azure.whole import whole

BUILT = recorded(Case())


def one(kind: str, name: str) -> Resource:
    return of_type(BUILT, kind)[name]


def test_the_job_by_value() -> None:
    job = one("app:Job", "pipeline-sink").inputs
    registry = one("containerregistry:Registry", "pipeline-sink-images").inputs["registryName"]
    (identity,) = job["identity"]["userAssignedIdentities"]
    assert job["configuration"] == {
        "triggerType": "Schedule",
        "scheduleTriggerConfig": {"cronExpression": "*/15 * * * *", "parallelism": 1, "replicaCompletionCount": 1},
        "replicaRetryLimit": 2,
        "replicaTimeout": 751,
        "registries": [{"server": f"{registry}.azurecr.io", "identity": identity}],
        "identitySettings": [{"identity": identity, "lifecycle": "Main"}],
    }
    (container,) = job["template"]["containers"]
    digest = b64decode(SINK.package_digest or "").hex()
    assert container["image"] == f"{registry}.azurecr.io/lakehouse:src-{digest[:12]}"
    assert container["resources"] == {"cpu": 4.0, "memory": "8Gi"}
    assert job["workloadProfileName"] == "Consumption"
    assert len(job["jobName"]) < 32


def test_the_job_finds_every_setting_that_it_reads() -> None:
    (container,) = one("app:Job", "pipeline-sink").inputs["template"]["containers"]
    settings = {setting["name"]: setting["value"] for setting in container["env"]}
    lake = one("storage:StorageAccount", "pipeline-lake").inputs["accountName"]
    workspace = one("synapse:Workspace", "pipeline-sink-sql").inputs["workspaceName"]
    assert settings == {
        "HOMESHORE_ACCOUNT": f"https://{lake}.blob.core.windows.net",
        "HOMESHORE_BUCKET": "lake",
        "HOMESHORE_DATABASE": "homeshore_test_g1_lake",
        "HOMESHORE_IDENTITY": UNKNOWN,
        "HOMESHORE_KEEP_DAYS": "731",
        "HOMESHORE_REPEAT_HOURS": "57",
        "HOMESHORE_SECONDS": "751",
        "HOMESHORE_SQL": f"{workspace}-ondemand.sql.azuresynapse.net",
    }


def test_the_job_runs_in_the_network_without_an_address_or_a_shared_key() -> None:
    environment = one("app:ManagedEnvironment", "pipeline-sink-environment").inputs
    assert environment["publicNetworkAccess"] == "Disabled"
    assert environment["vnetConfiguration"]["internal"] is True
    assert environment["vnetConfiguration"]["infrastructureSubnetId"].endswith("/subnets/sink")
    assert environment["appLogsConfiguration"] == {"destination": "azure-monitor"}
    assert environment["zoneRedundant"] is True
    narrow = of_type(recorded(Case(redundancy="local")), "app:ManagedEnvironment")
    assert narrow["pipeline-sink-environment"].inputs["zoneRedundant"] is False


def test_a_load_above_the_consumption_profile_gets_a_node_while_a_run_needs_it() -> None:
    consumption = {"name": "Consumption", "workloadProfileType": "Consumption", "enableFips": False}
    assert one("app:ManagedEnvironment", "pipeline-sink-environment").inputs["workloadProfiles"] == [consumption]
    large = recorded(Case(profile="D16"))
    environment = of_type(large, "app:ManagedEnvironment")["pipeline-sink-environment"].inputs
    node = {"name": "D16", "workloadProfileType": "D16", "enableFips": False, "minimumCount": 0, "maximumCount": 1}
    assert environment["workloadProfiles"] == [consumption, node]
    assert of_type(large, "app:Job")["pipeline-sink"].inputs["workloadProfileName"] == "D16"


@pytest.mark.parametrize(("average", "warned"), [(30_000, False), (90_000, True)])
def test_a_load_above_what_the_largest_job_carries_is_built_and_said(average: int, warned: bool) -> None:
    load = {"workload": {"events_per_second": {"average": average, "peak": 90_000}, "event_bytes": 500}}
    run = whole(load)
    assert (re.search(r"keeps up with [\d,]+ events/s, below the workload's average", run.said) is not None) is warned
    (job,) = of_type(run.snapshot, "app:Job").values()
    assert job.inputs["workloadProfileName"] == ("D32" if warned else "D16")


@pytest.mark.parametrize(("mebibytes", "text"), [(4096, "4Gi"), (28672, "28Gi"), (1536, "1.5Gi")])
def test_memory_in_the_platforms_words(mebibytes: int, text: str) -> None:
    assert gibibytes(mebibytes) == text


def test_the_registry_is_closed_and_lets_the_job_pull_only() -> None:
    registry = one("containerregistry:Registry", "pipeline-sink-images").inputs
    assert registry["sku"] == {"name": "Premium"}
    assert registry["adminUserEnabled"] is registry["anonymousPullEnabled"] is False
    assert registry["publicNetworkAccess"] == "Disabled"
    assert registry["networkRuleBypassOptions"] == "None"
    assert registry["networkRuleSet"]["defaultAction"] == "Deny"
    pull = one("authorization:RoleAssignment", "pipeline-sink-pull").inputs
    assert pull["roleDefinitionId"].endswith(role_guid("AcrPull"))
    assert pull["scope"].endswith(f"/registries/{registry['registryName']}")


def test_the_workspace_is_closed_and_encrypted_with_the_regions_key() -> None:
    workspace = one("synapse:Workspace", "pipeline-sink-sql").inputs
    key = one("keyvault:Key", "pipeline-key").inputs
    assert workspace["publicNetworkAccess"] == "Disabled"
    assert workspace["azureADOnlyAuthentication"] is True
    assert "sqlAdministratorLogin" not in workspace
    assert workspace["managedVirtualNetwork"] == "default"
    assert workspace["managedVirtualNetworkSettings"] == {
        "preventDataExfiltration": True,
        "linkedAccessCheckOnTargetResource": True,
        "allowedAadTenantIdsForLinking": [TENANT],
    }
    cmk = workspace["encryption"]["cmk"]
    assert cmk["key"]["keyVaultUrl"] == f"https://{key['vaultName']}.vault.azure.net/keys/{key['keyName']}"
    assert cmk["kekIdentity"]["userAssignedIdentity"] in workspace["identity"]["userAssignedIdentities"]
    lake = one("storage:StorageAccount", "pipeline-lake").inputs["accountName"]
    assert workspace["defaultDataLakeStorage"]["accountUrl"] == f"https://{lake}.dfs.core.windows.net"
    assert workspace["defaultDataLakeStorage"]["filesystem"] == "lake"


def test_the_job_is_the_administrator_of_the_views() -> None:
    administrator = one("synapse:WorkspaceSqlAadAdmin", "pipeline-sink-sql-administrator").inputs
    assert administrator["login"] == "homeshore-test-g1-lakehouse"
    assert administrator["sid"] == UNKNOWN
    assert administrator["tenantId"] == TENANT


def test_who_may_touch_the_lake() -> None:
    maintainer = one("authorization:RoleDefinition", "pipeline-lake-maintainer").inputs["roleDefinitionId"]
    expected = {
        "pipeline-sink-lake": maintainer,
        "pipeline-sink-sql-lake-read": role_guid("Storage Blob Data Reader"),
        "pipeline-analyst": role_guid("Storage Blob Data Reader"),
    }
    for name, role in expected.items():
        assignment = one("authorization:RoleAssignment", name).inputs
        assert assignment["roleDefinitionId"].endswith(role), name
        assert assignment["scope"].endswith("/containers/lake"), name
    assert one("authorization:RoleAssignment", "pipeline-analyst").inputs["principalId"] == ANALYST


def test_both_have_a_private_endpoint_under_their_own_name() -> None:
    for name, service, zone in (
        ("pipeline-sink-images-endpoint", "registry", "privatelink.azurecr.io"),
        ("pipeline-sink-sql-endpoint", "SqlOnDemand", "privatelink.sql.azuresynapse.net"),
    ):
        (connection,) = one("network:PrivateEndpoint", name).inputs["privateLinkServiceConnections"]
        assert connection["groupIds"] == [service]
        assert zone in {z.inputs["privateZoneName"] for z in of_type(BUILT, "privatedns:PrivateZone").values()}


def test_how_a_client_connects() -> None:
    workspace = one("synapse:Workspace", "pipeline-sink-sql").inputs["workspaceName"]
    host = f"{workspace}-ondemand.sql.azuresynapse.net"
    assert BUILT.outputs["workgroup"] == host
    assert BUILT.outputs["database"] == "homeshore_test_g1_lake"
    assert str(BUILT.outputs["sql"]).startswith(f"mssql+pyodbc://{host}:1433/homeshore_test_g1_lake?")


@pytest.mark.parametrize(
    ("minutes", "expression"),
    [
        (1, "*/1 * * * *"),
        (5, "*/5 * * * *"),
        (17, "*/15 * * * *"),
        (59, "*/30 * * * *"),
        (60, "0 */1 * * *"),
        (100, "0 */1 * * *"),
        (300, "0 */4 * * *"),
        (1439, "0 */12 * * *"),
        (1440, "0 0 * * *"),
        (9999, "0 0 * * *"),
    ],
)
def test_a_schedule_by_value(minutes: int, expression: str) -> None:
    assert cron(minutes) == expression


@given(st.integers(1, 1440))
def test_a_run_starts_at_least_that_often(minutes: int) -> None:
    minute, hour, *_ = cron(minutes).split()
    each = int(minute[2:]) if minute.startswith("*/") else 60 * (int(hour[2:]) if hour.startswith("*/") else 24)
    assert each <= minutes
    assert (60 if each < 60 else 1440) % each == 0


def test_the_lakes_firewall_knows_the_workspace_and_nobody_else() -> None:
    (workspace,) = of_type(BUILT, "synapse:Workspace").values()
    let_in = {
        account.inputs["accountName"]: account.inputs["networkRuleSet"]["resourceAccessRules"]
        for account in of_type(BUILT, "storage:StorageAccount").values()
    }
    (lake,) = (name for name in let_in if name.startswith("hslake"))
    (rule,) = let_in.pop(lake)
    assert rule["tenantId"] == workspace.inputs["managedVirtualNetworkSettings"]["allowedAadTenantIdsForLinking"][0]
    # The firewall compares letter by letter, and wants this word in small ones.
    group, name = workspace.inputs["resourceGroupName"], workspace.inputs["workspaceName"]
    assert rule["resourceId"].endswith(f"/resourcegroups/{group}/providers/Microsoft.Synapse/workspaces/{name}")
    assert let_in
    assert not any(let_in.values())
