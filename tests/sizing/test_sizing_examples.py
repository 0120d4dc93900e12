"""Sizing by value: the loads people really have, and the traps that real clouds set."""

from __future__ import annotations

import json

import pytest
from sized import CAPPED, LARGE, Place, limit, load, reason, sized

import geography
from stacks.models import Latency, Retention, Slo
from stacks.sizing import SizingError, aws, plan
from stacks.sizing.limits import Limits


def test_production_load_by_value() -> None:
    capacity = sized(load(30_000, 100_000))
    assert capacity.stream.shards == 128
    assert capacity.stream.write_bytes_per_second == 128_000_000
    assert capacity.stream.write_records_per_second == 128_000
    assert capacity.stream.replay_hours == 24
    processor = capacity.processor
    assert processor.memory_mb == 512
    assert processor.timeout_seconds == 60
    assert processor.batch_size == 6_000_000 // (1368 + 768)
    assert processor.batch_window_seconds == 27
    assert processor.parallelization == 1
    assert processor.enhanced_fan_out is False
    assert processor.maximum_retries == 20
    assert processor.maximum_record_age_seconds == 12 * 3600
    assert processor.concurrency == 128
    assert processor.reserved_concurrency == 128
    assert capacity.storage.objects_per_second == 36
    assert capacity.operations.log_retention_days == 30
    assert capacity.operations.freshness_minutes == 5
    assert capacity.operations.iterator_age_alarm_ms == 200_000
    assert capacity.operations.scan_limit_bytes == 2_472 * 2**30


@pytest.mark.parametrize(
    ("latency", "retries"), [(Latency.REALTIME, 12), (Latency.INTERACTIVE, 20), (Latency.ECONOMY, 30)]
)
def test_retries_and_parallelization_are_not_swapped(latency: Latency, retries: int) -> None:
    processor = sized(load(30_000, 100_000), latency).processor
    assert processor.maximum_retries == retries
    assert processor.parallelization == 1
    swapped_would_be_refused = Limits("aws", CAPPED[0]).one("Lambda", "parallelization factor").value
    assert processor.maximum_retries > swapped_would_be_refused


def test_small_load_is_one_provisioned_shard_without_a_reservation() -> None:
    capacity = sized(load(50, 200))
    assert capacity.stream.shards == 1
    assert capacity.processor.concurrency == 1
    assert capacity.processor.reserved_concurrency is None
    assert "new account" in reason(capacity, "processor.reserved_concurrency")


def test_hundred_thousand_a_second_flat() -> None:
    capacity = sized(load(100_000, 100_000), Latency.ECONOMY)
    assert capacity.stream.shards == 128
    assert capacity.processor.events_per_second >= 125_000
    assert capacity.processor.reserved_concurrency is None


def test_small_events_are_limited_by_records() -> None:
    capacity = sized(load(10_000, 100_000, 100))
    assert capacity.stream.shards == 125
    assert limit(capacity, "stream.shards") == "Kinesis Data Streams: shard write records 1,000 records/s"
    assert capacity.processor.batch_size == 6_000_000 // (136 + 768)


def test_the_smallest_events_are_limited_by_records_per_batch() -> None:
    # 6 MB hold 6,000,000 // (4 + 768) = 7,772 records of one byte: the payload is the tighter limit at every size.
    assert sized(load(10, 10, 1)).processor.batch_size == 7_772
    lean = aws.ProcessingCost(envelope_bytes=300)
    capacity = aws.plan(CAPPED[0], load(10, 10, 1), Latency.ECONOMY, Retention(), Slo(freshness_minutes=30), cost=lean)
    assert capacity.processor.batch_size == 10_000


def test_latencies_differ_where_they_should() -> None:
    plans = {latency: sized(load(30_000, 100_000), latency) for latency in Latency}
    windows = {latency: each.processor.batch_window_seconds for latency, each in plans.items()}
    assert windows == {Latency.REALTIME: 1, Latency.INTERACTIVE: 27, Latency.ECONOMY: 297}
    pushed = {latency: each.processor.enhanced_fan_out for latency, each in plans.items()}
    assert pushed == {Latency.REALTIME: True, Latency.INTERACTIVE: False, Latency.ECONOMY: False}
    objects = {latency: each.storage.objects_per_second for latency, each in plans.items()}
    assert objects == {Latency.REALTIME: 128, Latency.INTERACTIVE: 36, Latency.ECONOMY: 36}


