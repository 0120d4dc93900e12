"""Regions, jurisdictions and boundaries, services and pairs: data and pure functions, a leaf that imports none of ours.

The tables beside this file are the one truth for config, policies, processor and prices. What the processor does not
need is imported on first use: importing this package is part of every cold start.
"""

from typing import TYPE_CHECKING

from geography.places import (
    CLOUDS,
    Boundary,
    Region,
    UnknownBoundary,
    UnknownRegion,
    area,
    boundaries,
    boundary,
    region,
    regions,
)

if TYPE_CHECKING:
    from geography.offering import (
        STATES,
        Availability,
        Service,
        Unavailable,
        Unconfirmed,
        UnknownService,
        availability,
        missing,
        neighbours,
        services,
        services_of,
        unavailable,
        unconfirmed,
        world,
    )
    from geography.pairs import (
        Redundancy,
        pair_of,
        pair_outside,
        redundancy,
    )
    from geography.standby import (
        Partner,
        Replication,
        Ruled,
        partners,
        replication,
        ruled_out,
        standby_services,
    )

__all__ = [
    "CLOUDS",
    "STATES",
    "Availability",
    "Boundary",
    "Partner",
    "Redundancy",
    "Region",
    "Replication",
    "Ruled",
    "Service",
    "Unavailable",
    "Unconfirmed",
    "UnknownBoundary",
    "UnknownRegion",
    "UnknownService",
    "area",
    "availability",
    "boundaries",
    "boundary",
    "missing",
    "neighbours",
    "pair_of",
    "pair_outside",
    "partners",
    "redundancy",
    "region",
    "regions",
    "replication",
    "ruled_out",
    "services",
    "services_of",
    "standby_services",
    "unavailable",
    "unconfirmed",
    "world",
]

_LATER = ("offering", "pairs", "standby")


def __getattr__(name: str) -> object:
    """A public name of the modules that are imported on first use."""
    if name in __all__:
        from importlib import import_module

        for module in _LATER:
            found = getattr(import_module(f"geography.{module}"), name, None)
            if found is not None:
                return globals().setdefault(name, found)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
