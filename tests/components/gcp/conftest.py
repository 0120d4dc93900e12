"""Recorded runs of the real program on stack files of Google Cloud."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import components.gcp.packages
from events.contract import Contract
from homeshore.engine import Snapshot
from processor.archive import Package
from tests.components.conftest import MINIMAL, _run
from tests.components.gcp.recording import HOME, NUMBER, PROJECT

BILLING = "0A0A0A-0B0B0B-0C0C0C"
PLACEMENT: dict[str, Any] = {
    "cloud": "gcp",
    "region": HOME,
    "project_id": PROJECT,
    "project_number": NUMBER,
    "billing_account": BILLING,
}
SMALL: dict[str, object] = {**MINIMAL, "placement": PLACEMENT}
LARGE: dict[str, object] = {
    **SMALL,
    "environment": "production",
    "workload": {"events_per_second": {"average": 30000, "peak": 100000}, "event_bytes": 1024},
    "latency": "realtime",
    "retention": {"replay_hours": 72, "hot_days": 30, "cool_days": 150, "delete_after_days": 3650},
    "stream": {"ordered": True},
    "budget": {"monthly_usd": 9000.5},
    "generation": 12,
}
OPEN: dict[str, object] = {**SMALL, "network": {"mode": "public", "allowed_cidrs": ["198.51.100.0/24"]}}

GcpPreview = Callable[[Mapping[str, object]], Snapshot]


def _package(contract: Contract, *, root: Path) -> Package:
    assert contract.columns
    return Package(root / ".build" / "cloud-run" / "processor.zip", base64.b64encode(bytes(range(32))).decode())


@pytest.fixture(scope="session")
def gcp_preview(tmp_path_factory: pytest.TempPathFactory) -> GcpPreview:
    """Run the project's own program for a stack file; each once. Building the image's source is another test's."""
    seen: dict[str, Snapshot] = {}

    def run(config: Mapping[str, object]) -> Snapshot:
        known = json.dumps(config, sort_keys=True)
        if known not in seen:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(components.gcp.packages, "build_cloud_run", _package)
                seen[known] = _run(config, tmp_path_factory.mktemp("project"))
        return seen[known]

    return run
