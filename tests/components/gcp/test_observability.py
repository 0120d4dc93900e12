"""What is watched: each query by its parts, each resource by value."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from components.gcp import signals
from components.gcp.signals import Watched, alarms, dashboard, log_metrics
from homeshore.engine import ProgramFailed
from processor.pipeline import METRICS
from tests.components.gcp.recording import HOME, NUMBER, PROJECT, of_type
from tests.components.gcp.whole import BILLING, WATCH, scope, usual, whole

WATCHED = Watched("a-region", "a-topic", "a-subscription", "the-failed", "a-worker", "own")
POLICY, POOL = "gcp:monitoring/alertPolicy:AlertPolicy", "gcp:cloudrunv2/workerPool:WorkerPool"
OF_WORKERS = '{monitored_resource="cloud_run_worker_pool"}'
OWN = re.compile(r"logging_googleapis_com:user_([a-z_]+?)(_sum|_count)?(?=[\[{ )])")


def query(name: str) -> str:
    (found,) = (signal.query for signal in alarms(WATCHED, WATCH) if signal.name == name)
    return found


def queries() -> list[str]:
    board = json.loads(dashboard(WATCHED, WATCH, "board"))
    shown = [
        each["timeSeriesQuery"]["prometheusQuery"]
        for tile in board["mosaicLayout"]["tiles"]
        for each in tile["widget"]["xyChart"]["dataSets"]
    ]
    return [*shown, *(signal.query for signal in alarms(WATCHED, WATCH))]


def test_what_fires_and_when() -> None:
    assert query("backlog-age") == (
        "max(pubsub_googleapis_com:subscription_oldest_unacked_message_age"
        '{monitored_resource="pubsub_subscription",subscription_id="a-subscription"}) > 90.5'
    )
    assert query("failed-batches") == (
        "sum(increase(pubsub_googleapis_com:subscription_dead_letter_message_count"
        '{monitored_resource="pubsub_subscription",subscription_id="a-subscription"}[5m])) > 0'
    )
    assert query("undelivered") == (
        "max(pubsub_googleapis_com:subscription_oldest_unacked_message_age"
        '{monitored_resource="pubsub_subscription",subscription_id="the-failed"}) > 1800'
    )
    assert query("dead-letters") == (
        f"100 * sum(increase(logging_googleapis_com:user_own_dead_lettered_sum{OF_WORKERS}[10m]))"
        f" / sum(increase(logging_googleapis_com:user_own_events_in_sum{OF_WORKERS}[10m])) > 5"
    )
    assert query("freshness") == (
        '(sum(increase(pubsub_googleapis_com:topic_message_sizes_count{monitored_resource="pubsub_topic",'
        'topic_id="a-topic"}[7m])) > 0)'
        f" unless (sum(increase(logging_googleapis_com:user_own_events_in_sum{OF_WORKERS}[7m])) > 0)"
    )
    assert query("errors") == f"sum(increase(logging_googleapis_com:user_own_errors{OF_WORKERS}[5m])) > 0"
    assert query("refusals") == (
        'sum(increase(pubsub_googleapis_com:topic_send_request_count{monitored_resource="pubsub_topic",'
        'topic_id="a-topic",response_class!="success"}[5m])) > 0'
    )
    assert query("refresh") == (
        "sum(increase(bigquerydatatransfer_googleapis_com:transfer_config_completed_runs"
        '{monitored_resource="bigquery_dts_config",config_id="REFRESH-ID",completion_state!="SUCCEEDED"}[60m])) > 0'
    )


@pytest.mark.parametrize(("objective", "window"), [(1, 5), (5, 5), (6, 6), (45, 45)])
def test_a_silence_shorter_than_the_metrics_delay_is_none(objective: int, window: int) -> None:
    (fresh,) = (s for s in alarms(WATCHED, replace(WATCH, freshness_minutes=objective)) if s.name == "freshness")
    assert fresh.query.count(f"[{window}m]") == 2
    assert f"for {window} minutes" in fresh.description


def test_each_metric_of_ours_that_is_asked_for_is_made_and_the_other_way_round() -> None:
    made = {metric.name: metric for metric in log_metrics(WATCHED)}
    asked = {(found[1], bool(found[2])) for text in queries() for found in OWN.finditer(text)}
    assert asked == {(name, metric.field is not None) for name, metric in made.items()}


def test_the_metrics_read_the_words_that_the_worker_writes() -> None:
    made = log_metrics(WATCHED)
    assert [metric.field for metric in made] == [*METRICS, None]
    for metric in made:
        assert 'resource.labels.worker_pool_name="a-worker" AND resource.labels.location="a-region"' in metric.filter
    assert made[-1].filter.endswith("severity>=ERROR")


def test_every_metric_names_its_resource_type_without_which_a_query_is_refused() -> None:
    for text in queries():
        metrics = re.findall(r"[a-z]+_googleapis_com:\w+", text)
        assert metrics
        assert len(re.findall(r'[a-z]+_googleapis_com:\w+\{monitored_resource="\w+"', text)) == len(metrics), text


def test_parentheses_and_quotes_close_in_every_query() -> None:
    for text in queries():
        for opening, closing in ("()", "[]", "{}"):
            assert text.count(opening) == text.count(closing)
        assert text.count('"') % 2 == 0


def test_names_are_unique_and_descriptions_say_what_to_do() -> None:
    found = alarms(WATCHED, WATCH)
    assert len({signal.name for signal in found}) == len(found) == 8
    for signal in found:
        assert len(signal.description) > 60
        assert signal.seconds % signals.MINUTE == 0


def test_the_charts_do_not_overlap_and_show_their_limits() -> None:
    board = json.loads(dashboard(WATCHED, WATCH, "board"))
    tiles = board["mosaicLayout"]["tiles"]
    assert board["displayName"] == "board"
    assert len({(tile["xPos"], tile["yPos"]) for tile in tiles}) == len(tiles) == 6
    assert all(tile["xPos"] + tile["width"] <= board["mosaicLayout"]["columns"] for tile in tiles)
    limits = [t["value"] for tile in tiles for t in tile["widget"]["xyChart"].get("thresholds", [])]
    assert limits == [123_456, 90.5]


def test_a_metric_sums_a_field_and_another_counts_lines() -> None:
    made = of_type(usual(), "gcp:logging/metric:Metric")
    assert set(made) == {
        f"o-{name}" for name in ("events-in", "written", "quarantined", "dead-lettered", "duplicates", "errors")
    }
    summed, counted = made["o-dead-lettered"].inputs, made["o-errors"].inputs
    assert summed["name"] == f"homeshore_test_g1_{HOME}_pipeline_dead_lettered".replace("-", "_")
    assert summed["valueExtractor"] == "EXTRACT(jsonPayload.DeadLettered)"
    assert summed["metricDescriptor"] == {"metricKind": "DELTA", "valueType": "DISTRIBUTION", "unit": "1"}
    assert counted["metricDescriptor"] == {"metricKind": "DELTA", "valueType": "INT64", "unit": "1"}
    assert "valueExtractor" not in counted
    assert "bucketOptions" not in counted


def test_a_policy_by_value() -> None:
    policy = of_type(usual(), POLICY)["o-failed-batches"].inputs
    assert policy["displayName"] == f"homeshore-test-g1-{HOME}-failed-batches"
    assert (policy["combiner"], policy["severity"]) == ("OR", "CRITICAL")
    (condition,) = policy["conditions"]
    asked = condition["conditionPrometheusQueryLanguage"]
    assert f'subscription_id="homeshore-test-g1-{HOME}-processor"' in asked["query"]
    assert (asked["duration"], asked["evaluationInterval"], asked["disableMetricValidation"]) == ("0s", "60s", True)
    assert policy["alertStrategy"] == {"autoClose": "1800s"}
    assert policy["userLabels"]["stack"] == "test"


def test_the_policies_watch_what_the_stack_has() -> None:
    subscriptions = {r.inputs["name"] for r in of_type(usual(), "gcp:pubsub/subscription:Subscription").values()}
    topics = {r.inputs["name"] for r in of_type(usual(), "gcp:pubsub/topic:Topic").values()}
    text = json.dumps([r.inputs for r in of_type(usual(), POLICY).values()]).replace('\\"', '"')
    assert set(re.findall('subscription_id="([^"]+)"', text)) == subscriptions
    assert set(re.findall('topic_id="([^"]+)"', text)) <= topics


def test_one_address_is_told() -> None:
    channel = of_type(usual(), "gcp:monitoring/notificationChannel:NotificationChannel")["o"].inputs
    assert (channel["type"], channel["labels"]) == ("email", {"email_address": "oncall@example.com"})
    for policy in of_type(usual(), POLICY).values():
        assert any(urn.endswith("::o") for urn in policy.property_dependencies["notificationChannels"])
        assert len(policy.inputs["notificationChannels"]) == 1


def test_the_failing_refresh_is_that_of_this_stack() -> None:
    refresh = of_type(usual(), POLICY)["o-refresh"]
    assert any(urn.endswith("::s-refresh") for urn in refresh.property_dependencies["conditions"])


@pytest.mark.parametrize(
    ("usd", "units", "nanos"), [(9000.5, "9000", 500_000_000), (0.01, "0", 10_000_000), (12.0, "12", 0)]
)
def test_the_budget_by_value(usd: float, units: str, nanos: int) -> None:
    snapshot = whole(watch=replace(WATCH, monthly_usd=usd))
    budget = dict(of_type(snapshot, "gcp:billing/budget:Budget")["o-budget"].inputs)
    told = budget.pop("allUpdatesRule")
    assert told["schemaVersion"] == "1.0"
    assert len(told["monitoringNotificationChannels"]) == 1
    assert budget == {
        "billingAccount": BILLING,
        "displayName": f"homeshore-test-g1-{HOME}-pipeline",
        "amount": {"specifiedAmount": {"currencyCode": "USD", "units": units, "nanos": nanos}},
        "budgetFilter": {
            "calendarPeriod": "MONTH",
            "projects": [f"projects/{NUMBER}"],
            "labels": {"stack": "test"},
            "creditTypesTreatment": "INCLUDE_ALL_CREDITS",
        },
        "thresholdRules": [
            {"thresholdPercent": 0.8, "spendBasis": "CURRENT_SPEND"},
            {"thresholdPercent": 1.0, "spendBasis": "FORECASTED_SPEND"},
        ],
    }


def test_without_a_budget_none_is_made_and_no_billing_account_is_needed() -> None:
    assert not of_type(whole(scope(billing=None)), "gcp:billing/budget:Budget")


def test_a_budget_without_a_billing_account_is_refused_by_name() -> None:
    with pytest.raises(ProgramFailed, match=r"placement\.billing_account"):
        whole(scope(billing=None), watch=replace(WATCH, monthly_usd=1.0))


def test_the_dashboard_shows_this_stacks_things() -> None:
    board = of_type(usual(), "gcp:monitoring/dashboard:Dashboard")["o-dashboard"].inputs
    assert board["project"] == PROJECT
    shown = json.loads(board["dashboardJson"])
    assert shown["displayName"] == f"homeshore-test-g1-{HOME}-pipeline"
    assert f'worker_pool_name="homeshore-test-g1-processor",location="{HOME}"' in board["dashboardJson"].replace(
        "\\", ""
    )


def test_what_the_worker_and_the_queries_write_is_kept_in_the_region() -> None:
    keys = {
        POOL: "name",
        "gcp:pubsub/subscription:Subscription": "name",
        "gcp:bigquery/dataset:Dataset": "datasetId",
        "gcp:secretmanager/regionalSecret:RegionalSecret": "secretId",
    }
    made = {str(r.inputs[keys[r.type]]) for r in usual().resources if r.type in keys}
    (sink,) = of_type(usual(), "gcp:logging/projectSink:ProjectSink").values()
    assert len(made) == 6
    assert made <= set(re.findall('"(homeshore[-_][^"]+)"', str(sink.inputs["filter"])))
