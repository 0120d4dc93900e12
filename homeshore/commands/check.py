"""`homeshore check`: what is wrong with a stack before it is deployed."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import click

from homeshore.errors import Verdict

if TYPE_CHECKING:
    from findings import Report
    from homeshore.project import Project
    from policies.configuration import Configuration


@click.command("check")
@click.argument("stacks", nargs=-1, metavar="[STACK]...")
@click.option("--all", "every", is_flag=True, help="Every stack that has a file, instead of named ones.")
@click.option(
    "--input", "files", multiple=True, metavar="FILE...", help="Files instead of stacks; - is standard input."
)
@click.option(
    "--boundary", metavar="AREA", help="What no data may leave: eu, de, eu+uk … Needed for files that do not say it."
)
@click.option(
    "--policy-config",
    "config",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="The policy pack's config: levels per rule, parameters (YAML or JSON; docs/policies.md).",
)
@click.option("--strict", is_flag=True, help="Let warnings fail the check too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document (shape below): --format json.")
@click.option("--format", "form", type=click.Choice(["text", "json", "github"]), help="How to print.  [default: text]")
def command(
    stacks: tuple[str, ...],
    *,
    every: bool,
    files: tuple[str, ...],
    boundary: str | None,
    config: str | None,
    strict: bool,
    as_json: bool,
    form: str | None,
) -> None:
    """Judge what a stack file becomes: what would a provider refuse? No account, no plugin, no `pulumi` binary.

    Unknown keys, missing keys, wrong types, values that the cloud's API does not take: at any depth, each with what is
    allowed and who says so. A secret's value is never shown. A type that cannot be judged is listed.

    --input takes what `homeshore preview --json`, `pulumi preview --json` and `pulumi stack export` print,
    of any stack.

    \b
    Example: homeshore check dev
             homeshore check --all --format github
             pulumi preview --json | homeshore check --input -

    Exits 1 where there is an error (with --strict also a warning), or where nothing could be judged.

    \b
    JSON of one STACK or FILE: {"version": 1, "stack",
      "findings": [{"rule", "category", "severity", "enforcement", "stack", "urn", "path",
        "message", "remedy", "found", "allowed", "source", "frameworks", "file"}],
      "exempted": [...], "not_judged": [{"category", "stack", "urn", "type", "reason", "file"}],
      "summary": {"resources", "judged", "mandatory", "advisory", "exempted", "not_judged",
        "categories"}}
    JSON of several, and of --all: {"version": 1, "stacks": [...]}
    """
    from homeshore.check.policy import told_by

    if as_json and form not in (None, "json"):
        raise click.UsageError("Give --json or --format, not both.")
    if every and (stacks or files):
        raise click.UsageError("Name stacks or files or give --all, not several of them.")
    # The shell puts the files of `--input *.json` after the first one among the arguments.
    told = told_by(config, boundary)
    reports = _of_files([*files, *stacks], told) if files else _of_stacks(stacks, every, told)
    _print(reports, "json" if as_json else form or "text", several=every or len(reports) != 1)
    _judge(reports, strict)


def _of_files(files: list[str], told: Configuration) -> list[Report]:
    from homeshore.check import judges, report
    from homeshore.foreign import read

    found = [(file, snapshot) for file in dict.fromkeys(files) for snapshot in read(file)]
    return [report(snapshot, file, judges(told)) for file, snapshot in found]


def _of_stacks(stacks: tuple[str, ...], every: bool, told: Configuration) -> list[Report]:
    from homeshore.check import judges, report
    from homeshore.engine.many import every_result, run_programs
    from homeshore.project import find_project

    project = find_project()
    by = judges(told)  # once, before the workers are forked
    return every_result(run_programs(project, _names(project, stacks, every), partial(report, by=by)))


def _names(project: Project, stacks: tuple[str, ...], every: bool) -> list[str]:
    names = project.stacks() if every else list(dict.fromkeys(stacks))
    if not names:
        known = ", ".join(project.stacks()) or "none yet"
        raise click.UsageError(f"Name a stack, or give --all or --input. Stack files here: {known}.")
    for name in names:
        project.stack_file(name)
    return names


def _print(reports: list[Report], form: str, *, several: bool) -> None:
    from findings.model import FORMAT_VERSION
    from homeshore.check.text import render, workflow_commands

    if form == "json":
        shapes = [report.to_json() for report in reports]
        shape = {"version": FORMAT_VERSION, "stacks": shapes} if several else shapes[0]
        click.echo(json.dumps(shape, indent=2, ensure_ascii=False))
    elif form == "github":
        for report in reports:
            for line in workflow_commands(report, None if report.file else f"Pulumi.{report.stack}.yaml"):
                click.echo(line)
    else:
        click.echo("\n\n".join(render(report, click.style) for report in reports))


def _judge(reports: list[Report], strict: bool) -> None:
    """Raise the verdict, in one sentence on standard error."""
    empty = [report.file or report.stack for report in reports if report.empty]
    if empty or not reports:
        raise Verdict(f"Nothing was judged in {', '.join(empty) or 'the input'}: this is no verdict that all is well.")
    failing = [report.file or report.stack for report in reports if report.failing(strict=strict)]
    if failing:
        raise Verdict(f"The check fails for {', '.join(failing)}.")
