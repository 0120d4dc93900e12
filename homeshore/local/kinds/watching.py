"""Log groups, alarms, dashboards, topics and budgets."""

from __future__ import annotations

from collections.abc import Mapping

from homeshore.local.aws import Aws
from homeshore.local.fields import Fields, capitalised, renamed, uncapitalised
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


# ---- topics

_TOPIC_ATTRIBUTES = {"kmsMasterKeyId": "KmsMasterKeyId", "displayName": "DisplayName"}


def _read_topic(aws: Aws, wanted: Wanted) -> Found | None:
    name = wanted.inputs.text("name")
    arn = aws.arn("sns", name)
    answer = aws.find("sns", "get_topic_attributes", "NotFound", "NotFoundException", TopicArn=arn)
    if answer is None:
        return None
    attributes = answer.block("Attributes")
    tags = read_tags(aws.call("sns", "list_tags_for_resource", ResourceArn=arn).blocks("Tags"))
    state: dict[str, object] = {wire: attributes.get(api) for wire, api in _TOPIC_ATTRIBUTES.items()}
    return Found(arn, state | {"name": name, "tags": declared(tags)}, {"arn": arn, "owner": aws.account_id})


def _create_topic(aws: Aws, wanted: Wanted) -> None:
    attributes = renamed(wanted.inputs, _TOPIC_ATTRIBUTES)
    aws.call(
        "sns",
        "create_topic",
        Name=wanted.inputs.text("name"),
        Attributes=attributes,
        Tags=listed_tags(wanted.tags),
    )


def _update_topic(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    for wire, api in _TOPIC_ATTRIBUTES.items():
        if wire in drift:
            value = wanted.inputs.text_or(wire)
            aws.call("sns", "set_topic_attributes", TopicArn=found.id, AttributeName=api, AttributeValue=value)
    if "tags" in drift:
        surplus = sorted(set(Fields(found.state).table("tags")) - set(wanted.tags))
        if surplus:
            aws.call("sns", "untag_resource", ResourceArn=found.id, TagKeys=surplus)
        aws.call("sns", "tag_resource", ResourceArn=found.id, Tags=listed_tags(wanted.tags))


def _delete_topic(aws: Aws, wanted: Wanted, found: Found) -> None:
    del wanted
    aws.call("sns", "delete_topic", TopicArn=found.id)


def _read_topic_policy(aws: Aws, wanted: Wanted) -> Found | None:
    arn = wanted.inputs.text("arn")
    answer = aws.find("sns", "get_topic_attributes", "NotFound", "NotFoundException", TopicArn=arn)
    policy = answer.block("Attributes").text_or("Policy") if answer else ""
    return Found(arn, {"arn": arn, "policy": policy}) if policy else None


def _write_topic_policy(aws: Aws, wanted: Wanted) -> None:
    arn, policy = wanted.inputs.text("arn"), wanted.inputs.text("policy")
    aws.call("sns", "set_topic_attributes", TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


def _with_its_topic(aws: Aws, wanted: Wanted, found: Found) -> None:
    """A topic always has a policy; it goes with its topic."""
    del aws, wanted, found


# ---- budgets


def _read_budget(aws: Aws, wanted: Wanted) -> Found | None:
    name = wanted.inputs.text("name")
    where = {"AccountId": aws.account_id, "BudgetName": name}
    answer = aws.find("budgets", "describe_budget", "NotFoundException", **where)
    if answer is None:
        return None
    budget = answer.block("Budget")
    limit = budget.block("BudgetLimit")
    filters = budget.block("CostFilters")
    state = {
        "name": name,
        "budgetType": budget.get("BudgetType"),
        "timeUnit": budget.get("TimeUnit"),
        "limitAmount": limit.get("Amount"),
        "limitUnit": limit.get("Unit"),
        "costFilters": [{"name": key, "values": list(filters.texts(key))} for key in filters],
        "notifications": [_notification_state(aws, where, item) for item in _notifications(aws, where)],
    }
    return Found(f"{aws.account_id}:{name}", state, {"arn": f"arn:aws:budgets::{aws.account_id}:budget/{name}"})


def _notifications(aws: Aws, where: Mapping[str, str]) -> tuple[Fields, ...]:
    answer = aws.find("budgets", "describe_notifications_for_budget", "NotFoundException", **where)
    return answer.blocks("Notifications") if answer else ()


def _notification_state(aws: Aws, where: Mapping[str, str], notification: Fields) -> dict[str, object]:
    answer = aws.call("budgets", "describe_subscribers_for_notification", Notification=dict(notification), **where)
    subscribers = answer.blocks("Subscribers")

    def addresses(kind: str) -> list[str]:
        return [each.text("Address") for each in subscribers if each.text("SubscriptionType") == kind]

    return {
        **uncapitalised(notification),
        "subscriberSnsTopicArns": addresses("SNS"),
        "subscriberEmailAddresses": addresses("EMAIL"),
    }


def _budget(wanted: Wanted) -> dict[str, object]:
    inputs = wanted.inputs
    names = {"name": "BudgetName", "budgetType": "BudgetType", "timeUnit": "TimeUnit"}
    limit = {"Amount": str(inputs["limitAmount"]), "Unit": inputs.text("limitUnit")}
    filters = {item.text("name"): list(item.texts("values")) for item in inputs.blocks("costFilters")}
    return {**renamed(inputs, names), "BudgetLimit": limit, "CostFilters": filters}


def _create_budget(aws: Aws, wanted: Wanted) -> None:
    notices: list[dict[str, object]] = []
    for item in wanted.inputs.blocks("notifications"):
        kinds = ("subscriberSnsTopicArns", "SNS"), ("subscriberEmailAddresses", "EMAIL")
        subscribers = [
            {"SubscriptionType": kind, "Address": address} for key, kind in kinds for address in item.texts(key)
        ]
        body = {key: value for key, value in item.items() if not key.startswith("subscriber")}
        notices.append({"Notification": capitalised(body), "Subscribers": subscribers})
    aws.call(
        "budgets",
        "create_budget",
        AccountId=aws.account_id,
        Budget=_budget(wanted),
        NotificationsWithSubscribers=notices,
    )


def _update_budget(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    if "notifications" in drift:
        _delete_budget(aws, wanted, found)
        _create_budget(aws, wanted)
    else:
        aws.call("budgets", "update_budget", AccountId=aws.account_id, NewBudget=_budget(wanted))


def _delete_budget(aws: Aws, wanted: Wanted, found: Found) -> None:
    del found
    aws.call("budgets", "delete_budget", AccountId=aws.account_id, BudgetName=wanted.inputs.text("name"))


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
    "aws:sns/topic:Topic": Kind(_read_topic, _create_topic, _update_topic, _delete_topic),
    "aws:sns/topicPolicy:TopicPolicy": written(_read_topic_policy, _write_topic_policy, _with_its_topic),
    "aws:budgets/budget:Budget": Kind(_read_budget, _create_budget, _update_budget, _delete_budget),
}
