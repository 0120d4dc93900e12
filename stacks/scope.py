"""What all components of a stack share, whatever its blueprint."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from components.base import Classification, Scope
from components.naming import Names
from stacks.config import Placed, Removal, StackConfig


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


def stated(config: Placed) -> Mapping[str, str | int | list[str]]:
    """What is true of the whole stack and stands in no resource: inputs of its outermost component.

    Whoever reads a preview, an export or an update finds there what the policies are judged by (policies/context.py).
    """
    placement = config.placement
    regions = [placement.region]
    states: dict[str, str | int | list[str]] = {
        "boundary": config.residency.boundary,
        "environment": config.environment,
    }
    if isinstance(config, StackConfig):
        regions += [config.standby.region] if config.standby else []
        states |= {"baseline": config.baseline.managed_by, "replayHours": config.retention.replay_hours}
    return states | {"placements": [f"{placement.cloud}:{region}" for region in regions]}
