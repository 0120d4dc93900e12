"""The processor: the function app, its identity, the account its host keeps books in, and how the hub feeds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_azure_native import applicationinsights, managedidentity, web

from components.azure import names
from components.azure.account import closed_account, container, recoverable
from components.azure.bucket import Bucket
from components.azure.grants import grant
from components.azure.key import Key
from components.azure.logs import Logs
from components.azure.network import Network, Service
from components.azure.place import AzureComponent, own
from components.azure.stream import Stream
from components.base import Classification, RegionalComponent
from components.contracts import BucketHandle, KeyHandle, NetworkHandle, ProcessorSpec, StreamHandle, Unsupported

PSEUDONYM_SECRET = "pseudonym-key"  # noqa: S105 - the name of a secret, not one
PACKAGES = "packages"
"""Container of the host account that holds the code; `homeshore`'s documentation says how it gets there."""
HOST_RECOVERY_DAYS = 7
MEMORY_MB = (512, 2048, 4096)
"""What an instance may have (Microsoft Learn, "Azure Functions Flex Consumption plan hosting")."""
HOST_ROLE = "Storage Blob Data Owner"
"""What the Functions host needs on its own account (Microsoft Learn, "Connect to host storage with an identity"):
leases, checkpoints and the package lie there, all as blobs."""
INSTANCES = range(1, 1001)
"""How many there may be at most (same page)."""


