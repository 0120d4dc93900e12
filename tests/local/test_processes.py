"""Only what was started here is ended, and all of it."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from homeshore.local import processes

SLEEP = "import time; time.sleep(60)"
# A parent that starts a child in the same group, ignores the polite signal, and says when both are there.
STUBBORN = f"""
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", {SLEEP!r}])
print(child.pid, flush=True)
time.sleep(60)
"""


def start(code: str, token: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-S", "-c", code],
        env={**os.environ, processes.TOKEN_VARIABLE: token},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.fixture
def token() -> Iterator[str]:
    mark = secrets.token_hex(16)
    yield mark
    processes.stop(None, None, mark)
    assert not processes.marked(mark)


def test_a_process_that_ignores_the_signal_and_its_child_are_ended(token: str) -> None:
    with start(STUBBORN, token) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert processes.marked(token) == {parent.pid, child}
        processes.stop(parent.pid, processes.started_at(parent.pid), token, patience_seconds=0.3)
        assert processes.started_at(child) is None
        assert processes.started_at(parent.pid) is None


def test_a_stale_pid_is_left_alone(token: str) -> None:
    with start(SLEEP, "somebody-else") as other:
        try:
            assert processes.is_running(other.pid, processes.started_at(other.pid) or "")
            processes.stop(other.pid, "another start", token, patience_seconds=0.2)
            assert other.poll() is None
            processes.stop(other.pid, processes.started_at(other.pid), token, patience_seconds=0.2)
            assert other.poll() is None, "its environment carries another token"
        finally:
            other.kill()


def test_an_orphan_is_found_by_its_mark_although_its_pid_was_never_written_down(token: str) -> None:
    with start(SLEEP, token) as orphan:
        processes.stop(None, None, token, patience_seconds=2)
        assert orphan.wait(timeout=5) != 0


def test_a_zombie_does_not_count_as_running(token: str) -> None:
    with start("pass", token) as child:
        deadline = time.monotonic() + 10
        while processes.started_at(child.pid) is not None and time.monotonic() < deadline:
            time.sleep(0.02)
        assert processes.started_at(child.pid) is None


def test_a_pid_that_is_not_there_has_no_start() -> None:
    assert processes.started_at(2**22 + 1) is None
