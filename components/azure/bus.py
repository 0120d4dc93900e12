"""An Event Hubs namespace that is closed to the internet, or open to named networks only."""

from __future__ import annotations

from pulumi_azure_native import eventhub

import geography
from components.azure.key import Key
from components.azure.place import AzureComponent
from components.base import Classification
from components.contracts import StreamSpec, Unsupported

_OFFERS = {
    "Standard": (eventhub.SkuName.STANDARD, eventhub.SkuTier.STANDARD),
    "Premium": (eventhub.SkuName.PREMIUM, eventhub.SkuTier.PREMIUM),
    # A cluster's namespaces are sold as Standard ones and have the cluster's capacity (REST reference, clusterArmId).
    "Dedicated": (eventhub.SkuName.STANDARD, eventhub.SkuTier.STANDARD),
}


def closed_namespace(
    component: AzureComponent, name: str, *, namespace_name: str, spec: StreamSpec, key: Key
) -> tuple[eventhub.Namespace, eventhub.NamespaceNetworkRuleSet]:
    """The namespace in the tier of the plan, encrypted with the region's own key where the tier can: not on Standard;
    and who may reach it.

    Nobody signs in with a key of the namespace; Kafka clients come through the same door with an Entra token.
    """
    place = component.place
    sku, tier = _offer(spec)
    own_key = takes_own_key(spec)
    namespace = eventhub.Namespace(
        name,
        namespace_name=namespace_name,
        resource_group_name=place.group,
        location=place.region,
        sku=eventhub.SkuArgs(name=sku, tier=tier, capacity=_capacity(spec)),
        cluster_arm_id=spec.cluster,
        # Capacity is what the plan says and the budget covers: it never grows by itself.
        is_auto_inflate_enabled=False,
        kafka_enabled=True,
        zone_redundant=geography.availability("azure", "storage-zrs", place.region).state == "yes",
        disable_local_auth=True,
        minimum_tls_version=eventhub.TlsVersion.TLS_VERSION_1_2,
        public_network_access=(
            eventhub.PublicNetworkAccess.DISABLED if spec.private else eventhub.PublicNetworkAccess.ENABLED
        ),
        identity=(
            eventhub.IdentityArgs(
                type=eventhub.ManagedServiceIdentityType.USER_ASSIGNED, user_assigned_identities=[key.identity_id]
            )
            if own_key
            else None
        ),
        encryption=_encryption(key) if own_key else None,
        tags=component.tags(Classification.PERSONAL),
        opts=component.keeper(depends_on=key.ready if own_key else ()),
    )
    rules = eventhub.NamespaceNetworkRuleSet(
        f"{name}-network-rules",
        namespace_name=namespace_name,
        resource_group_name=place.group,
        default_action=eventhub.DefaultAction.DENY,
        public_network_access=(
            eventhub.PublicNetworkAccessFlag.DISABLED if spec.private else eventhub.PublicNetworkAccessFlag.ENABLED
        ),
        trusted_service_access_enabled=False,
        ip_rules=[
            eventhub.NWRuleSetIpRulesArgs(ip_mask=cidr, action=eventhub.NetworkRuleIPAction.ALLOW)
            for cidr in _senders(spec)
        ],
        virtual_network_rules=[],
        opts=component.keeper(depends_on=[namespace]),
    )
    return namespace, rules


def takes_own_key(spec: StreamSpec) -> bool:
    """Whether the tier encrypts with a key of the customer's (Microsoft Learn, "Configure customer-managed keys")."""
    return spec.tier != "Standard"


def _offer(spec: StreamSpec) -> tuple[eventhub.SkuName, eventhub.SkuTier]:
    offer = _OFFERS.get(spec.tier)
    if offer is None:
        raise Unsupported(
            f"Event Hubs has no tier {spec.tier!r} that keeps events for a pipeline: {', '.join(_OFFERS)}"
        )
    if (spec.tier == "Dedicated") != (spec.cluster is not None):
        raise Unsupported(
            f"Event Hubs {spec.tier}: a dedicated cluster carries the tier Dedicated and no other; name the cluster "
            "where the plan needs one, and nowhere else"
        )
    return offer


def _capacity(spec: StreamSpec) -> int:
    """Throughput units of Standard, processing units of Premium; a cluster's namespace counts as one."""
    if spec.tier == "Dedicated":
        return 1
    if spec.units is None:
        raise Unsupported(f"Event Hubs {spec.tier} is bought in units, and the plan names none")
    return spec.units


def _senders(spec: StreamSpec) -> tuple[str, ...]:
    if not spec.private and not spec.sender_cidrs:
        raise Unsupported(
            "an Event Hubs namespace without a single rule is open to everybody: name the networks that may send "
            "(network.allowed_cidrs), or close it (network.mode: private)"
        )
    return () if spec.private else spec.sender_cidrs


def _encryption(key: Key) -> eventhub.EncryptionArgs:
    return eventhub.EncryptionArgs(
        key_source=eventhub.KeySource.MICROSOFT_KEY_VAULT,
        key_vault_properties=[
            eventhub.KeyVaultPropertiesArgs(
                # No version: the namespace follows the key's rotation by itself.
                key_name=key.key_name,
                key_vault_uri=key.key_vault_uri,
                identity=eventhub.UserAssignedIdentityPropertiesArgs(user_assigned_identity=key.identity_id),
            )
        ],
        require_infrastructure_encryption=True,
    )
