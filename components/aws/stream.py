"""The event stream."""

from __future__ import annotations

import pulumi
from pulumi_aws import kinesis

from components.aws import grants
from components.aws.documents import Statement, document
from components.aws.place import AwsComponent
from components.base import Classification, RegionalComponent
from components.contracts import KeyHandle, StreamSpec

SHARD_METRICS = (
    "IncomingBytes",
    "IncomingRecords",
    "IteratorAgeMilliseconds",
    "OutgoingBytes",
    "ReadProvisionedThroughputExceeded",
    "WriteProvisionedThroughputExceeded",
)
"""What shows a hot shard: metrics of the whole stream average it away."""


class Stream(AwsComponent):
    """Kinesis data stream of one region, encrypted with the region's own key.

    Capacity comes from the plan: `shards` is None for on-demand. Senders need an IAM permission; with
    `spec.sender_cidrs` they must also come from one of those networks.
    """

    def __init__(self, name: str, spec: StreamSpec, *, key: KeyHandle, parent: RegionalComponent) -> None:
        super().__init__("Stream", name, parent)
        self.physical_name = self.scope.names.local("events")
        stream = kinesis.Stream(
            name,
            name=self.physical_name,
            shard_count=spec.shards,
            stream_mode_details=kinesis.StreamStreamModeDetailsArgs(
                stream_mode="ON_DEMAND" if spec.shards is None else "PROVISIONED"
            ),
            retention_period=spec.replay_hours,
            encryption_type="KMS",
            kms_key_id=key.resource_id,
            shard_level_metrics=None if spec.shards is None else list(SHARD_METRICS),
            enforce_consumer_deletion=self.scope.erasable,
            tags={"DataClassification": Classification.PERSONAL},
            opts=self.keeper(),
        )
        self.name: pulumi.Output[str] = stream.name
        self.resource_id: pulumi.Output[str] = stream.arn
        self.reader_id: pulumi.Output[str] = stream.arn
        self.uri: pulumi.Output[str] = pulumi.Output.from_input(self.place.endpoint("kinesis"))
        if spec.own_throughput:
            consumer = kinesis.StreamConsumer(
                f"{name}-consumer",
                name=self.scope.names.local("processor"),
                stream_arn=stream.arn,
                opts=self.child(),
            )
            self.reader_id = consumer.arn
        if spec.sender_cidrs:
            kinesis.ResourcePolicy(
                f"{name}-policy",
                resource_arn=stream.arn,
                policy=document(self._only_from(spec.sender_cidrs)),
                opts=self.child(),
            )
        self._key_id = key.resource_id
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})

    def grant_produce(self, name: str, principal: pulumi.Input[str]) -> list[pulumi.Resource]:
        """Let the role of that name send events."""
        return self.let(
            name,
            principal,
            *grants.send_events(self.place, self.physical_name),
            key=(self._key_id, grants.encrypt_events(self.place)),
        )

    def _only_from(self, cidrs: tuple[str, ...]) -> Statement:
        return Statement(
            sid="RefuseSendersFromOtherNetworks",
            effect="Deny",
            principals={"AWS": "*"},
            actions=("kinesis:PutRecord", "kinesis:PutRecords"),
            resources=(self.place.arn("kinesis", f"stream/{self.physical_name}"),),
            conditions={"NotIpAddress": {"aws:SourceIp": list(cidrs)}},
        )
