"""Checkov in an environment of its own under .build/, from pinned and hashed requirements; it is no dependency of ours.

python -m benchmarks.peer        make the environment (downloads once, about 40 s)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, TextIO

ROOT: Final = Path(__file__).parents[1]
PLACE: Final = ROOT / ".build" / "checkov"
REQUIREMENTS: Final = Path(__file__).parent / "requirements-checkov.txt"
INSIDE: Final = Path(__file__).parent / "checkov_inside.py"
OURS_INSIDE: Final = Path(__file__).parent / "judge_inside.py"
OFFLINE: Final = {"BC_API_KEY": "", "CHECKOV_RUN_SCA_PACKAGE_SCAN_V2": "false", "ANSI_COLORS_DISABLED": "1"}


class Scan(NamedTuple):
    """What one scan took and found; see checkov_inside.py."""

    version: str
    seconds: float
    cpu_seconds: float
    resources: int
    checks: int
    failed: list[str]


def installed() -> Path:
    """The environment, made where it is missing. Raises CalledProcessError where it cannot be made."""
    done = PLACE / ".installed"
    if not done.exists() or done.read_text(encoding="utf-8") != REQUIREMENTS.read_text(encoding="utf-8"):
        sys.stderr.write(f"installing Checkov into {PLACE.relative_to(ROOT)}\n")
        uv = Path(sys.executable).parent / "uv"
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, PLACE], check=True)
        install = [uv, "pip", "sync", "--quiet", "--python", PLACE, "--require-hashes", "--compile-bytecode"]
        subprocess.run([*install, REQUIREMENTS], check=True)
        done.write_text(REQUIREMENTS.read_text(encoding="utf-8"), encoding="utf-8")
    return PLACE


def environment() -> dict[str, str]:
    """Ours, without what would make Checkov ask its makers' servers, and without what slows its start."""
    ours = {key: value for key, value in os.environ.items() if key not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")}
    return ours | OFFLINE


class Inside:
    """A judge that is loaded and waits."""

    def __init__(self, questions: TextIO, answers: TextIO) -> None:
        self._questions, self._answers = questions, answers

    def scan(self, framework: str, directory: Path) -> Scan:
        """One verdict on a directory or file. Raises EOFError where the process died."""
        self._questions.write(json.dumps({"framework": framework, "directory": str(directory)}) + "\n")
        self._questions.flush()
        line = self._answers.readline()
        if not line:
            raise EOFError("the process ended")
        return Scan(**json.loads(line))


@contextmanager
def inside() -> Iterator[Inside]:
    """Checkov in a process that stays, until the block ends."""
    with _waiting([installed() / "bin" / "python", INSIDE]) as one:
        yield one


@contextmanager
def ours_inside() -> Iterator[Inside]:
    """Our judge in a process that stays, until the block ends."""
    with _waiting([Path(sys.executable), OURS_INSIDE]) as one:
        yield one


@contextmanager
def _waiting(command: list[Path]) -> Iterator[Inside]:
    with subprocess.Popen(
        command,
        env=environment(),
        cwd=PLACE,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Inside(process.stdin, process.stdout)
        finally:
            process.stdin.close()
            process.terminate()


def command(framework: str, directory: Path) -> list[str]:
    """The command that a user types, without any download."""
    checkov = str(installed() / "bin" / "checkov")
    return [checkov, "-d", str(directory), "--framework", framework, "--compact", "--quiet", "--skip-download"]


if __name__ == "__main__":
    print(installed())
