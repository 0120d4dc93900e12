"""`homeshore local`: the embedded cloud with a stack applied."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from homeshore.local.cloud import Status
    from homeshore.local.report import Entry, Report

STACK = click.argument("stack", default="dev", metavar="[STACK]")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document (shape below) instead of text.")


@click.group("local")
def command() -> None:
    """The embedded cloud with a stack applied: real Lambda code, streams, objects and SQL on this machine.

    What the program registers is what is applied: there is no second description of the infrastructure.

    \b
    Example: homeshore local up dev
             homeshore local status dev
             homeshore local down dev
    """


@command.command("up")
@STACK
@AS_JSON
@click.option("--emulator", default="auto", show_default=True, help="ministack (embedded), localstack, or auto.")
@click.option("--endpoint", metavar="URL", help="Use the emulator that runs at this URL; it may be on another machine.")
def up_command(stack: str, as_json: bool, emulator: str, endpoint: str | None) -> None:
    """Bring STACK (default: dev) up and leave it running; a second `up` changes nothing, or repairs what changed.

    Without options an emulator named by AWS_ENDPOINT_URL or LOCALSTACK_HOST is used when it is on this machine, else
    one is started on a free port of 127.0.0.1. What is there is judged by what the emulator reads back.

    \b
    Example: homeshore local up dev --json

    \b
    JSON: {"version": 1, "stack", "emulator", "endpoint", "region", "account_id", "pid",
      "outputs", "environment", "limits": [{"what", "reason"}],
      "resources": {"created", "updated", "repaired", "unchanged", "removed",
        "not_applied", "not_read_back", "adapted": [{"urn", "type", "name", "inputs", "reason"}]}}
    `environment` is what a foreign AWS client needs to reach it.
    """
    from homeshore.local import cloud
    from homeshore.local.emulators import choose
    from homeshore.project import find_project
    from homeshore.signals import terminated_as_interrupted

    project = find_project()
    project.stack_file(stack)
    with terminated_as_interrupted():
        report = cloud.up(project, stack, choice=choose(emulator, endpoint), progress=_progress)
    click.echo(json.dumps(report.to_json(), indent=1) if as_json else _up_text(report))


@command.command("status")
@STACK
@AS_JSON
def status_command(stack: str, as_json: bool) -> None:
    """Show what of STACK (default: dev) is there, read from the emulator.

    \b
    Example: homeshore local status dev

    \b
    JSON: {"version": 1, "stack", "running", "emulator", "endpoint", "pid", "outputs", "environment",
      "resources": [{"urn", "type", "name", "id"}]}
    `id` is null for a resource that is gone; `running` is false when no emulator answers.
    """
    from homeshore.local import cloud
    from homeshore.project import find_project

    project = find_project()
    project.stack_file(stack)
    found = cloud.status(project, stack)
    click.echo(json.dumps(found.to_json(), indent=1) if as_json else _status_text(found))


@command.command("down")
@STACK
@AS_JSON
def down_command(stack: str, as_json: bool) -> None:
    """Take STACK (default: dev) down, data included: processes, port and files. Safe to repeat.

    On an emulator that was not started here the stack's resources are deleted and it is left running.

    \b
    Example: homeshore local down dev

    \b
    JSON: {"version": 1, "stack", "was_there"}
    """
    from homeshore.local import cloud
    from homeshore.local.report import FORMAT_VERSION
    from homeshore.project import find_project

    project = find_project()
    was_there = cloud.down(project, stack, progress=_progress)
    if as_json:
        click.echo(json.dumps({"version": FORMAT_VERSION, "stack": stack, "was_there": was_there}))
    else:
        click.echo(f"{stack} is down" if was_there else f"{stack}: nothing was up")


def _progress(message: str) -> None:
    click.echo(message, err=True)


def _up_text(report: Report) -> str:
    changes = report.changes
    counts = {name: len(changes.sorted(name)) for name in ("created", "updated", "repaired", "unchanged", "removed")}
    said = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "none"
    lines = [
        f"{report.stack} is up on {report.emulator} at {report.endpoint}",
        f"  account {report.account_id}, region {report.region}",
        f"  resources: {said}",
        *(_entry_line(name, entry) for name in ("updated", "repaired", "removed") for entry in changes.sorted(name)),
        *_noted("not applied", changes.sorted("not_applied")),
        *_noted("applied in another form", changes.sorted("adapted")),
        *_noted("written, but not read back by this emulator", changes.sorted("not_read_back")),
        "  outputs",
        *(f"    {name:18} {value}" for name, value in sorted(report.outputs.items())),
        "  what this emulator accepts and does not do",
        *(f"    {what}: {reason}" for what, reason in report.limits),
        "  for other AWS clients",
        *(f"    export {name}={value}" for name, value in report.environment.items()),
        f"  take it down: homeshore local down {report.stack}",
    ]
    return "\n".join(lines)


def _noted(title: str, entries: list[Entry]) -> list[str]:
    if not entries:
        return []
    details = [f"    {entry.type} {entry.name}{_inputs(entry)}: {entry.reason}" for entry in entries]
    return [f"  {title}", *details]


def _entry_line(name: str, entry: Entry) -> str:
    return f"    {name:9} {entry.type} {entry.name}{_inputs(entry)}"


def _inputs(entry: Entry) -> str:
    return f" ({', '.join(entry.inputs)})" if entry.inputs else ""


def _status_text(found: Status) -> str:
    if found.emulator is None:
        return f"{found.stack}: no emulator runs here; `homeshore local up {found.stack}` starts one"
    gone = [item for item in found.resources if item.id is None]
    pid = f", pid {found.emulator.pid}" if found.emulator.pid else ""
    lines = [
        f"{found.stack} on {found.emulator.row.id} at {found.emulator.endpoint}{pid}",
        f"  resources: {len(found.resources) - len(gone)} there, {len(gone)} gone",
        *(f"    gone  {item.wanted.type} {item.wanted.name}" for item in gone),
        "  outputs",
        *(f"    {name:18} {value}" for name, value in sorted(found.outputs.items())),
        "  for other AWS clients",
        *(f"    export {name}={value}" for name, value in found.environment.items()),
    ]
    if not found.resources:
        lines = [lines[0], f"  nothing of {found.stack} is applied; `homeshore local up {found.stack}` does that"]
    return "\n".join(lines)
