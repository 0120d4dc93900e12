"""What a Google Cloud project has only once."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pulumi
from pulumi_gcp import logging, orgpolicy, projects

import geography
from components.base import RegionalComponent
from components.contracts import BaselineSpec, KeySpec, Unsupported
from components.gcp.key import Key
from components.gcp.place import GcpComponent, known

BOOLEAN_POLICIES = (
    "iam.disableServiceAccountKeyCreation",
    "pubsub.enforceInTransitRegions",
    "storage.publicAccessPrevention",
    "storage.uniformBucketLevelAccess",
)
"""Constraints that are enforced or not (Organization policy constraints)."""
AUDITED = ("DATA_READ", "DATA_WRITE")
NOT_IN_DEFAULT = ("activity", "system_event", "access_transparency")
"""Audit logs that the project's `_Required` bucket keeps in any case (Cloud Logging, "Default filter of _Default")."""


class Service(NamedTuple):
    """One API. `audited`: its data access is written down; `keyed`: it makes nothing without a key of ours."""

    name: str
    audited: bool
    keyed: bool


class Baseline(GcpComponent):
    """The APIs, who read what, where logs go, and what the project refuses, whoever asks.

    `_Default` is a sink that every project has: this takes it over and leads it into a log bucket of the region, under
    a key of its own. A policy of a project takes the place of the organisation's for the same constraint, so a platform
    team that sets these itself has no baseline stack. All of it is the project's, nothing a region's.
    """

    outputs: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, spec: BaselineSpec, *, parent: RegionalComponent) -> None:
        super().__init__("Baseline", name, parent)
        if not spec.account_wide:
            raise Unsupported("a baseline on Google Cloud is the whole project's: set baseline.account_wide: true")
        project = self.place.project
        apis = {service.name: self._api(name, service.name) for service in services()}
        key = Key(
            f"{name}-key",
            KeySpec(False, rotation_days=spec.rotation_days, deletion_days=spec.deletion_days),
            parent=self,
            services=("logging",),
            role="baseline",
            after=[apis["cloudkms.googleapis.com"], apis["logging.googleapis.com"]],
        )
        self._audit(name, apis)
        logs = self._logs(name, spec, key)
        logging.ProjectSink(
            f"{name}-default-sink",
            project=project,
            name="_Default",
            description="Keeps the project's log entries in its region",
            destination=pulumi.Output.concat("logging.googleapis.com/", logs),
            filter=default_filter(),
            unique_writer_identity=True,
            opts=self.keeper(),
        )
        self._policies(name, apis["orgpolicy.googleapis.com"])
        self.outputs = {"key": key.resource_id, "logs": logs}
        self.register_outputs(dict(self.outputs))

    def _api(self, name: str, api: str) -> projects.Service:
        return projects.Service(
            f"{name}-{api.partition('.')[0]}-api",
            project=self.place.project,
            service=api,
            # Pipelines, and what is not ours, may be in use of it.
            disable_on_destroy=False,
            disable_dependent_services=False,
            opts=self.child(),
        )

    def _audit(self, name: str, apis: Mapping[str, projects.Service]) -> None:
        for service in services():
            if service.audited:
                projects.IAMAuditConfig(
                    f"{name}-{service.name.partition('.')[0]}-audit",
                    project=self.place.project,
                    service=service.name,
                    audit_log_configs=[
                        projects.IAMAuditConfigAuditLogConfigArgs(log_type=kind, exempted_members=[])
                        for kind in AUDITED
                    ],
                    opts=self.keeper(depends_on=[apis[service.name]]),
                )

    def _logs(self, name: str, spec: BaselineSpec, key: Key) -> pulumi.Output[str]:
        role = self.regional("baseline")
        bucket = logging.ProjectBucketConfig(
            f"{name}-logs",
            project=self.place.project,
            location=self.place.region,
            bucket_id=role,
            description=f"Log entries of the project {self.place.project}",
            retention_days=spec.log_days,
            cmek_settings=logging.ProjectBucketConfigCmekSettingsArgs(kms_key_name=key.resource_id),
            opts=self.keeper(depends_on=[key.agents["logging"]]),
        )
        return known(self.place.at("buckets", role), bucket.bucket_id)

    def _policies(self, name: str, api: projects.Service) -> None:
        rules = orgpolicy.PolicySpecRuleArgs
        values = orgpolicy.PolicySpecRuleValuesArgs
        inside = list(locations(geography.boundary(self.scope.boundary)))
        unkeyed = [service.name for service in services() if service.keyed]
        self._policy(name, "gcp.resourceLocations", rules(values=values(allowed_values=inside)), api)
        # What the organisation denies besides stays denied.
        self._policy(
            name, "gcp.restrictNonCmekServices", rules(values=values(denied_values=unkeyed)), api, inherit=True
        )
        for constraint in BOOLEAN_POLICIES:
            self._policy(name, constraint, rules(enforce="TRUE"), api)

    def _policy(
        self,
        name: str,
        constraint: str,
        rule: orgpolicy.PolicySpecRuleArgs,
        api: projects.Service,
        *,
        inherit: bool | None = None,
    ) -> None:
        # By its number: the service answers with it, and the two have to agree.
        parent = f"projects/{self.place.number}"
        orgpolicy.Policy(
            f"{name}-{constraint}",
            parent=parent,
            name=f"{parent}/policies/{constraint}",
            spec=orgpolicy.PolicySpecArgs(rules=[rule], inherit_from_parent=inherit),
            opts=self.keeper(depends_on=[api]),
        )


@cache
def services() -> tuple[Service, ...]:
    """The APIs that pipelines need."""
    with (Path(__file__).parent / "baseline.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Service(row["service"], row["audited"] == "yes", row["keyed"] == "yes") for row in csv.DictReader(file)
        )


def default_filter() -> str:
    """What `_Default` leads on: all but what `_Required` keeps already, as Google sets it up."""
    kinds = (f"{family}.googleapis.com/{log}" for log in NOT_IN_DEFAULT for family in ("cloudaudit", "externalaudit"))
    return " AND ".join(f'NOT LOG_ID("{kind}")' for kind in kinds)


def locations(boundary: geography.Boundary) -> tuple[str, ...]:
    """Where the project may make things: every region inside, with its zones, and nothing that spans several."""
    inside = (place for place in geography.regions("gcp") if place.kind == "region" and boundary.holds(place))
    return tuple(f"in:{place.name}-locations" for place in inside)
