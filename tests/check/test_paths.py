"""`homeshore check --paths`: the text, the JSON, the exit code, and the page that shows them."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import pytest

from homeshore import cli
from homeshore.check.paths import Drawn, document, render, sentences
from policies.paths import Chart, Hop, Store, Verdict
from policies.paths import Path as Way
from tests.check.reports import CLEAN, PROVIDER, UNKNOWN, preview, state, urn
from tests.config.conftest import region_in

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = "tests/check/data/paths.json"
PAGE = ROOT / "docs" / "paths.md"
WIDEST = 80
THERE = region_in("US")
FAR = state("pulumi:providers:aws", "far", {"region": THERE})
LAKE = state("aws:s3/bucket:Bucket", "lake", {"bucket": "shop-lake"})
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "hunter2"}


def check(*arguments: str) -> int:
    return cli.run(["check", "--paths", *arguments])


def way(to: str, verdict: Verdict, kind: str = "delivery", **more: Any) -> Way:
    hop = Hop(urn("send", "aws:sns/topicSubscription:TopicSubscription"), "endpoint", kind, "the messages")
    return Way(to, verdict, (hop,), **more)


def chart(*ways: Way, more: int = 0) -> Drawn:
    store = Store(urn("lake"), "aws:s3/bucket:Bucket", "lake", "bucket", "here", ways, more)
    return Drawn(Chart("prod", (store,), bounded=True))


def test_the_whole_page_of_a_stack() -> None:
    told = chart(
        way("there", Verdict.LEAVES, rules=("SOV-AWS-010",)),
        way("yonder", Verdict.LEAVES),
        way("known only after the update", Verdict.UNKNOWN),
        way("copy", Verdict.INSIDE, place="near"),
        way("logs", Verdict.INSIDE, place="here"),
        way("archive", Verdict.INSIDE, through=("logs",)),
        way("mine", Verdict.INSIDE, "key", place="near"),
        more=2,
    )
    assert render([told]) == (
        "Stack prod\n\n"
        "  lake  bucket in here\n"
        "    leaves    there: delivery, opened by send endpoint (SOV-AWS-010)\n"
        "    leaves    yonder: delivery, opened by send endpoint (no rule reports it)\n"
        "    unknown   known only after the update: delivery, opened by send endpoint\n"
        "    inside    copy in near, logs\n"
        "    then      3 more places by way of logs\n"
        "    key       mine in near\n\n"
        "  1 store, 7 paths: 2 leave the boundary, 1 known only after the update, 4 stay\n"
        "  inside."
    )
    assert sentences([told]) == [
        "Bytes can leave prod.",
        "No rule reports a path that leaves prod: a defect of the rules.",
    ]


def test_many_ways_are_folded_and_verbose_tells_them() -> None:
    told = chart(*(way(f"place-{number}", Verdict.LEAVES, rules=("R",)) for number in range(6)))
    assert "and 2 more ways; --verbose lists them" in render([told])
    assert render([told], verbose=True).count("leaves ") == 6


def test_text_of_strangers_commands_nothing() -> None:
    told = chart(way("\x1b[31mred\u202e\n::error::x", Verdict.LEAVES, rules=("R",)))
    text = render([told])
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", text)
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())


def test_what_leaves_and_what_vanishes_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check("--input", str(ROOT / EXAMPLE), "--boundary", "eu") == 1
    told = capsys.readouterr()
    assert "Bytes can leave" in told.err
    assert "Good records can vanish from" in told.err
    assert max(len(line) for line in told.out.splitlines()[1:]) <= WIDEST
    path = preview(tmp_path, PROVIDER, CLEAN)
    assert check("--input", path, "--boundary", "eu") == 0
    assert capsys.readouterr().err == ""


def test_nothing_judged_and_no_boundary_are_no_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check("--input", preview(tmp_path, PROVIDER), "--boundary", "eu") == 1
    assert "nothing was judged" in capsys.readouterr().err
    path = preview(tmp_path, PROVIDER, CLEAN, name="clean.json")
    assert check("--input", path) == 1
    assert "nobody named a boundary" in capsys.readouterr().err
    assert check("--input", path, "--boundary", "none") == 0


def test_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("--json", "--input", str(ROOT / EXAMPLE), "--boundary", "eu") == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["version"], [one["stack"] for one in told["stacks"]]) == (1, ["prod"])
    clicks = told["stacks"][0]["stores"][0]
    assert set(clicks) == {"urn", "type", "name", "what", "place", "paths", "more"}
    ends = [(one["to"], one["verdict"], one["rules"], len(one["hops"])) for one in clicks["paths"]]
    assert ends == [
        ("copy", "leaves", ["SOV-AWS-003"], 2),
        ("nowhere: they are dropped", "vanishes", [], 1),
        ("lake", "inside", [], 1),
        ("store", "inside", [], 1),
    ]
    assert set(clicks["paths"][0]["hops"][0]) == {"urn", "path", "kind", "what"}
    assert document([])["stacks"] == []


def test_a_secret_is_never_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = {"A": SECRET, "B": f"https://me:hunter2@sqs.{THERE}.amazonaws.com/1/jobs?sig=hunter2", "C": UNKNOWN}
    function = state("aws:lambda/function:Function", "work", {"name": "work", "environment": {"variables": settings}})
    path = preview(tmp_path, PROVIDER, function, LAKE)
    assert check("--json", "--input", path, "--boundary", "eu") == 1
    told = capsys.readouterr()
    assert THERE in told.out
    assert "hunter2" not in told.out + told.err


def test_what_a_store_outside_leads_to_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = preview(tmp_path, PROVIDER, FAR, LAKE | {"provider": f"{urn('far', 'pulumi:providers:aws')}::id"})
    assert check("--input", path, "--boundary", "eu") == 1
    assert f"{THERE}: lies there, opened by lake region (SOV-AWS-001)" in capsys.readouterr().out


TRANSFER = {
    "what": "clicks",
    "destination": "uk",
    "recipient": "Example Ltd",
    "basis": "adequacy",
    "reference": "DPO-117",
    "expires": str(datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=90)),
}


@pytest.mark.parametrize(("country", "verdict"), [("GB", "allowed"), ("US", "leaves")])
def test_a_declared_transfer_is_allowed_and_nothing_else(
    country: str, verdict: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stated = {"boundary": "eu", "transfers": [TRANSFER]}
    pipeline = state("homeshore:pipeline:RegionalPipeline", "pipeline", stated) | {"custom": False}
    provider = f"{urn('p', 'pulumi:providers:aws')}::id"
    away = state("aws:sqs/queue:Queue", "away", {"region": region_in(country)}, provider=provider)
    check("--json", "--input", preview(tmp_path, pipeline, PROVIDER, away))
    (store,) = json.loads(capsys.readouterr().out)["stacks"][0]["stores"]
    assert {one["verdict"] for one in store["paths"]} == {verdict}


@pytest.mark.parametrize("option", [["--format", "sarif"], ["--strict"], ["--output", "a.json"]])
def test_options_of_findings_are_refused(option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert check("--input", str(ROOT / EXAMPLE), "--boundary", "eu", *option) == 2
    assert "--paths prints text or JSON" in capsys.readouterr().err


def test_the_page_shows_what_the_command_prints(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", str(WIDEST))
    check("--input", EXAMPLE, "--boundary", "eu")
    shown = re.findall(r"```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert capsys.readouterr().out == shown[0]
