"""`homeshore data key init|rotate`: writes the pseudonym key's value, which the program declares without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
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
    tools use, and is never printed. A standby gets the same one; one that was added later gets it by another run.

    Example: homeshore data key init dev

    \b
    JSON: {"version": 1, "secret", "standby_secret", "current", "versions"}
    """
    from homeshore.pseudonyms.regions import init_both
    from homeshore.pseudonyms.ring import init_key

    _run(stack, init_key, init_both, as_json=as_json)


@key.command()
@click.argument("stack")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document (shape below) instead of text.")
def rotate(stack: str, *, as_json: bool) -> None:
    """Add a new version of a stack's pseudonym key; older ones are kept, so that old tokens still join.

    The processor takes it up within five minutes, and a standby gets the same version. Distinct persons of the hours
    around are counted once per version.

    Example: homeshore data key rotate prod

    \b
    JSON: {"version": 1, "secret", "standby_secret", "current", "versions"}
    """
    from homeshore.pseudonyms.regions import rotate_both
    from homeshore.pseudonyms.ring import rotate_key

    _run(stack, rotate_key, rotate_both, as_json=as_json)


def _run(
    stack: str,
    alone: Callable[[SecretStore], KeyRing],
    both: Callable[[SecretStore, SecretStore], KeyRing],
    *,
    as_json: bool,
) -> None:
    from components.naming import Names
    from homeshore.pseudonyms.clouds import stack_secret
    from homeshore.stackfile import load_stack

    _, _, loaded = load_stack(stack)
    config = loaded.config
    placement = config.placement
    names = Names(config.environment, config.generation, placement.account, placement.region)
    store = stack_secret(placement, names)
    if config.standby is None:
        _show(store.name, None, alone(store), as_json=as_json)
        return
    region = config.standby.region
    standby = stack_secret(placement.model_copy(update={"region": region}), replace(names, region=region))
    _show(store.name, standby.name, both(store, standby), as_json=as_json)


def _show(secret: str, standby: str | None, ring: KeyRing, *, as_json: bool) -> None:
    if as_json:
        import json

        document = {
            "version": 1,
            "secret": secret,
            "standby_secret": standby,
            "current": ring.current,
            "versions": ring.versions,
        }
        click.echo(json.dumps(document))
    else:
        kept = f"; kept: {', '.join(ring.versions[:-1])}" if len(ring.versions) > 1 else ""
        for name in (secret, *([standby] if standby else [])):
            click.echo(f"{name}: version {ring.current} makes tokens from now on{kept}")
