"""From the stack's configuration and plan to what is asked of each component: pure, the same for every cloud."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from components.base import Classification
from components.contracts import (
    BroughtNetwork,
    BucketSpec,
    JobSpec,
    KeySpec,
    LogsSpec,
    NetworkSpec,
    ObservabilitySpec,
    Packages,
    ProcessorSpec,
    SinkSpec,
    StreamSpec,
)
from components.lifecycle import Move, failed_batch_rules, lake_rules
from events.contract import Contract
from stacks.config import StackConfig
from stacks.retention import stages
from stacks.sizing import CapacityPlan

LAKE, FAILED = "lake", "failed"
"""Roles of the stores, short: a bucket's name has 63 characters for account, region and environment too."""


@dataclass(frozen=True)
class Order:
    """All that a stack's regions are built from. `root` is the project's directory."""

    config: StackConfig
    contract: Contract
    packages: Packages
    root: Path


def key_spec(config: StackConfig, *, budget_alerts: bool) -> KeySpec:
    """The region's own key; `budget_alerts` where a budget of the region reports under it."""
    key = config.key
    return KeySpec(budget_alerts, key.expires, key.rotation_days, key.deletion_days)


def lake_spec(config: StackConfig) -> BucketSpec:
    """The lake: tokens instead of people, cooling down as retention says."""
    keep = config.retention
    moves = tuple(
        Move(stage.storage_class.name, stage.start)
        for stage in stages(config.placement.cloud, keep.hot_days, keep.cool_days, keep.delete_after_days)
    )
    rules = lake_rules(moves, keep.delete_after_days)
    return BucketSpec(LAKE, Classification.PSEUDONYMISED, rules, config.storage.redundancy, queried=True)


def failed_spec(config: StackConfig) -> BucketSpec:
    """What the platform hands over raw: a store of personal data, expiring as the stream forgets them."""
    rules = failed_batch_rules(config.retention.replay_hours)
    return BucketSpec(FAILED, Classification.PERSONAL, rules, config.storage.redundancy)


def logs_spec(plan: CapacityPlan, roles: tuple[str, ...] = (LAKE, FAILED)) -> LogsSpec:
    """Who read or wrote which object of the stores with those `roles`: the ones that the stack makes."""
    return LogsSpec(plan.operations.log_retention_days, roles)


def network_spec(config: StackConfig, plan: CapacityPlan) -> NetworkSpec:
    """The processor's network."""
    return NetworkSpec(plan.operations.log_retention_days, private=config.network.mode == "private")


def brought_network(config: StackConfig) -> BroughtNetwork | None:
    """The network that the stack file brings along, None where the stack makes its own."""
    brought = config.bring.network
    return None if brought is None else BroughtNetwork(**brought.model_dump())


def stream_spec(config: StackConfig, plan: CapacityPlan, contract: Contract) -> StreamSpec:
    """The stream in the size that the plan gives it. With a standby, events may lie in its region too.

    A batch that is tried again so many times is delivered once more than that.
    """
    retries = plan.processor.maximum_retries
    return StreamSpec(
        tier=plan.stream.tier,
        units=plan.stream.units,
        shards=plan.stream.shards,
        replay_hours=plan.stream.replay_hours,
        own_throughput=plan.processor.enhanced_fan_out,
        contract=contract,
        private=config.network.mode == "private",
        sender_cidrs=config.network.allowed_cidrs,
        ordered=config.stream.ordered,
        cluster=config.bring.cluster,
        standby_region=None if config.standby is None else config.standby.region,
        maximum_deliveries=None if retries is None else retries + 1,
    )


def processor_spec(order: Order, plan: CapacityPlan) -> ProcessorSpec:
    """The processor in the size that the plan gives it, with the code packaged for the stack's architecture."""
    package, settings, size = order.packages.processor, order.config.processor, plan.processor
    return ProcessorSpec(
        # The same text on every machine: Pulumi reads it relative to the project's directory.
        package=package.path.relative_to(order.root),
        package_digest=package.sha256_base64,
        runtime=settings.runtime,
        architecture=settings.architecture,
        memory_mb=size.memory_mb,
        cpus=size.cpus,
        instances=size.instances,
        timeout_seconds=size.timeout_seconds,
        batch_size=size.batch_size,
        batch_window_seconds=size.batch_window_seconds,
        parallelization=size.parallelization,
        maximum_retries=size.maximum_retries,
        maximum_record_age_seconds=size.maximum_record_age_seconds,
        reserved_concurrency=size.reserved_concurrency,
        log_days=plan.operations.log_retention_days,
        own_throughput=size.enhanced_fan_out,
    )


def sink_spec(order: Order, plan: CapacityPlan) -> SinkSpec:
    """The tables, how often they are brought up to date, and the job that does it where the cloud needs one."""
    package, job = order.packages.sink, plan.sink
    return SinkSpec(
        order.contract,
        plan.operations.scan_limit_bytes,
        order.config.retention.delete_after_days,
        refresh_minutes=plan.operations.refresh_minutes,
        log_days=plan.operations.log_retention_days,
        package=None if package is None else package.path.relative_to(order.root),
        package_digest=None if package is None else package.sha256_base64,
        job=None if job is None else JobSpec(job.profile, job.cpus, job.memory_mb, job.run_seconds, job.repeat_hours),
    )


def observability_spec(config: StackConfig, plan: CapacityPlan) -> ObservabilitySpec:
    """What is watched, from the plan's objectives and the stack's budget."""
    return ObservabilitySpec(
        freshness_minutes=plan.operations.freshness_minutes,
        iterator_age_alarm_ms=plan.operations.iterator_age_alarm_ms,
        write_bytes_per_second=plan.stream.write_bytes_per_second,
        contact=config.owner.contact,
        monthly_usd=None if config.budget is None else config.budget.monthly_usd,
        budget_from=None if config.budget is None else config.budget.starts,
    )