class Processor(AzureComponent):
    """Function app (Flex Consumption) of one region that turns events of the hub into objects of the lake.

    It runs in the stack's own network and nothing can connect to it. Its code is not declared: Azure has no resource
    that uploads it without an account key; the tags `Package` and `PackageDigest` say what must lie in the container
    `packages` of the host account, so a preview shows when that changes. The function retries a failed batch without
    end, so the failed batches stay empty here.
    """

    def __init__(
        self,
        name: str,
        spec: ProcessorSpec,
        *,
        key: KeyHandle,
        stream: StreamHandle,
        lake: BucketHandle,
        failed: BucketHandle,
        network: NetworkHandle | None,
        parent: RegionalComponent,
    ) -> None:
        vault, hub, store, net = own(key, Key), own(stream, Stream), own(lake, Bucket), own(network, Network)
        # Nothing is written there, but it is always a store of this stack's: the lake may be somebody else's.
        sibling = own(failed, Bucket)
        super().__init__("Processor", name, parent, group=vault.group)
        _check(spec)
        place, local = self.place, self.scope.names.local
        self.physical_name = names.namespace(self.scope.names, "processor")
        self.app_id = place.id("Microsoft.Web/sites", self.physical_name)
        self.identity_name = local("processor")
        identity_id = place.id("Microsoft.ManagedIdentity/userAssignedIdentities", self.identity_name)
        self.identity = managedidentity.UserAssignedIdentity(
            f"{name}-identity",
            resource_name_=self.identity_name,
            resource_group_name=place.group,
            location=place.region,
            tags=self.tags(),
            opts=self.child(),
        )
        host = self._host(name, vault, sibling, net)
        told = self._telemetry(name, own(sibling.logs, Logs))
        principal = self.identity.principal_id
        may = [
            *vault.grant_secret(f"{name}-secret", PSEUDONYM_SECRET, principal),
            *hub.grant_consume(f"{name}-consume", principal),
            *store.grant_read(f"{name}-lake-read", principal),
            *store.grant_write(f"{name}-lake-write", principal),
        ]
        plan_name = local("processor")
        plan = web.AppServicePlan(
            f"{name}-plan",
            name=plan_name,
            resource_group_name=place.group,
            location=place.region,
            kind="functionapp",
            reserved=True,
            sku=web.SkuDescriptionArgs(name="FC1", tier="FlexConsumption"),
            tags=self.tags(),
            opts=self.child(),
        )
        settings = {
            **_host_settings(self.host_name, self.identity.client_id),
            **_trigger_settings(spec, hub, self.identity.client_id),
            "HOMESHORE_ACCOUNT": store.blob_endpoint,
            "HOMESHORE_BOUNDARY": self.scope.boundary,
            "HOMESHORE_BUCKET": store.container,
            "HOMESHORE_CONSUMER_GROUP": hub.consumer_group,
            "HOMESHORE_IDENTITY": self.identity.client_id,
            "HOMESHORE_SECRET": PSEUDONYM_SECRET,
            "HOMESHORE_STREAM": hub.hub_name,
            "HOMESHORE_VAULT": vault.vault_uri,
            "APPLICATIONINSIGHTS_CONNECTION_STRING": told.connection_string,
            "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": pulumi.Output.concat(
                "ClientId=", self.identity.client_id, ";Authorization=AAD"
            ),
        }
        self.app = web.WebApp(
            name,
            name=self.physical_name,
            resource_group_name=place.group,
            location=place.region,
            kind="functionapp,linux",
            server_farm_id=place.id("Microsoft.Web/serverfarms", plan_name),
            https_only=True,
            client_affinity_enabled=False,
            public_network_access="Disabled",
            virtual_network_subnet_id=net.processor_subnet_id,
            identity=web.ManagedServiceIdentityArgs(
                type=web.ManagedServiceIdentityType.USER_ASSIGNED, user_assigned_identities=[identity_id]
            ),
            key_vault_reference_identity=identity_id,
            function_app_config=self._shape(spec, identity_id),
            site_config=_site(settings),
            tags={
                **self.tags(Classification.PERSONAL),
                "Package": spec.package.name,
                "PackageDigest": f"sha256:{spec.package_digest}",
            },
            opts=self.child(depends_on=[plan, net.vnet, *host, *may]),
        )
        self._no_passwords(name)
        self.name: pulumi.Output[str] = self.app.name
        self.resource_id: pulumi.Output[str] = self.app.id
        self.uri: pulumi.Output[str] = self.app.id
        self.secret_id: pulumi.Output[str] = pulumi.Output.from_input(vault.secret_uri(PSEUDONYM_SECRET))
        self.feed_id: pulumi.Output[str] = hub.reader_id
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})

    def _host(self, name: str, key: Key, sibling: Bucket, network: Network) -> Sequence[pulumi.Resource]:
        """The account of the host's leases, checkpoints and code, its endpoint, and the host's role on it."""
        self.host_name = names.storage_account(self.scope.names, "host")
        self.host_id = self.place.id("Microsoft.Storage/storageAccounts", self.host_name)
        self.host = account = closed_account(
            self,
            f"{name}-host",
            account_name=self.host_name,
            key=key,
            redundancy="zone" if sibling.redundancy == "pair" else sibling.redundancy,
            classification=Classification.INTERNAL,
            hierarchical=False,
        )
        recoverable(self, f"{name}-host-blobs", account, self.host_name, HOST_RECOVERY_DAYS)
        code = container(self, f"{name}-host-{PACKAGES}", account, self.host_name, PACKAGES)
        endpoint = network.connect(f"{name}-host-blob", self.host_id, Service.BLOB, after=[account])
        role = grant(
            self,
            f"{name}-host-role",
            role=HOST_ROLE,
            scope=self.host_id,
            principal=self.identity.principal_id,
            why="The Functions host keeps leases, checkpoints and its package here",
            after=[account],
        )
        return [account, code, endpoint, role]

    def _telemetry(self, name: str, logs: Logs) -> applicationinsights.Component:
        """Where the host reports to, under the app's identity only: kept in the stack's workspace."""
        insights_name = self.scope.names.local("processor")
        self.insights_id = self.place.id("Microsoft.Insights/components", insights_name)
        component = applicationinsights.Component(
            f"{name}-insights",
            resource_name_=insights_name,
            resource_group_name=self.place.group,
            location=self.place.region,
            kind="web",
            application_type=applicationinsights.ApplicationType.WEB,
            ingestion_mode=applicationinsights.IngestionMode.LOG_ANALYTICS,
            workspace_resource_id=logs.workspace_id,
            disable_local_auth=True,
            disable_ip_masking=False,
            # The endpoint is shared by all of Azure; the network's guard lets the host reach it, a token opens it.
            public_network_access_for_ingestion=applicationinsights.PublicNetworkAccessType.ENABLED,
            public_network_access_for_query=applicationinsights.PublicNetworkAccessType.ENABLED,
            tags=self.tags(),
            opts=self.child(depends_on=[logs.workspace]),
        )
        grant(
            self,
            f"{name}-insights-publish",
            role="Monitoring Metrics Publisher",
            scope=self.insights_id,
            principal=self.identity.principal_id,
            why="The Functions host reports what it does",
            after=[component],
        )
        return component

    def _shape(self, spec: ProcessorSpec, identity_id: str) -> web.FunctionAppConfigArgs:
        """Runtime, size and where the code lies."""
        return web.FunctionAppConfigArgs(
            runtime=web.FunctionsRuntimeArgs(name=web.RuntimeName.PYTHON, version=spec.runtime.removeprefix("python")),
            scale_and_concurrency=web.FunctionsScaleAndConcurrencyArgs(
                instance_memory_mb=spec.memory_mb, maximum_instance_count=spec.instances
            ),
            deployment=web.FunctionsDeploymentArgs(
                storage=web.FunctionsDeploymentStorageArgs(
                    type=web.FunctionsDeploymentStorageType.BLOB_CONTAINER,
                    value=f"https://{self.host_name}.blob.{self.place.world.storage}/{PACKAGES}",
                    authentication=web.FunctionsDeploymentStorageAuthenticationArgs(
                        type=web.AuthenticationType.USER_ASSIGNED_IDENTITY,
                        user_assigned_identity_resource_id=identity_id,
                    ),
                )
            ),
        )

    def _no_passwords(self, name: str) -> None:
        """Nobody publishes with a user name and a password."""
        web.WebAppFtpAllowed(
            f"{name}-no-ftp",
            name=self.physical_name,
            resource_group_name=self.place.group,
            allow=False,
            opts=self.child(depends_on=[self.app]),
        )
        web.WebAppScmAllowed(
            f"{name}-no-basic",
            name=self.physical_name,
            resource_group_name=self.place.group,
            allow=False,
            opts=self.child(depends_on=[self.app]),
        )


