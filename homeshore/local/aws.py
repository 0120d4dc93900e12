"""Clients of one account and region at one endpoint, and the one seam through which resources are read and written."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol, cast

from homeshore.local.fields import Fields

# One build of a client at a time: boto3's default session is not made for threads, its clients are.
_building = threading.Lock()


class ClientLike(Protocol):
    """What is needed of a boto3 client: its operations by their Python name."""

    def __getattr__(self, name: str) -> Callable[..., object]:
        """An operation."""
        ...


class _SessionLike(Protocol):
    def client(self, service_name: str, **settings: object) -> ClientLike: ...


class Aws:
    """One account and region of an emulator.

    The emulators take an access key id of 12 digits as the account, so every ARN carries the account of the stack.
    """

    def __init__(self, endpoint: str, region: str, account_id: str) -> None:
        self.endpoint, self.region, self.account_id = endpoint, region, account_id
        self._clients: dict[str, ClientLike] = {}

    def client(self, service: str) -> ClientLike:
        """The boto3 client of `service`, made once."""
        with _building:
            if service not in self._clients:
                self._clients[service] = _client(self, service)
            return self._clients[service]

    def call(self, service: str, operation: str, **parameters: object) -> Fields:
        """The answer of one API operation (boto3's Python names); raises botocore's ClientError."""
        answer = getattr(self.client(service), operation)(**parameters)
        return Fields(cast("Mapping[str, object]", answer or {}))

    def find(self, service: str, operation: str, *absent: str, **parameters: object) -> Fields | None:
        """The answer, or None when the API refuses with one of the error codes in `absent`."""
        from botocore.exceptions import ClientError

        try:
            return self.call(service, operation, **parameters)
        except ClientError as refused:
            error = Fields(cast("Mapping[str, object]", refused.response)).block("Error")
            if error.text_or("Code") in absent:
                return None
            raise

    def each(self, service: str, operation: str, key: str, **parameters: object) -> Iterator[Fields]:
        """The items under `key` of every page of a listing."""
        client = self.client(service)
        if not client.can_paginate(operation):
            yield from self.call(service, operation, **parameters).blocks(key)
            return
        paginator = cast("ClientLike", client.get_paginator(operation))
        for page in cast("Iterator[Mapping[str, object]]", paginator.paginate(**parameters)):
            yield from Fields(page).blocks(key)

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a regional resource of this account."""
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"


def _client(aws: Aws, service: str) -> ClientLike:
    import boto3
    from botocore.config import Config
    from localstack_client.config import get_service_endpoints
    from localstack_client.session import Session

    settings = Config(
        connect_timeout=5,
        read_timeout=60,
        max_pool_connections=32,
        retries={"max_attempts": 3, "mode": "standard"},
        s3={"addressing_style": "path"},
    )
    with _endpoint_in_environment(aws.endpoint):
        if service in get_service_endpoints():
            session = cast("_SessionLike", Session(aws.account_id, "local", region_name=aws.region))
            return session.client(service, config=settings)
        # A service that localstack-client does not list, asked for in the same way.
        plain = cast("_SessionLike", boto3.Session(aws.account_id, "local", region_name=aws.region))
        return plain.client(service, endpoint_url=aws.endpoint, config=settings)


@contextmanager
def _endpoint_in_environment(endpoint: str) -> Generator[None]:
    """localstack-client prefers AWS_ENDPOINT_URL to what it is given, and botocore stumbles over an empty one."""
    before = os.environ.get("AWS_ENDPOINT_URL")
    os.environ["AWS_ENDPOINT_URL"] = endpoint
    try:
        yield
    finally:
        if before is None:
            del os.environ["AWS_ENDPOINT_URL"]
        else:
            os.environ["AWS_ENDPOINT_URL"] = before
