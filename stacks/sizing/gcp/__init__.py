"""Sizing on Google Cloud: Pub/Sub, Cloud Run worker pools, Cloud Storage and BigQuery."""

from __future__ import annotations

from stacks.models import Latency, Retention, Slo
from stacks.sizing.batches import batch_of, decide_objects
from stacks.sizing.gcp.processor import size_processor
from stacks.sizing.gcp.stream import size_stream
from stacks.sizing.limits import Limits
from stacks.sizing.model import CapacityPlan, Ledger, Load
from stacks.sizing.operations import Keeping, size_operations
from stacks.sizing.task import ProcessingCost, Task

__all__ = ["plan"]

SCAN = "for orientation: BigQuery takes the limit with each query, and the tables refuse one without a day"


def plan(
    region: str,
    workload: Load,
    latency: Latency,
    retention: Retention,
    slo: Slo,
    *,
    cost: ProcessingCost | None = None,
) -> CapacityPlan:
    """The capacity that carries `workload` in the Google Cloud `region`. Raises SizingError.

    `cost` is what processing is assumed to cost; without it, the figures documented at ProcessingCost.
    """
    ledger = Ledger()
    task = Task(Limits("gcp", region), workload, latency, retention, slo, cost or ProcessingCost())
    stream = size_stream(ledger, task)
    processor, vcpus = size_processor(ledger, task)
    batch = batch_of(task, processor.batch_size, vcpus, 0)
    writes = task.limits.one("Cloud Storage", "initial writes per bucket")
    storage = decide_objects(
        ledger, task, lanes=processor.concurrency, batch=batch, window=processor.batch_window_seconds, writes=writes
    )
    kept = (
        task.limits.one("Cloud Logging", "retention minimum"),
        task.limits.one("Cloud Logging", "retention maximum"),
    )
    operations = size_operations(ledger, task, Keeping(kept, any_between=True, scan=SCAN))
    return CapacityPlan(stream, processor, storage, operations, ledger.decisions())
