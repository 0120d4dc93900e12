"""Which service a cloud offers in which region, read once from the tables beside this file.

Three answers: "yes", "no" and "unknown". A list of regions that is not known to be whole makes no "no": what no source
says is unknown, never absent. `endpoints.csv` is written by `python -m geography.build` from botocore's endpoint data
and Google's discovery documents (which lag behind new regions and leave partitions out); `documented.csv` holds what
was read elsewhere. Each row carries its source, the date it speaks of and how sure it is: "vendor" (the cloud says it
in these words), "derived" (follows from what the cloud says).
"""

from functools import cache
from typing import NamedTuple

from geography.places import Boundary, Region, near, read, region, regions

STATES = ("yes", "no", "unknown")
NEAR_SHOWN = 3


class Service(NamedTuple):
    """A service of a cloud that a stack may use.

    `use` is "always", or what a stack uses it for: "tier", "redundancy", "standby", "private" (a network without a way
    to the internet). `endpoint` is its name in the data that endpoints.csv is written from, empty where there is none.
    """

    cloud: str
    name: str
    title: str
    use: str
    endpoint: str


class Availability(NamedTuple):
    """Whether a region has a service: `state` is "yes", "no" or "unknown".

    `as_of` is the ISO 8601 date that the source speaks of, None when nothing is known. `source` says who says so.
    """

    state: str
    as_of: str | None
    source: str
    confidence: str


class Unavailable(NamedTuple):
    """A service that its cloud is known not to offer in a region: a reason to refuse.

    `near` are regions that have it, nearest first: of the same cloud and, where one was given, inside the boundary.
    """

    service: Service
    region: str
    as_of: str
    source: str
    near: tuple[str, ...]

    @property
    def text(self) -> str:
        """What is wrong and where the service is, in one or two sentences."""
        said = f"{self.service.title} is not offered in {self.region} (as of {self.as_of}: {self.source})."
        others = ", ".join(self.near[:NEAR_SHOWN])
        return f"{said} Near regions that have it: {others}." if others else f"{said} No other region there has it."


class Unconfirmed(NamedTuple):
    """A service of which no source says whether the region has it: a reason to warn, never to refuse."""

    service: Service
    region: str

    @property
    def text(self) -> str:
        """What is not known and what to do, in two sentences."""
        return (
            f"No source at hand says whether {self.service.title} is offered in {self.region}. "
            "Ask the cloud before you deploy: without it the deployment fails there, it is not placed elsewhere."
        )


class UnknownService(LookupError):  # noqa: N818 - part of the package's interface, named for what is wrong
    """The cloud has no service of that name in the table; `suggestions` are near names."""

    def __init__(self, cloud: str, name: str, suggestions: tuple[str, ...]) -> None:
        super().__init__(f"{cloud} has no service {name!r}")
        self.cloud, self.name, self.suggestions = cloud, name, suggestions


def services(cloud: str | None = None) -> tuple[Service, ...]:
    """All services, in the table's order; only those of `cloud` when given. An unknown cloud has none."""
    return tuple(found for found in _services().values() if cloud in (None, found.cloud))


def services_of(cloud: str, use: str = "always") -> tuple[str, ...]:
    """The names of the services that every stack of `cloud` uses, or that stacks use for `use`."""
    return tuple(found.name for found in services(cloud) if found.use == use)


def availability(cloud: str, service: str, region_name: str) -> Availability:
    """Whether the region has the service. Raises UnknownService and UnknownRegion."""
    _service(cloud, service)
    place = region(cloud, region_name)
    unknown = Availability("unknown", None, "no source at hand says it", "none")
    return _answers().get((cloud, service, place.name), unknown)


def missing(cloud: str, region_name: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the services `names` that the region is known not to have. Raises as `availability` does."""
    return tuple(name for name in names if availability(cloud, name, region_name).state == "no")


def unavailable(
    cloud: str, region_name: str, names: tuple[str, ...], *, boundary: Boundary | None = None
) -> tuple[Unavailable, ...]:
    """What is to be refused: the services `names` that the region is known not to have. Raises as `availability`."""
    found: list[Unavailable] = []
    for name in missing(cloud, region_name, names):
        answer = availability(cloud, name, region_name)
        have = [
            place.name
            for place in neighbours(region(cloud, region_name), boundary)
            if availability(cloud, name, place.name).state == "yes"
        ]
        service = _service(cloud, name)
        found.append(Unavailable(service, region_name, answer.as_of or "", answer.source, tuple(have)))
    return tuple(found)


def unconfirmed(cloud: str, region_name: str, names: tuple[str, ...]) -> tuple[Unconfirmed, ...]:
    """What is to be warned of: the services `names` that no source places. Raises as `availability` does."""
    return tuple(
        Unconfirmed(_service(cloud, name), region_name)
        for name in names
        if availability(cloud, name, region_name).state == "unknown"
    )


def neighbours(place: Region, boundary: Boundary | None = None) -> tuple[Region, ...]:
    """Other regions of the same cloud and the same world, nearest first; only those inside `boundary` when given.

    Nearest is what facts say, not kilometres: the cloud's own pair, then the same country, then the same jurisdiction,
    then the table's order.
    """
    found = [
        other
        for other in regions(place.cloud)
        if other.kind == "region"
        and other.name != place.name
        and world(other) == world(place)
        and (boundary is None or boundary.holds(other))
    ]
    return tuple(sorted(found, key=lambda other: _distance(place, other)))


def world(place: Region) -> str:
    """The separate world of its vendor that a region belongs to; nothing is replicated from one to another.

    On AWS the partition; on the others the name in `worlds.csv`, or "" for the public cloud.
    """
    return place.partition or _worlds().get((place.cloud, place.name), "")


def _distance(place: Region, other: Region) -> tuple[bool, bool, bool]:
    return (
        other.name != place.paired_region,
        other.country != place.country,
        other.jurisdiction != place.jurisdiction,
    )


def _service(cloud: str, name: str) -> Service:
    found = _services().get((cloud, name))
    if found is None:
        raise UnknownService(cloud, name, near(name, [each.name for each in services(cloud)]))
    return found


@cache
def _services() -> dict[tuple[str, str], Service]:
    rows = read("services.csv")
    return {
        (row["cloud"], row["service"]): Service(row["cloud"], row["service"], row["title"], row["use"], row["endpoint"])
        for row in rows
    }


@cache
def _answers() -> dict[tuple[str, str, str], Availability]:
    """The answer of each region that a row names. What the clouds publish for machines goes first."""
    found: dict[tuple[str, str, str], Availability] = {}
    for row in [*read("endpoints.csv"), *read("documented.csv")]:
        answer = Availability(row["available"], row["as_of"], row["source"], row["confidence"])
        for name in row["regions"].split("+"):
            found.setdefault((row["cloud"], row["service"], name), answer)
    return found


@cache
def _worlds() -> dict[tuple[str, str], str]:
    return {(row["cloud"], name): row["world"] for row in read("worlds.csv") for name in row["regions"].split("+")}
