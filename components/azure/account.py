"""A storage account that is closed to everybody: what the stores of events and the host of the functions share."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_azure_native import storage

import geography
from components.azure.key import Key
from components.azure.place import AzureComponent
from components.base import Classification, Scope
from components.contracts import Redundancy, Unsupported

RECOVERY_DAYS_AT_LEAST = 7
"""The shortest soft delete that we set: what somebody deleted on Friday can be brought back on Monday a week later."""

_SKUS = {
    "LRS": storage.SkuName.STANDARD_LRS,
    "ZRS": storage.SkuName.STANDARD_ZRS,
    "GRS": storage.SkuName.STANDARD_GRS,
    "GZRS": storage.SkuName.STANDARD_GZRS,
}
_KINDS: dict[Redundancy, tuple[str, ...]] = {"local": ("LRS",), "zone": ("ZRS",), "pair": ("GZRS", "GRS")}
"""Storage's own kinds of redundancy that keep the promise, the best first."""


def closed_account(
    component: AzureComponent,
    name: str,
    *,
    account_name: str,
    key: Key,
    redundancy: Redundancy,
    classification: Classification,
    hierarchical: bool,
    trusted: bool = False,
    instances: Sequence[str] = (),
) -> storage.StorageAccount:
    """Encrypted twice, once with the region's own key; no account key, no public object, private endpoints only.

    `account_name` is unique in the world. `hierarchical` gives it real directories, as a data lake wants. `trusted`
    lets the services in that Azure lists as trusted, under an identity that has a role; `instances` are resources
    that come from outside of any network of ours, and are let in one by one, under the role that each has.
    """
    return storage.StorageAccount(
        name,
        account_name=account_name,
        resource_group_name=component.place.group,
        location=component.place.region,
        kind=storage.Kind.STORAGE_V2,
        sku=storage.SkuArgs(name=sku(component.scope, redundancy)),
        access_tier=storage.AccessTier.HOT,
        is_hns_enabled=hierarchical,
        identity=storage.IdentityArgs(
            type=storage.IdentityType.USER_ASSIGNED, user_assigned_identities=[key.identity_id]
        ),
        encryption=_encryption(key),
        enable_https_traffic_only=True,
        minimum_tls_version=storage.MinimumTlsVersion.TLS1_2,
        allow_shared_key_access=False,
        default_to_o_auth_authentication=True,
        is_local_user_enabled=False,
        is_sftp_enabled=False,
        allow_blob_public_access=False,
        allow_cross_tenant_replication=False,
        allowed_copy_scope=storage.AllowedCopyScope.AAD,
        public_network_access=storage.PublicNetworkAccess.DISABLED,
        network_rule_set=storage.NetworkRuleSetArgs(
            default_action=storage.DefaultAction.DENY,
            bypass=storage.Bypass.AZURE_SERVICES if trusted else storage.Bypass.NONE,
            ip_rules=[],
            virtual_network_rules=[],
            resource_access_rules=[
                storage.ResourceAccessRuleArgs(tenant_id=component.place.tenant, resource_id=_spelt(each))
                for each in instances
            ],
        ),
        tags=component.tags(classification),
        opts=component.keeper(depends_on=key.ready),
    )


def sku(scope: Scope, redundancy: Redundancy) -> storage.SkuName:
    """What is bought for that redundancy, inside the scope's boundary. Raises Unsupported and names the pair."""
    place, boundary = geography.region("azure", scope.names.region), geography.boundary(scope.boundary)
    offered = geography.redundancy(place, boundary)
    found = next((kind for kind in _KINDS[redundancy] if kind in offered.kinds), None)
    if found is not None:
        return _SKUS[found]
    if redundancy == "zone":
        raise Unsupported(f"{place.name} is not known to offer zone-redundant storage: use redundancy local")
    if offered.pair is None:
        raise Unsupported(f"{place.name} has no paired region to copy to: use redundancy zone or local")
    raise Unsupported(
        f"{place.name} copies geo-redundant storage to {offered.pair.name}, outside of {boundary.title}: "
        "use redundancy zone or local"
    )


def recoverable(
    component: AzureComponent, name: str, account: storage.StorageAccount, account_name: str, days: int
) -> storage.BlobServiceProperties:
    """Soft delete for the account's objects and containers: `days`, but never less than a week."""
    kept = storage.DeleteRetentionPolicyArgs(enabled=True, days=max(days, RECOVERY_DAYS_AT_LEAST))
    return storage.BlobServiceProperties(
        name,
        account_name=account_name,
        resource_group_name=component.place.group,
        blob_services_name="default",
        delete_retention_policy=kept,
        container_delete_retention_policy=kept,
        opts=component.keeper(depends_on=[account]),
    )


def expiring(
    component: AzureComponent, name: str, account: storage.StorageAccount, account_name: str, days: int
) -> storage.ManagementPolicy:
    """Delete every object that has not changed for more than `days`."""
    rule = storage.ManagementPolicyRuleArgs(
        name="expire",
        enabled=True,
        type=storage.RuleType.LIFECYCLE,
        definition=storage.ManagementPolicyDefinitionArgs(
            filters=storage.ManagementPolicyFilterArgs(blob_types=["blockBlob"]),
            actions=storage.ManagementPolicyActionArgs(
                base_blob=storage.ManagementPolicyBaseBlobArgs(
                    delete=storage.DateAfterModificationArgs(days_after_modification_greater_than=days)
                )
            ),
        ),
    )
    return storage.ManagementPolicy(
        name,
        account_name=account_name,
        resource_group_name=component.place.group,
        management_policy_name="default",
        policy=storage.ManagementPolicySchemaArgs(rules=[rule]),
        opts=component.keeper(depends_on=[account]),
    )


def container(
    component: AzureComponent, name: str, account: storage.StorageAccount, account_name: str, container_name: str
) -> storage.BlobContainer:
    """A container that only Entra identities with a role on it may touch."""
    return storage.BlobContainer(
        name,
        account_name=account_name,
        container_name=container_name,
        resource_group_name=component.place.group,
        public_access=storage.PublicAccess.NONE,
        opts=component.keeper(depends_on=[account]),
    )


def _spelt(resource_id: str) -> str:
    """As a firewall wants it (Microsoft Learn, "Control storage account access for serverless SQL pool")."""
    return resource_id.replace("/resourceGroups/", "/resourcegroups/", 1)


def _encryption(key: Key) -> storage.EncryptionArgs:
    # Queues and tables take a key of the customer's only if the account is born that way.
    whole = storage.EncryptionServiceArgs(enabled=True, key_type=storage.KeyType.ACCOUNT)
    return storage.EncryptionArgs(
        key_source=storage.KeySource.MICROSOFT_KEYVAULT,
        # No version: the account follows the key's rotation by itself.
        key_vault_properties=storage.KeyVaultPropertiesArgs(key_name=key.key_name, key_vault_uri=key.key_vault_uri),
        encryption_identity=storage.EncryptionIdentityArgs(encryption_user_assigned_identity=key.identity_id),
        require_infrastructure_encryption=True,
        services=storage.EncryptionServicesArgs(blob=whole, file=whole, queue=whole, table=whole),
    )
