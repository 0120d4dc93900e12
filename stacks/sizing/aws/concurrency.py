"""How many batches run at once: against the account's quota, with or without a reservation."""

from __future__ import annotations

from fractions import Fraction
from math import floor

from stacks.models import Latency
from stacks.sizing.aws.shape import KINESIS, LAMBDA
from stacks.sizing.aws.stream import PACK, SPREAD
from stacks.sizing.limits import Limits
from stacks.sizing.model import Ledger, SizingError, StreamCapacity
from stacks.sizing.targets import HEADROOM
from stacks.sizing.task import Task


def decide_concurrency(
    ledger: Ledger, task: Task, stream: StreamCapacity, parallelization: int
) -> tuple[int, int | None]:
    """How many batches run at once at most, and how many executions are reserved for them (None for nothing)."""
    account = task.limits.one(LAMBDA, "concurrent executions per account")
    kept = task.limits.one(LAMBDA, "concurrency that must stay unreserved")
    fresh = task.limits.one(LAMBDA, "concurrent executions of a new account")
    usable = account.value - kept.value
    shards = open_shards(task.limits, stream)
    lanes = shards * parallelization
    concurrency = ledger.decide(
        "processor.concurrency",
        min(lanes, usable),
        "executions",
        f"{shards:,} shards x {parallelization}"
        + (f", held at the account's {account.value:,} less {kept.value} for other functions" if lanes > usable else "")
        + f"; a new account may start with {fresh.value} until AWS raises it",
        limit=account,
    )
    reserved, why = None, ""
    if stream.shards is None:
        why = "none: an on-demand stream grows, and a reservation would cap the function"
    elif lanes > usable:
        why = f"none: {lanes:,} cannot be reserved while {kept.value} must stay unreserved"
    elif task.latency is Latency.ECONOMY:
        why = "none: under economy a backlog may wait when other functions use the account up"
    elif lanes < fresh.value:
        why = f"none: a new account with {fresh.value} executions would refuse it, and so few find a place"
    else:
        reserved = lanes
        why = "one per concurrent batch, so that no other function of the account can hold the stream up"
    return concurrency, ledger.decide(
        "processor.reserved_concurrency",
        reserved,
        "executions",
        why,
        limit=fresh if lanes < fresh.value else kept,
    )


def open_shards(limits: Limits, stream: StreamCapacity) -> int:
    """Shards that are read: those provisioned, or what an on-demand stream has at peak, at least those of its start."""
    if stream.shards is not None:
        return stream.shards
    grown = stream.write_bytes_per_second // limits.one(KINESIS, "shard write").value
    return max(grown, limits.one(KINESIS, "on-demand start").value)


def decide_events(ledger: Ledger, task: Task, stream: StreamCapacity, parallelization: int, lane: Fraction) -> int:
    """Events per second that all batches at once process, at least. Raises SizingError below the peak with headroom."""
    account = task.limits.one(LAMBDA, "concurrent executions per account")
    usable = account.value - task.limits.one(LAMBDA, "concurrency that must stay unreserved").value
    shards = stream.write_bytes_per_second // task.limits.one(KINESIS, "shard write").value
    lanes = min(shards * parallelization, usable)
    capacity = floor(lanes * lane)
    peak = task.workload.events_per_second.peak
    if capacity < peak * HEADROOM:
        raise SizingError(
            f"{lanes:,} concurrent batches process {capacity:,} events/s, below the peak of {peak:,} x "
            f"{float(HEADROOM):g} headroom",
            limit=account,
            remedy=f"Ask AWS for more concurrent executions (Service Quotas, Lambda), or {PACK}. {SPREAD}.",
        )
    return ledger.decide(
        "processor.events_per_second",
        capacity,
        "events/s",
        f"{lanes:,} concurrent batches x {float(lane):,.0f} events/s; the peak with headroom "
        f"is {float(peak * HEADROOM):,.0f}",
        limit=account,
        assumptions=task.cost.in_words(),
    )
