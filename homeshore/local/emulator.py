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
from homeshore.local.emulators import Choice, EmulatorRow, rows
from homeshore.local.state import EmulatorRecord, LocalState

LOOPBACK = "127.0.0.1"
START_ATTEMPTS = 3  # a free port can be taken between the moment it is found and the moment it is used
START_SECONDS = 60.0
PASS_VARIABLE = "HOMESHORE_LOCAL_PASS"  # noqa: S105 - to hand on, not a password
HEALTH_PATHS = ("/_localstack/health", "/_ministack/health")


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
        """Whether this checkout started it, so that stopping it removes all that is in it."""
        return self.row.embedded


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
        if running is None and not rows()[record.emulator].embedded and state.stacks():
            raise UserError(
                f"{', '.join(state.stacks())}: applied to {record.emulator} at {record.endpoint}, "
                "which does not answer. Start it again, or forget what was there with `homeshore local down`."
            )
        discard(state)
    if choice.endpoint is not None:
        return _foreign(state, choice.row, choice.endpoint, choice.source)
    return _embedded(state, choice.row)


def current(state: LocalState) -> Emulator | None:
    """The emulator that this project uses, if it answers; None otherwise."""
    record = state.emulator()
    if record is None or record.emulator not in rows():
        return None
    row = rows()[record.emulator]
    if row.embedded:
        alive = record.pid is not None and record.started and processes.is_running(record.pid, record.started)
        if not alive or not healthy(record.endpoint):
            return None
    elif not healthy(record.endpoint):
        return None
    return Emulator(row, record.endpoint, record.pid, state.scratch)


def discard(state: LocalState) -> None:
    """End the embedded emulator with everything that it started, and remove the files. A foreign one is left alone."""
    record = state.emulator()
    if record is not None and rows()[record.emulator].embedded:
        _stop(record.pid, record.started, record.token)
    state.remove()


def discard_own(state: LocalState) -> None:
    """Discard the embedded emulator; where the one in use is a foreign one, keep what is known about it."""
    record = state.emulator()
    if record is not None and rows()[record.emulator].embedded:
        discard(state)


def healthy(endpoint: str, timeout_seconds: float = 2.0) -> bool:
    """Whether an emulator answers at the endpoint; asked without a proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for path in HEALTH_PATHS:
        try:
            with opener.open(endpoint + path, timeout=timeout_seconds) as answer:
                return bool(answer.status < 500)  # noqa: PLR2004 - a server error
        except urllib.error.HTTPError:
            continue
        except (OSError, ValueError):
            return False
    return False


def _serves(running: Emulator, choice: Choice) -> bool:
    """Whether the running emulator is the chosen one; AWS_ENDPOINT_URL may well point at our own."""
    if choice.endpoint is not None:
        return choice.endpoint == running.endpoint
    return running.row.id == choice.row.id


def _foreign(state: LocalState, row: EmulatorRow, endpoint: str, source: str) -> Emulator:
    if not healthy(endpoint):
        raise UserError(
            f"{source}: no emulator answers at {endpoint} (asked for {' and '.join(HEALTH_PATHS)}). "
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
            if healthy(endpoint, 1.0):
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
