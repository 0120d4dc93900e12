"""Judges stacks: runs every judge over the resources of each, and reports what they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from findings import Judgement, Report

if TYPE_CHECKING:
    from homeshore.engine import Snapshot

Judge = Callable[["Snapshot", "str | None"], Judgement]
"""Says what it thinks of a stack's resources. The second argument is the file that they were read from, or None."""


def judges() -> tuple[Judge, ...]:
    """All judges, one per source of rules."""
    from homeshore.check.inputs import judge

    return (judge,)


def report(snapshot: Snapshot, file: str | None = None, by: Sequence[Judge] | None = None) -> Report:
    """What the judges (default: all) say of one stack."""
    managed = sum(resource.managed for resource in snapshot.resources)
    said = [judge(snapshot, file) for judge in (judges() if by is None else by)]
    return Report.over(snapshot.stack, managed, said, file)
