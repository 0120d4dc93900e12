"""Alerts, metrics and dashboard as data: which query, for how long, and what it means. Pure.

All queries are PromQL, which Cloud Monitoring has for its own metrics too: the first slash of a metric's name becomes a
colon, every other sign but letters and digits an underscore; a distribution has _sum and _count (Cloud Monitoring
documentation, "PromQL for Cloud Monitoring metrics").
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from components.contracts import ObservabilitySpec
from processor.pipeline import METRICS

MINUTE = 60
DEAD_LETTER_PERCENT = 5
"""Undecodable events, of all that arrived, above which a sender is broken rather than careless."""
LEAST_STALLED_MINUTES = 5
"""Metrics of Pub/Sub and of logs are seen up to four minutes late: a shorter silence may only be their delay."""
UNDELIVERED_SECONDS = 1_800
"""A file of failed messages is closed after minutes; messages that wait for longer cannot be written."""
WORKER = "cloud_run_worker_pool"
"""The resource type that the worker's log lines and metrics are filed under."""
REFRESH_ID = "REFRESH-ID"
"""Stands in a query for the scheduled query's id, which only the cloud knows."""

Severity = Literal["CRITICAL", "ERROR", "WARNING"]


@dataclass(frozen=True)
class Watched:
    """The names that metrics are filed under. `prefix` begins the names of our own metrics."""

    region: str
    topic: str
    subscription: str
    failed_messages: str
    worker: str
    prefix: str


@dataclass(frozen=True)
class LogMetric:
    """A metric of the log lines that `filter` finds: the sum of `field`, or where that is None their number."""

    name: str
    description: str
    filter: str
    field: str | None = None


@dataclass(frozen=True)
class Signal:
    """An alert: fires when `query` has had an answer for `seconds`."""

    name: str
    description: str
    query: str
    seconds: int
    severity: Severity = "ERROR"


def log_metrics(watched: Watched) -> tuple[LogMetric, ...]:
    """What became of events, as the worker tells it, and what it could not do."""
    worker = (
        f'resource.type="{WORKER}"'
        f' AND resource.labels.worker_pool_name="{watched.worker}" AND resource.labels.location="{watched.region}"'
    )
    stored = f'{worker} AND jsonPayload.Namespace="Homeshore" AND jsonPayload.message="batch stored"'
    counted = tuple(
        LogMetric(f"{watched.prefix}_{field}", f"{name}, in events, summed over the batches", stored, name)
        for name, field in METRICS.items()
    )
    errors = LogMetric(
        f"{watched.prefix}_errors",
        "Batches that could not be stored, and whatever else fails",
        f"{worker} AND severity>=ERROR",
    )
    return (*counted, errors)


def alarms(watched: Watched, spec: ObservabilitySpec) -> tuple[Signal, ...]:
    """What on-call is woken for. Descriptions say what it means and what to do first."""
    stalled = max(spec.freshness_minutes, LEAST_STALLED_MINUTES)
    return (
        Signal(
            "backlog-age",
            "Events wait in the subscription longer than the objective allows: the workers are too few, or fail. "
            "Look at their errors first; then raise the workload in the stack file.",
            f"{_oldest(watched.subscription)} > {spec.iterator_age_alarm_ms / 1000:g}",
            seconds=3 * MINUTE,
        ),
        Signal(
            "errors",
            "Batches fail and are tried again; their messages fail for good after some deliveries. "
            "Read the log of the worker pool.",
            f"{_increase(_own(watched, 'errors'), 5)} > 0",
            seconds=3 * MINUTE,
        ),
        Signal(
            "failed-batches",
            "Messages failed for good and lie raw in the failed batches: re-drive them before they expire.",
            f"{_increase(_failed(watched), 5)} > 0",
            seconds=0,
            severity="CRITICAL",
        ),
        Signal(
            "undelivered",
            "Messages that failed for good cannot be written to the bucket of failed batches. They are lost when the "
            "topic forgets them: look at the subscription's state and at the grants on the bucket.",
            f"{_oldest(watched.failed_messages)} > {UNDELIVERED_SECONDS}",
            seconds=0,
            severity="CRITICAL",
        ),
        Signal(
            "dead-letters",
            f"More than {DEAD_LETTER_PERCENT} % of the events cannot be decoded: a sender is broken. "
            "The dead letters say position, reason and error.",
            f"100 * {_increase(_own(watched, 'dead_lettered', 'sum'), 10)} "
            f"/ {_increase(_own(watched, 'events_in', 'sum'), 10)} > {DEAD_LETTER_PERCENT}",
            seconds=3 * MINUTE,
        ),
        Signal(
            "freshness",
            f"Events arrive and nothing has been stored for {stalled} minutes: the objective is broken.",
            f"({_increase(_topic('message_sizes_count', watched.topic), stalled)} > 0) "
            f"unless ({_increase(_own(watched, 'events_in', 'sum'), stalled)} > 0)",
            seconds=MINUTE,
            severity="CRITICAL",
        ),
        Signal(
            "refusals",
            "The topic refuses events: they enter through another region's endpoint, their sender may not send, or the "
            "region's quota of throughput is used up. Senders must retry, or lose them; response_code says which.",
            f"{_increase(_refused(watched.topic), 5)} > 0",
            seconds=3 * MINUTE,
        ),
        Signal(
            "refresh",
            "Silver and gold could not be brought up to date: what readers see grows old. Read the run history of the "
            "scheduled query; the next run catches up.",
            _increase(
                "bigquerydatatransfer_googleapis_com:transfer_config_completed_runs"
                f'{{monitored_resource="bigquery_dts_config",config_id="{REFRESH_ID}",completion_state!="SUCCEEDED"}}',
                60,
            )
            + " > 0",
            seconds=0,
        ),
    )


