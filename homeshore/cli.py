"""Entry point of `homeshore`: commands are imported when they are called, so that the help costs nothing."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import tempfile
import traceback
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from types import FrameType

import click

from homeshore.errors import UserError, Verdict
from homeshore.signals import asked_to_end, remember_interrupts

COMMANDS = {
    "check": "What is wrong with a stack before it is deployed; also of a file that Pulumi wrote.",
    "config": "Print a stack's whole effective configuration and where each value came from.",
    "data": "The data plane: pseudonym keys.",
    "demo": "The main job on a cloud's emulators: up, send, process, query, account, down.",
    "doctor": "Check this machine and this checkout for what the commands need.",
    "local": "The embedded cloud with a stack applied: up, status, down.",
    "new": "Write a valid stack file for a cloud and a region.",
    "plan": "What a workload needs, with the reason for each number; where it can fail over.",
    "policy": "A rule in words; the runtime guard written from the same boundary.",
    "preview": "The resources that a stack file becomes; no account, no plugin.",
    "regions": "Regions, their jurisdictions, and the boundaries that hold them.",
    "schema": "Print the JSON schema of the stack file.",
}


class LazyGroup(click.Group):
    """A group whose command NAME is `command` in homeshore.commands.NAME, imported on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the help."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None for a name that is not one."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        return importlib.import_module(f"homeshore.commands.{cmd_name}").command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """See click.Group; a mistyped command is told with the nearest one."""
        near = get_close_matches(args[0], COMMANDS, n=1) if args and args[0] not in COMMANDS else []
        if near:
            ctx.fail(f"No such command {args[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="homeshore", prog_name="homeshore")
def app() -> None:
    """Give every cloud region its own real-time analytics pipeline and keep its data on its home shore.

    Example: homeshore preview dev
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    sys.unraisablehook = _unraisable
    signal.signal(signal.SIGALRM, _interrupt_again)
    remember_interrupts()
    code = 130
    with suppress(KeyboardInterrupt):  # one more while the first one is being told
        code = run(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code (see homeshore.errors)."""
    try:
        outcome: object = app.main(arguments, prog_name="homeshore", standalone_mode=False)
    except BaseException as fault:
        return _ended(fault)
    return outcome if isinstance(outcome, int) else 0


def _unraisable(lost: sys.UnraisableHookArgs) -> None:
    """Ctrl-C that hits a finalizer is dropped by Python (seen in a WeakSet's): ask again when the finalizer is over."""
    if isinstance(lost.exc_value, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, 0.01)
    else:
        sys.__unraisablehook__(lost)


def _interrupt_again(_number: int, _frame: FrameType | None) -> None:
    signal.raise_signal(signal.SIGINT)


def _ended(fault: BaseException) -> int:
    match fault:
        case click.exceptions.Abort() | KeyboardInterrupt():
            click.echo("interrupted", err=True)
            return 130
        case click.ClickException():
            fault.show()
            return 2
        case UserError() | Verdict():
            click.echo(str(fault), err=True)
            return fault.exit_code
        case BrokenPipeError():
            # The reader went away: nothing more to say, and nothing to complain about when Python flushes at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        case Exception() if asked_to_end():  # what an extension module made of the interrupt, say
            click.echo("interrupted", err=True)
            return 130
        case Exception():
            return _own_fault(fault)
        case _:
            raise fault


def _own_fault(fault: Exception) -> int:
    descriptor, name = tempfile.mkstemp(prefix="homeshore-fault-", suffix=".txt")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        traceback.print_exception(fault, file=file)
    click.echo(f"homeshore failed by its own fault: {type(fault).__name__}. Traceback: {Path(name)}", err=True)
    return 3
