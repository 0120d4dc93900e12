"""`homeshore preview --base REF` on this project's own program."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.base.conftest import WITH_STANDBY, Repository

GOLDEN = Path(__file__).parent / "golden.txt"


def preview(repository: Repository, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as that checkout's user, with its own code."""
    done = subprocess.run(
        [sys.executable, "-c", "from homeshore.cli import main; main()", "preview", *arguments],
        cwd=repository.root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(repository.root), os.environ["PYTHONPATH"]])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert repository.is_clean()
    return done


def changed(repository: Repository, stack: str, pattern: str, text: str) -> None:
    path = repository.root / f"Pulumi.{stack}.yaml"
    found, number = re.subn(pattern, text, path.read_text(), flags=re.MULTILINE)
    assert number
    path.write_text(found)


def shape(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_nothing_changed(ours: Repository) -> None:
    done = preview(ours, "--all", "--base", "HEAD")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Unchanged: {WITH_STANDBY}, dev.\n\nAgainst HEAD (")
    assert "running 2 stacks of this checkout, and 2 stacks of HEAD (" in done.stderr


def test_a_load_that_needs_more_shards(ours: Repository, accept: bool) -> None:
    changed(ours, "dev", r"peak: \d+", "peak: 20000")
    (ours.root / "homeshore" / "new.txt").write_text("a dirty tree is what is compared")
    done = preview(ours, "dev", "--base", "main")
    assert done.returncode == 0, done.stderr
    text = done.stdout.replace(ours.git("rev-parse", "HEAD")[:10], "0123456789")
    text = re.sub(r"\d+( unchanged| that only)", r"N\1", text)  # how much else there is, says nothing of the change
    if accept:
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()
    (only,) = shape(preview(ours, "dev", "--base", "main", "--json"))["stacks"]
    assert [(row["name"], row["before"], row["effect"]) for row in only["changed"] if row["path"] == "shardCount"] == [
        ("pipeline-stream", 1, "update")
    ]
    assert (only["added"], only["deleted"], only["replaced"]) == ([], [], [])


def test_a_standby_that_goes_and_a_stack_under_another_name(ours: Repository) -> None:
    changed(ours, WITH_STANDBY, r"^  homeshore:standby:\n(    .*\n)+", "")
    ours.git("mv", "Pulumi.dev.yaml", "Pulumi.play.yaml")
    found = shape(preview(ours, "--all", "--base", "HEAD", "--json"))
    assert found["base"] == {"ref": "HEAD", "commit": ours.git("rev-parse", "HEAD")}
    stacks = {each["stack"]: each for each in found["stacks"]}
    assert {name: each["state"] for name, each in stacks.items()} == {
        WITH_STANDBY: "both",
        "dev": "gone",
        "play": "new",
    }
    standby = stacks[WITH_STANDBY]
    assert {row["name"].split("-")[0] for row in standby["deleted"]} >= {"standby"}
    assert standby["summary"]["protected"] > 0
    assert stacks["play"]["looks_like"] == "dev"
    assert len(stacks["play"]["added"]) == len(stacks["dev"]["deleted"]) > 0


def test_a_baseless_name_and_a_base_without_a_stack(ours: Repository) -> None:
    done = preview(ours, "devv", "--base", "HEAD")
    assert done.returncode == 2
    assert "did you mean 'dev'" in done.stderr
    done = preview(ours, "--base", "HEAD")
    assert done.returncode == 2
    assert "Name a stack, or give --all" in done.stderr


@pytest.mark.parametrize("side", ["there", "here"])
def test_a_program_that_fails_on_one_side(ours: Repository, side: str) -> None:
    changed(ours, "dev", r"cloud: aws", "cloud: moon")
    if side == "there":
        ours.commit()
        changed(ours, "dev", r"cloud: moon", "cloud: aws")
    done = preview(ours, "dev", "--base", "HEAD")
    assert done.returncode == 2
    assert ("the program of HEAD (" in done.stderr) is (side == "there")
    assert "moon" in done.stderr
    assert str(ours.root.parent / "scratch") not in done.stderr


def test_commits_that_this_checkout_lacks_are_told(ours: Repository) -> None:
    changed(ours, "dev", r"peak: \d+", "peak: 20000")
    later = ours.commit()
    ours.git("reset", "--quiet", "--hard", "HEAD~1")
    done = preview(ours, "dev", "--base", later)
    assert done.returncode == 0
    assert f"note: {later[:10]} has commits that this checkout lacks" in done.stderr
    assert "shardCount: " in done.stdout
