"""Why no verdict can rest on a report: an empty, partial or wholly exempted scan is not taken for a pass."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from findings import Enforcement, Report
from homeshore.engine import Snapshot


def gaps(report: Report, snapshot: Snapshot, *, boundary_needed: bool = True) -> Iterator[str]:
    """The reasons, a clause each. `boundary_needed` is False where the user said to leave sovereignty out."""
    from policies.verdict import NO_BOUNDARY

    if not report.resources:
        yield "nothing was judged: it holds no resource that a cloud would keep"
    elif not report.judged:
        yield f"nothing was judged: no rule knows the types of its {report.resources} resources"
    elif report.states and not (_passed(report) or _stands(report)):
        if report.exempted:
            yield "every violation is exempted and no other rule passed"
        elif report.undetermined:
            yield "no rule passed: all that they ask for is known only after the update"
    yield from snapshot.incomplete
    if boundary_needed and report.states and NO_BOUNDARY in report.states.left_out.values():
        yield (
            "nobody named a boundary, so sovereignty was not judged: name it with --boundary eu, "
            "or say --boundary none to leave sovereignty out"
        )


def _passed(report: Report) -> bool:
    """Whether a rule passed that knows types: one about any resource's labels says little."""
    if report.states is None:
        return False
    return any(state == "pass" and rule not in _about_anything() for rule, state in report.states.rules.items())


def _stands(report: Report) -> bool:
    """Whether a finding stands that nobody exempts; warnings about exemptions are none."""
    from policies.exemptions import RULE

    return any(found.rule != RULE or found.enforcement is Enforcement.MANDATORY for found in report.findings)


@cache
def _about_anything() -> frozenset[str]:
    from policies.rules import rules

    return frozenset(one.id for one in rules()) - frozenset(one.id for one in rules() if one.knows_types)
