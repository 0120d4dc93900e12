"""Small git repositories: a project whose command line is a stub, and this project's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from homeshore.engine.model import Snapshot
from homeshore.project import Project, find_project
from tests.base.snapshots import resource, stack

ROOT = Path(__file__).parents[2]
WITH_STANDBY = next(
    path.name.removeprefix("Pulumi.").removesuffix(".yaml")
    for path in sorted(ROOT.glob("Pulumi.aws-*.yaml"))
    if "homeshore:standby:" in path.read_text(encoding="utf-8")
)
PARTS = ("components", "stacks", "geography", "processor", "events", "validity", "findings", "policies", "homeshore")
STUB = """
import json, os, pathlib, sys, time

def main():
    told = pathlib.Path("behaviour.py")
    if told.exists():
        exec(told.read_text())
    found = [json.loads(pathlib.Path(f"{name}.json").read_text()) for name in sys.argv[2:-1]]
    print(json.dumps({"version": 1, "stacks": found}))
"""


@dataclass(frozen=True)
class Repository:
    """A repository in a temporary directory."""

    root: Path

    @property
    def project(self) -> Project:
        return find_project(self.root)

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        command = ["git", "-C", str(self.root), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=kept).stdout.strip()

    def commit(self, message: str = "change") -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def stub(self, snapshots: Mapping[str, Snapshot], behaviour: str = "") -> str:
        """Commit a state in which the stub previews these stacks; `behaviour` runs first."""
        for path in self.root.glob("*.json"):
            path.unlink()
            (self.root / f"Pulumi.{path.stem}.yaml").unlink()
        for name, snapshot in snapshots.items():
            self.write(f"{name}.json", json.dumps(snapshot.to_json()))
            self.write(f"Pulumi.{name}.yaml", "config: {}\n")
        self.write("behaviour.py", behaviour)
        return self.commit()

    def is_clean(self) -> bool:
        """Whether this checkout is the only worktree, and no other leaves anything in the repository."""
        listed = self.git("worktree", "list", "--porcelain").count("worktree ")
        left = Path(self.git("rev-parse", "--git-common-dir"))
        return listed == 1 and not list((self.root / left).glob("worktrees/*"))


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary directories are made: a test can see whether any is left."""
    import tempfile

    directory = tmp_path / "scratch"
    directory.mkdir()
    monkeypatch.setenv("TMPDIR", str(directory))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return directory


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A project with one stack, `dev`, whose `homeshore` is a stub."""
    made = Repository(tmp_path / "repository")
    made.root.mkdir()
    made.git("init", "--quiet", "--initial-branch=main")
    made.write("Pulumi.yaml", "name: homeshore\nruntime: python\n")
    made.write("requirements.lock", "click==8.3.0\n")
    made.write("homeshore/cli.py", STUB)
    for package in ("homeshore", "stacks", "components"):
        made.write(f"{package}/__init__.py", "")
    made.stub({"dev": stack(resource("s", shardCount=1))})
    return made


@pytest.fixture(scope="module")
def _committed(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = Repository(tmp_path_factory.mktemp("project"))
    made.git("init", "--quiet", "--initial-branch=main")
    for part in PARTS:
        shutil.copytree(ROOT / part, made.root / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__main__.py", "Pulumi.yaml", "Pulumi.dev.yaml", f"Pulumi.{WITH_STANDBY}.yaml", "requirements.lock"):
        shutil.copy(ROOT / name, made.root)
    made.write(".gitignore", ".build/\n.homeshore/\n__pycache__/\n")
    made.commit()
    return made


@pytest.fixture
def ours(_committed: Repository, tmp_path: Path) -> Repository:
    """This project, committed as it is in the working tree, with two of its stacks."""
    root = tmp_path / "ours"
    subprocess.run(["git", "clone", "--quiet", "--shared", str(_committed.root), str(root)], check=True)
    if (ROOT / ".build" / "wheels").is_dir():
        (root / ".build").mkdir()
        (root / ".build" / "wheels").symlink_to(ROOT / ".build" / "wheels", target_is_directory=True)
    return Repository(root)
