"""Runs the user's program, unmodified, against the recording monitor in this process."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import os
import sys
import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import ParamSpec, TextIO, TypeVar

import pulumi
from google.protobuf import empty_pb2
from pulumi.runtime import Settings, configure, set_all_config
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.settings import ROOT
from pulumi.runtime.stack import run_in_stack

from homeshore.engine.configuration import StackStrings, default_strings, stack_strings
from homeshore.engine.failures import ProgramFailed, describe, redacted
from homeshore.engine.model import Backend, Snapshot
from homeshore.engine.monitor import Monitor
from homeshore.project import Project

P = ParamSpec("P")
T = TypeVar("T")

PROGRAM = "__main__.py"
BACKEND_THREADS = 8
_ONE_AT_A_TIME = threading.Lock()
"""A program owns the working directory, the module path and the event loop while it runs: threads gain nothing."""


def run(
    project: Project,
    stack: str,
    backend: Backend | None = None,
    config: Mapping[str, str] | None = None,
    diagnostics: TextIO | None = None,
) -> Snapshot:
    """See homeshore.engine.run_program."""
    if config is None:
        strings = stack_strings(project.stack_file(stack), project.name, project.config)
    else:
        strings = StackStrings({**default_strings(project.config), **config})
    monitor = Monitor(project.name, stack, strings, backend)
    run = _Run(project, stack, monitor, _Log(monitor, diagnostics or sys.stderr))
    with _ONE_AT_A_TIME, _program_environment(project.root):
        try:
            contextvars.copy_context().run(run.execute)
        finally:
            run.log.flush()
    return Snapshot(project.name, stack, monitor.resources(), monitor.outputs)


@dataclass
class _Run:
    project: Project
    stack: str
    monitor: Monitor
    log: _Log
    raised: BaseException | None = None

    def execute(self) -> None:
        """Run the program in a context of its own, so that nothing of it remains."""
        ROOT.set(None)
        configure(
            Settings(
                self.project.name,
                self.stack,
                monitor=self.monitor,
                engine=self.log,
                dry_run=self.monitor.dry_run,
                organization="organization",
                root_directory=str(self.project.root),
            )
        )
        strings = self.monitor.configuration
        set_all_config(dict(strings.values), list(strings.secret_keys))
        executor = (
            _Inline() if self.monitor.backend is None else ThreadPoolExecutor(BACKEND_THREADS, "homeshore-engine")
        )
        try:
            self._run_to_the_end(executor)
        except KeyboardInterrupt:
            raise
        except BaseException as fault:
            self._report(self.raised or fault)
        finally:
            executor.shutdown(wait=True, cancel_futures=True)
        if self.log.errors:
            raise ProgramFailed(f"The program of stack {self.stack!r} logged an error:\n" + "\n".join(self.log.errors))

    def _run_to_the_end(self, executor: ThreadPoolExecutor) -> None:
        loop = asyncio.new_event_loop()
        loop.set_default_executor(executor)
        # A failed run leaves futures whose exception nobody awaits; the first failure is told by the program's error.
        loop.set_exception_handler(lambda _loop, _context: None)
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(run_in_stack(self._program))
        except BaseException:
            self.monitor.cancelled = True
            raise
        finally:
            _cancel_all(loop)
            asyncio.set_event_loop(None)
            loop.close()

    def _program(self) -> None:
        path = self.project.root / PROGRAM
        try:
            code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
            exec(code, {"__name__": "__main__", "__file__": str(path), "__builtins__": __builtins__})  # noqa: S102
        except BaseException as fault:
            self.raised = fault
            raise

    def _report(self, fault: BaseException) -> None:
        """Raise what the user is to see. Leaving with `sys.exit(0)` is no failure."""
        if self.monitor.failure is not None:
            raise self.monitor.failure
        if isinstance(fault, SystemExit) and not fault.code:
            return
        raise ProgramFailed(redacted(self._message(fault), self.monitor.secrets)) from None

    def _message(self, fault: BaseException) -> str:
        if isinstance(fault, pulumi.RunError):
            return str(fault)
        if isinstance(fault, FileNotFoundError) and fault.filename == str(self.project.root / PROGRAM):
            return f"{fault.filename}: the project has no program."
        notes = [
            f"{token} asks the cloud, and this engine has none: its answer is unknown here. "
            "Take the value from the configuration, or use the function's `_output` form."
            for token in dict.fromkeys(self.monitor.unanswered)
        ]
        message = describe(fault, self.project.root, notes)
        return f"The program of stack {self.stack!r} failed:\n{message}"


class _Inline(ThreadPoolExecutor):
    """Runs each call at once, in the caller's thread: recording needs no threads and has the same order each time."""

    def __init__(self) -> None:
        super().__init__(max_workers=1)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as fault:
            future.set_exception(fault)
        return future


