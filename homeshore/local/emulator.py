"""The emulator in use: started as a child on a free port of 127.0.0.1, or one that already runs."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from homeshore.errors import UserError
from homeshore.local import processes
from homeshore.local.emulators import Choice, EmulatorRow, embedded_row, rows
from homeshore.local.state import EmulatorRecord, LocalState

LOOPBACK = "127.0.0.1"
START_ATTEMPTS = 3  # a free port can be taken between the moment it is found and the moment it is used
START_SECONDS = 60.0
PASS_VARIABLE = "HOMESHORE_LOCAL_PASS"  # noqa: S105 - to hand on, not a password


_children: dict[int, subprocess.Popen[bytes]] = {}
"""Emulators that this process started, until they are stopped: an object that is dropped earlier warns."""


@dataclass(frozen=True)
class Emulator:
    """A reachable emulator: `pid` is None for one that is not ours; ours keeps its temporary files in `scratch`."""

    row: EmulatorRow
    endpoint: str
    pid: int | None
    scratch: Path

    @property
    def own(self) -> bool:
        """Whether it was started here, so that stopping it removes all that is in it."""
        return self.pid is not None

    @property
    def title(self) -> str:
        """What it is and whose, for people."""
        return f"{self.row.title}, {'embedded' if self.own else 'already running'}, at {self.endpoint}"


def start(state: LocalState, choice: Choice) -> Emulator:
    """The emulator of the choice, started unless this project already runs it.

    Raises UserError when nothing answers at a given endpoint, when
    another emulator is in use here, or when the embedded one does not come up (with the end of its log).
    """
    record = state.emulator()
    if record is not None:
        running = current(state)
        if running is not None and _serves(running, choice):
            return running
        if running is not None and state.stacks():
            raise UserError(
                f"this project already uses {running.row.id} at {running.endpoint} "
                f"(stacks: {', '.join(state.stacks())}); run `homeshore local down` for them first."
            )
        if running is None and not record.own and state.stacks():
            raise UserError(
                f"{', '.join(state.stacks())}: applied to {record.emulator} at {record.endpoint}, "
                "which does not answer. Start it again, or forget what was there with `homeshore local down`."
            )
        discard(state)
    if choice.endpoint is not None:
        return _foreign(state, choice.endpoint, choice.source)
    return _embedded(state, embedded_row())


def current(state: LocalState) -> Emulator | None:
    """The emulator that this project uses, if it answers; None otherwise."""
    record = state.emulator()
    if record is None or record.emulator not in rows():
        return None
    if record.own and not (record.pid and record.started and processes.is_running(record.pid, record.started)):
        return None
    if identified(record.endpoint) is None:
        return None
    return Emulator(rows()[record.emulator], record.endpoint, record.pid, state.scratch)


def discard(state: LocalState) -> None:
    """End the embedded emulator with everything that it started, and remove the files. A foreign one is left alone."""
    record = state.emulator()
    if record is not None and record.own:
        _stop(record.pid, record.started, record.token)
    state.remove()


def discard_own(state: LocalState) -> None:
    """Discard the embedded emulator; where the one in use is a foreign one, keep what is known about it."""
    record = state.emulator()
    if record is not None and record.own:
        discard(state)


def identified(endpoint: str, timeout_seconds: float = 2.0) -> EmulatorRow | None:
    """Which emulator answers at the endpoint (asked without a proxy), or None."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for row in rows().values():
        try:
            with opener.open(endpoint + row.health, timeout=timeout_seconds):
                return row
        except urllib.error.HTTPError:
            continue
        except (OSError, ValueError):
            return None
    return None


def _serves(running: Emulator, choice: Choice) -> bool:
    """Whether the running emulator is the chosen one; AWS_ENDPOINT_URL may well point at our own."""
    return running.own if choice.endpoint is None else choice.endpoint == running.endpoint


def _foreign(state: LocalState, endpoint: str, source: str) -> Emulator:
    row = identified(endpoint)
    if row is None:
        asked = " and ".join(row.health for row in rows().values())
        raise UserError(
            f"{source}: no emulator answers at {endpoint} (asked for {asked}). "
            "Start it, or unset the variable to use the embedded one."
        )
    state.keep_emulator(EmulatorRecord(row.id, endpoint, token=""))
    return Emulator(row, endpoint, None, state.scratch)


def _embedded(state: LocalState, row: EmulatorRow) -> Emulator:
    for _ in range(START_ATTEMPTS):
        emulator = _try_to_start(state, row)
        if emulator is not None:
            return emulator
    tail = "\n".join(state.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
    raise UserError(f"the embedded emulator did not start; the end of {state.log}:\n{tail}")


def _try_to_start(state: LocalState, row: EmulatorRow) -> Emulator | None:
    port, token = _free_port(), secrets.token_hex(16)
    endpoint = f"http://{LOOPBACK}:{port}"
    state.scratch.mkdir(parents=True, exist_ok=True)
    # Written before the start, so that a run that is killed here leaves a token by which its child is found.
    state.keep_emulator(EmulatorRecord(row.id, endpoint, token))
    with state.log.open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "ministack"],
            cwd=state.scratch,
            env=_environment(state, port, token),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children[child.pid] = child
    started = processes.started_at(child.pid)
    state.keep_emulator(EmulatorRecord(row.id, endpoint, token, child.pid, started))
    try:
        deadline = time.monotonic() + START_SECONDS
        while child.poll() is None and time.monotonic() < deadline:
            if identified(endpoint, 1.0):
                return Emulator(row, endpoint, child.pid, state.scratch)
            time.sleep(0.05)
    except BaseException:
        _stop(child.pid, started, token)
        raise
    _stop(child.pid, started, token)
    return None


def _stop(pid: int | None, started: str | None, token: str) -> None:
    processes.stop(pid, started, token)
    child = _children.pop(pid, None) if pid is not None else None
    if child is not None:
        child.wait()


def _environment(state: LocalState, port: int, token: str) -> dict[str, str]:
    """The child's whole environment: none of the user's credentials, proxies or AWS settings reaches it.

    HOMESHORE_LOCAL_PASS names further variables (separated by commas) to hand on, to it and to the code that it runs.
    """
    names = ["PATH", "LANG", "LC_ALL", *filter(None, os.environ.get(PASS_VARIABLE, "").split(","))]
    kept = {name: os.environ[name] for name in names if name in os.environ}
    scratch = str(state.scratch)
    return kept | {
        "HOME": scratch,
        "TMPDIR": scratch,
        "S3_DATA_DIR": f"{scratch}/s3",
        "STATE_DIR": f"{scratch}/state",
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
        processes.TOKEN_VARIABLE: token,
    }


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
