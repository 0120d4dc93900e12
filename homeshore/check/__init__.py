"""Judges stacks: runs every judge over the resources of each, and reports what they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from findings import Judgement, Report

if TYPE_CHECKING:
    from homeshore.engine import Snapshot
    from policies.configuration import Configuration

Judge = Callable[["Snapshot", "str | None"], Judgement]
"""Says what it thinks of a stack's resources. The second argument is the file that they were read from, or None."""


def judges(told: Configuration | None = None) -> tuple[Judge, ...]:
    """All judges, one per source of rules. `told` is the policy pack's config, None for the stack's own statements."""
    from homeshore.check import inputs, policy
    from policies.configuration import Configuration

    return inputs.judge, policy.judge_with(told or Configuration())


def report(snapshot: Snapshot, file: str | None = None, by: Sequence[Judge] | None = None) -> Report:
    """What the judges (default: all) say of one stack."""
    managed = sum(resource.managed for resource in snapshot.resources)
    said = [judge(snapshot, file) for judge in (judges() if by is None else by)]
    return Report.over(snapshot.stack, managed, said, file)
