"""The pseudonym key's value in the region's own secret store: written out of band, never by the program."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from homeshore.errors import UserError
from processor.keys import KeyFault, KeyRing

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


def ensure_key(client: SecretsManagerClient, secret: str) -> bool:
    """Give the declared `secret` its first value unless it has one; return whether it was written."""
    if _value(client, secret) is not None:
        return False
    _put(client, _arn(client, secret), KeyRing.create())
    return True


def init_key(client: SecretsManagerClient, secret: str) -> KeyRing:
    """Give the declared `secret` its first value. Raises UserError where it has one, or is not there."""
    arn = _arn(client, secret)
    if _value(client, secret) is None:
        return _put(client, arn, KeyRing.create())
    raise UserError(
        f"{secret}: holds a key already. Overwriting it would orphan every token made so far, so it is refused. "
        "To begin a new version and keep the old one: `homeshore data key rotate`."
    )


def rotate_key(client: SecretsManagerClient, secret: str) -> KeyRing:
    """Add a version to the key in `secret`. Raises UserError where there is none to rotate."""
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
