"""Key, lake and network of a region: made, or brought along where the stack file names one that exists already."""

from __future__ import annotations

from components.base import RegionalComponent
from components.contracts import (
    BroughtNetwork,
    BucketHandle,
    BucketSpec,
    Handle,
    KeyHandle,
    KeySpec,
    NetworkHandle,
    NetworkSpec,
    Stores,
    Toolkit,
)


def key(toolkit: Toolkit, name: str, brought: str | None, spec: KeySpec, *, parent: RegionalComponent) -> KeyHandle:
    """The region's key."""
    if brought is None:
        return toolkit.key(name, spec, parent=parent)
    return toolkit.bring.key(name, brought, spec, parent=parent)


def bucket(
    toolkit: Toolkit,
    name: str,
    brought: str | None,
    spec: BucketSpec,
    *,
    key: KeyHandle,
    logs: Handle,
    parent: RegionalComponent,
) -> BucketHandle:
    """An object store; who touches one that is brought along is written down by its owner."""
    if brought is None:
        return toolkit.bucket(name, spec, key=key, logs=logs, parent=parent)
    return toolkit.bring.bucket(name, brought, spec, key=key, parent=parent)


def network(
    toolkit: Toolkit,
    name: str,
    brought: BroughtNetwork | None,
    spec: NetworkSpec,
    *,
    stores: Stores,
    parent: RegionalComponent,
) -> NetworkHandle | None:
    """The processor's network, from which it reaches `stores`; None where the cloud needs none."""
    if brought is None:
        return toolkit.network(
            name,
            spec,
            key=stores.key,
            lake=stores.lake,
            failed=stores.failed,
            stream=stores.stream,
            parent=parent,
        )
    return toolkit.bring.network(
        name,
        brought,
        spec,
        key=stores.key,
        lake=stores.lake,
        failed=stores.failed,
        stream=stores.stream,
        parent=parent,
    )
