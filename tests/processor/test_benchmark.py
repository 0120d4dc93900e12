"""The benchmark's baselines do the same work: their decompressed output is ours, byte by byte."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from events.generator import generate
from geography import boundary
from processor.core import Context
from processor.keys import KeyRing
from tests.processor.batches import KEY

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "processor.py"


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    # By path: run as a script its name is `processor`, which is the package's name.
    spec = importlib.util.spec_from_file_location("benchmarks.processor", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def context_of(benchmark: ModuleType, context: Context) -> Context:
    return Context(context.contract, KeyRing("k1", {"k1": KEY}), boundary(benchmark.BOUNDARY).countries, "benchmark")


def test_the_baselines_write_what_we_write(benchmark: ModuleType, context: Context):
    events = benchmark.invocations(1200, 300)
    kept = benchmark.compare(events, context_of(benchmark, context))
    kinds = {record.kind for record in generate(context.contract, 1200, 20260302, boundary=benchmark.BOUNDARY)}
    assert len(kept) == 4
    assert kinds == {"valid", "foreign", "undecodable", "duplicate"}


def test_a_baseline_that_writes_something_else_is_noticed(
    benchmark: ModuleType, context: Context, monkeypatch: pytest.MonkeyPatch
):
    other = {"usual": bytes(32), "tuned": KEY}
    usual = benchmark.usual
    monkeypatch.setattr(benchmark, "usual", lambda _, countries: usual(other["usual"], countries))
    with pytest.raises(AssertionError, match="bronze of usual differs"):
        benchmark.compare(benchmark.invocations(50, 50), context_of(benchmark, context))


def test_it_measures_all_four_programs_and_judges_them(benchmark: ModuleType, context: Context):
    times = benchmark.measure(benchmark.invocations(200, 100), context_of(benchmark, context), rounds=2)
    found = benchmark.report(times, 200)
    assert set(found["microseconds_per_event"]) == {"ours", "usual", "tuned", "floor"}
    slow = {name: [1.0] for name in times}
    assert benchmark.report(slow, 200)["met"] is False
