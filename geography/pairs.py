"""Copies that a cloud makes by itself: where they lie, and whether that is inside.

Azure's geo-redundant storage copies to the region's fixed pair; Google's dual-region buckets lie in two regions that
`dual_regions.csv` allows together. AWS copies nothing elsewhere by itself.
"""

from functools import cache
from typing import NamedTuple

from geography.offering import availability
from geography.places import Boundary, Region, read, region


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


class DualRegion(NamedTuple):
    """A Cloud Storage location of two regions: `location` is what a bucket names.

    `placement` are the two regions that a bucket must name beside a configurable `location`; empty for a predefined
    one. `certain` is False where the source has a footnote on the pair that could not be read.
    """

    location: str
    regions: tuple[str, str]
    placement: tuple[str, ...]
    certain: bool
    as_of: str
    source: str


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


def dual_region(first: str, second: str) -> DualRegion | None:
    """The Cloud Storage location of two regions, None where a bucket cannot lie in both. Their order is free.

    A predefined one goes before a configurable one, a smaller area before a larger one, as Google asks for.
    Raises UnknownRegion.
    """
    names = frozenset((region("gcp", first).name, region("gcp", second).name))
    for row in _dual_regions():
        if len(names) == len((first, second)) and names <= frozenset(row.regions):
            placement = () if row.kind == "predefined" else (first, second)
            certain = not names & frozenset(row.unread)
            return DualRegion(row.location, (first, second), placement, certain, row.as_of, row.source)
    return None


def dual_regions(place: Region, boundary: Boundary) -> tuple[DualRegion, ...]:
    """The dual-regions of which `place` is one half and that lie inside `boundary` with both halves."""
    if place.cloud != "gcp" or not boundary.holds(place):
        return ()
    others = dict.fromkeys(name for row in _dual_regions() if place.name in row.regions for name in row.regions)
    found = (dual_region(place.name, name) for name in others if boundary.holds(region("gcp", name)))
    return tuple(each for each in found if each is not None)


class _Row(NamedTuple):
    location: str
    kind: str
    regions: tuple[str, ...]
    unread: tuple[str, ...]
    as_of: str
    source: str


@cache
def _dual_regions() -> tuple[_Row, ...]:
    rows = (
        _Row(
            row["location"],
            row["kind"],
            tuple(row["regions"].split("+")),
            tuple(filter(None, row["unread"].split("+"))),
            row["as_of"],
            row["source"],
        )
        for row in read("dual_regions.csv")
    )
    return tuple(sorted(rows, key=lambda row: (row.kind != "predefined", len(row.regions))))
