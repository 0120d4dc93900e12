"""Findings, what was exempted, what was not judged, and the report over all of it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, cast, get_args

Category = Literal[
    "sovereignty",
    "encryption",
    "network",
    "identity",
    "retention",
    "operations",
    "cost",
    "ownership",
    "validity",
]
CATEGORIES: Final[tuple[Category, ...]] = get_args(Category)
FORMAT_VERSION: Final = 1


class Severity(StrEnum):
    """How bad it is, worst first; the words of Pulumi's policies."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Enforcement(StrEnum):
    """Whether it fails the check; the words of Pulumi's policies."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"


_WORST_FIRST: Final = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong with one resource.

    `rule` is a stable id of the catalogue. `path` leads to the input (`rules[0].expiration.days`), empty where the
    whole resource is meant. `found` is the value as JSON text, empty where there is none, and never a secret's;
    `allowed` is what would do, `source` who says so. `file` is where it was read from, None for a stack of ours.
    """

    rule: str
    category: Category
    severity: Severity
    enforcement: Enforcement
    stack: str
    urn: str
    path: str
    message: str
    remedy: str
    found: str = ""
    allowed: str = ""
    source: str = ""
    frameworks: tuple[str, ...] = ()
    file: str | None = None

    @property
    def order(self) -> tuple[object, ...]:
        """Worst first, then by place: the same findings stand in the same order in each run."""
        failing = self.enforcement is Enforcement.ADVISORY
        place = (self.file or "", self.stack, self.urn, self.path, self.rule, self.message)
        return failing, _WORST_FIRST[self.severity], *place


@dataclass(frozen=True)
class Exempted:
    """A finding that somebody answers for until a day (ISO date)."""

    finding: Finding
    reason: str
    owner: str
    expires: str


@dataclass(frozen=True)
class NotJudged:
    """A resource that a category could not say anything about, and why."""

    category: Category
    stack: str
    urn: str
    type: str
    reason: str
    file: str | None = None


@dataclass(frozen=True)
class Judgement:
    """What one judge says of one stack. `judged` holds the URNs that it looked at, with whatever outcome."""

    judged: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()
    exempted: tuple[Exempted, ...] = ()
    not_judged: tuple[NotJudged, ...] = ()


@dataclass(frozen=True)
class Report:
    """What all judges say of one stack; `resources` counts what a cloud would hold for it."""

    stack: str
    resources: int
    judged: int
    findings: tuple[Finding, ...]
    exempted: tuple[Exempted, ...]
    not_judged: tuple[NotJudged, ...]
    file: str | None = None

    @classmethod
    def over(cls, stack: str, resources: int, judgements: Iterable[Judgement], file: str | None = None) -> Report:
        """Put the judgements of a stack together, in their stable order."""
        parts = tuple(judgements)
        return cls(
            stack,
            resources,
            len(frozenset[str]().union(*(part.judged for part in parts))),
            tuple(sorted((found for part in parts for found in part.findings), key=lambda found: found.order)),
            tuple(sorted((row for part in parts for row in part.exempted), key=lambda row: row.finding.order)),
            tuple(sorted((row for part in parts for row in part.not_judged), key=lambda row: (row.category, row.urn))),
            file,
        )

    def failing(self, *, strict: bool = False) -> bool:
        """Whether a finding fails the check; with `strict` an advisory one does too."""
        return any(strict or found.enforcement is Enforcement.MANDATORY for found in self.findings)

    @property
    def empty(self) -> bool:
        """Whether nothing was judged: no verdict can rest on that."""
        return not self.judged

    def to_json(self) -> dict[str, object]:
        """The documented shape of `homeshore check STACK --json`."""
        enforced = Counter(found.enforcement for found in self.findings)
        return {
            "version": FORMAT_VERSION,
            "stack": self.stack,
            "findings": [_plain(found) for found in self.findings],
            "exempted": [{**_plain(row.finding), **_exemption(row)} for row in self.exempted],
            "not_judged": [_plain(row) for row in self.not_judged],
            "summary": {
                "resources": self.resources,
                "judged": self.judged,
                "mandatory": enforced[Enforcement.MANDATORY],
                "advisory": enforced[Enforcement.ADVISORY],
                "exempted": len(self.exempted),
                "not_judged": len(self.not_judged),
                "categories": dict(sorted(Counter(found.category for found in self.findings).items())),
            },
        }


def _plain(row: Finding | NotJudged) -> dict[str, object]:
    return {field.name: _json(getattr(row, field.name)) for field in dataclasses.fields(row)}


def _exemption(row: Exempted) -> dict[str, object]:
    return {"reason": row.reason, "owner": row.owner, "expires": row.expires}


def _json(value: object) -> object:
    return list(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value
