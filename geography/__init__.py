"""Regions, jurisdictions and boundaries: data and pure functions, a leaf that imports nothing of ours.

The tables `regions.csv` and `boundaries.csv` are the one truth for config, policies, processor and prices.
"""

from geography.places import (
    CLOUDS,
    Boundary,
    Region,
    UnknownBoundary,
    UnknownRegion,
    boundaries,
    boundary,
    region,
    regions,
)

__all__ = [
    "CLOUDS",
    "Boundary",
    "Region",
    "UnknownBoundary",
    "UnknownRegion",
    "boundaries",
    "boundary",
    "region",
    "regions",
]
