"""Both sides of a comparison: the other revision's program runs while this checkout's does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import click

from homeshore.base.diff import compare_all
from homeshore.base.model import StackDiff
from homeshore.base.revision import Revision
from homeshore.base.run import Running, running
from homeshore.engine.model import Snapshot
from homeshore.project import Project
from homeshore.signals import terminated_as_interrupted


@dataclass(frozen=True)
class Sides:
    """Stacks by name, of the other revision and of this checkout; a stack may be on one side only."""

    base: Revision
    before: Mapping[str, Snapshot]
    after: Mapping[str, Snapshot]

    def diffs(self) -> list[StackDiff]:
        """What becomes of each stack, by name."""
        return compare_all(self.before, self.after)


def both_sides(project: Project, ref: str, chosen: Sequence[str] | None) -> Sides:
    """Run both programs for the stacks `chosen` (None: all of either side). What is under way is told on stderr.

    Raises UserError: see homeshore.base.run; a program here that fails; a stack that neither side has.
    """
    with terminated_as_interrupted(), running(ref, project, chosen) as other:
        ours = _ours(project, other, chosen)
        if other.revision.missing_here():
            click.echo(
                f"note: {other.revision} has commits that this checkout lacks; their changes look taken back. "
                f"To leave them out: --base $(git merge-base {ref} HEAD)",
                err=True,
            )
        click.echo(f"running {_count(ours)} of this checkout, and {_count(other.stacks)} of {other.revision}", err=True)
        after = _snapshots(project, ours)
        return Sides(other.revision, other.snapshots(), after)


def _ours(project: Project, other: Running, chosen: Sequence[str] | None) -> list[str]:
    if chosen is None:
        return project.stacks()
    here = [name for name in chosen if name in project.stacks()]
    for name in chosen:
        if name not in here and name not in other.stacks:
            project.stack_file(name)  # tells the nearest name
    return here


def _snapshots(project: Project, stacks: Sequence[str]) -> Mapping[str, Snapshot]:
    from homeshore.engine.many import every_result, run_programs

    return dict(zip(stacks, every_result(run_programs(project, stacks, _itself)), strict=True)) if stacks else {}


def _itself(snapshot: Snapshot) -> Snapshot:
    return snapshot


def _count(stacks: Sequence[str]) -> str:
    return f"{len(stacks)} stack" if len(stacks) == 1 else f"{len(stacks)} stacks"
