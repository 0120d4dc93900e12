"""Judges stacks: runs every judge over the resources of each, and reports what they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
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


def report(
    snapshot: Snapshot,
    file: str | None = None,
    by: Sequence[Judge] | None = None,
    *,
    folder: Path | None = None,
    boundary_needed: bool = True,
) -> Report:
    """What the judges (default: all) say of one stack.

    `folder` is where its stack file lies; None for a stack that was read from `file`. `boundary_needed` is False where
    the user said to leave sovereignty out.
    """
    from homeshore.check.gaps import gaps
    from homeshore.check.places import located

    managed = frozenset(resource.urn for resource in snapshot.resources if resource.managed)
    said = [judge(snapshot, file) for judge in (judges() if by is None else by)]
    held = [replace(one, judged=one.judged & managed) for one in said]
    found = Report.over(snapshot.stack, len(managed), held, file)
    found = located(found, snapshot, folder / f"Pulumi.{snapshot.stack}.yaml" if folder else None)
    return replace(found, gaps=tuple(gaps(found, snapshot, boundary_needed=boundary_needed)))
