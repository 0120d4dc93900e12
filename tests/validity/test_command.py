"""`homeshore check`: our stacks are clean; files are judged; the exit code is the verdict; no secret is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from findings import Enforcement, Exempted, Finding, Judgement, NotJudged, Report, Severity
from homeshore import cli
from homeshore.check.github import commands
from homeshore.check.text import render
from homeshore.engine.values import SECRET, SIGNATURE
from policies.rules import catalogue

ROOT = Path(__file__).resolve().parents[2]
CANARY = "canary-5f1d"
KEYS = {
    "rule",
    "category",
    "severity",
    "enforcement",
    "stack",
    "urn",
    "path",
    "message",
    "remedy",
    "frameworks",
    "file",
}


def preview(folder: Path, name: str, *resources: tuple[str, dict[str, Any]]) -> str:
    steps = [
        {
            "op": "create",
            "newState": {
                "urn": f"urn:pulumi:{name}::shop::{kind}::r{at}",
                "type": kind,
                "custom": True,
                "inputs": inputs,
            },
        }
        for at, (kind, inputs) in enumerate(resources)
    ]
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"steps": steps}), encoding="utf-8")
    return str(path)


GOOD = ("aws:sqs/queue:Queue", {"name": "failures"})
BAD = ("aws:kinesis/stream:Stream", {"retentionPeriod": 9000, "shards": 4})
WARNED = ("aws:sqs/queue:Queue", {"name": "a", "namePrefix": "b"})
FOREIGN = ("random:index/randomPet:RandomPet", {"length": 2})
CLASSIFIED = {FOREIGN[0]: "none: it holds a name and nothing else"}


@pytest.fixture
def alone(tmp_path: Path) -> list[str]:
    """What asks for the judgement of providers alone: no rule of the policy pack, no boundary."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"all": "disabled", "parameters": {"classified": CLASSIFIED}}))
    return ["check", "--boundary", "none", "--policy-config", str(config)]


def test_our_own_stacks_are_clean(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert cli.run(["check", "--all", "--json"]) == 0
    shape = json.loads(capsys.readouterr().out)
    assert shape["version"] == 1
    assert {row["stack"] for row in shape["stacks"]} >= {"dev"}
    for row in shape["stacks"]:
        assert row["findings"] == []
        assert row["not_judged"] == []
        assert row["summary"]["judged"] == row["summary"]["resources"] > 50


def test_findings_have_the_documented_shape(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], alone: list[str]
) -> None:
    path = preview(tmp_path, "prod", BAD, GOOD, FOREIGN, ("pulumi:pulumi:StackReference", {"name": "x"}))
    assert cli.run([*alone, "--input", path, "--json"]) == 1
    shape = json.loads(capsys.readouterr().out)
    assert {"version", "findings", "exempted", "not_judged", "summary"} <= shape.keys()
    assert [(found["rule"], found["path"]) for found in shape["findings"]] == [
        ("VAL-API-004", "retentionPeriod"),
        ("VAL-SDK-001", "shards"),
    ]
    for found in shape["findings"]:
        assert found.keys() >= KEYS
        assert (found["category"], found["severity"], found["enforcement"]) == ("validity", "high", "mandatory")
        assert found["file"] == path
        assert found["remedy"]
    (unknown,) = shape["not_judged"]
    assert (unknown["type"], unknown["category"]) == (FOREIGN[0], "validity")
    rules = shape["summary"].pop("rules")
    firm = [one for one, about in catalogue().items() if about.firm and not one.startswith("SOV-")]
    assert rules["fail"] == 0
    assert rules["pass"] + rules["not_applicable"] == len(firm)  # what no config disables
    assert set(rules["left_out"].values()) == {"disabled in the pack's config", "nobody named a boundary"}
    assert shape["summary"].pop("evaluations") > 0
    assert shape["gaps"] == []
    assert shape["summary"] == {
        "resources": 4,
        "judged": 3,  # the reference by the policy pack, which has a rule about references
        "undetermined": 0,
        "mandatory": 2,
        "advisory": 0,
        "exempted": 0,
        "not_judged": 1,
        "categories": {"validity": 2},
    }


def test_text_tells_path_value_what_is_allowed_and_who_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], alone: list[str]
) -> None:
    path = preview(tmp_path, "prod", GOOD, WARNED, BAD, FOREIGN)
    assert cli.run([*alone, "--input", path]) == 1
    shown = capsys.readouterr()
    text = shown.out
    assert text.index("r2") < text.index("r1")  # worst first
    for part in ("retentionPeriod", "9000", "1 to 8760", "cfn-lint", "VAL-API-004", "Choose a number", "random:index"):
        assert part in text
    assert "3 of 4 resources judged: 2 errors, 1 warning, 1 not judged." in text
    assert "fails" in shown.err


