"""The region's own encryption key, and the resource group that holds everything of the stack there."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import pulumi
from pulumi_azure_native import authorization, keyvault, managedidentity, resources

from components.azure import names
from components.azure.grants import READ_SECRETS, USE_KEY, grant
from components.azure.place import AzureComponent
from components.base import Classification, RegionalComponent
from components.contracts import KeySpec, Unsupported

KEY_BITS = 3072
RECOVERY_DAYS = 90
"""How long a deleted vault and its keys can be brought back: the longest that Azure has; nobody can shorten it."""
ROTATION_LEAD_DAYS = 30
"""Days before a version's expiry on which the next one is made; at least 7 (Microsoft Learn, "Key autorotation")."""
FIRST_VERSION_ENDS = "2035-12-31"
"""Day on which the first version of a key expires where nobody names one: its successor is there long before."""
_VAULT_PART = 8
"""Where the vault's name stands in the identifier of a key: /subscriptions/S/resourceGroups/G/providers/N/vaults/V/…"""


class Key(AzureComponent):
    """A key in a hardware module of one region's vault, rotated before it expires, and the identity that uses it.

    It is the first component of a region, so it makes the resource group too. The vault answers to private endpoints
    and to Azure's own storage services only; roles decide about everything, no access policy exists.

    With `spec.expires` the first version expires on that day, and the next one is there 30 days before; without, there
    is another after `spec.rotation_days`. Each later version expires `spec.rotation_days` and 30 days after it was
    made, and is replaced 30 days before. The services that encrypt with the key follow it by themselves. Azure reads
    expiry and rotation when it makes the key: a later change of either has no effect on a key that exists.

    `brought` is the identifier of a key that exists already and encrypts in place of one of the stack's own; group,
    identity and vault are made all the same, because the pseudonym key lies in the vault.
    """

    def __init__(
        self, name: str, spec: KeySpec, *, parent: RegionalComponent, kind: str = "Key", brought: str | None = None
    ) -> None:
        super().__init__(kind, name, parent, group=None)
        place, local = self.place, self.scope.names.local
        if spec.deletion_days > RECOVERY_DAYS:
            raise Unsupported(
                f"a deleted key of Azure can be brought back for {RECOVERY_DAYS} days, not {spec.deletion_days}"
            )
        self.vault_name = names.vault(self.scope.names)
        self.vault_id = place.id("Microsoft.KeyVault/vaults", self.vault_name)
        self.vault_uri = f"https://{self.vault_name}.{place.world.vault}"
        self.key_id = brought or f"{self.vault_id}/keys/{local('key')}"
        self.physical_name = self.key_name = self.key_id.rpartition("/")[2]
        self.key_vault_uri = f"https://{self.key_id.split('/')[_VAULT_PART]}.{place.world.vault}"
        self.key_uri = f"{self.key_vault_uri}/keys/{self.key_name}"
        self.identity_name = local("encryption")
        self.identity_id = place.id("Microsoft.ManagedIdentity/userAssignedIdentities", self.identity_name)

        self.group = resources.ResourceGroup(
            f"{name}-group",
            resource_group_name=place.group,
            location=place.region,
            tags=self.tags(),
            # Who deletes the group deletes all that is in it.
            opts=self.keeper(),
        )
        self.vault = keyvault.Vault(
            f"{name}-vault",
            vault_name=self.vault_name,
            resource_group_name=place.group,
            location=place.region,
            properties=_vault(place.tenant),
            # The pseudonym key lies here too: it is what turns tokens back into people.
            tags=self.tags(Classification.PERSONAL),
            opts=self.keeper(depends_on=[self.group]),
        )
        key = None if brought else self._key(name, spec)
        self.identity = managedidentity.UserAssignedIdentity(
            f"{name}-identity",
            resource_name_=self.identity_name,
            resource_group_name=place.group,
            location=place.region,
            tags=self.tags(),
            # Without it nothing that is encrypted can be read.
            opts=self.keeper(depends_on=[self.group]),
        )
        self._made: Sequence[pulumi.Resource] = () if key is None else (key,)
        (allowed,) = self.grant_use(f"{name}-identity-use", self.identity.principal_id)
        self.ready: Sequence[pulumi.Resource] = (*self._made, self.identity, allowed)
        self.name: pulumi.Output[str] = key.name if key else pulumi.Output.from_input(self.key_name)
        self.resource_id: pulumi.Output[str] = key.id if key else pulumi.Output.from_input(self.key_id)
        self.uri: pulumi.Output[str] = key.key_uri if key else pulumi.Output.from_input(self.key_uri)
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})

    def grant_use(
        self,
        name: str,
        principal: pulumi.Input[str],
        kind: authorization.PrincipalType = authorization.PrincipalType.SERVICE_PRINCIPAL,
    ) -> Sequence[pulumi.Resource]:
        """Let `principal` wrap and unwrap data keys with the key; it can neither change nor delete it."""
        assigned = grant(
            self,
            name,
            role=USE_KEY,
            scope=self.key_id,
            principal=principal,
            why="Encrypt and decrypt with this key",
            after=self._made,
            kind=kind,
            holds=True,
        )
        return (assigned,)

    def grant_secret(
        self,
        name: str,
        secret_name: str,
        principal: pulumi.Input[str],
        kind: authorization.PrincipalType = authorization.PrincipalType.SERVICE_PRINCIPAL,
    ) -> Sequence[pulumi.Resource]:
        """Let `principal` read the values of one secret of the vault, which may not exist yet, and of no other."""
        assigned = grant(
            self,
            name,
            role=READ_SECRETS,
            scope=f"{self.vault_id}/secrets/{secret_name}",
            principal=principal,
            why=f"Read the secret {secret_name}",
            after=[self.vault],
            kind=kind,
        )
        return (assigned,)

    def _key(self, name: str, spec: KeySpec) -> keyvault.Key:
        return keyvault.Key(
            name,
            key_name=self.key_name,
            vault_name=self.vault_name,
            resource_group_name=self.place.group,
            properties=keyvault.KeyPropertiesArgs(
                kty=keyvault.JsonWebKeyType.RS_A_HSM,
                key_size=KEY_BITS,
                key_ops=[keyvault.JsonWebKeyOperation.WRAP_KEY, keyvault.JsonWebKeyOperation.UNWRAP_KEY],
                attributes=keyvault.KeyAttributesArgs(
                    enabled=True, exportable=False, expires=_expiry(spec.expires or FIRST_VERSION_ENDS)
                ),
                rotation_policy=rotation_policy(spec),
            ),
            tags=self.tags(),
            opts=self.keeper(depends_on=[self.vault]),
        )

    def secret_uri(self, secret_name: str) -> str:
        """Where the secret's newest version is found."""
        return f"{self.vault_uri}/secrets/{secret_name}"


