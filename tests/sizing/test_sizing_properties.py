"""What holds for every load: enough capacity, more for more, never beyond a limit in silence."""

from __future__ import annotations

import base64
import dataclasses
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st
from sized import CAPPED, KINESIS, LAMBDA, LARGE, Load, Rate, sized

from stacks.models import FRESHNESS_MINUTES, Latency, Retention, Slo
from stacks.sizing import CapacityPlan, SizingError, aws
from stacks.sizing.limits import Limits

HEADROOM = Fraction(5, 4)

rates = st.integers(1, 400_000)
sizes = st.one_of(st.integers(1, 4_096), st.integers(1, 1_048_576))
latencies = st.sampled_from(Latency)
places = st.sampled_from([CAPPED[0], LARGE[0]])


@st.composite
def loads(draw: st.DrawFn, rate: st.SearchStrategy[int] = rates, size: st.SearchStrategy[int] = sizes) -> Load:
    average, peak = sorted((draw(rate), draw(rate)))
    return Load(Rate(average, peak), draw(size))


def _plan_or_none(workload: Load, latency: Latency, region: str) -> CapacityPlan | None:
    try:
        return sized(workload, latency, region=region)
    except SizingError:
        return None


def _plan_or_fault(*arguments: object, **options: object) -> CapacityPlan | SizingError:
    try:
        return aws.plan(*arguments, **options)  # type: ignore[arg-type]
    except SizingError as fault:
        return fault


@given(loads(), latencies, places)
def test_stream_and_processor_carry_the_peak_with_headroom(workload: Load, latency: Latency, region: str) -> None:
    capacity = _plan_or_none(workload, latency, region)
    assume(capacity is not None)
    assert capacity is not None
    needed = workload.events_per_second.peak * HEADROOM
    assert capacity.stream.write_records_per_second >= needed
    assert capacity.stream.write_bytes_per_second >= needed * workload.event_bytes
    assert capacity.processor.events_per_second >= needed
    if capacity.stream.shards is not None:
        assert capacity.stream.write_records_per_second == capacity.stream.shards * 1000
        assert capacity.stream.write_bytes_per_second == capacity.stream.shards * 1_000_000


@given(loads(), loads(), latencies, places)
def test_more_load_never_gets_less_capacity(one: Load, other: Load, latency: Latency, region: str) -> None:
    more = Load(
        Rate(*(max(pair) for pair in zip(one.events_per_second, other.events_per_second, strict=True))),
        max(one.event_bytes, other.event_bytes),
    )
    small, large = (_plan_or_none(workload, latency, region) for workload in (one, more))
    assume(small is not None and large is not None)
    assert small is not None
    assert large is not None
    assert large.stream.write_bytes_per_second >= small.stream.write_bytes_per_second
    assert large.stream.write_records_per_second >= small.stream.write_records_per_second
    if small.stream.shards is not None and large.stream.shards is not None:
        assert large.stream.shards >= small.stream.shards
    if one.event_bytes == more.event_bytes:
        assert large.processor.events_per_second >= small.processor.events_per_second


@given(loads(rate=rates, size=st.just(1024)), st.integers(0, 100_000), latencies, places)
def test_more_events_of_one_size_never_get_less_processing(
    workload: Load, more: int, latency: Latency, region: str
) -> None:
    average, peak = workload.events_per_second
    small = sized(workload, latency, region=region)
    large = sized(Load(Rate(average, peak + more), 1024), latency, region=region)
    assert large.processor.events_per_second >= small.processor.events_per_second
    assert large.stream.write_bytes_per_second >= small.stream.write_bytes_per_second


@given(loads(rate=st.integers(1, 100_000_000)), latencies, places, st.integers(1, 20_000), st.integers(1, 1_440))
def test_a_plan_is_within_every_limit_or_an_error_says_which(
    workload: Load, latency: Latency, region: str, replay_hours: int, freshness: int
) -> None:
    limits = Limits("aws", region)
    retention = Retention.model_construct(replay_hours=replay_hours)
    outcome = _plan_or_fault(region, workload, latency, retention, Slo(freshness_minutes=freshness))
    if isinstance(outcome, CapacityPlan):
        _assert_within_limits(outcome, workload, limits, freshness)
    else:
        assert outcome.limit is not None
        assert str(outcome.limit) in str(outcome)
        assert outcome.limit.source in str(outcome)
        assert outcome.remedy in str(outcome)


