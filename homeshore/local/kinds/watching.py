"""Log groups, alarms and dashboards."""

from __future__ import annotations

from collections.abc import Mapping

from homeshore.local.aws import Aws
from homeshore.local.fields import Fields, renamed
from homeshore.local.kind import Found, Kind, Wanted, declared, listed_tags, read_tags, written

_GONE = "ResourceNotFoundException"

# ---- log groups


def _read_log_group(aws: Aws, wanted: Wanted) -> Found | None:
    name = wanted.inputs.text("name")
    for group in aws.each("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name):
        if group.text("logGroupName") != name:
            continue
        arn = aws.arn("logs", f"log-group:{name}")
        tags = aws.call("logs", "list_tags_for_resource", resourceArn=arn).table("tags")
        state = {
            "name": name,
            "retentionInDays": group.get("retentionInDays"),
            "kmsKeyId": group.get("kmsKeyId"),
            "logGroupClass": group.get("logGroupClass"),
            "tags": declared(tags),
        }
        return Found(name, state, {"arn": arn})
    return None


def _create_log_group(aws: Aws, wanted: Wanted) -> None:
    inputs = wanted.inputs
    names = {"name": "logGroupName", "kmsKeyId": "kmsKeyId", "logGroupClass": "logGroupClass"}
    aws.call("logs", "create_log_group", tags=wanted.tags, **renamed(inputs, names))


def _update_log_group(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    inputs = wanted.inputs
    if "retentionInDays" in drift:
        days = inputs.whole("retentionInDays")
        aws.call("logs", "put_retention_policy", logGroupName=found.id, retentionInDays=days)
    if "kmsKeyId" in drift:
        aws.call("logs", "associate_kms_key", logGroupName=found.id, kmsKeyId=inputs.text("kmsKeyId"))
    if "tags" in drift:
        surplus = sorted(set(Fields(found.state).table("tags")) - set(wanted.tags))
        arn = str(found.outputs["arn"])
        if surplus:
            aws.call("logs", "untag_resource", resourceArn=arn, tagKeys=surplus)
        aws.call("logs", "tag_resource", resourceArn=arn, tags=wanted.tags)


def _delete_log_group(aws: Aws, wanted: Wanted, found: Found) -> None:
    del wanted
    aws.find("logs", "delete_log_group", _GONE, logGroupName=found.id)


# ---- alarms and dashboards

_ALARM = {
    "name": "AlarmName",
    "alarmDescription": "AlarmDescription",
    "actionsEnabled": "ActionsEnabled",
    "okActions": "OKActions",
    "alarmActions": "AlarmActions",
    "insufficientDataActions": "InsufficientDataActions",
    "metricName": "MetricName",
    "namespace": "Namespace",
    "statistic": "Statistic",
    "extendedStatistic": "ExtendedStatistic",
    "period": "Period",
    "unit": "Unit",
    "evaluationPeriods": "EvaluationPeriods",
    "datapointsToAlarm": "DatapointsToAlarm",
    "threshold": "Threshold",
    "comparisonOperator": "ComparisonOperator",
    "treatMissingData": "TreatMissingData",
    "evaluateLowSampleCountPercentiles": "EvaluateLowSampleCountPercentile",
    "thresholdMetricId": "ThresholdMetricId",
}


def _read_alarm(aws: Aws, wanted: Wanted) -> Found | None:
    name = wanted.inputs.text("name")
    alarms = aws.call("cloudwatch", "describe_alarms", AlarmNames=[name]).blocks("MetricAlarms")
    if not alarms:
        return None
    alarm = alarms[0]
    state: dict[str, object] = {wire: alarm.get(api) for wire, api in _ALARM.items()}
    state["dimensions"] = {item.text("Name"): item.text("Value") for item in alarm.blocks("Dimensions")}
    state["metricQueries"] = [_query_state(query) for query in alarm.blocks("Metrics")]
    arn = alarm.text("AlarmArn")
    tags = aws.call("cloudwatch", "list_tags_for_resource", ResourceARN=arn).blocks("Tags")
    state["tags"] = declared(read_tags(tags))
    return Found(name, state, {"arn": arn})


def _query_state(query: Fields) -> dict[str, object]:
    """A metric query as the program writes it: the metric is flat there and nested in the API."""
    state = {
        wire: query.get(wire[0].upper() + wire[1:]) for wire in ("id", "expression", "label", "returnData", "period")
    }
    stat = query.block("MetricStat")
    if stat:
        metric = stat.block("Metric")
        state["metric"] = {
            "metricName": metric.get("MetricName"),
            "namespace": metric.get("Namespace"),
            "dimensions": {item.text("Name"): item.text("Value") for item in metric.blocks("Dimensions")},
            "period": stat.get("Period"),
            "stat": stat.get("Stat"),
            "unit": stat.get("Unit"),
        }
    return state


def _dimensions(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in values.items()]


def _query(query: Fields) -> dict[str, object]:
    names = {"id": "Id", "expression": "Expression", "label": "Label", "returnData": "ReturnData", "period": "Period"}
    body = renamed(query, names)
    metric = query.block("metric")
    if metric:
        body["MetricStat"] = {
            "Metric": {
                **renamed(metric, {"metricName": "MetricName", "namespace": "Namespace"}),
                "Dimensions": _dimensions(metric.table("dimensions")),
            },
            **renamed(metric, {"period": "Period", "stat": "Stat", "unit": "Unit"}),
        }
    return body


def _write_alarm(aws: Aws, wanted: Wanted) -> None:
    inputs = wanted.inputs
    queries = [_query(query) for query in inputs.blocks("metricQueries")]
    dimensions = _dimensions(inputs.table("dimensions"))
    aws.call(
        "cloudwatch",
        "put_metric_alarm",
        Tags=listed_tags(wanted.tags),
        **renamed(inputs, _ALARM),
        **({"Metrics": queries} if queries else {}),
        **({"Dimensions": dimensions} if dimensions else {}),
    )


def _delete_alarm(aws: Aws, wanted: Wanted, found: Found) -> None:
    del wanted
    aws.call("cloudwatch", "delete_alarms", AlarmNames=[found.id])


def _read_dashboard(aws: Aws, wanted: Wanted) -> Found | None:
    name = wanted.inputs.text("dashboardName")
    absent = (_GONE, "ResourceNotFound", "DashboardNotFoundError")
    answer = aws.find("cloudwatch", "get_dashboard", *absent, DashboardName=name)
    if answer is None:
        return None
    arn = f"arn:aws:cloudwatch::{aws.account_id}:dashboard/{name}"
    return Found(name, {"dashboardName": name, "dashboardBody": answer.text("DashboardBody")}, {"dashboardArn": arn})


def _write_dashboard(aws: Aws, wanted: Wanted) -> None:
    body = wanted.inputs.text("dashboardBody")
    aws.call("cloudwatch", "put_dashboard", DashboardName=wanted.inputs.text("dashboardName"), DashboardBody=body)


def _delete_dashboard(aws: Aws, wanted: Wanted, found: Found) -> None:
    del wanted
    aws.call("cloudwatch", "delete_dashboards", DashboardNames=[found.id])


KINDS = {
    "aws:cloudwatch/logGroup:LogGroup": Kind(
        _read_log_group,
        _create_log_group,
        _update_log_group,
        _delete_log_group,
        fixed=frozenset({"logGroupClass"}),
        engine_only=frozenset({"skipDestroy"}),
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": written(_read_alarm, _write_alarm, _delete_alarm),
    "aws:cloudwatch/dashboard:Dashboard": written(_read_dashboard, _write_dashboard, _delete_dashboard),
}
