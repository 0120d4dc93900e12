"""Sizing on Azure: Event Hubs, Functions (Flex Consumption), Blob Storage and Synapse."""

from __future__ import annotations

from stacks.models import Latency, Retention, Slo
from stacks.sizing.azure.processor import size_processor
from stacks.sizing.azure.sink import size_sink
from stacks.sizing.azure.stream import size_stream
from stacks.sizing.batches import batch_of, decide_objects
from stacks.sizing.limits import Limits
from stacks.sizing.model import CapacityPlan, Ledger, Load
from stacks.sizing.operations import Keeping, size_operations
from stacks.sizing.task import ProcessingCost, Task

__all__ = ["plan"]

SCAN = "for orientation: Synapse serverless ends no single query, it limits the terabytes of a day, week or month"


def plan(
    region: str,
    workload: Load,
    latency: Latency,
    retention: Retention,
    slo: Slo,
    *,
    dedicated: bool = False,
    cost: ProcessingCost | None = None,
) -> CapacityPlan:
    """The capacity that carries `workload` in the Azure `region`. Raises SizingError.

    `dedicated`: a Dedicated cluster is at hand. `cost` is what processing is assumed to cost; without it, the figures
    documented at ProcessingCost.
    """
    ledger = Ledger()
    task = Task(Limits("azure", region), workload, latency, retention, slo, cost or ProcessingCost())
    stream = size_stream(ledger, task, dedicated=dedicated)
    processor, vcpus = size_processor(ledger, task, stream)
    batch = batch_of(task, processor.batch_size, vcpus, 0)
    writes = task.limits.one("Blob Storage", "requests per account")
    storage = decide_objects(
        ledger, task, lanes=processor.concurrency, batch=batch, window=processor.batch_window_seconds, writes=writes
    )
    kept = (
        task.limits.one("Log Analytics", "retention minimum"),
        task.limits.one("Log Analytics", "retention maximum"),
    )
    operations = size_operations(ledger, task, Keeping(kept, any_between=True, scan=SCAN, incremental=True))
    sink = size_sink(ledger, task, operations.refresh_minutes)
    return CapacityPlan(stream, processor, storage, operations, ledger.decisions(), sink)
