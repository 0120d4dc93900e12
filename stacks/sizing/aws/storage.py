"""What the batches do to the bucket: how many objects they write."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from stacks.sizing.aws.concurrency import open_shards
from stacks.sizing.model import Ledger, ProcessorCapacity, SizingError, StorageLoad, StreamCapacity
from stacks.sizing.task import Task

SECONDS_PER_DAY = 86_400


def size_storage(ledger: Ledger, task: Task, stream: StreamCapacity, processor: ProcessorCapacity) -> StorageLoad:
    """Data objects at peak and per day. Raises SizingError when one prefix cannot take so many writes."""
    writes = task.limits.one("S3", "write requests per prefix")
    lanes = open_shards(task.limits, stream) * processor.parallelization
    rate = task.workload.events_per_second
    at_peak, on_average = (_objects(events, lanes, processor) for events in (rate.peak, rate.average))
    closing = f"a batch closes after {processor.batch_window_seconds} s or {processor.batch_size:,} records"
    if at_peak > writes.value:
        raise SizingError(
            f"{lanes:,} concurrent batches write {float(at_peak):,.0f} objects/s under one prefix ({closing})",
            limit=writes,
            remedy="Choose a slower latency, so that batches gather longer, or spread the load over more regions, "
            "one stack each.",
        )
    per_day = ceil(on_average * SECONDS_PER_DAY)
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
            per_day,
            "objects/day",
            f"at the average of {rate.average:,} events/s: about {float(held):,.0f} events and "
            f"{float(held) * task.workload.event_bytes / 1000:,.0f} kB in each, before compression; "
            "each write is a paid request",
            limit=writes,
        ),
    )


def _objects(events_per_second: int, lanes: int, processor: ProcessorCapacity) -> Fraction:
    """Objects per second: a busy lane closes by size, a quiet one by time, and no batch is empty."""
    by_size = Fraction(events_per_second, processor.batch_size)
    by_time = Fraction(lanes, processor.batch_window_seconds)
    return min(Fraction(events_per_second), max(by_size, by_time))
