"""The event stream."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_azure_native import authorization, eventhub

from components.azure import names
from components.azure.bus import closed_namespace
from components.azure.grants import RECEIVE_EVENTS, SEND_EVENTS, grant
from components.azure.key import Key
from components.azure.place import AzureComponent, own
from components.base import RegionalComponent
from components.contracts import KeyHandle, StreamSpec, Unsupported

PROCESSOR = "processor"
"""The consumer group of the one consumer there is; another consumer gets one of its own."""
KAFKA_PORT = 9093


class Stream(AzureComponent):
    """An Event Hubs namespace of one region with one hub: ordered within a partition, `spec.shards` of them.

    Senders and receivers sign in with Entra identities that have a role on the hub; Kafka clients do the same on port
    9093. With `spec.private` only private endpoints lead there, else the networks of `spec.sender_cidrs` too.

    The stream of a standby (`spec.partner`) has a namespace only: the geo-disaster-recovery pairing copies hub and
    consumer groups into it, which must be empty before and takes no changes of its own then. What the pairing does not
    copy, role assignments and private endpoints, is made as for any other. `ready` is what must exist before somebody
    is let in to the hub: whoever makes the pairing adds it. `settled` is what must exist before a pairing, which lets
    little be changed afterwards: whoever makes an endpoint adds it.
    """

    def __init__(self, name: str, spec: StreamSpec, *, key: KeyHandle, parent: RegionalComponent) -> None:
        base = own(key, Key)
        super().__init__("Stream", name, parent, group=base.group)
        if spec.shards is None:
            raise Unsupported("an event hub has a fixed number of partitions, and the plan names none")
        if spec.own_throughput:
            raise Unsupported("Event Hubs has no read path of its own for one consumer: all share the units' egress")
        place = self.place
        self.namespace_name = names.namespace(self.scope.names)
        self.namespace_id = place.id("Microsoft.EventHub/namespaces", self.namespace_name)
        self.host = f"{self.namespace_name}.{place.world.bus}"
        self.kafka = f"{self.host}:{KAFKA_PORT}"
        self.physical_name = self.hub_name = self.scope.names.local("events")
        self.hub_id = f"{self.namespace_id}/eventhubs/{self.hub_name}"
        self.consumer_group = PROCESSOR
        self.consumer_group_id = f"{self.hub_id}/consumergroups/{PROCESSOR}"
        self.tier = spec.tier
        self.namespace, rules = closed_namespace(
            self, f"{name}-namespace", namespace_name=self.namespace_name, spec=spec, key=base
        )
        self.name: pulumi.Output[str] = pulumi.Output.from_input(self.hub_name)
        self.reader_id: pulumi.Output[str] = pulumi.Output.from_input(self.consumer_group_id)
        self.resource_id: pulumi.Output[str] = pulumi.Output.from_input(self.hub_id)
        self.uri: pulumi.Output[str] = pulumi.Output.from_input(f"https://{self.host}")
        self.ready: list[pulumi.Resource] = [self.namespace]
        self.settled: list[pulumi.Resource] = [self.namespace, rules]
        if not spec.partner:
            self._hub(name, spec, spec.shards)
            self._schemas(name)
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})

    def grant_produce(
        self,
        name: str,
        principal: pulumi.Input[str],
        kind: authorization.PrincipalType = authorization.PrincipalType.SERVICE_PRINCIPAL,
    ) -> Sequence[pulumi.Resource]:
        """Let `principal` send events to the hub, and nothing else."""
        return self._grant(name, SEND_EVENTS, principal, "Send events", kind)

    def grant_consume(
        self,
        name: str,
        principal: pulumi.Input[str],
        kind: authorization.PrincipalType = authorization.PrincipalType.SERVICE_PRINCIPAL,
    ) -> Sequence[pulumi.Resource]:
        """Let `principal` receive events: of the hub, because readers ask the hub itself for its partitions."""
        return self._grant(name, RECEIVE_EVENTS, principal, "Receive events", kind)

    def _grant(
        self, name: str, role: str, principal: pulumi.Input[str], why: str, kind: authorization.PrincipalType
    ) -> Sequence[pulumi.Resource]:
        assigned = grant(
            self, name, role=role, scope=self.hub_id, principal=principal, why=why, after=self.ready, kind=kind
        )
        return (assigned,)

    def _hub(self, name: str, spec: StreamSpec, partitions: int) -> None:
        hub = eventhub.EventHub(
            name,
            event_hub_name=self.hub_name,
            namespace_name=self.namespace_name,
            resource_group_name=self.place.group,
            partition_count=partitions,
            retention_description=eventhub.RetentionDescriptionArgs(
                cleanup_policy=eventhub.CleanupPolicyRetentionDescription.DELETE,
                retention_time_in_hours=spec.replay_hours,
            ),
            opts=self.keeper(depends_on=[self.namespace]),
        )
        consumers = eventhub.ConsumerGroup(
            f"{name}-{PROCESSOR}",
            consumer_group_name=PROCESSOR,
            event_hub_name=self.hub_name,
            namespace_name=self.namespace_name,
            resource_group_name=self.place.group,
            opts=self.child(depends_on=[hub]),
        )
        self.ready.append(hub)
        self.settled += [hub, consumers]
        self.name, self.resource_id, self.reader_id = hub.name, hub.id, consumers.id

    def _schemas(self, name: str) -> None:
        schemas = eventhub.SchemaRegistry(
            f"{name}-schemas",
            schema_group_name=self.scope.names.local("schemas"),
            namespace_name=self.namespace_name,
            resource_group_name=self.place.group,
            # The only kind that Resource Manager knows; schemas themselves are data and are registered by senders.
            schema_type=eventhub.SchemaType.AVRO,
            schema_compatibility=eventhub.SchemaCompatibility.BACKWARD,
            group_properties={},
            opts=self.child(depends_on=[self.namespace]),
        )
        self.settled.append(schemas)
