"""Recorded runs of Azure's components in a project of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from homeshore.engine import ProgramFailed, Resource, Snapshot, run_program
from homeshore.project import find_project

STACK = "test"
PROGRAM = "from tests.components.azure.program import deploy\n\ndeploy()\n"

Record = Callable[..., Snapshot]


@pytest.fixture(scope="session")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """Build the case and return what was registered; each case once. Other keyword arguments are stream settings."""
    seen: dict[str, Snapshot] = {}

    def run(
        *,
        protect: bool = True,
        destroys: bool = False,
        standby: bool = False,
        key: dict[str, object] | None = None,
        redundancy: str = "zone",
        partner: dict[str, object] | None = None,
        **stream: Any,
    ) -> Snapshot:
        case = json.dumps(
            {
                "protect": protect,
                "destroys": destroys,
                "standby": standby,
                "key": key or {},
                "redundancy": redundancy,
                "partner": partner or {},
                "stream": stream,
            }
        )
        if case not in seen:
            seen[case] = _run(case, tmp_path_factory.mktemp("azure"))
        return seen[case]

    return run


@pytest.fixture
def refused(record: Record) -> Callable[..., str]:
    """Build the case, which must fail, and return the message."""

    def run(**case: Any) -> str:
        with pytest.raises(ProgramFailed) as raised:
            record(**case)
        return str(raised.value)

    return run


def _run(case: str, directory: Path) -> Snapshot:
    (directory / "Pulumi.yaml").write_text("name: homeshore\nruntime: python\nmain: .\n", encoding="utf-8")
    (directory / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    document = {"config": {"homeshore:case": case}}
    (directory / f"Pulumi.{STACK}.yaml").write_text(json.dumps(document), encoding="utf-8")
    with Path("/dev/null").open("w", encoding="utf-8") as diagnostics:
        return run_program(find_project(directory), STACK, diagnostics=diagnostics)


def of_type(snapshot: Snapshot, kind: str) -> dict[str, Resource]:
    """The snapshot's resources of one of Azure's types ("storage:StorageAccount"), by name."""
    return {r.name: r for r in snapshot.resources if r.type == f"azure-native:{kind}"}


def made(snapshot: Snapshot) -> list[Resource]:
    """Everything of Azure's that was registered, without providers and components."""
    return [r for r in snapshot.resources if r.custom and r.type.startswith("azure-native:")]
