"""Who talked to whom: the flow logs of a network."""

from __future__ import annotations

from typing import NamedTuple

from pulumi_azure_native import managedidentity, network, storage

from components.azure import names
from components.azure.account import closed_account, expiring, recoverable
from components.azure.grants import WRITE_CONTAINERS, grant
from components.azure.key import Key
from components.azure.place import AzureComponent
from components.base import Classification

WATCHER_GROUP = "NetworkWatcherRG"
"""Where Azure itself puts the one Network Watcher of a region when a subscription's first network is made there."""
FORMAT_VERSION = 2
"""The format that counts bytes and packets."""


class FlowLogs(NamedTuple):
    """Where they lie: `account_id` is a literal, `account` what it names."""

    account_id: str
    account: storage.StorageAccount


def watcher_name(region: str) -> str:
    """What Azure itself calls the region's Network Watcher."""
    return f"NetworkWatcher_{region}"


def flow_logs(
    component: AzureComponent, name: str, *, vnet: network.VirtualNetwork, vnet_id: str, key: Key, days: int
) -> FlowLogs:
    """Record the network's flows for `days`, under an identity that may write to their account and nowhere else.

    The account has no real directories, because flow logs do not take such a one; it is open to the platform's trusted
    services besides, because the platform writes from outside of the network.
    """
    place = component.place
    kept = _account(component, f"{name}-flows", key, days)
    identity_name = component.scope.names.local("flows")
    identity = managedidentity.UserAssignedIdentity(
        f"{name}-flows-identity",
        resource_name_=identity_name,
        resource_group_name=place.group,
        location=place.region,
        tags=component.tags(),
        opts=component.child(),
    )
    allowed = grant(
        component,
        f"{name}-flows-write",
        role=WRITE_CONTAINERS,
        scope=kept.account_id,
        principal=identity.principal_id,
        why="Write the network's flow log",
        after=[kept.account],
    )
    network.FlowLog(
        f"{name}-flow-log",
        flow_log_name=component.scope.names.account_wide("flows"),
        network_watcher_name=watcher_name(place.region),
        resource_group_name=WATCHER_GROUP,
        location=place.region,
        target_resource_id=vnet_id,
        storage_id=kept.account_id,
        enabled=True,
        identity=network.ManagedServiceIdentityArgs(
            type=network.ResourceIdentityType.USER_ASSIGNED,
            user_assigned_identities=[place.id("Microsoft.ManagedIdentity/userAssignedIdentities", identity_name)],
        ),
        format=network.FlowLogFormatParametersArgs(type=network.FlowLogFormatType.JSON, version=FORMAT_VERSION),
        # The account's own rule deletes: the log's would stop at a year.
        retention_policy=network.RetentionPolicyParametersArgs(enabled=False, days=0),
        tags=component.tags(),
        opts=component.child(depends_on=[vnet, allowed]),
    )
    return kept


def _account(component: AzureComponent, name: str, key: Key, days: int) -> FlowLogs:
    account_name = names.storage_account(component.scope.names, "flows")
    account = closed_account(
        component,
        name,
        account_name=account_name,
        key=key,
        redundancy="local",
        classification=Classification.INTERNAL,
        hierarchical=False,
        trusted=True,
    )
    recoverable(component, f"{name}-recovery", account, account_name, 0)
    expiring(component, f"{name}-lifecycle", account, account_name, days)
    return FlowLogs(component.place.id("Microsoft.Storage/storageAccounts", account_name), account)
