"""The suite's facts: what is expected of which type, as rows of data with their reasons."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import components

DATA = Path(__file__).parent / "data"
DEVIATIONS = Path(components.__file__).parent / "deviations.csv"


@dataclass(frozen=True)
class TypeFacts:
    """One type of resource.

    `lies` says how one sees where it lies: `provider` (its provider's region), `nowhere` (it belongs to no region;
    `reason` says what it holds), `with:PATH` (where the resource lies that the property names), `within:PATH` (the text
    names the region), or the path of the region itself. `name` is the path of its physical name, "" where it has none
    of its own, `rule` the name's rule. `kept` are patterns of the logical names of those that outlive a destroy.
    `data` says whether what it stores needs the stack's key.
    """

    type: str
    lies: str
    name: str
    rule: str
    kept: tuple[str, ...]
    data: bool
    reason: str

    def keeps(self, name: str) -> bool:
        """Whether the resource with that logical name outlives a destroy."""
        return any(fnmatchcase(name, pattern) for pattern in self.kept)


@dataclass(frozen=True)
class KeyUse:
    """Where a type names its key: at `path` of its own, or of the `holder` whose property `join` names it."""

    type: str
    path: str
    holder: str
    join: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Setting:
    """A value that a type must have `when` the stack is so. The values are explained in tests.conformance.settings."""

    rule: str
    type: str
    path: str
    value: str
    when: str
    names: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Deviation:
    """One row of components/deviations.csv: what a cloud does otherwise, why, and what shows it."""

    cloud: str
    component: str
    what: str
    reason: str
    source: str
    shown_by: str


@cache
def types() -> Mapping[str, TypeFacts]:
    """All types that the components may register."""
    return {
        row["type"]: TypeFacts(
            row["type"],
            row["lies"],
            row["name"],
            row["rule"],
            tuple(row["kept"].split()),
            {"yes": True, "no": False}[row["data"]],
            row["reason"],
        )
        for row in rows(DATA / "types.csv")
    }


@cache
def key_uses() -> tuple[KeyUse, ...]:
    """Where the types that hold data name the key."""
    return tuple(
        KeyUse(row["type"], row["path"], row["holder"], row["join"], tuple(row["names"].split()))
        for row in rows(DATA / "keys.csv")
    )


@cache
def settings() -> tuple[Setting, ...]:
    """What closes, guards and encrypts."""
    return tuple(
        Setting(
            row["rule"], row["type"], row["path"], row["value"], row["when"], tuple(row["names"].split()), row["why"]
        )
        for row in rows(DATA / "settings.csv")
    )


@cache
def name_rules() -> Mapping[str, re.Pattern[str]]:
    """The clouds' rules for names."""
    return {row["rule"]: re.compile(row["pattern"]) for row in rows(DATA / "names.csv")}


@cache
def deviations() -> tuple[Deviation, ...]:
    """What is declared to be otherwise on one cloud."""
    return tuple(Deviation(**row) for row in rows(DEVIATIONS))


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The table's rows. Raises ValueError for a row with too many or too few cells."""
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            if None in row or None in row.values():
                raise ValueError(f"{path.name}, row {number}: not as many cells as the header has")
            yield row
