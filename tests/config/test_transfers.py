"""The register of transfers in the stack file: what it takes, what it refuses, and where it is found afterwards."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stacks.models import BaselineConfig, StackConfig
from stacks.reading import read_any
from stacks.scope import stated
from tests.config.conftest import ROOT, Sandbox
from tests.config.test_commands import Call
from tests.config.test_load import handed_over, loaded
from tests.regions import stack_in

CLICKS = {
    "what": "clicks",
    "destination": "uk",
    "recipient": "Example Ltd",
    "basis": "adequacy",
    "reference": "DPO-117",
    "expires": "2027-06-30",
}


def row(**changes: Any) -> dict[str, Any]:
    return {key: value for key, value in {**CLICKS, **changes}.items() if value is not None}


def test_a_register_is_read_and_stated(sandbox: Sandbox) -> None:
    narrow = row(destination="JP", rules=["SOV-AWS-003"], resources=["pipeline-lake"])
    config = sandbox.read(sandbox.changed(transfers=[row(), narrow])).config
    assert [one.destination for one in config.transfers] == ["uk", "JP"]
    assert stated(config)["transfers"] == [CLICKS, narrow]


def test_who_declares_none_states_none(sandbox: Sandbox) -> None:
    for path in (sandbox.root / "Pulumi.dev.yaml", sandbox.changed(transfers=[])):
        assert "transfers" not in stated(sandbox.read(path).config)


def test_a_baseline_has_a_register_too(sandbox: Sandbox) -> None:
    own = dict.fromkeys(StackConfig.model_fields.keys() - BaselineConfig.model_fields.keys())
    path = sandbox.changed(**own, blueprint="baseline", transfers=[row()])
    assert [one.reference for one in read_any(path).config.transfers] == ["DPO-117"]


def test_the_program_reads_the_list_that_the_engine_hands_over_as_text(sandbox: Sandbox) -> None:
    path = sandbox.changed(transfers=[row()])
    values = handed_over(sandbox)
    assert json.loads(values["homeshore:transfers"]) == [CLICKS]
    assert loaded(sandbox.root, values) == sandbox.read(path).config


@pytest.mark.parametrize(
    ("changes", "at", "problem"),
    [
        ({"destination": "atlantis"}, "[0].destination", "there is no place 'atlantis'"),
        ({"destination": "de"}, "[0].basis", "lies inside European Union"),
        ({"destination": "in"}, "[0].basis", "no decision of European Union (the 27 member states) accepts"),
        ({"destination": "ch+in"}, "[0].basis", "accepts transfers to India"),
        ({"basis": "handshake"}, "[0].basis", "it must be one of adequacy, scc, bcr, consent, derogation"),
        ({"expires": None}, "[0].expires", "expires is missing"),
        ({"expires": "2027-02-30"}, "[0].expires", "is not a day of the calendar"),
        ({"expires": 2027}, "[0].expires", "it must be text, and is the number 2027"),
        ({"reference": None}, "[0].reference", "reference is missing"),
        ({"recipient": ""}, "[0].recipient", "at least 1 characters long"),
        ({"rules": ["everything"]}, "[0].rules[0]", "everything"),
        ({"reciever": "x"}, "[0].reciever", "there is no key 'reciever' here"),
    ],
)
def test_what_is_refused(sandbox: Sandbox, changes: dict[str, Any], at: str, problem: str) -> None:
    fault = sandbox.fault(sandbox.changed(transfers=[row(**changes)]))
    assert fault.path == f"homeshore:transfers{at}"
    assert problem in fault.problem
    assert fault.consequence
    assert fault.remedy


def test_all_faults_are_told_at_once(sandbox: Sandbox) -> None:
    path = sandbox.changed(transfers=[row(destination="in"), row(), row(destination="sg")], residency__boundary="eu")
    assert [one.path for one in sandbox.faults(path)] == [
        "homeshore:transfers[0].basis",
        "homeshore:transfers[2].basis",
    ]


def test_a_law_that_nobody_has_looked_at_accepts_nothing(sandbox: Sandbox) -> None:
    fault = sandbox.fault(sandbox.changed(stack_in("aws", "us"), transfers=[row()]))
    assert "grounds.csv has no law of United States" in fault.problem


def test_a_register_that_is_no_list(sandbox: Sandbox) -> None:
    assert "it must be a list" in sandbox.fault(sandbox.changed(transfers=row())).problem
    path = sandbox.write((sandbox.root / "Pulumi.dev-gcp.yaml").read_text() + "  homeshore:transfers:\n")
    assert "it must be a list, and is empty" in sandbox.fault(path).problem


def test_the_command_line_exits_2(sandbox: Sandbox, homeshore: Call) -> None:
    sandbox.changed(transfers=[row(destination="in")])
    told = homeshore("config", "dev")
    assert told.code == 2
    assert "homeshore:transfers[0].basis" in told.err
    sandbox.changed(transfers=[row()])
    told = homeshore("config", "dev")
    assert told.code == 0
    assert "DPO-117" in told.out


def test_the_example_of_the_page_is_a_valid_register(sandbox: Sandbox) -> None:
    example = (ROOT / "docs" / "transfers.md").read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    config = sandbox.read(sandbox.write(sandbox.stack_text() + example)).config
    assert [one.recipient for one in config.transfers] == ["Example Analytics Ltd"]
