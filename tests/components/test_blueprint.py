"""From configuration and plan to specs: each number arrives where it belongs."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

import geography
from components.aws.packages import packages
from components.base import Classification, Scope
from components.contracts import (
    BroughtNetwork,
    JobSpec,
    KeySpec,
    LogsSpec,
    NetworkSpec,
    Packages,
    ProcessorSpec,
    SinkSpec,
    StreamSpec,
    Unsupported,
)
from components.lifecycle import Move
from components.naming import Names
from events.contract import SHIPPED, load
from processor import packaging
from processor.archive import Package
from stacks import specs
from stacks.config import StackConfig
from stacks.models import Bring, KeySettings, Storage
from stacks.sizing import (
    CapacityPlan,
    OperationsCapacity,
    ProcessorCapacity,
    SinkCapacity,
    StorageLoad,
    StreamCapacity,
)
from stacks.specs import Order
from stacks.standby import partner_stream, standby_scope
from tests.components.conftest import ACCOUNT, HOME, MINIMAL, PUBLIC

OTHER = geography.partners("aws", HOME, "eu")[0].region.name

# Every number differs from every other, so that two swapped settings cannot pass.
PLAN = CapacityPlan(
    stream=StreamCapacity(
        tier="provisioned",
        units=17,
        shards=11,
        write_bytes_per_second=12_000_001,
        write_records_per_second=11_003,
        replay_hours=37,
    ),
    processor=ProcessorCapacity(
        memory_mb=1025,
        cpus=3_001,
        instances=3_011,
        timeout_seconds=67,
        batch_size=4021,
        batch_window_seconds=3,
        parallelization=7,
        enhanced_fan_out=True,
        maximum_retries=5,
        maximum_record_age_seconds=3607,
        concurrency=71,
        reserved_concurrency=73,
        events_per_second=9_001,
    ),
    storage=StorageLoad(objects_per_second=13, objects_per_day=17_000),
    operations=OperationsCapacity(
        log_retention_days=30,
        freshness_minutes=19,
        refresh_minutes=89,
        iterator_age_alarm_ms=23_001,
        scan_limit_bytes=29_000_000,
    ),
    decisions=(),
    sink=SinkCapacity("D9", cpus=8, memory_mb=31_001, run_seconds=601, repeat_hours=61, events_per_second=7_001),
)


def config(**changes: object) -> StackConfig:
    return StackConfig.model_validate({**MINIMAL, **changes})


def test_the_package_is_built_for_what_the_stack_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[dict[str, object]] = []

    def build(_contract: object, **target: object) -> Package:
        asked.append(target)
        return Package(tmp_path / "processor.zip", "digest")

    monkeypatch.setattr(packaging, "build", build)
    packages(load(SHIPPED), architecture="x86_64", runtime="python3.12", root=tmp_path)
    assert asked == [{"architecture": "x86_64", "runtime": "python3.12", "root": tmp_path}]


def test_the_processor_by_value(tmp_path: Path) -> None:
    settings = {"architecture": "x86_64", "runtime": "python3.12"}
    shipped = Packages(Package(tmp_path / "somewhere" / "processor.zip", "digest"))
    order = Order(config(processor=settings), load(SHIPPED), shipped, tmp_path)
    spec = specs.processor_spec(order, PLAN)
    assert spec == ProcessorSpec(
        package=Path("somewhere/processor.zip"),
        package_digest="digest",
        runtime="python3.12",
        architecture="x86_64",
        memory_mb=1025,
        cpus=3_001,
        instances=3_011,
        timeout_seconds=67,
        batch_size=4021,
        batch_window_seconds=3,
        parallelization=7,
        maximum_retries=5,
        maximum_record_age_seconds=3607,
        reserved_concurrency=73,
        log_days=30,
        own_throughput=True,
    )


def test_the_stream_by_value() -> None:
    contract = load(SHIPPED)
    assert specs.stream_spec(config(), PLAN, contract) == StreamSpec(
        tier="provisioned",
        units=17,
        shards=11,
        replay_hours=37,
        own_throughput=True,
        contract=contract,
        private=True,
        maximum_deliveries=6,
    )
    endless = replace(PLAN, processor=replace(PLAN.processor, maximum_retries=None))
    assert specs.stream_spec(config(), endless, contract).maximum_deliveries is None
    public = specs.stream_spec(config(**PUBLIC), PLAN, contract)
    assert (public.sender_cidrs, public.private) == (("198.51.100.0/24", "2001:db8::/32"), False)


def test_the_stream_takes_order_cluster_and_standby_from_the_stack_file() -> None:
    contract = load(SHIPPED)
    plain = specs.stream_spec(config(), PLAN, contract)
    assert (plain.ordered, plain.cluster, plain.standby_region, plain.partner) == (False, None, None, False)
    assert specs.stream_spec(config(stream={"ordered": True}), PLAN, contract).ordered
    assert specs.stream_spec(config(standby={"region": OTHER}), PLAN, contract).standby_region == OTHER
    with_cluster = config().model_copy(update={"bring": Bring(cluster="/clusters/ours")})
    assert specs.stream_spec(with_cluster, PLAN, contract).cluster == "/clusters/ours"


def test_the_partners_stream_names_the_other_region_and_shares_no_cluster() -> None:
    stream = specs.stream_spec(config(standby={"region": OTHER}), PLAN, load(SHIPPED))
    assert partner_stream(stream, HOME) == replace(stream, standby_region=HOME, partner=True)
    with pytest.raises(Unsupported, match=r"bring\.cluster and standby"):
        partner_stream(replace(stream, cluster="/clusters/ours"), HOME)


def test_the_standbys_scope_is_the_primarys_in_another_region() -> None:
    placement = config().placement
    primary = Scope(placement, Names("test", 3, ACCOUNT, HOME), "eu", {"Stack": "s"}, True, False, "arn:limit")
    moved = standby_scope(primary, OTHER)
    assert (moved.placement.region, moved.placement.account, moved.names.region) == (OTHER, ACCOUNT, OTHER)
    assert replace(moved, placement=placement, names=primary.names) == primary


def test_the_key_by_value() -> None:
    key = {"rotation_days": 91, "deletion_days": 13}
    assert specs.key_spec(config(key=key), budget_alerts=True) == KeySpec(True, None, 91, 13)
    assert specs.key_spec(config(), budget_alerts=False) == KeySpec(False, None, 365, 30)
    expiring = config().model_copy(update={"key": KeySettings(rotation_days=365, expires="2031-01-31")})
    assert specs.key_spec(expiring, budget_alerts=False).expires == "2031-01-31"


def test_a_network_that_is_brought_along_by_value() -> None:
    brought = {"subnet_ids": ["subnet-0a1b2c3d4e5f60718"], "guard_ids": ["sg-0a1b2c3d4e5f60718"]}
    found = specs.brought_network(config(bring={"network": brought}))
    assert found == BroughtNetwork(("subnet-0a1b2c3d4e5f60718",), ("sg-0a1b2c3d4e5f60718",))
    assert specs.brought_network(config()) is None
    assert specs.network_spec(config(), PLAN) == NetworkSpec(log_days=30, private=True)
    assert specs.network_spec(config(**PUBLIC), PLAN) == NetworkSpec(log_days=30, private=False)


def test_redundancy_goes_to_both_stores() -> None:
    local = config().model_copy(update={"storage": Storage(redundancy="local")})
    assert (specs.lake_spec(local).redundancy, specs.failed_spec(local).redundancy) == ("local", "local")
    assert (specs.lake_spec(config()).redundancy, specs.failed_spec(config()).redundancy) == ("zone", "zone")


def test_the_sink_by_value(tmp_path: Path) -> None:
    contract, job = load(SHIPPED), Package(tmp_path / "jobs" / "job.zip", "its digest")
    keep = {"hot_days": 41, "cool_days": 41, "delete_after_days": 41}
    spec = specs.sink_spec(Order(config(retention=keep), contract, Packages(job, job), tmp_path), PLAN)
    size = JobSpec("D9", cpus=8, memory_mb=31_001, run_seconds=601, repeat_hours=61)
    assert spec == SinkSpec(contract, 29_000_000, 41, 89, 30, Path("jobs/job.zip"), "its digest", size)
    without = specs.sink_spec(Order(config(), contract, Packages(job), tmp_path), replace(PLAN, sink=None))
    assert (without.package, without.package_digest, without.job) == (None, None, None)


def test_what_is_watched_by_value() -> None:
    assert asdict(specs.observability_spec(config(budget={"monthly_usd": 151.25}), PLAN)) == {
        "freshness_minutes": 19,
        "iterator_age_alarm_ms": 23_001,
        "write_bytes_per_second": 12_000_001,
        "contact": "data@example.com",
        "monthly_usd": 151.25,
        "budget_from": None,
    }
    assert specs.observability_spec(config(), PLAN).monthly_usd is None


def test_stores_by_value() -> None:
    keep = {"replay_hours": 50, "hot_days": 31, "cool_days": 62, "delete_after_days": 365}
    lake = specs.lake_spec(config(retention=keep))
    assert (lake.role, lake.classification, lake.redundancy) == ("lake", Classification.PSEUDONYMISED, "zone")
    assert lake.rules[0].moves == (Move("STANDARD_IA", 31), Move("GLACIER_IR", 62))
    assert lake.rules[0].delete_after_days == 365
    failed = specs.failed_spec(config(retention=keep))
    assert (failed.role, failed.classification) == ("failed", Classification.PERSONAL)
    assert failed.rules[0].delete_after_days == 2
    assert specs.logs_spec(PLAN) == LogsSpec(days=30, roles=("lake", "failed"))


def test_equal_days_skip_the_storage_class_between_them() -> None:
    lake = specs.lake_spec(config(retention={"hot_days": 7, "cool_days": 7, "delete_after_days": 7}))
    assert lake.rules[0].moves == ()
    assert lake.rules[0].delete_after_days == 7
