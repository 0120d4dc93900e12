"""`homeshore plan standby`: text, JSON, verdict, and what it says of bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

import geography
from homeshore.cli import run

PRODUCTION: dict[str, list[str]] = yaml.safe_load((Path(__file__).parent / "production.yaml").read_text())
ALONE = next(r for r in geography.regions("azure") if r.country == "SG")


def european(cloud: str) -> str:
    return next(name for name in PRODUCTION[cloud] if geography.region(cloud, name).jurisdiction == "eu")


@pytest.mark.parametrize("cloud", geography.CLOUDS)
def test_json_lists_the_partners(cloud: str, capsys: pytest.CaptureFixture[str]) -> None:
    name = european(cloud)
    assert run(["plan", "standby", name, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document) == [
        "version",
        "stack",
        "placement",
        "boundary",
        "services",
        "partners",
        "ruled_out",
        "pair_outside",
        "replication",
    ]
    assert document["version"] == 1
    assert document["stack"] is None
    assert document["placement"] == {"cloud": cloud, "region": name}
    assert document["boundary"] == "eu"
    assert tuple(document["services"]) == geography.standby_services(cloud)
    expected = geography.partners(cloud, name, "eu")
    assert [each["region"] for each in document["partners"]] == [each.region.name for each in expected]
    assert document["partners"][0].keys() == {"region", "country", "own_pair", "same_country", "unknown"}
    assert document["replication"][0].keys() == {"cloud", "subject", "copied", "text", "source"}
    assert document["pair_outside"] is None


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("cloud", geography.CLOUDS)
def test_text_stays_inside_the_terminal_and_says_what_is_copied(
    cloud: str, columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert run(["plan", "standby", european(cloud)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= columns
    assert not [line for line in lines if line != line.rstrip() or "\x1b" in line]
    text = " ".join(" ".join(lines).split())
    assert "can stand by, nearest first" in text
    for each in geography.partners(cloud, european(cloud), "eu"):
        assert each.region.name in text
    for each in geography.replication(cloud):
        assert f"{each.subject}: {each.copied}" in text


def test_none_is_a_verdict_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "standby", ALONE.name]) == 1
    told = capsys.readouterr()
    assert "no region can stand by" in told.out
    assert f"Azure's own pair of {ALONE.name} is {ALONE.paired_region}, outside sg" in " ".join(told.out.split())
    assert f"{ALONE.name} has no standby inside sg: it is the only region of azure there" in told.err
    assert run(["plan", "standby", ALONE.name, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["partners"] == []
    assert document["pair_outside"] == ALONE.paired_region


def test_where_all_others_are_apart_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    german = next(r for r in geography.regions("aws") if r.country == "DE" and r.partition == "aws")
    assert run(["plan", "standby", german.name, "--boundary", "de"]) == 1
    told = capsys.readouterr()
    assert "partition aws-eusc" in told.out
    assert "none can stand by" in told.err


def test_a_wider_boundary_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    name = european("gcp")
    assert run(["plan", "standby", name, "--cloud", "gcp", "--boundary", "eu+uk", "--json"]) == 0
    countries = {each["country"] for each in json.loads(capsys.readouterr().out)["partners"]}
    assert "GB" in countries


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: homeshore\nruntime: python\n")
    (tmp_path / "events.yaml").touch()
    config = {
        "homeshore:events": "events.yaml",
        "homeshore:environment": "test",
        "homeshore:owner": {"team": "t", "cost_center": "1", "contact": "t@example.com"},
        "homeshore:placement": {"cloud": "aws", "region": european("aws"), "account_id": "123456789012"},
        "homeshore:residency": {"boundary": "eea"},
        "homeshore:workload": {"events_per_second": {"average": 500, "peak": 2000}, "event_bytes": 1024},
    }
    (tmp_path / "Pulumi.test.yaml").write_text(yaml.safe_dump({"config": config}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_stack_states_its_region_and_boundary(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "standby", "test", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["stack"] == "test"
    assert document["boundary"] == "eea"
    assert document["placement"] == {"cloud": "aws", "region": european("aws")}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([european("aws")[:-1]], european("aws")),
        (["nothing"], "neither a region nor a stack"),
        (["EU"], "multi-region"),
        ([european("aws"), "--cloud", "gcp"], "gcp has no region"),
        ([european("aws"), "--boundary", "europe"], "there is no boundary 'europe'"),
        (["test", "--boundary", "eu"], "states its own boundary"),
        (["test", "--cloud", "aws"], "aws has no region 'test'"),
        ([], "Missing argument"),
    ],
)
def test_bad_input_is_told_and_exits_two(
    arguments: list[str], says: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["plan", "standby", *arguments]) == 2
    told = capsys.readouterr()
    assert says in told.err
    assert "Traceback" not in told.err
    assert told.out == ""


def test_outside_a_project_an_unknown_region_is_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["plan", "standby", european("azure")[:-1]]) == 2
    told = capsys.readouterr().err
    assert european("azure") in told
    assert "Pulumi.yaml" in told


@pytest.mark.parametrize("subcommand", ["size", "standby"])
def test_the_help_keeps_its_lines(subcommand: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", subcommand, "--help"]) == 0
    told = capsys.readouterr().out
    assert "\\b" not in told
    assert f"  Example: homeshore plan {subcommand} dev\n" in told
    assert '  JSON: {"version": 1, "stack", "placement"' in told
