"""Secret Manager behind the real client library: its documented answers, from a gRPC server on 127.0.0.1.

Listings may lag (documentation, "Secret Manager data consistency"): only access by number is up to date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.cloud import secretmanager_v1 as api
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
)

SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"
PAGE = 2
State = api.SecretVersion.State


class Manager:
    """The declared secrets and their versions, in the order of writing."""

    def __init__(self, secret: str) -> None:
        self.secrets: dict[str, list[tuple[bytes, State]]] = {secret: []}
        self.secret = secret
        self.lag = 0  # versions that a listing does not show yet
        self.refusal: grpc.StatusCode | None = None
        self.before_add: Callable[[], object] = lambda: None

    @property
    def texts(self) -> list[str]:
        return [data.decode() for data, _ in self.secrets[self.secret]]

    @property
    def states(self) -> list[State]:
        return [state for _, state in self.secrets[self.secret]]

    def versions(self, secret: str, context: grpc.ServicerContext) -> list[tuple[bytes, State]]:
        if self.refusal is not None:
            context.abort(self.refusal, "refused")
        if secret not in self.secrets:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Secret [{secret}] not found")
        return self.secrets[secret]

    def add(self, request: api.AddSecretVersionRequest, context: grpc.ServicerContext) -> api.SecretVersion:
        hook, self.before_add = self.before_add, lambda: None
        hook()
        there = self.versions(request.parent, context)
        there.append((request.payload.data, State.ENABLED))
        return api.SecretVersion(name=f"{request.parent}/versions/{len(there)}", state=State.ENABLED)

    def access(
        self, request: api.AccessSecretVersionRequest, context: grpc.ServicerContext
    ) -> api.AccessSecretVersionResponse:
        there, number = self.one(request.name, context)
        data, state = there[number - 1]
        if state != State.ENABLED:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"[{request.name}] is in {state.name} state.")
        return api.AccessSecretVersionResponse(name=request.name, payload=api.SecretPayload(data=data))

    def listed(
        self, request: api.ListSecretVersionsRequest, context: grpc.ServicerContext
    ) -> api.ListSecretVersionsResponse:
        there = self.versions(request.parent, context)
        shown = there[: len(there) - self.lag]
        newest_first = [
            api.SecretVersion(name=f"{request.parent}/versions/{number}", state=state)
            for number, (_, state) in reversed(list(enumerate(shown, 1)))
        ]
        start = int(request.page_token or 0)
        more = str(start + PAGE) if start + PAGE < len(newest_first) else ""
        return api.ListSecretVersionsResponse(versions=newest_first[start : start + PAGE], next_page_token=more)

    def disable(self, request: api.DisableSecretVersionRequest, context: grpc.ServicerContext) -> api.SecretVersion:
        there, number = self.one(request.name, context)
        there[number - 1] = (there[number - 1][0], State.DISABLED)
        return api.SecretVersion(name=request.name, state=State.DISABLED)

    def one(self, version: str, context: grpc.ServicerContext) -> tuple[list[tuple[bytes, State]], int]:
        secret, _, number = version.rpartition("/versions/")
        there = self.versions(secret, context)
        if not 1 <= int(number) <= len(there):
            context.abort(grpc.StatusCode.NOT_FOUND, f"Secret Version [{version}] not found")
        return there, int(number)

    @contextmanager
    def serving(self) -> Iterator[api.SecretManagerServiceClient]:
        """A client of this manager."""
        methods: dict[str, tuple[Any, Any, Any]] = {
            "AddSecretVersion": (self.add, api.AddSecretVersionRequest, api.SecretVersion),
            "AccessSecretVersion": (self.access, api.AccessSecretVersionRequest, api.AccessSecretVersionResponse),
            "ListSecretVersions": (self.listed, api.ListSecretVersionsRequest, api.ListSecretVersionsResponse),
            "DisableSecretVersion": (self.disable, api.DisableSecretVersionRequest, api.SecretVersion),
        }
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(work, asked.deserialize, answered.serialize)
            for name, (work, asked, answered) in methods.items()
        }
        server = grpc.server(ThreadPoolExecutor(4))
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers)])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            with grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.enable_http_proxy", 0)]) as channel:
                transport = SecretManagerServiceGrpcTransport(channel=channel)
                yield api.SecretManagerServiceClient(transport=transport)
        finally:
            server.stop(None).wait()
