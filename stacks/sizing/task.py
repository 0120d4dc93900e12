"""What is asked of a plan: the demand, the limits of the region, and what processing is assumed to cost."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from stacks.models import Latency, Retention, Slo
from stacks.sizing.limits import Limits
from stacks.sizing.model import Load
from stacks.sizing.targets import GATHERING_SHARE, TARGETS


@dataclass(frozen=True)
class ProcessingCost:
    """What processing is assumed to cost. These are assumptions, and each decision that rests on them says so.

    `event_us` microseconds of CPU per event of `event_bytes` (proportionally more for larger ones, not less for smaller
    ones): a target for the processor core on a whole core of a server. `derate`: times as much on a vCPU of the cloud,
    which is slower, shared, and runs the decoding of the payload besides. `invocation_ms`: call, bucket writes and
    checkpoint of one batch. `envelope_bytes`: the JSON around one record in the payload, with long names.
    """

    event_us: int = 10
    event_bytes: int = 745
    derate: int = 4
    invocation_ms: int = 300
    envelope_bytes: int = 768

    def per_event_us(self, event_bytes: int) -> Fraction:
        """Microseconds of one vCPU of the cloud for one event of that size."""
        return Fraction(self.event_us * self.derate * max(event_bytes, self.event_bytes), self.event_bytes)

    def batch_ms(self, events: int, event_bytes: int, vcpus: Fraction) -> Fraction:
        """Milliseconds for a batch of `events`."""
        return self.invocation_ms + events * self.per_event_us(event_bytes) / 1000 / vcpus

    def in_words(self) -> tuple[str, str]:
        """The CPU assumption and the invocation assumption, as a decision shows them."""
        return (
            f"{self.event_us} µs of CPU per event of {self.event_bytes} B, x {self.derate} on a vCPU of the cloud",
            f"{self.invocation_ms} ms per invocation for the call and the bucket writes",
        )


@dataclass(frozen=True)
class Task:
    """Everything that the numbers of one plan follow from."""

    limits: Limits
    workload: Load
    latency: Latency
    retention: Retention
    slo: Slo
    cost: ProcessingCost


def gathering_ms(task: Task) -> Fraction:
    """Milliseconds from arrival to stored object: the latency's target, or less where freshness is tighter."""
    share = task.slo.freshness_minutes * 60_000 * GATHERING_SHARE
    return min(Fraction(TARGETS[task.latency].stored_within_ms), share)