def _assert_within_limits(capacity: CapacityPlan, workload: Load, limits: Limits, freshness: int) -> None:
    stream, processor = capacity.stream, capacity.processor
    if stream.shards is None:
        on_demand = limits.one(KINESIS, "on-demand maximum").value * 1_000_000
        assert workload.events_per_second.peak * workload.event_bytes <= on_demand
    else:
        assert 1 <= stream.shards <= min(limits.one(KINESIS, "shards per account and region").value, 10_000)
    assert 24 <= stream.replay_hours <= 8_760
    assert workload.event_bytes <= 1_048_576
    assert processor.memory_mb in {512, 1024, 1769}
    assert 1 <= processor.batch_size <= 10_000
    assert processor.batch_size * len(base64.b64encode(bytes(workload.event_bytes))) <= 6_000_000
    assert 1 <= processor.batch_window_seconds <= 300
    assert processor.batch_window_seconds * 3 <= freshness * 60
    assert 1 <= processor.parallelization <= 10
    assert 60 <= processor.timeout_seconds <= 900
    assert 60 <= processor.maximum_record_age_seconds <= 604_800
    assert processor.maximum_record_age_seconds < stream.replay_hours * 3600
    assert (processor.maximum_retries + 1) * processor.timeout_seconds < processor.maximum_record_age_seconds
    assert processor.concurrency <= 900
    if processor.reserved_concurrency is not None:
        assert processor.reserved_concurrency == processor.concurrency
        assert processor.reserved_concurrency == (stream.shards or 0) * processor.parallelization
    assert capacity.storage.objects_per_second <= limits.one("S3", "write requests per prefix").value
    operations = capacity.operations
    kept = [choice.value for choice in limits.all("CloudWatch Logs", "retention choice")]
    assert operations.log_retention_days in kept
    assert operations.log_retention_days * 24 >= stream.replay_hours
    assert operations.scan_limit_bytes >= limits.one("Athena", "scan limit minimum").value
    assert processor.batch_window_seconds * 1000 < operations.iterator_age_alarm_ms < freshness * 60_000


@given(loads(), latencies, places)
def test_every_figure_has_exactly_one_decision_with_a_driver(workload: Load, latency: Latency, region: str) -> None:
    capacity = _plan_or_none(workload, latency, region)
    assume(capacity is not None)
    assert capacity is not None
    decided = [(decision.name, decision.value) for decision in capacity.decisions]
    assert sorted(decided, key=lambda pair: pair[0]) == sorted(capacity.figures(), key=lambda pair: pair[0])
    parts = [capacity.stream, capacity.processor, capacity.storage, capacity.operations]
    assert len(decided) == sum(len(dataclasses.fields(part)) for part in parts)
    for decision in capacity.decisions:
        assert decision.reason
        assert decision.source
        assert (decision.limit is None) == (decision.confidence is None)


@given(loads(), latencies, places)
def test_the_same_load_gives_the_same_plan(workload: Load, latency: Latency, region: str) -> None:
    assert _plan_or_none(workload, latency, region) == _plan_or_none(workload, latency, region)


@given(loads(), latencies, st.integers(1, 3_000), st.integers(1, 16), st.integers(1, 2_000))
def test_whatever_processing_costs_the_peak_is_carried_or_refused(
    workload: Load, latency: Latency, event_us: int, derate: int, invocation_ms: int
) -> None:
    cost = aws.ProcessingCost(event_us=event_us, derate=derate, invocation_ms=invocation_ms)
    slo = Slo(freshness_minutes=FRESHNESS_MINUTES[latency])
    capacity = _plan_or_fault(LARGE[0], workload, latency, Retention(), slo, cost=cost)
    if isinstance(capacity, SizingError):
        assert capacity.limit is not None
        return
    _assert_within_limits(capacity, workload, Limits("aws", LARGE[0]), FRESHNESS_MINUTES[latency])
    processor = capacity.processor
    assert processor.events_per_second >= workload.events_per_second.peak * HEADROOM
    vcpus = Fraction(processor.memory_mb, Limits("aws", "").one(LAMBDA, "memory of one vCPU").value)
    full_batch = cost.batch_ms(processor.batch_size, workload.event_bytes, vcpus)
    assert full_batch * 10 <= processor.timeout_seconds * 1000
    lane = processor.batch_size * 1000 / full_batch
    assert processor.parallelization * lane >= min(2_000, Fraction(2_000_000, workload.event_bytes))
