"""`homeshore data key init|rotate`: writes the pseudonym key's value, which the program declares without one."""

from __future__ import annotations

import uuid
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
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def init(stack: str, *, as_json: bool) -> None:
    """Write the first version of a stack's pseudonym key; refused where there is one.

    Example: homeshore data key init dev
    """
    _run(stack, init_key, as_json=as_json)


@key.command()
@click.argument("stack")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def rotate(stack: str, *, as_json: bool) -> None:
    """Add a new version of a stack's pseudonym key; older ones are kept, so that old tokens still join.

    The processor takes it up within five minutes. Distinct persons of the hours around are counted once per version.

    Example: homeshore data key rotate prod
    """
    _run(stack, rotate_key, as_json=as_json)


def init_key(client: SecretsManagerClient, secret: str) -> KeyRing:
    """Give the declared `secret` its first value. Raises UserError where it has one, or is not there."""
    from processor.keys import KeyRing

    arn = _arn(client, secret)
    if _value(client, secret) is None:
        return _put(client, arn, KeyRing.create())
    raise UserError(
        f"{secret}: holds a key already. Overwriting it would orphan every token made so far, so it is refused. "
        "To begin a new version and keep the old one: `homeshore data key rotate`."
    )


def rotate_key(client: SecretsManagerClient, secret: str) -> KeyRing:
    """Add a version to the key in `secret`. Raises UserError where there is none to rotate."""
    from processor.keys import KeyFault, KeyRing

    arn = _arn(client, secret)
    text = _value(client, secret)
    if text is None:
        raise UserError(f"{secret}: has no key yet. Write the first one with `homeshore data key init`.")
    try:
        ring = KeyRing.from_secret(text)
    except KeyFault as fault:
        raise UserError(f"{secret}: {fault}. Restore an earlier version of the secret; nothing was changed.") from None
    return _put(client, arn, ring.rotated())


def _value(client: SecretsManagerClient, secret: str) -> str | None:
    """The secret's text, None where it has no value yet; an emulator may answer without a text instead of refusing."""
    try:
        return client.get_secret_value(SecretId=secret).get("SecretString")
    except client.exceptions.ResourceNotFoundException:
        return None


def _put(client: SecretsManagerClient, arn: str, ring: KeyRing) -> KeyRing:
    # The request's token is derived from the version: of two writers of one version the second is refused.
    token = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{arn}#{ring.current}"))
    try:
        client.put_secret_value(SecretId=arn, ClientRequestToken=token, SecretString=ring.to_secret())
    except client.exceptions.ResourceExistsException:
        raise UserError(f"{arn}: someone else wrote version {ring.current} meanwhile; nothing was changed.") from None
    return ring


def _arn(client: SecretsManagerClient, secret: str) -> str:
    try:
        return client.describe_secret(SecretId=secret)["ARN"]
    except client.exceptions.ResourceNotFoundException:
        raise UserError(
            f"{secret}: there is no such secret. The stack declares it: first run `pulumi up` or `homeshore local up`."
        ) from None


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
