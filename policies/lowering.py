"""What a declared transfer lowers: a finding that would not be there if the destination lay inside the boundary.

Nothing is read out of messages: the rules are asked again, with a boundary that holds the destination as well. What
they no longer find is what the transfer accounts for; it is told all the same, as a warning, with the transfer beside
it. What also leads elsewhere, and what nobody can place, stays as it is.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Sequence

import geography
from findings import DeclaredTransfer, Enforcement, Finding, Severity
from policies import transfers
from policies.judge import judge
from policies.model import Stack
from policies.rules import catalogue
from policies.transfers import Transfer


def lowered(stack: Stack, found: Iterable[Finding], today: datetime.date) -> list[Finding]:
    """The findings of `stack`, those that a transfer in order accounts for as warnings that name it."""
    findings = list(found)
    boundary = stack.boundary
    good = transfers.standing(stack.parameters.transfers, boundary, today)
    if boundary is None or not good:
        return findings
    kinds = {one: geography.lowers(boundary, one.basis) for one in good}
    asked = _Asked(stack, boundary, {one.rule for one in findings})
    return [
        _beside(one, asked.enough(one, [each for each in good if each.may_lower(one, kinds[each])])) for one in findings
    ]


def declared(stack: Stack, found: Sequence[Finding], file: str | None = None) -> tuple[DeclaredTransfer, ...]:
    """The register as a report prints it, with how many of the findings each transfer lowers."""
    return tuple(
        DeclaredTransfer(
            stack.name,
            one.what,
            one.destination,
            one.recipient,
            one.basis,
            one.reference,
            one.expires.isoformat(),
            sum(one.text in finding.transfers for finding in found),
            file,
        )
        for one in stack.parameters.transfers.transfers
    )


def _beside(finding: Finding, by: Sequence[Transfer]) -> Finding:
    if not by:
        return finding
    return dataclasses.replace(finding, enforcement=Enforcement.ADVISORY, transfers=tuple(one.text for one in by))


def about_register(stack: Stack, today: datetime.date, file: str | None = None) -> tuple[Finding, ...]:
    """What is wrong with the register, as findings."""
    about = catalogue()[transfers.RULE]
    return tuple(
        Finding(
            rule=about.id,
            category=about.category,
            severity=about.severity if level is Enforcement.MANDATORY else Severity.LOW,
            enforcement=level,
            stack=stack.name,
            urn="",
            path="",
            message=message,
            remedy=about.remedy,
            allowed=about.expected,
            frameworks=about.frameworks,
            file=file,
        )
        for message, level in transfers.faults(stack.parameters.transfers, stack.boundary, today)
    )


class _Asked:
    """The rules, asked once for each set of destinations."""

    def __init__(self, stack: Stack, boundary: geography.Boundary, rules: set[str]) -> None:
        self._stack, self._boundary = stack, boundary
        self._rules = rules & set(transfers.kinds_of_rules())
        self._left: dict[frozenset[str], frozenset[tuple[str, str, str]]] = {}

    def enough(self, finding: Finding, by: Sequence[Transfer]) -> Sequence[Transfer]:
        """The transfers that account for the finding: one alone if one does, else all together; none if they do not."""
        for some in (*([one] for one in by), by if len(by) > 1 else []):
            if some and _key(finding) not in self._still_there(frozenset(one.destination for one in some)):
                return some
        return ()

    def _still_there(self, destinations: frozenset[str]) -> frozenset[tuple[str, str, str]]:
        """What the rules find, or cannot tell, where the boundary holds `destinations` as well."""
        if destinations not in self._left:
            outcome = judge(
                Stack(
                    self._stack.name,
                    self._stack.resources,
                    boundary=_widened(self._boundary, destinations),
                    parameters=self._stack.parameters,
                ),
                self._rules,
            )
            self._left[destinations] = frozenset(
                (one.rule.id, one.resource.urn if one.resource else "", one.said.path)
                for one in (*outcome.failed, *outcome.unsure)
            )
        return self._left[destinations]


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.urn, finding.path


def _widened(boundary: geography.Boundary, destinations: frozenset[str]) -> geography.Boundary:
    """The boundary with the destinations inside, under its own name: labels keep saying what they said."""
    areas = [geography.area(one) for one in sorted(destinations)]
    return boundary._replace(
        jurisdictions=boundary.jurisdictions.union(*(one.jurisdictions for one in areas)),
        countries=boundary.countries.union(*(one.countries for one in areas)),
    )
