"""Where a bend leads: regions outside the boundary, and names and accounts that no stack here has."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import geography
from policies.places import place

DATA: Final = Path(__file__).parent / "data"


def rows(table: str) -> list[dict[str, str]]:
    """The rows of a table of this package, by column."""
    with (DATA / table).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Foreign(NamedTuple):
    """What a reference to a resource of a type may be instead: a text in which {region} stands for a place abroad."""

    type: str
    path: str
    text: str


@cache
def foreign() -> tuple[Foreign, ...]:
    """The table, in its order: the first row that fits counts."""
    return tuple(Foreign(row["type"], row["path"], row["text"]) for row in rows("foreign.csv"))


@cache
def identities() -> dict[str, str]:
    """Accounts, projects and names that belong to somebody else, by what they are."""
    return {row["what"]: row["text"] for row in rows("identities.csv")}


@dataclass(frozen=True)
class Abroad:
    """What lies outside one boundary."""

    boundary: geography.Boundary

    def places(self, cloud: str, text: str) -> Iterator[tuple[str, geography.Region]]:
        """Where `text`, a location of `cloud`, may be bent to: the operator's name and the place.

        Near: the region whose name looks most like it, which a comparison by prefix takes for the same place. Far: the
        first of the table. Then a location of several regions outside, one that is partly inside, and the one nowhere.
        """
        here = place(cloud, text)
        outside = [one for one in geography.regions(cloud) if not self.boundary.holds(one)]
        regions = [one for one in outside if one.kind == "region"]
        near = max(regions, key=lambda one: _alike(one.name, text.lower()))
        far = next(one for one in regions if one != near)
        for operator, one in (("region-near", near), ("region-far", far)):
            if one != here:
                yield operator, one
        if cloud == "aws":  # no input of AWS takes one
            return
        several = [one for one in outside if one.kind == "multi-region"]
        partly = [one for one in several if set(one.jurisdiction.split("+")) & self.boundary.jurisdictions]
        wholly = [one for one in several if one not in partly]
        for operator, some in (
            ("multi-region", wholly[:1]),
            ("partly-inside", partly[:1]),
            ("global", [one for one in outside if one.name == "global"]),
        ):
            yield from ((operator, one) for one in some if one != here)

    def region(self, cloud: str) -> str:
        """One region of `cloud` outside."""
        regions = (
            one.name for one in geography.regions(cloud) if one.kind == "region" and not self.boundary.holds(one)
        )
        return next(regions)

    def reference(self, cloud: str, types: tuple[str, ...], path: str) -> str | None:
        """A literal that leads to a foreign resource of one of `types`, for the input at `path`; None: no row fits."""
        for row in foreign():
            if any(fnmatchcase(kind, row.type) for kind in types) and fnmatchcase(path, row.path):
                return self.filled(row.text, cloud)
        return None

    def filled(self, text: str, cloud: str) -> str:
        """`text` with its placeholders filled: {region} is one outside, the others are of identities.csv."""
        for name, value in {"region": self.region(cloud), **identities()}.items():
            text = text.replace(f"{{{name}}}", value)
        return text


def _alike(name: str, text: str) -> int:
    """How many letters two names begin with alike."""
    return next((number for number, (a, b) in enumerate(zip(name, text, strict=False)) if a != b), len(name))
