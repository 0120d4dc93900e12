"""Quotas and physical limits, read from stacks/data/limits.csv: one row per number, each with its source."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import geography

LIMITS_FILE = Path(__file__).parent.parent / "data" / "limits.csv"
"""The table. Who was granted a higher quota writes the granted number there; the plan then uses it."""

Confidence = Literal["vendor", "secondary", "unverified"]


@dataclass(frozen=True)
class Limit:
    """One number that a cloud holds us to.

    `region` is empty where the number holds in every region that has no row of its own. `adjustable` says that the
    vendor raises it on request. `confidence`: "vendor" for the vendor's own documentation or API model, "secondary"
    for somebody who quotes it, "unverified" for a number that nobody has checked.
    """

    cloud: str
    service: str
    name: str
    region: str
    value: int
    unit: str
    adjustable: bool
    confidence: Confidence
    source: str

    def __str__(self) -> str:
        """The limit as a reader sees it: service, name, value, unit and, where it matters, the region."""
        where = f" in {self.region}" if self.region else ""
        return f"{self.service}: {self.name} {self.value:,} {self.unit}{where}"


@dataclass(frozen=True)
class Limits:
    """The limits of one cloud as they hold in one region."""

    cloud: str
    region: str

    @property
    def jurisdictions(self) -> tuple[str, ...]:
        """Under whose law the region lies. Raises geography.UnknownRegion."""
        return tuple(geography.region(self.cloud, self.region).jurisdiction.split("+"))

    def one(self, service: str, name: str) -> Limit:
        """The limit of that name: the region's own row, else the row for all regions. Raises LookupError for none."""
        rows = self.all(service, name)
        if len(rows) != 1:
            raise LookupError(
                f"{LIMITS_FILE.name}: {self.cloud}, {service}, {name}: {len(rows)} rows where one is read"
            )
        return rows[0]

    def all(self, service: str, name: str) -> tuple[Limit, ...]:
        """Every row of that name, in the table's order: the accepted values where a service takes only some."""
        rows = _table().get((self.cloud, service, name), ())
        own = tuple(row for row in rows if row.region == self.region)
        found = own or tuple(row for row in rows if not row.region)
        if not found:
            raise LookupError(f"{LIMITS_FILE.name}: no row for {self.cloud}, {service}, {name}")
        return found


@cache
def _table() -> dict[tuple[str, str, str], tuple[Limit, ...]]:
    table: dict[tuple[str, str, str], list[Limit]] = {}
    with LIMITS_FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            limit = _limit(row)
            table.setdefault((limit.cloud, limit.service, limit.name), []).append(limit)
    return {key: tuple(rows) for key, rows in table.items()}


def _limit(row: dict[str, str]) -> Limit:
    return Limit(
        cloud=row["cloud"],
        service=row["service"],
        name=row["limit"],
        region=row["region"],
        value=int(row["value"]),
        unit=row["unit"],
        adjustable={"yes": True, "no": False}[row["adjustable"]],
        confidence=_confidence(row["confidence"]),
        source=row["source"],
    )


def _confidence(word: str) -> Confidence:
    for known in get_args(Confidence):
        if word == known:
            return known
    raise ValueError(f"{LIMITS_FILE.name}: confidence {word!r} is none of {', '.join(get_args(Confidence))}")
