"""The seam between blueprint and clouds: what is asked for (specs), what comes back (handles), who builds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import pulumi

from components.base import Classification, RegionalComponent, Scope
from components.lifecycle import LifecycleRule
from events.contract import Contract
from processor.archive import Package


class Unsupported(ValueError):  # noqa: N818 - named for what is wrong
    """The placement cannot carry what is asked for; the message says what to change. Never ignored in silence."""


@dataclass(frozen=True)
class KeySpec:
    """The region's own encryption key. `rotation_days` 90 to 365; `deletion_days` is how long a deletion can be undone.

    `budget_alerts` opens the key for the cloud's budget service, which reports through the encrypted topic. `expires`
    is the day (YYYY-MM-DD) on which the key's first version expires, None for never.
    """

    budget_alerts: bool
    expires: str | None = None
    rotation_days: int = 365
    deletion_days: int = 30


Redundancy = Literal["local", "zone", "pair"]
"""Copies in one datacentre, in several zones of the region, or also in the region that the cloud itself pairs with."""


@dataclass(frozen=True)
class LogsSpec:
    """Where it is written down who touched the stores with those `roles`, kept for `days`."""

    days: int
    roles: tuple[str, ...]


@dataclass(frozen=True)
class BucketSpec:
    """An object store. `role` names it. `redundancy` is refused where the cloud does not offer it.

    `standby_region` is where copies may lie too, None for nowhere; the cloud's standby makes the copies, unless the
    store itself spans both regions.
    """

    role: str
    classification: Classification
    rules: tuple[LifecycleRule, ...]
    redundancy: Redundancy = "zone"
    standby_region: str | None = None


@dataclass(frozen=True)
class StreamSpec:
    """The event stream. `replay_hours` is how long it keeps what was read.

    `tier` is the cloud's own name of the offer, `units` how many capacity units of it are bought, None where none are.
    `shards` are its ordered lanes (Kinesis shards, Event Hubs partitions), None where the cloud has none or scales them
    by itself. `own_throughput` gives the processor a read path of its own (enhanced fan-out). `sender_cidrs`: the only
    networks that may send; empty leaves it to the network and the senders' permissions. `ordered` keeps the order of
    events with one key where the cloud does so only on request. `private` closes it to the internet. `cluster` is the
    dedicated cluster that carries it. `contract` is what its events look like, `standby_region` where they may be too.
    """

    tier: str
    units: int | None
    shards: int | None
    replay_hours: int
    own_throughput: bool
    contract: Contract
    private: bool
    sender_cidrs: tuple[str, ...] = ()
    ordered: bool = False
    cluster: str | None = None
    standby_region: str | None = None


@dataclass(frozen=True)
class NetworkSpec:
    """A network without a way to the internet for the processor. `log_days`: how long its flow logs are kept.

    Without `private` a cloud makes one only where it needs it to keep stores, keys and SQL closed.
    """

    log_days: int
    private: bool


@dataclass(frozen=True)
class ProcessorSpec:
    """The code that runs in the cloud, and how it is fed.

    `package` is the code, relative to the project's directory, `package_digest` its SHA-256 in base64. A batch is
    retried `maximum_retries` times, up to `maximum_record_age_seconds` (None: until the stream forgets it); then it
    goes to the failed batches. `cpus` is None where memory decides; `instances` is how many run at once (all the time,
    or at most), None where `parallelization` per lane and `reserved_concurrency` say so.
    """

    package: Path
    package_digest: str
    runtime: str
    architecture: str
    memory_mb: int
    cpus: int | None
    instances: int | None
    timeout_seconds: int
    batch_size: int
    batch_window_seconds: int
    parallelization: int
    maximum_retries: int | None
    maximum_record_age_seconds: int | None
    reserved_concurrency: int | None
    log_days: int
    own_throughput: bool


@dataclass(frozen=True)
class SinkSpec:
    """What makes the lake queryable. `scan_limit_bytes` ends a query that reads more than that.

    Silver and gold are brought up to date every `refresh_minutes` where the cloud has a scheduler of its own for it,
    and keep events for `keep_days`. `package` is the code of the job that does so, relative to the project's directory,
    where the SQL engine cannot write by itself.
    """

    contract: Contract
    scan_limit_bytes: int
    keep_days: int
    refresh_minutes: int
    log_days: int
    package: Path | None = None
    package_digest: str | None = None


@dataclass(frozen=True)
class ObservabilitySpec:
    """What is watched. `freshness_minutes` is the objective from an event's arrival to its being stored.

    `iterator_age_alarm_ms` is how long an event may wait in the stream, `write_bytes_per_second` what the stream takes
    at most. `contact` is the e-mail address that is told;
    `monthly_usd` is None without a budget.
    """

    freshness_minutes: int
    iterator_age_alarm_ms: int
    write_bytes_per_second: int
    contact: str
    monthly_usd: float | None


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
class Parts:
    """The components of one placement, as others of them need them."""

    key: KeyHandle
    logs: Handle
    lake: BucketHandle
    failed: BucketHandle
    stream: StreamHandle
    network: NetworkHandle | None
    processor: ProcessorHandle
    sink: SinkHandle


class MakeObservability(Protocol):  # noqa: D101
    def __call__(  # noqa: D102
        self, name: str, spec: ObservabilitySpec, *, parts: Parts, parent: RegionalComponent
    ) -> ObservabilityHandle: ...


@dataclass(frozen=True)
class Toolkit:
    """One cloud's way of building each component; a field without a builder does not type-check."""

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
