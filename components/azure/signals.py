"""Alarms and workbook as data: which metric or query, which limit, and what it means. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pulumi_azure_native.monitor import AggregationTypeEnum

from components.contracts import ObservabilitySpec

DEAD_LETTER_PERCENT = 5
"""Undecodable events, of all that arrived, above which a sender is broken rather than careless."""
LEAST_STALLED_MINUTES = 15
"""A namespace's metrics reach the workspace some minutes late: a shorter window would often see nothing arrive."""
JOB_RUNS_MISSED = 3
"""Refreshes in a row without one that ended well: then it is not one slow run."""

_WINDOWS = (5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440, 2880)
"""Minutes that a log alert may look back (Microsoft Learn, "Create a log search alert rule")."""
_EVALUATED_EACH = 5
_DAY_MS = 86_400_000
_UNION = "union isfuzzy=true"
"""A table is there only after something was written to it; a plain union of one that is not is an error, no alarm."""
_HOUR = 60
_CRITICAL, _ERROR, _WARNING = 0, 1, 2


@dataclass(frozen=True)
class Watched:
    """What metrics and logs are filed under. `namespace` and `workspace` are resource ids, the others names."""

    namespace: str
    function: str
    job: str
    workspace: str


@dataclass(frozen=True)
class MetricSignal:
    """An alarm on a platform metric of the Event Hubs namespace: fires above `threshold` in five minutes."""

    name: str
    description: str
    metric: str
    aggregation: AggregationTypeEnum
    threshold: float
    severity: int
    window: str = "PT5M"
    each: str = "PT1M"


@dataclass(frozen=True)
class QuerySignal:
    """An alarm on the workspace: fires when `measure`, a column of the query's one row, is above `threshold`.

    The query sees the last `window`; `breaches` of the last `periods` windows must be beyond the threshold.
    """

    name: str
    description: str
    query: str
    measure: str
    threshold: float
    severity: int
    window: str
    each: str = f"PT{_EVALUATED_EACH}M"
    periods: int = 1
    breaches: int = 1


def metric_alarms() -> tuple[MetricSignal, ...]:
    """What the stream itself refuses or fails. Descriptions say what it means and what to do first."""
    return (
        MetricSignal(
            "write-throttles",
            "The namespace refuses requests: senders must retry, or lose events. Raise the peak in the stack file.",
            "ThrottledRequests",
            AggregationTypeEnum.TOTAL,
            threshold=0,
            severity=_ERROR,
        ),
        MetricSignal(
            "stream-errors",
            "Event Hubs fails requests by itself. Look at the service's health; senders retry meanwhile.",
            "ServerErrors",
            AggregationTypeEnum.TOTAL,
            threshold=0,
            severity=_WARNING,
        ),
        MetricSignal(
            "quota",
            "A quota of the namespace is used up (connections, storage): what is beyond it is refused.",
            "QuotaExceededErrors",
            AggregationTypeEnum.TOTAL,
            threshold=0,
            severity=_ERROR,
        ),
    )


def query_alarms(watched: Watched, spec: ObservabilitySpec, refresh_minutes: int) -> tuple[QuerySignal, ...]:
    """What on-call is woken for, from what the processor and the job say, and what the stream reports."""
    stalled = window(max(spec.freshness_minutes, LEAST_STALLED_MINUTES))
    silent = window(JOB_RUNS_MISSED * refresh_minutes + LEAST_STALLED_MINUTES)
    return (
        QuerySignal(
            "event-age",
            "Events wait in the stream longer than the objective allows: the processor is too slow or failing. "
            "Look at its failures first; then raise the workload in the stack file.",
            f"{_stored(watched)}| summarize AgeMs = max(tolong(line.AgeMs))",
            "AgeMs",
            threshold=spec.iterator_age_alarm_ms,
            severity=_ERROR,
            window="PT5M",
            periods=3,
            breaches=2,
        ),
        QuerySignal(
            "errors",
            "Batches fail and are tried again without end; their partitions wait, at most as long as the hub keeps "
            "events. Read the processor's log.",
            f'AppRequests\n| where AppRoleName =~ "{watched.function}" and Success == false\n'
            "| summarize Failed = sum(ItemCount)",
            "Failed",
            threshold=0,
            severity=_ERROR,
            window="PT5M",
            periods=3,
            breaches=2,
        ),
        QuerySignal(
            "dead-letters",
            f"More than {DEAD_LETTER_PERCENT} % of the events cannot be decoded: a sender is broken. "
            "The dead letters say position, reason and error.",
            f"{_stored(watched)}| summarize Dead = sum(tolong(line.DeadLettered) * ItemCount), "
            "Events = sum(tolong(line.EventsIn) * ItemCount)\n"
            "| where Events > 0\n"
            "| project Percent = 100.0 * Dead / Events",
            "Percent",
            threshold=DEAD_LETTER_PERCENT,
            severity=_WARNING,
            window="PT15M",
        ),
        QuerySignal(
            "freshness",
            f"Events arrive and nothing has been stored for {stalled} minutes: the objective is broken.",
            f"{_UNION}\n({_incoming(watched)}| project Arriving = Total, Stored = 0.0),\n"
            f"({_stored(watched)}| project Arriving = 0.0, Stored = todouble(ItemCount))\n"
            "| summarize Stalled = toint(sum(Arriving) > 0 and sum(Stored) == 0)",
            "Stalled",
            threshold=0,
            severity=_CRITICAL,
            window=duration(stalled),
        ),
        QuerySignal(
            "lakehouse",
            f"No run of the lakehouse job ended well in {silent} minutes: silver and gold stand still, bronze does "
            "not. Look at the job's executions and at its log.",
            f"{_UNION}\n(datatable(Run: long)[0]),\n({_runs(watched)}| project Run = 1)\n"
            "| summarize Missing = toint(sum(Run) == 0)",
            "Missing",
            threshold=0,
            severity=_ERROR,
            window=duration(silent),
        ),
    )


