"""The blueprint of one region's streaming pipeline: from the stack's configuration to components and outputs."""

from __future__ import annotations

from pathlib import Path

import pulumi

from components.base import Classification, RegionalComponent, Scope
from components.clouds import toolkit_for
from components.contracts import (
    BucketSpec,
    KeySpec,
    LogsSpec,
    NetworkSpec,
    ObservabilitySpec,
    Packages,
    Parts,
    ProcessorSpec,
    SinkSpec,
    StreamSpec,
    Toolkit,
    Unsupported,
)
from components.lifecycle import Move, failed_batch_rules, lake_rules
from components.naming import Names
from events import contract as contracts
from events.contract import Contract, ContractFaults
from processor.archive import PackageError
from stacks import sizing
from stacks.config import Removal, StackConfig
from stacks.retention import stages
from stacks.sizing import CapacityPlan, SizingError

PIPELINE = "pipeline"
LAKE, FAILED = "lake", "failed"
"""Roles of the stores, short: a bucket's name has 63 characters for account, region and environment too."""


class RegionalPipeline(RegionalComponent):
    """Everything of one region: key, stores, stream, processor, SQL, alarms. `outputs` are the stack's outputs.

    The same blueprint on every cloud: what differs is in the toolkit.
    """

    outputs: dict[str, pulumi.Output[str]]

    def __init__(self, config: StackConfig, plan: CapacityPlan, root: Path) -> None:
        scope = scope_of(config)
        toolkit = toolkit_for(config.placement)
        super().__init__(
            "homeshore:pipeline:RegionalPipeline",
            PIPELINE,
            scope,
            provider=toolkit.provider("primary", scope),
        )
        self.outputs = self._build(toolkit, config, plan, root)
        self.register_outputs(self.outputs)

    def _build(
        self, toolkit: Toolkit, config: StackConfig, plan: CapacityPlan, root: Path
    ) -> dict[str, pulumi.Output[str]]:
        contract = contracts.load(root / config.events)
        settings = config.processor
        packages = toolkit.packages(contract, architecture=settings.architecture, runtime=settings.runtime, root=root)
        key = toolkit.key(f"{PIPELINE}-key", KeySpec(budget_alerts=config.budget is not None), parent=self)
        logs = toolkit.logs(f"{PIPELINE}-access-logs", logs_spec(plan), key=key, parent=self)
        lake = toolkit.bucket(f"{PIPELINE}-lake", lake_spec(config), key=key, logs=logs, parent=self)
        failed = toolkit.bucket(f"{PIPELINE}-failed-batches", failed_spec(config), key=key, logs=logs, parent=self)
        stream = toolkit.stream(f"{PIPELINE}-stream", stream_spec(config, plan, contract), key=key, parent=self)
        spec = NetworkSpec(plan.operations.log_retention_days, private=config.network.mode == "private")
        network = toolkit.network(
            f"{PIPELINE}-network", spec, key=key, lake=lake, failed=failed, stream=stream, parent=self
        )
        processor = toolkit.processor(
            f"{PIPELINE}-processor",
            processor_spec(config, plan, packages, root),
            key=key,
            stream=stream,
            lake=lake,
            failed=failed,
            network=network,
            parent=self,
        )
        sink = toolkit.sink(
            f"{PIPELINE}-sink",
            sink_spec(config, plan, contract, packages, root),
            key=key,
            lake=lake,
            stream=stream,
            network=network,
            parent=self,
        )
        parts = Parts(key, logs, lake, failed, stream, network, processor, sink)
        watch = toolkit.observability(
            f"{PIPELINE}-observability", observability_spec(config, plan), parts=parts, parent=self
        )
        return {
            "endpoint": stream.uri,
            "stream": stream.name,
            "bucket": lake.name,
            "sql": sink.uri,
            "key": key.resource_id,
            "dashboard": watch.uri,
            "processor": processor.name,
            "failed_batches": failed.name,
            "pseudonym_secret": processor.secret_id,
            "database": sink.name,
            "workgroup": sink.workgroup,
            "alerts": watch.resource_id,
        }


