"""Standby regions: where a stack can fail over without leaving its boundary, and what a standby copies."""

from functools import cache
from typing import NamedTuple

from geography.offering import missing, neighbours, services, services_of, unconfirmed, world
from geography.places import Region, boundary, read, region, regions


class Partner(NamedTuple):
    """A region that can stand by for another one.

    `own_pair` says that the cloud itself replicates to it, `same_country` that it lies in the same country.
    `unknown` names the services that it needs and that no source places there.
    """

    region: Region
    own_pair: bool
    same_country: bool
    unknown: tuple[str, ...]


class Ruled(NamedTuple):
    """A region inside the boundary that cannot stand by, and the reason in a sentence."""

    region: Region
    reason: str


class Replication(NamedTuple):
    """What becomes of a part of a stack when a standby takes over: `copied` is "yes", "no" or "by hand"."""

    cloud: str
    subject: str
    copied: str
    text: str
    source: str


def partners(
    cloud: str, region_name: str, boundary_name: str, names: tuple[str, ...] | None = None
) -> tuple[Partner, ...]:
    """Candidates for a standby inside the boundary, nearest first: none lacks a service that a standby uses.

    `names` are the services to look for; all that a stack and its standby use when not given. Nearest first: the
    cloud's own pair, the same country, the same jurisdiction, then the fewest unknowns. Never one in another world of
    its vendor (another AWS partition). Raises UnknownRegion, UnknownBoundary, UnknownService.
    """
    place, area = region(cloud, region_name), boundary(boundary_name)
    wanted = standby_services(cloud) if names is None else names
    found = [
        _partner(place, other, wanted) for other in neighbours(place, area) if not missing(cloud, other.name, wanted)
    ]
    return tuple(sorted(found, key=lambda each: (not each.own_pair, not each.same_country, _elsewhere(place, each))))


def ruled_out(
    cloud: str, region_name: str, boundary_name: str, names: tuple[str, ...] | None = None
) -> tuple[Ruled, ...]:
    """Regions of the cloud inside the boundary that cannot stand by, with the reason. Raises as `partners`."""
    place, area = region(cloud, region_name), boundary(boundary_name)
    wanted = standby_services(cloud) if names is None else names
    found: list[Ruled] = []
    for other in regions(cloud):
        if other.kind != "region" or other.name == place.name or not area.holds(other):
            continue
        if world(other) != world(place):
            found.append(
                Ruled(other, f"It is of {_of(other)}, apart from {_of(place)}: nothing is replicated between them.")
            )
        elif lacking := missing(cloud, other.name, wanted):
            titles = {each.name: each.title for each in services(cloud)}
            found.append(Ruled(other, f"It has no {' and no '.join(titles[name] for name in lacking)}."))
    return tuple(found)


def standby_services(cloud: str) -> tuple[str, ...]:
    """The names of the services that a standby region needs: all of the stack's, and those that pair the two."""
    return (*services_of(cloud), *services_of(cloud, "standby"))


def replication(cloud: str) -> tuple[Replication, ...]:
    """What a standby of `cloud` copies and what it does not, in the table's order."""
    return tuple(each for each in _replication() if each.cloud == cloud)


def _partner(place: Region, other: Region, wanted: tuple[str, ...]) -> Partner:
    return Partner(
        other,
        other.name == place.paired_region,
        other.country == place.country,
        tuple(each.service.name for each in unconfirmed(other.cloud, other.name, wanted)),
    )


def _elsewhere(place: Region, partner: Partner) -> tuple[bool, int]:
    return partner.region.jurisdiction != place.jurisdiction, len(partner.unknown)


def _of(place: Region) -> str:
    name = world(place)
    if place.cloud == "aws":
        return f"partition {name}"
    return f"{name} ({place.cloud})" if name else f"the public cloud of {place.cloud}"


@cache
def _replication() -> tuple[Replication, ...]:
    return tuple(
        Replication(row["cloud"], row["subject"], row["copied"], row["text"], row["source"])
        for row in read("replication.csv")
    )
