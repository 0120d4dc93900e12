"""Child processes that end with the block that started them, also on Ctrl-C, with everything that they started."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from homeshore.errors import UserError
from homeshore.local import processes
from homeshore.local.emulator import LOOPBACK, PASS_VARIABLE
from homeshore.signals import uninterrupted

START_ATTEMPTS = 3  # a free port can be taken between the moment it is found and the moment it is used
START_SECONDS = 60.0
TAIL_LINES = 15
# Where the kernel can do it, a child gets SIGTERM when we are killed and cannot end it (PR_SET_PDEATHSIG, 1); it looks
# for us once more afterwards, for we may have been killed before.
_BIND = (
    f"import ctypes, os, sys; ctypes.CDLL(None).prctl(1, {signal.SIGTERM:d}); "
    "os.getppid() == int(sys.argv[1]) and os.execvp(sys.argv[2], sys.argv[2:])"
)


class EmulatorMissing(UserError):  # noqa: N818 - named for what is wrong
    """An emulator is not on this machine. `obtainable`: this project's own `make` installs it here."""

    def __init__(self, what: str, remedy: str, *, obtainable: bool = False) -> None:
        super().__init__(f"{what}. {remedy}")
        self.what = what
        self.remedy = remedy
        self.obtainable = obtainable


@contextmanager
def listening(name: str, command: Callable[[int], Sequence[str]], directory: Path) -> Generator[int]:
    """A server that was started with `command(port)` and takes connections; yields its port.

    It works in `directory` and writes its log there. Raises UserError, with the end of the log, when it does not start.
    """
    with ExitStack() as running:
        yield _started(name, command, directory, running)


def _started(name: str, command: Callable[[int], Sequence[str]], directory: Path, running: ExitStack) -> int:
    log = directory / f"{name}.log"
    # The user's HOME stays: what puts node and java on a path often looks there for which one is meant.
    environment = child_environment(directory, keep=("HOME", "JAVA_HOME"))
    for _ in range(START_ATTEMPTS):
        port = free_port()
        with ExitStack() as attempt:
            process = attempt.enter_context(child(command(port), environment, log))
            if _takes_connections(process, port):
                running.push(attempt.pop_all())
                return port
    raise UserError(f"{name} did not start; the end of its log:\n{tail(log)}")


@contextmanager
def child(
    command: Sequence[str], environment: Mapping[str, str], log: Path, *, pass_fds: Sequence[int] = ()
) -> Generator[subprocess.Popen[bytes]]:
    """A process in a group of its own, working where its log lies; after the block it and all it started are gone."""
    token = secrets.token_hex(16)
    with ExitStack() as ended:
        with uninterrupted():  # between the start and the promise to end it, nothing may come
            with log.open("ab") as output:
                process = subprocess.Popen(
                    _bound(command),
                    cwd=log.parent,
                    env={**environment, processes.TOKEN_VARIABLE: token},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=pass_fds,
                    start_new_session=True,  # Ctrl-C on the terminal is for us, who end it in order
                )
            ended.callback(_end, process, processes.started_at(process.pid), token)
        yield process


def child_environment(scratch: Path, *, keep: Sequence[str] = (), **more: str) -> dict[str, str]:
    """A child's whole environment: no credentials, proxies or cloud settings of the user, and a HOME of its own.

    `keep` are further variables to hand on; HOMESHORE_LOCAL_PASS names more, separated by commas.
    """
    passed = filter(None, os.environ.get(PASS_VARIABLE, "").split(","))
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", *keep, *passed) if name in os.environ}
    return {"HOME": str(scratch), "TMPDIR": str(scratch), "PYTHONDONTWRITEBYTECODE": "1", **kept, **more}


def _bound(command: Sequence[str]) -> list[str]:
    return [*((sys.executable, "-S", "-c", _BIND, str(os.getpid())) if sys.platform == "linux" else ()), *command]


def tail(log: Path) -> str:
    """The last lines of a log, for a message."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:])


def free_port() -> int:
    """A port of 127.0.0.1 that was free a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _takes_connections(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((LOOPBACK, port), 1):
            return True
        time.sleep(0.05)
    return False


def _end(process: subprocess.Popen[bytes], started: str | None, token: str) -> None:
    with uninterrupted():
        processes.stop(process.pid, started, token)
        process.wait()
