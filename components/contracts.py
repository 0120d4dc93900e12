"""The seam between blueprint and clouds: what comes back (handles) for what is asked for (specs), and who builds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pulumi

from components.base import RegionalComponent, Scope
from components.specs import (
    BaselineSpec,
    BroughtNetwork,
    BucketSpec,
    JobSpec,
    KeySpec,
    LogsSpec,
    NetworkSpec,
    ObservabilitySpec,
    ProcessorSpec,
    Redundancy,
    SinkSpec,
    StreamSpec,
)
from events.contract import Contract
from processor.archive import Package

__all__ = [
    "BaselineHandle",
    "BaselineSpec",
    "Bring",
    "BringBucket",
    "BringKey",
    "BringNetwork",
    "BroughtNetwork",
    "BucketHandle",
    "BucketSpec",
    "Handle",
    "Intake",
    "JobSpec",
    "KeepRecords",
    "KeyHandle",
    "KeySpec",
    "LogsSpec",
    "MakeBaseline",
    "MakeBucket",
    "MakeKey",
    "MakeLogs",
    "MakeNetwork",
    "MakeObservability",
    "MakePackages",
    "MakePair",
    "MakeProcessor",
    "MakeProvider",
    "MakeSink",
    "MakeStream",
    "NetworkHandle",
    "NetworkSpec",
    "ObservabilityHandle",
    "ObservabilitySpec",
    "Packages",
    "PairHandle",
    "Parts",
    "ProcessorHandle",
    "ProcessorSpec",
    "Redundancy",
    "SinkHandle",
    "SinkSpec",
    "Stores",
    "StreamHandle",
    "StreamSpec",
    "Toolkit",
    "Unsupported",
]


class Unsupported(ValueError):  # noqa: N818 - named for what is wrong
    """The placement cannot carry what is asked for; the message says what to change. Never ignored in silence."""


@dataclass(frozen=True)
class Packages:
    """The code that the stack ships: the processor's, and the sink's where it needs a job of ours."""

    processor: Package
    sink: Package | None = None


class Handle(Protocol):
    """What others may know of a component: `physical_name` is known before anything exists, the rest afterwards."""

    @property
    def physical_name(self) -> str:
        """The name in the cloud, decided by config."""
        ...

    @property
    def name(self) -> pulumi.Output[str]:
        """The name in the cloud, known once the resource exists."""
        ...

    @property
    def resource_id(self) -> pulumi.Output[str]:
        """The cloud's full identifier (ARN, resource id)."""
        ...

    @property
    def uri(self) -> pulumi.Output[str]:
        """Where a client finds it."""
        ...


class KeyHandle(Handle, Protocol):
    """The region's own encryption key.

    `principal` is, here and in the other grants, the cloud's own name of who is let in: the name of an AWS role, the
    object id of an Azure principal, a member as Google Cloud writes it (serviceAccount:…). `name` names the grant's
    resources.
    """

    def grant_use(self, name: str, principal: pulumi.Input[str]) -> Sequence[pulumi.Resource]:
        """Let `principal` encrypt and decrypt with the key."""
        ...


class BucketHandle(Handle, Protocol):
    """An object store."""

    def grant_read(self, name: str, principal: pulumi.Input[str]) -> Sequence[pulumi.Resource]:
        """Let `principal` list and read the objects."""
        ...

    def grant_write(self, name: str, principal: pulumi.Input[str]) -> Sequence[pulumi.Resource]:
        """Let `principal` add objects; it can neither read nor delete them unless that is granted too."""
        ...


class StreamHandle(Handle, Protocol):
    """A stream, and what a processor reads from: the stream itself, or a read path of its own."""

    @property
    def reader_id(self) -> pulumi.Output[str]:
        """Identifier of what the processor reads from."""
        ...

    def grant_produce(self, name: str, principal: pulumi.Input[str]) -> Sequence[pulumi.Resource]:
        """Let `principal` send events."""
        ...


