"""The guard itself: a child that connects outward is refused and found out, loopback is not."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SWALLOWS = """
import socket, sys
try:
    {call}
except OSError as fault:
    print(type(fault).__name__, fault)
"""
OUTWARD = {
    "an address": "socket.create_connection(('192.0.2.1', 80), timeout=1)",
    "an address of the other kind": "socket.create_connection(('2001:db8::1', 80), timeout=1)",
    "a name": "socket.getaddrinfo('example.com', 443)",
}


def child(call: str, log: Path) -> str:
    environment = {**os.environ, "LOOPBACK_ONLY_LOG": str(log)}
    command = [sys.executable, "-c", SWALLOWS.format(call=call)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=True).stdout


@pytest.mark.parametrize("call", OUTWARD.values(), ids=OUTWARD)
def test_outward_is_refused_and_noted(tmp_path: Path, call: str):
    log = tmp_path / "refused"
    assert "ConnectionRefusedError only loopback is allowed in tests" in child(call, log)
    assert log.read_text().startswith(("connection to", "name lookup of"))


def test_loopback_is_let_through(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        told = child(f"socket.create_connection(('127.0.0.1', {port}), timeout=5).close()", tmp_path / "refused")
    assert told == ""
    assert not (tmp_path / "refused").exists()


def test_a_refusal_that_was_swallowed_fails_the_run(tmp_path: Path):
    """A whole test run in a child: its one test passes, and still the run fails."""
    source = (
        "import contextlib, socket\ndef test_it():\n    with contextlib.suppress(OSError):\n        "
        + OUTWARD["a name"]
    )
    (tmp_path / "test_it.py").write_text(source + "\n")
    shared = (HERE / "conftest.py").read_text().replace("Path(__file__).parent", f"Path({str(HERE)!r})")
    (tmp_path / "conftest.py").write_text(shared)
    environment = {key: value for key, value in os.environ.items() if key != "LOOPBACK_ONLY_LOG"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert "1 passed" in done.stdout
    assert "outbound connections were refused" in done.stdout
    assert "name lookup of 'example.com'" in done.stdout
    assert done.returncode == 1
