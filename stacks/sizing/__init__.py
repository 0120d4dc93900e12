"""Sizing: what a workload needs, as plain numbers, each with its reason and the limit that drove it. No Pulumi."""

from __future__ import annotations

from stacks.models import Latency, Retention, Slo
from stacks.sizing import aws, azure, gcp
from stacks.sizing.model import (
    CapacityPlan,
    Decision,
    Load,
    OperationsCapacity,
    ProcessorCapacity,
    Rate,
    SinkCapacity,
    Site,
    SizingError,
    StorageLoad,
    StreamCapacity,
)

__all__ = [
    "CapacityPlan",
    "Decision",
    "Load",
    "OperationsCapacity",
    "ProcessorCapacity",
    "Rate",
    "SinkCapacity",
    "Site",
    "SizingError",
    "StorageLoad",
    "StreamCapacity",
    "plan",
]


def plan(
    placement: Site, workload: Load, latency: Latency, retention: Retention, slo: Slo, *, dedicated: bool = False
) -> CapacityPlan:
    """The capacity that carries `workload` at `placement`: the same arguments always give the same plan.

    `dedicated`: an Event Hubs Dedicated cluster is at hand.

    Raises SizingError, which names the limit and what to do, where no plan can be made within the limits.
    """
    _check(workload)
    match placement.cloud:
        case "aws":
            return aws.plan(placement.region, workload, latency, retention, slo)
        case "azure":
            return azure.plan(placement.region, workload, latency, retention, slo, dedicated=dedicated)
        case "gcp":
            return gcp.plan(placement.region, workload, latency, retention, slo)
        case other:
            raise SizingError(f"no stack can be sized on {other!r}", remedy="Use aws, azure or gcp.")


def _check(workload: Load) -> None:
    rate = workload.events_per_second
    if workload.event_bytes < 1 or rate.average < 1:
        raise SizingError(
            f"{rate.average} events/s of {workload.event_bytes} B is no load to size for",
            remedy="State at least 1 event per second of at least 1 byte.",
        )
    if rate.peak < rate.average:
        raise SizingError(
            f"the peak of {rate.peak:,} events/s is below the average of {rate.average:,}",
            remedy=f"Raise the peak to {rate.average} or more, or lower the average.",
        )
