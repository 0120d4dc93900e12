"""The register of transfers that a stack declares: read defensively, judged day by day, never an exemption.

What a transfer may lower is data: geography/grounds.csv says which basis a law knows and how far it carries,
data/lowerable.csv which rules are about that, data/unlowered.csv what stays as it is: keys and secrets.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Annotated, Final, cast

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

import geography
from findings import Enforcement, Finding
from policies.facts import rows
from policies.values import opened

RULE: Final = "TRF-X-001"
WARN_DAYS: Final = 30
LONGEST_DAYS: Final = 366
_TYPE: Final = "::"

Word = Annotated[str, StringConstraints(min_length=1, max_length=1024, strip_whitespace=True)]


class Transfer(BaseModel):
    """One row of the register; docs/stack-file.md says what each key means. Empty `rules` or `resources`: all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: Word
    destination: Word
    recipient: Word
    basis: Word
    reference: Word
    expires: datetime.date
    rules: tuple[Word, ...] = ()
    resources: tuple[Word, ...] = ()

    @property
    def text(self) -> str:
        """The transfer in one line."""
        return (
            f"{self.what} to {self.recipient} ({self.destination}) by {self.basis}, "
            f"{self.reference}, until {self.expires}"
        )

    def area(self) -> geography.Boundary:
        """Where it leads. Raises geography.UnknownBoundary."""
        return geography.area(self.destination)

    def may_lower(self, finding: Finding, kinds: frozenset[str]) -> bool:
        """Whether it is about such a finding at all, wherever that leads; `kinds` are what its basis may lower."""
        named = not self.resources or bool({finding.urn, finding.urn.rpartition(_TYPE)[2]} & set(self.resources))
        return named and (not self.rules or finding.rule in self.rules) and _kind(finding) in kinds


class Register:
    """What a stack declares: the rows that can be read, and a sentence for each that cannot."""

    def __init__(self, transfers: Iterable[Transfer] = (), unreadable: Iterable[str] = ()) -> None:
        self.transfers = tuple(transfers)
        self.unreadable = tuple(unreadable)

    def __bool__(self) -> bool:
        return bool(self.transfers or self.unreadable)


def register(stated: object) -> Register:
    """The register in a stack's recorded statement, which anybody may have written. Never raises."""
    if stated is None:
        return Register()
    if not isinstance(stated, list):
        return Register(unreadable=["it is no list"])
    found: list[Transfer] = []
    wrong: list[str] = []
    for number, row in enumerate(cast("list[object]", stated)):
        try:
            found.append(Transfer.model_validate(_plain(row)))
        except ValidationError as fault:
            wrong += [
                f"transfers[{number}].{'.'.join(map(str, one['loc']))}: {one['msg']}"
                for one in fault.errors(include_url=False, include_input=False)
            ]
    return Register(found, wrong)


def faults(
    declared: Register, boundary: geography.Boundary | None, today: datetime.date
) -> Iterator[tuple[str, Enforcement]]:
    """What is wrong with the register, or will be soon, a sentence each."""
    for sentence in declared.unreadable:
        yield f"the register of transfers cannot be read: {sentence}", Enforcement.MANDATORY
    for one in declared.transfers:
        wrong = list(_wrong(one, boundary, today))
        yield from ((f"the transfer of {one.text}: {text}", Enforcement.MANDATORY) for text in wrong)
        days = (_end(one, boundary) - today).days
        if not wrong and days <= WARN_DAYS:
            yield f"the transfer of {one.text}: it ends in {days} days", Enforcement.ADVISORY


def standing(declared: Register, boundary: geography.Boundary | None, today: datetime.date) -> tuple[Transfer, ...]:
    """The transfers that are in order today: only they lower anything."""
    return tuple(one for one in declared.transfers if not any(_wrong(one, boundary, today)))


def _wrong(one: Transfer, boundary: geography.Boundary | None, today: datetime.date) -> Iterator[str]:
    try:
        there = one.area()
    except geography.UnknownBoundary as unknown:
        yield f"there is no place {unknown.name!r}"
        return
    days = (one.expires - today).days
    if days < 0:
        yield f"it expired on {one.expires}"
    elif days > LONGEST_DAYS:
        yield f"it ends on {one.expires}, more than a year ahead"
    for rule in one.rules:
        if rule not in kinds_of_rules():
            yield f"{rule} is lowered by no transfer"
    if boundary is None:
        return
    refused = geography.refusal(boundary, one.basis, there)
    if refused:
        yield refused
    for decision in _decisions(one, boundary):
        if not decision.holds(today):
            yield f"the decision it rests on is not in force today: {decision.source}"


def _decisions(one: Transfer, boundary: geography.Boundary | None) -> tuple[geography.Adequacy, ...]:
    return geography.decisions(boundary, one.area()) if boundary and one.basis == "adequacy" else ()


def _end(one: Transfer, boundary: geography.Boundary | None) -> datetime.date:
    """The last day on which it holds: its own, or that of a decision that it rests on. Only of one in order."""
    try:
        ends = [decision.until for decision in _decisions(one, boundary) if decision.until]
    except geography.UnknownBoundary:
        ends = []
    return min([one.expires, *ends])


@cache
def kinds_of_rules() -> dict[str, str]:
    """The rules that a transfer may lower, each with what it is about: "place" or "flow"."""
    return {row["rule"]: row["kind"] for row in rows("lowerable.csv")}


def _kind(finding: Finding) -> str:
    """What a finding is about; empty where no transfer lowers it."""
    texts = {
        "type": (_type(finding.urn),),
        "path": (finding.path.lower(),),
        "value": (finding.found.lower(), finding.message.lower()),
    }
    kept = any(fnmatchcase(text, pattern) for what, pattern in _unlowered() for text in texts[what])
    return "" if kept else kinds_of_rules().get(finding.rule, "")


def _type(urn: str) -> str:
    parts = urn.split(_TYPE)
    return parts[2].rpartition("$")[2] if len(parts) > 3 else ""  # noqa: PLR2004 - urn:pulumi:stack::project::type::name


@cache
def _unlowered() -> tuple[tuple[str, str], ...]:
    return tuple(
        (row["what"], row["text"] if row["what"] == "type" else row["text"].lower()) for row in rows("unlowered.csv")
    )


def _plain(row: object) -> object:
    """The row without Pulumi's wrappers; keys without a value left out."""
    row = opened(row)
    if not isinstance(row, dict):
        return row
    told: dict[str, object] = {}
    for key, value in cast("dict[object, object]", row).items():
        found = opened(value)
        told[str(key)] = tuple(map(opened, cast("list[object]", found))) if isinstance(found, list) else found
    return told
