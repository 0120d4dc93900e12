"""Single components of Google Cloud, recorded by the in-process engine: what a preview of them would show."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

import geography
from components.base import Classification, RegionalComponent, Scope
from components.contracts import BucketSpec, KeySpec, LogsSpec, NetworkSpec, StreamSpec
from components.gcp.bucket import Bucket
from components.gcp.key import Key
from components.gcp.logs import Logs
from components.gcp.network import network
from components.gcp.provider import provider
from components.gcp.stream import Stream
from components.lifecycle import Move, failed_batch_rules, lake_rules
from components.naming import Names
from components.placement import GcpPlacement
from events.contract import SHIPPED, load
from homeshore.engine import Resource, Snapshot, run_program
from homeshore.project import find_project

PROJECT, NUMBER = "homeshore-example", "123456789012"
EU = geography.boundary("eu")
EUROPE = [place for place in geography.regions("gcp") if place.kind == "region" and EU.holds(place)]
HOME = next(place for place in EUROPE if place.country == "DE").name
LABELS = {"Environment": "test", "Owner": "Data & AI", "Contact": "data@example.com", "DataClassification": "internal"}
STREAM = StreamSpec(
    tier="pubsub",
    units=None,
    shards=None,
    replay_hours=48,
    own_throughput=False,
    contract=load(SHIPPED),
    private=True,
    maximum_deliveries=23,
)
LAKE = BucketSpec("lake", Classification.PSEUDONYMISED, lake_rules((Move("NEARLINE", 37), Move("COLDLINE", 97)), 401))
FAILED = BucketSpec("failed", Classification.PERSONAL, failed_batch_rules(48))

_MAIN = "from tests.components.gcp import recording\n\nrecording.pending()\n"
_PROJECT = "name: homeshore\nruntime: python\nmain: .\n"


def pending() -> None:
    """What the recorded program does; `record` sets it."""
    raise AssertionError("no program is being recorded")


def scope(
    region: str = HOME, *, protect: bool = True, destroys: bool = False, environment: str = "test", generation: int = 1
) -> Scope:
    """A scope as the blueprint makes them."""
    placement = GcpPlacement(cloud="gcp", region=region, project_id=PROJECT, project_number=NUMBER)
    names = Names(environment, generation, PROJECT, region)
    return Scope(placement, names, "eu", LABELS, protect, destroys)


def pipeline(name: str = "pipeline", within: Scope | None = None) -> RegionalComponent:
    """The parent of a placement's components, with its own provider."""
    within = within or scope()
    return RegionalComponent(
        "homeshore:pipeline:RegionalPipeline", name, within, provider=provider(f"{name}-provider", within)
    )


def record(build: Callable[[], object], said: TextIO | None = None) -> Snapshot:
    """What `build` registers, in a stack of its own; what it logs goes to `said`."""
    global pending  # noqa: PLW0603 - the engine runs a file, which finds the program here
    before = pending
    with TemporaryDirectory() as directory:
        root = Path(directory)
        (root / "Pulumi.yaml").write_text(_PROJECT, encoding="utf-8")
        (root / "Pulumi.test.yaml").write_text("config: {}\n", encoding="utf-8")
        (root / "__main__.py").write_text(_MAIN, encoding="utf-8")
        pending = build  # type: ignore[assignment]
        try:
            return run_program(find_project(root), "test", diagnostics=said or io.StringIO())
        finally:
            pending = before


class Everything:
    """All components of this part for one placement."""

    def __init__(self, parent: RegionalComponent, stream: StreamSpec = STREAM, lake: BucketSpec | None = None) -> None:
        prefix = parent._name
        self.key = Key(f"{prefix}-key", KeySpec(budget_alerts=True, rotation_days=91, deletion_days=31), parent=parent)
        self.logs = Logs(f"{prefix}-logs", LogsSpec(41, ("lake", "failed")), key=self.key, parent=parent)
        self.lake = Bucket(f"{prefix}-lake", lake or LAKE, key=self.key, logs=self.logs, parent=parent)
        self.failed = Bucket(f"{prefix}-failed", FAILED, key=self.key, logs=self.logs, parent=parent)
        self.stream = Stream(f"{prefix}-stream", stream, key=self.key, parent=parent)
        self.network = network(
            f"{prefix}-network",
            NetworkSpec(log_days=41, private=stream.private),
            key=self.key,
            lake=self.lake,
            failed=self.failed,
            stream=self.stream,
            parent=parent,
        )


def of_type(snapshot: Snapshot, token: str) -> dict[str, Resource]:
    """The snapshot's resources of one type, by name."""
    return {resource.name: resource for resource in snapshot.resources if resource.type == token}
