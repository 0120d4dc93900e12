"""What all components of a stack share, whatever its blueprint."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from components.base import Classification, Scope, Stated
from components.naming import Names
from stacks.config import Placed, Removal, StackConfig, Transfer


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


def stated(config: Placed) -> Mapping[str, Stated]:
    """What is true of the whole stack and stands in no resource: inputs of its outermost component.

    Whoever reads a preview, an export or an update finds there what the policies are judged by (policies/subject.py).
    """
    placement = config.placement
    regions = [placement.region]
    states: dict[str, Stated] = {
        "boundary": config.residency.boundary,
        "environment": config.environment,
    }
    if isinstance(config, StackConfig):
        regions += [config.standby.region] if config.standby else []
        states |= {"baseline": config.baseline.managed_by, "replayHours": config.retention.replay_hours}
    if config.transfers:  # most stacks have none, and say nothing of it
        states["transfers"] = [_row(one) for one in config.transfers]
    return states | {"placements": [f"{placement.cloud}:{region}" for region in regions]}


def _row(transfer: Transfer) -> dict[str, str | list[str]]:
    """A transfer as plain data; what it leaves open is left out."""
    told: dict[str, str | list[str]] = transfer.model_dump(mode="json")
    return {key: value for key, value in told.items() if value}
