"""Exit codes and reasons: what proves nothing is no pass; files are written whole; foreign files crash nothing."""

from __future__ import annotations

import datetime
import json
import os
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from findings import Report
from homeshore import cli
from homeshore.check import policy, report
from homeshore.foreign import read
from policies.configuration import Configuration
from policies.exemptions import Exemption
from tests.check.reports import CLEAN, PROVIDER, TAGS, UNKNOWN, export, preview, state
from tests.regions import region

ROOT = Path(__file__).resolve().parents[2]
LAKE = state("aws:s3/bucket:Bucket", "lake")
PET = state("random:index/randomPet:RandomPet", "pet", {"length": 2})
BOUNDARY = "nobody named a boundary, so sovereignty was not judged: name it with --boundary eu, or say --boundary none"


def check(*arguments: str) -> int:
    return cli.run(["check", *arguments])


def test_a_clean_file_passes_under_a_boundary_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = preview(tmp_path, PROVIDER, CLEAN)
    assert check("--input", path, "--boundary", "eu") == 0
    assert capsys.readouterr().err == ""
    assert check("--input", path) == 1
    assert capsys.readouterr().err == f"No verdict on {path}: {BOUNDARY} to leave sovereignty out.\n"
    assert check("--input", path, "--boundary", "none") == 0
    assert "nobody named a boundary" in capsys.readouterr().out
    assert check("--input", path, "--boundary", "us") == 1