def rotation_policy(spec: KeySpec) -> keyvault.RotationPolicyArgs:
    """A new version every `rotation_days`; each expires 30 days after the next one was made.

    The trigger counts back from the expiry where somebody named the first version's, else from its creation.
    """
    trigger = (
        keyvault.TriggerArgs(time_after_create=f"P{spec.rotation_days}D")
        if spec.expires is None
        else keyvault.TriggerArgs(time_before_expiry=f"P{ROTATION_LEAD_DAYS}D")
    )
    return keyvault.RotationPolicyArgs(
        attributes=keyvault.KeyRotationPolicyAttributesArgs(expiry_time=f"P{spec.rotation_days + ROTATION_LEAD_DAYS}D"),
        lifetime_actions=[
            keyvault.LifetimeActionArgs(
                action=keyvault.ActionArgs(type=keyvault.KeyRotationPolicyActionType.ROTATE), trigger=trigger
            )
        ],
    )


def _expiry(day: str) -> float:
    """Midnight UTC of that day, in seconds since 1970."""
    return datetime.datetime.combine(datetime.date.fromisoformat(day), datetime.time(tzinfo=datetime.UTC)).timestamp()


def _vault(tenant: str) -> keyvault.VaultPropertiesArgs:
    return keyvault.VaultPropertiesArgs(
        tenant_id=tenant,
        # Premium: keys are made and kept in a hardware module.
        sku=keyvault.SkuArgs(family=keyvault.SkuFamily.A, name=keyvault.SkuName.PREMIUM),
        enable_rbac_authorization=True,
        enable_soft_delete=True,
        soft_delete_retention_in_days=RECOVERY_DAYS,
        enable_purge_protection=True,
        enabled_for_deployment=False,
        enabled_for_disk_encryption=False,
        enabled_for_template_deployment=False,
        public_network_access=keyvault.PublicNetworkAccess.DISABLED,
        network_acls=keyvault.NetworkRuleSetArgs(
            # Storage and Event Hubs unwrap their data keys as trusted services, from outside of any network of ours.
            bypass=keyvault.NetworkRuleBypassOptions.AZURE_SERVICES,
            default_action=keyvault.NetworkRuleAction.DENY,
            ip_rules=[],
            virtual_network_rules=[],
        ),
    )
