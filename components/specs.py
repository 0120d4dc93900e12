"""What is asked for: plain data from the stack's configuration and plan, the same for every cloud."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from components.base import Classification
from components.lifecycle import LifecycleRule
from events.contract import Contract


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
    """An object store of the region. `role` names it. `redundancy` is refused where the cloud does not offer it.

    `queried` says that the stack's SQL reads it, which some clouds have to let in by name.
    """

    role: str
    classification: Classification
    rules: tuple[LifecycleRule, ...]
    redundancy: Redundancy = "zone"
    queried: bool = False


@dataclass(frozen=True)
class StreamSpec:
    """The event stream. `replay_hours` is how long it keeps what was read.

    `tier` is the cloud's own name of the offer, `units` how many capacity units of it are bought, None where none are.
    `shards` are its ordered lanes (Kinesis shards, Event Hubs partitions), None where the cloud has none or scales them
    by itself. `own_throughput` gives the processor a read path of its own (enhanced fan-out). `sender_cidrs`: the only
    networks that may send; empty leaves it to the network and the senders' permissions. `ordered` keeps the order of
    events with one key where the cloud does so only on request. `private` closes it to the internet. `cluster` is the
    dedicated cluster that carries it. `contract` is what its events look like, `standby_region` where they may be too.
    `partner`: the stream of a standby; where the cloud copies the primary's entities, they are left to that copy.
    `maximum_deliveries` is how often one message is handed to the processor before it counts as failed, where the
    stream itself counts (Pub/Sub); elsewhere the processor's `maximum_retries` says it.
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
    partner: bool = False
    maximum_deliveries: int | None = None


@dataclass(frozen=True)
class NetworkSpec:
    """A network without a way to the internet for the processor. `log_days`: how long its flow logs are kept.

    Without `private` a cloud makes one only where it needs it to keep stores, keys and SQL closed.
    """

    log_days: int
    private: bool


@dataclass(frozen=True)
class BroughtNetwork:
    """A network that exists already, in the cloud's own words; what belongs to another cloud is empty.

    AWS: `subnet_ids`, and the security groups `guard_ids`. Azure: resource ids of the three subnets. Google Cloud:
    `network` and `subnetwork`, from projects/ on.
    """

    subnet_ids: tuple[str, ...] = ()
    guard_ids: tuple[str, ...] = ()
    processor_subnet: str | None = None
    jobs_subnet: str | None = None
    endpoints_subnet: str | None = None
    network: str | None = None
    subnetwork: str | None = None


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
class JobSpec:
    """The job that writes silver and gold: the platform's own name of its profile, vCPUs, memory in MiB.

    A run ends after `run_seconds`. An event that comes again within `repeat_hours` is known as the same.
    """

    profile: str
    cpus: int
    memory_mb: int
    run_seconds: int
    repeat_hours: int


@dataclass(frozen=True)
class SinkSpec:
    """What makes the lake queryable. `scan_limit_bytes` ends a query that reads more than that.

    Silver and gold are brought up to date every `refresh_minutes` where the cloud has a scheduler of its own for it,
    and keep events for `keep_days`. `package` is the code of the job that does so, relative to the project's directory,
    and `job` its size, where the SQL engine cannot write by itself.
    """

    contract: Contract
    scan_limit_bytes: int
    keep_days: int
    refresh_minutes: int
    log_days: int
    package: Path | None = None
    package_digest: str | None = None
    job: JobSpec | None = None


@dataclass(frozen=True)
class ObservabilitySpec:
    """What is watched. `freshness_minutes` is the objective from an event's arrival to its being stored.

    `iterator_age_alarm_ms` is how long an event may wait in the stream, `write_bytes_per_second` what the stream takes
    at most. `contact` is the e-mail address that is told;
    `monthly_usd` is None without a budget. `budget_from` is the first day of a month (YYYY-MM-01), which the budget
    counts from where the cloud wants to be told.
    """

    freshness_minutes: int
    iterator_age_alarm_ms: int
    write_bytes_per_second: int
    contact: str
    monthly_usd: float | None
    budget_from: str | None = None


@dataclass(frozen=True)
class BaselineSpec:
    """What an account has only once. `account_wide` is False for the part that belongs to one further region.

    `log_days` is how long it is kept who changed what; the rest is about the key, where the cloud's baseline has one.
    """

    account_wide: bool
    log_days: int
    rotation_days: int
    deletion_days: int
