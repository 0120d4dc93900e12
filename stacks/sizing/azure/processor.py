"""The function app on Flex Consumption: how big an instance is, how many there may be, how batches are made."""

from __future__ import annotations

from fractions import Fraction
from math import floor

from stacks.sizing.azure.stream import EVENT_HUBS
from stacks.sizing.batches import Batch, batch_of, decide_window, needed
from stacks.sizing.model import Ledger, ProcessorCapacity, SizingError, StreamCapacity
from stacks.sizing.task import Task

FUNCTIONS = "Functions"
MEMORY_STEPS_MB = (2048, 4096)
"""512 MB has room for the Python worker and one batch only, and an instance may own several partitions."""
BATCH_BYTES = 16 * 2**20
"""What one batch holds raw, at most: decoded it takes several times that, for each partition that an instance owns."""
BATCH_EVENTS = 5_000
FETCH_MS = 100
"""From the hub to the function, with the listener's prefetch."""


def size_processor(ledger: Ledger, task: Task, stream: StreamCapacity) -> tuple[ProcessorCapacity, Fraction]:
    """The function app, and the vCPUs of an instance. Raises SizingError: latency, instances."""
    lanes = stream.shards or 1
    batch_size = _batch_size(ledger, task)
    memory, vcpus, batch = _memory(ledger, task, batch_size, lanes)
    instances = _instances(ledger, task, lanes)
    concurrency = ledger.decide(
        "processor.concurrency",
        lanes,
        "batches",
        "one batch of each partition at a time; instances share the partitions among themselves",
        limit=task.limits.one(EVENT_HUBS, f"partitions per hub, {stream.tier}"),
    )
    at_once = min(instances, lanes)
    forever = "the retry policy has no last attempt, so that the checkpoint never passes a failed batch"
    timeout = task.limits.one(FUNCTIONS, "timeout")
    return ProcessorCapacity(
        memory_mb=memory,
        cpus=ledger.decide(
            "processor.cpus",
            None,
            "",
            "an instance gets the share of CPUs that its memory buys",
            limit=task.limits.one(FUNCTIONS, "memory of one vCPU"),
        ),
        instances=instances,
        timeout_seconds=ledger.decide(
            "processor.timeout_seconds", timeout.value, "s", "functionTimeout of host.json", limit=timeout
        ),
        batch_size=batch_size,
        batch_window_seconds=decide_window(ledger, task, batch, task.limits.one(FUNCTIONS, "batch wait")),
        parallelization=ledger.decide(
            "processor.parallelization",
            1,
            "per partition",
            "the listener hands over one batch of a partition at a time",
            limit=task.limits.one(EVENT_HUBS, "readers per partition"),
        ),
        enhanced_fan_out=ledger.decide(
            "processor.enhanced_fan_out",
            False,
            "",
            "the units' egress is twice their ingress, and there is one reader only",
            limit=task.limits.one(EVENT_HUBS, "TU egress"),
        ),
        maximum_retries=ledger.decide("processor.maximum_retries", None, "", forever, source=FUNCTIONS),
        maximum_record_age_seconds=ledger.decide(
            "processor.maximum_record_age_seconds",
            None,
            "",
            f"{forever}; the hub forgets it in the end",
            source=FUNCTIONS,
        ),
        concurrency=concurrency,
        reserved_concurrency=ledger.decide(
            "processor.reserved_concurrency", None, "", "the plan carries this one app", source=FUNCTIONS
        ),
        events_per_second=_events(ledger, task, at_once, batch),
    ), vcpus


def _batch_size(ledger: Ledger, task: Task) -> int:
    fitting = max(1, BATCH_BYTES // task.workload.event_bytes)
    most = task.limits.one(FUNCTIONS, "events per batch")
    return ledger.decide(
        "processor.batch_size",
        min(fitting, BATCH_EVENTS, most.value),
        "records",
        f"{BATCH_BYTES // 2**20} MiB of raw events, at most {BATCH_EVENTS:,}: an instance may own several partitions",
        limit=most,
    )


def _memory(ledger: Ledger, task: Task, batch_size: int, lanes: int) -> tuple[int, Fraction, Batch]:
    """The smallest instance that keeps up with a partition, its vCPUs, and a full batch on it."""
    one = task.limits.one(FUNCTIONS, "memory of one vCPU")
    needed_per_lane = needed(task) / lanes
    found: tuple[int, Fraction, Batch] | None = None
    for step in MEMORY_STEPS_MB:
        # Python uses no second core.
        vcpus = min(Fraction(1), Fraction(step, one.value))
        found = (step, vcpus, batch_of(task, batch_size, vcpus, FETCH_MS))
        if found[2].events_per_second >= needed_per_lane:
            break
    memory, vcpus, batch = found or (MEMORY_STEPS_MB[0], Fraction(1), batch_of(task, batch_size, Fraction(1), FETCH_MS))
    return (
        ledger.decide(
            "processor.memory_mb",
            memory,
            "MB",
            f"{float(vcpus):g} vCPU processes {float(batch.events_per_second):,.0f} events/s; a partition brings "
            f"{float(needed_per_lane):,.0f} at the peak with headroom",
            limit=one,
            assumptions=task.cost.in_words(),
        ),
        vcpus,
        batch,
    )


def _instances(ledger: Ledger, task: Task, lanes: int) -> int:
    least, most = task.limits.one(FUNCTIONS, "instances minimum"), task.limits.one(FUNCTIONS, "instances maximum")
    return ledger.decide(
        "processor.instances",
        min(max(least.value, lanes), most.value),
        "at most",
        f"an instance for each of the {lanes:,} partitions; more would have nothing to read"
        + (f", but the plan takes no lower number than {least.value}" if lanes < least.value else ""),
        limit=least if lanes < least.value else most,
    )


def _events(ledger: Ledger, task: Task, at_once: int, batch: Batch) -> int:
    capacity = floor(at_once * batch.events_per_second)
    most = task.limits.one(FUNCTIONS, "instances maximum")
    if capacity < needed(task):
        raise SizingError(
            f"{at_once:,} batches at once process {capacity:,} events/s, below the peak with headroom of "
            f"{float(needed(task)):,.0f}",
            limit=most,
            remedy="Pack many events into one compressed record and state what is then sent, or spread the load over "
            "more regions, one stack each.",
        )
    return ledger.decide(
        "processor.events_per_second",
        capacity,
        "events/s",
        f"{at_once:,} batches at once x {float(batch.events_per_second):,.0f} events/s; the peak with headroom is "
        f"{float(needed(task)):,.0f}",
        limit=most,
        assumptions=task.cost.in_words(),
    )
