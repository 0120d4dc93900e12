"""Recorded runs of the project's own program on a stack file of Azure that is written here."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from functools import cache
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from components.azure import packages
from events.contract import Contract
from homeshore.engine import Resource, Snapshot, run_program
from homeshore.project import find_project
from processor.archive import Package
from tests.components.azure.program import HOME, SUBSCRIPTION, TENANT
from tests.components.azure.program import STANDBY as OTHER

ROOT = Path(__file__).parents[3]
STACK = "test"
MINIMAL: dict[str, object] = {
    "environment": "test",
    "owner": {"team": "data", "cost_center": "0815", "contact": "data@example.com"},
    "placement": {"cloud": "azure", "region": HOME, "subscription_id": SUBSCRIPTION, "tenant_id": TENANT},
    "residency": {"boundary": "eu"},
    "workload": {"events_per_second": {"average": 10, "peak": 100}, "event_bytes": 500},
}
MAXIMAL: dict[str, object] = {
    "environment": "production",
    "workload": {"events_per_second": {"average": 30000, "peak": 100000}, "event_bytes": 1024},
    "latency": "realtime",
    "retention": {"replay_hours": 72, "hot_days": 30, "cool_days": 150, "delete_after_days": 3650},
    "network": {"mode": "private"},
    "budget": {"monthly_usd": 30000.5, "starts": "2026-12-01"},
    "storage": {"redundancy": "pair"},
    "protect": True,
    "removal": "retain",
    "generation": 12,
}
PUBLIC: dict[str, object] = {"network": {"mode": "public", "allowed_cidrs": ["198.51.100.0/24"]}}
STANDBY: dict[str, object] = {"standby": {"region": OTHER}}


class Run(NamedTuple):
    """What was registered, and what was said meanwhile."""

    snapshot: Snapshot
    said: str


def whole(*changes: Mapping[str, object]) -> Run:
    """Run the program for the minimal stack file with some keys replaced; each combination once."""
    config = dict(MINIMAL)
    for change in changes:
        config |= change
    return _run(json.dumps(config, sort_keys=True))


@cache
def _run(config: str) -> Run:
    diagnostics = StringIO()
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        # Building the real packages is the processor's own test.
        patch.setattr(packages, "build_functions", _package)
        patch.setattr(packages, "build_lakehouse", _package)
        directory = Path(name)
        for file in ("Pulumi.yaml", "__main__.py"):
            shutil.copy(ROOT / file, directory)
        (directory / "events").mkdir()
        shutil.copy(ROOT / "events" / "clickstream.yaml", directory / "events")
        document = {"config": {f"homeshore:{key}": value for key, value in json.loads(config).items()}}
        (directory / f"Pulumi.{STACK}.yaml").write_text(json.dumps(document), encoding="utf-8")
        snapshot = run_program(find_project(directory), STACK, diagnostics=diagnostics)
    return Run(snapshot, diagnostics.getvalue())


def _package(contract: Contract, *, root: Path, runtime: str = "none") -> Package:
    assert contract.columns
    return Package(root / ".build" / f"{runtime}.zip", "c" * 64)


def provider_of(snapshot: Snapshot, resource: Resource) -> str:
    """The logical name of the provider that a resource goes through."""
    (found,) = (r for r in snapshot.resources if r.is_provider and str(resource.provider).startswith(f"{r.urn}::"))
    return found.name
