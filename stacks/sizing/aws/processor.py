"""The Lambda processor: how records are handed to it, how big it is, and what becomes of a batch that fails."""

from __future__ import annotations

from math import ceil, floor

from stacks.sizing.aws.concurrency import decide_concurrency, decide_events
from stacks.sizing.aws.shape import KINESIS, LAMBDA, MEMORY_STEPS_MB, Shape, cheapest_shape
from stacks.sizing.aws.shape import shard_events_per_second as full_speed
from stacks.sizing.model import Ledger, ProcessorCapacity, SizingError, StreamCapacity
from stacks.sizing.targets import TARGETS
from stacks.sizing.task import Task, gathering_ms

LEAST_TIMEOUT_SECONDS = 60
"""Room for the bucket's and the key service's own retries."""
TIMEOUT_MARGIN = 10
"""Times a full batch's own duration: a packed record may hold ten times its size."""


def size_processor(ledger: Ledger, task: Task, stream: StreamCapacity) -> ProcessorCapacity:
    """The function and its event source mapping. Raises SizingError: latency, parallelization, concurrency."""
    batch_size = _batch_size(ledger, task)
    shape = cheapest_shape(task, batch_size)
    parallelization = _parallelization(ledger, task, shape)
    timeout = _timeout(ledger, task, shape)
    concurrency, reserved = decide_concurrency(ledger, task, stream, parallelization)
    return ProcessorCapacity(
        memory_mb=_memory(ledger, task, shape),
        cpus=ledger.decide(
            "processor.cpus",
            None,
            "",
            "Lambda gives a function the share of a CPU that its memory buys",
            limit=task.limits.one(LAMBDA, "memory of one vCPU"),
        ),
        instances=ledger.decide(
            "processor.instances",
            None,
            "",
            "Lambda runs as many as there are batches at once",
            limit=task.limits.one(LAMBDA, "concurrent executions per account"),
        ),
        timeout_seconds=timeout,
        batch_size=batch_size,
        batch_window_seconds=_window(ledger, task, shape),
        parallelization=parallelization,
        enhanced_fan_out=_fan_out(ledger, task, shape),
        maximum_retries=_retries(ledger, task, timeout),
        maximum_record_age_seconds=_record_age(ledger, task, stream),
        concurrency=concurrency,
        reserved_concurrency=reserved,
        events_per_second=decide_events(ledger, task, stream, parallelization, shape.lane_events_per_second),
    )


def _batch_size(ledger: Ledger, task: Task) -> int:
    payload, most = task.limits.one(LAMBDA, "payload per invocation"), task.limits.one(LAMBDA, "records per batch")
    envelope = task.cost.envelope_bytes
    encoded = 4 * ceil(task.workload.event_bytes / 3)
    fitting = payload.value // (encoded + envelope)
    full = fitting >= most.value
    return ledger.decide(
        "processor.batch_size",
        min(fitting, most.value),
        "records",
        f"{task.workload.event_bytes:,} B are {encoded:,} B in base64, with {envelope} B of JSON around them; "
        + (f"{fitting:,} would fit into one payload" if full else "so many fit into one payload"),
        limit=most if full else payload,
        assumptions=(f"{envelope} B of JSON around each record",),
    )


def _fan_out(ledger: Ledger, task: Task, shape: Shape) -> bool:
    target = f"{task.latency.value} stores an event within {TARGETS[task.latency].stored_within_ms / 1000:g} s"
    shared = task.limits.one(LAMBDA, "polling interval, shared iterator")
    if shape.enhanced_fan_out:
        return ledger.decide(
            "processor.enhanced_fan_out",
            True,
            "",
            f"{target}: polling each shard once per {shared.value / 1000:g} s would use that up; records are pushed "
            f"after {shape.delivery_ms} ms instead, at the price of a second shard-hour per shard",
            limit=shared,
        )
    return ledger.decide(
        "processor.enhanced_fan_out",
        False,
        "",
        f"{target}: {shape.delivery_ms / 1000:g} s of polling and propagation fit in, and there is one reader only",
        limit=task.limits.one(KINESIS, "shard read"),
    )


