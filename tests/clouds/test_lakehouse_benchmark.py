"""The benchmark of the lakehouse job runs, and does all of the work that it measures."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "lakehouse.py"


def test_it_measures_every_part_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # By path: run as a script its name is `lakehouse`.
    spec = importlib.util.spec_from_file_location("benchmarks.lakehouse", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    counted: list[int] = []
    count = benchmark.Gold.count
    monkeypatch.setattr(benchmark.Gold, "count", lambda *given: counted.append(count(*given)))
    found = benchmark.measure(600, 2, tmp_path)
    assert found["rows"] > 500
    assert found["held"] % 3 == 0  # the events, and two copies of them
    assert found["held"] <= 3 * found["rows"]
    assert counted[0] > 3
    assert all(found[name] > 0 for name in ("gather_us", "take_us", "lookup_us", "gold_us", "scan_us"))
