"""Alarms and dashboard as data."""

from __future__ import annotations

import dataclasses
import json

import pytest

from components.aws.signals import NAMESPACE, Signal, Watched, alarms, dashboard
from components.contracts import ObservabilitySpec
from tests.components.conftest import HOME, Preview, of_type

SPEC = ObservabilitySpec(
    freshness_minutes=7,
    iterator_age_alarm_ms=123_456,
    write_bytes_per_second=5_000_000,
    contact="data@example.com",
    monthly_usd=None,
)
WATCHED = Watched("events", "processor")


@pytest.fixture
def signals() -> dict[str, Signal]:
    return {signal.name: signal for signal in alarms(WATCHED, SPEC)}


def test_what_is_watched(signals: dict[str, Signal]) -> None:
    assert set(signals) == {
        "iterator-age",
        "errors",
        "throttles",
        "failed-batches",
        "dropped",
        "dead-letters",
        "freshness",
        "write-throttles",
    }


def test_limits_come_from_the_plan(signals: dict[str, Signal]) -> None:
    assert signals["iterator-age"].threshold == 123_456
    assert (signals["freshness"].periods, signals["freshness"].breaches) == (7, 7)
    assert "7 minutes" in signals["freshness"].description


def test_a_minute_that_is_not_complete_rings_no_alarm() -> None:
    """FILL takes the newest minute, which is often not there yet, for zero: one minute alone says nothing."""
    spec = dataclasses.replace(SPEC, freshness_minutes=1)
    (stalled,) = (signal for signal in alarms(WATCHED, spec) if signal.name == "freshness")
    assert (stalled.periods, stalled.breaches) == (3, 3)
    assert "3 minutes" in stalled.description


def test_an_alarm_compares_one_query_and_each_metric_is_of_a_named_thing(signals: dict[str, Signal]) -> None:
    for signal in signals.values():
        assert [query.alarmed for query in signal.queries].count(True) == 1
        assert signal.breaches <= signal.periods
        for query in signal.queries:
            assert (query.metric is None) != (query.expression is None)
            if query.metric is not None:
                named = {
                    "StreamName": "events",
                    "FunctionName": "processor",
                    "Stream": "events",
                    "EventSourceMappingUUID": None,
                }
                assert query.metric.of == named[query.metric.dimension]


def test_formulas_only_use_the_queries_beside_them(signals: dict[str, Signal]) -> None:
    for signal in signals.values():
        ids = {query.id for query in signal.queries}
        for query in signal.queries:
            words = {word.strip("(),") for word in (query.expression or "").split()}
            used = {word for word in words if word.islower() and word.isalpha()} | {
                word.split("(")[-1] for word in words if "(" in word and word.split("(")[-1].isalpha()
            }
            assert used <= ids


def test_the_processors_own_metrics_are_the_agreed_ones(signals: dict[str, Signal]) -> None:
    body = json.loads(dashboard(WATCHED, SPEC, HOME))
    shown = {
        tuple(metric[:4])
        for widget in body["widgets"]
        for metric in widget["properties"]["metrics"]
        if metric[0] == NAMESPACE
    }
    agreed = {"EventsIn", "Written", "Quarantined", "DeadLettered", "Duplicates"}
    assert shown == {("Homeshore", name, "Stream", "events") for name in agreed}
    alarmed = {
        query.metric.name
        for signal in signals.values()
        for query in signal.queries
        if query.metric is not None and query.metric.namespace == NAMESPACE
    }
    assert alarmed <= agreed


def test_the_dashboard_shows_the_limits_and_its_widgets_do_not_overlap() -> None:
    body = json.loads(dashboard(WATCHED, SPEC, HOME))
    places = {(widget["x"], widget["y"]) for widget in body["widgets"]}
    assert len(places) == len(body["widgets"]) == 6
    assert all(widget["properties"]["region"] == HOME for widget in body["widgets"])
    limits = [line for w in body["widgets"] for line in w["properties"].get("annotations", {}).get("horizontal", [])]
    assert {line["value"] for line in limits} == {5_000_000 * 60, 123_456}


def test_every_alarm_and_the_contact_reach_the_encrypted_topic(preview: Preview) -> None:
    snapshot = preview()
    (topic,) = of_type(snapshot, "aws:sns/topic:Topic")
    (key,) = of_type(snapshot, "aws:kms/key:Key")
    assert topic.property_dependencies["kmsMasterKeyId"] == (key.urn,)
    registered = of_type(snapshot, "aws:cloudwatch/metricAlarm:MetricAlarm")
    assert len(registered) == 8
    for alarm in registered:
        assert alarm.property_dependencies["alarmActions"] == (topic.urn,)
        assert alarm.property_dependencies["okActions"] == (topic.urn,)
        assert alarm.inputs["treatMissingData"] == "notBreaching"
    (subscription,) = of_type(snapshot, "aws:sns/topicSubscription:TopicSubscription")
    assert (subscription.inputs["protocol"], subscription.inputs["endpoint"]) == ("email", "data@example.com")
    (policy,) = of_type(snapshot, "aws:sns/topicPolicy:TopicPolicy")
    (statement,) = json.loads(str(policy.inputs["policy"]))["Statement"]
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert statement["Action"] == ["sns:Publish"]


def test_an_alarm_as_cloudwatch_has_it(preview: Preview) -> None:
    alarms_by_name = {a.name: a for a in of_type(preview(), "aws:cloudwatch/metricAlarm:MetricAlarm")}
    errors = alarms_by_name["pipeline-observability-errors"].inputs
    assert {k: v for k, v in errors.items() if k not in ("alarmActions", "okActions", "alarmDescription")} == {
        "name": "homeshore-test-g1-errors",
        "namespace": "AWS/Lambda",
        "metricName": "Errors",
        "dimensions": {"FunctionName": "homeshore-test-g1-processor"},
        "statistic": "Sum",
        "period": 60,
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": 0,
        "evaluationPeriods": 5,
        "datapointsToAlarm": 3,
        "treatMissingData": "notBreaching",
    }
    dead = alarms_by_name["pipeline-observability-dead-letters"].inputs
    assert "metricName" not in dead
    assert isinstance(dead["metricQueries"], list)
    assert [query["id"] for query in dead["metricQueries"]] == ["dead", "events", "percent"]
    feed = of_type(preview(), "aws:lambda/eventSourceMapping:EventSourceMapping")[0]
    dropped = alarms_by_name["pipeline-observability-dropped"]
    assert dropped.property_dependencies["dimensions"] == (feed.urn,)
