"""The event stream."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_gcp import pubsub

from components.base import Classification, RegionalComponent
from components.contracts import KeyHandle, StreamSpec, Unsupported
from components.gcp import grants
from components.gcp.avro import schema_of
from components.gcp.managed_key import ManagedKey
from components.gcp.place import GcpComponent, known, member, own

LONGEST_REPLAY_HOURS = 31 * 24
"""Pub/Sub API, Topic.messageRetentionDuration: at most 31 days."""
SECONDS_PER_HOUR = 3600
ACK_SECONDS = 60
"""A lease, which the client library extends while a batch is being stored. With exactly-once delivery it extends by no
less than this."""
FEWEST_DELIVERIES, MOST_DELIVERIES = 5, 100
"""Pub/Sub API, DeadLetterPolicy.maxDeliveryAttempts."""
FIRST_WAIT, LONGEST_WAIT = "10s", "600s"
"""Pause before a message that was handed back is delivered again; it grows from the first to the second."""
PERSONAL = {"data_classification": Classification.PERSONAL.value}


class Stream(GcpComponent):
    """Pub/Sub topic whose messages are stored, sent and read in the listed regions only, and its subscription.

    The topic itself keeps all messages for `spec.replay_hours`, for any subscription to be rewound; a copy that the
    subscription kept would be paid for twice. Messages are pulled, with exactly-once delivery. What cannot be processed
    goes to a topic of its own, under the same rules.

    Senders need an IAM permission and the regional endpoint (`uri`): the global one may enter elsewhere, and is then
    refused. Pub/Sub has no network rules for a topic: `spec.sender_cidrs` is answered with a warning, `spec.private`
    changes nothing here; both are declared deviations. `spec.tier`, `units` and `shards` have no counterpart: Pub/Sub
    scales by itself.

    The schema describes the events and is not attached: Pub/Sub would refuse packed records, which are no JSON, and
    fields that the contract does not declare, which the processor drops.
    """

    def __init__(self, name: str, spec: StreamSpec, *, key: KeyHandle, parent: RegionalComponent) -> None:
        super().__init__("Stream", name, parent)
        if spec.replay_hours > LONGEST_REPLAY_HOURS:
            raise Unsupported(
                f"retention.replay_hours: {spec.replay_hours} is more than the {LONGEST_REPLAY_HOURS} hours (31 days) "
                "that Pub/Sub keeps messages: replay older events from the lake"
            )
        if spec.cluster is not None:
            raise Unsupported(
                f"{spec.cluster!r} is a dedicated cluster, which Pub/Sub does not have: leave it out, for it scales by "
                "itself"
            )
        self._deliveries = deliveries(spec.maximum_deliveries)
        if spec.sender_cidrs:
            pulumi.log.warn(
                "network.allowed_cidrs is not enforced: Pub/Sub has no network rules for a topic, so senders need "
                "their permission and may come from anywhere. Only VPC Service Controls, which an organisation sets "
                "up, look at networks.",
                self,
            )
        retention = f"{spec.replay_hours * SECONDS_PER_HOUR}s"
        self._regions = [self.place.region, *([spec.standby_region] if spec.standby_region else [])]
        self._key = own(key, ManagedKey)
        self.physical_name = self.project_wide("events")
        self.topic_id = self.place.shared("topics", self.physical_name)
        self.dead_letter_topic_id = self.place.shared("topics", self.project_wide("dead-letters"))
        self.subscription_id = self.place.shared("subscriptions", self.project_wide("processor"))
        self.schema = pubsub.Schema(
            f"{name}-schema",
            name=self.physical_name,
            project=self.place.project,
            type="AVRO",
            definition=schema_of(spec.contract),
            opts=self.child(),
        )
        self.topic = self._topic(name, self.physical_name, retention)
        self.dead_letter_topic = self._topic(f"{name}-dead-letters", self.project_wide("dead-letters"), retention)
        self.subscription = self._subscription(f"{name}-processor", retention, ordered=spec.ordered)
        self.forwarding = self._let_agent_forward(name)
        self.name: pulumi.Output[str] = self.topic.name
        self.resource_id: pulumi.Output[str] = known(self.topic_id, self.topic.name)
        self.reader_id: pulumi.Output[str] = known(self.subscription_id, self.subscription.name)
        self.uri: pulumi.Output[str] = pulumi.Output.from_input(self.place.endpoint("pubsub"))
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})

    def grant_produce(self, name: str, principal: pulumi.Input[str]) -> Sequence[pulumi.Resource]:
        """Let `principal` (a member, such as serviceAccount:…) send events."""
        return [self._on_topic(name, self.topic, principal)]

    def grant_consume(self, name: str, principal: pulumi.Input[str]) -> Sequence[pulumi.Resource]:
        """Let `principal` pull and acknowledge messages, and rewind the subscription."""
        return [self._on_subscription(name, principal)]

    def _topic(self, name: str, physical_name: str, retention: str) -> pubsub.Topic:
        return pubsub.Topic(
            name,
            name=physical_name,
            project=self.place.project,
            kms_key_name=self._key.resource_id,
            message_retention_duration=retention,
            message_storage_policy=pubsub.TopicMessageStoragePolicyArgs(
                allowed_persistence_regions=self._regions, enforce_in_transit=True
            ),
            labels=PERSONAL,
            opts=self.keeper(depends_on=[self._key.agents["pubsub"]]),
        )

    def _subscription(self, name: str, retention: str, *, ordered: bool) -> pubsub.Subscription:
        return pubsub.Subscription(
            name,
            name=self.project_wide("processor"),
            project=self.place.project,
            topic=known(self.topic_id, self.topic.name),
            ack_deadline_seconds=ACK_SECONDS,
            enable_exactly_once_delivery=True,
            enable_message_ordering=ordered,
            message_retention_duration=retention,
            retain_acked_messages=False,
            # An empty time to live is none: without this an idle subscription is deleted after 31 days.
            expiration_policy=pubsub.SubscriptionExpirationPolicyArgs(ttl=""),
            dead_letter_policy=pubsub.SubscriptionDeadLetterPolicyArgs(
                dead_letter_topic=known(self.dead_letter_topic_id, self.dead_letter_topic.name),
                max_delivery_attempts=self._deliveries,
            ),
            retry_policy=pubsub.SubscriptionRetryPolicyArgs(minimum_backoff=FIRST_WAIT, maximum_backoff=LONGEST_WAIT),
            labels=PERSONAL,
            # It holds what nobody has processed yet.
            opts=self.keeper(),
        )

    def _let_agent_forward(self, name: str) -> list[pulumi.Resource]:
        """What Pub/Sub itself needs to move a failed message: publish it there, acknowledge it here."""
        agent = member(self.place.agent("pubsub"))
        return [
            self._on_topic(f"{name}-forward-failed", self.dead_letter_topic, agent),
            self._on_subscription(f"{name}-take-failed", agent),
        ]

    def _on_topic(self, name: str, topic: pubsub.Topic, principal: pulumi.Input[str]) -> pubsub.TopicIAMMember:
        return pubsub.TopicIAMMember(
            name,
            project=self.place.project,
            topic=topic.name,
            role=grants.PUBLISH,
            member=principal,
            opts=self.child(),
        )

    def _on_subscription(self, name: str, principal: pulumi.Input[str]) -> pubsub.SubscriptionIAMMember:
        return pubsub.SubscriptionIAMMember(
            name,
            project=self.place.project,
            subscription=self.subscription.name,
            role=grants.CONSUME,
            member=principal,
            opts=self.child(),
        )


def deliveries(maximum: int | None) -> int:
    """How often a message is delivered before it is handed over. Raises Unsupported for what Pub/Sub does not count."""
    if maximum is None or not FEWEST_DELIVERIES <= maximum <= MOST_DELIVERIES:
        raise Unsupported(
            f"Pub/Sub delivers a message {FEWEST_DELIVERIES} to {MOST_DELIVERIES} times before it counts as failed, "
            f"not {'for ever' if maximum is None else maximum}: the plan has to say how often"
        )
    return maximum
