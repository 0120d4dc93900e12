"""`homeshore config`: the whole effective configuration of a stack and where each value came from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import click

if TYPE_CHECKING:
    from stacks.document import Key, KeyPath
    from stacks.provenance import Origin


@click.command("config")
@click.argument("stack")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document (shape below) instead of text.")
def command(stack: str, as_json: bool) -> None:
    """Show every value of STACK that is in effect, and where it came from: a line of the file, a default, derived.

    A file with a fault is refused with exit code 2 and one message that lists every fault, so this is also the
    quickest check of a stack file.

    \b
    Example: homeshore config dev

    \b
    JSON: {"version": 1, "stack", "file", "config": {the nested values},
      "values": [{"path", "value", "origin": "file" | "project" | "default" | "derived",
        "line", "derived_from"}]}
    """
    from homeshore.stackfile import load_any_stack
    from stacks.provenance import leaves
    from stacks.shape import flow

    project, path, loaded = load_any_stack(stack)
    plain = loaded.config.model_dump(mode="json")
    values = [(".".join(map(str, keys)), _at(plain, keys)) for keys, _ in leaves(loaded.config)]
    if as_json:
        rows = [_row(name, value, loaded.origins[name]) for name, value in values]
        shape = {"version": 1, "stack": stack, "file": path.name, "config": plain, "values": rows}
        click.echo(json.dumps(shape, indent=2, ensure_ascii=False))
        return
    click.echo(f"{path.relative_to(project.root)}: every value in effect, below {project.name}:\n")
    texts = [(name, "none" if value is None else flow(value), _from(loaded.origins[name])) for name, value in values]
    widths = [max(len(row[column]) for row in texts) for column in (0, 1)]
    for name, text, origin in texts:
        click.echo(f"{name:<{widths[0]}}  {text:<{widths[1]}}  {origin}")


def _at(values: dict[str, object], keys: KeyPath) -> object:
    here: object = values
    for key in keys:
        here = cast("dict[Key, object]", here)[key]
    return here


def _row(name: str, value: object, origin: Origin) -> dict[str, object]:
    return {
        "path": name,
        "value": value,
        "origin": origin.source,
        "line": origin.line,
        "derived_from": origin.derived_from,
    }


def _from(origin: Origin) -> str:
    if origin.source == "file":
        return f"line {origin.line}"
    if origin.source == "derived":
        return f"from {origin.derived_from}"
    return "Pulumi.yaml" if origin.source == "project" else "default"
