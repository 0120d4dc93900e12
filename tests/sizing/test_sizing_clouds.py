"""The same promises on Azure and Google Cloud: enough capacity, more for more, never beyond a limit in silence."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sized import Load, Place, Rate, limit, load, reason

import geography
from processor.gcp_pubsub import RETRY_SECONDS
from stacks.models import FRESHNESS_MINUTES, Latency, Retention, Slo
from stacks.sizing import CapacityPlan, SizingError, azure, gcp, plan
from stacks.sizing.limits import Limits
from stacks.sizing.task import ProcessingCost

HEADROOM = Fraction(5, 4)
CLOUDS = ("azure", "gcp")
REGIONS = {c: next(r.name for r in geography.regions(c) if r.country == "DE" and r.kind == "region") for c in CLOUDS}

rates = st.integers(1, 400_000)
sizes = st.one_of(st.integers(1, 4_096), st.integers(1, 10_000_000))
latencies = st.sampled_from(Latency)
clouds = st.sampled_from(CLOUDS)


@st.composite
def loads(draw: st.DrawFn) -> Load:
    average, peak = sorted((draw(rates), draw(rates)))
    return Load(Rate(average, peak), draw(sizes))


def sized(
    cloud: str,
    workload: Load,
    latency: Latency = Latency.INTERACTIVE,
    *,
    replay_hours: int = 24,
    freshness_minutes: int | None = None,
    dedicated: bool = False,
) -> CapacityPlan:
    slo = Slo(freshness_minutes=freshness_minutes or FRESHNESS_MINUTES[latency])
    place, retention = Place(cloud, REGIONS[cloud]), Retention.model_construct(replay_hours=replay_hours)
    return plan(place, workload, latency, retention, slo, dedicated=dedicated)


def plan_or_none(cloud: str, workload: Load, latency: Latency, *, dedicated: bool = False) -> CapacityPlan | None:
    try:
        return sized(cloud, workload, latency, dedicated=dedicated)
    except SizingError:
        return None


@given(clouds, loads(), latencies, st.booleans())
def test_stream_and_processor_carry_the_peak_with_headroom(
    cloud: str, workload: Load, latency: Latency, dedicated: bool
) -> None:
    capacity = plan_or_none(cloud, workload, latency, dedicated=dedicated)
    assume(capacity is not None)
    assert capacity is not None
    needed = workload.events_per_second.peak * HEADROOM
    assert capacity.stream.write_bytes_per_second >= needed * workload.event_bytes
    # A rate of records is whole: the last part of one is lost where bytes decide.
    assert capacity.stream.write_records_per_second + 1 > needed
    assert capacity.processor.events_per_second >= needed


@given(clouds, loads(), loads(), latencies)
def test_more_load_never_gets_less_capacity(cloud: str, one: Load, other: Load, latency: Latency) -> None:
    more = Load(
        Rate(*(max(pair) for pair in zip(one.events_per_second, other.events_per_second, strict=True))),
        max(one.event_bytes, other.event_bytes),
    )
    small, large = (plan_or_none(cloud, workload, latency, dedicated=True) for workload in (one, more))
    assume(small is not None and large is not None)
    assert small is not None
    assert large is not None
    assert large.stream.write_bytes_per_second >= small.stream.write_bytes_per_second
    assert (large.stream.shards or 0) >= (small.stream.shards or 0)
    if one.event_bytes == more.event_bytes:
        assert large.processor.events_per_second >= small.processor.events_per_second


def plan_or_fault(*arguments: object, **options: object) -> CapacityPlan | SizingError:
    try:
        return sized(*arguments, **options)  # type: ignore[arg-type]
    except SizingError as fault:
        return fault


windows = st.tuples(st.integers(1, 20_000), st.integers(1, 1_440))


@given(clouds, loads(), latencies, windows, st.booleans())
def test_a_plan_is_within_every_limit_or_an_error_says_which(
    cloud: str, workload: Load, latency: Latency, window: tuple[int, int], dedicated: bool
) -> None:
    limits = Limits(cloud, REGIONS[cloud])
    replay_hours, freshness = window
    capacity = plan_or_fault(
        cloud, workload, latency, replay_hours=replay_hours, freshness_minutes=freshness, dedicated=dedicated
    )
    if isinstance(capacity, SizingError):
        assert capacity.limit is not None
        assert str(capacity.limit) in str(capacity)
        assert capacity.remedy in str(capacity)
        return
    check = _within_azure if cloud == "azure" else _within_gcp
    check(capacity, workload, limits)
    processor = capacity.processor
    assert processor.batch_window_seconds >= 1
    assert processor.batch_window_seconds * 3 <= freshness * 60
    assert processor.batch_window_seconds * 1000 < capacity.operations.iterator_age_alarm_ms < freshness * 60_000
    assert capacity.operations.log_retention_days * 24 >= replay_hours


def _within_azure(capacity: CapacityPlan, workload: Load, limits: Limits) -> None:
    stream, processor = capacity.stream, capacity.processor
    hub = limits.one("Event Hubs", f"partitions per hub, {stream.tier}").value
    assert stream.shards is not None
    assert stream.units is not None
    assert 2 <= stream.shards <= hub
    assert stream.replay_hours <= limits.one("Event Hubs", f"retention, {stream.tier}").value
    if stream.tier == "Standard":
        assert 1 <= stream.units <= 40
        assert stream.write_bytes_per_second <= min(stream.units, stream.shards) * 1_000_000
    elif stream.tier == "Premium":
        assert stream.units in {1, 2, 4, 8, 16}
    else:
        assert (stream.tier, stream.units <= 10) == ("Dedicated", True)
    assert workload.event_bytes <= 1_000_000
    assert processor.memory_mb in {512, 2048, 4096}
    assert 40 <= (processor.instances or 0) <= 1000
    assert processor.batch_size * workload.event_bytes <= max(16 * 2**20, workload.event_bytes)
    assert processor.batch_window_seconds <= 600
    assert processor.maximum_retries is None
    assert 30 <= capacity.operations.log_retention_days <= 730


def _within_gcp(capacity: CapacityPlan, workload: Load, limits: Limits) -> None:
    stream, processor = capacity.stream, capacity.processor
    assert (stream.units, stream.shards) == (None, None)
    assert stream.write_bytes_per_second <= limits.one("Pub/Sub", "publish throughput").value
    assert stream.replay_hours <= 744
    assert workload.event_bytes <= 10_000_000
    assert 1 <= (processor.instances or 0) <= limits.one("Cloud Run", "instances per worker pool").value
    # Each instance reads through one stream.
    assert processor.events_per_second * workload.event_bytes <= (processor.instances or 0) * 10_000_000
    assert processor.batch_window_seconds <= 60
    assert 4 <= (processor.maximum_retries or 0) <= 99


@given(clouds, loads(), latencies)
def test_every_figure_has_exactly_one_decision_with_a_driver(cloud: str, workload: Load, latency: Latency) -> None:
    capacity = plan_or_none(cloud, workload, latency)
    assume(capacity is not None)
    assert capacity is not None
    decided = [(decision.name, decision.value) for decision in capacity.decisions]
    assert sorted(decided, key=lambda pair: pair[0]) == sorted(capacity.figures(), key=lambda pair: pair[0])
    parts = [capacity.stream, capacity.processor, capacity.storage, capacity.operations]
    parts += [capacity.sink] if capacity.sink else []
    assert len(decided) == sum(len(dataclasses.fields(part)) for part in parts)
    for decision in capacity.decisions:
        assert decision.reason
        assert decision.source
        assert (decision.limit is None) == (decision.confidence is None)


def test_production_on_azure_is_premium_by_value() -> None:
    capacity = sized("azure", load(30_000, 100_000))
    assert (capacity.stream.tier, capacity.stream.units, capacity.stream.shards) == ("Premium", 16, 100)
    assert capacity.stream.write_bytes_per_second == 128_000_000
    assert (capacity.processor.instances, capacity.processor.memory_mb) == (100, 2048)
    assert capacity.processor.batch_window_seconds == 29
    assert "needs 128 TUs" in reason(capacity, "stream.tier")


@pytest.mark.parametrize(
    ("cloud", "average", "minutes", "words"),
    [
        ("azure", 50, 60, "what is new"),
        ("azure", 30_000, 60, "what is new"),
        ("gcp", 50, 60, "whole days"),
        ("gcp", 30_000, 1_440, "whole days"),
    ],
)
def test_a_refresh_that_reads_what_is_new_is_hourly_whatever_the_load(
    cloud: str, average: int, minutes: int, words: str
) -> None:
    capacity = sized(cloud, load(average, 2 * average))
    assert capacity.operations.refresh_minutes == minutes
    assert words in reason(capacity, "operations.refresh_minutes")


def test_a_small_hub_is_standard_with_two_partitions() -> None:
    capacity = sized("azure", load(50, 200))
    assert (capacity.stream.tier, capacity.stream.units, capacity.stream.shards) == ("Standard", 1, 2)


@pytest.mark.parametrize(("peak", "tier"), [(25_000, "Standard"), (26_000, "Premium")])
def test_a_standard_hub_ends_at_32_partitions(peak: int, tier: str) -> None:
    # 25,000 x 1,000 B x 1.25 = 31.25 MB/s need 32 partitions; the next needs a 33rd, though 40 TUs could be bought.
    capacity = sized("azure", load(1_000, peak, 1_000))
    assert capacity.stream.tier == tier
    if tier == "Premium":
        assert "33 partitions, of 40 and 32" in reason(capacity, "stream.tier")


def test_longer_retention_takes_the_next_tier() -> None:
    assert sized("azure", load(50, 200), replay_hours=168).stream.tier == "Standard"
    longer = sized("azure", load(50, 200), replay_hours=169)
    assert longer.stream.tier == "Premium"
    assert "Standard keeps 168 h, 169 h are asked for" in reason(longer, "stream.tier")


def test_what_premium_cannot_carry_needs_a_cluster() -> None:
    huge = load(100_000, 200_000)
    with pytest.raises(SizingError, match=r"needs 32 PUs of 8 MB/s, of 16") as fault:
        sized("azure", huge)
    assert "bring.cluster" in fault.value.remedy
    capacity = sized("azure", huge, dedicated=True)
    assert (capacity.stream.tier, capacity.stream.units, capacity.stream.shards) == ("Dedicated", 3, 256)


def test_a_cluster_is_not_used_where_a_smaller_tier_carries_the_load() -> None:
    assert sized("azure", load(50, 200), dedicated=True).stream.tier == "Standard"


def test_production_on_google_cloud_by_value() -> None:
    capacity = sized("gcp", load(30_000, 100_000))
    assert (capacity.processor.instances, capacity.processor.cpus, capacity.processor.memory_mb) == (15, 1, 1024)
    assert capacity.processor.batch_size == 5_000
    assert capacity.processor.maximum_retries == 20
    assert limit(capacity, "processor.instances") == "Pub/Sub: StreamingPull per stream 10,000,000 B/s"


@pytest.mark.parametrize(
    ("latency", "retries", "hours"),
    [(Latency.REALTIME, 17, "3.0 h"), (Latency.INTERACTIVE, 20, "3.5 h"), (Latency.ECONOMY, 30, "5.2 h")],
)
def test_deliveries_outlast_an_outage_of_three_hours_on_every_latency(
    latency: Latency, retries: int, hours: str
) -> None:
    capacity = sized("gcp", load(30_000, 100_000), latency)
    assert capacity.processor.maximum_retries == retries
    assert (retries + 1) * RETRY_SECONDS >= 3 * 3600
    assert f"{retries + 1} deliveries, each held for up to 10 minutes" in reason(capacity, "processor.maximum_retries")
    assert hours in reason(capacity, "processor.maximum_retries")


def test_the_processor_holds_a_delivery_as_long_as_the_plan_says() -> None:
    assert sized("gcp", load(50, 200)).processor.timeout_seconds == RETRY_SECONDS


def test_the_quota_of_a_large_region_is_larger() -> None:
    large = next(
        r for r in geography.regions("gcp") if Limits("gcp", r.name).one("Pub/Sub", "publish throughput").region
    )
    heavy = load(100_000, 300_000)
    with pytest.raises(SizingError, match="above the region's quota"):
        sized("gcp", heavy)
    slo = Slo(freshness_minutes=5)
    found = plan(Place("gcp", large.name), heavy, Latency.INTERACTIVE, Retention(), slo)
    assert found.stream.write_bytes_per_second == 4_000_000_000


def test_no_latency_is_left_in_silence() -> None:
    for module, cloud in ((azure, "azure"), (gcp, "gcp")):
        with pytest.raises(SizingError, match="no second is left to gather a batch"):
            module.plan(
                REGIONS[cloud],
                load(10, 10, 3_000),
                Latency.REALTIME,
                Retention(),
                Slo(freshness_minutes=1),
                cost=ProcessingCost(invocation_ms=1_000),
            )
