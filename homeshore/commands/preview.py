"""`homeshore preview`: the resources that a stack file becomes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import click

if TYPE_CHECKING:
    from homeshore.engine import Snapshot
    from homeshore.project import Project


@click.command("preview")
@click.argument("stacks", nargs=-1, metavar="[STACK]...")
@click.option("--all", "every", is_flag=True, help="Every stack that has a file, instead of named ones.")
@click.option("--base", "ref", metavar="REF", help="What changes against this branch, tag or commit.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document (shape below) instead of text.")
def command(stacks: tuple[str, ...], every: bool, ref: str | None, as_json: bool) -> None:
    """Show the resources that a stack file becomes: no account, no plugin, no `pulumi` binary.

    The project's own program runs in this process; several stacks run side by side, in workers. What only a cloud can
    compute is shown as known after `pulumi up`, and a secret is never shown.

    \b
    Example: homeshore preview dev
             homeshore preview --all --json
             homeshore preview --all --base origin/main

    With --base REF: what the working tree adds, changes, replaces and deletes. REF's own program runs from a checkout
    of its own that is removed again, with none of your credentials in its environment. It exits 0 whatever changes.

    \b
    JSON of one STACK: {"version": 1, "project", "stack", "outputs",
      "resources": [{"urn", "type", "name", "custom", "parent", "provider", "inputs",
        "dependencies", "property_dependencies", "protect", "retain_on_delete",
        "delete_before_replace", "ignore_changes", "replace_on_changes", "aliases",
        "additional_secret_outputs", "custom_timeouts", "deleted_with", "import_id",
        "external", "source_position"}]}
    JSON of several, and of --all: {"version": 1, "stacks": [...]}
    An unknown is Pulumi's own marker; a secret has Pulumi's signature and the value "[secret]".
    source_position is the line of the program that made it: "components/aws/bucket.py:57".

    \b
    JSON with --base: {"version": 1, "base": {"ref", "commit"},
      "stacks": [{"stack", "state", "looks_like",
      "added": [{"urn", "type", "name", "looks_like"}],
      "changed": [{"urn", "type", "name", "was", "may_replace", "path", "before", "after",
        "effect", "source", "follows"}],
      "replaced": [{"urn", "type", "name", "was", "protect", "retain_on_delete",
        "delete_before_replace", "changes": [...]}],
      "deleted": [{"urn", "type", "name", "protect", "retain_on_delete"}], "summary"}]}
    """
    from homeshore.engine.model import FORMAT_VERSION, Snapshot
    from homeshore.engine.text import render
    from homeshore.project import find_project

    if every and stacks:
        raise click.UsageError("Name stacks or give --all, not both.")
    project = find_project()
    if ref is not None and (every or stacks):
        _compare(project, ref, None if every else list(dict.fromkeys(stacks)), as_json)
        return
    names = project.stacks() if every else list(dict.fromkeys(stacks))
    if not names:
        known = ", ".join(project.stacks()) or "none yet"
        raise click.UsageError(f"Name a stack, or give --all. Stack files here: {known}.")
    shown = _run(project, names, Snapshot.to_json if as_json else lambda snapshot: render(snapshot, click.style))
    if not as_json:
        click.echo("\n\n".join(cast("list[str]", shown)))
    elif len(shown) == 1 and not every:
        click.echo(_document(shown[0]))
    else:
        click.echo(_document({"version": FORMAT_VERSION, "stacks": shown}))


def _run(project: Project, names: list[str], make: Callable[[Snapshot], object]) -> list[object]:
    """Run the program for each stack. Raises UserError with all failures at once."""
    from homeshore.engine.many import every_result, run_programs

    for name in names:
        project.stack_file(name)
    return every_result(run_programs(project, names, make))


def _compare(project: Project, ref: str, chosen: list[str] | None, as_json: bool) -> None:
    from homeshore.base.compare import both_sides
    from homeshore.base.text import render
    from homeshore.engine.model import FORMAT_VERSION

    sides = both_sides(project, ref, chosen)
    if as_json:
        base = {"ref": sides.base.ref, "commit": sides.base.commit}
        stacks = [diff.to_json() for diff in sides.diffs()]
        click.echo(_document({"version": FORMAT_VERSION, "base": base, "stacks": stacks}))
    else:
        click.echo(render(sides.diffs(), str(sides.base), click.style))


def _document(shape: object) -> str:
    return json.dumps(shape, indent=2, ensure_ascii=False)
