"""The topic, its subscription and its dead letters, each setting by value."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest

from components.contracts import StreamSpec
from components.gcp.avro import schema_of
from components.gcp.stream import LONGEST_REPLAY_HOURS, Stream
from events.contract import Contract, Field
from homeshore.engine import ProgramFailed, Snapshot
from tests.components.gcp.recording import EUROPE, HOME, NUMBER, PROJECT, STREAM, Everything, of_type, pipeline, record

TOPIC = "gcp:pubsub/topic:Topic"
EVENTS, DEAD = f"homeshore-test-g1-{HOME}-events", f"homeshore-test-g1-{HOME}-dead-letters"
PROCESSOR = f"homeshore-test-g1-{HOME}-processor"
AGENT = f"serviceAccount:service-{NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com"
OTHER = next(place.name for place in EUROPE if place.name != HOME)


def recorded(spec: StreamSpec = STREAM) -> Snapshot:
    return record(lambda: Everything(pipeline(), stream=spec))


@pytest.mark.parametrize(("name", "physical"), [("pipeline-stream", EVENTS), ("pipeline-stream-dead-letters", DEAD)])
def test_messages_are_stored_and_sent_in_the_region_only_under_our_key(name: str, physical: str) -> None:
    snapshot = recorded()
    topic = of_type(snapshot, TOPIC)[name]
    key = of_type(snapshot, "gcp:kms/cryptoKey:CryptoKey")["pipeline-key"]
    agent = of_type(snapshot, "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember")["pipeline-key-pubsub"]
    assert topic.inputs == {
        "name": physical,
        "project": PROJECT,
        "kmsKeyName": f"{key.inputs['keyRing']}/cryptoKeys/data",
        "messageRetentionDuration": f"{48 * 3600}s",
        "messageStoragePolicy": {"allowedPersistenceRegions": [HOME], "enforceInTransit": True},
        "labels": {"data_classification": "personal"},
    }
    assert key.urn in topic.property_dependencies["kmsKeyName"]
    assert agent.urn in topic.dependencies
    assert (topic.protect, topic.retain_on_delete) == (True, True)


def test_the_standby_region_may_hold_messages_too() -> None:
    for topic in of_type(recorded(replace(STREAM, standby_region=OTHER)), TOPIC).values():
        assert topic.inputs["messageStoragePolicy"] == {
            "allowedPersistenceRegions": [HOME, OTHER],
            "enforceInTransit": True,
        }


@pytest.mark.parametrize("ordered", [True, False])
def test_the_subscription_is_pulled_exactly_once_and_never_expires(ordered: bool) -> None:
    snapshot = recorded(replace(STREAM, ordered=ordered))
    (subscription,) = of_type(snapshot, "gcp:pubsub/subscription:Subscription").values()
    assert subscription.inputs == {
        "name": PROCESSOR,
        "project": PROJECT,
        "topic": f"projects/{PROJECT}/topics/{EVENTS}",
        "ackDeadlineSeconds": 60,
        "enableExactlyOnceDelivery": True,
        "enableMessageOrdering": ordered,
        "messageRetentionDuration": f"{48 * 3600}s",
        "retainAckedMessages": False,
        "expirationPolicy": {"ttl": ""},
        "deadLetterPolicy": {"deadLetterTopic": f"projects/{PROJECT}/topics/{DEAD}", "maxDeliveryAttempts": 23},
        "retryPolicy": {"minimumBackoff": "10s", "maximumBackoff": "600s"},
        "labels": {"data_classification": "personal"},
    }
    topics = of_type(snapshot, TOPIC)
    assert topics["pipeline-stream"].urn in subscription.property_dependencies["topic"]
    assert topics["pipeline-stream-dead-letters"].urn in subscription.property_dependencies["deadLetterPolicy"]
    assert subscription.protect


def test_pubsub_itself_may_move_a_failed_message_and_nothing_else() -> None:
    snapshot = recorded()
    assert [each.inputs for each in of_type(snapshot, "gcp:pubsub/topicIAMMember:TopicIAMMember").values()] == [
        {"project": PROJECT, "topic": DEAD, "role": "roles/pubsub.publisher", "member": AGENT}
    ]
    members = of_type(snapshot, "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember")
    assert [each.inputs for each in members.values()] == [
        {"project": PROJECT, "subscription": PROCESSOR, "role": "roles/pubsub.subscriber", "member": AGENT}
    ]


def test_grants_are_on_the_topic_and_on_the_subscription() -> None:
    def build() -> None:
        stream = Everything(pipeline()).stream
        stream.grant_produce("sender", "serviceAccount:a@b")
        stream.grant_consume("reader", "serviceAccount:c@d")

    snapshot = record(build)
    assert of_type(snapshot, "gcp:pubsub/topicIAMMember:TopicIAMMember")["sender"].inputs == {
        "project": PROJECT,
        "topic": EVENTS,
        "role": "roles/pubsub.publisher",
        "member": "serviceAccount:a@b",
    }
    assert of_type(snapshot, "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember")["reader"].inputs == {
        "project": PROJECT,
        "subscription": PROCESSOR,
        "role": "roles/pubsub.subscriber",
        "member": "serviceAccount:c@d",
    }


def test_replay_reaches_as_far_as_pubsub_keeps_messages() -> None:
    topic = of_type(recorded(replace(STREAM, replay_hours=LONGEST_REPLAY_HOURS)), TOPIC)["pipeline-stream"]
    assert topic.inputs["messageRetentionDuration"] == "2678400s"
    with pytest.raises(ProgramFailed, match="745 is more than the 744 hours"):
        recorded(replace(STREAM, replay_hours=LONGEST_REPLAY_HOURS + 1))


@pytest.mark.parametrize("maximum", [5, 100])
def test_deliveries_are_counted_within_what_pubsub_counts(maximum: int) -> None:
    (subscription,) = of_type(
        recorded(replace(STREAM, maximum_deliveries=maximum)), "gcp:pubsub/subscription:Subscription"
    ).values()
    policy: Any = subscription.inputs["deadLetterPolicy"]
    assert policy["maxDeliveryAttempts"] == maximum


@pytest.mark.parametrize(("maximum", "said"), [(4, "not 4"), (101, "not 101"), (None, "not for ever")])
def test_other_numbers_of_deliveries_are_refused(maximum: int | None, said: str) -> None:
    with pytest.raises(ProgramFailed, match=f"5 to 100 times before it counts as failed, {said}"):
        recorded(replace(STREAM, maximum_deliveries=maximum))


def test_a_dedicated_cluster_is_refused() -> None:
    with pytest.raises(ProgramFailed, match="which Pub/Sub does not have"):
        recorded(replace(STREAM, cluster="my-cluster"))


def test_handles_are_known_in_a_preview() -> None:
    found: dict[str, Any] = {}

    def build() -> None:
        stream = Everything(pipeline()).stream
        assert isinstance(stream, Stream)
        for kind in ("name", "resource_id", "reader_id", "uri"):
            getattr(stream, kind).apply(lambda value, kind=kind: found.setdefault(kind, value))

    record(build)
    assert found == {
        "name": EVENTS,
        "resource_id": f"projects/{PROJECT}/topics/{EVENTS}",
        "reader_id": f"projects/{PROJECT}/subscriptions/{PROCESSOR}",
        "uri": f"https://{HOME}-pubsub.googleapis.com",
    }


def test_the_schema_stands_beside_the_topic_and_is_not_attached() -> None:
    snapshot = recorded()
    (schema,) = of_type(snapshot, "gcp:pubsub/schema:Schema").values()
    assert (schema.inputs["name"], schema.inputs["type"]) == (EVENTS, "AVRO")
    assert schema.inputs["definition"] == schema_of(STREAM.contract)
    assert all("schemaSettings" not in topic.inputs for topic in of_type(snapshot, TOPIC).values())


def test_a_contract_becomes_an_avro_record() -> None:
    contract = Contract(
        name="click-stream",
        version="1.2.3",
        fields=(
            Field("event_id", "string", required=True, description="Which one"),
            Field("at", "timestamp", required=True),
            Field("count", "integer"),
            Field("price", "number"),
            Field("paid", "boolean"),
            Field("more", "object"),
        ),
    )
    assert json.loads(schema_of(contract)) == {
        "type": "record",
        "name": "click_stream",
        "namespace": "homeshore.events",
        "doc": "Version 1.2.3 of the data contract click-stream",
        "fields": [
            {"name": "event_id", "type": "string", "doc": "Which one"},
            {"name": "at", "type": "string"},
            {"name": "count", "type": ["null", "long"], "default": None},
            {"name": "price", "type": ["null", "double"], "default": None},
            {"name": "paid", "type": ["null", "boolean"], "default": None},
            {"name": "more", "type": ["null", "string"], "default": None},
        ],
    }


@pytest.mark.parametrize("cidrs", [(), ("198.51.100.0/24",)])
def test_networks_of_senders_are_answered_with_a_warning(cidrs: tuple[str, ...]) -> None:
    said = io.StringIO()
    spec = replace(STREAM, private=False, sender_cidrs=cidrs)
    record(lambda: Everything(pipeline(), stream=spec), said)
    assert ("network.allowed_cidrs is not enforced" in said.getvalue()) == bool(cidrs)
