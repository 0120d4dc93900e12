"""Where the images of the stack's own jobs lie: a registry that only identities in the stack's network reach."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence

import pulumi
from pulumi_azure_native import containerregistry

from components.azure import names
from components.azure.grants import grant
from components.azure.network import Network, Service
from components.azure.place import AzureComponent

UNTAGGED_DAYS = 30
"""Days after which an image that lost its tag is removed."""
_TAG_DIGITS = 12


class Registry:
    """What `component` pulls its images from: Entra identities only, no administrator, no anonymous pull.

    The tier is Premium, the only one with private endpoints. Its images are ours and hold no events; they are encrypted
    with a key of the service's: a registry reads a key from a closed vault only with an identity that it is given after
    it was made (declared deviation).
    """

    def __init__(self, component: AzureComponent, name: str, network: Network) -> None:
        place = component.place
        self.registry_name = names.storage_account(component.scope.names, "images")
        self.registry_id = place.id("Microsoft.ContainerRegistry/registries", self.registry_name)
        self.host = f"{self.registry_name}.{place.world.registry}"
        self._component = component
        self.resource = containerregistry.Registry(
            name,
            registry_name=self.registry_name,
            resource_group_name=place.group,
            location=place.region,
            sku=containerregistry.SkuArgs(name=containerregistry.SkuName.PREMIUM),
            admin_user_enabled=False,
            anonymous_pull_enabled=False,
            data_endpoint_enabled=False,
            public_network_access=containerregistry.PublicNetworkAccess.DISABLED,
            network_rule_bypass_options=containerregistry.NetworkRuleBypassOptions.NONE,
            network_rule_set=containerregistry.NetworkRuleSetArgs(
                default_action=containerregistry.DefaultAction.DENY, ip_rules=[]
            ),
            policies=containerregistry.PoliciesArgs(
                # A job's identity signs in with a token for Resource Manager: without this it cannot pull.
                azure_ad_authentication_as_arm_policy=containerregistry.AzureADAuthenticationAsArmPolicyArgs(
                    status=containerregistry.AzureADAuthenticationAsArmPolicyStatus.ENABLED
                ),
                export_policy=containerregistry.ExportPolicyArgs(status=containerregistry.ExportPolicyStatus.DISABLED),
                retention_policy=containerregistry.RetentionPolicyArgs(
                    days=UNTAGGED_DAYS, status=containerregistry.PolicyStatus.ENABLED
                ),
            ),
            tags=component.tags(),
            opts=component.child(),
        )
        self.endpoint = network.connect(f"{name}-endpoint", self.registry_id, Service.REGISTRY, after=[self.resource])

    def image(self, name: str, digest: str) -> str:
        """Reference of the image built from the package with that SHA-256 (base64): known before there is one."""
        return f"{self.host}/{name}:src-{b64decode(digest).hex()[:_TAG_DIGITS]}"

    def grant_pull(self, name: str, principal: pulumi.Input[str]) -> Sequence[pulumi.Resource]:
        """Let `principal` pull images; it can neither push nor delete them."""
        assigned = grant(
            self._component,
            name,
            role="AcrPull",
            scope=self.registry_id,
            principal=principal,
            why="Pull the image of the job",
            after=[self.resource],
        )
        return (assigned,)
