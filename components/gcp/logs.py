"""Where it is written down who touched what: a log bucket in the region, and a bucket for usage logs."""

from __future__ import annotations

import pulumi
from pulumi_gcp import logging, storage

from components.base import Classification, RegionalComponent
from components.contracts import KeyHandle, LogsSpec
from components.gcp import grants, names
from components.gcp.closed import closed_bucket
from components.gcp.managed_key import ManagedKey
from components.gcp.place import GcpComponent, known, own
from components.lifecycle import log_rules
from components.naming import Names

USAGE = "logs"
"""Role of the bucket that takes the usage logs of the others."""
DELIVERY = "group:cloud-storage-analytics@google.com"
"""Who delivers usage logs, for all of Cloud Storage's customers (Cloud Storage docs, "Usage logs & storage logs")."""


class Logs(GcpComponent):
    """A log bucket of the region, encrypted with its key, and the sink that brings the stack's own log entries there.

    Google's default keeps them in a bucket that is in no region. The copy that the project's `_Default` sink makes all
    the same is led into the region by the baseline: that sink belongs to the whole project. A sink needs no permission
    on a log bucket of its own project.

    Beside it lies the bucket for the usage logs of the stack's buckets: the only place that says what lifecycle rules
    deleted. Cloud Storage delivers into the location of the buckets only, under the bucket's default key; the bucket
    keeps no usage log of itself, because each delivery would be logged in turn: audit entries say who touches it.
    `delivered` is what must be there before somebody has logs delivered.
    """

    def __init__(self, name: str, spec: LogsSpec, *, key: KeyHandle, parent: RegionalComponent) -> None:
        super().__init__("Logs", name, parent)
        self.physical_name = self.regional("logs")
        self.log_bucket_id = self.place.at("buckets", self.physical_name)
        encryption = own(key, ManagedKey)
        self.resource = logging.ProjectBucketConfig(
            name,
            project=self.place.project,
            location=self.place.region,
            bucket_id=self.physical_name,
            description=f"Log entries of {self.scope.names.environment}'s stack in {self.place.region}",
            retention_days=spec.days,
            cmek_settings=logging.ProjectBucketConfigCmekSettingsArgs(kms_key_name=encryption.resource_id),
            opts=self.keeper(depends_on=[encryption.agents["logging"]]),
        )
        self.name: pulumi.Output[str] = self.resource.bucket_id
        self.resource_id: pulumi.Output[str] = known(self.log_bucket_id, self.resource.bucket_id)
        self.uri: pulumi.Output[str] = pulumi.Output.concat("logging.googleapis.com/", self.resource_id)
        self.sink = logging.ProjectSink(
            f"{name}-sink",
            project=self.place.project,
            name=self.project_wide("logs"),
            description="Keeps the stack's log entries in its region",
            destination=self.uri,
            filter=of_the_stack(self.scope.names, (*spec.roles, USAGE)),
            unique_writer_identity=True,
            opts=self.keeper(),
        )
        self.usage = closed_bucket(
            self,
            f"{name}-usage",
            bucket=names.world_wide(self.scope.names, USAGE),
            key=encryption,
            classification=Classification.INTERNAL,
            rules=log_rules(spec.days),
            after=[self.sink],
        )
        self.delivered = [
            storage.BucketIAMMember(
                f"{name}-deliver",
                bucket=self.usage.name,
                role=grants.ADD_OBJECTS,
                member=DELIVERY,
                opts=self.child(),
            )
        ]
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})


def of_the_stack(stack: Names, roles: tuple[str, ...]) -> str:
    """Filter (Logging query language) of what the stack's things write, and of who touched them.

    `roles` are those of the object stores; the names are those that the components give.
    """

    def regional(role: str) -> str:
        return _any_of(names.regional(stack, role))

    def shared(*roles: str) -> str:
        return _any_of(*(names.project_wide(stack, role) for role in roles))

    here = f'resource.labels.location="{stack.region}"'
    kms = f"resource.labels.key_ring_id={regional('keys')} AND {here}"
    secret = f"protoPayload.resourceName:{regional('pseudonym-key')}"
    entries = (
        ("gcs_bucket", f"resource.labels.bucket_name={_any_of(*(names.world_wide(stack, role) for role in roles))}"),
        # Audit entries have the whole identifier in these labels, others its last part: ":" finds both.
        ("pubsub_topic", f"resource.labels.topic_id:{shared('events', 'dead-letters')}"),
        ("pubsub_subscription", f"resource.labels.subscription_id:{shared('processor', 'failed-batches')}"),
        ("cloudkms_cryptokey", kms),
        ("cloudkms_keyring", kms),
        ("cloud_run_worker_pool", f"resource.labels.worker_pool_name={regional('processor')} AND {here}"),
        (
            "bigquery_dataset",
            f"resource.labels.dataset_id={_any_of(*(names.dataset(stack, r) for r in ('lake', 'sql')))}",
        ),
        # The run log of scheduled queries: only the cloud knows the ids by which it names them.
        ("bigquery_dts_config", here),
        ("audited_resource", f'protoPayload.serviceName="secretmanager.googleapis.com" AND {secret}'),
        ("gce_subnetwork", f"resource.labels.subnetwork_name={regional('workers')} AND {here}"),
        # Copies for a standby that failed.
        ("storage_transfer_job", f"resource.labels.job_id:{shared('to-standby', 'from-standby')}"),
        ("dns_query", f"jsonPayload.sourceNetwork={shared('network')}"),
    )
    return "\nOR ".join(f'(resource.type="{kind}" AND {condition})' for kind, condition in entries)


def _any_of(*values: str) -> str:
    return "(" + " OR ".join(f'"{value}"' for value in values) + ")"
