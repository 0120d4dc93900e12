"""Kinesis data streams and their registered consumers."""

from __future__ import annotations

import time

from homeshore.local.aws import Aws
from homeshore.local.fields import Fields
from homeshore.local.kind import ApplyError, Found, Kind, Wanted, declared, read_tags, written

_GONE = "ResourceNotFoundException"
_PATIENCE_SECONDS = 30.0


def _read_stream(aws: Aws, wanted: Wanted) -> Found | None:
    name = wanted.inputs.text("name")
    answer = aws.find("kinesis", "describe_stream_summary", _GONE, StreamName=name)
    if answer is None:
        return None
    stream = answer.block("StreamDescriptionSummary")
    mode = stream.block("StreamModeDetails").text_or("StreamMode", "PROVISIONED")
    metrics = [metric for each in stream.blocks("EnhancedMonitoring") for metric in each.texts("ShardLevelMetrics")]
    state = {
        "name": name,
        "shardCount": stream.get("OpenShardCount") if mode == "PROVISIONED" else None,
        "streamModeDetails": {"streamMode": mode},
        "retentionPeriod": stream.get("RetentionPeriodHours"),
        "encryptionType": stream.text_or("EncryptionType", "NONE"),
        "kmsKeyId": stream.get("KeyId"),
        "shardLevelMetrics": metrics,
        "tags": declared(read_tags(aws.call("kinesis", "list_tags_for_stream", StreamName=name).blocks("Tags"))),
    }
    return Found(stream.text("StreamARN"), state, {"arn": stream.text("StreamARN")})


def _create_stream(aws: Aws, wanted: Wanted) -> None:
    inputs = wanted.inputs
    mode = inputs.block("streamModeDetails").text_or("streamMode", "PROVISIONED")
    shards = {"ShardCount": inputs.whole("shardCount")} if mode == "PROVISIONED" else {}
    aws.call(
        "kinesis", "create_stream", StreamName=inputs.text("name"), StreamModeDetails={"StreamMode": mode}, **shards
    )
    _wait(aws, inputs.text("name"))


