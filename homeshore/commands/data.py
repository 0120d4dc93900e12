"""`homeshore data key init|rotate`: writes the pseudonym key's value, which the program declares without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from homeshore.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sts import STSClient

    from processor.keys import KeyRing

ROLE = "pseudonym-key"


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

    Example: homeshore data key init dev

    \b
    JSON: {"version": 1, "secret", "current", "versions"}
    """
    from homeshore.pseudonym_key import init_key

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
    from homeshore.pseudonym_key import rotate_key

    _run(stack, rotate_key, as_json=as_json)


def _run(stack: str, change: Callable[[SecretsManagerClient, str], KeyRing], *, as_json: bool) -> None:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from components.naming import Names
    from homeshore.stackfile import load_stack

    _, _, loaded = load_stack(stack)
    config = loaded.config
    placement = config.placement
    names = Names(config.environment, config.generation, placement.account_id, placement.region)
    secret = names.path(ROLE)
    try:
        # Only the stubs of some services are installed, so the type of `client` is known in part.
        session = boto3.session.Session(region_name=placement.region)
        sts: STSClient = session.client("sts")  # pyright: ignore[reportUnknownMemberType]
        client: SecretsManagerClient = session.client("secretsmanager")  # pyright: ignore[reportUnknownMemberType]
        _check_account(_account_of(sts), placement.account_id)
        ring = change(client, secret)
    except (BotoCoreError, ClientError) as fault:
        raise UserError(f"{secret}: AWS refuses: {fault}") from None
    _show(secret, ring, as_json=as_json)


def _account_of(sts: STSClient) -> str:
    return sts.get_caller_identity()["Account"]


def _check_account(actual: str, expected: str) -> None:
    if actual != expected:
        raise UserError(
            f"these credentials are of account {actual}, and the stack is placed in {expected}. "
            "Choose the profile of the stack's account; nothing was changed."
        )


def _show(secret: str, ring: KeyRing, *, as_json: bool) -> None:
    if as_json:
        import json

        document = {"version": 1, "secret": secret, "current": ring.current, "versions": ring.versions}
        click.echo(json.dumps(document))
    else:
        kept = f"; kept: {', '.join(ring.versions[:-1])}" if len(ring.versions) > 1 else ""
        click.echo(f"{secret}: version {ring.current} makes tokens from now on{kept}")