def _check(spec: ProcessorSpec) -> None:
    """Raise Unsupported for what Flex Consumption or the Event Hubs trigger cannot do."""
    if spec.memory_mb not in MEMORY_MB:
        raise Unsupported(f"an instance of Azure Functions has {MEMORY_MB} MB of memory, not {spec.memory_mb}")
    if spec.instances not in INSTANCES:
        raise Unsupported(
            f"Azure Functions runs at most {INSTANCES[0]} to {INSTANCES[-1]} instances, not {spec.instances}"
        )
    if spec.maximum_retries is not None or spec.maximum_record_age_seconds is not None:
        raise Unsupported(
            "on Azure a failed batch is tried again until it succeeds or the hub forgets it: the checkpoint would "
            "pass a batch that was given up, and nothing would keep it"
        )


def _host_settings(account: str, client_id: pulumi.Input[str]) -> Mapping[str, pulumi.Input[str]]:
    return {
        "AzureWebJobsStorage__accountName": account,
        "AzureWebJobsStorage__credential": "managedidentity",
        "AzureWebJobsStorage__clientId": client_id,
        # Otherwise the host writes them to a table, and tables have neither an endpoint nor a role here.
        "AzureWebJobsFeatureFlags": "DisableDiagnosticEventLogging",
    }


def _trigger_settings(
    spec: ProcessorSpec, hub: Stream, client_id: pulumi.Input[str]
) -> Mapping[str, pulumi.Input[str]]:
    """The trigger's connection, and what of host.json the plan decides: its names become settings by `__`."""
    hubs = "AzureFunctionsJobHost__extensions__eventHubs"
    return {
        "HOMESHORE_EVENTS__fullyQualifiedNamespace": hub.host,
        "HOMESHORE_EVENTS__credential": "managedidentity",
        "HOMESHORE_EVENTS__clientId": client_id,
        "AzureFunctionsJobHost__functionTimeout": _clock(spec.timeout_seconds),
        f"{hubs}__maxEventBatchSize": str(spec.batch_size),
        # A quarter of a batch is worth an invocation at once; for less the trigger waits as long as the plan says.
        f"{hubs}__minEventBatchSize": str(max(1, spec.batch_size // 4)),
        f"{hubs}__maxWaitTime": _clock(spec.batch_window_seconds),
        f"{hubs}__prefetchCount": str(2 * spec.batch_size),
    }


def _clock(seconds: int) -> str:
    """Seconds as .NET's TimeSpan reads them: hh:mm:ss."""
    return f"{seconds // 3600:02}:{seconds % 3600 // 60:02}:{seconds % 60:02}"


def _site(settings: Mapping[str, pulumi.Input[str]]) -> web.SiteConfigArgs:
    """What is left of a site's configuration: Flex Consumption refuses the rest, `ftpsState` included (error 51021)."""
    site = web.SiteConfigArgs(
        app_settings=[web.NameValuePairArgs(name=name, value=value) for name, value in settings.items()],
        min_tls_version=web.SupportedTlsVersions.SUPPORTED_TLS_VERSIONS_1_2,
        scm_min_tls_version=web.SupportedTlsVersions.SUPPORTED_TLS_VERSIONS_1_2,
        http20_enabled=True,
        remote_debugging_enabled=False,
    )
    # The SDK fills these in by itself, and the first alone makes the deployment fail (pulumi-azure-native issue 4168).
    site.net_framework_version = None
    site.local_my_sql_enabled = None
    return site
