"""Sizing on AWS: Kinesis Data Streams, Lambda, S3 and Athena."""

from __future__ import annotations

from stacks.models import Latency, Retention, Slo
from stacks.sizing.aws.processor import size_processor
from stacks.sizing.aws.storage import size_storage
from stacks.sizing.aws.stream import size_stream
from stacks.sizing.limits import Limits
from stacks.sizing.model import CapacityPlan, Ledger, Load
from stacks.sizing.operations import Keeping, size_operations
from stacks.sizing.task import ProcessingCost, Task

__all__ = ["ProcessingCost", "plan"]


def plan(
    region: str,
    workload: Load,
    latency: Latency,
    retention: Retention,
    slo: Slo,
    *,
    cost: ProcessingCost | None = None,
) -> CapacityPlan:
    """The capacity that carries `workload` in the AWS `region`. Raises SizingError.

    `cost` is what processing is assumed to cost; without it, the figures documented at ProcessingCost.
    """
    ledger = Ledger()
    task = Task(Limits("aws", region), workload, latency, retention, slo, cost or ProcessingCost())
    stream = size_stream(ledger, task)
    processor = size_processor(ledger, task, stream)
    storage = size_storage(ledger, task, stream, processor)
    keeping = Keeping(
        task.limits.all("CloudWatch Logs", "retention choice"),
        least_scan=task.limits.one("Athena", "scan limit minimum"),
    )
    operations = size_operations(ledger, task, keeping)
    return CapacityPlan(stream, processor, storage, operations, ledger.decisions())
