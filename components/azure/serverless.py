"""The SQL engine: a Synapse workspace of which only the serverless pool is used. It reads the lake only."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import managedidentity, synapse

from components.azure import names
from components.azure.bucket import Bucket
from components.azure.key import Key
from components.azure.network import Network, Service
from components.azure.place import AzureComponent

PORT = 1433


class Serverless:
    """A workspace for Entra identities, behind a private endpoint, encrypted with the region's own key.

    The views read the lake as the workspace, which may read its container and nothing else. The serverless pool stands
    outside of the workspace's network: the lake's firewall knows the workspace by name (account.py). That network lets
    nothing out but to the lake, by an endpoint that it asks for and the lake's owner approves once.
    """

    def __init__(
        self,
        component: AzureComponent,
        name: str,
        *,
        key: Key,
        lake: Bucket,
        network: Network,
        administrator: managedidentity.UserAssignedIdentity,
        administrator_name: str,
    ) -> None:
        place = component.place
        self.workspace_name = names.workspace(component.scope.names)
        self.workspace_id = place.id("Microsoft.Synapse/workspaces", self.workspace_name)
        self.endpoint = f"{self.workspace_name}-ondemand.sql.{place.world.synapse}"
        self.resource = synapse.Workspace(
            name,
            workspace_name=self.workspace_name,
            resource_group_name=place.group,
            location=place.region,
            azure_ad_only_authentication=True,
            public_network_access=synapse.WorkspacePublicNetworkAccess.DISABLED,
            trusted_service_bypass_enabled=False,
            managed_virtual_network="default",
            managed_virtual_network_settings=synapse.ManagedVirtualNetworkSettingsArgs(
                prevent_data_exfiltration=True,
                linked_access_check_on_target_resource=True,
                allowed_aad_tenant_ids_for_linking=[place.tenant],
            ),
            managed_resource_group_name=f"{place.group}-sql",
            identity=synapse.ManagedIdentityArgs(
                type=synapse.ResourceIdentityType.SYSTEM_ASSIGNED_USER_ASSIGNED,
                user_assigned_identities=[key.identity_id],
            ),
            encryption=synapse.EncryptionDetailsArgs(
                cmk=synapse.CustomerManagedKeyDetailsArgs(
                    # No version: the workspace follows the key's rotation by itself.
                    key=synapse.WorkspaceKeyDetailsArgs(name="default", key_vault_url=key.key_uri),
                    kek_identity=synapse.KekIdentityPropertiesArgs(
                        user_assigned_identity=key.identity_id, use_system_assigned_identity=False
                    ),
                )
            ),
            default_data_lake_storage=synapse.DataLakeStorageAccountDetailsArgs(
                account_url=lake.dfs_endpoint,
                filesystem=lake.container,
                resource_id=lake.account_id,
                create_managed_private_endpoint=True,
            ),
            tags=component.tags(),
            opts=component.child(depends_on=[*key.ready, lake.blobs]),
        )
        lake.grant_read(f"{name}-lake-read", self.resource.identity.apply(_principal))
        synapse.WorkspaceSqlAadAdmin(
            f"{name}-administrator",
            workspace_name=self.workspace_name,
            resource_group_name=place.group,
            administrator_type="ActiveDirectory",
            login=administrator_name,
            # SQL knows a managed identity by its application's id, not by its object's.
            sid=administrator.client_id,
            tenant_id=place.tenant,
            opts=component.child(depends_on=[self.resource, administrator]),
        )
        self.connection = network.connect(
            f"{name}-endpoint", self.workspace_id, Service.SQL_ON_DEMAND, after=[self.resource]
        )

    def uri(self, database: str) -> pulumi.Output[str]:
        """How SQLAlchemy connects, signed in as whoever runs it."""
        return pulumi.Output.from_input(
            f"mssql+pyodbc://{self.endpoint}:{PORT}/{database}"
            "?driver=ODBC+Driver+18+for+SQL+Server&Authentication=ActiveDirectoryDefault&Encrypt=yes"
        )


def _principal(identity: synapse.outputs.ManagedIdentityResponse | None) -> str:
    """Object id of the identity that Azure gave the workspace."""
    if identity is None:
        raise ValueError("the workspace has an identity of its own, and Azure did not tell it")
    return identity.principal_id
