"""Files of other stacks are read in their three shapes, without their secrets; what is none of them is refused."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from homeshore import foreign
from homeshore.engine.values import MASK, SECRET, SIGNATURE, UNKNOWN
from homeshore.errors import UserError
from homeshore.foreign import read

STREAM = "urn:pulumi:prod::shop::shop:Events$aws:kinesis/stream:Stream::events"
QUEUE = "urn:pulumi:prod::shop::aws:sqs/queue:Queue::old"
CANARY = "canary-5f1d"
HIDDEN = {SIGNATURE: SECRET, "value": MASK}


def state(urn: str = STREAM, **more: Any) -> dict[str, Any]:
    return {"urn": urn, "type": urn.split("::")[2].rsplit("$", 1)[-1], "custom": True, "inputs": {"name": "e"}, **more}


def write(folder: Path, document: object) -> str:
    path = folder / "input.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return str(path)


def test_a_preview_of_pulumi(tmp_path: Path) -> None:
    steps = [
        {"op": "create", "urn": STREAM, "newState": state(inputs={"name": "old"})},
        {
            "op": "replace",
            "urn": STREAM,
            "newState": state(inputs={"name": "new", "kmsKeyId": "[secret]", "arn": UNKNOWN}),
        },
        {"op": "delete-replaced", "urn": STREAM, "oldState": state()},
        {"op": "delete", "urn": QUEUE, "oldState": state(QUEUE)},
        {"op": "read", "urn": QUEUE, "newState": state(QUEUE)},
    ]
    (snapshot,) = read(write(tmp_path, {"config": {}, "steps": steps, "duration": 1, "changeSummary": {}}))
    stream, queue = snapshot.resources
    assert (snapshot.stack, snapshot.project) == ("prod", "shop")
    assert (stream.name, stream.type, stream.inputs) == (
        "events",
        "aws:kinesis/stream:Stream",
        {"name": "new", "kmsKeyId": HIDDEN, "arn": UNKNOWN},
    )
    assert queue.external


def test_an_export_of_a_stack_keeps_no_secret(tmp_path: Path) -> None:
    inputs = {
        "a": {SIGNATURE: SECRET, "ciphertext": f"v1:{CANARY}"},
        "b": {"deep": [{SIGNATURE: SECRET, "plaintext": json.dumps(CANARY)}]},
        "shardCount": 4.0,
        "ratio": 0.5,
    }
    document = {
        "version": 3,
        "deployment": {
            "manifest": {},
            "secrets_providers": {"type": "passphrase"},
            "resources": [
                state(
                    inputs=inputs,
                    outputs={"arn": CANARY},
                    parent=QUEUE,
                    protect=True,
                    retainOnDelete=True,
                    propertyDependencies={"a": [QUEUE]},
                    dependencies=[QUEUE],
                ),
                state(QUEUE, delete=True),
            ],
        },
    }
    (snapshot,) = read(write(tmp_path, document))
    (stream,) = snapshot.resources
    assert stream.inputs == {"a": HIDDEN, "b": {"deep": [HIDDEN]}, "shardCount": 4, "ratio": 0.5}
    assert isinstance(stream.inputs["shardCount"], int)
    assert (stream.parent, stream.protect, stream.retain_on_delete) == (QUEUE, True, True)
    assert stream.property_dependencies == {"a": (QUEUE,)}
    assert CANARY not in repr(snapshot)


def test_our_own_preview_of_one_stack_and_of_several(tmp_path: Path) -> None:
    row = {**state(), "property_dependencies": {"name": [QUEUE]}, "retain_on_delete": True}
    one = {"version": 1, "project": "shop", "stack": "prod", "resources": [row], "outputs": {}}
    (snapshot,) = read(write(tmp_path, one))
    assert (snapshot.stack, snapshot.resources[0].property_dependencies) == ("prod", {"name": (QUEUE,)})
    assert [
        found.stack for found in read(write(tmp_path, {"version": 1, "stacks": [one, {**one, "stack": "dev"}]}))
    ] == [
        "prod",
        "dev",
    ]


def test_an_export_of_an_empty_stack_has_no_resources(tmp_path: Path) -> None:
    (snapshot,) = read(write(tmp_path, {"version": 3, "deployment": {"manifest": {}}}))
    assert snapshot.resources == ()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_a_shell_of_windows_writes(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "input.json"
    path.write_text(json.dumps({"steps": [{"op": "same", "newState": state()}]}), encoding=encoding)
    assert read(str(path))[0].resources[0].name == "events"


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    data = json.dumps({"steps": [{"op": "same", "newState": state()}]}).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert read("-")[0].resources[0].urn == STREAM


STEP = {"op": "create", "newState": state()}
BROKEN: dict[str, tuple[object, str]] = {
    "empty": ("", "is empty"),
    "blank": (" \n", "is empty"),
    "cut": ('{"steps": [', "line 1, column 12"),
    "not a number": ('{"steps": NaN}', "NaN"),
    "deep": ('{"steps": ' + "[" * 200_000, "nested beyond measure"),
    "list": ([], "the document is a list"),
    "text": ('"hello"', "the document is a text"),
    "terraform": ({"resource_changes": [], "format_version": "1.2"}, "its keys: format_version, resource_changes"),
    "no keys": ({}, "its keys: none"),
    "steps of another kind": ({"steps": {}}, "steps is an object where a list belongs"),
    "step": ({"steps": ["create"]}, "steps[0] is a text"),
    "operation": ({"steps": [{"newState": state()}]}, "steps[0].op is missing"),
    "no state": ({"steps": [{"op": "create"}]}, "steps[0].newState is missing"),
    "no urn": ({"steps": [{**STEP, "newState": {"type": "a:b:C"}}]}, "steps[0].newState.urn is missing"),
    "wrong urn": ({"steps": [{**STEP, "newState": state() | {"urn": "arn:aws:x"}}]}, "no URN of Pulumi's"),
    "inputs": ({"steps": [{**STEP, "newState": state(inputs=["a"])}]}, "newState.inputs is a list"),
    "deployment": ({"version": 3, "deployment": None}, "deployment is missing"),
    "resources": ({"deployment": {"resources": {"a": 1}}}, "deployment.resources is an object"),
    "version": ({"version": 9, "resources": []}, "version is 9"),
    "stacks": ({"version": 1, "stacks": [{"version": 1}]}, "stacks[0].resources is missing"),
}


@pytest.mark.parametrize(("document", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_stack_is_refused_in_words(tmp_path: Path, document: object, message: str) -> None:
    path = write(tmp_path, document)
    with pytest.raises(UserError) as refusal:
        read(path)
    assert message in str(refusal.value)
    assert str(refusal.value).startswith(path)


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="No such file"):
        read(str(tmp_path / "missing.json"))
    with pytest.raises(UserError, match="directory"):
        read(str(tmp_path))
    (tmp_path / "bytes").write_bytes(os.urandom(16) + b"\xff\xfe\xff")
    with pytest.raises(UserError, match=r"not text in UTF-8|not JSON"):
        read(str(tmp_path / "bytes"))
    monkeypatch.setattr(foreign, "LARGEST", 1024)
    with pytest.raises(UserError, match="larger than"):
        read(write(tmp_path, " " * 1025 + "{}"))
