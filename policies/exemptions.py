"""Exemptions: findings that somebody answers for until a day. Data, printed in every report, never for sovereignty."""

from __future__ import annotations

import datetime
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from findings import Enforcement, Exempted, Finding, Severity
from policies.rules import catalogue

FILE: Final = Path(__file__).parent / "exemptions.yaml"
RULE: Final = "EXM-X-001"
WARN_DAYS: Final = 30
LONGEST_DAYS: Final = 366

Said = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class ExemptionError(ValueError):
    """The file of exemptions cannot be read; the text lists every fault with its place."""


class Exemption(BaseModel):
    """One row; see the head of exemptions.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: Said
    stack: Said
    resource: Said
    reason: Said
    owner: Said
    expires: datetime.date
    ticket: Said

    def covers(self, finding: Finding) -> bool:
        """Whether it is about this finding."""
        named = self.resource in (finding.urn, finding.urn.rpartition("::")[2])
        return named and self.rule == finding.rule and self.stack == finding.stack

    def holds(self, today: datetime.date) -> bool:
        """Whether it is in order: not expired, not longer than a year, not about sovereignty."""
        return not catalogue()[self.rule].firm and 0 <= (self.expires - today).days <= LONGEST_DAYS


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")

    exemptions: tuple[Exemption, ...] = ()


class _Plain(yaml.SafeLoader):
    """Leaves a day a text: one that no calendar has is then a fault of its row, not of the file."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the base class's own attribute
        first: [one for one in resolvers if one[0] != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def load(path: Path = FILE) -> tuple[Exemption, ...]:
    """The exemptions in a file. Raises ExemptionError, which names the file and each row that is wrong."""
    try:
        document: object = yaml.load(path.read_text(encoding="utf-8"), _Plain)  # noqa: S506 - a safe loader's child
        rows = _Document.model_validate(document or {}).exemptions
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        raise ExemptionError(f"{path}: cannot be read: {fault}") from None
    except ValidationError as fault:
        raise ExemptionError("\n".join(f"{path}: {_sentence(one)}" for one in fault.errors())) from None
    unknown = [row.rule for row in rows if row.rule not in catalogue()]
    if unknown:
        raise ExemptionError(f"{path}: there is no rule {', '.join(unknown)}. `homeshore policy explain` lists them.")
    return rows


def _sentence(error: ErrorDetails) -> str:
    path = ".".join(map(str, error["loc"]))
    return f"{path}: {error['msg']}. The head of the file shows a whole row."


@dataclass(frozen=True)
class Weighed:
    """Findings after the exemptions: what is left, with what is wrong with the exemptions, and what is exempted."""

    findings: tuple[Finding, ...]
    exempted: tuple[Exempted, ...]


def weigh(
    stack: str, findings: Iterable[Finding], exemptions: Iterable[Exemption], today: datetime.date, file: str | None
) -> Weighed:
    """Apply the exemptions of `stack`. A bad one exempts nothing and is a finding of its own."""
    left = list(findings)
    exempted: list[Exempted] = []
    about: list[Finding] = []
    for one in exemptions:
        if one.stack != stack:
            continue
        covered = [found for found in left if one.covers(found)]
        faults = list(_faults(one, covered, today))
        about += [_finding(one, fault, level, file) for fault, level in faults]
        if not one.holds(today):
            continue
        left = [found for found in left if not one.covers(found)]
        exempted += [Exempted(found, one.reason, one.owner, one.expires.isoformat(), one.ticket) for found in covered]
    return Weighed((*left, *about), tuple(exempted))


def forgotten(exemptions: Iterable[Exemption], stacks: Container[str], today: datetime.date) -> Iterator[str]:
    """A sentence for each exemption that has expired for a stack that is none of `stacks`: no stack's report has it."""
    for one in exemptions:
        if one.stack not in stacks and one.expires < today:
            yield (
                f"{FILE.name}: the exemption from {one.rule} for {one.stack}, which has no stack file here, "
                f"expired on {one.expires}; {one.owner} owns it. Delete the row. Ticket {one.ticket}."
            )


def _faults(one: Exemption, covered: list[Finding], today: datetime.date) -> Iterator[tuple[str, Enforcement]]:
    days = (one.expires - today).days
    if catalogue()[one.rule].firm:
        why = "the order of exemptions" if one.rule == RULE else "sovereignty"
        yield f"an exemption from {one.rule}: {why} takes none; {one.owner} owns it", Enforcement.MANDATORY
    elif days < 0:
        yield f"the exemption from {one.rule} expired on {one.expires}; {one.owner} owns it", Enforcement.MANDATORY
    elif days > LONGEST_DAYS:
        yield (
            f"the exemption from {one.rule} ends on {one.expires}, more than a year ahead; {one.owner} owns it",
            (Enforcement.MANDATORY),
        )
    elif not covered:
        yield f"no finding of {one.rule} needs the exemption any more; {one.owner} owns it", Enforcement.MANDATORY
    elif days <= WARN_DAYS:
        yield f"the exemption from {one.rule} expires on {one.expires}; {one.owner} owns it", Enforcement.ADVISORY


def _finding(one: Exemption, message: str, level: Enforcement, file: str | None) -> Finding:
    about = catalogue()[RULE]
    return Finding(
        rule=RULE,
        category=about.category,
        severity=about.severity if level is Enforcement.MANDATORY else Severity.LOW,
        enforcement=level,
        stack=one.stack,
        urn=one.resource,
        path="",
        message=message,
        remedy=f"{about.remedy} Ticket {one.ticket}.",
        allowed=about.expected,
        frameworks=about.frameworks,
        file=file,
    )


@cache
def standing() -> tuple[Exemption, ...]:
    """The pack's own exemptions. Raises ExemptionError."""
    return load()
