"""The clean room: what REF means, whose code runs there, what it sees, and that nothing is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from homeshore.base.environment import PASSED
from homeshore.base.revision import Repository as Git
from homeshore.base.run import running
from homeshore.base.worktree import OWNER, PREFIX, TREE, room, sweep
from homeshore.errors import UserError
from homeshore.local import processes
from tests.base.conftest import Repository
from tests.base.snapshots import names, resource, stack

ROOT = Path(__file__).parents[2]


def refusal(repository: Repository, ref: str = "HEAD") -> str:
    with pytest.raises(UserError) as told, running(ref, repository.project, None) as other:
        other.snapshots()
    assert repository.is_clean()
    return str(told.value)


def test_the_snapshots_are_those_of_the_revision_and_the_checkout_stays_as_it_is(
    repository: Repository, scratch: Path
) -> None:
    before = repository.git("rev-parse", "HEAD")
    repository.stub({"dev": stack(resource("other", shardCount=2)), "two": stack(name="two")})
    repository.write("dev.json", "not committed")
    repository.git("add", "dev.json")
    status = repository.git("status", "--porcelain")
    with running(before, repository.project, None) as other:
        found = other.snapshots()
    assert list(found) == ["dev"]
    assert names(found["dev"].resources) == ["s"]
    assert repository.git("status", "--porcelain") == status
    assert repository.git("branch", "--show-current") == "main"
    assert repository.is_clean()
    assert list(scratch.iterdir()) == []


def test_only_the_stacks_that_were_asked_for_run(repository: Repository) -> None:
    repository.stub({"dev": stack(), "two": stack(name="two")}, behaviour="assert sys.argv[2:-1] == ['two'], sys.argv")
    repository.write("two.json", json.dumps(stack(resource("s", stack="two"), name="two").to_json()))
    repository.commit()
    with running("HEAD", repository.project, ["two", "new"]) as other:
        assert other.stacks == ("two",)
        assert names(other.snapshots()["two"].resources) == ["s"]


def test_a_revision_without_any_of_the_stacks_runs_nothing(repository: Repository) -> None:
    repository.stub({"dev": stack()}, behaviour="raise SystemExit('it ran')")
    with running("HEAD", repository.project, ["new"]) as other:
        assert other.snapshots() == {}


def test_no_credential_and_nothing_else_of_the_environment_reaches_the_program(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AZURE_CLIENT_SECRET", "ARM_CLIENT_SECRET", "GITHUB_TOKEN")
    hidden += ("GOOGLE_APPLICATION_CREDENTIALS", "PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE", "SSH_AUTH_SOCK")
    for name in (*hidden, "SOMETHING_NEW", "HTTPS_PROXY", "PYTHONSTARTUP"):
        monkeypatch.setenv(name, "hunter2")
    seen = tmp_path / "seen.json"
    behaviour = (
        f"pathlib.Path({str(seen)!r}).write_text(json.dumps([dict(os.environ), os.listdir(os.environ['HOME'])]))"
    )
    repository.stub({"dev": stack(resource("s"))}, behaviour)
    with running("HEAD", repository.project, None) as other:
        other.snapshots()
    environment, at_home = json.loads(seen.read_text())
    assert "hunter2" not in environment.values()
    own = {"HOME", "TMPDIR", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONNOUSERSITE", "PYTHONUTF8"}
    own |= {"AWS_EC2_METADATA_DISABLED", "NO_GCE_CHECK", processes.TOKEN_VARIABLE}
    assert set(environment) - own <= set(PASSED)
    assert at_home == []
    assert not Path(environment["HOME"]).exists()


@pytest.mark.parametrize("part", ["geography", "validity", "policies"])
def test_what_the_revision_lacks_is_not_found_in_this_checkout(repository: Repository, part: str) -> None:
    repository.stub({"dev": stack()}, behaviour=f"import {part}")
    assert f"No module named '{part}'" in refusal(repository)


def test_a_part_that_comes_from_elsewhere_is_refused(repository: Repository) -> None:
    (repository.root / "stacks" / "__init__.py").unlink()
    (repository.root / "stacks").rmdir()
    (repository.root / "stacks").symlink_to(ROOT / "stacks", target_is_directory=True)
    repository.commit()
    assert "stacks would come from" in refusal(repository)


def test_a_program_that_fails_is_told_in_its_own_words(repository: Repository) -> None:
    repository.stub({"dev": stack()}, behaviour="sys.exit(os.getcwd() + '/Pulumi.dev.yaml: broken in two places')")
    told = refusal(repository)
    assert told.startswith("--base HEAD: the program of HEAD (")
    assert told.endswith("fails:\n./Pulumi.dev.yaml: broken in two places")


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        ("print('hello')", "what its `homeshore preview --json` prints: is not JSON"),
        ("print(json.dumps({'version': 9, 'stacks': [{'version': 9}]})); sys.exit()", "version is 9"),
        ("print(json.dumps({'version': 1, 'stacks': []})); sys.exit()", "says nothing of dev"),
        ("sys.exit()", "is empty"),
        ("os._exit(7)", "exit code 7 and said nothing"),
    ],
)
def test_a_preview_that_cannot_be_read(repository: Repository, behaviour: str, told: str) -> None:
    repository.stub({"dev": stack()}, behaviour)
    assert told in refusal(repository)


def test_wheels_of_another_lock_are_hinted_at(repository: Repository) -> None:
    repository.write("processor/requirements-x.lock", "a==1\n")
    repository.stub({"dev": stack()}, behaviour="sys.exit('no wheel')")
    repository.write("processor/requirements-x.lock", "a==2\n")
    assert "processor/requirements-x.lock differ" in refusal(repository)


def test_another_lock_file_needs_an_environment_of_its_own(repository: Repository) -> None:
    old = repository.git("rev-parse", "HEAD")
    repository.write("requirements.lock", "click==8.4.0\n")
    told = refusal(repository, old)
    assert "its requirements.lock is another one" in told
    commands = [line.strip() for line in told.splitlines() if line.startswith("  ")]
    home = Path(commands[0].removeprefix("python3 -m venv "))
    assert commands[1] == f"git show {old}:requirements.lock > {home}.lock"
    assert commands[-1] == f"mv {home}.lock {home}/requirements.lock"

    # Half of it is not enough; the commands but for pip's, with this interpreter's own packages for them.
    (repository.root / home / "bin").mkdir(parents=True)
    (repository.root / home / "bin" / "python").symlink_to(sys.executable)
    assert "is another one" in refusal(repository, old)
    subprocess.run(f"{commands[1]} && {commands[-1]}", shell=True, check=True, cwd=repository.root)
    with running(old, repository.project, None) as other:
        assert list(other.snapshots()) == ["dev"]


def test_a_project_in_a_directory_of_the_repository(repository: Repository) -> None:
    moved = repository.root / "infra"
    moved.mkdir()
    for path in repository.root.iterdir():
        if path.name not in (".git", "infra"):
            path.rename(moved / path.name)
    repository.commit()
    with running("HEAD", Repository(moved).project, None) as other:
        assert list(other.snapshots()) == ["dev"]
    assert repository.is_clean()


def test_paths_of_the_other_checkout_are_no_difference(repository: Repository) -> None:
    repository.stub(
        {"dev": stack()},
        behaviour="p = pathlib.Path('dev.json'); p.write_text(p.read_text().replace('HERE', os.getcwd()))",
    )
    repository.write("dev.json", json.dumps(stack(resource("s", code={"path": ["HERE/x.zip"]})).to_json()))
    repository.commit()
    with running("HEAD", repository.project, None) as other:
        assert other.snapshots()["dev"].resources[0].inputs == {"code": {"path": [f"{repository.root}/x.zip"]}}


@pytest.mark.parametrize(
    ("ref", "told"),
    [
        ("mian", "Did you mean main?"),
        ("feature", "Did you mean origin/feature?"),
        ("no-such-thing-at-all", "`git fetch origin` brings what the server has"),
        ("0" * 40, "git knows no commit"),
        ("HEAD:Pulumi.yaml", "git knows no commit"),
        ("--output=x", "no name of a revision"),
        ("", "no name of a revision"),
    ],
)
def test_a_ref_that_is_none(repository: Repository, ref: str, told: str) -> None:
    repository.git("update-ref", "refs/remotes/origin/feature", "HEAD")
    assert told in refusal(repository, ref)


def test_a_shallow_clone_says_how_to_deepen_it(repository: Repository, tmp_path: Path) -> None:
    old = repository.git("rev-parse", "HEAD")
    repository.commit()
    clone = tmp_path / "clone"
    source = f"file://{repository.root}"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", source, str(clone)], check=True)
    told = refusal(Repository(clone), old)
    assert "fetch-depth: 0" in told
    assert "git fetch --unshallow" in told


def test_no_repository(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: homeshore\n")
    with (
        pytest.raises(UserError, match="git finds no checkout here: not a git repository"),
        running("HEAD", Repository(tmp_path).project, None),
    ):
        raise AssertionError


def test_a_revision_without_a_project_or_without_this_command_line(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "--orphan", "empty")
    repository.git("rm", "--quiet", "-r", "--cached", ".")
    repository.git("commit", "--quiet", "--allow-empty", "-m", "nothing")
    repository.git("checkout", "--quiet", "--force", "main")
    assert "has no Pulumi.yaml" in refusal(repository, "empty")
    old = repository.git("rev-parse", "HEAD")
    (repository.root / "homeshore" / "cli.py").unlink()
    new = repository.commit()
    assert "has no homeshore/cli.py" in refusal(repository, new)
    repository.git("checkout", "--quiet", old)


def test_a_hook_of_gits_that_names_another_repository_changes_nothing(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    with running("HEAD", repository.project, None) as other:
        assert list(other.snapshots()) == ["dev"]
    assert repository.is_clean()


def test_no_hook_runs(repository: Repository, tmp_path: Path) -> None:
    hook = repository.root / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    hook.chmod(0o755)
    with running("HEAD", repository.project, None) as other:
        other.snapshots()
    assert not (tmp_path / "ran").exists()


def test_a_killed_runs_worktree_is_swept_and_a_running_ones_stays(repository: Repository, scratch: Path) -> None:
    git = Git.of(repository.root)

    def left(owner: object) -> Path:
        directory = scratch / f"{PREFIX}{len(list(scratch.iterdir()))}"
        directory.mkdir()
        (directory / OWNER).write_text(json.dumps(owner))
        repository.git("worktree", "add", "--quiet", "--detach", str(directory / TREE), "HEAD")
        return directory

    mine = {"pid": os.getpid(), "started": processes.started_at(os.getpid())}
    running_one, killed, reused = left(mine), left({"pid": 2**22 + 1, "started": "1"}), left({**mine, "started": "1"})
    without_owner, without_directory = left(mine), left(mine)
    (without_owner / OWNER).unlink()
    subprocess.run(["rm", "-rf", str(without_directory)], check=True)
    users_own = scratch / "users-own" / TREE
    repository.git("worktree", "add", "--quiet", "--detach", str(users_own), "HEAD")
    subprocess.run(["rm", "-rf", str(users_own)], check=True)

    sweep(git)

    assert running_one.is_dir()
    assert not any(path.exists() for path in (killed, reused, without_owner))
    listed = repository.git("worktree", "list", "--porcelain")
    assert listed.count("worktree ") == 3  # this checkout, the running one's, and one of the user's own, stale as it is
    assert str(users_own) in listed


def test_the_next_run_sweeps_what_a_killed_one_left(repository: Repository, scratch: Path) -> None:
    tree = scratch / f"{PREFIX}killed" / TREE
    repository.git("worktree", "add", "--quiet", "--detach", str(tree), "HEAD")
    with running("HEAD", repository.project, None) as other:
        other.snapshots()
    assert not tree.parent.exists()
    assert repository.is_clean()


def test_what_fails_inside_leaves_nothing(repository: Repository, scratch: Path) -> None:
    revision = Git.of(repository.root).revision("HEAD")

    def interrupted() -> None:
        with room(revision) as directory:
            assert (directory / TREE / "Pulumi.yaml").is_file()
            assert directory.stat().st_mode & 0o077 == 0
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert repository.is_clean()
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_ends_the_other_program_and_leaves_no_worktree(
    repository: Repository, scratch: Path, tmp_path: Path, number: signal.Signals
) -> None:
    pid = tmp_path / "pid"
    repository.stub(
        {"dev": stack()}, behaviour=f"pathlib.Path({str(pid)!r}).write_text(str(os.getpid())); time.sleep(60)"
    )
    repository.write("__main__.py", "")
    process = subprocess.Popen(
        [sys.executable, "-c", "from homeshore.cli import main; main()", "preview", "dev", "--base", "HEAD"],
        cwd=repository.root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ["PYTHONPATH"]]), "PYTHONSAFEPATH": "1"},
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 30
    while not (pid.exists() and pid.read_text()) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130, told
    assert processes.started_at(int(pid.read_text())) is None
    assert repository.is_clean()
    assert list(scratch.iterdir()) == []
