"""`homeshore check --what-if`: the difference that a change of the law makes, told and counted; nothing leaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import geography
from homeshore import cli
from homeshore.check import whatif
from homeshore.foreign import read
from policies.configuration import Configuration
from policies.subject import PIPELINE
from tests.check.reports import TAGS, preview, state, urn
from tests.config.conftest import ROOT, region_in
from tests.regions import stack_in

DE, GB, US = region_in("DE"), region_in("GB"), region_in("US")
QUEUE = "aws:sqs/queue:Queue"
GOOD = {"kmsMasterKeyId": "alias/mine", "messageRetentionSeconds": 86400}
TRANSFER = {
    "what": "clicks",
    "destination": "uk",
    "recipient": "Example Ltd",
    "basis": "adequacy",
    "reference": "DPO-117",
    "expires": "2027-06-30",
}


def stack(boundary: str, *transfers: dict[str, str]) -> list[dict[str, Any]]:
    """A stack with a queue at home, and one in London."""
    stated = {"boundary": boundary, **({"transfers": list(transfers)} if transfers else {})}
    tags = TAGS | {"DataResidency": boundary}
    home = state("pulumi:providers:aws", "p", {"region": DE, "allowedAccountIds": ["123456789012"]})
    return [
        state(PIPELINE, "pipeline", stated) | {"custom": False},
        home,
        state(QUEUE, "home", {**GOOD, "tags": tags}, provider=f"{home['urn']}::id"),
        state(QUEUE, "away", {**GOOD, "tags": tags, "region": GB}, provider=f"{home['urn']}::id"),
    ]


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = cli.run(["check", "--json", *arguments])
    return code, json.loads(capsys.readouterr().out)


def test_a_union_that_rests_on_adequacy_falls_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = preview(tmp_path, *stack("eu+uk"))
    assert cli.run(["check", "--input", path]) == 0
    capsys.readouterr()
    code, told = asked(capsys, "--input", path, "--what-if", "uk not adequate")
    assert (code, told["version"], told["what_if"], told["breaks"]) == (1, 1, ["uk not adequate"], True)
    (one,) = told["stacks"]
    assert set(one) == {"stack", "file", "breaks", "boundary", "findings", "paths", "broken_already", "gaps"}
    assert (one["file"], one["breaks"], one["broken_already"], one["gaps"]) == (path, True, 0, [])
    assert one["boundary"] == {"name": "eu+uk", "loses": ["GB"]}
    assert {(row["rule"], row["urn"], row["path"]) for row in one["findings"]} == {
        ("SOV-AWS-001", urn("away", QUEUE), "region")
    }
    assert {(row["store"], row["to"]) for row in one["paths"]} == {("away", GB)}
    # Nothing of it is left behind.
    assert cli.run(["check", "--input", path]) == 0


@pytest.mark.parametrize(
    "sentence", ["us not adequate", "ch not adequate", "hu leaves eu, no leaves eea", f"aws {US} in eu", f"no aws {US}"]
)
def test_what_a_stack_does_not_rest_on_breaks_nothing(
    sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = preview(tmp_path, *stack("eu+uk"))
    code, told = asked(capsys, "--input", path, "--what-if", sentence)
    lost = ["HU"] if "hu" in sentence else []
    assert told["stacks"][0]["boundary"]["loses"] == lost
    assert told["stacks"][0]["findings"] == []
    assert code == (1 if lost else 0)


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        (f"aws {GB} in us", {("SOV-AWS-001", "away")}),
        (f"no aws {GB}", {("SOV-AWS-001", "away")}),
        ("gb leaves eu+uk", {("SOV-AWS-001", "away")}),
        ("de leaves eu", {("SOV-AWS-001", "home"), ("SOV-X-003", "p"), ("SOV-AWS-014", "p")}),
    ],
)
def test_each_form_breaks_what_it_should(
    sentence: str, found: set[tuple[str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = asked(capsys, "--input", preview(tmp_path, *stack("eu+uk")), "--what-if", sentence)
    assert code == 1
    assert {(row["rule"], row["urn"].rpartition("::")[2]) for row in told["stacks"][0]["findings"]} == found


def test_a_declared_transfer_loses_its_ground(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = preview(tmp_path, *stack("eu", TRANSFER))
    assert cli.run(["check", "--input", path]) == 0
    assert "Declared transfers:" in capsys.readouterr().out
    code, told = asked(capsys, "--input", path, "--what-if", "uk not adequate for eu")
    assert code == 1
    assert {row["rule"] for row in told["stacks"][0]["findings"]} == {"TRF-X-001", "SOV-AWS-001"}
    assert told["stacks"][0]["boundary"]["loses"] == []
    code, told = asked(capsys, "--input", path, "--what-if", "uk not adequate for ch")
    assert (code, told["breaks"]) == (0, False)


def test_what_is_broken_already_is_counted_and_not_told_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = preview(tmp_path, *stack("eu"))
    code, told = asked(capsys, "--input", path, "--what-if", "uk not adequate")
    assert (code, told["breaks"], told["stacks"][0]["broken_already"]) == (0, False, 1)


def test_several_sentences_in_one_option_or_in_several(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = preview(tmp_path, *stack("eu+uk"))
    one = asked(capsys, "--input", path, "--what-if", "uk not adequate, de leaves eu")
    two = asked(capsys, "--input", path, "--what-if", "uk not adequate", "--what-if", "de leaves eu")
    assert one[1]["stacks"] == two[1]["stacks"]
    assert one[0] == two[0] == 1
    assert {row["rule"] for row in one[1]["stacks"][0]["findings"]} >= {"SOV-AWS-001", "SOV-X-003"}


def test_people_read_what_breaks_and_who_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hurt = preview(tmp_path, *stack("eu+uk"), name="hurt.json")
    fine = preview(tmp_path, *stack("eu+uk")[:3], name="fine.json")
    assert cli.run(["check", "--input", hurt, "--input", fine, "--what-if", "uk not adequate"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("What if uk not adequate\n")
    assert "boundary  eu+uk would no longer hold GB: events from there would be" in out
    assert "critical  SOV-AWS-001  Resource region inside boundary" in out
    assert f"bytes of away would leave to {GB}" in " ".join(out.split())
    assert "2 stacks: 2 would break, 0 would stand." in out  # the second one loses a country
    assert err == f"{hurt}, {fine} would break.\n"
    assert max(map(len, (line for line in out.splitlines() if str(tmp_path) not in line))) <= 80
    assert cli.run(["check", "--input", fine, "--what-if", "us not adequate"]) == 0
    assert "1 stack: 0 would break, 1 would stand.\nStanding:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--what-if", "ukk not adequate"], "there is no jurisdiction, country or boundary 'ukk'. Did you mean 'uk'?"),
        (["--what-if", "uk adequate"], "it has none of the forms that can be supposed"),
        (["--what-if", ""], "it has none of the forms"),
        (["--what-if", "uk not adequate", "--paths"], "--what-if prints text or JSON"),
        (["--what-if", "uk not adequate", "--format", "sarif"], "--what-if prints text or JSON"),
        (["--what-if", "uk not adequate", "--strict"], "--what-if prints text or JSON"),
    ],
)
def test_what_cannot_be_asked(
    arguments: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["check", "--input", preview(tmp_path, *stack("eu")), *arguments]) == 2
    assert told in capsys.readouterr().err


def test_a_file_that_names_no_boundary_gets_no_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = preview(tmp_path, *stack("eu")[1:])
    assert cli.run(["check", "--input", path, "--what-if", "uk not adequate"]) == 1
    assert f"No verdict on {path}: nobody named a boundary" in capsys.readouterr().err


def test_our_own_stacks_in_forked_workers(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    abroad = stack_in("azure", "us")
    code, told = asked(capsys, "dev", "dev-gcp", abroad, "--what-if", "hu leaves eu")
    assert code == 1
    assert {one["stack"]: one["boundary"]["loses"] for one in told["stacks"]} == {
        "dev": ["HU"],
        "dev-gcp": ["HU"],
        abroad: [],
    }
    assert not any(one["findings"] or one["paths"] for one in told["stacks"])
    code, told = asked(capsys, "dev", abroad, "--what-if", "us not adequate")
    assert (code, told["breaks"]) == (0, False)
    assert geography.tables().severed == frozenset()


def test_a_judgement_under_a_supposition_leaves_the_tables_alone(tmp_path: Path) -> None:
    (one,) = read(preview(tmp_path, *stack("eu+uk")))
    tables = whatif.supposed(["uk not adequate"])
    first = whatif.broken(one, tables=tables, told=Configuration())
    nothing = whatif.broken(one, tables=geography.tables(), told=Configuration())
    again = whatif.broken(one, tables=tables, told=Configuration())
    assert first == again
    assert first.breaks
    assert not nothing.breaks


def test_every_sentence_of_the_page_can_be_supposed() -> None:
    page = (ROOT / "docs" / "transfers.md").read_text(encoding="utf-8")
    table = page.split("| sentence | what changes |\n|---|---|\n")[1].split("\n\n")[0]
    sentences = [line.split("`")[1] for line in table.splitlines()]
    sentences += [line.split("'")[1] for line in page.splitlines() if line.startswith("homeshore check")]
    assert len(sentences) == 9
    for one in sentences:
        assert whatif.supposed([one]) is not geography.tables()
