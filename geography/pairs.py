"""Copies that a cloud makes by itself: where they lie, and whether that is inside.

Azure's geo-redundant storage copies to the region's fixed pair. AWS and Google Cloud copy nothing elsewhere by
themselves: a bucket of ours lies in one region.
"""

from typing import NamedTuple

from geography.offering import availability
from geography.places import Boundary, Region, region


class Redundancy(NamedTuple):
    """What Azure's storage can promise in a region, and where it puts the copies.

    `zones` is "yes", "no" or "unknown": whether copies in three zones of the region are offered. `pair` is the region
    of the geo-redundant copies, None where the region has none. `kinds` are the storage redundancies that stay inside
    the boundary, the strongest last; kinds that need zones are left out where zones are not known to be there.
    """

    region: Region
    pair: Region | None
    inside: bool
    zones: str
    kinds: tuple[str, ...]


def pair_of(place: Region) -> Region | None:
    """The region to which the cloud itself replicates, None where there is none (always on AWS and Google Cloud)."""
    return region(place.cloud, place.paired_region) if place.paired_region else None


def pair_outside(place: Region, boundary: Boundary) -> Region | None:
    """The pair of `place` where it lies outside the boundary: geo-redundant copies would leave. None elsewhere."""
    pair = pair_of(place)
    return None if pair is None or boundary.holds(pair) else pair


def redundancy(place: Region, boundary: Boundary) -> Redundancy:
    """What storage redundancy an Azure region offers inside `boundary`. Raises ValueError for another cloud."""
    if place.cloud != "azure":
        raise ValueError(f"only Azure's storage copies to a pair, not that of {place.cloud}")
    pair = pair_of(place)
    inside = pair is not None and boundary.holds(pair)
    zones = availability("azure", "storage-zrs", place.name).state
    kinds = ["LRS"]
    if zones == "yes":
        kinds.append("ZRS")
    if inside:
        kinds.append("GRS")
    if inside and zones == "yes":
        kinds.append("GZRS")
    return Redundancy(place, pair, inside, zones, tuple(kinds))
