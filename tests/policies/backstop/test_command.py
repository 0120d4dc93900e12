"""`homeshore policy backstop`: what it prints, what it writes, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from homeshore.backstop import ask, write
from homeshore.cli import run
from homeshore.errors import UserError
from policies.backstop import Guard, Stopped
from policies.model import Stack

STATEMENT = "Judged only by Homeshore's own interpreter of what"


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["policy", "backstop", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_json_has_the_files_and_says_how_sure_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = asked(capsys, "dev", "--json")
    shape = json.loads(out)
    assert code == 0
    assert shape["version"] == 1
    assert set(shape) == {
        *("version", "stack", "cloud", "boundary", "scope", "regions", "judged_by", "controls", "left_out"),
        *("resources", "stopped", "files", "apply"),
    }
    assert shape["judged_by"].startswith(STATEMENT)
    assert "no proof" in shape["judged_by"]
    assert (shape["cloud"], shape["boundary"], shape["stopped"]) == ("aws", "eu", [])
    assert [one["path"] for one in shape["files"]] == ["scp-1.json"]
    assert json.loads(shape["files"][0]["content"])["Statement"]


def test_text_has_the_same_and_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = asked(capsys, "dev-azure", "--scope", "managementGroups/shore")
    assert code == 0
    assert STATEMENT in out
    assert "az deployment mg create --management-group-id shore" in out
    assert "managementGroupDeploymentTemplate.json" in out
    assert "It stops none of the stack's own" in out
    assert "closed-endpoints" in out.partition("It leaves open")[2]


def test_files_of_google_are_one_constraint_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = tmp_path / "guard"
    code, out, _ = asked(capsys, "dev-gcp", "--scope", "folders/42", "--customer", "C0abc123", "--out", str(where))
    assert code == 0
    names = {path.name for path in where.iterdir()}
    assert {"gcp.resourceLocations.yaml", "iam.allowedPolicyMemberDomains.yaml", "backstop.json"} <= names
    for name in names - {"backstop.json"}:
        policy = yaml.safe_load((where / name).read_text(encoding="utf-8"))
        assert policy["name"] == f"folders/42/policies/{name.removesuffix('.yaml')}"
        assert f"gcloud org-policies set-policy {name}" in out
    members = yaml.safe_load((where / "iam.allowedPolicyMemberDomains.yaml").read_text(encoding="utf-8"))
    assert members["spec"]["rules"] == [{"values": {"allowedValues": ["is:C0abc123"]}}]


def test_an_earlier_guards_files_go_and_nobody_elses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked(capsys, "dev-gcp", "--customer", "C0abc123", "--out", str(tmp_path))
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    code, _, _ = asked(capsys, "dev-gcp", "--out", str(tmp_path))
    assert code == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert "iam.allowedPolicyMemberDomains.yaml" not in names
    assert {"notes.txt", "gcp.resourceLocations.yaml", "backstop.json"} <= names
    assert not any(name.startswith(".") for name in names)


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write.write(tmp_path, {"a.json": "old", "b.json": "old"}, {"files": [{"path": "a.json"}, {"path": "b.json"}]})
    real = Path.write_text

    def full(self: Path, data: str, encoding: str | None = None) -> int:
        if self.name == "b.json":
            raise OSError(28, "No space left on device")
        return real(self, data, encoding=encoding)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(UserError, match=r"cannot be written there: No space left on device\. Name another"):
        write.write(tmp_path, {"a.json": "new", "b.json": "new"}, {"files": []})
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("[ab].json")} == {
        "a.json": "old",
        "b.json": "old",
    }
    assert {path.name for path in tmp_path.iterdir()} == {"a.json", "b.json", "backstop.json"}


def test_a_manifest_cannot_reach_outside_its_directory(tmp_path: Path) -> None:
    outside = tmp_path / "precious.json"
    outside.write_text("{}", encoding="utf-8")
    guard = tmp_path / "guard"
    guard.mkdir()
    (guard / "backstop.json").write_text('{"files": [{"path": "../precious.json"}, 3, {"path": []}]}', encoding="utf-8")
    write.write(guard, {"a.json": "{}"}, {"files": []})
    assert outside.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody"], "there is no stack 'nobody'"),
        (["dev", "--scope", "everything"], "--scope everything: a guard on aws is attached to an account (12 digits)"),
        (["dev-gcp", "--scope", "dev"], "projects/ID, folders/NUMBER or organizations/NUMBER"),
        (["dev-azure", "--scope", "a; rm -rf /"], "a subscription's id, or managementGroups/NAME"),
        (["dev", "--customer", "C0abc123"], "only Google Cloud restricts grants"),
        (["dev-gcp", "--customer", "example.com"], "is no directory customer id"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = asked(capsys, *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_a_guard_that_stops_its_own_stack_is_a_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def everything(found: Guard, stack: Stack) -> tuple[Stopped, ...]:
        return tuple(Stopped(one, found.controls[0], "a:Do in r") for one in stack.resources[:3])

    monkeypatch.setattr(ask, "stopped", everything)
    code, out, err = asked(capsys, "dev")
    assert code == 1
    assert "The guard would stop 3 requests of dev itself" in err
    assert out.count("RegionsInsideTheBoundary: ") == 3
