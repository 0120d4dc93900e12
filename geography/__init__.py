"""Regions, jurisdictions and boundaries, services and pairs: data and pure functions, a leaf that imports none of ours.

The tables beside this file are the one truth for config, policies, processor and prices. What the processor does not
need is imported on first use: importing this package is part of every cold start.
"""

from typing import TYPE_CHECKING

from geography.places import (
    CLOUDS,
    Boundary,
    Region,
    Tables,
    UnknownBoundary,
    UnknownRegion,
    area,
    boundaries,
    boundary,
    cached,
    divided,
    region,
    regions,
    supposed,
    tables,
)

if TYPE_CHECKING:
    from geography.local_law import (
        Duty,
        duties,
        keeps_logs,
    )
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
    from geography.supposition import (
        FORMS,
        Unheard,
        supposing,
    )
    from geography.transfers import (
        BASES,
        Adequacy,
        Ground,
        adequacy,
        adequate,
        decisions,
        ground,
        lowers,
        refusal,
    )

__all__ = [
    "BASES",
    "CLOUDS",
    "FORMS",
    "STATES",
    "Adequacy",
    "Availability",
    "Boundary",
    "Duty",
    "Ground",
    "Partner",
    "Redundancy",
    "Region",
    "Replication",
    "Ruled",
    "Service",
    "Tables",
    "Unavailable",
    "Unconfirmed",
    "Unheard",
    "UnknownBoundary",
    "UnknownRegion",
    "UnknownService",
    "adequacy",
    "adequate",
    "area",
    "availability",
    "boundaries",
    "boundary",
    "cached",
    "decisions",
    "divided",
    "duties",
    "ground",
    "keeps_logs",
    "lowers",
    "missing",
    "neighbours",
    "pair_of",
    "pair_outside",
    "partners",
    "redundancy",
    "refusal",
    "region",
    "regions",
    "replication",
    "ruled_out",
    "services",
    "services_of",
    "standby_services",
    "supposed",
    "supposing",
    "tables",
    "unavailable",
    "unconfirmed",
    "world",
]

_LATER = ("transfers", "local_law", "offering", "pairs", "standby", "supposition")


def __getattr__(name: str) -> object:
    """A public name of the modules that are imported on first use."""
    if name in __all__:
        from importlib import import_module

        for module in _LATER:
            found = getattr(import_module(f"geography.{module}"), name, None)
            if found is not None:
                return globals().setdefault(name, found)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
