"""The worker pool: it does not scale on the backlog, so that its size is fixed, for the peak with headroom."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

from stacks.sizing.batches import Batch, batch_of, decide_window, needed
from stacks.sizing.gcp.stream import PUBSUB
from stacks.sizing.limits import Limit
from stacks.sizing.model import Ledger, ProcessorCapacity, SizingError
from stacks.sizing.targets import TARGETS
from stacks.sizing.task import Task

CLOUD_RUN = "Cloud Run"
CPUS = 1
"""Python uses no second core: another instance is what makes it faster."""
MEMORY_MB = 1024
"""Twice what is held at most: 96 MiB that are not acknowledged, of which 32 MiB are decoded at a time."""
BATCH_BYTES = 32 * 2**20
BATCH_MESSAGES = 5_000
OUTAGE_SECONDS = 3 * 3600
"""An outage of storage or key that no message may be given up for. The processor holds each delivery as long as Pub/Sub
lets it (processor.gcp_pubsub.RETRY_SECONDS), because every delivery counts."""
PULL_MS = 100
"""From the topic to the worker over a stream that is open all the time."""


def size_processor(ledger: Ledger, task: Task) -> tuple[ProcessorCapacity, Fraction]:
    """The worker pool, and the vCPUs of an instance. Raises SizingError: latency, instances."""
    size = _batch_size(ledger, task)
    batch = batch_of(task, size, Fraction(CPUS), PULL_MS)
    lane = _lane(task, batch)
    instances = _instances(ledger, task, lane)
    window = decide_window(ledger, task, batch, task.limits.one(PUBSUB, "gathering under a lease"))
    memory = task.limits.one(CLOUD_RUN, "memory of one vCPU, maximum")
    pool = task.limits.one(CLOUD_RUN, "instances per worker pool")
    attempts = task.limits.one(PUBSUB, "delivery attempts, maximum")
    held = task.limits.one(PUBSUB, "acknowledgement deadline")
    capacity = floor(instances * lane)
    return ProcessorCapacity(
        memory_mb=ledger.decide(
            "processor.memory_mb",
            MEMORY_MB,
            "MB",
            "twice what a worker holds: 96 MiB not acknowledged, 32 MiB of them decoded",
            limit=memory,
        ),
        cpus=ledger.decide("processor.cpus", CPUS, "vCPU", "Python uses no second core", limit=memory),
        instances=instances,
        timeout_seconds=ledger.decide(
            "processor.timeout_seconds",
            held.value,
            "s",
            "the longest time that Pub/Sub waits for an acknowledgement; the client extends it while it works",
            limit=held,
        ),
        batch_size=size,
        batch_window_seconds=window,
        parallelization=ledger.decide(
            "processor.parallelization", 1, "per instance", "one batch after the other", limit=memory
        ),
        enhanced_fan_out=ledger.decide(
            "processor.enhanced_fan_out",
            False,
            "",
            "a subscription is a read path of its own",
            limit=task.limits.one(PUBSUB, "StreamingPull per stream"),
        ),
        maximum_retries=_retries(ledger, task, attempts, held),
        maximum_record_age_seconds=ledger.decide(
            "processor.maximum_record_age_seconds", None, "", "attempts are counted, not seconds", limit=attempts
        ),
        concurrency=ledger.decide("processor.concurrency", instances, "batches", "one in each instance", limit=pool),
        reserved_concurrency=ledger.decide(
            "processor.reserved_concurrency", None, "", "all instances run all the time", limit=pool
        ),
        events_per_second=ledger.decide(
            "processor.events_per_second",
            capacity,
            "events/s",
            f"{instances:,} instances x {float(lane):,.0f} events/s; the peak with headroom is "
            f"{float(needed(task)):,.0f}",
            limit=pool,
            assumptions=task.cost.in_words(),
        ),
    ), Fraction(CPUS)


def _retries(ledger: Ledger, task: Task, attempts: Limit, held: Limit) -> int:
    """Deliveries after the first; Pub/Sub counts all of them, so the topic's number is one more."""
    enough = ceil(OUTAGE_SECONDS / held.value)
    deliveries = min(max(TARGETS[task.latency].maximum_retries + 1, enough), attempts.value)
    return ledger.decide(
        "processor.maximum_retries",
        deliveries - 1,
        "retries",
        f"{deliveries} deliveries, each held for up to {held.value // 60} minutes while storage or key fail, outlast "
        f"an outage of {deliveries * held.value / 3600:.1f} h, of {OUTAGE_SECONDS // 3600} h at least; a message that "
        "kills its worker comes as often, and ends in the dead letters",
        limit=attempts,
    )


def _batch_size(ledger: Ledger, task: Task) -> int:
    fitting = max(1, BATCH_BYTES // task.workload.event_bytes)
    return ledger.decide(
        "processor.batch_size",
        min(fitting, BATCH_MESSAGES),
        "records",
        f"{BATCH_BYTES // 2**20} MiB of raw events, at most {BATCH_MESSAGES:,}: they are held in memory until stored",
        limit=task.limits.one(PUBSUB, "message size"),
    )


def _lane(task: Task, batch: Batch) -> Fraction:
    """Events per second of one instance: what it processes, within what one stream delivers."""
    stream = task.limits.one(PUBSUB, "StreamingPull per stream")
    return min(batch.events_per_second, Fraction(stream.value, task.workload.event_bytes))


def _instances(ledger: Ledger, task: Task, lane: Fraction) -> int:
    pool = task.limits.one(CLOUD_RUN, "instances per worker pool")
    instances = ceil(ceil(needed(task)) / lane)  # what they process together is stated in whole events
    if instances > pool.value:
        raise SizingError(
            f"{instances:,} instances are needed for {float(needed(task)):,.0f} events/s",
            limit=pool,
            remedy="Ask Google for a higher quota, pack many events into one compressed record and state what is then "
            "sent, or spread the load over more regions, one stack each.",
        )
    return ledger.decide(
        "processor.instances",
        instances,
        "all the time",
        f"a worker pool does not scale on the backlog: the peak with headroom, {float(needed(task)):,.0f} events/s, at "
        f"{float(lane):,.0f} in each; they run round the clock, so a peak nearer to the average makes them cheaper",
        limit=task.limits.one(PUBSUB, "StreamingPull per stream"),
        assumptions=task.cost.in_words(),
    )