class NetworkHandle(Handle, Protocol):
    """A private network: where the processor's interfaces are put, and what guards them."""

    @property
    def subnet_ids(self) -> list[pulumi.Output[str]]:
        """One per zone."""
        ...

    @property
    def guard_ids(self) -> list[pulumi.Output[str]]:
        """What limits the processor's connections (security groups)."""
        ...


class ProcessorHandle(Handle, Protocol):
    """The running processor and the secret that it needs."""

    @property
    def secret_id(self) -> pulumi.Output[str]:
        """The pseudonym key's secret, declared without a value."""
        ...

    @property
    def feed_id(self) -> pulumi.Output[str]:
        """What feeds the stream to the processor."""
        ...


class SinkHandle(Handle, Protocol):
    """The queryable lake: `name` is the database."""

    @property
    def workgroup(self) -> pulumi.Output[str]:
        """What runs the queries and enforces key and scan limit."""
        ...

    def grant_read(self, name: str, principal: pulumi.Input[str]) -> Sequence[pulumi.Resource]:
        """Let `principal` query the tables; not the raw failed batches, not the pseudonym key."""
        ...


class ObservabilityHandle(Handle, Protocol):
    """`uri` is the dashboard's address; `resource_id` is the topic that alarms are sent to."""


class MakePackages(Protocol):  # noqa: D101
    def __call__(self, contract: Contract, *, architecture: str, runtime: str, root: Path) -> Packages: ...  # noqa: D102


class MakeProvider(Protocol):  # noqa: D101
    def __call__(self, name: str, scope: Scope) -> pulumi.ProviderResource: ...  # noqa: D102


class MakeKey(Protocol):  # noqa: D101
    def __call__(self, name: str, spec: KeySpec, *, parent: RegionalComponent) -> KeyHandle: ...  # noqa: D102


class MakeLogs(Protocol):  # noqa: D101
    def __call__(self, name: str, spec: LogsSpec, *, key: KeyHandle, parent: RegionalComponent) -> Handle: ...  # noqa: D102


class MakeBucket(Protocol):  # noqa: D101
    def __call__(  # noqa: D102
        self, name: str, spec: BucketSpec, *, key: KeyHandle, logs: Handle, parent: RegionalComponent
    ) -> BucketHandle: ...


class MakeStream(Protocol):  # noqa: D101
    def __call__(  # noqa: D102
        self, name: str, spec: StreamSpec, *, key: KeyHandle, parent: RegionalComponent
    ) -> StreamHandle: ...


class MakeNetwork(Protocol):  # noqa: D101
    def __call__(  # noqa: D102
        self,
        name: str,
        spec: NetworkSpec,
        *,
        key: KeyHandle,
        lake: BucketHandle,
        failed: BucketHandle,
        stream: StreamHandle,
        parent: RegionalComponent,
    ) -> NetworkHandle | None: ...


class MakeProcessor(Protocol):  # noqa: D101
    def __call__(  # noqa: D102
        self,
        name: str,
        spec: ProcessorSpec,
        *,
        key: KeyHandle,
        stream: StreamHandle,
        lake: BucketHandle,
        failed: BucketHandle,
        network: NetworkHandle | None,
        parent: RegionalComponent,
    ) -> ProcessorHandle: ...


class MakeSink(Protocol):  # noqa: D101
    def __call__(  # noqa: D102
        self,
        name: str,
        spec: SinkSpec,
        *,
        key: KeyHandle,
        lake: BucketHandle,
        stream: StreamHandle,
        network: NetworkHandle | None,
        parent: RegionalComponent,
    ) -> SinkHandle: ...


@dataclass(frozen=True)
class Intake:
    """The components of one placement that take events in and store them: all that a standby has."""

    key: KeyHandle
    logs: Handle
    lake: BucketHandle
    failed: BucketHandle
    stream: StreamHandle
    network: NetworkHandle | None
    processor: ProcessorHandle


