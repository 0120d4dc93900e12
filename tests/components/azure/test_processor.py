"""The function app: each setting by value, what it may do, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components.azure.grants import role_guid
from components.azure.processor import HOST_ROLE, MEMORY_MB, _check
from components.contracts import ProcessorSpec, Unsupported
from homeshore.engine import Resource
from homeshore.engine.values import UNKNOWN
from tests.components.azure.conftest import of_type
from tests.components.azure.pipeline import PROCESSOR, Case, recorded

BUILT = recorded(Case())


def one(kind: str, name: str) -> Resource:
    return of_type(BUILT, kind)[name]


def test_the_app_is_closed_and_knows_no_password() -> None:
    app = one("web:WebApp", "pipeline-processor").inputs
    assert app["kind"] == "functionapp,linux"
    assert app["publicNetworkAccess"] == "Disabled"
    assert app["httpsOnly"] is True
    assert app["virtualNetworkSubnetId"].endswith("/subnets/processor")
    assert app["siteConfig"]["minTlsVersion"] == app["siteConfig"]["scmMinTlsVersion"] == "1.2"
    assert app["siteConfig"]["remoteDebuggingEnabled"] is False
    for kind, name in (("web:WebAppFtpAllowed", "no-ftp"), ("web:WebAppScmAllowed", "no-basic")):
        publishing = one(kind, f"pipeline-processor-{name}").inputs
        assert publishing["allow"] is False
        assert publishing["name"] == app["name"]


def test_the_site_has_only_what_flex_consumption_takes() -> None:
    site = one("web:WebApp", "pipeline-processor").inputs["siteConfig"]
    refused = {
        "alwaysOn",
        "ftpsState",
        "functionsRuntimeScaleMonitoringEnabled",
        "linuxFxVersion",
        "netFrameworkVersion",
        "preWarmedInstanceCount",
        "pythonVersion",
        "use32BitWorkerProcess",
        "vnetRouteAllEnabled",
    }
    assert not refused & site.keys()
    settings = {setting["name"] for setting in site["appSettings"]}
    assert not settings & {"FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION", "WEBSITE_RUN_FROM_PACKAGE"}


def test_runtime_size_and_code_by_value() -> None:
    config = one("web:WebApp", "pipeline-processor").inputs["functionAppConfig"]
    host = one("storage:StorageAccount", "pipeline-processor-host").inputs["accountName"]
    identity = one("web:WebApp", "pipeline-processor").inputs["keyVaultReferenceIdentity"]
    assert config == {
        "runtime": {"name": "python", "version": "3.13"},
        "scaleAndConcurrency": {"instanceMemoryMB": 2048, "maximumInstanceCount": 41},
        "deployment": {
            "storage": {
                "type": "blobContainer",
                "value": f"https://{host}.blob.core.windows.net/packages",
                "authentication": {"type": "UserAssignedIdentity", "userAssignedIdentityResourceId": identity},
            }
        },
    }
    plan = one("web:AppServicePlan", "pipeline-processor-plan").inputs
    assert (plan["sku"], plan["reserved"]) == ({"name": "FC1", "tier": "FlexConsumption"}, True)


def test_a_change_of_the_code_shows_in_a_preview() -> None:
    tags = one("web:WebApp", "pipeline-processor").inputs["tags"]
    assert tags["Package"] == "processor.zip"
    assert tags["PackageDigest"] == f"sha256:{PROCESSOR.package_digest}"
    assert tags["DataClassification"] == "personal"


def test_the_settings_by_value() -> None:
    app = one("web:WebApp", "pipeline-processor").inputs
    settings = {setting["name"]: setting["value"] for setting in app["siteConfig"]["appSettings"]}
    lake = one("storage:StorageAccount", "pipeline-lake").inputs["accountName"]
    vault = one("keyvault:Vault", "pipeline-key-vault").inputs["vaultName"]
    namespace = one("eventhub:Namespace", "pipeline-stream-namespace").inputs["namespaceName"]
    hubs = "AzureFunctionsJobHost__extensions__eventHubs"
    unknown = {name for name, value in settings.items() if value == UNKNOWN}
    assert unknown == {
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
        "APPLICATIONINSIGHTS_CONNECTION_STRING",
        "AzureWebJobsStorage__clientId",
        "HOMESHORE_EVENTS__clientId",
        "HOMESHORE_IDENTITY",
    }
    assert {name: value for name, value in settings.items() if name not in unknown} == {
        "AzureFunctionsJobHost__functionTimeout": "01:02:03",
        f"{hubs}__maxEventBatchSize": "4321",
        f"{hubs}__minEventBatchSize": "1080",
        f"{hubs}__maxWaitTime": "00:00:07",
        f"{hubs}__prefetchCount": "8642",
        "AzureWebJobsFeatureFlags": "DisableDiagnosticEventLogging",
        "AzureWebJobsStorage__accountName": one("storage:StorageAccount", "pipeline-processor-host").inputs[
            "accountName"
        ],
        "AzureWebJobsStorage__credential": "managedidentity",
        "HOMESHORE_ACCOUNT": f"https://{lake}.blob.core.windows.net",
        "HOMESHORE_BOUNDARY": "eu",
        "HOMESHORE_BUCKET": "lake",
        "HOMESHORE_CONSUMER_GROUP": "processor",
        "HOMESHORE_EVENTS__credential": "managedidentity",
        "HOMESHORE_EVENTS__fullyQualifiedNamespace": f"{namespace}.servicebus.windows.net",
        "HOMESHORE_SECRET": "pseudonym-key",
        "HOMESHORE_STREAM": one("eventhub:EventHub", "pipeline-stream").inputs["eventHubName"],
        "HOMESHORE_VAULT": f"https://{vault}.vault.azure.net",
    }


def test_the_adapter_finds_every_setting_that_it_reads() -> None:
    from processor.azure_functions import FunctionSettings

    app = one("web:WebApp", "pipeline-processor").inputs
    environment = {setting["name"]: str(setting["value"]) for setting in app["siteConfig"]["appSettings"]}
    assert FunctionSettings.read(environment).bucket == "lake"


def test_it_may_do_five_things_on_four_resources() -> None:
    lake = "blobServices/default/containers/lake"
    may = {
        assignment.name: (assignment.inputs["roleDefinitionId"].rpartition("/")[2], assignment.inputs["scope"])
        for assignment in of_type(BUILT, "authorization:RoleAssignment").values()
        if assignment.name.startswith("pipeline-processor")
    }
    writer = one("authorization:RoleDefinition", "pipeline-lake-writer").inputs
    host = one("storage:StorageAccount", "pipeline-processor-host").inputs["accountName"]
    assert {name: role for name, (role, _) in may.items()} == {
        "pipeline-processor-host-role": role_guid(HOST_ROLE),
        "pipeline-processor-insights-publish": role_guid("Monitoring Metrics Publisher"),
        "pipeline-processor-secret": role_guid("Key Vault Secrets User"),
        "pipeline-processor-consume": role_guid("Azure Event Hubs Data Receiver"),
        "pipeline-processor-lake-read": role_guid("Storage Blob Data Reader"),
        "pipeline-processor-lake-write": writer["roleDefinitionId"],
    }
    ends = {name: scope.rpartition("/providers/")[2] for name, (_, scope) in may.items()}
    assert ends["pipeline-processor-host-role"] == f"Microsoft.Storage/storageAccounts/{host}"
    assert ends["pipeline-processor-secret"].endswith("/secrets/pseudonym-key")
    assert "/eventhubs/" in ends["pipeline-processor-consume"]
    assert ends["pipeline-processor-lake-read"].endswith(lake)
    assert ends["pipeline-processor-lake-write"].endswith(lake)


def test_the_app_comes_after_what_it_needs() -> None:
    app = one("web:WebApp", "pipeline-processor")
    after = {urn.rpartition("::")[2] for urn in app.dependencies}
    assert {
        "pipeline-processor-plan",
        "pipeline-processor-host",
        "pipeline-processor-host-packages",
        "pipeline-processor-host-blob",
        "pipeline-processor-host-role",
        "pipeline-processor-secret",
        "pipeline-processor-consume",
        "pipeline-processor-lake-read",
        "pipeline-processor-lake-write",
        "pipeline-network",
    } <= after


def test_telemetry_takes_tokens_only_and_stays_in_the_workspace() -> None:
    insights = one("applicationinsights:Component", "pipeline-processor-insights").inputs
    assert insights["disableLocalAuth"] is True
    workspace = one("operationalinsights:Workspace", "pipeline-logs").inputs["workspaceName"]
    assert insights["workspaceResourceId"].endswith(f"/workspaces/{workspace}")
    assert insights["ingestionMode"] == "LogAnalytics"


@pytest.mark.parametrize(
    ("asked", "given"), [("local", "Standard_LRS"), ("zone", "Standard_ZRS"), ("pair", "Standard_ZRS")]
)
def test_the_host_account_never_leaves_the_region(asked: str, given: str) -> None:
    built = recorded(Case(redundancy=asked))  # pyright: ignore[reportArgumentType]
    assert of_type(built, "storage:StorageAccount")["pipeline-processor-host"].inputs["sku"]["name"] == given


@pytest.mark.parametrize("memory", MEMORY_MB)
def test_each_size_that_there_is_builds(memory: int) -> None:
    _check(replace(PROCESSOR, memory_mb=memory, instances=1000))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (replace(PROCESSOR, memory_mb=1024), "512, 2048, 4096"),
        (replace(PROCESSOR, instances=0), "1 to 1000"),
        (replace(PROCESSOR, instances=None), "not None"),
        (replace(PROCESSOR, maximum_retries=3), "until it succeeds"),
        (replace(PROCESSOR, maximum_record_age_seconds=60), "until it succeeds"),
    ],
)
def test_what_azure_cannot_do_is_refused(spec: ProcessorSpec, words: str) -> None:
    with pytest.raises(Unsupported, match=words):
        _check(spec)
