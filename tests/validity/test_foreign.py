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
    (tmp_path / "digits").write_text('{"resources": [' + "9" * 5000 + "]}")
    with pytest.raises(UserError, match=r"holds a number of more than [\d,]+ digits"):
        read(str(tmp_path / "digits"))
    (tmp_path / "bytes").write_bytes(os.urandom(16) + b"\xff\xfe\xff")
    with pytest.raises(UserError, match=r"not text in UTF-8|not JSON"):
        read(str(tmp_path / "bytes"))
    monkeypatch.setattr(foreign, "LARGEST", 1024)
    with pytest.raises(UserError, match="larger than"):
        read(write(tmp_path, " " * 1025 + "{}"))


ASSUMED = "urn:pulumi:prod::shop::pulumi:providers:aws::default"


def steps(*states: dict[str, Any], **more: object) -> dict[str, object]:
    return {"steps": [{"op": "create", "newState": one} for one in states], **more}


PROVIDERS: dict[str, tuple[dict[str, object], dict[str, dict[str, object]]]] = {
    "named by nobody": (steps(state(), config={"aws:region": "here-1"}), {ASSUMED: {"region": "here-1"}}),
    "named with an id": (
        steps(state(provider=f"{ASSUMED}_7_1::{UNKNOWN}"), config={"aws:region": "here-1", "aws:profile": "x"}),
        {f"{ASSUMED}_7_1": {"region": "here-1", "profile": "x"}},
    ),
    "in the file": (
        steps(
            state(provider=f"{ASSUMED}::1"),
            state(ASSUMED, inputs={"region": "there-1"}),
            config={"aws:region": "here-1"},
        ),
        {ASSUMED: {"region": "there-1"}},
    ),
    "an explicit one that is not in the file": (
        steps(state(provider="urn:pulumi:prod::shop::pulumi:providers:aws::mine::1"), config={"aws:region": "here-1"}),
        {},
    ),
    "no region": (steps(state(), config={"aws:profile": "x"}), {}),
    "no resource of it": (steps(state(), config={"gcp:region": "here1"}), {}),
    "a secret": (steps(state(), config={"aws:region": "[secret]"}), {ASSUMED: {"region": HIDDEN}}),
}


@pytest.mark.parametrize(("document", "found"), PROVIDERS.values(), ids=PROVIDERS.keys())
def test_a_preview_says_where_its_default_providers_work(
    tmp_path: Path, document: object, found: dict[str, dict[str, object]]
) -> None:
    (snapshot,) = read(write(tmp_path, document))
    assert [(one.urn, one.inputs) for one in snapshot.resources if one.is_provider] == list(found.items())


def test_the_clouds_each_have_their_own_word_for_a_place(tmp_path: Path) -> None:
    made = [
        state(f"urn:pulumi:prod::shop::{kind}::x", inputs={})
        for kind in ("gcp:storage/bucket:Bucket", "azure-native:storage:StorageAccount")
    ]
    config = {"gcp:zone": "here1-b", "gcp:project": "p", "azure-native:location": "here"}
    (snapshot,) = read(write(tmp_path, steps(*made, config=config)))
    assert {one.type: one.inputs for one in snapshot.resources if one.is_provider} == {
        "pulumi:providers:azure-native": {"location": "here"},
        "pulumi:providers:gcp": {"zone": "here1-b", "project": "p"},
    }


def test_protection_that_a_preview_does_not_state_is_not_said(tmp_path: Path) -> None:
    said = {True: True, False: False}
    for given, expected in said.items():
        assert read(write(tmp_path, steps(state(protect=given))))[0].resources[0].protect is expected
    assert read(write(tmp_path, steps(state())))[0].resources[0].protect is None
    other = f"{QUEUE}-2"
    (beside,) = read(write(tmp_path, steps(state(protect=True), state(urn=other))))
    assert {one.urn: one.protect for one in beside.resources if one.urn == other} == {other: False}
    exported = {"version": 3, "deployment": {"resources": [state()]}}
    assert read(write(tmp_path, exported))[0].resources[0].protect is False


def test_lines_of_the_program(tmp_path: Path) -> None:
    for told, line in {
        "project:///__main__.py#12,5": "__main__.py:12",
        "project:///a%20b/index.ts#3": "a b/index.ts:3",
        "nonsense": None,
        "file:///etc/passwd#1": None,
        "": None,
    }.items():
        (snapshot,) = read(write(tmp_path, steps(state(sourcePosition=told))))
        assert snapshot.resources[0].source_position == line
    ours = {"version": 1, "resources": [{**state(), "source_position": "components/a.py:5"}]}
    assert read(write(tmp_path, ours))[0].resources[0].source_position == "components/a.py:5"


def test_what_a_file_is_known_to_lack_is_said(tmp_path: Path) -> None:
    deep: object = "leaf"
    for _ in range(foreign.DEEPEST):
        deep = {"next": deep}
    fits = read(write(tmp_path, steps(state(inputs={"a": deep}))))[0]
    assert fits.incomplete == ()
    assert "leaf" in json.dumps(fits.resources[0].inputs)
    for _ in range(400):
        deep = [deep]
    cut = read(write(tmp_path, steps(state(inputs={"a": deep, "b": 1}), state(QUEUE, inputs={"a": deep}))))[0]
    assert cut.incomplete == (
        f"inputs of {STREAM} and of 1 more are nested deeper than 64 levels and were not read there",
    )
    assert cut.resources[0].inputs["b"] == 1
    assert UNKNOWN in json.dumps(cut.resources[0].inputs)
    told = [{"severity": "warning", "message": "w"}, {"severity": "error", "message": "boom\n"}]
    failed = read(write(tmp_path, steps(state(), diagnostics=told)))[0]
    assert failed.incomplete == ("the preview ended with an error and shows only a part of the stack (boom)",)
    assert read(write(tmp_path, steps(state(), diagnostics=told[:1])))[0].incomplete == ()
