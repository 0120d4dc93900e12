"""`homeshore new`: writes a valid stack file."""

from __future__ import annotations

import json
import os
import textwrap
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

import geography
from homeshore.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

PLACEHOLDER_ACCOUNT = "123456789012"
COMMENT_WIDTH = 100


@dataclass(frozen=True)
class Answers:
    """What a new stack file says; events per second, bytes per event."""

    cloud: str
    region: str
    boundary: str
    account_id: str
    environment: str
    team: str
    cost_center: str
    contact: str
    average: int
    peak: int
    event_bytes: int


AN_IRISH_REGION = next(r.name for r in geography.regions("aws") if r.country == "IE")
HELP = f"""Write the stack file of STACK: valid, commented, with its schema on line 1. It never overwrites one.

\b
Example: homeshore new staging --cloud aws --region {AN_IRISH_REGION}

\b
JSON: {{"version": 1, "stack", "file", "answers": {{option: value}}, "placeholders": [key]}}
"""


@click.command("new", help=HELP)
@click.argument("stack")
@click.option("--cloud", type=click.Choice(geography.CLOUDS), required=True, help="The cloud to stand on.")
@click.option("--region", required=True, help="The region; `homeshore regions` lists them.")
@click.option("--boundary", help="What the data must not leave. Default: the region's own jurisdiction.")
@click.option("--account-id", default=PLACEHOLDER_ACCOUNT, help="12 digits. Default: a placeholder to replace.")
@click.option("--environment", default="dev", show_default=True, help="Part of every physical name.")
@click.option("--team", default="data-platform", show_default=True, help="The team that owns the stack.")
@click.option("--cost-center", default="unassigned", show_default=True, help="Where the bill goes.")
@click.option("--contact", default="data-platform@example.com", show_default=True, help="E-mail for alarms.")
@click.option("--average", type=int, default=100, show_default=True, help="Events per second over a month.")
@click.option("--peak", type=int, help="Events per second in the busiest minute. Default: four times the average.")
@click.option("--event-bytes", type=int, default=1024, show_default=True, help="Bytes of one event.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document (shape below) instead of text.")
def command(stack: str, peak: int | None, boundary: str | None, as_json: bool, **options: str | int) -> None:
    """Write a stack file."""
    from homeshore.project import STACK_FILE, find_project

    project = find_project()
    path = project.root / f"Pulumi.{stack}.yaml"
    if not STACK_FILE.fullmatch(path.name):
        raise UserError(f"{stack!r} cannot name a stack: use letters, digits, dashes, dots and underscores.")
    answers = _answers(options, boundary, peak)
    text = _written(answers)
    _check(text, path, project.name)
    _create(path, text)
    placeholders = ["placement.account_id"] if answers.account_id == PLACEHOLDER_ACCOUNT else []
    if as_json:
        shape = {"version": 1, "stack": stack, "file": path.name, "answers": asdict(answers)}
        click.echo(json.dumps({**shape, "placeholders": placeholders}, indent=2))
        return
    click.echo(f"{path.name} is written: {answers.cloud} {answers.region}, data stays inside {answers.boundary}.")
    for key in placeholders:
        click.echo(f"{key} is a placeholder: replace it before a real deployment.")
    click.echo(f"Next: homeshore config {stack}; homeshore preview {stack}")


def _answers(options: dict[str, str | int], boundary: str | None, peak: int | None) -> Answers:
    from components.placement import BUILT

    cloud, region = str(options["cloud"]), str(options["region"])
    place = _region(cloud, region)
    if cloud not in BUILT:
        raise UserError(
            f"--cloud {cloud}: this version does not build on {cloud} yet, so no file is written. "
            f"Built: {', '.join(BUILT)}."
        )
    average = int(options["average"])
    return Answers(
        cloud=cloud,
        region=region,
        boundary=boundary or place.jurisdiction,
        account_id=str(options["account_id"]),
        environment=str(options["environment"]),
        team=str(options["team"]),
        cost_center=str(options["cost_center"]),
        contact=str(options["contact"]),
        average=average,
        peak=4 * average if peak is None else peak,
        event_bytes=int(options["event_bytes"]),
    )


def _region(cloud: str, name: str) -> geography.Region:
    try:
        place = geography.region(cloud, name)
    except geography.UnknownRegion as fault:
        near = f"did you mean {' or '.join(fault.suggestions)}? " if fault.suggestions else ""
        also = f" ({' and '.join(fault.clouds)} has one of that name)" if fault.clouds else ""
        raise UserError(
            f"--region: {cloud} has no region {name!r}{also}: {near}`homeshore regions --cloud {cloud}` lists them all."
        ) from None
    if place.kind != "region":
        raise UserError(f"--region: {name} is a {place.kind} location of {cloud}: name one region.")
    return place


def _written(answers: Answers) -> str:
    """The file's text; keys that keep their default stand there as comments, each with its meaning."""
    from stacks.models import StackConfig
    from stacks.schema import MODELINE, NOT_BUILT, PROJECT
    from stacks.shape import example_of, flow

    stated: dict[str, object] = {
        "environment": answers.environment,
        "owner": {"team": answers.team, "cost_center": answers.cost_center, "contact": answers.contact},
        "residency": {"boundary": answers.boundary},
        "placement": {"cloud": answers.cloud, "region": answers.region, "account_id": answers.account_id},
        "workload": {
            "events_per_second": {"average": answers.average, "peak": answers.peak},
            "event_bytes": answers.event_bytes,
        },
    }
    lines = [
        MODELINE,
        "# Every key is explained in docs/stack-file.md; a key in a comment keeps its default.",
        "config:",
    ]
    for name, field in StackConfig.model_fields.items():
        if name in NOT_BUILT:
            continue
        lines += textwrap.wrap(field.description or "", COMMENT_WIDTH, initial_indent="  # ", subsequent_indent="  # ")
        mark = "" if name in stated else "# "
        lines.append(f"  {mark}{PROJECT}:{name}: {flow(stated.get(name, example_of(field)))}")
    return "\n".join(lines) + "\n"


def _check(text: str, path: Path, project: str) -> None:
    from homeshore.stackfile import readable
    from stacks.document import parse
    from stacks.faults import ConfigFaults
    from stacks.reading import read_parsed

    try:
        read_parsed(parse(text), path, project, {})
    except ConfigFaults as faults:
        raise UserError(f"{readable(faults)}\n\nNo file was written: the lines are those it would have had.") from None


def _create(path: Path, text: str) -> None:
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644), "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UserError(f"{path}: exists already and is not overwritten: choose another name or edit it.") from None
    except OSError as fault:
        raise UserError(f"{path}: cannot be written: {fault.strerror}.") from None