@pytest.mark.parametrize(
    ("states", "reason"),
    [
        ((), "nothing was judged: it holds no resource that a cloud would keep"),
        ((PROVIDER,), "nothing was judged: it holds no resource that a cloud would keep"),
        ((state("my:own:Component", "c") | {"custom": False},), "it holds no resource that a cloud would keep"),
        ((PET,), "nothing was judged: no rule knows the types of its 1 resources"),
    ],
    ids=["empty", "a provider", "a component", "unknown types"],
)
def test_nothing_judged(
    states: tuple[dict[str, Any], ...], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = preview(tmp_path, *states)
    for boundary in ("eu", "none"):
        assert check("--input", path, "--boundary", boundary) == 1
        assert reason in capsys.readouterr().err
    assert check("--input", path, preview(tmp_path, PROVIDER, CLEAN, name="clean.json"), "--boundary", "eu") == 1


def test_no_stack_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "none.json"
    path.write_text('{"version": 1, "stacks": []}')
    for form in ("text", "json", "sarif", "junit", "github"):
        assert check("--input", str(path), "--format", form) == 1
        assert "there is no stack in the input" in capsys.readouterr().err


def test_a_part_of_a_stack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = [{"severity": "error", "message": "no credentials"}]
    path = preview(tmp_path, PROVIDER, CLEAN, diagnostics=told)
    assert check("--input", path, "--boundary", "eu") == 1
    assert "ended with an error and shows only a part of the stack (no credentials)" in capsys.readouterr().err


def exempting(*rules: str) -> Any:
    until = datetime.date(2026, 6, 1)
    rows = [
        Exemption(rule=rule, stack="prod", resource="lake", reason="r", owner="o", expires=until, ticket="t")
        for rule in rules
    ]
    return lambda: tuple(rows)


def judged(path: str, monkeypatch: pytest.MonkeyPatch, *rules: str) -> Report:
    monkeypatch.setattr(policy.exemptions, "standing", exempting(*rules))
    (snapshot,) = read(path)
    by = policy.judge_with(Configuration(), datetime.date(2026, 5, 20))
    return report(snapshot, path, [by], boundary_needed=False)


def test_a_wholly_exempted_scan_is_no_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Of all that rules ask of a log group it has nothing but the labels that any resource has.
    group = state("aws:cloudwatch/logGroup:LogGroup", "lake", {"tags": TAGS})
    path = preview(tmp_path, group)
    stands = judged(path, monkeypatch)
    failed = {found.rule for found in stands.findings}
    assert failed == {"ENC-AWS-011", "RET-AWS-001"}
    assert stands.gaps == ()  # violations stand: that is a verdict
    told = judged(path, monkeypatch, *failed)
    assert {found.rule for found in told.findings} == {"EXM-X-001"}  # they end within a month: a warning
    assert not told.failing()
    assert told.gaps == ("every violation is exempted and no other rule passed",)
    beside = preview(tmp_path, group, CLEAN, PROVIDER)
    assert judged(beside, monkeypatch, *failed).gaps == ()


def test_after_the_update_nothing_is_undetermined(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stream = state("aws:kinesis/stream:Stream", "s", {"encryptionType": UNKNOWN, "kmsKeyId": UNKNOWN, "tags": TAGS})
    file = tmp_path / "unknown.json"
    check("--input", preview(tmp_path, PROVIDER, stream), "--boundary", "eu", "--undetermined", str(file))
    capsys.readouterr()
    before = json.loads(file.read_text())
    assert before["version"] == 1
    assert "ENC-AWS-001" in {row["rule"] for row in before["undetermined"]}
    assert check("--input", export(tmp_path, PROVIDER, stream), "--boundary", "eu", "--undetermined", str(file)) == 1
    assert json.loads(file.read_text())["undetermined"] == []
    assert "cannot be determined, although the update knows every value" in capsys.readouterr().out


def test_reports_are_written_beside_the_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = preview(tmp_path, PROVIDER, LAKE)
    files = [str(tmp_path / name) for name in ("r.sarif", "r.xml", "r.json", "r.txt")]
    outputs = [part for file in files for part in ("--output", file)]
    assert check("--input", path, "--boundary", "eu", *outputs) == 1
    text = capsys.readouterr().out
    assert text.startswith(f"Stack prod in {path}")
    sarif, junit, shape, told = (Path(file).read_text() for file in files)
    assert told == text
    assert json.loads(sarif)["version"] == "2.1.0"
    assert junit.startswith("<?xml")
    assert json.loads(shape)["findings"]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["preview.json", "r.json", "r.sarif", "r.txt", "r.xml"]


def test_a_file_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = preview(tmp_path, PROVIDER, CLEAN)
    old = tmp_path / "old.json"
    old.write_text("old")
    old.chmod(0o640)
    arguments = ("--input", path, "--boundary", "eu", "--output")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        assert check(*arguments, str(old)) == 2
    assert old.read_text() == "old"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["old.json", "preview.json"]
    assert "old.json: cannot be written: No space left on device." in capsys.readouterr().err
    assert check(*arguments, str(old)) == 0
    assert json.loads(old.read_text())["version"] == 1
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    new = tmp_path / "new.json"
    assert check(*arguments, str(new)) == 0
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(new.stat().st_mode) == 0o666 & ~mask
    assert check(*arguments, str(tmp_path / "missing" / "r.json")) == 2


def test_each_finding_names_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [preview(tmp_path, PROVIDER, LAKE, name=name) for name in ("a.json", "b.json")]
    assert check("--input", *paths, "--boundary", "de", "--json") == 1
    stacks = json.loads(capsys.readouterr().out)["stacks"]
    assert [{found["file"] for found in row["findings"]} for row in stacks] == [{paths[0]}, {paths[1]}]


def test_the_config_of_a_preview_places_its_default_provider(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def places(where: str) -> set[str]:
        path = preview(tmp_path, LAKE, config={"aws:region": where})
        check("--input", path, "--boundary", "eu", "--json")
        shape = json.loads(capsys.readouterr().out)
        return {found["urn"].rpartition("::")[2] for found in shape["findings"] if found["rule"] == "SOV-AWS-001"}

    assert places(region("aws", "us")) == {"lake"}
    assert places(region("aws", "eu")) == set()


STRANGE: dict[str, list[dict[str, Any]]] = {
    "no inputs": [state("aws:s3/bucket:Bucket", "b", None)],
    "no type": [{"urn": "urn:pulumi:prod::shop::a:b:C::x", "custom": True}],
    "a dynamic provider": [state("pulumi-python:dynamic:Resource", "d", {"__provider": "x" * 50_000})],
    "an unknown provider": [state("acme:cloud/thing:Thing", "t", {"region": "moon"}, provider="urn:pulumi:x")],
    "a component": [state("acme:index:Box", "b") | {"custom": False}],
    "a huge text": [state("aws:s3/bucket:Bucket", "b" * 100_000, {"bucket": "x" * 3_000_000})],
    "deep": [state("aws:s3/bucket:Bucket", "b", {"tags": json.loads("[" * 900 + "]" * 900)})],
    "odd kinds": [
        state(kind, "b", dict.fromkeys(("tags", "rules", "policy", "region", "encryptionType", "kmsKeyId"), odd))
        for kind in ("aws:s3/bucket:Bucket", "aws:kinesis/stream:Stream", "aws:iam/rolePolicy:RolePolicy")
        for odd in ([[]], {"": None}, 1.5, True, "", [None])
    ],
    "surrogates": [state("aws:s3/bucket:Bucket", "b\ud800\x1b[2J", {"bucket": "\udfff\x00"})],
    "a provider that is missing": [state("aws:s3/bucket:Bucket", "b", provider="urn:pulumi:prod::shop::gone::p::1")],
    "itself as parent": [state("aws:s3/bucket:Bucket", "b", parent="urn:pulumi:prod::shop::aws:s3/bucket:Bucket::b")],
}


@pytest.mark.parametrize("states", STRANGE.values(), ids=STRANGE.keys())
def test_nothing_crashes(states: list[dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (preview(tmp_path, *states), export(tmp_path, *states)):
        for form in ("text", "json", "sarif", "junit", "github"):
            assert check("--input", path, "--boundary", "eu", "--format", form) in (0, 1)
            shown = capsys.readouterr()
            shown.out.encode("utf-8")
            assert "\x1b" not in shown.out + shown.err
            if form == "json":
                shape = json.loads(shown.out)
                rows = [*shape["findings"], *shape["not_judged"], *shape["gaps"]]
                assert rows or shape["summary"]["judged"] == shape["summary"]["resources"]


def test_thousands_of_resources_take_seconds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kinds = (
        "aws:s3/bucket:Bucket",
        "aws:kinesis/stream:Stream",
        "aws:sqs/queue:Queue",
        "acme:a/b:C",
        "gcp:storage/bucket:Bucket",
    )
    rows = [state(kinds[at % 5], f"r{at}", {"name": f"n{at}", "location": "EU"}) for at in range(5000)]
    path = preview(tmp_path, *rows)
    check("--input", preview(tmp_path, *rows[:5], name="warm.json"), "--boundary", "eu")
    capsys.readouterr()
    started = time.process_time()
    assert check("--input", path, "--boundary", "eu", "--output", str(tmp_path / "r.sarif")) == 1
    took = time.process_time() - started
    text = capsys.readouterr().out
    assert "of 5000 resources judged" in text
    assert len(text.splitlines()) < 400
    assert took < 15, f"{took:.1f} s"