@dataclass(frozen=True)
class Parts(Intake):
    """The components of one placement, as others of them need them."""

    sink: SinkHandle


class KeepRecords(Protocol):
    """Has what the services of a placement write about their use kept in its logs; `name` begins the resources' names.

    For a placement that nothing else watches: a pipeline's observability does the same for its own.
    """

    def __call__(self, name: str, *, parts: Intake) -> None: ...  # noqa: D102


class MakeObservability(Protocol):  # noqa: D101
    def __call__(  # noqa: D102
        self, name: str, spec: ObservabilitySpec, *, parts: Parts, parent: RegionalComponent
    ) -> ObservabilityHandle: ...


@dataclass(frozen=True)
class Stores:
    """What holds data in one of two regions that stand by for each other, and the key that encrypts it."""

    key: KeyHandle
    lake: BucketHandle
    failed: BucketHandle
    stream: StreamHandle


class PairHandle(Protocol):
    """What ties a region and its standby together."""

    @property
    def uri(self) -> pulumi.Output[str]:
        """Where producers send to: an address that survives a failover where the cloud has one, else the primary's."""
        ...


class MakePair(Protocol):
    """Ties both regions' stores together: what the cloud copies from the primary's, it copies from now on.

    `parent` is the primary's component: what is set on a store of the standby names that store, what is set on one of
    the primary is made through the primary's provider. It runs before anything of the standby reads from its stream.
    Raises Unsupported where the cloud cannot tie the two.
    """

    def __call__(self, name: str, *, primary: Stores, standby: Stores, parent: RegionalComponent) -> PairHandle: ...  # noqa: D102


class BringKey(Protocol):
    """The key `brought`, which exists already and is not changed; `spec` says what else the key's maker would make."""

    def __call__(self, name: str, brought: str, spec: KeySpec, *, parent: RegionalComponent) -> KeyHandle: ...  # noqa: D102


class BringBucket(Protocol):
    """The store `brought`, which exists already and is not changed: its rules, logs and encryption are its owner's."""

    def __call__(  # noqa: D102
        self, name: str, brought: str, spec: BucketSpec, *, key: KeyHandle, parent: RegionalComponent
    ) -> BucketHandle: ...


class BringNetwork(Protocol):
    """The network `brought`, which exists already; what leads from it to the stores is its owner's, unless made."""

    def __call__(  # noqa: D102
        self,
        name: str,
        brought: BroughtNetwork,
        spec: NetworkSpec,
        *,
        key: KeyHandle,
        lake: BucketHandle,
        failed: BucketHandle,
        stream: StreamHandle,
        parent: RegionalComponent,
    ) -> NetworkHandle: ...


@dataclass(frozen=True)
class Bring:
    """One cloud's way of using what exists already. Raise Unsupported for what it cannot use, never ignore it."""

    key: BringKey
    bucket: BringBucket
    network: BringNetwork


class BaselineHandle(Protocol):
    """What an account has only once: its outputs, of which each cloud has its own."""

    @property
    def outputs(self) -> Mapping[str, pulumi.Output[str]]:
        """By name, as the stack exports them."""
        ...


class MakeBaseline(Protocol):
    """Builds what an account has only once."""

    def __call__(self, name: str, spec: BaselineSpec, *, parent: RegionalComponent) -> BaselineHandle: ...  # noqa: D102


@dataclass(frozen=True)
class Toolkit:
    """One cloud's way of building each component; a field without a builder does not type-check.

    `records` is None where what a service writes about its use goes to the logs by the component that makes it.
    """

    packages: MakePackages
    provider: MakeProvider
    key: MakeKey
    logs: MakeLogs
    bucket: MakeBucket
    stream: MakeStream
    network: MakeNetwork
    processor: MakeProcessor
    sink: MakeSink
    observability: MakeObservability
    records: KeepRecords | None
    pair: MakePair
    bring: Bring
    baseline: MakeBaseline