def dashboard(watched: Watched, spec: ObservabilitySpec, title: str) -> str:
    """The dashboard's JSON: what arrives, what becomes of it, how late it is, what goes wrong."""
    charts = [
        _chart(
            "Arriving, bytes per second",
            {"arriving": f"sum(rate({_topic('message_sizes_sum', watched.topic)}[1m]))"},
            limit=("what the plan takes", spec.write_bytes_per_second),
        ),
        _chart(
            "What became of events, per second",
            {name: f"sum(rate({_own(watched, field, 'sum')}[5m]))" for name, field in METRICS.items()},
        ),
        _chart(
            "Age of the oldest event, s",
            {"waiting": _oldest(watched.subscription)},
            limit=("alarm", spec.iterator_age_alarm_ms / 1000),
        ),
        _chart(
            "What goes wrong, per minute",
            {
                "errors": f"sum(rate({_own(watched, 'errors')}[5m])) * 60",
                "failed for good": f"sum(rate({_failed(watched)}[5m])) * 60",
                "refused": f"sum(rate({_refused(watched.topic)}[5m])) * 60",
            },
        ),
        _chart("Workers", {"instances": f"sum({_worker('instance_count', watched)})"}),
        _chart(
            "Waiting in the subscription, messages",
            {"waiting": f"sum({_subscription('num_undelivered_messages', watched.subscription)})"},
        ),
    ]
    tiles = [{"xPos": 6 * (i % 2), "yPos": 4 * (i // 2), "width": 6, "height": 4, **c} for i, c in enumerate(charts)]
    return json.dumps({"displayName": title, "mosaicLayout": {"columns": 12, "tiles": tiles}}, sort_keys=True)


def _chart(title: str, queries: dict[str, str], limit: tuple[str, float] | None = None) -> dict[str, object]:
    sets = [
        {
            "plotType": "LINE",
            "targetAxis": "Y1",
            "legendTemplate": legend,
            "timeSeriesQuery": {"prometheusQuery": query},
        }
        for legend, query in queries.items()
    ]
    chart: dict[str, object] = {"dataSets": sets}
    if limit:
        label, value = limit
        chart["thresholds"] = [{"label": label, "value": value, "targetAxis": "Y1"}]
    return {"widget": {"title": title, "xyChart": chart}}


def _own(watched: Watched, field: str, part: str | None = None) -> str:
    """One of our own metrics; `part` is sum or count of a distribution.

    A metric of a log may be of any resource type, and a query that does not name one is refused.
    """
    name = f"logging_googleapis_com:user_{watched.prefix}_{field}" + (f"_{part}" if part else "")
    return f'{name}{{monitored_resource="{WORKER}"}}'


def _subscription(metric: str, subscription: str) -> str:
    return (
        f"pubsub_googleapis_com:subscription_{metric}"
        f'{{monitored_resource="pubsub_subscription",subscription_id="{subscription}"}}'
    )


def _topic(metric: str, topic: str, *labels: str) -> str:
    matchers = ",".join(('monitored_resource="pubsub_topic"', f'topic_id="{topic}"', *labels))
    return f"pubsub_googleapis_com:topic_{metric}{{{matchers}}}"


def _refused(topic: str) -> str:
    return _topic("send_request_count", topic, 'response_class!="success"')


def _failed(watched: Watched) -> str:
    return _subscription("dead_letter_message_count", watched.subscription)


def _worker(metric: str, watched: Watched) -> str:
    return (
        f"run_googleapis_com:container_{metric}"
        f'{{monitored_resource="{WORKER}",worker_pool_name="{watched.worker}",location="{watched.region}"}}'
    )


def _oldest(subscription: str) -> str:
    return f"max({_subscription('oldest_unacked_message_age', subscription)})"


def _increase(metric: str, minutes: int) -> str:
    return f"sum(increase({metric}[{minutes}m]))"
