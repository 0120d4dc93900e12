"""What a plan is: capacity as plain frozen numbers, and for each number one decision that says why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Protocol, TypeVar

from stacks.sizing.limits import LIMITS_FILE, Limit

Value = TypeVar("Value", int, bool, str, int | None)


class SizingError(ValueError):
    """A load that cannot be carried within a limit, or only by asking somebody.

    `problem` names what is needed and the limit, `remedy` what to do; str() is both, ready to be shown.
    """

    def __init__(self, problem: str, *, remedy: str, limit: Limit | None = None) -> None:
        self.problem, self.remedy, self.limit = problem, remedy, limit
        lines = [problem]
        if limit:
            lines.append(f"  limit: {limit} ({limit.source})")
        lines.append(f"  to do: {remedy}")
        if limit and limit.adjustable:
            table = LIMITS_FILE.relative_to(LIMITS_FILE.parents[2])
            lines.append(f"  A higher quota that was granted is entered in {table}; the plan then uses it.")
        super().__init__("\n".join(lines))


class Site(Protocol):
    """Where the load is carried: any placement, or just a cloud and a region."""

    @property
    def cloud(self) -> str:
        """The cloud's short name."""
        ...

    @property
    def region(self) -> str:
        """The region's name as that cloud writes it."""
        ...


class Rate(Protocol):
    """Events per second: the average of a month and the busiest minute."""

    @property
    def average(self) -> int:
        """Events per second on average."""
        ...

    @property
    def peak(self) -> int:
        """Events per second in the busiest minute."""
        ...


class Load(Protocol):
    """What arrives: the workload of a stack file, or plain numbers."""

    @property
    def events_per_second(self) -> Rate:
        """How many events arrive."""
        ...

    @property
    def event_bytes(self) -> int:
        """Bytes of one event as it is sent, on average."""
        ...


@dataclass(frozen=True)
class Decision:
    """Why one number of the plan is what it is.

    `name` is the field's path in the plan ("stream.shards"). `limit` is the limit that drove it, with its value,
    `source` where that limit (or target) comes from, `confidence` how sure that source is; all None where no
    limit takes part. `assumptions` are numbers that nobody measured for this workload.
    """

    name: str
    value: int | bool | str | None
    unit: str
    reason: str
    limit: str | None = None
    source: str | None = None
    confidence: str | None = None
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True)
class StreamCapacity:
    """The stream. `tier` is the cloud's own name of the offer, `units` how many of its capacity units are bought.

    `units` is None where the lanes themselves are bought, or nothing is. `shards` are the ordered lanes (Kinesis
    shards, Event Hubs partitions), None where the cloud has none or scales them by itself. The two rates are what the
    stream can take, in bytes/s and records/s.
    """

    tier: str
    units: int | None
    shards: int | None
    write_bytes_per_second: int
    write_records_per_second: int
    replay_hours: int


@dataclass(frozen=True)
class ProcessorCapacity:
    """The processor: its size, how records are handed to it, how often a failed batch is tried again.

    `cpus` is None where memory decides. `maximum_retries` is how often the same batch is tried again, None for until it
    succeeds or the stream forgets it; `parallelization` how many batches of one lane (or one instance) run at once.
    `instances` is how many run, at most or all the time, None where the platform decides alone. `concurrency` is how
    many batches run at most, `reserved_concurrency` None where nothing is reserved. `events_per_second` is what all of
    them process together.
    """

    memory_mb: int
    cpus: int | None
    instances: int | None
    timeout_seconds: int
    batch_size: int
    batch_window_seconds: int
    parallelization: int
    enhanced_fan_out: bool
    maximum_retries: int | None
    maximum_record_age_seconds: int | None
    concurrency: int
    reserved_concurrency: int | None
    events_per_second: int


@dataclass(frozen=True)
class StorageLoad:
    """What the batches do to the bucket: data objects written per second at peak, and per day at the average load."""

    objects_per_second: int
    objects_per_day: int


@dataclass(frozen=True)
class OperationsCapacity:
    """What is watched and kept. `scan_limit_bytes` is the most that one SQL query may read.

    `refresh_minutes` lie between two refreshes of silver and gold.
    """

    log_retention_days: int
    freshness_minutes: int
    refresh_minutes: int
    iterator_age_alarm_ms: int
    scan_limit_bytes: int


@dataclass(frozen=True)
class SinkCapacity:
    """The job that writes silver and gold, where the cloud's SQL engine cannot: its profile, size, and time for a run.

    `repeat_hours` after its first copy an event is still known as the same. `events_per_second` is what the job keeps
    up with; above it silver falls behind, and bronze stays complete.
    """

    profile: str
    cpus: int
    memory_mb: int
    run_seconds: int
    repeat_hours: int
    events_per_second: int


@dataclass(frozen=True)
class CapacityPlan:
    """All numbers of one stack's capacity, and one decision for each of them. `sink` is None where no job writes."""

    stream: StreamCapacity
    processor: ProcessorCapacity
    storage: StorageLoad
    operations: OperationsCapacity
    decisions: tuple[Decision, ...]
    sink: SinkCapacity | None = None

    def figures(self) -> Iterator[tuple[str, int | bool | str | None]]:
        """Every number of the plan with its path, such as ("stream.shards", 4), in the order of the fields."""
        for part in ("stream", "processor", "storage", "operations", "sink"):
            section = getattr(self, part)
            for field in fields(section) if section else ():
                yield f"{part}.{field.name}", getattr(section, field.name)


class Ledger:
    """Collects the decisions of a plan while its numbers are made, so that no number goes without its reason."""

    def __init__(self) -> None:
        self._decisions: list[Decision] = []

    def decide(
        self,
        name: str,
        value: Value,
        unit: str,
        reason: str,
        *,
        limit: Limit | None = None,
        source: str | None = None,
        assumptions: Sequence[str] = (),
    ) -> Value:
        """Record why `name` is `value`, and return the value. `source` is for a driver that is not a limit."""
        self._decisions.append(
            Decision(
                name=name,
                value=value,
                unit=unit,
                reason=reason,
                limit=str(limit) if limit else None,
                source=limit.source if limit else source,
                confidence=limit.confidence if limit else None,
                assumptions=tuple(assumptions),
            )
        )
        return value

    def decisions(self) -> tuple[Decision, ...]:
        """Every decision so far, in the order in which they were made."""
        return tuple(self._decisions)
