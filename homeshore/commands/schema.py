"""`homeshore schema`: the JSON schema of the stack file."""

from __future__ import annotations

import json

import click


@click.command("schema")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document (shape below) instead of the schema.")
def command(as_json: bool) -> None:
    """Print the JSON schema of the stack file, for editors and for checks in other tools.

    \b
    Example: homeshore schema > stack-file.schema.json

    \b
    JSON: {"version": 1, "schema": {the same schema}}
    """
    from stacks.schema import schema, schema_text

    if as_json:
        click.echo(json.dumps({"version": 1, "schema": schema()}, indent=2, ensure_ascii=False))
        return
    click.echo(schema_text(), nl=False)
