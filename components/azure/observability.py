"""What is watched, who is told, and what it may cost."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pulumi
from pulumi_azure_native import applicationinsights, consumption, monitor

import geography
from components.azure import names, signals
from components.azure.diagnostics import collect, sources
from components.azure.key import Key
from components.azure.logs import Logs
from components.azure.place import AzureComponent, own
from components.azure.processor import Processor
from components.azure.sink import Sink
from components.azure.stream import Stream
from components.base import RegionalComponent
from components.contracts import ObservabilitySpec, Parts, Unsupported

EVERYWHERE = "global"
WARN_AT_PERCENT = 80
ALL_PERCENT = 100
_SHORT_NAME_CHARACTERS = 12
_PORTALS = {"public": "portal.azure.com", "china": "portal.azure.cn", "usgovernment": "portal.azure.us"}


class Observability(AzureComponent):
    """Diagnostic settings, alarms, a workbook and, with `spec.monthly_usd`, a budget; all tell one action group.

    The contact confirms its address once, by a code that Azure sends within 30 minutes of the first deployment. The
    budget counts the stack's resource group; what the platform keeps in groups of its own for jobs and SQL is not in
    it.
    """

    def __init__(self, name: str, spec: ObservabilitySpec, *, parts: Parts, parent: RegionalComponent) -> None:
        key, logs = own(parts.key, Key), own(parts.logs, Logs)
        stream, processor, sink = own(parts.stream, Stream), own(parts.processor, Processor), own(parts.sink, Sink)
        super().__init__("Observability", name, parent, group=key.group)
        self.physical_name = self.scope.names.local("pipeline")
        watched = signals.Watched(stream.namespace_id, processor.physical_name, sink.job_name, logs.workspace_id)
        for source in sources(parts):
            collect(self, name, source, logs)
        group = self._action_group(name, spec.contact)
        for signal in signals.metric_alarms():
            self._metric_alarm(name, signal, stream, group)
        for alarm in signals.query_alarms(watched, spec, sink.refresh_minutes):
            self._query_alarm(name, alarm, logs, group)
        self._workbook(name, signals.workbook(watched, spec), logs)
        if spec.monthly_usd is not None:
            self._budget(name, spec.monthly_usd, spec, group)
        self.name: pulumi.Output[str] = pulumi.Output.from_input(self.physical_name)
        self.resource_id: pulumi.Output[str] = group.id
        self.uri: pulumi.Output[str] = pulumi.Output.from_input(
            f"https://{_PORTALS[self.place.world.environment]}/#resource{self.workbook_id}/workbook"
        )
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})

    def _action_group(self, name: str, contact: str) -> monitor.ActionGroup:
        group_name = self.scope.names.local("alerts")
        self.action_group_id = self.place.id("Microsoft.Insights/actionGroups", group_name)
        return monitor.ActionGroup(
            name,
            action_group_name=group_name,
            resource_group_name=self.place.group,
            location=processing_region(self.place.region, self.scope.boundary),
            group_short_name=f"hs-{self.scope.names.environment}"[:_SHORT_NAME_CHARACTERS],
            enabled=True,
            email_receivers=[
                monitor.MicrosoftCommonEmailReceiverArgs(
                    name="contact", email_address=contact, use_common_alert_schema=True
                )
            ],
            tags=self.tags(),
            opts=self.child(),
        )

    def _metric_alarm(
        self, name: str, signal: signals.MetricSignal, stream: Stream, group: monitor.ActionGroup
    ) -> None:
        criterion = monitor.MetricCriteriaArgs(
            name=signal.name,
            criterion_type=monitor.CriterionType.STATIC_THRESHOLD_CRITERION,
            metric_namespace="Microsoft.EventHub/namespaces",
            metric_name=signal.metric,
            operator=monitor.Operator.GREATER_THAN,
            threshold=signal.threshold,
            time_aggregation=signal.aggregation,
        )
        monitor.MetricAlert(
            f"{name}-{signal.name}",
            rule_name=self.scope.names.local(signal.name),
            resource_group_name=self.place.group,
            # Rules on metrics have no region; this one holds a metric's name and a number.
            location=EVERYWHERE,
            description=signal.description,
            enabled=True,
            auto_mitigate=True,
            severity=signal.severity,
            scopes=[stream.namespace_id],
            window_size=signal.window,
            evaluation_frequency=signal.each,
            criteria=monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs(
                odata_type=monitor.Odatatype.MICROSOFT_AZURE_MONITOR_SINGLE_RESOURCE_MULTIPLE_METRIC_CRITERIA,
                all_of=[criterion],
            ),
            actions=[monitor.MetricAlertActionArgs(action_group_id=self.action_group_id)],
            tags=self.tags(),
            opts=self.child(depends_on=[group, stream.namespace]),
        )

    def _query_alarm(self, name: str, alarm: signals.QuerySignal, logs: Logs, group: monitor.ActionGroup) -> None:
        condition = monitor.ConditionArgs(
            query=alarm.query,
            metric_measure_column=alarm.measure,
            time_aggregation=monitor.TimeAggregation.MAXIMUM,
            # ConditionOperator, which the SDK names here, is of another service of the same name ("gt").
            operator=monitor.Operator.GREATER_THAN,
            threshold=alarm.threshold,
            failing_periods=monitor.ConditionFailingPeriodsArgs(
                number_of_evaluation_periods=alarm.periods, min_failing_periods_to_alert=alarm.breaches
            ),
        )
        monitor.ScheduledQueryRule(
            f"{name}-{alarm.name}",
            rule_name=self.scope.names.local(alarm.name),
            resource_group_name=self.place.group,
            location=self.place.region,
            kind=monitor.Kind.LOG_ALERT,
            display_name=self.scope.names.local(alarm.name),
            description=alarm.description,
            enabled=True,
            auto_mitigate=True,
            severity=alarm.severity,
            scopes=[logs.workspace_id],
            window_size=alarm.window,
            evaluation_frequency=alarm.each,
            # A table is there only after something was written to it: on a new stack none is.
            skip_query_validation=True,
            criteria=monitor.ScheduledQueryRuleCriteriaArgs(all_of=[condition]),
            actions=monitor.ActionsArgs(action_groups=[self.action_group_id]),
            tags=self.tags(),
            opts=self.child(depends_on=[group, logs.workspace]),
        )

    def _workbook(self, name: str, body: str, logs: Logs) -> None:
        guid = names.assignment(self.place.group_id, "workbook")
        self.workbook_id = self.place.id("Microsoft.Insights/workbooks", guid)
        applicationinsights.Workbook(
            f"{name}-workbook",
            resource_name_=guid,
            resource_group_name=self.place.group,
            location=self.place.region,
            kind=applicationinsights.WorkbookSharedTypeKind.SHARED,
            category="workbook",
            display_name=self.physical_name,
            description="What arrives, what becomes of it, how late it is, and what goes wrong",
            serialized_data=body,
            # Azure compares this id letter by letter, and keeps it in small ones.
            source_id=logs.workspace_id.lower(),
            tags=self.tags(),
            opts=self.child(depends_on=[logs.workspace]),
        )

    def _budget(self, name: str, monthly_usd: float, spec: ObservabilitySpec, group: monitor.ActionGroup) -> None:
        if spec.budget_from is None:
            raise Unsupported(
                "a budget on Azure starts on the first of a month that is not over when it is made, and keeps that "
                "day: set budget.starts, as in 2026-12-01"
            )

        def warning(kind: consumption.ThresholdType, percent: int) -> consumption.NotificationArgs:
            return consumption.NotificationArgs(
                enabled=True,
                operator=consumption.OperatorType.GREATER_THAN,
                threshold=percent,
                threshold_type=kind,
                contact_emails=[spec.contact],
                contact_groups=[self.action_group_id],
            )

        consumption.Budget(
            f"{name}-budget",
            budget_name=self.physical_name,
            scope=self.place.group_id,
            category=consumption.CategoryType.COST,
            amount=monthly_usd,
            time_grain=consumption.TimeGrainType.MONTHLY,
            time_period=consumption.BudgetTimePeriodArgs(start_date=f"{spec.budget_from}T00:00:00Z"),
            notifications={
                "spent": warning(consumption.ThresholdType.ACTUAL, WARN_AT_PERCENT),
                "forecast": warning(consumption.ThresholdType.FORECASTED, ALL_PERCENT),
            },
            opts=self.child(depends_on=[group]),
        )


def processing_region(home: str, boundary: str) -> str:
    """Where the contact's address is kept and its mails are made: at home, else inside the boundary, else `global`.

    Only some regions process action groups; in a `global` one Azure may do it anywhere (declared deviation).
    """
    offered = _processing_regions()
    if home in offered:
        return home
    holds = geography.boundary(boundary).holds
    return next((name for name in offered if holds(geography.region("azure", name))), EVERYWHERE)


@cache
def _processing_regions() -> tuple[str, ...]:
    with (Path(__file__).parent / "action_group_regions.csv").open(encoding="utf-8", newline="") as file:
        return tuple(row["region"] for row in csv.DictReader(file))