def test_a_tighter_freshness_shortens_the_window() -> None:
    capacity = sized(load(100, 100), Latency.ECONOMY, freshness_minutes=3)
    assert capacity.processor.batch_window_seconds == 57
    assert capacity.operations.freshness_minutes == 3
    assert capacity.operations.iterator_age_alarm_ms == 120_000
    (window,) = (each for each in capacity.decisions if each.name == "processor.batch_window_seconds")
    assert window.source == "slo.freshness_minutes"


@pytest.mark.parametrize("region", [CAPPED[0], CAPPED[-1]])
def test_on_demand_stops_at_the_regions_cap(region: str) -> None:
    below = sized(load(5_000, 155_000), Latency.ECONOMY, region=region)
    assert below.stream.shards is None
    assert below.stream.write_bytes_per_second == 199_000_000
    assert limit(below, "stream.shards") == "Kinesis Data Streams: on-demand maximum 200 MB/s"
    above = sized(load(5_000, 160_000), Latency.ECONOMY, region=region)
    assert above.stream.shards == 205
    assert limit(above, "stream.shards") == "Kinesis Data Streams: on-demand maximum 200 MB/s"


@pytest.mark.parametrize("region", LARGE)
def test_the_large_regions_have_no_such_cap(region: str) -> None:
    capacity = sized(load(5_000, 160_000), Latency.ECONOMY, region=region)
    assert capacity.stream.shards is None
    assert capacity.stream.write_bytes_per_second == 205_000_000
    assert capacity.processor.reserved_concurrency is None


def test_on_demand_that_starts_small_is_not_for_interactive() -> None:
    capacity = sized(load(5_000, 155_000), Latency.INTERACTIVE)
    assert capacity.stream.shards == 199
    assert limit(capacity, "stream.shards") == "Kinesis Data Streams: on-demand start 4 MB/s"


def test_longer_replay_keeps_records_and_logs_longer() -> None:
    capacity = sized(load(100, 100), replay_hours=24 * 60)
    assert capacity.stream.replay_hours == 1_440
    assert capacity.processor.maximum_record_age_seconds == 604_800
    assert capacity.operations.log_retention_days == 60
    assert sized(load(100, 100), replay_hours=8_760).operations.log_retention_days == 365


def test_more_lanes_than_the_account_runs_are_held_at_the_quota() -> None:
    capacity = sized(load(700_000, 760_000), region=LARGE[0])
    assert capacity.stream.shards == 973
    assert capacity.processor.concurrency == 900
    assert capacity.processor.reserved_concurrency is None
    assert capacity.processor.events_per_second >= 760_000 * 1.25


def _error(workload: object, latency: Latency = Latency.INTERACTIVE, *, region: str = CAPPED[0]) -> SizingError:
    with pytest.raises(SizingError) as caught:
        sized(workload, latency, region=region)  # type: ignore[arg-type]
    return caught.value


def test_an_event_that_fits_into_no_record_is_refused() -> None:
    fault = _error(load(1, 1, 1_048_577))
    assert "1,048,577 B does not fit into one record" in str(fault)
    assert "Kinesis Data Streams: record payload 1,048,576 B" in str(fault)
    assert sized(load(1, 1, 1_048_576)).processor.batch_size == 4


def test_more_shards_than_the_quota_is_an_error_that_says_what_to_do() -> None:
    fault = _error(load(700_000, 800_000))
    assert "1,024 shards are needed" in str(fault)
    assert f"in {CAPPED[0]}" in str(fault)
    for way_out in ("Service Quotas", "pack many events into one compressed record", "more regions"):
        assert way_out in fault.remedy
    assert "stacks/data/limits.csv" in str(fault)
    assert sized(load(700_000, 800_000), region=LARGE[0]).stream.shards == 1_024


