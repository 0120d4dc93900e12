"""What each service writes into the stack's workspace, as data."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor

from components.azure.bucket import Bucket
from components.azure.key import Key
from components.azure.logs import Logs
from components.azure.network import Network
from components.azure.place import AzureComponent, own
from components.azure.processor import Processor
from components.azure.sink import Sink
from components.azure.stream import Stream
from components.contracts import Intake, Parts

ALL_LOGS = "allLogs"
ALL_METRICS = "AllMetrics"
_BLOBS = "blobServices/default"


@dataclass(frozen=True)
class Source:
    """One thing that writes: `resource` is its id, which `made` gives it; `groups` and `categories` are its logs.

    `metrics` says whether its platform metrics go to the workspace too, where alarms compare them with logs.
    """

    name: str
    resource: str
    made: pulumi.Resource
    groups: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    metrics: bool = False

    def logs(self) -> list[monitor.DiagnosticsLogSettingsArgs]:
        """The logs as a diagnostic setting has them."""
        return [
            *(monitor.DiagnosticsLogSettingsArgs(category_group=group, enabled=True) for group in self.groups),
            *(monitor.DiagnosticsLogSettingsArgs(category=category, enabled=True) for category in self.categories),
        ]


def sources(parts: Intake) -> list[Source]:
    """Everything that writes logs or metrics of use: who touched which store, key or stream, and what the jobs say.

    What is brought along is watched by its owner.

    Categories are those of Microsoft Learn, "Supported resource log categories for Azure Monitor".
    """
    return [*_intake(parts), *(_sink(own(parts.sink, Sink)) if isinstance(parts, Parts) else ())]


def collect(component: AzureComponent, name: str, source: Source, logs: Logs) -> None:
    """Send what `source` writes to the workspace, each service into a table of its own where it has one."""
    monitor.DiagnosticSetting(
        f"{name}-{source.name}-diagnostics",
        name=component.scope.names.local("pipeline"),
        resource_uri=source.resource,
        workspace_id=logs.workspace_id,
        log_analytics_destination_type="Dedicated",
        logs=source.logs(),
        metrics=[monitor.DiagnosticsMetricSettingsArgs(category=ALL_METRICS, enabled=True)] if source.metrics else [],
        opts=component.child(depends_on=[source.made, logs.workspace]),
    )


def records(name: str, *, parts: Intake) -> None:
    """See components.contracts.KeepRecords: the settings belong to the component of the logs."""
    logs = own(parts.logs, Logs)
    for source in sources(parts):
        collect(logs, name, source, logs)


def _intake(parts: Intake) -> list[Source]:
    key, stream, processor = own(parts.key, Key), own(parts.stream, Stream), own(parts.processor, Processor)
    buckets = own(parts.lake, Bucket), own(parts.failed, Bucket)
    network = own(parts.network, Network)
    flows = () if network.flows is None else (network.flows,)
    return [
        Source("vault", key.vault_id, key.vault, (ALL_LOGS,)),
        *(
            Source(store.role, f"{store.account_id}/{_BLOBS}", store.account, (ALL_LOGS,))
            for store in buckets
            if store.logs is not None
        ),
        # Not its writes: leases and checkpoints of each partition, some lines a second, and none of an event.
        Source(
            "host",
            f"{processor.host_id}/{_BLOBS}",
            processor.host,
            categories=("StorageRead", "StorageDelete"),
        ),
        *(Source("flows", f"{kept.account_id}/{_BLOBS}", kept.account, (ALL_LOGS,)) for kept in flows),
        Source("stream", stream.namespace_id, stream.namespace, (ALL_LOGS,), metrics=True),
        # The app's own logs go to Application Insights, sampled; its log category would store each line again.
        Source("processor", processor.app_id, processor.app, metrics=True),
    ]


def _sink(sink: Sink) -> list[Source]:
    return [
        Source(
            "jobs",
            sink.environment_id,
            sink.environment,
            categories=("ContainerAppConsoleLogs", "ContainerAppSystemLogs"),
        ),
        Source(
            "images",
            sink.registry.registry_id,
            sink.registry.resource,
            categories=("ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents"),
        ),
        Source(
            "sql",
            sink.sql.workspace_id,
            sink.sql.resource,
            categories=(
                "SynapseRbacOperations",
                "GatewayApiRequests",
                "BuiltinSqlReqsEnded",
                "SQLSecurityAuditEvents",
            ),
        ),
    ]
