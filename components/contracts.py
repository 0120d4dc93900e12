"""The seam between blueprint and clouds: what is asked for (specs), what comes back (handles), who builds it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pulumi

from components.base import Classification, RegionalComponent, Scope
from components.lifecycle import LifecycleRule
from events.contract import Contract


class Unsupported(ValueError):  # noqa: N818 - named for what is wrong
    """The placement cannot carry what is asked for; the message says what to change. Never ignored in silence."""


@dataclass(frozen=True)
class KeySpec:
    """The region's own encryption key. `rotation_days` 90 to 365; `deletion_days` is how long a deletion can be undone.

    `budget_alerts` opens the key for the cloud's budget service, which reports through the encrypted topic.
    """

    budget_alerts: bool
    rotation_days: int = 365
    deletion_days: int = 30


@dataclass(frozen=True)
class BucketSpec:
    """An object store. `role` names it; `takes_logs_of` names the roles whose access logs are delivered into it."""

    role: str
    classification: Classification
    rules: tuple[LifecycleRule, ...]
    takes_logs_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class StreamSpec:
    """The event stream. `shards` is None where the cloud scales by itself; `replay_hours` 24 to 8760.

    `own_throughput` gives the processor a read path of its own (enhanced fan-out). `sender_cidrs`: the only networks
    that may send; empty leaves it to the senders' permissions.
    """

    shards: int | None
    replay_hours: int
    own_throughput: bool
    sender_cidrs: tuple[str, ...] = ()


@dataclass(frozen=True)
class NetworkSpec:
    """A network without a way to the internet for the processor. `log_days`: how long its flow logs are kept."""

    log_days: int


@dataclass(frozen=True)
class ProcessorSpec:
    """The code that runs in the cloud, and how it is fed.

    `package` is the zip, relative to the project's directory, `package_digest` its SHA-256 in base64. A batch is
    retried `maximum_retries` times, up to `maximum_record_age_seconds`; then it goes to the failed batches.
    """

    package: Path
    package_digest: str
    handler: str
    runtime: str
    architecture: str
    memory_mb: int
    timeout_seconds: int
    batch_size: int
    batch_window_seconds: int
    parallelization: int
    maximum_retries: int
    maximum_record_age_seconds: int
    reserved_concurrency: int | None
    log_days: int
    own_throughput: bool


@dataclass(frozen=True)
class SinkSpec:
    """What makes the lake queryable. `scan_limit_bytes` ends a query that reads more than that."""

    contract: Contract
    scan_limit_bytes: int
    keep_days: int


@dataclass(frozen=True)
class ObservabilitySpec:
    """What is watched. `freshness_minutes` is the objective from an event's arrival to its being stored.

    `write_bytes_per_second` is what the stream takes at most. `contact` is the e-mail address that is told;
    `monthly_usd` is None without a budget.
    """

    freshness_minutes: int
    iterator_age_alarm_ms: int
    write_bytes_per_second: int
    contact: str
    monthly_usd: float | None


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


class StreamHandle(Handle, Protocol):
    """A stream, and what a processor reads from: the stream itself, or a read path of its own."""

    @property
    def reader_id(self) -> pulumi.Output[str]:
        """Identifier of what the processor reads from."""
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


class ObservabilityHandle(Handle, Protocol):
    """`uri` is the dashboard's address; `resource_id` is the topic that alarms are sent to."""


class MakeProvider(Protocol):  # noqa: D101
    def __call__(self, name: str, scope: Scope) -> pulumi.ProviderResource: ...  # noqa: D102


class MakeKey(Protocol):  # noqa: D101
    def __call__(self, name: str, spec: KeySpec, *, parent: RegionalComponent) -> Handle: ...  # noqa: D102


class MakeBucket(Protocol):  # noqa: D101
    def __call__(  # noqa: D102
        self, name: str, spec: BucketSpec, *, key: Handle, logs: Handle | None, parent: RegionalComponent
    ) -> Handle: ...


class MakeStream(Protocol):  # noqa: D101
    def __call__(self, name: str, spec: StreamSpec, *, key: Handle, parent: RegionalComponent) -> StreamHandle: ...  # noqa: D102


class MakeNetwork(Protocol):  # noqa: D101
    def __call__(  # noqa: D102
        self, name: str, spec: NetworkSpec, *, key: Handle, lake: Handle, parent: RegionalComponent
    ) -> NetworkHandle: ...


class MakeProcessor(Protocol):  # noqa: D101
    def __call__(  # noqa: D102
        self,
        name: str,
        spec: ProcessorSpec,
        *,
        key: Handle,
        stream: StreamHandle,
        lake: Handle,
        failed: Handle,
        network: NetworkHandle | None,
        parent: RegionalComponent,
    ) -> ProcessorHandle: ...


class MakeSink(Protocol):  # noqa: D101
    def __call__(  # noqa: D102
        self, name: str, spec: SinkSpec, *, key: Handle, lake: Handle, stream: StreamHandle, parent: RegionalComponent
    ) -> SinkHandle: ...


class MakeObservability(Protocol):  # noqa: D101
    def __call__(  # noqa: D102
        self,
        name: str,
        spec: ObservabilitySpec,
        *,
        key: Handle,
        stream: StreamHandle,
        processor: ProcessorHandle,
        parent: RegionalComponent,
    ) -> ObservabilityHandle: ...


@dataclass(frozen=True)
class Toolkit:
    """One cloud's way of building each component; a field without a builder does not type-check."""

    provider: MakeProvider
    key: MakeKey
    bucket: MakeBucket
    stream: MakeStream
    network: MakeNetwork
    processor: MakeProcessor
    sink: MakeSink
    observability: MakeObservability