def test_workflow_commands_stand_beside_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], alone: list[str]
) -> None:
    path = preview(tmp_path, "prod", BAD, FOREIGN)
    assert cli.run([*alone, "--input", path, "--format", "github"]) == 1
    first, second, third = capsys.readouterr().out.splitlines()
    titled = "VAL-API-004 a number outside its range"
    assert first.startswith(f"::error file={path},title={titled}::r0: retentionPeriod: too large")
    assert second.startswith(f"::error file={path},title=VAL-SDK-001")
    assert third.startswith(f"::notice title=homeshore check::prod in {path}: 1 not judged: r1 (random:index/randomPet")


def test_the_verdict_is_the_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str], alone: list[str]) -> None:
    good, warned = preview(tmp_path, "good", GOOD), preview(tmp_path, "warned", WARNED)
    assert cli.run([*alone, "--input", good]) == 0
    assert cli.run([*alone, "--input", good, warned]) == 0  # as a shell expands --input *.json
    assert cli.run([*alone, "--strict", "--input", good, "--input", warned]) == 1
    assert cli.run([*alone, "--input", preview(tmp_path, "none")]) == 1
    assert "none.json: nothing was judged: it holds no resource" in capsys.readouterr().err
    assert cli.run([*alone, "--input", preview(tmp_path, "foreign", FOREIGN)]) == 1
    assert cli.run([*alone, "--input", good, preview(tmp_path, "none")]) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--all", "dev"],
        ["--all", "--input", "x"],
        ["dev", "--json", "--format", "text"],
        ["dev", "--format", "html"],
        ["dev", "--output", "report.html"],
        ["dev", "--boundary", "none"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_2(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert cli.run(["check", *arguments]) == 2


def test_bad_input_exits_2(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli.run(["check", "--input", str(tmp_path / "missing.json")]) == 2
    monkeypatch.chdir(ROOT)
    assert cli.run(["check", "no-such-stack"]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit", "github"])
@pytest.mark.parametrize(
    "secret",
    [
        {SIGNATURE: SECRET, "value": CANARY},
        {SIGNATURE: SECRET, "plaintext": json.dumps({CANARY: CANARY})},
        {SIGNATURE: SECRET, "ciphertext": CANARY},
    ],
    ids=["value", "plaintext", "ciphertext"],
)
def test_no_secret_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str, secret: object) -> None:
    inputs = {"retentionPeriod": secret, "streamModeDetails": secret, "nope": secret, "tags": {"a": [secret]}}
    path = preview(tmp_path, "prod", ("aws:kinesis/stream:Stream", inputs))
    assert cli.run(["check", "--input", path, "--format", form]) == 1
    shown = capsys.readouterr()
    assert CANARY not in shown.out + shown.err
    assert "nope" in shown.out


def found(
    urn: str, *, severity: Severity = Severity.HIGH, advisory: bool = False, rule: str = "SOV-AWS-001"
) -> Finding:
    return Finding(
        rule=rule,
        category="sovereignty",
        severity=severity,
        enforcement=Enforcement.ADVISORY if advisory else Enforcement.MANDATORY,
        stack="s",
        urn=f"urn:pulumi:s::p::aws:s3/bucket:Bucket::{urn}",
        path="",
        message="leaves, 100%\nof it",
        remedy="Stay.",
        frameworks=("GDPR Art. 44",),
    )


def test_another_judge_plugs_in_and_the_order_is_stable() -> None:
    rows = [found("b"), found("a", advisory=True), found("c", severity=Severity.CRITICAL), found("a")]
    judgements = [
        Judgement(frozenset({"1", "2"}), tuple(rows[:2]), (Exempted(found("z"), "known", "team", "2027-01-01"),)),
        Judgement(
            frozenset({"2"}), tuple(rows[2:]), (), (NotJudged("cost", "s", "urn:pulumi:s::p::t::u", "t", "no price"),)
        ),
    ]
    report = Report.over("s", 3, judgements)
    again = Report.over("s", 3, reversed(judgements))
    assert report == again
    assert [row.urn.rsplit("::", 1)[-1] for row in report.findings] == ["c", "a", "b", "a"]
    assert report.judged == 2
    shape = report.to_json()
    assert shape["findings"][0]["frameworks"] == ["GDPR Art. 44"]  # pyright: ignore[reportIndexIssue]
    text = render(report)
    assert "known (team, until 2027-01-01)" in text
    assert "cost: u (t): no price" in text
    (first, *_) = commands([report])
    title = "SOV-AWS-001 Resource region inside boundary"
    assert first == f"::error file=Pulumi.s.yaml,title={title}::c: leaves, 100%25%0Aof it. Stay."
