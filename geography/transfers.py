"""Whose law accepts transfers of personal data to where, and on which basis; each row with its source.

A row joins jurisdictions, or a union of them that decides as one (`eea`). It says nothing of a transfer to itself.
Countries in which no cloud of the table of regions has a region are left out: no finding could lead there.
"""

import datetime
from functools import cache
from typing import NamedTuple

from geography.places import Boundary, boundary, known, read, tables

BASES = ("adequacy", "scc", "bcr", "consent", "derogation")
"""The bases that a transfer may be declared on: a decision of adequacy, standard contractual clauses, binding corporate
rules, the consent of those concerned, another derogation for single cases."""


class Adequacy(NamedTuple):
    """One decision. `since` is its day; `until` the last one, None where it has no end of its own.

    `basis` is "adequacy", or "same law" where one law holds on both sides. `condition` limits whom it covers, in words:
    nobody but the reader can say whether a recipient is one of them.
    """

    here: str
    there: str
    basis: str
    since: datetime.date
    until: datetime.date | None
    condition: str
    source: str

    def holds(self, day: datetime.date) -> bool:
        """Whether it is in force on `day`."""
        return self.since <= day and (self.until is None or day <= self.until)


@cache
def adequacy() -> tuple[Adequacy, ...]:
    """Every row, in the table's order."""
    return tuple(
        Adequacy(
            row["from"],
            row["to"],
            row["basis"],
            datetime.date.fromisoformat(row["since"]),
            datetime.date.fromisoformat(row["until"]) if row["until"] else None,
            row["condition"],
            row["source"],
        )
        for row in read("adequacy.csv")
    )


def adequate(here: str, there: str) -> Adequacy | None:
    """The decision by which jurisdiction `here` accepts transfers to jurisdiction `there`, whether in force or not.

    None where there is none.
    """
    return None if (here, there) in tables().severed else _by_jurisdiction().get((here, there))


@cache
def _by_jurisdiction() -> dict[tuple[str, str], Adequacy]:
    return {(here, there): row for row in adequacy() for here in _members(row.here) for there in _members(row.there)}


class Ground(NamedTuple):
    """That the law of a jurisdiction knows a basis of transfers.

    `lowers` says what a transfer on that basis may lower: "place" (where something lies) and "flow" (what is handed on
    to somebody there); nothing where the law means single cases.
    """

    here: str
    basis: str
    lowers: frozenset[str]
    law: str
    source: str


def ground(here: str, basis: str) -> Ground | None:
    """The row of the jurisdiction `here` for `basis`; None where its law knows none such, or nobody has looked."""
    return _grounds().get((here, basis))


def refusal(inside: Boundary, basis: str, there: Boundary) -> str:
    """Why `inside` accepts no transfer to `there` on `basis`, whatever the day; empty where it does."""
    if there.jurisdictions <= inside.jurisdictions and there.countries <= inside.countries:
        return f"{there.title} lies inside {inside.title}: what stays inside is no transfer"
    for here in sorted(inside.jurisdictions):
        if ground(here, basis) is None:
            whose = boundary(here).title
            return f"geography/grounds.csv has no law of {whose} that knows transfers on the basis {basis!r}"
    missing = sorted(
        (here, other)
        for here in inside.jurisdictions
        for other in there.jurisdictions
        if basis == "adequacy" and adequate(here, other) is None
    )
    if missing:
        here, other = (boundary(name).title for name in missing[0])
        return f"no decision of {here} accepts transfers to {other} (geography/adequacy.csv)"
    return ""


def lowers(inside: Boundary, basis: str) -> frozenset[str]:
    """What a transfer on `basis` may lower: only what every jurisdiction of `inside` allows."""
    found = [ground(here, basis) for here in inside.jurisdictions]
    return frozenset[str].intersection(*(one.lowers if one else frozenset[str]() for one in found))


def decisions(inside: Boundary, there: Boundary) -> tuple[Adequacy, ...]:
    """The decisions that a transfer from `inside` to `there` rests on where its basis is adequacy."""
    pairs = ((here, other) for here in sorted(inside.jurisdictions) for other in sorted(there.jurisdictions))
    return tuple(dict.fromkeys(found for pair in pairs if (found := adequate(*pair)) is not None))


@cache
def _grounds() -> dict[tuple[str, str], Ground]:
    found: dict[tuple[str, str], Ground] = {}
    for row in read("grounds.csv"):
        for here in _members(row["from"]):
            kinds = frozenset(kind for kind in row["lowers"].split("+") if kind)
            found[here, row["basis"]] = Ground(here, row["basis"], kinds, row["law"], row["source"])
    return found


def _members(name: str) -> frozenset[str]:
    """The jurisdictions of a row's boundary, as the table has them whatever is supposed."""
    return known()[name].jurisdictions
