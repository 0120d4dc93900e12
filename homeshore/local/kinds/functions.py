"""Lambda functions and the mappings that feed them."""

from __future__ import annotations

import base64
import hashlib
import time
from pathlib import Path

from homeshore.local.aws import Aws
from homeshore.local.fields import Fields, capitalised, renamed, uncapitalised
from homeshore.local.kind import ApplyError, Found, Kind, Wanted, declared

_GONE = "ResourceNotFoundException"
_PATIENCE_SECONDS = 60.0

_CONFIGURATION = {
    "role": "Role",
    "handler": "Handler",
    "runtime": "Runtime",
    "description": "Description",
    "memorySize": "MemorySize",
    "timeout": "Timeout",
    "kmsKeyArn": "KMSKeyArn",
}
_BLOCKS = {
    "environment": "Environment",
    "vpcConfig": "VpcConfig",
    "tracingConfig": "TracingConfig",
    "loggingConfig": "LoggingConfig",
    "ephemeralStorage": "EphemeralStorage",
    "deadLetterConfig": "DeadLetterConfig",
}


def _read_function(aws: Aws, wanted: Wanted) -> Found | None:
    name = wanted.inputs.text("name")
    answer = aws.find("lambda", "get_function", _GONE, FunctionName=name)
    if answer is None:
        return None
    function = answer.block("Configuration")
    state: dict[str, object] = {wire: function.get(api) for wire, api in _CONFIGURATION.items()}
    for wire, api in _BLOCKS.items():
        body = function.block(api)
        state[wire] = {"variables": body.table("Variables")} if wire == "environment" else uncapitalised(body)
    if not function.block("VpcConfig").texts("SubnetIds"):
        state["vpcConfig"] = {}
    state |= {
        "name": name,
        "architectures": list(function.texts("Architectures")),
        "code": function.get("CodeSha256"),
        "reservedConcurrentExecutions": answer.block("Concurrency").get("ReservedConcurrentExecutions"),
        "tags": declared(answer.table("Tags")),
    }
    arn = function.text("FunctionArn")
    outputs = {
        "arn": arn,
        "qualifiedArn": f"{arn}:$LATEST",
        "version": "$LATEST",
        "invokeArn": f"arn:aws:apigateway:{aws.region}:lambda:path/2015-03-31/functions/{arn}/invocations",
    }
    return Found(name, state, outputs)


def _configuration(wanted: Wanted) -> dict[str, object]:
    inputs = wanted.inputs
    blocks: dict[str, object] = {
        api: {"Variables": inputs.block(wire).table("variables")}
        if wire == "environment"
        else capitalised(inputs.block(wire))
        for wire, api in _BLOCKS.items()
        if inputs.get(wire)
    }
    return {"FunctionName": inputs.text("name"), **renamed(inputs, _CONFIGURATION), **blocks}


def package(wanted: Wanted) -> bytes:
    """The bytes of the zip file that the backend put in place of the archive."""
    return Path(wanted.inputs.block("package").text("path")).read_bytes()


