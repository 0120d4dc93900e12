"""Regions and boundaries, read once from the tables beside this file.

Only the standard library's light modules are imported: the processor ships this package to the cloud, where its import
is part of every cold start.
"""

import csv
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar, cast

CLOUDS = ("aws", "azure", "gcp")

P = ParamSpec("P")
T = TypeVar("T")


class Region(NamedTuple):
    """A location of a cloud, and under whose law it lies.

    `kind` is "region", "multi-region" (several regions that the cloud treats as one location) or "global".
    `country` is the ISO 3166-1 alpha-2 code; a multi-region joins several with "+", or leaves it empty
    where the cloud does not say.
    `jurisdiction` joins several with "+" as well; "global" lies inside no boundary.
    `paired_region` is the region to which the cloud itself replicates or fails over, where it has one.
    `partition` is the vendor's separate world that an AWS ARN names ("aws", "aws-us-gov" …), empty on the other clouds.
    """

    cloud: str
    name: str
    kind: str
    country: str
    jurisdiction: str
    paired_region: str | None
    partition: str
    notes: str


class Boundary(NamedTuple):
    """A named area that data must not leave: jurisdictions for places, ISO country codes for people."""

    name: str
    title: str
    jurisdictions: frozenset[str]
    countries: frozenset[str]

    def holds(self, region: Region) -> bool:
        """Whether the whole of `region` lies inside: a part outside, or a part that is not known, is outside."""
        jurisdictions = frozenset(region.jurisdiction.split("+"))
        return jurisdictions <= self.jurisdictions and _countries_of(region, jurisdictions) <= self.countries

    def holds_country(self, code: str) -> bool:
        """Whether the ISO 3166-1 alpha-2 `code` (capital letters) is inside; anything unknown is not."""
        return code in self.countries


