"""The processor: the function, its role, its log, its secret and how the stream feeds it."""

from __future__ import annotations

import pulumi
from pulumi_aws import cloudwatch, iam, lambda_, secretsmanager

from components.aws import grants
from components.aws.brought import BroughtBucket
from components.aws.documents import document
from components.aws.place import AwsComponent
from components.base import Classification, RegionalComponent
from components.contracts import BucketHandle, KeyHandle, NetworkHandle, ProcessorSpec, StreamHandle
from processor.packaging import HANDLER

RECOVERY_DAYS = 30
"""Days in which a deleted pseudonym key can be brought back; the name is held for as long."""


class Processor(AwsComponent):
    """Lambda function of one region that turns records of the stream into objects of the lake.

    Without `network` the function is not in a network of ours: AWS runs it, and it reaches the services' public
    endpoints under its role; nothing can connect to it either way.
    """

    def __init__(
        self,
        name: str,
        spec: ProcessorSpec,
        *,
        key: KeyHandle,
        stream: StreamHandle,
        lake: BucketHandle,
        failed: BucketHandle,
        network: NetworkHandle | None,
        parent: RegionalComponent,
    ) -> None:
        super().__init__("Processor", name, parent)
        names = self.scope.names
        self.physical_name = names.local("processor")
        log = cloudwatch.LogGroup(
            f"{name}-log",
            name=f"/aws/lambda/{self.physical_name}",
            retention_in_days=spec.log_days,
            kms_key_id=key.resource_id,
            opts=self.child(),
        )
        secret_name = names.path("pseudonym-key")
        secret = secretsmanager.Secret(
            f"{name}-pseudonym-key",
            name=secret_name,
            description="Key of the pseudonyms. Its value is written by `homeshore data key`, never by the program.",
            kms_key_id=key.resource_id,
            recovery_window_in_days=0 if self.scope.erasable else RECOVERY_DAYS,
            tags={"DataClassification": Classification.PERSONAL},
            opts=self.keeper(),
        )
        role = self.role(
            f"{name}-role",
            role="processor",
            service="lambda.amazonaws.com",
            description="What the processor may do",
        )
        may = iam.RolePolicy(
            f"{name}-data-policy",
            name="data",
            role=role.name,
            policy=document(
                *grants.read_stream(
                    self.place, stream.physical_name, self.physical_name if spec.own_throughput else None
                ),
                *grants.write_lake(self.place, lake.physical_name, in_region=isinstance(lake, BroughtBucket)),
                *grants.keep_failed_batches(self.place, failed.physical_name),
                *grants.read_secret(self.place, secret_name),
                *grants.write_logs(self.place, f"/aws/lambda/{self.physical_name}"),
                *grants.trace(),
                *(grants.join_network(self.place, self.physical_name) if network else ()),
            ),
            opts=self.child(),
        )
        may_use_key = iam.RolePolicy(
            f"{name}-key-policy",
            name="key",
            role=role.name,
            policy=key.resource_id.apply(
                lambda arn: document(
                    *grants.use_key(
                        self.place,
                        arn,
                        function=self.physical_name,
                        lake=lake.physical_name,
                        failed=failed.physical_name,
                    )
                )
            ),
            opts=self.child(),
        )
        function = lambda_.Function(
            name,
            name=self.physical_name,
            description="Validates, gates and pseudonymises events, and stores them",
            role=role.arn,
            handler=HANDLER,
            runtime=lambda_.Runtime(spec.runtime),
            architectures=[spec.architecture],
            memory_size=spec.memory_mb,
            timeout=spec.timeout_seconds,
            reserved_concurrent_executions=spec.reserved_concurrency,
            code=pulumi.FileArchive(spec.package.as_posix()),
            source_code_hash=spec.package_digest,
            environment=lambda_.FunctionEnvironmentArgs(
                variables={
                    "HOMESHORE_BOUNDARY": self.scope.boundary,
                    "HOMESHORE_BUCKET": lake.name,
                    "HOMESHORE_SECRET": secret.name,
                    "HOMESHORE_STREAM": stream.name,
                }
            ),
            kms_key_arn=key.resource_id,
            tracing_config=lambda_.FunctionTracingConfigArgs(mode="Active"),
            logging_config=lambda_.FunctionLoggingConfigArgs(log_format="Text", log_group=log.name),
            vpc_config=(
                lambda_.FunctionVpcConfigArgs(subnet_ids=network.subnet_ids, security_group_ids=network.guard_ids)
                if network
                else None
            ),
            opts=self.child(depends_on=[may, may_use_key]),
        )
        feed = lambda_.EventSourceMapping(
            f"{name}-feed",
            event_source_arn=stream.reader_id,
            function_name=function.name,
            # A new stack starts with what the stream still holds: nothing that was accepted is skipped.
            starting_position="TRIM_HORIZON",
            batch_size=spec.batch_size,
            maximum_batching_window_in_seconds=spec.batch_window_seconds,
            parallelization_factor=spec.parallelization,
            maximum_retry_attempts=spec.maximum_retries,
            maximum_record_age_in_seconds=spec.maximum_record_age_seconds,
            bisect_batch_on_function_error=True,
            function_response_types=["ReportBatchItemFailures"],
            destination_config=lambda_.EventSourceMappingDestinationConfigArgs(
                on_failure=lambda_.EventSourceMappingDestinationConfigOnFailureArgs(destination_arn=failed.resource_id)
            ),
            metrics_config=lambda_.EventSourceMappingMetricsConfigArgs(metrics=["EventCount"]),
            opts=self.child(depends_on=[may, may_use_key]),
        )
        self.name: pulumi.Output[str] = function.name
        self.resource_id: pulumi.Output[str] = function.arn
        self.uri: pulumi.Output[str] = function.arn
        self.secret_id: pulumi.Output[str] = secret.arn
        self.feed_id: pulumi.Output[str] = feed.uuid
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})