def workbook(watched: Watched, spec: ObservabilitySpec) -> str:
    """The workbook's body, as JSON: what arrives, what becomes of it, how late it is, what goes wrong."""
    each = "bin(TimeGenerated, 5m)"
    became = ", ".join(
        f"{name} = sum(tolong(line.{name}) * ItemCount)"
        for name in ("EventsIn", "Written", "Quarantined", "DeadLettered", "Duplicates")
    )
    metrics = f'AzureMetrics\n| where _ResourceId =~ "{watched.namespace}"\n'
    items = [
        _chart(
            f"Arriving, bytes per second (the stream takes {spec.write_bytes_per_second:,})",
            f'{metrics}| where MetricName == "IncomingBytes"\n| summarize Bytes = sum(Total) / 300 by {each}',
            watched,
        ),
        _chart("What became of events", f"{_stored(watched)}| summarize {became} by {each}", watched),
        _chart(
            f"Age of the oldest event of a batch, ms (alarm above {spec.iterator_age_alarm_ms:,})",
            f"{_stored(watched)}| summarize AgeMs = max(tolong(line.AgeMs)) by {each}",
            watched,
        ),
        _chart(
            "What goes wrong in the stream",
            f'{metrics}| where MetricName in ("ThrottledRequests", "ServerErrors", "UserErrors", '
            f'"QuotaExceededErrors")\n| summarize Requests = sum(Total) by MetricName, {each}',
            watched,
        ),
        _chart(
            # Those that succeed are not told one by one (host.json): the batches above are what became of them.
            "Failed invocations",
            f'AppRequests\n| where AppRoleName =~ "{watched.function}" and Success == false\n'
            f"| summarize Failed = sum(ItemCount) by {each}",
            watched,
        ),
        _chart("Runs of the lakehouse job", f"{_runs(watched)}| summarize Runs = count() by {each}", watched),
    ]
    return json.dumps({"version": "Notebook/1.0", "items": items, "isLocked": False}, sort_keys=True)


def window(minutes: int) -> int:
    """The shortest time that a log alert may look back and that holds `minutes`; the longest there is, beyond it."""
    return next((allowed for allowed in _WINDOWS if allowed >= minutes), _WINDOWS[-1])


def duration(minutes: int) -> str:
    """ISO 8601, in hours where they are whole."""
    return f"PT{minutes // _HOUR}H" if minutes % _HOUR == 0 else f"PT{minutes}M"


def _stored(watched: Watched) -> str:
    """The processor's lines on stored batches. Traces are sampled: ItemCount is how many each stands for."""
    return (
        f'AppTraces\n| where AppRoleName =~ "{watched.function}" and Message has "batch stored"\n'
        '| extend line = parse_json(Message)\n| where tostring(line.Namespace) == "Homeshore"\n'
    )


def _incoming(watched: Watched) -> str:
    return f'AzureMetrics\n| where _ResourceId =~ "{watched.namespace}" and MetricName == "IncomingMessages"\n'


def _runs(watched: Watched) -> str:
    """The lines of runs that ended well. A run and its replicas are called by the job's name and an ending."""
    return (
        f'ContainerAppConsoleLogs\n| where JobName startswith "{watched.job}" or '
        f'ContainerGroupName startswith "{watched.job}"\n| where Log has "lakehouse refreshed"\n'
    )


def _chart(title: str, query: str, watched: Watched) -> dict[str, object]:
    return {
        "type": 3,
        "name": title,
        "customWidth": "50",
        "content": {
            "version": "KqlItem/1.0",
            "query": query,
            "size": 0,
            "title": title,
            "timeContext": {"durationMs": _DAY_MS},
            "queryType": 0,
            "resourceType": "microsoft.operationalinsights/workspaces",
            "crossComponentResources": [watched.workspace],
            "visualization": "timechart",
        },
    }
