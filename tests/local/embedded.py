"""What the embedded tests share: a stack that is up, and how to look for what is left of it."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from homeshore.local.aws import Aws, ClientLike
from homeshore.local.report import Report
from homeshore.project import Project

PASSED = "PYTHONPATH,LOOPBACK_ONLY_LOG"


@dataclass
class Up:
    """A stack that is up, and its latest report."""

    project: Project
    stack: str
    report: Report

    def client(self, service: str) -> ClientLike:
        return Aws(self.report.endpoint, self.report.region, self.report.account_id).client(service)

    @property
    def aws(self) -> Aws:
        return Aws(self.report.endpoint, self.report.region, self.report.account_id)

    @property
    def stream(self) -> str:
        return str(self.report.outputs["stream"])

    @property
    def bucket(self) -> str:
        return str(self.report.outputs["bucket"])


def port_is_open(endpoint: str) -> bool:
    parts = urlsplit(endpoint)
    assert parts.hostname is not None
    assert parts.port is not None
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((parts.hostname, parts.port)) == 0


def processes_using(directory: Path) -> list[int]:
    """Pids of the processes that work in the directory or were started from a file in it."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            texts = [str((entry / "cwd").readlink()), (entry / "cmdline").read_bytes().decode(errors="replace")]
        except OSError:
            continue
        if any(str(directory) in text for text in texts):
            found.append(int(entry.name))
    return found


def eventually(said: str, check: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if check():
            return
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {said}")