class Tables:
    """What is held to be true of regions and boundaries: the tables beside this file, or what somebody supposes.

    `severed` are pairs of jurisdictions (from, to) of which the first no longer accepts transfers to the second,
    whatever the table of adequacy says. Never changed after it was made; two are the same only if they are one object.
    """

    __slots__ = ("boundaries", "regions", "severed")

    def __init__(
        self,
        regions: Mapping[tuple[str, str], Region],
        boundaries: Mapping[str, Boundary],
        severed: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        self.regions, self.boundaries, self.severed = regions, boundaries, severed


_SUPPOSED: ContextVar[Tables | None] = ContextVar("_SUPPOSED", default=None)


def tables() -> Tables:
    """The tables that hold here: those beside this file, unless `supposed` says otherwise."""
    return _SUPPOSED.get() or _own()


@contextmanager
def supposed(others: Tables) -> Generator[None]:
    """Let `others` hold within the block, in this thread or task alone."""
    token = _SUPPOSED.set(others)
    try:
        yield
    finally:
        _SUPPOSED.reset(token)


def cached(function: Callable[P, T]) -> Callable[P, T]:
    """`functools.cache` for what follows from the tables: under other tables the question is another one."""

    def of(_tables: Tables, *arguments: P.args, **named: P.kwargs) -> T:
        return function(*arguments, **named)

    answer = cast("Callable[..., T]", cache(of))

    @wraps(function)
    def ask(*arguments: P.args, **named: P.kwargs) -> T:
        return answer(tables(), *arguments, **named)

    return ask


class UnknownRegion(LookupError):  # noqa: N818 - part of the package's interface, named for what is wrong
    """The cloud has no region of that name. `suggestions` are near names; `clouds` are other clouds that have it."""

    def __init__(self, cloud: str, name: str, suggestions: tuple[str, ...], clouds: tuple[str, ...]) -> None:
        super().__init__(f"{cloud} has no region {name!r}")
        self.cloud, self.name, self.suggestions, self.clouds = cloud, name, suggestions, clouds


class UnknownBoundary(LookupError):  # noqa: N818 - part of the package's interface, named for what is wrong
    """There is no boundary of that name; `suggestions` are near ones, by name, title or country code."""

    def __init__(self, name: str, suggestions: tuple[str, ...]) -> None:
        super().__init__(f"there is no boundary {name!r}")
        self.name, self.suggestions = name, suggestions


def region(cloud: str, name: str) -> Region:
    """The location `name` of `cloud` ("aws", "azure", "gcp"). Names are compared exactly. Raises UnknownRegion."""
    found = tables().regions.get((cloud, name))
    if found is None:
        names = [place.name for place in regions(cloud) if place.kind == "region"]
        elsewhere = tuple(other for other in CLOUDS if (other, name) in tables().regions)
        raise UnknownRegion(cloud, name, near(name, names), elsewhere)
    return found


def regions(cloud: str | None = None) -> tuple[Region, ...]:
    """All locations, in the table's order; only those of `cloud` when given. An unknown cloud has none."""
    return tuple(place for place in tables().regions.values() if cloud in (None, place.cloud))


def boundary(name: str) -> Boundary:
    """The boundary `name`, compared exactly. Raises UnknownBoundary."""
    found = tables().boundaries.get(name)
    if found is None:
        raise UnknownBoundary(name, _near_boundaries(name))
    return found


def area(text: str) -> Boundary:
    """The boundary that `text` spells: a name of the table, an ISO 3166-1 country code, or several joined with "+".

    Letters of either size and any order of a union will do. Raises UnknownBoundary, which names the part.
    """
    known = tables().boundaries
    by_country = {next(iter(one.countries)).lower(): one for one in known.values() if len(one.countries) == 1}
    parts: list[Boundary] = []
    for word in map(str.strip, text.lower().split("+")):
        found = known.get(word) or by_country.get(word)
        if found is None:
            raise UnknownBoundary(word, _near_boundaries(word))
        parts.append(found)
    names = {one.name for one in parts}
    written = next((one for one in known.values() if set(one.name.split("+")) == names), None)
    if written is not None:
        return written
    union = Boundary(
        "+".join(sorted(names)),
        " and ".join(dict.fromkeys(one.title for one in parts)),
        frozenset[str]().union(*(one.jurisdictions for one in parts)),
        frozenset[str]().union(*(one.countries for one in parts)),
    )
    return divided(union, tables().severed)


def divided(union: Boundary, severed: frozenset[tuple[str, str]]) -> Boundary:
    """The boundary without each jurisdiction to which another one of it no longer accepts transfers."""
    lost = {there for here, there in severed if {here, there} <= union.jurisdictions}
    if not lost:
        return union
    gone = frozenset[str]().union(*(tables().boundaries[name].countries for name in lost))
    return union._replace(jurisdictions=union.jurisdictions - lost, countries=union.countries - gone)


def boundaries() -> tuple[Boundary, ...]:
    """All boundaries, in the table's order: jurisdictions, unions, single member states."""
    return tuple(tables().boundaries.values())


def read(table: str) -> list[dict[str, str]]:
    """The rows of a table of this package, by column."""
    with (Path(__file__).parent / table).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def known() -> Mapping[str, Boundary]:
    """The boundaries of the table beside this file, whatever is supposed."""
    return _own().boundaries


@cache
def _own() -> Tables:
    return Tables(_regions(), _boundaries())


@cache
def _regions() -> dict[tuple[str, str], Region]:
    return {
        (row["cloud"], row["region"]): Region(
            cloud=row["cloud"],
            name=row["region"],
            kind=row["kind"],
            country=row["country"],
            jurisdiction=row["jurisdiction"],
            paired_region=row["paired_region"] or None,
            partition=row["partition"],
            notes=row["notes"],
        )
        for row in read("regions.csv")
    }


@cache
def _boundaries() -> dict[str, Boundary]:
    rows = read("boundaries.csv")
    own = {row["name"]: frozenset(row["countries"].split("+")) for row in rows if row["countries"]}
    found: dict[str, Boundary] = {}
    for row in rows:
        members = row["jurisdictions"].split("+")
        # A union states no countries of its own: it holds those of its members.
        countries = own.get(row["name"]) or frozenset[str]().union(*(own[member] for member in members))
        found[row["name"]] = Boundary(row["name"], row["title"], frozenset(members), countries)
    return found


def _countries_of(place: Region, jurisdictions: frozenset[str]) -> frozenset[str]:
    if place.country:
        return frozenset(place.country.split("+"))
    # The cloud does not say which of the jurisdictions' countries: it may be any of them.
    return frozenset[str]().union(*(tables().boundaries[name].countries for name in jurisdictions))


def near(name: str, names: list[str]) -> tuple[str, ...]:
    """Up to three of `names` that `name` may have meant."""
    from difflib import get_close_matches

    return tuple(get_close_matches(name.strip().lower(), names, n=3, cutoff=0.6))


def _near_boundaries(name: str) -> tuple[str, ...]:
    word = name.strip()
    by_country = [b.name for b in tables().boundaries.values() if b.countries == frozenset([word.upper()])]
    by_title = [b.name for b in tables().boundaries.values() if len(word) > 3 and word.lower() in b.title.lower()]  # noqa: PLR2004
    similar = near(word, list(tables().boundaries))
    return tuple(dict.fromkeys([*by_country, *by_title, *similar]))[:3]