def _window(ledger: Ledger, task: Task, shape: Shape) -> int:
    longest = task.limits.one(LAMBDA, "batching window")
    left, allowed = floor(shape.window_ms / 1000), gathering_ms(task)
    by_latency = allowed == TARGETS[task.latency].stored_within_ms
    why = task.latency.value if by_latency else "a third of slo.freshness_minutes"
    return ledger.decide(
        "processor.batch_window_seconds",
        min(left, longest.value),
        "s",
        f"as long as it may be, because small objects dominate the bill: {why} allows "
        f"{float(allowed) / 1000:g} s, less "
        f"{shape.delivery_ms / 1000:g} s delivery and {float(shape.batch_ms) / 1000:.2f} s for a full batch",
        limit=longest if left >= longest.value else None,
        source=f"latency: {task.latency.value}" if by_latency else "slo.freshness_minutes",
        assumptions=task.cost.in_words(),
    )


def _parallelization(ledger: Ledger, task: Task, shape: Shape) -> int:
    most = task.limits.one(LAMBDA, "parallelization factor")
    needed = full_speed(task)
    batches = ceil(needed / shape.lane_events_per_second)
    if batches > most.value:
        raise SizingError(
            f"one shard hands over up to {float(needed):,.0f} events/s, and one batch at a time processes "
            f"{float(shape.lane_events_per_second):,.0f}: {batches} at once are needed per shard",
            limit=most,
            remedy="Send smaller events, or make the processor cheaper per event.",
        )
    keeps = f"one batch at a time processes {float(shape.lane_events_per_second):,.0f} events/s"
    return ledger.decide(
        "processor.parallelization",
        batches,
        "per shard",
        f"{keeps}, a shard read at full speed after an outage hands over {float(needed):,.0f}"
        + ("; more would only split the batches into smaller objects" if batches == 1 else ""),
        limit=task.limits.one(KINESIS, "shard read") if batches == 1 else most,
        assumptions=task.cost.in_words(),
    )


def _memory(ledger: Ledger, task: Task, shape: Shape) -> int:
    vcpu = task.limits.one(LAMBDA, "memory of one vCPU")
    share = f"{shape.memory_mb / vcpu.value:.2f} vCPU"
    smaller = [step for step in MEMORY_STEPS_MB if step < shape.memory_mb]
    why = (
        f"the smallest step that is in time for {task.latency.value} and keeps up with a shard; {smaller[-1]} is not"
        if smaller
        else "the smallest step; it keeps up with a shard and holds a decoded batch several times over"
    )
    return ledger.decide(
        "processor.memory_mb", shape.memory_mb, "MB", f"{share}: {why}", limit=vcpu, assumptions=task.cost.in_words()
    )


def _timeout(ledger: Ledger, task: Task, shape: Shape) -> int:
    longest = task.limits.one(LAMBDA, "timeout")
    return ledger.decide(
        "processor.timeout_seconds",
        min(max(LEAST_TIMEOUT_SECONDS, ceil(shape.batch_ms * TIMEOUT_MARGIN / 1000)), longest.value),
        "s",
        f"{TIMEOUT_MARGIN} x the {float(shape.batch_ms) / 1000:.2f} s of a full batch, because packed records hold "
        f"more, and at least {LEAST_TIMEOUT_SECONDS} s, so that the bucket's own retries have room",
        limit=longest,
        assumptions=task.cost.in_words(),
    )


def _retries(ledger: Ledger, task: Task, timeout: int) -> int:
    retries = TARGETS[task.latency].maximum_retries
    held = (retries + 1) * timeout / 60
    return ledger.decide(
        "processor.maximum_retries",
        retries,
        "retries",
        "finite, so that one bad batch cannot hold its shard until the events expire: at worst "
        f"{held:.0f} min, then it is set aside; splitting a batch uses no retry",
        limit=task.limits.one(LAMBDA, "retry attempts"),
    )


def _record_age(ledger: Ledger, task: Task, stream: StreamCapacity) -> int:
    least, most = task.limits.one(LAMBDA, "record age minimum"), task.limits.one(LAMBDA, "record age maximum")
    half = stream.replay_hours * 3600 // 2
    return ledger.decide(
        "processor.maximum_record_age_seconds",
        max(least.value, min(half, most.value)),
        "s",
        f"half of the {stream.replay_hours:,} h that the stream keeps: what is set aside then can still be read again",
        limit=most,
    )
