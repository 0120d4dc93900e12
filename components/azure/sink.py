"""What makes the lake queryable: a job that keeps silver and gold up to date, and a SQL engine that reads them."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_azure_native import app, authorization, managedidentity

from components.azure import names
from components.azure.bucket import Bucket
from components.azure.key import Key
from components.azure.network import Network
from components.azure.place import AzureComponent, own
from components.azure.registry import Registry
from components.azure.serverless import Serverless
from components.base import Classification, RegionalComponent
from components.contracts import BucketHandle, JobSpec, KeyHandle, NetworkHandle, SinkSpec, StreamHandle, Unsupported

IMAGE = "lakehouse"
CONSUMPTION = "Consumption"
RETRIES = 2
_MINUTES, _HOURS = 60, 24


class Sink(AzureComponent):
    """A scheduled Container Apps job that writes Delta tables, and a Synapse workspace whose views read them.

    The job runs the canonical SQL on DuckDB, under an identity of its own that may maintain the lake's container and
    is the workspace's SQL administrator, because it also makes the views. Its image is not declared: it is built from
    `spec.package` and pushed under a tag that names the package's digest, so a preview shows when it changes.

    Synapse has no limit on what one query reads; its limits per day, week and month are set by T-SQL. So
    `spec.scan_limit_bytes` is not enforced here (declared deviation).
    """

    def __init__(
        self,
        name: str,
        spec: SinkSpec,
        *,
        key: KeyHandle,
        lake: BucketHandle,
        stream: StreamHandle,  # noqa: ARG002 - the tables are described by the contract; nothing here names the stream
        network: NetworkHandle | None,
        parent: RegionalComponent,
    ) -> None:
        vault, store, net = own(key, Key), own(lake, Bucket), own(network, Network)
        super().__init__("Sink", name, parent, group=vault.group)
        place, local = self.place, self.scope.names.local
        job = spec.job
        if spec.package_digest is None or job is None:
            raise Unsupported("Azure's SQL engine cannot write: the job's package and size are needed")
        self._lake, self.refresh_minutes = store, spec.refresh_minutes
        self.physical_name = self.scope.names.identifier("lake")
        self.job_name = f"{IMAGE}-{names.digest(self.scope.names)}"
        self.identity_name = local(IMAGE)
        identity_id = place.id("Microsoft.ManagedIdentity/userAssignedIdentities", self.identity_name)
        self.identity = managedidentity.UserAssignedIdentity(
            f"{name}-identity",
            resource_name_=self.identity_name,
            resource_group_name=place.group,
            location=place.region,
            tags=self.tags(),
            opts=self.child(),
        )
        self.registry = Registry(self, f"{name}-images", net)
        self.sql = Serverless(
            self,
            f"{name}-sql",
            key=vault,
            lake=store,
            network=net,
            administrator=self.identity,
            administrator_name=self.identity_name,
        )
        may = [
            *self.registry.grant_pull(f"{name}-pull", self.identity.principal_id),
            *store.grant_maintain(f"{name}-lake", self.identity.principal_id),
        ]
        self.environment = self._environment(name, net, job.profile, zones=store.redundancy != "local")
        app.Job(
            name,
            job_name=self.job_name,
            resource_group_name=place.group,
            location=place.region,
            environment_id=self.environment_id,
            workload_profile_name=job.profile,
            identity=app.ManagedServiceIdentityArgs(
                type=app.ManagedServiceIdentityType.USER_ASSIGNED, user_assigned_identities=[identity_id]
            ),
            configuration=app.JobConfigurationArgs(
                trigger_type=app.TriggerType.SCHEDULE,
                # One at a time: two writers of one Delta table would only make each other repeat their work.
                schedule_trigger_config=app.JobConfigurationScheduleTriggerConfigArgs(
                    cron_expression=cron(spec.refresh_minutes), parallelism=1, replica_completion_count=1
                ),
                replica_retry_limit=RETRIES,
                replica_timeout=job.run_seconds,
                registries=[app.RegistryCredentialsArgs(server=self.registry.host, identity=identity_id)],
                identity_settings=[
                    app.IdentitySettingsArgs(identity=identity_id, lifecycle=app.IdentitySettingsLifeCycle.MAIN)
                ],
            ),
            template=app.JobTemplateArgs(
                containers=[
                    app.ContainerArgs(
                        name=IMAGE,
                        image=self.registry.image(IMAGE, spec.package_digest),
                        resources=app.ContainerResourcesArgs(cpu=float(job.cpus), memory=gibibytes(job.memory_mb)),
                        env=[
                            app.EnvironmentVarArgs(name=setting, value=value)
                            for setting, value in self._settings(spec, job, store).items()
                        ],
                    )
                ]
            ),
            tags=self.tags(Classification.PSEUDONYMISED),
            opts=self.child(depends_on=[self.environment, self.registry.endpoint, self.sql.connection, *may]),
        )
        self.name: pulumi.Output[str] = pulumi.Output.from_input(self.physical_name)
        self.workgroup: pulumi.Output[str] = pulumi.Output.from_input(self.sql.endpoint)
        self.resource_id: pulumi.Output[str] = self.sql.resource.id
        self.uri: pulumi.Output[str] = self.sql.uri(self.physical_name)
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})

    def grant_read(
        self,
        name: str,
        principal: pulumi.Input[str],
        kind: authorization.PrincipalType = authorization.PrincipalType.SERVICE_PRINCIPAL,
    ) -> Sequence[pulumi.Resource]:
        """Let `principal` read the tables' files in the lake; no other store, no key.

        Who may sign in to the SQL endpoint and select from the views is data of the workspace, not of Resource Manager:
        an administrator says it there once, in T-SQL.
        """
        return self._lake.grant_read(name, principal, kind)

    def _environment(self, name: str, network: Network, profile: str, *, zones: bool) -> app.ManagedEnvironment:
        """Where the job runs: in the stack's network, with no address on the internet, in all `zones` as the lake.

        Each environment has the consumption profile. A dedicated one has a node while a run needs it, and never two.
        """
        profiles = [app.WorkloadProfileArgs(name=CONSUMPTION, workload_profile_type=CONSUMPTION)]
        if profile != CONSUMPTION:
            profiles.append(
                app.WorkloadProfileArgs(name=profile, workload_profile_type=profile, minimum_count=0, maximum_count=1)
            )
        environment_name = self.scope.names.local("jobs")
        self.environment_id = self.place.id("Microsoft.App/managedEnvironments", environment_name)
        return app.ManagedEnvironment(
            f"{name}-environment",
            environment_name=environment_name,
            resource_group_name=self.place.group,
            location=self.place.region,
            infrastructure_resource_group=f"{self.place.group}-jobs",
            workload_profiles=profiles,
            vnet_configuration=app.VnetConfigurationArgs(
                infrastructure_subnet_id=network.sink_subnet_id, internal=True
            ),
            public_network_access=app.PublicNetworkAccess.DISABLED,
            zone_redundant=zones,
            # Diagnostic settings carry the logs: the other way needs the workspace's shared key.
            app_logs_configuration=app.AppLogsConfigurationArgs(destination="azure-monitor"),
            tags=self.tags(),
            opts=self.child(depends_on=[network.vnet]),
        )

    def _settings(self, spec: SinkSpec, job: JobSpec, lake: Bucket) -> dict[str, pulumi.Input[str]]:
        return {
            "HOMESHORE_ACCOUNT": lake.blob_endpoint,
            "HOMESHORE_BUCKET": lake.container,
            "HOMESHORE_DATABASE": self.physical_name,
            "HOMESHORE_IDENTITY": self.identity.client_id,
            "HOMESHORE_KEEP_DAYS": str(spec.keep_days),
            "HOMESHORE_REPEAT_HOURS": str(job.repeat_hours),
            "HOMESHORE_SECONDS": str(job.run_seconds),
            "HOMESHORE_SQL": self.sql.endpoint,
        }


def gibibytes(mebibytes: int) -> str:
    """Memory as Container Apps has it: in Gi, with the quarters that it takes."""
    return f"{mebibytes / 1024:g}Gi"


def cron(minutes: int) -> str:
    """When the job starts, as cron: at least every `minutes`, at even distances, in UTC."""
    if minutes < _MINUTES:
        return f"*/{_divisor(_MINUTES, minutes)} * * * *"
    hours = _divisor(_HOURS, min(minutes // _MINUTES, _HOURS))
    return f"0 */{hours} * * *" if hours < _HOURS else "0 0 * * *"


def _divisor(whole: int, most: int) -> int:
    """The largest divisor of `whole` that is not above `most`."""
    return next(step for step in range(most, 0, -1) if whole % step == 0)
