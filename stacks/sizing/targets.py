"""What each latency promises, whatever the cloud: the numbers that sizing works towards."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from stacks.models import FRESHNESS_MINUTES, Latency

HEADROOM = Fraction(5, 4)
"""Capacity is this much above the stated peak: partition keys spread unevenly, the busiest second is above the busiest
minute that the peak states, and adding capacity takes minutes."""

GATHERING_SHARE = Fraction(1, 3)
"""Part of the freshness objective that may pass before an event is stored: a third to gather, a third to catch up after
a fault, a third for a person to act."""

ALARM_SHARE = Fraction(2, 3)
"""Part of the freshness objective after which the alarm rings, so that the last third is left to act."""


@dataclass(frozen=True)
class Target:
    """`stored_within_ms`: arrival in the stream to stored object, without faults.

    `maximum_retries`: how often the same batch is tried again before it is set aside. Each is above what a
    parallelization factor may be, so that the two, swapped by mistake, are refused by the cloud.
    """

    stored_within_ms: int
    maximum_retries: int


TARGETS = {
    Latency.REALTIME: Target(stored_within_ms=2_000, maximum_retries=12),
    Latency.INTERACTIVE: Target(stored_within_ms=30_000, maximum_retries=20),
    Latency.ECONOMY: Target(stored_within_ms=300_000, maximum_retries=30),
}


def freshness_source(latency: Latency, freshness_minutes: int) -> str:
    """Where the freshness objective comes from: the latency's own, or a number in the stack file."""
    if FRESHNESS_MINUTES[latency] == freshness_minutes:
        return f"latency: {latency.value}"
    return "slo.freshness_minutes"
