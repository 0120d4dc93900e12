"""Which cloud builds a placement: the only place that asks."""

from __future__ import annotations

from typing import assert_never

from components.contracts import Toolkit
from components.placement import AwsPlacement, AzurePlacement, GcpPlacement, Placement


def toolkit_for(placement: Placement) -> Toolkit:
    """The builders of the placement's cloud. Only that cloud's SDK is imported."""
    match placement:
        case AwsPlacement():
            from components.aws.toolkit import TOOLKIT  # only this cloud's SDK

            return TOOLKIT
        case AzurePlacement():
            from components.azure.toolkit import TOOLKIT

            return TOOLKIT
        case GcpPlacement():
            from components.gcp.toolkit import TOOLKIT

            return TOOLKIT
        case _:  # pyright: ignore[reportUnnecessaryComparison]
            assert_never(placement)
