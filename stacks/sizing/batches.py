"""Batches that gather by size and by time, whatever the cloud: how long, how fast, how many objects."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from stacks.sizing.limits import Limit
from stacks.sizing.model import Ledger, SizingError, StorageLoad
from stacks.sizing.targets import HEADROOM, TARGETS
from stacks.sizing.task import Task, gathering_ms

SECONDS_PER_DAY = 86_400
SHORTEST_WINDOW_SECONDS = 1


@dataclass(frozen=True)
class Batch:
    """A full batch: `size` events, `ms` milliseconds to process, `delivery_ms` from stream to processor."""

    size: int
    ms: Fraction
    delivery_ms: int

    @property
    def events_per_second(self) -> Fraction:
        """What one batch after the other gets through."""
        return self.size * 1000 / self.ms


def batch_of(task: Task, size: int, vcpus: Fraction, delivery_ms: int) -> Batch:
    """A full batch of `size` events."""
    return Batch(size, task.cost.batch_ms(size, task.workload.event_bytes, vcpus), delivery_ms)


def decide_window(ledger: Ledger, task: Task, batch: Batch, longest: Limit) -> int:
    """Seconds that a batch may gather. Raises SizingError where the latency leaves none."""
    allowed = gathering_ms(task)
    left = floor((allowed - batch.delivery_ms - batch.ms) / 1000)
    if left < SHORTEST_WINDOW_SECONDS:
        raise SizingError(
            f"{task.latency.value} stores an event within {float(allowed) / 1000:g} s, but a full batch of "
            f"{batch.size:,} takes {float(batch.ms) / 1000:,.1f} s and its delivery {batch.delivery_ms} ms: "
            "no second is left to gather a batch",
            limit=longest,
            remedy="Choose a slower latency, a longer slo.freshness_minutes, or send smaller events.",
        )
    by_latency = allowed == TARGETS[task.latency].stored_within_ms
    why = task.latency.value if by_latency else "a third of slo.freshness_minutes"
    return ledger.decide(
        "processor.batch_window_seconds",
        min(left, longest.value),
        "s",
        f"as long as it may be, because small objects dominate the bill: {why} allows "
        f"{float(allowed) / 1000:g} s, less "
        f"{batch.delivery_ms / 1000:g} s delivery and {float(batch.ms) / 1000:.2f} s for a full batch",
        limit=longest if left >= longest.value else None,
        source=f"latency: {task.latency.value}" if by_latency else "slo.freshness_minutes",
        assumptions=task.cost.in_words(),
    )


def decide_objects(ledger: Ledger, task: Task, *, lanes: int, batch: Batch, window: int, writes: Limit) -> StorageLoad:
    """Data objects at peak and per day. Raises SizingError when the store cannot take so many writes."""
    rate = task.workload.events_per_second
    at_peak, on_average = (_objects(events, lanes, batch.size, window) for events in (rate.peak, rate.average))
    closing = f"a batch closes after {window} s or {batch.size:,} events"
    if at_peak > writes.value:
        raise SizingError(
            f"{lanes:,} batches at once write {float(at_peak):,.0f} objects/s ({closing})",
            limit=writes,
            remedy="Choose a slower latency, so that batches gather longer, or spread the load over more regions, "
            "one stack each.",
        )
    held = rate.average / on_average
    return StorageLoad(
        objects_per_second=ledger.decide(
            "storage.objects_per_second",
            ceil(at_peak),
            "objects/s",
            f"one object per batch at peak, {lanes:,} batches at once; {closing}",
            limit=writes,
        ),
        objects_per_day=ledger.decide(
            "storage.objects_per_day",
            ceil(on_average * SECONDS_PER_DAY),
            "objects/day",
            f"at the average of {rate.average:,} events/s: about {float(held):,.0f} events and "
            f"{float(held) * task.workload.event_bytes / 1000:,.0f} kB in each, before compression; "
            "each write is a paid request",
            limit=writes,
        ),
    )


def needed(task: Task) -> Fraction:
    """Events per second that must be carried: the peak with headroom."""
    return task.workload.events_per_second.peak * HEADROOM


def _objects(events_per_second: int, lanes: int, size: int, window: int) -> Fraction:
    """Objects per second: a busy lane closes by size, a quiet one by time, and no batch is empty."""
    by_size, by_time = Fraction(events_per_second, size), Fraction(lanes, window)
    return min(Fraction(events_per_second), max(by_size, by_time))
