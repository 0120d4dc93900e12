"""The mutation score of stacks: each stack's program runs in a worker, which bends and judges its snapshot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Final

import click

from homeshore.check.policy import plain
from homeshore.engine import Snapshot
from homeshore.engine.many import every_result, run_programs
from homeshore.errors import UserError, Verdict
from homeshore.project import Project, find_project
from policies import subject
from policies.score.guests import guests
from policies.score.report import document, markdown, text
from policies.score.trace import NotClean
from policies.score.weigh import WANTED_PERCENT, Score, weigh

PAGE: Final = "docs/sovereignty-score.md"


def scored(project: Project, stacks: Sequence[str], *, sample: int = 1) -> list[Score]:
    """The score of each stack, of every bend or of each `sample`-th. Raises UserError for a stack that is not clean."""
    return every_result(run_programs(project, stacks, partial(_of, sample)))


def guests_scored(*, sample: int = 1) -> list[Score]:
    """The score of the guests, which need no program."""
    return [weigh(one, sample=sample, guest=True) for one in guests()]


def asked(stacks: Sequence[str], *, every: bool, sample: int, write: bool, check: bool, as_json: bool) -> None:
    """Answer `homeshore policy score`. Raises UserError for what cannot be asked, Verdict for too low a score."""
    if bool(stacks) == every:
        raise UserError("Name the stacks to bend, or say --all: one of the two. Example: homeshore policy score dev")
    if (write or check) and (not every or sample > 1):
        raise UserError("--write and --check are about every stack and every bend: use them with --all, no --sample.")
    project = find_project()
    scores = scored(project, project.stacks() if every else stacks, sample=sample)
    scores += guests_scored(sample=sample) if every else []
    click.echo(json.dumps(document(scores), indent=2, ensure_ascii=False) if as_json else text(scores))
    page = project.root / PAGE
    if write:
        page.write_text(markdown(scores), encoding="utf-8")
    if check and (not page.is_file() or page.read_text(encoding="utf-8") != markdown(scores)):
        raise Verdict(f"{page}: is stale: run `homeshore policy score --all --write` and look at what changed.")
    low = [one.stack for one in scores if not one.enough and not one.guest]
    if low:
        raise Verdict(f"The pack catches less than {WANTED_PERCENT:g} % of the bends of {', '.join(low)}.")


def _of(sample: int, snapshot: Snapshot) -> Score:
    found = subject.stack(snapshot.stack, map(plain, snapshot.resources))
    try:
        return weigh(found, sample=sample)
    except NotClean as fault:
        raise UserError(
            f"{fault}\nOnly a stack that passes every rule has a score: run `homeshore check {snapshot.stack}` and "
            "mend what it says."
        ) from None
    except ValueError as fault:
        raise UserError(f"{fault}: name one under homeshore:residency in its stack file.") from None
