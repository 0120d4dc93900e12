"""Where a placement lies, in Azure's own terms: identifiers that config decides, known before anything exists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pulumi
from pulumi_azure_native import resources

import geography
from components.base import Classification, RegionalComponent, Scope
from components.contracts import Unsupported
from components.naming import Names
from components.placement import AzurePlacement


@dataclass(frozen=True)
class World:
    """One of the vendor's separate clouds: `environment` as the provider names it, the rest are domains.

    `vault_link` is the domain under which private names of vaults are kept; the other services keep theirs under the
    domain itself.
    """

    environment: str
    vault: str
    vault_link: str
    storage: str
    bus: str
    registry: str
    synapse: str


_PUBLIC = World(
    "public",
    vault="vault.azure.net",
    vault_link="vaultcore.azure.net",
    storage="core.windows.net",
    bus="servicebus.windows.net",
    registry="azurecr.io",
    synapse="azuresynapse.net",
)
_SEPARATE = {
    "cn": World(
        "china",
        vault="vault.azure.cn",
        vault_link="vaultcore.azure.cn",
        storage="core.chinacloudapi.cn",
        bus="servicebus.chinacloudapi.cn",
        registry="azurecr.cn",
        synapse="azuresynapse.azure.cn",
    ),
    "us-gov": World(
        "usgovernment",
        vault="vault.usgovcloudapi.net",
        vault_link="vaultcore.usgovcloudapi.net",
        storage="core.usgovcloudapi.net",
        bus="servicebus.usgovcloudapi.net",
        registry="azurecr.us",
        synapse="azuresynapse.usgovcloudapi.net",
    ),
}
"""By jurisdiction (Microsoft Learn, "Azure Private Endpoint private DNS zone values")."""


@dataclass(frozen=True)
class Place:
    """One region of one subscription. `group` is the resource group of the stack's things there."""

    region: str
    subscription: str
    tenant: str
    group: str
    world: World

    @property
    def group_id(self) -> str:
        """Identifier of the resource group."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"

    def id(self, kind: str, name: str, *path: str) -> str:
        """Identifier of a thing in the group: id("Microsoft.KeyVault/vaults", vault, "keys", key)."""
        return "/".join((self.group_id, "providers", kind, name, *path))


def group_name(names: Names) -> str:
    """Name of the resource group: a subscription has all regions' groups, so it carries the region."""
    return names.account_wide("pipeline")


def azure_of(scope: Scope) -> AzurePlacement:
    """The scope's placement, which must be one on Azure. Raises Unsupported."""
    if not isinstance(scope.placement, AzurePlacement):
        raise Unsupported(f"components.azure builds on Azure only, and the placement is on {scope.placement.cloud}")
    return scope.placement


def place_of(scope: Scope) -> Place:
    """The Azure place of a scope."""
    placement = azure_of(scope)
    world = _SEPARATE.get(geography.region("azure", placement.region).jurisdiction, _PUBLIC)
    return Place(placement.region, placement.subscription_id, placement.tenant_id, group_name(scope.names), world)


class AzureComponent(RegionalComponent):
    """A component in an Azure region: `kind` is the last part of its type token.

    `group` is the resource group that all children lie in. They name it as a literal, so each depends on it by its
    options; the component that makes the group sets it before its other children.
    """

    place: Place
    group: resources.ResourceGroup | None

    def __init__(
        self, kind: str, name: str, parent: RegionalComponent, *, group: resources.ResourceGroup | None
    ) -> None:
        super().__init__(f"homeshore:azure:{kind}", name, parent.scope, parent=parent)
        self.place = place_of(parent.scope)
        self.group = group

    def child(self, *, depends_on: Sequence[pulumi.Resource] = ()) -> pulumi.ResourceOptions:  # noqa: D102 - as above
        return super().child(depends_on=self._after(depends_on))

    def keeper(self, *, depends_on: Sequence[pulumi.Resource] = ()) -> pulumi.ResourceOptions:  # noqa: D102
        return super().keeper(depends_on=self._after(depends_on))

    def tags(self, classification: Classification = Classification.INTERNAL) -> Mapping[str, str]:
        """The scope's labels: Azure's provider has none of its own, so each resource that takes tags states them."""
        return {**self.scope.labels, "DataClassification": classification.value}

    def _after(self, others: Sequence[pulumi.Resource]) -> Sequence[pulumi.Resource]:
        return others if self.group is None else (self.group, *others)


T = TypeVar("T")


def own(handle: object, kind: type[T]) -> T:
    """`handle` as the class of this package that it must be: what only Azure's components know of each other.

    Raises Unsupported for a component of another cloud.
    """
    if not isinstance(handle, kind):
        raise Unsupported(
            f"Azure's components work with each other only: {kind.__name__} of components.azure is needed here, and "
            f"{type(handle).__module__}.{type(handle).__name__} was given"
        )
    return handle
