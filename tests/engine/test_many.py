"""Several stacks at once: the same as one by one, every failure told, no worker left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from homeshore.engine import Snapshot, many, run_program
from homeshore.project import Project

PROGRAM = """
import pulumi
import random
stack = pulumi.get_stack()
if stack.startswith("bad"):
    raise ValueError(f"{stack} is broken")
pulumi.log.warn(f"{stack} warns")
pulumi.export("stack", stack)
"""
# In a process of its own: a process with threads does not fork, and pytest may have some.
SCRIPT = """
import sys
from homeshore.engine import many
from homeshore.project import find_project
from pathlib import Path
many._processors = lambda: 3
def make(snapshot):
    import os
    return (os.getpid(), dict(snapshot.outputs))
outcomes = many.run_programs(find_project(Path.cwd()), sys.argv[1:], make)
import os
for outcome in outcomes:
    worker, outputs = outcome.made or (None, None)
    print(outcome.stack, outputs, worker and worker != os.getpid(), outcome.failure)
print(len({outcome.made[0] for outcome in outcomes if outcome.made}))
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "Pulumi.yaml").write_text("name: several\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    for stack in ("one", "two", "three", "bad-one", "bad-two"):
        (tmp_path / f"Pulumi.{stack}.yaml").write_text("config: {}\n")
    return Project(tmp_path, "several", {})


def run(project: Project, *stacks: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", SCRIPT, *stacks]
    return subprocess.run(command, cwd=project.root, check=False, capture_output=True, text=True, timeout=60)


def test_workers_make_what_one_process_makes_in_the_order_asked_for(project: Project) -> None:
    done = run(project, "two", "bad-one", "one", "three", "bad-two")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[:1]] == ["two"]
    assert "two {'stack': 'two'} True None" in lines
    assert "one {'stack': 'one'} True None" in lines
    assert "three {'stack': 'three'} True None" in lines
    assert [line for line in lines if line.startswith("bad-one None None The program of stack 'bad-one' failed")]
    assert [line for line in lines if line.startswith("bad-two None None The program of stack 'bad-two' failed")]
    assert lines[-1] == "3"
    told = [line for line in done.stderr.splitlines() if "warns" in line]
    assert [line.rsplit(": ", 1)[-1] for line in told] == ["two warns", "one warns", "three warns"]


def test_one_stack_stays_in_this_process(project: Project) -> None:
    (outcome,) = many.run_programs(project, ["one"], lambda _snapshot: os.getpid())
    assert (outcome.made, outcome.failure) == (os.getpid(), None)


def test_a_snapshot_pickles(project: Project) -> None:
    import pickle

    snapshot = run_program(project, "one")
    assert pickle.loads(pickle.dumps(snapshot)) == snapshot


def test_a_fault_of_our_own_is_raised_with_its_place(project: Project) -> None:
    def broken(_snapshot: Snapshot) -> None:
        raise KeyError("no such thing")

    with pytest.raises(RuntimeError, match=r"(?s)stack one:.*in broken.*KeyError: 'no such thing'"):
        many.run_programs(project, ["one"], broken)


@pytest.mark.parametrize(
    "spelled", ["placement: {cloud: gcp, region: x}", 'placement:\n    "cloud": "gcp"\n    region: x']
)
def test_stacks_of_one_cloud_share_a_worker(project: Project, monkeypatch: pytest.MonkeyPatch, spelled: str) -> None:
    monkeypatch.setattr(many, "_processors", lambda: 2)
    for stack in ("one", "three"):
        (project.root / f"Pulumi.{stack}.yaml").write_text(f"config:\n  homeshore:{spelled}\n")
    jobs = list(enumerate(["one", "two", "three"]))
    assert many._groups(project, jobs) == [[(0, "one"), (2, "three")], [(1, "two")]]
    monkeypatch.setattr(many, "_processors", lambda: 8)
    assert sorted(len(group) for group in many._groups(project, jobs)) == [1, 1, 1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_the_command(project: Project, number: signal.Signals) -> None:
    marker = project.root / "started"
    (project.root / "__main__.py").write_text(
        textwrap.dedent(f"""
        import os, pathlib, time
        pathlib.Path({str(marker)!r} + str(os.getpid())).touch()
        time.sleep(2)
        """)
    )
    command = [sys.executable, "-c", SCRIPT, "one", "two"]
    with subprocess.Popen(
        command, cwd=project.root, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as child:
        deadline = time.monotonic() + 30
        while len(workers := list(project.root.glob("started*"))) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.killpg(child.pid, number) if number is signal.SIGINT else child.send_signal(number)
        child.communicate()
    for worker in workers:
        pid = int(worker.name.removeprefix("started"))
        deadline = time.monotonic() + 20
        while _lives(pid):
            assert time.monotonic() < deadline, f"worker {pid} is left"
            time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
