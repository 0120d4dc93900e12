"""Where it is written down who did what."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import operationalinsights

from components.azure.key import Key
from components.azure.place import AzureComponent, own
from components.base import RegionalComponent
from components.contracts import KeyHandle, LogsSpec, Unsupported

SHORTEST_DAYS, LONGEST_DAYS = 30, 730
"""What a pay-as-you-go workspace keeps (Microsoft Learn, "Manage data retention in a Log Analytics workspace")."""


class Logs(AzureComponent):
    """A Log Analytics workspace in the region. `roles` are the stores whose readers and writers it lists.

    It is encrypted with Microsoft's key: one's own needs a dedicated cluster of 100 GB a day. Nothing signs in to it
    with a key of its own; only Azure's services write to it, through diagnostic settings.
    """

    def __init__(self, name: str, spec: LogsSpec, *, key: KeyHandle, parent: RegionalComponent) -> None:
        super().__init__("Logs", name, parent, group=own(key, Key).group)
        self.roles = spec.roles
        self.physical_name = self.scope.names.local("logs")
        self.workspace_id = self.place.id("Microsoft.OperationalInsights/workspaces", self.physical_name)
        self.workspace = workspace(self, name, self.physical_name, spec.days)
        self.name: pulumi.Output[str] = self.workspace.name
        self.resource_id: pulumi.Output[str] = self.workspace.id
        self.uri: pulumi.Output[str] = self.workspace.id
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})


def workspace(component: AzureComponent, name: str, physical_name: str, days: int) -> operationalinsights.Workspace:
    """A workspace that keeps what it is sent for `days`. Raises Unsupported for days that Log Analytics has not."""
    if not SHORTEST_DAYS <= days <= LONGEST_DAYS:
        raise Unsupported(f"Log Analytics keeps logs for {SHORTEST_DAYS} to {LONGEST_DAYS} days, not for {days}")
    access = operationalinsights.PublicNetworkAccessType
    return operationalinsights.Workspace(
        name,
        workspace_name=physical_name,
        resource_group_name=component.place.group,
        location=component.place.region,
        sku=operationalinsights.WorkspaceSkuArgs(name=operationalinsights.WorkspaceSkuNameEnum.PER_GB2018),
        retention_in_days=days,
        features=operationalinsights.WorkspaceFeaturesArgs(
            disable_local_auth=True,
            enable_data_export=False,
            # Who may read a resource may read its logs, and only these.
            enable_log_access_using_only_resource_permissions=True,
        ),
        # Diagnostic settings have a way of their own into the workspace.
        public_network_access_for_ingestion=access.DISABLED,
        # People ask questions from their desks, with an Entra token.
        public_network_access_for_query=access.ENABLED,
        tags=component.tags(),
        opts=component.keeper(),
    )
