"""Findings, what was exempted, what was not judged, and the report over all of it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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
State = Literal["pass", "fail", "not_applicable", "not_evaluated"]
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
    `source_file` and `source_line` (from 1) are the place to look at, relative to the project: a line of the program or
    of the stack file. None where nobody knows it. `transfers` are the declared transfers that lower it, a line each.
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
    source_file: str | None = None
    source_line: int | None = None
    transfers: tuple[str, ...] = ()

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
    ticket: str = ""


@dataclass(frozen=True)
class DeclaredTransfer:
    """A transfer out of the boundary that a stack declares, until a day (ISO date). No exemption: what it `lowers`, so
    many findings, is told all the same."""

    stack: str
    what: str
    destination: str
    recipient: str
    basis: str
    reference: str
    expires: str
    lowers: int = 0
    file: str | None = None


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
class Undetermined:
    """What a rule could not determine of a resource before the update, and why."""

    rule: str
    category: Category
    stack: str
    urn: str
    path: str
    reason: str
    file: str | None = None


@dataclass(frozen=True)
class States:
    """How many rules are in each of the four states; `rules` says which one in which.

    `left_out` are those not evaluated at all, each with the reason; the others not evaluated met a value that is known
    only after the update.
    """

    passed: int = 0
    failed: int = 0
    not_applicable: int = 0
    not_evaluated: int = 0
    left_out: Mapping[str, str] = field(default_factory=dict[str, str])
    rules: Mapping[str, State] = field(default_factory=dict[str, State])


@dataclass(frozen=True)
class Judgement:
    """What one judge says of one stack. `judged` holds the URNs that it looked at, with whatever outcome.

    `states` is None for a judge whose rules are not counted one by one; `evaluations` counts rules times resources.
    """

    judged: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()
    exempted: tuple[Exempted, ...] = ()
    not_judged: tuple[NotJudged, ...] = ()
    undetermined: tuple[Undetermined, ...] = ()
    states: States | None = None
    evaluations: int = 0
    transfers: tuple[DeclaredTransfer, ...] = ()


@dataclass(frozen=True)
class Report:
    """What all judges say of one stack; `resources` counts what a cloud would hold for it.

    `gaps` are the reasons, a sentence each, why no verdict can rest on it: nothing was judged, or not all of it.
    """

    stack: str
    resources: int
    judged: int
    findings: tuple[Finding, ...]
    exempted: tuple[Exempted, ...]
    not_judged: tuple[NotJudged, ...]
    file: str | None = None
    undetermined: tuple[Undetermined, ...] = ()
    states: States | None = None
    evaluations: int = 0
    gaps: tuple[str, ...] = ()
    transfers: tuple[DeclaredTransfer, ...] = ()

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
            tuple(
                sorted(
                    (row for part in parts for row in part.undetermined), key=lambda row: (row.rule, row.urn, row.path)
                )
            ),
            next((part.states for part in parts if part.states is not None), None),
            sum(part.evaluations for part in parts),
            transfers=tuple(row for part in parts for row in part.transfers),
        )

    def failing(self, *, strict: bool = False) -> bool:
        """Whether a finding fails the check; with `strict` an advisory one does too."""
        return any(strict or found.enforcement is Enforcement.MANDATORY for found in self.findings)

    def to_json(self) -> dict[str, object]:
        """The documented shape of `homeshore check STACK --json`."""
        enforced = Counter(found.enforcement for found in self.findings)
        return {
            "version": FORMAT_VERSION,
            "stack": self.stack,
            "findings": [_plain(found) for found in self.findings],
            "exempted": [{**_plain(row.finding), **_exemption(row)} for row in self.exempted],
            "not_judged": [_plain(row) for row in self.not_judged],
            "undetermined": [_plain(row) for row in self.undetermined],
            "transfers": [_plain(row) for row in self.transfers],
            "gaps": list(self.gaps),
            "summary": {
                "resources": self.resources,
                "judged": self.judged,
                "mandatory": enforced[Enforcement.MANDATORY],
                "advisory": enforced[Enforcement.ADVISORY],
                "exempted": len(self.exempted),
                "not_judged": len(self.not_judged),
                "undetermined": len(self.undetermined),
                "rules": _states(self.states),
                "evaluations": self.evaluations,
                "categories": dict(sorted(Counter(found.category for found in self.findings).items())),
            },
        }


def _plain(row: Finding | NotJudged | Undetermined | DeclaredTransfer) -> dict[str, object]:
    return {one.name: _json(getattr(row, one.name)) for one in dataclasses.fields(row)}


def _states(states: States | None) -> dict[str, object] | None:
    if states is None:
        return None
    return {
        "pass": states.passed,
        "fail": states.failed,
        "not_applicable": states.not_applicable,
        "not_evaluated": states.not_evaluated,
        "left_out": dict(states.left_out),
    }


def _exemption(row: Exempted) -> dict[str, object]:
    return {"reason": row.reason, "owner": row.owner, "expires": row.expires, "ticket": row.ticket}


def _json(value: object) -> object:
    return list(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value
