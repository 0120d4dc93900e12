"""Processes that this checkout started, known by a random token in their environment: no other is ever ended."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

TOKEN_VARIABLE = "HOMESHORE_LOCAL_TOKEN"  # noqa: S105 - the name of a variable; its value marks, it does not open
KILLED_SECONDS = 10.0
"""How long a killed process may take to be gone; the kernel decides, nobody can refuse."""
_PROC = Path("/proc")


def started_at(pid: int) -> str | None:
    """When the process was started, as an opaque text that differs for a reused pid; None when there is none."""
    if _PROC.joinpath("self/stat").exists():
        try:
            stat = _PROC.joinpath(str(pid), "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] in ("Z", "X") else fields[19]
    found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip() or None


def is_running(pid: int, started: str) -> bool:
    """Whether the process that had this pid and this start time is still there."""
    return started_at(pid) == started


def marked(token: str) -> frozenset[int]:
    """Pids of the running processes whose environment carries the token (this one excepted).

    Empty where the system does not show environments; there the process group has to do.
    """
    needle = f"{TOKEN_VARIABLE}={token}".encode()
    found: set[int] = set()
    if not _PROC.joinpath("self/environ").exists():
        return frozenset()
    for entry in _PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment = entry.joinpath("environ").read_bytes()
        except OSError:  # it ended meanwhile, or it belongs to someone else
            continue
        if needle in environment.split(b"\0") and started_at(int(entry.name)):
            found.add(int(entry.name))
    return frozenset(found)


def stop(pid: int | None, started: str | None, token: str, patience_seconds: float = 3.0) -> None:
    """End the process, its group and everything marked with the token: asked first, then killed.

    A pid whose start time is another one, or whose environment shows another token, is left alone.
    """
    leader = pid if pid is not None and started is not None and is_running(pid, started) else None
    if leader is not None and _PROC.joinpath("self/environ").exists() and leader not in marked(token):
        leader = None
    asked = _signal_all(leader, marked(token), signal.SIGTERM)
    if _ended(asked, token, patience_seconds):
        return
    still = leader if leader and started and is_running(leader, started) else None
    _ended(_signal_all(still, marked(token), signal.SIGKILL), token, KILLED_SECONDS)


def _ended(known: Mapping[int, str], token: str, patience_seconds: float) -> bool:
    """Wait until the known processes and all that are marked are gone; whether they are.

    A dying process has lost its environment, and with it the mark, before it is gone: so both are asked.
    """
    deadline = time.monotonic() + patience_seconds
    while marked(token) or any(is_running(pid, started) for pid, started in known.items()):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _signal_all(leader: int | None, others: Iterable[int], number: signal.Signals) -> dict[int, str]:
    """Send the signal; return the processes that it went to, with their start times."""
    others = list(others)
    known = {pid: started for pid in (leader, *others) if pid is not None and (started := started_at(pid))}
    if leader is not None:
        try:
            os.killpg(leader, number)  # it leads its own group: its workers are in it
        except ProcessLookupError:
            pass
        except PermissionError:
            os.kill(leader, number)
    for other in others:
        try:
            os.kill(other, number)
        except ProcessLookupError:
            continue
    return known
