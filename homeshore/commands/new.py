"""`homeshore new`: writes a valid stack file."""

from __future__ import annotations

import json
import os
import textwrap
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, cast

import click

import geography
from homeshore.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

COMMENT_WIDTH = 100
# Options that name the account, and the key of the placement that each fills.
ACCOUNTS = ("account_id", "subscription_id", "tenant_id", "project_id", "project_number", "billing_account")


@dataclass(frozen=True)
class Answers:
    """What a new stack file says; events per second, bytes per event. `account` are the keys that name the account."""

    cloud: str
    region: str
    boundary: str
    account: dict[str, str]
    environment: str
    team: str
    cost_center: str
    contact: str
    average: int
    peak: int
    event_bytes: int


AN_IRISH_REGION = next(r.name for r in geography.regions("aws") if r.country == "IE")
HELP = f"""Write the stack file of STACK: valid, commented, with its schema on line 1. It never overwrites one.

The ids of account, subscription and tenant, or project may follow later: what is not given becomes a placeholder.

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
@click.option("--account-id", help="AWS: the account, 12 digits.")
@click.option("--subscription-id", help="Azure: the subscription.")
@click.option("--tenant-id", help="Azure: the Microsoft Entra tenant.")
@click.option("--project-id", help="Google Cloud: the project's id.")
@click.option("--project-number", help="Google Cloud: the project's number.")
@click.option("--billing-account", help="Google Cloud: what pays for the project; a budget needs it.")
@click.option("--environment", default="dev", show_default=True, help="Part of every physical name.")
@click.option("--team", default="data-platform", show_default=True, help="The team that owns the stack.")
@click.option("--cost-center", default="unassigned", show_default=True, help="Where the bill goes.")
@click.option("--contact", default="data-platform@example.com", show_default=True, help="E-mail for alarms.")
@click.option("--average", type=int, default=100, show_default=True, help="Events per second over a month.")
@click.option("--peak", type=int, help="Events per second in the busiest minute. Default: four times the average.")
@click.option("--event-bytes", type=int, default=1024, show_default=True, help="Bytes of one event.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document (shape below) instead of text.")
def command(stack: str, peak: int | None, boundary: str | None, as_json: bool, **options: str | int | None) -> None:
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
    placeholders = [f"placement.{key}" for key in answers.account if not options[key]]
    if as_json:
        told = asdict(answers)
        said = {**told.pop("account"), **told}
        shape = {"version": 1, "stack": stack, "file": path.name, "answers": said, "placeholders": placeholders}
        click.echo(json.dumps(shape, indent=2))
        return
    click.echo(f"{path.name} is written: {answers.cloud} {answers.region}, data stays inside {answers.boundary}.")
    for key in placeholders:
        click.echo(f"{key} is a placeholder: replace it before a real deployment.")
    click.echo(f"Next: homeshore config {stack}; homeshore preview {stack}")


def _answers(options: dict[str, str | int | None], boundary: str | None, peak: int | None) -> Answers:
    cloud, region = str(options["cloud"]), str(options["region"])
    place = _region(cloud, region)
    average = int(options["average"] or 0)
    return Answers(
        cloud=cloud,
        region=region,
        boundary=boundary or place.jurisdiction,
        account=_account(cloud, options),
        environment=str(options["environment"]),
        team=str(options["team"]),
        cost_center=str(options["cost_center"]),
        contact=str(options["contact"]),
        average=average,
        peak=4 * average if peak is None else peak,
        event_bytes=int(options["event_bytes"] or 0),
    )


def _account(cloud: str, options: dict[str, str | int | None]) -> dict[str, str]:
    """The placement's keys beside cloud and region; what is not given is the example of the key's own description."""
    from components.placement import TITLES
    from stacks.by_cloud import PLACEMENTS

    fields = {key: field for key, field in PLACEMENTS[cloud].model_fields.items() if key in ACCOUNTS}
    for key in ACCOUNTS:
        if options[key] and key not in fields:
            own = " and ".join(_option(each) for each in fields)
            raise UserError(f"{_option(key)} does not belong to {TITLES[cloud]}, where the options are {own}.")
    return {key: str(options[key] or (field.examples or [""])[0]) for key, field in fields.items()}


def _option(key: str) -> str:
    return f"--{key.replace('_', '-')}"


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
    from stacks.schema import MODELINE, PROJECT
    from stacks.shape import example_of, is_list

    stated, shown = _stated(answers), _shown(answers)
    lines = [
        MODELINE,
        "# Every key is explained in docs/stack-file.md; a key in a comment keeps its default.",
        "config:",
    ]
    for name, field in StackConfig.model_fields.items():
        lines += textwrap.wrap(field.description or "", COMMENT_WIDTH, initial_indent="  # ", subsequent_indent="  # ")
        if name in shown and not shown[name]:
            lines.append(f"  # ({name}: no other region of {answers.cloud} inside {answers.boundary} is fit for it.)")
            continue
        own: object = () if is_list(field) else example_of(field)  # a register starts empty
        value = stated.get(name) or shown.get(name) or own
        lines += _key(f"{PROJECT}:{name}", value, "" if name in stated else "# ")
    return "\n".join(lines) + "\n"


def _key(key: str, value: object, mark: str) -> list[str]:
    """A key in one line, or with a line for each of its section's keys where that is too long."""
    from stacks.shape import flow

    line = f"  {mark}{key}: {flow(value)}"
    if len(line) <= COMMENT_WIDTH or not isinstance(value, dict):
        return [line]
    section = cast("dict[str, object]", value)
    return [f"  {mark}{key}:", *(f"  {mark}  {name}: {flow(inner)}" for name, inner in section.items())]


def _stated(answers: Answers) -> dict[str, object]:
    stated: dict[str, object] = {
        "environment": answers.environment,
        "owner": {"team": answers.team, "cost_center": answers.cost_center, "contact": answers.contact},
        "residency": {"boundary": answers.boundary},
        "placement": {"cloud": answers.cloud, "region": answers.region, **answers.account},
        "workload": {
            "events_per_second": {"average": answers.average, "peak": answers.peak},
            "event_bytes": answers.event_bytes,
        },
    }
    if answers.cloud == "azure" and geography.missing("azure", answers.region, ("storage-zrs",)):
        stated["storage"] = {"redundancy": "local"}  # the default is refused where there are no zones
    return stated


def _shown(answers: Answers) -> dict[str, dict[str, object]]:
    """Values of commented keys that follow from the placement; an empty one cannot be switched on there."""
    from stacks.brought import example
    from stacks.by_cloud import ARCHITECTURES
    from stacks.models import Budget
    from stacks.shape import example_of

    place = geography.region(answers.cloud, answers.region)
    try:
        partners = geography.partners(answers.cloud, answers.region, answers.boundary)
    except geography.UnknownBoundary:
        partners = ()  # the check of the whole text names it
    budget = {name: example_of(field) for name, field in Budget.model_fields.items()}
    if answers.cloud != "azure":
        del budget["starts"]
    return {
        "budget": budget,
        "processor": {"architecture": ARCHITECTURES[answers.cloud][0], "runtime": "python3.13"},
        "standby": {"region": partners[0].region.name} if partners else {},
        "bring": dict(example(place)),
    }


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
