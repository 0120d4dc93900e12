"""`homeshore schema`: the JSON schema of the stack file."""

from __future__ import annotations

import click


@click.command("schema")
def command() -> None:
    """Print the JSON schema of the stack file, for editors and for checks in other tools.

    The output is one JSON document already, so there is no --json.

    \b
    Example: homeshore schema > stack-file.schema.json
    """
    from stacks.schema import schema_text

    click.echo(schema_text(), nl=False)
