"""The entry point: how a run ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

from homeshore.cli import run

# The interrupt arrives inside the finalizer of an object, where Python drops whatever is raised.
INTERRUPTED_IN_A_FINALIZER = """
import signal, time
from homeshore import cli
class Closing:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
def work(arguments, **options):
    Closing()
    time.sleep(20)
cli.app.main = work
cli.main([])
"""


def test_ctrl_c_that_hits_a_finalizer_still_ends_the_run() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_IN_A_FINALIZER], capture_output=True, text=True, timeout=15, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "interrupted")


def test_a_mistyped_command_is_told_with_the_nearest_one(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["prevew", "dev"]) == 2
    assert "Did you mean 'preview'?" in capfd.readouterr().err
    assert run(["xyzzy"]) == 2
    assert "No such command 'xyzzy'." in capfd.readouterr().err


def test_ctrl_c_that_foreign_code_swallows_ends_the_run_at_its_next_step() -> None:
    script = """
import contextlib, signal, sys, click
from homeshore import cli
from homeshore.demo.progress import Steps

@cli.app.command("swallow")
def swallow():
    with Steps() as steps:
        with steps.step("load", "loading"):
            with contextlib.suppress(BaseException):
                signal.raise_signal(signal.SIGINT)
        with steps.step("next", "next"):
            print("went on")

cli.LazyGroup.get_command = lambda self, ctx, name: swallow
cli.main(["swallow"])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert "interrupted" in done.stderr
