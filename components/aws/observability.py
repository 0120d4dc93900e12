"""What is watched, who is told, and what it may cost."""

from __future__ import annotations

import pulumi
from pulumi_aws import budgets, cloudwatch, sns

from components.aws import signals
from components.aws.documents import Statement, document
from components.aws.place import AwsComponent
from components.base import RegionalComponent
from components.contracts import ObservabilitySpec, Parts

WARN_AT_PERCENT = 80
ALL_PERCENT = 100


class Observability(AwsComponent):
    """Alarms, a dashboard and, with `spec.monthly_usd`, a budget; all of them tell one encrypted topic.

    The contact is subscribed by e-mail and has to confirm once. The budget counts what carries the stack's tag, so
    `Stack` must be activated as a cost allocation tag in the account's billing settings.
    """

    def __init__(self, name: str, spec: ObservabilitySpec, *, parts: Parts, parent: RegionalComponent) -> None:
        super().__init__("Observability", name, parent)
        key, stream, processor = parts.key, parts.stream, parts.processor
        names = self.scope.names
        self.physical_name = names.account_wide("pipeline")
        topic_name = names.local("alerts")
        topic = sns.Topic(
            name,
            name=topic_name,
            display_name=f"Homeshore {names.environment}",
            kms_master_key_id=key.resource_id,
            opts=self.child(),
        )
        policy = sns.TopicPolicy(
            f"{name}-policy",
            arn=topic.arn,
            policy=document(*self._publishers(self.place.arn("sns", topic_name), spec)),
            opts=self.child(),
        )
        sns.TopicSubscription(
            f"{name}-contact", topic=topic.arn, protocol="email", endpoint=spec.contact, opts=self.child()
        )
        watched = signals.Watched(stream.physical_name, processor.physical_name)
        for signal in signals.alarms(watched, spec):
            metric = signal.metric
            cloudwatch.MetricAlarm(
                f"{name}-{signal.name}",
                name=names.local(signal.name),
                alarm_description=signal.description,
                comparison_operator=signal.comparison,
                threshold=signal.threshold,
                evaluation_periods=signal.periods,
                datapoints_to_alarm=signal.breaches,
                treat_missing_data="notBreaching",
                namespace=metric.namespace if metric else None,
                metric_name=metric.name if metric else None,
                dimensions=_dimensions(metric, processor.feed_id) if metric else None,
                statistic=metric.statistic if metric else None,
                period=metric.period_seconds if metric else None,
                metric_queries=None if metric else [_query(query, processor.feed_id) for query in signal.queries],
                alarm_actions=[topic.arn],
                ok_actions=[topic.arn],
                opts=self.child(depends_on=[policy]),
            )
        dashboard = cloudwatch.Dashboard(
            f"{name}-dashboard",
            dashboard_name=self.physical_name,
            dashboard_body=signals.dashboard(watched, spec, names.region),
            opts=self.child(),
        )
        if spec.monthly_usd is not None:
            self._budget(name, spec.monthly_usd, topic, policy)
        self.name: pulumi.Output[str] = dashboard.dashboard_name
        self.resource_id: pulumi.Output[str] = topic.arn
        self.uri: pulumi.Output[str] = pulumi.Output.concat(
            f"https://{names.region}.console.aws.amazon.com/cloudwatch/home?region={names.region}#dashboards/dashboard/",
            dashboard.dashboard_name,
        )
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})

    def _budget(self, name: str, monthly_usd: float, topic: sns.Topic, policy: sns.TopicPolicy) -> None:
        def warning(kind: str, percent: int) -> budgets.BudgetNotificationArgs:
            return budgets.BudgetNotificationArgs(
                comparison_operator="GREATER_THAN",
                notification_type=kind,
                threshold=percent,
                threshold_type="PERCENTAGE",
                subscriber_sns_topic_arns=[topic.arn],
            )

        budgets.Budget(
            f"{name}-budget",
            name=self.physical_name,
            account_id=self.place.account,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=f"{monthly_usd:.2f}",
            limit_unit="USD",
            cost_filters=[
                budgets.BudgetCostFilterArgs(name="TagKeyValue", values=[f"user:Stack${self.scope.labels['Stack']}"])
            ],
            notifications=[warning("ACTUAL", WARN_AT_PERCENT), warning("FORECASTED", ALL_PERCENT)],
            opts=self.child(depends_on=[policy]),
        )

    def _publishers(self, topic: str, spec: ObservabilitySpec) -> list[Statement]:
        alarms = self.place.arn("cloudwatch", f"alarm:{self.scope.names.local('*')}")
        statements = [self._publisher("LetOurAlarmsPublish", "cloudwatch", alarms, topic)]
        if spec.monthly_usd is not None:
            everywhere = self.place.global_arn("budgets", "*")
            statements.append(self._publisher("LetBudgetsPublish", "budgets", everywhere, topic))
        return statements

    def _publisher(self, sid: str, service: str, source: str, topic: str) -> Statement:
        return Statement(
            sid=sid,
            principals={"Service": f"{service}.amazonaws.com"},
            actions=("sns:Publish",),
            resources=(topic,),
            conditions={
                "StringEquals": {"aws:SourceAccount": self.place.account},
                "ArnLike": {"aws:SourceArn": source},
            },
        )


def _query(query: signals.Query, feed_id: pulumi.Output[str]) -> cloudwatch.MetricAlarmMetricQueryArgs:
    if query.metric is None:
        return cloudwatch.MetricAlarmMetricQueryArgs(
            id=query.id, expression=query.expression, label=query.label, return_data=query.alarmed
        )
    metric = query.metric
    return cloudwatch.MetricAlarmMetricQueryArgs(
        id=query.id,
        label=query.label,
        return_data=query.alarmed,
        metric=cloudwatch.MetricAlarmMetricQueryMetricArgs(
            namespace=metric.namespace,
            metric_name=metric.name,
            dimensions=_dimensions(metric, feed_id),
            stat=metric.statistic,
            period=metric.period_seconds,
        ),
    )


def _dimensions(metric: signals.Metric, feed_id: pulumi.Output[str]) -> dict[str, pulumi.Input[str]]:
    return {metric.dimension: feed_id if metric.of is None else metric.of}
