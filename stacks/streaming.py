"""The blueprint of one region's streaming pipeline: from the stack's configuration to components and outputs."""

from __future__ import annotations

from pathlib import Path

import pulumi

from components.base import RegionalComponent
from components.clouds import toolkit_for
from components.contracts import (
    ObservabilityHandle,
    Parts,
    Stores,
    Toolkit,
    Unsupported,
)
from components.placement import Placement
from events import contract as contracts
from events.contract import ContractFaults
from processor.archive import PackageError
from stacks import bringing, sizing, specs
from stacks.config import StackConfig
from stacks.scope import scope_of, stated
from stacks.sizing import CapacityPlan, SizingError
from stacks.specs import FAILED, LAKE, Order
from stacks.standby import StandbyPipeline

PIPELINE = "pipeline"


class RegionalPipeline(RegionalComponent):
    """Everything of one region: key, stores, stream, processor, SQL, alarms; and its standby, where there is one.

    The same blueprint on every cloud: what differs is in the toolkit. `outputs` are the stack's outputs. `standby` is
    the plan for the standby's region, None without one.
    """

    outputs: dict[str, pulumi.Output[str]]

    def __init__(self, config: StackConfig, plan: CapacityPlan, root: Path, *, standby: CapacityPlan | None) -> None:
        scope = scope_of(config, permission_boundary=config.bring.permission_boundary)
        toolkit = toolkit_for(config.placement)
        super().__init__(
            "homeshore:pipeline:RegionalPipeline",
            PIPELINE,
            scope,
            provider=toolkit.provider("primary", scope),
            states=stated(config),
        )
        order = _order(toolkit, config, root)
        parts = self._build(toolkit, order, plan)
        watch = toolkit.observability(
            f"{PIPELINE}-observability", specs.observability_spec(config, plan), parts=parts, parent=self
        )
        self.outputs = _outputs(parts, watch)
        if standby is not None:
            primary = Stores(parts.key, parts.lake, parts.failed, parts.stream)
            second = StandbyPipeline(order, standby, toolkit=toolkit, primary=primary, parent=self)
            self.outputs |= second.outputs
        self.register_outputs(self.outputs)

    def _build(self, toolkit: Toolkit, order: Order, plan: CapacityPlan) -> Parts:
        config, bring = order.config, order.config.bring
        key_spec = specs.key_spec(config, budget_alerts=config.budget is not None)
        key = bringing.key(toolkit, f"{PIPELINE}-key", bring.key, key_spec, parent=self)
        made = (LAKE, FAILED) if bring.bucket is None else (FAILED,)
        logs = toolkit.logs(f"{PIPELINE}-access-logs", specs.logs_spec(plan, made), key=key, parent=self)
        lake = bringing.bucket(
            toolkit, f"{PIPELINE}-lake", bring.bucket, specs.lake_spec(config), key=key, logs=logs, parent=self
        )
        failed = toolkit.bucket(
            f"{PIPELINE}-failed-batches", specs.failed_spec(config), key=key, logs=logs, parent=self
        )
        stream = toolkit.stream(
            f"{PIPELINE}-stream", specs.stream_spec(config, plan, order.contract), key=key, parent=self
        )
        network = bringing.network(
            toolkit,
            f"{PIPELINE}-network",
            specs.brought_network(config),
            specs.network_spec(config, plan),
            stores=Stores(key, lake, failed, stream),
            parent=self,
        )
        processor = toolkit.processor(
            f"{PIPELINE}-processor",
            specs.processor_spec(order, plan),
            key=key,
            stream=stream,
            lake=lake,
            failed=failed,
            network=network,
            parent=self,
        )
        sink = toolkit.sink(
            f"{PIPELINE}-sink",
            specs.sink_spec(order, plan),
            key=key,
            lake=lake,
            stream=stream,
            network=network,
            parent=self,
        )
        return Parts(key, logs, lake, failed, stream, network, processor, sink)


def deploy(config: StackConfig) -> RegionalPipeline:
    """Size the stack and register its pipeline, in the Pulumi program that is running in the project's directory.

    Raises pulumi.RunError, which Pulumi shows as it is, for what the reader of the stack file has to change.
    """
    try:
        plan = _plan(config, config.placement)
        elsewhere = config.standby and config.placement.model_copy(update={"region": config.standby.region})
        standby = _plan(config, elsewhere) if elsewhere else None
        pipeline = RegionalPipeline(config, plan, Path.cwd(), standby=standby)
    except ContractFaults as fault:  # which name their own file
        raise pulumi.RunError(str(fault)) from None
    except (SizingError, PackageError, Unsupported) as fault:
        raise pulumi.RunError(f"Pulumi.{pulumi.get_stack()}.yaml: {fault}") from None
    if plan.sink is not None and plan.sink.events_per_second < config.workload.events_per_second.average:
        pulumi.log.warn(
            f"the job that writes silver and gold keeps up with {plan.sink.events_per_second:,} events/s, below the "
            "workload's average: they will fall behind. Bronze stays complete (homeshore plan size has the reckoning).",
            pipeline,
        )
    if pipeline.scope.erasable:
        pulumi.log.warn(
            "protect is false and removal is destroy: both keys are turned, so a destroy deletes the stored data.",
            pipeline,
        )
    return pipeline


def _plan(config: StackConfig, placement: Placement) -> CapacityPlan:
    return sizing.plan(
        placement,
        config.workload,
        config.latency,
        config.retention,
        config.slo,
        dedicated=config.bring.cluster is not None,
    )


def _order(toolkit: Toolkit, config: StackConfig, root: Path) -> Order:
    contract = contracts.load(root / config.events)
    settings = config.processor
    packages = toolkit.packages(contract, architecture=settings.architecture, runtime=settings.runtime, root=root)
    return Order(config, contract, packages, root)


def _outputs(parts: Parts, watch: ObservabilityHandle) -> dict[str, pulumi.Output[str]]:
    return {
        "endpoint": parts.stream.uri,
        "stream": parts.stream.name,
        "bucket": parts.lake.name,
        "sql": parts.sink.uri,
        "key": parts.key.resource_id,
        "dashboard": watch.uri,
        "processor": parts.processor.name,
        "failed_batches": parts.failed.name,
        "pseudonym_secret": parts.processor.secret_id,
        "database": parts.sink.name,
        "workgroup": parts.sink.workgroup,
        "alerts": watch.resource_id,
    }
