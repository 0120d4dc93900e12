"""Alarms and dashboard as data: which metric, which limit, and what it means. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass

from components.contracts import ObservabilitySpec

MINUTE = 60
NAMESPACE = "Homeshore"
"""Where the processor publishes EventsIn, Written, Quarantined, DeadLettered and Duplicates, by stream."""
DEAD_LETTER_PERCENT = 5
"""Undecodable events, of all that arrived, above which a sender is broken rather than careless."""


LEAST_STALLED_MINUTES = 3
"""The newest minute of a metric is often not there yet, and FILL takes it for zero (CloudWatch User Guide, "Using
metric math"): an alarm on that minute alone would ring without reason."""


@dataclass(frozen=True)
class Watched:
    """The names that metrics are filed under."""

    stream: str
    processor: str


@dataclass(frozen=True)
class Metric:
    """One metric of one thing; `of` is None for the stream's feed, whose id only the cloud knows."""

    namespace: str
    name: str
    dimension: str
    of: str | None
    statistic: str
    period_seconds: int = MINUTE


@dataclass(frozen=True)
class Query:
    """A metric or, with `expression`, a formula over others; `alarmed` is the one that is compared."""

    id: str
    label: str
    metric: Metric | None = None
    expression: str | None = None
    alarmed: bool = False


@dataclass(frozen=True)
class Signal:
    """An alarm: fires when `breaches` of the last `periods` periods are beyond `threshold`."""

    name: str
    description: str
    queries: tuple[Query, ...]
    threshold: float
    periods: int
    breaches: int
    comparison: str = "GreaterThanThreshold"

    @property
    def metric(self) -> Metric | None:
        """The one metric that is compared as it is; None where a formula is."""
        return self.queries[0].metric if len(self.queries) == 1 else None


def alarms(watched: Watched, spec: ObservabilitySpec) -> tuple[Signal, ...]:
    """What on-call is woken for. Descriptions say what it means and what to do first."""
    stalled_minutes = max(spec.freshness_minutes, LEAST_STALLED_MINUTES)
    return (
        Signal(
            "iterator-age",
            "Events wait in the stream longer than the objective allows: the processor is too slow, throttled or "
            "failing. Look at errors and throttles first; then raise the workload in the stack file.",
            (_one("age", "Age of the oldest event, ms", _function(watched, "IteratorAge", "Maximum")),),
            threshold=spec.iterator_age_alarm_ms,
            periods=5,
            breaches=3,
        ),
        Signal(
            "errors",
            "Batches fail and are retried; those that fail for good go to the failed batches. "
            "Read the log of the processor.",
            (_one("errors", "Failed invocations", _function(watched, "Errors", "Sum")),),
            threshold=0,
            periods=5,
            breaches=3,
        ),
        Signal(
            "throttles",
            "Lambda refuses invocations: the account's concurrency is used up, or the reservation is too small.",
            (_one("throttles", "Throttled invocations", _function(watched, "Throttles", "Sum")),),
            threshold=0,
            periods=5,
            breaches=3,
        ),
        Signal(
            "failed-batches",
            "Batches failed for good and lie raw in the failed batches: re-drive them before they expire.",
            (_one("delivered", "Batches handed over", _feed("OnFailureDestinationDeliveredEventCount")),),
            threshold=0,
            periods=1,
            breaches=1,
        ),
        Signal(
            "dropped",
            "Events left the stream unprocessed and were not kept anywhere. Compare with the stream while it retains.",
            (_one("dropped", "Dropped events", _feed("DroppedEventCount")),),
            threshold=0,
            periods=1,
            breaches=1,
        ),
        Signal(
            "dead-letters",
            f"More than {DEAD_LETTER_PERCENT} % of the events cannot be decoded: a sender is broken. "
            "The dead letters say position, reason and error.",
            (
                _part("dead", "Undecodable events", _own(watched, "DeadLettered")),
                _part("events", "Events", _own(watched, "EventsIn")),
                Query(
                    "percent",
                    "Undecodable events, %",
                    expression="100 * FILL(dead, 0) / IF(FILL(events, 0) > 0, events, 1)",
                    alarmed=True,
                ),
            ),
            threshold=DEAD_LETTER_PERCENT,
            periods=5,
            breaches=3,
        ),
        Signal(
            "freshness",
            f"Events arrive and nothing has been stored for {stalled_minutes} minutes: the objective is broken.",
            (
                _part("arriving", "Records arriving", _stream(watched, "IncomingRecords")),
                _part("processed", "Events processed", _own(watched, "EventsIn")),
                Query(
                    "stalled",
                    "Arriving and not processed",
                    expression="IF(FILL(arriving, 0) > 0 AND FILL(processed, 0) == 0, 1, 0)",
                    alarmed=True,
                ),
            ),
            threshold=0,
            periods=stalled_minutes,
            breaches=stalled_minutes,
        ),
        Signal(
            "write-throttles",
            "The stream refuses events: senders must retry, or lose them. Raise the peak in the stack file.",
            (_one("refused", "Refused records", _stream(watched, "WriteProvisionedThroughputExceeded")),),
            threshold=0,
            periods=5,
            breaches=2,
        ),
    )


def dashboard(watched: Watched, spec: ObservabilitySpec, region: str) -> str:
    """The dashboard's body: what arrives, what becomes of it, how late it is, what goes wrong."""
    per_minute = spec.write_bytes_per_second * MINUTE
    widgets = [
        _widget(
            "Arriving, bytes per minute",
            region,
            [_stream(watched, "IncomingBytes")],
            limit=("what the stream takes", per_minute),
        ),
        _widget(
            "What became of events",
            region,
            [_own(watched, name) for name in ("EventsIn", "Written", "Quarantined", "DeadLettered", "Duplicates")],
        ),
        _widget(
            "Age of the oldest event, ms",
            region,
            [_function(watched, "IteratorAge", "Maximum")],
            limit=("alarm", spec.iterator_age_alarm_ms),
        ),
        _widget(
            "What goes wrong",
            region,
            [
                _function(watched, "Errors", "Sum"),
                _function(watched, "Throttles", "Sum"),
                _stream(watched, "WriteProvisionedThroughputExceeded"),
                _stream(watched, "ReadProvisionedThroughputExceeded"),
            ],
        ),
        _widget("Duration, ms", region, [_function(watched, "Duration", stat) for stat in ("p50", "p99", "Maximum")]),
        _widget("Running at once", region, [_function(watched, "ConcurrentExecutions", "Maximum")]),
    ]
    placed = [{**widget, "x": 12 * (i % 2), "y": 6 * (i // 2)} for i, widget in enumerate(widgets)]
    return json.dumps({"widgets": placed}, sort_keys=True)


def _widget(title: str, region: str, metrics: list[Metric], limit: tuple[str, int] | None = None) -> dict[str, object]:
    properties: dict[str, object] = {
        "title": title,
        "region": region,
        "view": "timeSeries",
        "stacked": False,
        "period": MINUTE,
        "metrics": [[m.namespace, m.name, m.dimension, m.of, {"stat": m.statistic}] for m in metrics],
    }
    if limit is not None:
        properties["annotations"] = {"horizontal": [{"label": limit[0], "value": limit[1]}]}
    return {"type": "metric", "width": 12, "height": 6, "properties": properties}


def _one(query: str, label: str, metric: Metric) -> Query:
    return Query(query, label, metric, alarmed=True)


def _part(query: str, label: str, metric: Metric) -> Query:
    return Query(query, label, metric)


def _function(watched: Watched, name: str, statistic: str) -> Metric:
    return Metric("AWS/Lambda", name, "FunctionName", watched.processor, statistic)


def _feed(name: str) -> Metric:
    return Metric("AWS/Lambda", name, "EventSourceMappingUUID", None, "Sum")


def _stream(watched: Watched, name: str) -> Metric:
    return Metric("AWS/Kinesis", name, "StreamName", watched.stream, "Sum")


def _own(watched: Watched, name: str) -> Metric:
    return Metric(NAMESPACE, name, "Stream", watched.stream, "Sum")
