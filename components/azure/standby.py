"""What ties a region and its standby together."""

from __future__ import annotations

from components.base import RegionalComponent
from components.contracts import PairHandle, Stores, Unsupported


def pair(name: str, *, primary: Stores, standby: Stores, parent: RegionalComponent) -> PairHandle:  # noqa: ARG001
    """Raises Unsupported."""
    region = parent.scope.names.region
    raise Unsupported(f"standby: nothing ties {region} to another region of Azure yet: remove standby")
