"""What `homeshore check` is told by a file and an option, and the text of everything that ends it with exit code 2."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from homeshore.check import policy
from homeshore.check.policy import judge_with, plain, told_by
from homeshore.engine import Resource, Snapshot
from homeshore.errors import UserError
from policies import exemptions
from policies.configuration import Configuration, Told
from policies.model import Stack
from policies.subject import PIPELINE
from tests.policies.build import UNKNOWN


def written(tmp_path: Path, text: str, name: str = "config.yaml") -> str:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return str(file)


def fault(file: str | None, boundary: str | None = None) -> str:
    with pytest.raises(UserError) as raised:
        told_by(file, boundary)
    assert raised.value.exit_code == 2
    return str(raised.value).replace(f"{file}: ", "FILE: ")


def registration(kind: str, name: str, *, custom: bool = True, **inputs: Any) -> Resource:
    return Resource(f"urn:pulumi:test::test::{kind}::{name}", kind, name, custom, inputs=inputs)


def snapshot(*resources: Resource, deployed: bool = False) -> Snapshot:
    return Snapshot(project="test", stack="test", resources=resources, deployed=deployed, outputs={})


def test_nothing_told_is_the_default() -> None:
    assert told_by(None, None) == Configuration()


def test_a_file_may_be_yaml_or_json(tmp_path: Path) -> None:
    wanted = Configuration(Told(boundary="jp", strict=True), {"ENC-AWS-001": "advisory"})
    yaml = "parameters: {boundary: jp, strict: true}\nENC-AWS-001: advisory\n"
    json = '{"parameters": {"boundary": "jp", "strict": true}, "ENC-AWS-001": "advisory"}'
    assert told_by(written(tmp_path, yaml), None) == wanted
    assert told_by(written(tmp_path, json, "config.json"), None) == wanted
    assert told_by(written(tmp_path, ""), None) == Configuration()


def test_the_option_stands_before_the_file_and_leaves_the_rest(tmp_path: Path) -> None:
    file = written(tmp_path, "parameters: {boundary: jp, strict: true}\nENC-AWS-001: advisory\n")
    assert told_by(file, "de") == Configuration(Told(boundary="de", strict=True), {"ENC-AWS-001": "advisory"})
    assert told_by(None, "eu+ch") == Configuration(Told(boundary="eu+ch"), {})


@pytest.mark.parametrize(
    ("boundary", "says"),
    [
        ("mars", "--boundary mars: there is no boundary 'mars'. `homeshore regions` lists them."),
        ("eu+mars", "--boundary eu+mars: there is no boundary 'mars'. `homeshore regions` lists them."),
        ("", "--boundary : there is no boundary ''. `homeshore regions` lists them."),
        (
            "german",
            "--boundary german: there is no boundary 'german'. Did you mean de? `homeshore regions` lists them.",
        ),
    ],
)
def test_a_boundary_that_there_is_not(boundary: str, says: str) -> None:
    assert fault(None, boundary) == says


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "parameters: {boundry: eu}\nENC-AWS-001: loud\nboundary: eu",
            (
                "FILE: parameters.boundry: there is no such parameter. Did you mean boundary?\n"
                'FILE: ENC-AWS-001: "loud" is no level: write one of advisory, mandatory, remediate, disabled.\n'
                "FILE: boundary: there is no such rule. Did you mean parameters.boundary? "
                "`homeshore policy explain` lists them."
            ),
        ),
        ("parameters: {zzz: 1}", "FILE: parameters.zzz: there is no such parameter. Leave it out."),
        ("[]", "FILE: the document is no mapping of rule ids and `parameters`."),
        ("parameters: &a {boundary: *a}", "FILE: holds itself, through an alias: write out what it stands for."),
    ],
)
def test_every_fault_of_a_file_names_the_file_and_ends_in_one_stop(tmp_path: Path, text: str, says: str) -> None:
    assert fault(written(tmp_path, text)) == says


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert fault(str(tmp_path / "none.yaml")) == "FILE: cannot be read: No such file or directory."
    assert fault(str(tmp_path)) == "FILE: cannot be read: Is a directory."


@pytest.mark.parametrize("text", ["parameters: [", "a: b: c", "{" * 5000, "when: 2027-02-30"])
def test_a_file_that_is_no_document(tmp_path: Path, text: str) -> None:
    assert fault(written(tmp_path, text)).startswith("FILE: is neither YAML nor JSON: ")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes(b"\xff\xfe\x00")
    assert fault(str(tmp_path / "config.yaml")).startswith("FILE: is neither YAML nor JSON: ")


def test_a_boundary_that_a_stack_states_and_that_there_is_not() -> None:
    stated = snapshot(registration(PIPELINE, "pipeline", custom=False, boundary="german"))
    with pytest.raises(UserError) as raised:
        judge_with(Configuration())(stated, "preview.json")
    assert str(raised.value) == (
        "preview.json: the stack states a boundary 'german', and there is no such one. Did you mean de? "
        "`homeshore regions` lists them; --boundary names another one."
    )
    with pytest.raises(UserError, match=r"^test: the stack states a boundary 'german'"):
        judge_with(Configuration())(stated, None)
    assert judge_with(Configuration(Told(boundary="eu")))(stated, None).states is not None


@pytest.mark.parametrize("boundary", [UNKNOWN, "[secret]"])
def test_a_boundary_that_nobody_knows_is_none(boundary: str) -> None:
    told = judge_with(Configuration())(snapshot(registration(PIPELINE, "p", custom=False, boundary=boundary)), None)
    assert told.states is not None
    assert told.states.left_out["SOV-AWS-001"] == "nobody named a boundary"


def test_exemptions_that_cannot_be_read_end_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, "exemptions: none")
    monkeypatch.setattr(exemptions, "standing", lambda: exemptions.load(Path(file)))
    with pytest.raises(UserError) as raised:
        judge_with(Configuration())(snapshot(), None)
    assert str(raised.value).startswith(f"{file}: exemptions: ")


def test_the_judge_passes_on_day_file_exemptions_and_whether_it_is_an_update(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    def verdict(stack: Stack, **named: Any) -> None:
        given.update(named, stack=stack)

    monkeypatch.setattr(policy, "verdict", verdict)
    day = datetime.date(2027, 3, 1)
    topic = registration("aws:sns/topic:Topic", "alerts")
    judge_with(Configuration(Told(boundary="eu")), day)(snapshot(topic, deployed=True), "preview.json")
    judged = given.pop("stack")
    assert (judged.name, judged.boundary.name) == ("test", "eu")
    assert [one.urn for one in judged.resources] == [topic.urn]
    assert given == {
        "exemptions": exemptions.standing(),
        "today": day,
        "file": "preview.json",
        "updating": True,
    }


def test_a_registration_is_seen_with_all_that_rules_ask_for() -> None:
    one = Resource(
        urn="urn:pulumi:test::test::acme:index:It::it",
        type="acme:index:It",
        name="it",
        custom=False,
        inputs={"a": 1},
        parent="urn:parent",
        provider="urn:provider",
        protect=True,
        dependencies=("urn:a",),
        property_dependencies={"a": ("urn:a",)},
    )
    seen = plain(one)
    for key in ("urn", "type", "name", "custom", "inputs", "parent", "provider", "protect", "dependencies"):
        assert getattr(seen, key) == getattr(one, key), key
    assert seen.property_dependencies == one.property_dependencies
