"""A Pulumi program that builds a whole pipeline on Azure without a blueprint, as a case in its config says."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pulumi

from components.azure.bucket import Bucket
from components.azure.key import Key
from components.azure.logs import Logs
from components.azure.network import Network
from components.azure.observability import Observability
from components.azure.processor import Processor
from components.azure.provider import provider
from components.azure.sink import Sink
from components.azure.stream import Stream
from components.base import RegionalComponent
from components.contracts import (
    JobSpec,
    LogsSpec,
    NetworkSpec,
    ObservabilitySpec,
    Parts,
    ProcessorSpec,
    Redundancy,
    SinkSpec,
)
from events.contract import SHIPPED, load
from homeshore.engine import Snapshot, run_program
from homeshore.project import find_project
from tests.components.azure import program

STACK = "test"
PROGRAM = "from tests.components.azure.pipeline import deploy\n\ndeploy()\n"
ANALYST = "00000000-0000-4000-8000-00000000000c"

# Every number differs from every other, so that two swapped settings cannot pass.
PROCESSOR = ProcessorSpec(
    package=Path(".build/functions/processor.zip"),
    package_digest=b64encode(sha256(b"processor").digest()).decode(),
    runtime="python3.13",
    architecture="x86_64",
    memory_mb=2048,
    cpus=None,
    instances=41,
    timeout_seconds=3723,
    batch_size=4321,
    batch_window_seconds=7,
    parallelization=1,
    maximum_retries=None,
    maximum_record_age_seconds=None,
    reserved_concurrency=None,
    log_days=90,
    own_throughput=False,
)
SINK = SinkSpec(
    load(SHIPPED),
    scan_limit_bytes=123,
    keep_days=731,
    refresh_minutes=17,
    log_days=90,
    package=Path(".build/lakehouse/lakehouse.zip"),
    package_digest=b64encode(sha256(b"lakehouse").digest()).decode(),
    job=JobSpec("Consumption", cpus=4, memory_mb=8192, run_seconds=751, repeat_hours=57),
)
WATCH = ObservabilitySpec(
    freshness_minutes=20,
    iterator_age_alarm_ms=61_000,
    write_bytes_per_second=40_000_000,
    contact="data@example.com",
    monthly_usd=9000.5,
    budget_from="2026-12-01",
)


@dataclass(frozen=True)
class Case:
    """What differs from the specs above. `region` None is the home of `program`."""

    region: str | None = None
    boundary: str = "eu"
    public: bool = False
    redundancy: Redundancy = "zone"
    budget: bool = True
    dated: bool = True
    protect: bool = True
    destroys: bool = False
    profile: str = "Consumption"


def deploy() -> None:
    """Build the case: the parts of `program`, then what stands on them."""
    case = Case(**json.loads(pulumi.Config("homeshore").require("case")))
    where = replace(
        program.scope(case.region or program.HOME, protect=case.protect, destroys=case.destroys), boundary=case.boundary
    )
    stream: dict[str, Any] = dict(program.PUBLIC) if case.public else {}
    parent = RegionalComponent(
        "homeshore:pipeline:RegionalPipeline", "pipeline", where, provider=provider("primary", where)
    )
    key = Key("pipeline-key", program.KEY, parent=parent)
    logs = Logs("pipeline-logs", LogsSpec(90, ("lake", "failed")), key=key, parent=parent)
    lake_spec = replace(program.LAKE, redundancy=case.redundancy)
    lake = Bucket("pipeline-lake", lake_spec, key=key, logs=logs, parent=parent)
    failed_spec = replace(program.FAILED, redundancy=case.redundancy)
    failed = Bucket("pipeline-failed", failed_spec, key=key, logs=logs, parent=parent)
    bus = Stream("pipeline-stream", replace(program.STREAM, **stream), key=key, parent=parent)
    network = Network(
        "pipeline-network",
        NetworkSpec(log_days=30, private=not case.public),
        key=key,
        lake=lake,
        failed=failed,
        stream=bus,
        parent=parent,
    )
    processor = Processor(
        "pipeline-processor",
        PROCESSOR,
        key=key,
        stream=bus,
        lake=lake,
        failed=failed,
        network=network,
        parent=parent,
    )
    job = SINK.job and replace(SINK.job, profile=case.profile)
    sink = Sink("pipeline-sink", replace(SINK, job=job), key=key, lake=lake, stream=bus, network=network, parent=parent)
    sink.grant_read("pipeline-analyst", ANALYST)
    parts = Parts(key, logs, lake, failed, bus, network, processor, sink)
    spec = replace(
        WATCH,
        monthly_usd=WATCH.monthly_usd if case.budget else None,
        budget_from=WATCH.budget_from if case.dated else None,
    )
    watch = Observability("pipeline-observability", spec, parts=parts, parent=parent)
    for name, output in (
        ("processor", processor.name),
        ("pseudonym_secret", processor.secret_id),
        ("feed", processor.feed_id),
        ("sql", sink.uri),
        ("database", sink.name),
        ("workgroup", sink.workgroup),
        ("dashboard", watch.uri),
        ("alerts", watch.resource_id),
    ):
        pulumi.export(name, output)


@cache
def recorded(case: Case) -> Snapshot:
    """What the case registers; each case is run once."""
    with TemporaryDirectory() as name, Path("/dev/null").open("w", encoding="utf-8") as diagnostics:
        directory = Path(name)
        (directory / "Pulumi.yaml").write_text("name: homeshore\nruntime: python\nmain: .\n", encoding="utf-8")
        (directory / "__main__.py").write_text(PROGRAM, encoding="utf-8")
        document = {"config": {"homeshore:case": json.dumps(case.__dict__)}}
        (directory / f"Pulumi.{STACK}.yaml").write_text(json.dumps(document), encoding="utf-8")
        return run_program(find_project(directory), STACK, diagnostics=diagnostics)
