"""How the function is run: with how much memory, and whether records are polled or pushed."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from stacks.sizing.limits import Limits
from stacks.sizing.model import SizingError
from stacks.sizing.task import Task, gathering_ms

KINESIS, LAMBDA = "Kinesis Data Streams", "Lambda"
MEMORY_STEPS_MB = (512, 1024, 1769)
"""The smallest holds a decoded batch several times over; the largest is one whole vCPU, and Python uses no second."""
SHORTEST_WINDOW_MS = 1000


@dataclass(frozen=True)
class Shape:
    """One way to run the function for full batches.

    `batch_ms`: duration of a full batch. `lane_events_per_second`: what one batch at a time gets through.
    `delivery_ms`: from the stream to the function. `window_ms`: what the latency leaves to gather in,
    which can be below zero.
    """

    enhanced_fan_out: bool
    memory_mb: int
    batch_ms: Fraction
    lane_events_per_second: Fraction
    delivery_ms: int
    window_ms: Fraction

    @property
    def in_time(self) -> bool:
        """Whether the latency leaves a window at all."""
        return self.window_ms >= SHORTEST_WINDOW_MS


def cheapest_shape(task: Task, batch_size: int) -> Shape:
    """The cheapest shape that is in time and keeps up with a shard. Raises SizingError when none is in time.

    Memory comes before enhanced fan-out, which costs a second shard-hour per shard. When one batch at a time never
    keeps up, the largest: parallelization does the rest.
    """
    shapes = [_shape(task, batch_size, memory, pushed=pushed) for pushed in (False, True) for memory in MEMORY_STEPS_MB]
    in_time = [shape for shape in shapes if shape.in_time]
    if not in_time:
        best = shapes[-1]
        raise SizingError(
            f"{task.latency.value} stores an event within {float(gathering_ms(task)) / 1000:g} s, but a full batch of "
            f"{batch_size:,} takes {float(best.batch_ms) / 1000:,.1f} s and its delivery {best.delivery_ms} ms: "
            f"no second is left to gather a batch",
            limit=task.limits.one(LAMBDA, "memory of one vCPU"),
            remedy="Choose a slower latency, a longer slo.freshness_minutes, or send smaller events.",
        )
    needed = shard_events_per_second(task)
    keeping_up = (shape for shape in in_time if shape.lane_events_per_second >= needed)
    return next(keeping_up, max(in_time, key=lambda shape: (not shape.enhanced_fan_out, shape.memory_mb)))


def shard_events_per_second(task: Task) -> Fraction:
    """Events per second that one shard can hand over when it is read as fast as it allows, as after an outage."""
    read, write = task.limits.one(KINESIS, "shard read").value, task.limits.one(KINESIS, "shard write").value
    records = task.limits.one(KINESIS, "shard write records").value
    return min(Fraction(read, task.workload.event_bytes), Fraction(records * read, write))


def _shape(task: Task, batch_size: int, memory: int, *, pushed: bool) -> Shape:
    delivery = _delivery_ms(task.limits, pushed=pushed)
    vcpus = Fraction(memory, task.limits.one(LAMBDA, "memory of one vCPU").value)
    batch_ms = task.cost.batch_ms(batch_size, task.workload.event_bytes, vcpus)
    return Shape(
        enhanced_fan_out=pushed,
        memory_mb=memory,
        batch_ms=batch_ms,
        lane_events_per_second=batch_size * 1000 / batch_ms,
        delivery_ms=delivery,
        window_ms=gathering_ms(task) - delivery - batch_ms,
    )


def _delivery_ms(limits: Limits, *, pushed: bool) -> int:
    if pushed:
        return limits.one(KINESIS, "propagation delay, enhanced fan-out").value
    polling = limits.one(LAMBDA, "polling interval, shared iterator").value
    return polling + limits.one(KINESIS, "propagation delay, shared iterator").value
