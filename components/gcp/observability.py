"""What is watched, who is told, and what it may cost."""

from __future__ import annotations

import pulumi
from pulumi_gcp import billing, logging, monitoring

from components.base import RegionalComponent
from components.contracts import ObservabilitySpec, Parts, Unsupported
from components.gcp import signals
from components.gcp.place import GcpComponent, own
from components.gcp.processor import Processor
from components.gcp.sink import Sink
from components.placement import GcpPlacement

WARN_AT, ALL = 0.8, 1.0
"""Shares of the budget at which somebody is told: of what was spent, and of what the month is going to cost."""
CLOSED_AFTER_SECONDS = 1_800
"""An incident without new data is closed after half an hour, the shortest that Cloud Monitoring has."""
BUDGET_NAME_CHARACTERS = 60
_NANOS = 1_000_000_000


class Observability(GcpComponent):
    """Metrics of the worker's log, alerts, a dashboard and, with `spec.monthly_usd`, a budget; one address is told.

    Cloud Monitoring belongs to the project and to no region: what is there are names and numbers, nothing of an event.
    The budget counts what carries the stack's label; the billing account must be kept in US dollars.
    """

    def __init__(self, name: str, spec: ObservabilitySpec, *, parts: Parts, parent: RegionalComponent) -> None:
        super().__init__("Observability", name, parent)
        self.physical_name = self.project_wide("pipeline")
        sink = own(parts.sink, Sink)
        watched = signals.Watched(
            region=self.place.region,
            topic=parts.stream.physical_name,
            subscription=self.project_wide("processor"),
            failed_messages=self.project_wide("failed-batches"),
            worker=own(parts.processor, Processor).physical_name,
            prefix=self.physical_name.replace("-", "_"),
        )
        channel = monitoring.NotificationChannel(
            name,
            project=self.place.project,
            display_name=self.physical_name,
            description=f"Alerts of {self.scope.names.environment}'s stack in {self.place.region}",
            type="email",
            labels={"email_address": spec.contact},
            user_labels=self.labels,
            opts=self.child(),
        )
        metrics = [self._metric(name, metric) for metric in signals.log_metrics(watched)]
        for signal in signals.alarms(watched, spec):
            self._alert(name, signal, channel, metrics, sink.refresh_id)
        dashboard = monitoring.Dashboard(
            f"{name}-dashboard",
            project=self.place.project,
            dashboard_json=signals.dashboard(watched, spec, self.physical_name),
            opts=self.child(depends_on=metrics),
        )
        if spec.monthly_usd is not None:
            self._budget(name, spec.monthly_usd, channel)
        self.name: pulumi.Output[str] = channel.display_name.apply(str)
        self.resource_id: pulumi.Output[str] = channel.name
        self.uri: pulumi.Output[str] = dashboard.id.apply(self._address)
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})

    def _metric(self, name: str, metric: signals.LogMetric) -> logging.Metric:
        """The number of matching log lines, or the distribution of a field of theirs, whose sum is what is wanted."""
        summed = metric.field is not None
        return logging.Metric(
            f"{name}-{metric.name.rpartition('pipeline_')[2].replace('_', '-')}",
            project=self.place.project,
            name=metric.name,
            description=metric.description,
            filter=metric.filter,
            metric_descriptor=logging.MetricMetricDescriptorArgs(
                metric_kind="DELTA", value_type="DISTRIBUTION" if summed else "INT64", unit="1"
            ),
            value_extractor=f"EXTRACT(jsonPayload.{metric.field})" if summed else None,
            bucket_options=(
                logging.MetricBucketOptionsArgs(
                    exponential_buckets=logging.MetricBucketOptionsExponentialBucketsArgs(
                        num_finite_buckets=20, growth_factor=2, scale=1
                    )
                )
                if summed
                else None
            ),
            opts=self.child(),
        )

    def _alert(
        self,
        name: str,
        signal: signals.Signal,
        channel: monitoring.NotificationChannel,
        metrics: list[logging.Metric],
        refresh_id: pulumi.Output[str],
    ) -> None:
        before, mark, after = signal.query.partition(signals.REFRESH_ID)
        query = pulumi.Output.concat(before, refresh_id, after) if mark else signal.query
        monitoring.AlertPolicy(
            f"{name}-{signal.name}",
            project=self.place.project,
            display_name=self.project_wide(signal.name),
            combiner="OR",
            severity=signal.severity,
            conditions=[
                monitoring.AlertPolicyConditionArgs(
                    display_name=signal.name,
                    condition_prometheus_query_language=monitoring.AlertPolicyConditionConditionPrometheusQueryLanguageArgs(
                        query=query,
                        duration=f"{signal.seconds}s",
                        evaluation_interval=f"{signals.MINUTE}s",
                        # A metric exists with its first value only; the policy must be there before that.
                        disable_metric_validation=True,
                    ),
                )
            ],
            alert_strategy=monitoring.AlertPolicyAlertStrategyArgs(auto_close=f"{CLOSED_AFTER_SECONDS}s"),
            documentation=monitoring.AlertPolicyDocumentationArgs(
                content=signal.description, mime_type="text/markdown"
            ),
            notification_channels=[channel.name],
            user_labels=self.labels,
            opts=self.child(depends_on=metrics),
        )

    def _budget(self, name: str, monthly_usd: float, channel: monitoring.NotificationChannel) -> None:
        account = own(self.scope.placement, GcpPlacement).billing_account
        if account is None:
            raise Unsupported(
                "budget.monthly_usd: Google Cloud keeps budgets on the billing account, so name it in "
                "placement.billing_account, or remove budget"
            )
        cents = round(monthly_usd * 100)
        billing.Budget(
            f"{name}-budget",
            billing_account=account,
            display_name=self.physical_name[:BUDGET_NAME_CHARACTERS],
            amount=billing.BudgetAmountArgs(
                specified_amount=billing.BudgetAmountSpecifiedAmountArgs(
                    currency_code="USD", units=str(cents // 100), nanos=cents % 100 * (_NANOS // 100)
                )
            ),
            budget_filter=billing.BudgetBudgetFilterArgs(
                calendar_period="MONTH",
                projects=[f"projects/{self.place.number}"],
                labels={"stack": self.labels["stack"]},
                credit_types_treatment="INCLUDE_ALL_CREDITS",
            ),
            threshold_rules=[
                billing.BudgetThresholdRuleArgs(threshold_percent=WARN_AT, spend_basis="CURRENT_SPEND"),
                billing.BudgetThresholdRuleArgs(threshold_percent=ALL, spend_basis="FORECASTED_SPEND"),
            ],
            all_updates_rule=billing.BudgetAllUpdatesRuleArgs(
                monitoring_notification_channels=[channel.name], schema_version="1.0"
            ),
            opts=self.child(),
        )

    def _address(self, dashboard_id: str) -> str:
        """The dashboard in the console; its id is the last part of its name."""
        _, _, last = dashboard_id.rpartition("/")
        return f"https://console.cloud.google.com/monitoring/dashboards/builder/{last}?project={self.place.project}"