def deploy(config: StackConfig) -> RegionalPipeline:
    """Size the stack and register its pipeline, in the Pulumi program that is running in the project's directory.

    Raises pulumi.RunError, which Pulumi shows as it is, for what the reader of the stack file has to change.
    """
    try:
        plan = sizing.plan(config.placement, config.workload, config.latency, config.retention, config.slo)
        pipeline = RegionalPipeline(config, plan, Path.cwd())
    except (SizingError, ContractFaults, PackageError, Unsupported) as fault:
        raise pulumi.RunError(str(fault)) from None
    if pipeline.scope.erasable:
        pulumi.log.warn(
            "protect is false and removal is destroy: both keys are turned, so a destroy deletes the stored data.",
            pipeline,
        )
    return pipeline


def scope_of(config: StackConfig) -> Scope:
    """What all components of the stack share: names, labels, and whether data may be deleted."""
    placement = config.placement
    return Scope(
        placement=placement,
        names=Names(config.environment, config.generation, placement.account, placement.region),
        boundary=config.residency.boundary,
        labels={
            "Project": pulumi.get_project(),
            "Stack": pulumi.get_stack(),
            "Environment": config.environment,
            "Owner": config.owner.team,
            "CostCenter": config.owner.cost_center,
            "Contact": config.owner.contact,
            "DataClassification": Classification.INTERNAL,
            "DataResidency": config.residency.boundary,
        },
        protect=config.protect,
        removal_destroys=config.removal is Removal.DESTROY,
    )


def lake_spec(config: StackConfig) -> BucketSpec:
    """The lake: tokens instead of people, cooling down as retention says."""
    keep = config.retention
    moves = tuple(
        Move(stage.storage_class.name, stage.start)
        for stage in stages(config.placement.cloud, keep.hot_days, keep.cool_days, keep.delete_after_days)
    )
    return BucketSpec(LAKE, Classification.PSEUDONYMISED, lake_rules(moves, keep.delete_after_days))


def failed_spec(config: StackConfig) -> BucketSpec:
    """What the platform hands over raw: a store of personal data, expiring as the stream forgets them."""
    return BucketSpec(FAILED, Classification.PERSONAL, failed_batch_rules(config.retention.replay_hours))


def logs_spec(plan: CapacityPlan) -> LogsSpec:
    """Who read or wrote which object of the other two."""
    return LogsSpec(plan.operations.log_retention_days, (LAKE, FAILED))


def stream_spec(config: StackConfig, plan: CapacityPlan, contract: Contract) -> StreamSpec:
    """The stream in the size that the plan gives it."""
    return StreamSpec(
        tier=plan.stream.tier,
        units=plan.stream.units,
        shards=plan.stream.shards,
        replay_hours=plan.stream.replay_hours,
        own_throughput=plan.processor.enhanced_fan_out,
        contract=contract,
        private=config.network.mode == "private",
        sender_cidrs=config.network.allowed_cidrs,
    )


def processor_spec(config: StackConfig, plan: CapacityPlan, packages: Packages, root: Path) -> ProcessorSpec:
    """The processor in the size that the plan gives it, with the code packaged for the stack's architecture."""
    settings, size = config.processor, plan.processor
    return ProcessorSpec(
        # The same text on every machine: Pulumi reads it relative to the project's directory.
        package=packages.processor.path.relative_to(root),
        package_digest=packages.processor.sha256_base64,
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


def sink_spec(config: StackConfig, plan: CapacityPlan, contract: Contract, packages: Packages, root: Path) -> SinkSpec:
    """The tables, how often they are brought up to date, and the job that does it where the cloud needs one."""
    package = packages.sink
    return SinkSpec(
        contract,
        plan.operations.scan_limit_bytes,
        config.retention.delete_after_days,
        refresh_minutes=plan.operations.freshness_minutes,
        log_days=plan.operations.log_retention_days,
        package=None if package is None else package.path.relative_to(root),
        package_digest=None if package is None else package.sha256_base64,
    )


def observability_spec(config: StackConfig, plan: CapacityPlan) -> ObservabilitySpec:
    """What is watched, from the plan's objectives and the stack's budget."""
    return ObservabilitySpec(
        freshness_minutes=plan.operations.freshness_minutes,
        iterator_age_alarm_ms=plan.operations.iterator_age_alarm_ms,
        write_bytes_per_second=plan.stream.write_bytes_per_second,
        contact=config.owner.contact,
        monthly_usd=None if config.budget is None else config.budget.monthly_usd,
    )
