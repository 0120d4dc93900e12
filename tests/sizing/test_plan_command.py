"""`homeshore plan size`: text, JSON, and what it says of bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from sized import CAPPED, load, sized

import geography
from homeshore.cli import run
from homeshore.commands.plan import LATENCIES
from stacks.models import Latency

LOAD = ["--region", CAPPED[0], "--eps", "30000", "--peak", "100000", "--bytes", "1024"]


def test_json_is_the_plan_with_its_sources(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "size", *LOAD, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["version"] == 1
    assert document["stack"] is None
    assert document["placement"] == {"cloud": "aws", "region": CAPPED[0]}
    assert document["workload"] == {"events_per_second": {"average": 30_000, "peak": 100_000}, "event_bytes": 1_024}
    assert document["latency"] == "interactive"
    expected = sized(load(30_000, 100_000))
    assert {
        f"{part}.{name}": value for part, numbers in document["plan"].items() for name, value in numbers.items()
    } == dict(expected.figures())
    shards = next(each for each in document["decisions"] if each["name"] == "stream.shards")
    assert shards["value"] == 128
    assert shards["source"].startswith("AWS documentation")
    assert shards["confidence"] == "vendor"


@pytest.mark.parametrize("columns", [80, 120])
def test_text_names_every_number_and_stays_inside_the_terminal(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert run(["plan", "size", *LOAD]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= columns
    assert not [line for line in lines if line != line.rstrip() or "\x1b" in line]
    labels = {line[2:22].strip() for line in lines}
    assert {"shards", "memory", "batch window", "parallelization", "maximum retries", "scan limit"} <= labels
    text = " ".join(" ".join(lines).split())
    for shown in ("128 shards", "27 s", "20 retries", "2,472 GiB", "limit: Lambda: payload per invocation"):
        assert shown in text
    assert "Assumed, not measured" in text


def test_the_option_offers_every_latency() -> None:
    assert tuple(latency.value for latency in Latency) == LATENCIES


def test_peak_defaults_to_the_average_and_latency_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--region", CAPPED[0], "--eps", "100000", "--bytes", "1024", "--latency", "realtime"]
    assert run(["plan", "size", *options, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["workload"]["events_per_second"] == {"average": 100_000, "peak": 100_000}
    assert document["plan"]["processor"]["enhanced_fan_out"] is True


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: homeshore\nruntime: python\n")
    (tmp_path / "events.yaml").touch()
    config = {
        "homeshore:events": "events.yaml",
        "homeshore:environment": "test",
        "homeshore:owner": {"team": "t", "cost_center": "1", "contact": "t@example.com"},
        "homeshore:placement": {"cloud": "aws", "region": CAPPED[0], "account_id": "123456789012"},
        "homeshore:residency": {"boundary": _boundary_of(CAPPED[0])},
        "homeshore:workload": {"events_per_second": {"average": 500, "peak": 2000}, "event_bytes": 1024},
        "homeshore:latency": "economy",
    }
    (tmp_path / "Pulumi.test.yaml").write_text(yaml.safe_dump({"config": config}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _boundary_of(region: str) -> str:
    place = geography.region("aws", region)
    return next(boundary.name for boundary in geography.boundaries() if boundary.holds(place))


def test_a_stack_is_sized_from_its_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "size", "test", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["stack"] == "test"
    assert document["plan"]["stream"]["shards"] == 3
    assert dict(sized(load(500, 2000), Latency.ECONOMY).figures()) == {
        f"{part}.{name}": value for part, numbers in document["plan"].items() for name, value in numbers.items()
    }


def test_a_stack_that_cannot_be_sized_names_its_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = project / "Pulumi.test.yaml"
    file.write_text(file.read_text().replace("peak: 2000", "peak: 9000000"))
    assert run(["plan", "size", "test"]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"{file.name}: ")
    assert "shards are needed" in told
    assert "Service Quotas" in told


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--eps", "5"], "--bytes, --region missing"),
        (["--region", CAPPED[0][:-1], "--eps", "5", "--bytes", "5"], CAPPED[0]),
        (["--cloud", "gcp", "--region", CAPPED[0], "--eps", "5", "--bytes", "5"], "gcp has no region"),
        (["dev", "--eps", "5"], "name a stack or a load, not both"),
        ([*LOAD, "--latency", "instant"], "instant"),
        ([*LOAD[:-1], "0"], "--bytes"),
        ([*LOAD[:-1], "2000000"], "does not fit into one record"),
        ([*LOAD[:3], "100001", *LOAD[4:]], "below the average"),
    ],
)
def test_bad_input_is_told_and_exits_two(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "size", *arguments]) == 2
    told = capsys.readouterr()
    assert says in told.err
    assert "Traceback" not in told.err
    assert told.out == ""


def test_sizing_imports_no_pulumi() -> None:
    code = "import sys, stacks.sizing; print([m for m in sys.modules if m.split('.')[0].startswith('pulumi')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[]"
