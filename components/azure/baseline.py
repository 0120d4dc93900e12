"""What an Azure subscription has only once, and what it has once per region."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pulumi
from pulumi_azure_native import authorization, monitor, network, resources

import geography
from components.azure.flows import WATCHER_GROUP, watcher_name
from components.azure.logs import workspace
from components.azure.place import AzureComponent
from components.base import RegionalComponent
from components.contracts import BaselineSpec

ACTIVITIES = (
    "Administrative",
    "Alert",
    "Autoscale",
    "Policy",
    "Recommendation",
    "ResourceHealth",
    "Security",
    "ServiceHealth",
)
"""Categories of the activity log (Microsoft Learn, "Azure activity log event schema")."""
REGIONS = "@regions"
"""Stands in the table for the names of the regions inside the boundary."""


class Assignment(NamedTuple):
    """A policy that Azure has built in, the same in every tenant, and the one parameter that it is given."""

    name: str
    definition: str
    title: str
    parameter: str
    value: str
    source: str


class Baseline(AzureComponent):
    """The region's network watcher; for the subscription, its activity log and what it refuses, whoever asks.

    Pipelines write the flow logs of their networks through the watcher, of which a subscription has one per region.
    The activity log goes to a workspace of the baseline's own, in its region.
    """

    outputs: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, spec: BaselineSpec, *, parent: RegionalComponent) -> None:
        super().__init__("Baseline", name, parent, group=None)
        self.place = replace(self.place, group=self.scope.names.account_wide("baseline"))
        watchers = [self._watchers_group(name)] if spec.account_wide else []
        watcher = self._watcher(name, watchers)
        self.outputs = {"watcher": watcher.id}
        if spec.account_wide:
            self._assign(name)
            self.outputs = {**self.outputs, "logs": self._activity(name, spec.log_days)}
        self.register_outputs(dict(self.outputs))

    def _watchers_group(self, name: str) -> resources.ResourceGroup:
        return resources.ResourceGroup(
            f"{name}-watchers",
            resource_group_name=WATCHER_GROUP,
            location=self.place.region,
            tags=self.tags(),
            opts=self.keeper(),
        )

    def _watcher(self, name: str, group: Sequence[pulumi.Resource]) -> network.NetworkWatcher:
        return network.NetworkWatcher(
            f"{name}-watcher",
            network_watcher_name=watcher_name(self.place.region),
            resource_group_name=WATCHER_GROUP,
            location=self.place.region,
            tags=self.tags(),
            # Without it the flow logs of every pipeline of the region end.
            opts=self.keeper(depends_on=group),
        )

    def _activity(self, name: str, days: int) -> pulumi.Output[str]:
        """Who changed what in the subscription; the identifier of the workspace that keeps it."""
        self.group = resources.ResourceGroup(
            f"{name}-group",
            resource_group_name=self.place.group,
            location=self.place.region,
            tags=self.tags(),
            opts=self.keeper(),
        )
        physical_name = self.scope.names.local("activity")
        logs = workspace(self, f"{name}-logs", physical_name, days)
        monitor.DiagnosticSetting(
            f"{name}-activity",
            name=self.scope.names.account_wide("activity"),
            resource_uri=f"/subscriptions/{self.place.subscription}",
            workspace_id=self.place.id("Microsoft.OperationalInsights/workspaces", physical_name),
            logs=[monitor.DiagnosticsLogSettingsArgs(category=category, enabled=True) for category in ACTIVITIES],
            opts=self.keeper(depends_on=[logs]),
        )
        return logs.id

    def _assign(self, name: str) -> None:
        for each in assignments():
            authorization.PolicyAssignment(
                f"{name}-{each.name}",
                policy_assignment_name=self.scope.names.account_wide(each.name),
                scope=f"/subscriptions/{self.place.subscription}",
                policy_definition_id=f"/providers/Microsoft.Authorization/policyDefinitions/{each.definition}",
                display_name=f"{each.title} ({self.scope.boundary})",
                enforcement_mode=authorization.EnforcementMode.DEFAULT,
                parameters={
                    each.parameter: authorization.ParameterValuesValueArgs(
                        value=list(locations(geography.boundary(self.scope.boundary)))
                        if each.value == REGIONS
                        else each.value
                    )
                },
                opts=self.keeper(),
            )


@cache
def assignments() -> tuple[Assignment, ...]:
    """What the subscription refuses."""
    with (Path(__file__).parent / "baseline.csv").open(encoding="utf-8", newline="") as file:
        return tuple(Assignment(**row) for row in csv.DictReader(file))


def locations(boundary: geography.Boundary) -> Iterator[str]:
    """The regions inside, where alone the subscription may make things. Azure itself leaves out what has no region."""
    return (place.name for place in geography.regions("azure") if place.kind == "region" and boundary.holds(place))
