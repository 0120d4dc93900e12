"""The processor and the stream under Pulumi's own mocks, each setting by value."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.aws.key import Key
from components.aws.processor import Processor
from components.aws.stream import SHARD_METRICS, Stream
from components.base import RegionalComponent, Scope
from components.contracts import KeySpec, ProcessorSpec, StreamSpec
from components.naming import Names
from components.placement import AwsPlacement
from events.contract import SHIPPED, load
from tests.components.conftest import ACCOUNT, HOME, under_mocks

# Every number differs from every other, so that two swapped settings cannot pass.
SPEC = ProcessorSpec(
    package=Path(".build/processor.zip"),
    package_digest="digest",
    runtime="python3.13",
    architecture="arm64",
    memory_mb=1769,
    cpus=None,
    instances=None,
    timeout_seconds=61,
    batch_size=4321,
    batch_window_seconds=3,
    parallelization=7,
    maximum_retries=5,
    maximum_record_age_seconds=3601,
    reserved_concurrency=77,
    log_days=14,
    own_throughput=False,
)
STREAM = StreamSpec(
    tier="provisioned",
    units=None,
    shards=4,
    replay_hours=24,
    own_throughput=False,
    contract=load(SHIPPED),
    private=True,
)


class Thing:
    """A handle of something that the test does not build."""

    def __init__(self, name: str) -> None:
        self.physical_name = name
        self.name = pulumi.Output.from_input(name)
        self.resource_id = pulumi.Output.from_input(f"arn:of:{name}")
        self.uri = pulumi.Output.from_input(f"s3://{name}")
        self.reader_id = pulumi.Output.from_input(f"arn:of:{name}-reader")


def scope(protect: bool = True, destroys: bool = False) -> Scope:
    placement = AwsPlacement(cloud="aws", region=HOME, account_id=ACCOUNT)
    return Scope(placement, Names("test", 1, ACCOUNT, HOME), "eu", {"Stack": "test"}, protect, destroys)


def parent() -> RegionalComponent:
    return RegionalComponent("homeshore:pipeline:RegionalPipeline", "pipeline", scope())


def processor(spec: ProcessorSpec = SPEC) -> dict[tuple[str, str], dict[str, Any]]:
    def build() -> None:
        Processor(
            "p",
            spec,
            key=Thing("key"),
            stream=Thing("stream"),
            lake=Thing("lake"),
            failed=Thing("failed"),
            network=None,
            parent=parent(),
        )

    return under_mocks(build)


def test_the_feed_by_value() -> None:
    feed = processor()["aws:lambda/eventSourceMapping:EventSourceMapping", "p-feed"]
    assert feed == {
        "eventSourceArn": "arn:of:stream-reader",
        "functionName": "homeshore-test-g1-processor",
        "startingPosition": "TRIM_HORIZON",
        "batchSize": 4321,
        "maximumBatchingWindowInSeconds": 3,
        "parallelizationFactor": 7,
        "maximumRetryAttempts": 5,
        "maximumRecordAgeInSeconds": 3601,
        "bisectBatchOnFunctionError": True,
        "functionResponseTypes": ["ReportBatchItemFailures"],
        "destinationConfig": {"onFailure": {"destinationArn": "arn:of:failed"}},
        "metricsConfig": {"metrics": ["EventCount"]},
    }


def test_the_function_by_value() -> None:
    function = processor()["aws:lambda/function:Function", "p"]
    code = function.pop("code")
    assert isinstance(code, pulumi.FileArchive)
    assert code.path == ".build/processor.zip"
    assert function == {
        "name": "homeshore-test-g1-processor",
        "description": "Validates, gates and pseudonymises events, and stores them",
        "role": "arn:of:p-role",
        "handler": "processor.aws_lambda.handler",
        "runtime": "python3.13",
        "architectures": ["arm64"],
        "memorySize": 1769,
        "timeout": 61,
        "reservedConcurrentExecutions": 77,
        "sourceCodeHash": "digest",
        "environment": {
            "variables": {
                "HOMESHORE_BOUNDARY": "eu",
                "HOMESHORE_BUCKET": "lake",
                "HOMESHORE_SECRET": "homeshore/test-g1/pseudonym-key",
                "HOMESHORE_STREAM": "stream",
            }
        },
        "kmsKeyArn": "arn:of:key",
        "tracingConfig": {"mode": "Active"},
        "loggingConfig": {"logFormat": "Text", "logGroup": "/aws/lambda/homeshore-test-g1-processor"},
    }


def test_the_log_and_the_secret_are_encrypted_and_limited() -> None:
    registered = processor()
    assert registered["aws:cloudwatch/logGroup:LogGroup", "p-log"] == {
        "name": "/aws/lambda/homeshore-test-g1-processor",
        "retentionInDays": 14,
        "kmsKeyId": "arn:of:key",
    }
    secret = registered["aws:secretsmanager/secret:Secret", "p-pseudonym-key"]
    assert secret["name"] == "homeshore/test-g1/pseudonym-key"
    assert secret["kmsKeyId"] == "arn:of:key"
    assert secret["recoveryWindowInDays"] == 30
    assert not [token for token, _ in registered if "secretVersion" in token]


def test_a_runtime_that_lambda_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match=r"python2\.99"):
        processor(replace(SPEC, runtime="python2.99"))


def stream(spec: StreamSpec) -> dict[tuple[str, str], dict[str, Any]]:
    return under_mocks(lambda: Stream("s", spec, key=Thing("key"), parent=parent()))


def test_a_provisioned_stream_by_value() -> None:
    registered = stream(replace(STREAM, shards=13, replay_hours=48))
    assert registered["aws:kinesis/stream:Stream", "s"] == {
        "name": "homeshore-test-g1-events",
        "shardCount": 13,
        "streamModeDetails": {"streamMode": "PROVISIONED"},
        "retentionPeriod": 48,
        "encryptionType": "KMS",
        "kmsKeyId": "arn:of:key",
        "shardLevelMetrics": list(SHARD_METRICS),
        "enforceConsumerDeletion": False,
        "tags": {"DataClassification": "personal"},
    }
    assert not [token for token, _ in registered if "Consumer" in token]


def test_an_on_demand_stream_names_no_shards() -> None:
    inputs = stream(replace(STREAM, shards=None))["aws:kinesis/stream:Stream", "s"]
    assert inputs["streamModeDetails"] == {"streamMode": "ON_DEMAND"}
    assert "shardCount" not in inputs
    assert "shardLevelMetrics" not in inputs


def test_a_read_path_of_its_own_is_what_the_processor_reads_from() -> None:
    built: list[Stream] = []
    readers: list[str] = []

    def build() -> None:
        made = Stream("s", replace(STREAM, own_throughput=True), key=Thing("key"), parent=parent())
        built.append(made)
        made.reader_id.apply(readers.append)

    registered = under_mocks(build)
    consumer = registered["aws:kinesis/streamConsumer:StreamConsumer", "s-consumer"]
    assert consumer == {"name": "homeshore-test-g1-processor", "streamArn": "arn:of:s"}
    assert readers == ["arn:of:s-consumer"]


def test_the_key_by_value() -> None:
    spec = KeySpec(budget_alerts=False, rotation_days=180, deletion_days=29)
    registered = under_mocks(lambda: Key("k", spec, parent=parent()))
    key = registered["aws:kms/key:Key", "k"]
    assert key.pop("policy")
    assert key == {
        "description": f"Homeshore test: events, logs and secrets of {HOME}",
        "keyUsage": "ENCRYPT_DECRYPT",
        "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "isEnabled": True,
        "multiRegion": False,
        "enableKeyRotation": True,
        "rotationPeriodInDays": 180,
        "deletionWindowInDays": 29,
    }
    assert registered["aws:kms/alias:Alias", "k-alias"]["name"] == "alias/homeshore/test-g1/key"
