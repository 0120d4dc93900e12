"""The explicit Azure provider of one placement."""

from __future__ import annotations

import pulumi
import pulumi_azure_native as azure_native

from components.azure.place import azure_of, place_of
from components.base import Scope


def provider(name: str, scope: Scope) -> pulumi.ProviderResource:
    """The only way into the placement's subscription and tenant; no key is written down.

    Credentials come from the environment of whoever runs Pulumi. Azure's provider sets neither labels nor, for most
    resources, a location: each resource states both.
    """
    placement, place = azure_of(scope), place_of(scope)
    return azure_native.Provider(
        name,
        subscription_id=placement.subscription_id,
        tenant_id=placement.tenant_id,
        environment=place.world.environment,
        location=placement.region,
        # Nobody but the subscription's owner is told what runs in it.
        disable_pulumi_partner_id=True,
    )
