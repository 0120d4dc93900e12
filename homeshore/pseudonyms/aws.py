"""The pseudonym key in AWS Secrets Manager."""

from __future__ import annotations

import uuid
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from components.naming import Names
from components.placement import AwsPlacement
from homeshore.errors import UserError
from homeshore.pseudonyms.ring import Read, overtaken
from processor.keys import KeyRing

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sts import STSClient

ROLE = "pseudonym-key"


def stack_secret(placement: AwsPlacement, names: Names) -> AwsSecret:
    """The secret that the stack declares. Raises UserError when the credentials are of another account."""
    import boto3

    secret = names.path(ROLE)
    with refusals(secret):
        # Only the stubs of some services are installed, so the type of `client` is known in part.
        session = boto3.session.Session(region_name=placement.region)
        sts: STSClient = session.client("sts")  # pyright: ignore[reportUnknownMemberType]
        client: SecretsManagerClient = session.client("secretsmanager")  # pyright: ignore[reportUnknownMemberType]
        _check_account(_account_of(sts), placement.account_id)
    return AwsSecret(client, secret)


def _account_of(sts: STSClient) -> str:
    return sts.get_caller_identity()["Account"]


def _check_account(actual: str, expected: str) -> None:
    if actual != expected:
        raise UserError(
            f"these credentials are of account {actual}, and the stack is placed in {expected}. "
            "Choose the profile of the stack's account; nothing was changed."
        )


class AwsSecret:
    """A SecretStore in Secrets Manager, which refuses a second write under one token."""

    def __init__(self, client: SecretsManagerClient, secret: str) -> None:
        """`secret` is a name or an ARN."""
        self._client = client
        self.name = secret

    def read(self) -> Read:
        """See SecretStore. An emulator may answer without a text instead of refusing."""
        with refusals(self.name):
            self._arn()
            try:
                return Read(self._client.get_secret_value(SecretId=self.name).get("SecretString"))
            except self._client.exceptions.ResourceNotFoundException:
                return Read(None)

    def write(self, ring: KeyRing, read: Read) -> None:
        """See SecretStore."""
        del read  # the condition is the ring's own version
        with refusals(self.name):
            arn = self._arn()
            # The request's token is derived from the version: of two writers of one version the second is refused.
            token = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{arn}#{ring.current}"))
            try:
                self._client.put_secret_value(SecretId=arn, ClientRequestToken=token, SecretString=ring.to_secret())
            except self._client.exceptions.ResourceExistsException:
                raise overtaken(arn, ring) from None

    def _arn(self) -> str:
        try:
            return self._client.describe_secret(SecretId=self.name)["ARN"]
        except self._client.exceptions.ResourceNotFoundException:
            raise UserError(
                f"{self.name}: there is no such secret. The stack declares it: first run `pulumi up` or "
                "`homeshore local up`."
            ) from None


@contextmanager
def refusals(secret: str) -> Generator[None]:
    """What AWS or its SDK refuses inside the block, as UserError."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as fault:
        raise UserError(f"{secret}: AWS refuses: {fault}") from None