def test_one_stream_ends_where_it_can_be_resized_to() -> None:
    fault = _error(load(8_000_000, 8_000_000), region=LARGE[0])
    assert fault.limit is not None
    assert fault.limit.name == "shards per stream"


def test_the_shard_quota_is_used_up_to_the_last_shard() -> None:
    assert sized(load(700_000, 800_000, 1_000)).stream.shards == 1_000
    assert "1,001 shards are needed" in str(_error(load(700_000, 800_001, 1_000)))


def test_too_many_small_objects_are_refused() -> None:
    def realtime(peak: int) -> int:
        slo, light = Slo(freshness_minutes=1), aws.ProcessingCost(event_us=1, invocation_ms=100)
        found = aws.plan(LARGE[0], load(peak, peak, 1_000), Latency.REALTIME, Retention(), slo, cost=light)
        return found.storage.objects_per_second

    assert realtime(2_800_000) == 3_500
    with pytest.raises(SizingError, match="3,501 objects/s under one prefix") as caught:
        realtime(2_800_001)
    assert caught.value.limit is not None
    assert caught.value.limit.name == "write requests per prefix"
    assert "slower latency" in caught.value.remedy


def test_concurrency_that_cannot_carry_the_peak_with_headroom_names_the_quota() -> None:
    # 900 executions process 3.03 million events of 1 KiB per second: enough for 2.4 million x 1.25, not for 2.6.
    assert sized(load(2_400_000, 2_400_000), region=LARGE[0]).processor.events_per_second >= 3_000_000
    fault = _error(load(2_600_000, 2_600_000), region=LARGE[0])
    assert fault.limit is not None
    assert fault.limit.name == "concurrent executions per account"
    assert "Service Quotas, Lambda" in fault.remedy


def test_a_latency_that_processing_cannot_meet_is_refused() -> None:
    slow = aws.ProcessingCost(event_us=400)
    with pytest.raises(SizingError, match="no second is left to gather"):
        aws.plan(CAPPED[0], load(10, 10), Latency.REALTIME, Retention(), Slo(freshness_minutes=1), cost=slow)


def test_a_dearer_event_buys_memory_first_then_parallel_batches() -> None:
    def processor(event_us: int) -> tuple[int, int]:
        cost = aws.ProcessingCost(event_us=event_us)
        found = aws.plan(CAPPED[0], load(10, 10), Latency.ECONOMY, Retention(), Slo(freshness_minutes=30), cost=cost)
        return found.processor.memory_mb, found.processor.parallelization

    assert processor(10) == (512, 1)
    assert processor(40) == (1024, 1)
    assert processor(70) == (1769, 1)
    assert processor(300) == (1769, 4)
    with pytest.raises(SizingError, match="11 at once are needed per shard"):
        processor(1_000)


@pytest.mark.parametrize(
    ("average", "peak", "size", "says"),
    [(0, 1, 1, "no load"), (1, 1, 0, "no load"), (2, 1, 1, "below the average"), (-1, 5, 10, "no load")],
)
def test_impossible_loads_are_refused(average: int, peak: int, size: int, says: str) -> None:
    assert says in str(_error(load(average, peak, size)))


def test_an_unknown_cloud_is_refused() -> None:
    with pytest.raises(SizingError, match="no stack can be sized on 'mainframe'"):
        plan(Place("mainframe", "anywhere"), load(1, 1), Latency.ECONOMY, Retention(), Slo(freshness_minutes=30))


def test_the_assumed_envelope_holds_what_lambda_puts_around_a_record() -> None:
    region = max((place.name for place in geography.regions("aws")), key=len)
    name, shard, sequence = "homeshore-twelveletter-g99-" + "x" * 20, "shardId-000000019999", "4" * 56
    record = {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "k" * 128,
            "sequenceNumber": sequence,
            "data": "",
            "approximateArrivalTimestamp": 1545084650.987,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard}:{sequence}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:aws-us-gov:iam::123456789012:role/{name}",
        "awsRegion": region,
        "eventSourceARN": f"arn:aws-us-gov:kinesis:{region}:123456789012:stream/{name}",
    }
    assert len(json.dumps(record, separators=(",", ":"))) + 1 <= aws.ProcessingCost().envelope_bytes
