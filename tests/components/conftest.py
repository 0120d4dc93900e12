"""Recorded runs of the real program on stack files written here, and single components under Pulumi's mocks."""

from __future__ import annotations

import contextvars
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pytest

import geography
from events.contract import Contract
from homeshore.engine import Resource, Snapshot, run_program
from homeshore.project import find_project
from processor import packaging
from tests.loops import set_event_loop

ROOT = Path(__file__).parents[2]
ACCOUNT = "210987654321"
BUILT = [place for place in geography.regions("aws") if place.kind == "region"]
HOME = next(place for place in BUILT if geography.boundary("eu").holds(place)).name
STACK = "test"

MINIMAL: dict[str, object] = {
    "environment": "test",
    "owner": {"team": "data", "cost_center": "0815", "contact": "data@example.com"},
    "placement": {"cloud": "aws", "region": HOME, "account_id": ACCOUNT},
    "residency": {"boundary": "eu"},
    "workload": {"events_per_second": {"average": 10, "peak": 100}, "event_bytes": 500},
}
PUBLIC: dict[str, object] = {"network": {"mode": "public", "allowed_cidrs": ["198.51.100.0/24", "2001:db8::/32"]}}
MAXIMAL: dict[str, object] = {
    "environment": "production",
    "workload": {"events_per_second": {"average": 30000, "peak": 100000}, "event_bytes": 1024},
    "latency": "realtime",
    "retention": {"replay_hours": 8760, "hot_days": 30, "cool_days": 150, "delete_after_days": 3650},
    "network": {"mode": "private"},
    "budget": {"monthly_usd": 9000.5},
    "protect": True,
    "removal": "retain",
    "generation": 12,
    "processor": {"architecture": "x86_64", "runtime": "python3.12"},
    "slo": {"freshness_minutes": 2},
}
DELETABLE: dict[str, object] = {"protect": False, "removal": "destroy"}

Preview = Callable[..., Snapshot]


@pytest.fixture(scope="session")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Preview:
    """Run the project's own program for the minimal stack file with some keys replaced; each combination once."""
    seen: dict[str, Snapshot] = {}

    def run(changes: Mapping[str, object] | None = None) -> Snapshot:
        config = {**MINIMAL, **(changes or {})}
        known = json.dumps(config, sort_keys=True)
        if known not in seen:
            # Only while the program runs: other tests of the session build the real package.
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(packaging, "build", _package)
                seen[known] = _run(config, tmp_path_factory.mktemp("project"))
        return seen[known]

    return run


@dataclass(frozen=True)
class FakePackage:
    """What the program asks of a package; building the real one is the processor's own test."""

    path: Path
    sha256_base64: str


def _package(contract: Contract, *, architecture: str, runtime: str, root: Path) -> FakePackage:
    assert contract.columns
    return FakePackage(root / ".build" / f"processor-{architecture}-{runtime}.zip", f"digest-{architecture}-{runtime}")


def _run(config: Mapping[str, object], directory: Path) -> Snapshot:
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(ROOT / name, directory)
    (directory / "events").mkdir()
    shutil.copy(ROOT / "events" / "clickstream.yaml", directory / "events")
    document = {"config": {f"homeshore:{key}": value for key, value in config.items()}}
    (directory / f"Pulumi.{STACK}.yaml").write_text(
        # JSON is YAML in which every text is quoted: 0815 without quotes is a number to Pulumi.
        json.dumps(document, indent=1),
        encoding="utf-8",
    )
    with Path("/dev/null").open("w", encoding="utf-8") as diagnostics:
        return run_program(find_project(directory), STACK, diagnostics=diagnostics)


def of_type(snapshot: Snapshot, token: str) -> list[Resource]:
    """The snapshot's resources of one type, by name."""
    return sorted((r for r in snapshot.resources if r.type == token), key=lambda r: r.name)


def named(snapshot: Snapshot, token: str, name: str) -> Resource:
    """The one resource of that type and name."""
    (found,) = (r for r in of_type(snapshot, token) if r.name == name)
    return found


class Mocks(pulumi.runtime.Mocks):
    """Keeps what is registered and gives each resource an ARN."""

    def __init__(self) -> None:
        self.registered: dict[tuple[str, str], dict[str, Any]] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.registered[(args.typ, args.name)] = args.inputs
        return f"{args.name}-id", {"name": args.name, **args.inputs, "arn": f"arn:of:{args.name}"}

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        raise AssertionError(f"the components invoke nothing, and asked for {args.token}")


def under_mocks(build: Callable[[], object]) -> dict[tuple[str, str], dict[str, Any]]:
    """What `build` registers, by type and name, under Pulumi's own mocks, in a context of its own."""
    mocks = Mocks()

    @pulumi.runtime.test
    def program() -> None:
        build()

    def run() -> None:
        pulumi.runtime.set_mocks(mocks, project="homeshore", stack=STACK, preview=False)
        program()

    set_event_loop()
    contextvars.copy_context().run(run)
    return mocks.registered
