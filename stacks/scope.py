"""What all components of a stack share, whatever its blueprint."""

from __future__ import annotations

import pulumi

from components.base import Classification, Scope
from components.naming import Names
from stacks.config import Placed, Removal


def scope_of(config: Placed, *, permission_boundary: str | None = None) -> Scope:
    """Names, labels, and whether data may be deleted."""
    placement = config.placement
    return Scope(
        placement=placement,
        names=Names(config.environment, config.generation, placement.account, placement.region),
        boundary=config.residency.boundary,
        labels={
            "Project": pulumi.get_project(),
            "Stack": pulumi.get_stack(),
            "Environment": config.environment,
            "Owner": config.owner.team,
            "CostCenter": config.owner.cost_center,
            "Contact": config.owner.contact,
            "DataClassification": Classification.INTERNAL,
            "DataResidency": config.residency.boundary,
        },
        protect=config.protect,
        removal_destroys=config.removal is Removal.DESTROY,
        permission_boundary=permission_boundary,
    )
