"""The job that writes silver and gold on Azure: the smallest profile that carries the load, and what is said above."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sized import Load, load, reason
from test_sizing_clouds import sized

from processor.lakehouse import gold, job, refresh
from stacks.sizing import SinkCapacity
from stacks.sizing.azure import sink


def job_for(workload: Load, *, replay_hours: int = 24) -> SinkCapacity:
    found = sized("azure", workload, replay_hours=replay_hours, dedicated=True).sink
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("average", "profile", "cpus", "memory_mb"),
    [
        (50, "Consumption", 2, 4_096),
        (5_000, "Consumption", 4, 8_192),
        (10_000, "D8", 7, 28_672),
        (30_000, "D16", 15, 57_344),
        (60_000, "D32", 31, 114_688),
    ],
)
def test_the_smallest_profile_that_carries_the_average(average: int, profile: str, cpus: int, memory_mb: int) -> None:
    found = job_for(load(average, average))
    assert (found.profile, found.cpus, found.memory_mb, found.run_seconds) == (profile, cpus, memory_mb, 3_000)
    assert found.events_per_second >= average


def test_above_the_largest_the_plan_says_so_and_is_made() -> None:
    capacity = sized("azure", load(90_000, 90_000), dedicated=True)
    assert capacity.sink is not None
    assert capacity.sink.profile == "D32"
    assert capacity.sink.events_per_second < 90_000
    assert "BELOW the average of 90,000" in reason(capacity, "sink.events_per_second")
    assert "BELOW" not in reason(sized("azure", load(50, 50)), "sink.events_per_second")


@pytest.mark.parametrize(("replay_hours", "repeat_hours"), [(24, 48), (25, 49), (168, 192)])
def test_events_may_come_again_within_the_replay_window_and_a_day(replay_hours: int, repeat_hours: int) -> None:
    assert job_for(load(50, 50), replay_hours=replay_hours).repeat_hours == repeat_hours


@given(st.integers(1, 100_000), st.integers(24, 2_160), st.sampled_from([5, 15, 60, 1_440]))
def test_more_time_and_fewer_keys_never_carry_less(rate: int, repeat_hours: int, minutes: int) -> None:
    """And what is carried is the highest rate that fits."""
    limits = sink.Limits("azure", "")
    speeds, run, period = sink.Speeds.of(limits), 50 * minutes, 60 * minutes
    carried = [sink._carried(each, speeds, repeat_hours, run, period) for each in sink.profiles(limits)]
    assert carried == sorted(carried)
    for each, most in zip(sink.profiles(limits), carried, strict=True):
        assert sink._fits(rate, each, speeds, repeat_hours=repeat_hours, run_seconds=run, period=period) == (
            rate <= most
        )
        assert sink._carried(each, speeds, repeat_hours + 24, run, period) <= most


def test_every_number_has_its_reason_and_the_measured_ones_say_that_nobody_checked_them() -> None:
    capacity = sized("azure", load(50, 50))
    decided = {decision.name: decision for decision in capacity.decisions if decision.name.startswith("sink.")}
    assert set(decided) == {f"sink.{field.name}" for field in dataclasses.fields(SinkCapacity)}
    carried = decided["sink.events_per_second"]
    assert carried.confidence == "unverified"
    assert "benchmarks/lakehouse.py" in (carried.source or "")
    assert any("never run there" in text for text in carried.assumptions)
    assert sized("gcp", load(50, 50)).sink is None  # BigQuery writes by itself


def test_the_reckoning_is_the_jobs_own() -> None:
    assert sink.KEYS_PER_MIB == refresh.KEYS_PER_MIB
    assert sink.MOST_ROWS_PER_MIB == gold.MOST_ROWS_PER_MIB
    assert sink.DAYS == refresh.DAYS
    assert float(sink.TAKING) == job.TAKING
    assert sink.LEAST_REPEAT_HOURS >= refresh.LEAST_REPEAT_HOURS
