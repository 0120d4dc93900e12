"""What exists already and is used instead of being made."""

from __future__ import annotations

from typing import NoReturn

from components.base import RegionalComponent
from components.contracts import (
    Bring,
    BroughtNetwork,
    BucketHandle,
    BucketSpec,
    KeyHandle,
    KeySpec,
    NetworkHandle,
    NetworkSpec,
    StreamHandle,
    Unsupported,
)


def brought_key(name: str, brought: str, spec: KeySpec, *, parent: RegionalComponent) -> KeyHandle:  # noqa: ARG001
    """Raises Unsupported."""
    _refuse("key")


def brought_bucket(
    name: str,  # noqa: ARG001
    brought: str,  # noqa: ARG001
    spec: BucketSpec,  # noqa: ARG001
    *,
    key: KeyHandle,  # noqa: ARG001
    parent: RegionalComponent,  # noqa: ARG001
) -> BucketHandle:
    """Raises Unsupported."""
    _refuse("bucket")


def brought_network(
    name: str,  # noqa: ARG001
    brought: BroughtNetwork,  # noqa: ARG001
    spec: NetworkSpec,  # noqa: ARG001
    *,
    key: KeyHandle,  # noqa: ARG001
    lake: BucketHandle,  # noqa: ARG001
    failed: BucketHandle,  # noqa: ARG001
    stream: StreamHandle,  # noqa: ARG001
    parent: RegionalComponent,  # noqa: ARG001
) -> NetworkHandle:
    """Raises Unsupported."""
    _refuse("network")


def _refuse(what: str) -> NoReturn:
    raise Unsupported(f"bring.{what}: Homeshore cannot use a {what} that exists already on Google Cloud yet: remove it")


BRING = Bring(brought_key, brought_bucket, brought_network)
