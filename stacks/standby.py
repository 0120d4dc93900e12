"""The blueprint of a standby: a second region of the same cloud that takes over, inside the same boundary."""

from __future__ import annotations

from dataclasses import replace

import pulumi

from components.base import RegionalComponent, Scope
from components.contracts import (
    Handle,
    Intake,
    NetworkHandle,
    PairHandle,
    ProcessorHandle,
    Stores,
    StreamSpec,
    Toolkit,
    Unsupported,
)
from stacks import specs
from stacks.sizing import CapacityPlan
from stacks.specs import Order

STANDBY = "standby"


class StandbyPipeline(RegionalComponent):
    """What takes over: stores with a key of their own, a stream and a processor that wait for events, a network.

    `plan` is made for the standby's region, whose limits may be others. What the cloud copies from the primary's
    stores it copies all the time; nothing sends to the standby before somebody says so (docs/dr.md). It has no SQL and
    no alarms of its own: when the outage lasts, a stack of that region adds them.
    """

    outputs: dict[str, pulumi.Output[str]]

    def __init__(
        self, order: Order, plan: CapacityPlan, *, toolkit: Toolkit, primary: Stores, parent: RegionalComponent
    ) -> None:
        if order.config.standby is None:
            raise ValueError("the stack has no standby")
        scope = standby_scope(parent.scope, order.config.standby.region)
        super().__init__(
            "homeshore:pipeline:StandbyPipeline",
            STANDBY,
            scope,
            parent=parent,
            provider=toolkit.provider(STANDBY, scope),
        )
        stores, logs = self._stores(toolkit, order, plan)
        # Before the pair: some clouds tie two streams together only where private endpoints lead to both.
        network = self._network(toolkit, order, plan, stores)
        pair = toolkit.pair(f"{STANDBY}-pair", primary=primary, standby=stores, parent=parent)
        processor = self._processor(toolkit, order, plan, stores, network)
        if toolkit.records is not None:
            parts = Intake(stores.key, logs, stores.lake, stores.failed, stores.stream, network, processor)
            toolkit.records(STANDBY, parts=parts)
        self.outputs = _outputs(stores, pair, processor)
        self.register_outputs(self.outputs)

    def _stores(self, toolkit: Toolkit, order: Order, plan: CapacityPlan) -> tuple[Stores, Handle]:
        """What holds data, and where it is written down who touched it."""
        config = order.config
        # The stack's one budget reports under the primary's key.
        key = toolkit.key(f"{STANDBY}-key", specs.key_spec(config, budget_alerts=False), parent=self)
        logs = toolkit.logs(f"{STANDBY}-access-logs", specs.logs_spec(plan), key=key, parent=self)
        lake = toolkit.bucket(
            f"{STANDBY}-lake", replace(specs.lake_spec(config), queried=False), key=key, logs=logs, parent=self
        )
        failed = toolkit.bucket(f"{STANDBY}-failed-batches", specs.failed_spec(config), key=key, logs=logs, parent=self)
        spec = partner_stream(specs.stream_spec(config, plan, order.contract), config.placement.region)
        stream = toolkit.stream(f"{STANDBY}-stream", spec, key=key, parent=self)
        return Stores(key, lake, failed, stream), logs

    def _network(self, toolkit: Toolkit, order: Order, plan: CapacityPlan, stores: Stores) -> NetworkHandle | None:
        return toolkit.network(
            f"{STANDBY}-network",
            specs.network_spec(order.config, plan),
            key=stores.key,
            lake=stores.lake,
            failed=stores.failed,
            stream=stores.stream,
            parent=self,
        )

    def _processor(
        self,
        toolkit: Toolkit,
        order: Order,
        plan: CapacityPlan,
        stores: Stores,
        network: NetworkHandle | None,
    ) -> ProcessorHandle:
        return toolkit.processor(
            f"{STANDBY}-processor",
            specs.processor_spec(order, plan),
            key=stores.key,
            stream=stores.stream,
            lake=stores.lake,
            failed=stores.failed,
            network=network,
            parent=self,
        )


def standby_scope(primary: Scope, region: str) -> Scope:
    """The primary's scope, moved to `region` of the same account."""
    return replace(
        primary,
        placement=primary.placement.model_copy(update={"region": region}),
        names=replace(primary.names, region=region),
    )


def partner_stream(primary: StreamSpec, primary_region: str) -> StreamSpec:
    """The standby's stream beside the primary's, as `primary` would be built in the standby's region.

    Raises Unsupported where a dedicated cluster carries the primary's: it lies in the primary's region, and the stack
    file cannot name a second one.
    """
    if primary.cluster is not None:
        raise Unsupported(
            "bring.cluster and standby: the standby's stream needs a cluster of the same kind in its own region, and "
            "there is no key for a second one: leave one of the two out"
        )
    return replace(primary, standby_region=primary_region, partner=True)


def _outputs(stores: Stores, pair: PairHandle, processor: ProcessorHandle) -> dict[str, pulumi.Output[str]]:
    return {
        "standby_endpoint": stores.stream.uri,
        "standby_stream": stores.stream.name,
        "standby_bucket": stores.lake.name,
        "standby_pseudonym_secret": processor.secret_id,
        "failover_endpoint": pair.uri,
    }