def _wait(aws: Aws, name: str) -> None:
    """Until the stream takes further changes."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = aws.call("kinesis", "describe_stream_summary", StreamName=name)
        if answer.block("StreamDescriptionSummary").text("StreamStatus") == "ACTIVE":
            return
        time.sleep(0.05)
    raise ApplyError(f"stream {name!r} did not become ACTIVE within {_PATIENCE_SECONDS:.0f} s")


def _update_stream(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    inputs, name, was = wanted.inputs, wanted.inputs.text("name"), Fields(found.state)
    if "streamModeDetails" in drift:
        mode = {"StreamMode": inputs.block("streamModeDetails").text("streamMode")}
        aws.call("kinesis", "update_stream_mode", StreamARN=found.id, StreamModeDetails=mode)
        _wait(aws, name)
    if "shardCount" in drift:
        count = inputs.whole("shardCount")
        aws.call(
            "kinesis", "update_shard_count", StreamName=name, TargetShardCount=count, ScalingType="UNIFORM_SCALING"
        )
        _wait(aws, name)
    if "retentionPeriod" in drift:
        hours = inputs.whole("retentionPeriod")
        longer = hours > was.whole("retentionPeriod", 24)
        operation = "increase_stream_retention_period" if longer else "decrease_stream_retention_period"
        aws.call("kinesis", operation, StreamName=name, RetentionPeriodHours=hours)
        _wait(aws, name)
    if drift & {"encryptionType", "kmsKeyId"} and inputs.text_or("encryptionType") == "KMS":
        aws.call(
            "kinesis", "start_stream_encryption", StreamName=name, EncryptionType="KMS", KeyId=inputs.text("kmsKeyId")
        )
        _wait(aws, name)
    if "shardLevelMetrics" in drift:
        _set_metrics(aws, name, set(inputs.texts("shardLevelMetrics")), set(was.texts("shardLevelMetrics")))
    if "tags" in drift:
        surplus = sorted(set(was.table("tags")) - set(wanted.tags))
        if surplus:
            aws.call("kinesis", "remove_tags_from_stream", StreamName=name, TagKeys=surplus)
        aws.call("kinesis", "add_tags_to_stream", StreamName=name, Tags=wanted.tags)


def _set_metrics(aws: Aws, name: str, wanted: set[str], was: set[str]) -> None:
    for operation, metrics in (
        ("disable_enhanced_monitoring", was - wanted),
        ("enable_enhanced_monitoring", wanted - was),
    ):
        if metrics:
            aws.call("kinesis", operation, StreamName=name, ShardLevelMetrics=sorted(metrics))
            _wait(aws, name)


def _delete_stream(aws: Aws, wanted: Wanted, found: Found) -> None:
    del found
    aws.call("kinesis", "delete_stream", StreamName=wanted.inputs.text("name"), EnforceConsumerDeletion=True)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while _read_stream(aws, wanted) and time.monotonic() < deadline:
        time.sleep(0.05)


def _read_consumer(aws: Aws, wanted: Wanted) -> Found | None:
    inputs = wanted.inputs
    answer = aws.find(
        "kinesis",
        "describe_stream_consumer",
        _GONE,
        StreamARN=inputs.text("streamArn"),
        ConsumerName=inputs.text("name"),
    )
    if answer is None:
        return None
    consumer = answer.block("ConsumerDescription")
    state = {"name": consumer.text("ConsumerName"), "streamArn": inputs.text("streamArn")}
    arn = consumer.text("ConsumerARN")
    return Found(arn, state, {"arn": arn})


def _create_consumer(aws: Aws, wanted: Wanted) -> None:
    inputs = wanted.inputs
    aws.call(
        "kinesis", "register_stream_consumer", StreamARN=inputs.text("streamArn"), ConsumerName=inputs.text("name")
    )
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = aws.call(
            "kinesis", "describe_stream_consumer", StreamARN=inputs["streamArn"], ConsumerName=inputs["name"]
        )
        if answer.block("ConsumerDescription").text("ConsumerStatus") == "ACTIVE":
            return
        time.sleep(0.05)


def _no_update(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    """A consumer has nothing but its name and its stream, by which it is found."""
    del aws, wanted, found, drift


def _delete_consumer(aws: Aws, wanted: Wanted, found: Found) -> None:
    del wanted
    aws.call("kinesis", "deregister_stream_consumer", ConsumerARN=found.id)


def _read_policy(aws: Aws, wanted: Wanted) -> Found | None:
    arn = wanted.inputs.text("resourceArn")
    answer = aws.find("kinesis", "get_resource_policy", _GONE, ResourceARN=arn)
    policy = answer.text_or("Policy") if answer else ""
    # A stream without a policy answers with an empty one.
    return Found(arn, {"resourceArn": arn, "policy": policy}) if policy.strip("{} \n") else None


def _write_policy(aws: Aws, wanted: Wanted) -> None:
    arn, policy = wanted.inputs.text("resourceArn"), wanted.inputs.text("policy")
    aws.call("kinesis", "put_resource_policy", ResourceARN=arn, Policy=policy)


def _delete_policy(aws: Aws, wanted: Wanted, found: Found) -> None:
    del wanted
    aws.find("kinesis", "delete_resource_policy", _GONE, ResourceARN=found.id)


KINDS = {
    "aws:kinesis/resourcePolicy:ResourcePolicy": written(_read_policy, _write_policy, _delete_policy),
    "aws:kinesis/stream:Stream": Kind(
        _read_stream,
        _create_stream,
        _update_stream,
        _delete_stream,
        engine_only=frozenset({"enforceConsumerDeletion"}),
    ),
    "aws:kinesis/streamConsumer:StreamConsumer": Kind(_read_consumer, _create_consumer, _no_update, _delete_consumer),
}
