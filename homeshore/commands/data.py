"""`homeshore data key init|rotate`: writes the pseudonym key's value, which the program declares without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from homeshore.pseudonyms.ring import SecretStore
    from processor.keys import KeyRing


@click.group()
def command() -> None:
    """The data plane: pseudonym keys.

    Example: homeshore data key init dev
    """


@command.group()
def key() -> None:
    """The key that turns personal data into tokens, in the region's own secret store.

    Example: homeshore data key rotate dev
    """


@key.command()
@click.argument("stack")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document (shape below) instead of text.")
def init(stack: str, *, as_json: bool) -> None:
    """Write the first version of a stack's pseudonym key; refused where there is one.

    It goes to the region's own Secrets Manager, Key Vault or Secret Manager, with the credentials that the cloud's own
    tools use, and is never printed.

    Example: homeshore data key init dev

    \b
    JSON: {"version": 1, "secret", "current", "versions"}
    """
    from homeshore.pseudonyms.ring import init_key

    _run(stack, init_key, as_json=as_json)


@key.command()
@click.argument("stack")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document (shape below) instead of text.")
def rotate(stack: str, *, as_json: bool) -> None:
    """Add a new version of a stack's pseudonym key; older ones are kept, so that old tokens still join.

    The processor takes it up within five minutes. Distinct persons of the hours around are counted once per version.

    Example: homeshore data key rotate prod

    \b
    JSON: {"version": 1, "secret", "current", "versions"}
    """
    from homeshore.pseudonyms.ring import rotate_key

    _run(stack, rotate_key, as_json=as_json)


def _run(stack: str, change: Callable[[SecretStore], KeyRing], *, as_json: bool) -> None:
    from components.naming import Names
    from homeshore.pseudonyms.clouds import stack_secret
    from homeshore.stackfile import load_stack

    _, _, loaded = load_stack(stack)
    config = loaded.config
    placement = config.placement
    store = stack_secret(placement, Names(config.environment, config.generation, placement.account, placement.region))
    _show(store.name, change(store), as_json=as_json)


def _show(secret: str, ring: KeyRing, *, as_json: bool) -> None:
    if as_json:
        import json

        document = {"version": 1, "secret": secret, "current": ring.current, "versions": ring.versions}
        click.echo(json.dumps(document))
    else:
        kept = f"; kept: {', '.join(ring.versions[:-1])}" if len(ring.versions) > 1 else ""
        click.echo(f"{secret}: version {ring.current} makes tokens from now on{kept}")