def package_digest(content: bytes) -> str:
    """The digest by which Lambda names a package: SHA-256 in base64."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def _create_function(aws: Aws, wanted: Wanted) -> None:
    architectures = wanted.inputs.texts("architectures")
    aws.call(
        "lambda",
        "create_function",
        Code={"ZipFile": package(wanted)},
        Tags=wanted.tags,
        **_configuration(wanted),
        **({"Architectures": list(architectures)} if architectures else {}),
    )
    _wait_for_function(aws, wanted.inputs.text("name"))


def _wait_for_function(aws: Aws, name: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        function = aws.call("lambda", "get_function", FunctionName=name).block("Configuration")
        if function.text_or("State", "Active") == "Failed":
            raise ApplyError(f"function {name!r}: {function.text_or('StateReason')}")
        ready = function.text_or("LastUpdateStatus", "Successful") != "InProgress"
        if function.text_or("State", "Active") == "Active" and ready:
            return
        time.sleep(0.05)
    raise ApplyError(f"function {name!r} was not ready within {_PATIENCE_SECONDS:.0f} s")


def _update_function(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    name = found.id
    if drift & {"code", "architectures"}:
        architectures = list(wanted.inputs.texts("architectures"))
        aws.call(
            "lambda",
            "update_function_code",
            FunctionName=name,
            ZipFile=package(wanted),
            **({"Architectures": architectures} if architectures else {}),
        )
        _wait_for_function(aws, name)
    if drift & {*_CONFIGURATION, *_BLOCKS}:
        outside: dict[str, object] = {}
        if "vpcConfig" in drift:  # left out, it would stay as it was
            outside["VpcConfig"] = {"SubnetIds": [], "SecurityGroupIds": []}
        aws.call("lambda", "update_function_configuration", **{**outside, **_configuration(wanted)})
        _wait_for_function(aws, name)
    if "reservedConcurrentExecutions" in drift:
        limit = wanted.inputs.whole("reservedConcurrentExecutions")
        aws.call("lambda", "put_function_concurrency", FunctionName=name, ReservedConcurrentExecutions=limit)
    if "tags" in drift:
        arn = str(found.outputs["arn"])
        surplus = sorted(set(Fields(found.state).table("tags")) - set(wanted.tags))
        if surplus:
            aws.call("lambda", "untag_resource", Resource=arn, TagKeys=surplus)
        aws.call("lambda", "tag_resource", Resource=arn, Tags=wanted.tags)


def _delete_function(aws: Aws, wanted: Wanted, found: Found) -> None:
    del wanted
    aws.call("lambda", "delete_function", FunctionName=found.id)


# ---- event source mappings

_MAPPING = {
    "batchSize": "BatchSize",
    "maximumBatchingWindowInSeconds": "MaximumBatchingWindowInSeconds",
    "parallelizationFactor": "ParallelizationFactor",
    "maximumRetryAttempts": "MaximumRetryAttempts",
    "maximumRecordAgeInSeconds": "MaximumRecordAgeInSeconds",
    "bisectBatchOnFunctionError": "BisectBatchOnFunctionError",
    "tumblingWindowInSeconds": "TumblingWindowInSeconds",
    "functionResponseTypes": "FunctionResponseTypes",
}


def _read_mapping(aws: Aws, wanted: Wanted) -> Found | None:
    inputs = wanted.inputs
    source = inputs.text("eventSourceArn")
    for mapping in aws.each("lambda", "list_event_source_mappings", "EventSourceMappings", EventSourceArn=source):
        function = mapping.text("FunctionArn")
        given = inputs.text("functionName")
        if given not in (function, function.rsplit(":", 1)[-1]) or mapping.text_or("State") == "Deleting":
            continue
        state: dict[str, object] = {wire: mapping.get(api) for wire, api in _MAPPING.items()}
        target = mapping.block("DestinationConfig").block("OnFailure").get("Destination")
        state |= {
            "eventSourceArn": source,
            "functionName": given,
            "startingPosition": mapping.get("StartingPosition"),
            "enabled": mapping.text_or("State", "Enabled") in ("Enabled", "Enabling", "Creating", "Updating"),
            "destinationConfig": {"onFailure": {"destinationArn": target}},
            "metricsConfig": uncapitalised(mapping.block("MetricsConfig")),
        }
        uuid = mapping.text("UUID")
        outputs = {"uuid": uuid, "functionArn": function, "arn": aws.arn("lambda", f"event-source-mapping:{uuid}")}
        return Found(uuid, state, outputs)
    return None


def _mapping(wanted: Wanted) -> dict[str, object]:
    inputs = wanted.inputs
    target = inputs.block("destinationConfig").block("onFailure").get("destinationArn")
    destination = {"DestinationConfig": {"OnFailure": {"Destination": target}}} if target else {}
    enabled = inputs.flag("enabled", default=True)
    metrics = {"MetricsConfig": capitalised(inputs.block("metricsConfig"))} if inputs.get("metricsConfig") else {}
    body = renamed(inputs, _MAPPING)
    return {"FunctionName": inputs["functionName"], "Enabled": enabled, **body, **destination, **metrics}


def _create_mapping(aws: Aws, wanted: Wanted) -> None:
    inputs = wanted.inputs
    aws.call(
        "lambda",
        "create_event_source_mapping",
        EventSourceArn=inputs.text("eventSourceArn"),
        StartingPosition=inputs.text("startingPosition"),
        **_mapping(wanted),
    )


def _update_mapping(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    del drift
    aws.call("lambda", "update_event_source_mapping", UUID=found.id, **_mapping(wanted))


def _delete_mapping(aws: Aws, wanted: Wanted, found: Found) -> None:
    del wanted
    aws.find("lambda", "delete_event_source_mapping", _GONE, UUID=found.id)


KINDS = {
    "aws:lambda/function:Function": Kind(
        _read_function,
        _create_function,
        _update_function,
        _delete_function,
        # `package` is the backend's own note of the file; `code` is compared as the digest that Lambda reads back.
        engine_only=frozenset({"package", "sourceCodeHash", "packageType", "publish", "skipDestroy"}),
    ),
    "aws:lambda/eventSourceMapping:EventSourceMapping": Kind(
        _read_mapping,
        _create_mapping,
        _update_mapping,
        _delete_mapping,
        fixed=frozenset({"startingPosition"}),
    ),
}
