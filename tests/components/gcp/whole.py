"""Every component of one placement of Google Cloud, recorded; each number differs from every other."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from components.base import Scope
from components.contracts import ObservabilitySpec, Parts, ProcessorSpec, SinkSpec
from components.gcp.observability import Observability
from components.gcp.processor import Processor
from components.gcp.sink import Sink
from homeshore.engine import Snapshot
from tests.components.gcp import recording
from tests.components.gcp.recording import LABELS, STREAM, Everything, pipeline, record

DIGEST = base64.b64encode(bytes(range(32))).decode()
PROCESSOR = ProcessorSpec(
    package=Path(".build/cloud-run/processor.zip"),
    package_digest=DIGEST,
    runtime="python3.13",
    architecture="x86_64",
    memory_mb=2049,
    cpus=4,
    instances=7,
    timeout_seconds=61,
    batch_size=4321,
    batch_window_seconds=3,
    parallelization=1,
    maximum_retries=5,
    maximum_record_age_seconds=None,
    reserved_concurrency=None,
    log_days=14,
    own_throughput=False,
)
SINK = SinkSpec(contract=STREAM.contract, scan_limit_bytes=10**12, keep_days=401, refresh_minutes=17, log_days=14)
WATCH = ObservabilitySpec(
    freshness_minutes=7,
    iterator_age_alarm_ms=90_500,
    write_bytes_per_second=123_456,
    contact="oncall@example.com",
    monthly_usd=None,
)
BILLING = "0A0A0A-0B0B0B-0C0C0C"


def scope(*, protect: bool = True, destroys: bool = False, billing: str | None = BILLING) -> Scope:
    """The scope of a stack that has a name and a billing account."""
    found = recording.scope(protect=protect, destroys=destroys)
    placement = found.placement.model_copy(update={"billing_account": billing})
    return replace(found, placement=placement, labels={**LABELS, "Stack": "test"})


def whole(
    within: Scope | None = None,
    *,
    processor: ProcessorSpec = PROCESSOR,
    sink: SinkSpec = SINK,
    watch: ObservabilitySpec = WATCH,
    private: bool = True,
    then: Callable[[Parts], object] = lambda parts: parts,
) -> Snapshot:
    """All components of `within`; `then` is called with them while the program runs."""

    def build() -> None:
        parent = pipeline(within=within or scope())
        other = Everything(parent, replace(STREAM, private=private))
        network = other.network if private else None
        worker = Processor(
            "p",
            processor,
            key=other.key,
            stream=other.stream,
            lake=other.lake,
            failed=other.failed,
            network=network,
            parent=parent,
        )
        queries = Sink("s", sink, key=other.key, lake=other.lake, stream=other.stream, network=network, parent=parent)
        parts = Parts(other.key, other.logs, other.lake, other.failed, other.stream, network, worker, queries)
        Observability("o", watch, parts=parts, parent=parent)
        then(parts)

    return record(build)


@cache
def usual() -> Snapshot:
    """The snapshot that most tests look at."""
    return whole()