@dataclass
class _Log:
    """The engine's side of `pulumi.log`: diagnostics, kept until all secrets of the run are known."""

    monitor: Monitor
    stream: TextIO
    entries: list[tuple[str, str]] = field(default_factory=list["tuple[str, str]"])
    root: str = ""

    def Log(self, request: engine_pb2.LogRequest) -> empty_pb2.Empty:  # noqa: N802
        """Keep one message; the SDK's own debug chatter is dropped."""
        if request.severity != engine_pb2.DEBUG:
            severity = engine_pb2.LogSeverity.Name(request.severity).lower()
            subject = f"{request.urn}: " if request.urn else ""
            self.entries.append((severity, f"{severity}: {subject}{request.message}"))
        return empty_pb2.Empty()

    def GetRootResource(self, _request: object) -> engine_pb2.GetRootResourceResponse:  # noqa: N802
        """The URN of the stack, once set."""
        return engine_pb2.GetRootResourceResponse(urn=self.root)

    def SetRootResource(  # noqa: N802
        self, request: engine_pb2.SetRootResourceRequest
    ) -> engine_pb2.SetRootResourceResponse:
        """Remember the URN of the stack."""
        self.root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def RequirePulumiVersion(  # noqa: N802
        self, _request: object
    ) -> engine_pb2.RequirePulumiVersionResponse:
        """This engine follows the SDK's version: whatever range the program asks for was met at install."""
        return engine_pb2.RequirePulumiVersionResponse()

    @property
    def errors(self) -> list[str]:
        """Messages of severity error: they fail a run, as they do under the real engine."""
        return [redacted(text, self.monitor.secrets) for severity, text in self.entries if severity == "error"]

    def flush(self) -> None:
        """Write what is kept, without a secret."""
        for severity, text in self.entries:
            if severity != "error":
                print(redacted(text, self.monitor.secrets), file=self.stream)


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    """End every task that the program left, so that nothing is reported when they are collected."""
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    if pending:
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))


@contextlib.contextmanager
def _program_environment(root: Path) -> Generator[None]:
    """The process as the program expects it: its directory current and first on the module path, its name in argv."""
    directory, path, argv = Path.cwd(), list(sys.path), list(sys.argv)
    asyncio_log = logging.getLogger("asyncio")
    level = asyncio_log.level
    before = set(sys.modules)
    asyncio_log.setLevel(logging.CRITICAL)
    os.chdir(root)
    sys.path.insert(0, str(root))
    sys.argv = [str(root / PROGRAM)]
    try:
        yield
    finally:
        os.chdir(directory)
        sys.path[:], sys.argv = path, argv
        asyncio_log.setLevel(level)
        _forget_modules(root, before)


def _forget_modules(root: Path, before: set[str]) -> None:
    """Drop what a foreign program imported from its own directory: the next one may have modules of the same names.

    The project that this engine is installed from keeps its modules; they make no resources when they are imported.
    """
    if root == Path(__file__).resolve().parents[2]:
        return
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None)
        if file and Path(file).is_relative_to(root) and "site-packages" not in Path(file).parts:
            del sys.modules[name]
