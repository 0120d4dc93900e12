"""Runs the user's program, unmodified, against the recording monitor in this process."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import os
import sys
import threading
from collections.abc import Callable, Coroutine, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, TextIO, TypeVar

import pulumi
from pulumi.runtime import Settings, configure, set_all_config
from pulumi.runtime.settings import ROOT
from pulumi.runtime.stack import run_in_stack

from homeshore.engine.configuration import StackStrings, default_strings, stack_strings
from homeshore.engine.failures import ProgramFailed, describe
from homeshore.engine.log import Log, Printed
from homeshore.engine.model import Backend, Snapshot
from homeshore.engine.monitor import Monitor
from homeshore.engine.redaction import frames_of
from homeshore.project import Project

P = ParamSpec("P")
T = TypeVar("T")

PROGRAM = "__main__.py"
BACKEND_THREADS = 8
CANCEL_SECONDS = 5  # for tasks that resist being cancelled
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
    current = _Run(project, stack, monitor, Log(monitor.secrets))
    try:
        with _ONE_AT_A_TIME, _program_environment(project.root, current.log), _pristine_settings():
            contextvars.copy_context().run(current.execute)
    finally:
        current.log.write_to(diagnostics or sys.stderr)
    return Snapshot(project.name, stack, monitor.resources(), monitor.outputs)


@dataclass
class _Run:
    project: Project
    stack: str
    monitor: Monitor
    log: Log
    raised: BaseException | None = None
    traces: dict[int, tuple[BaseException, TracebackType | None]] = field(default_factory=dict[int, Any])

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
        threaded = self.monitor.backend is not None
        executor = ThreadPoolExecutor(BACKEND_THREADS, "homeshore-engine") if threaded else _Inline()
        try:
            self._run_to_the_end(executor)
        except KeyboardInterrupt:
            raise
        except BaseException as fault:
            self._report(self._with_first_trace(self.raised or fault))
        finally:
            executor.shutdown(wait=True, cancel_futures=True)
        if errors := self.log.errors:
            raise ProgramFailed("\n  ".join((f"The program of stack {self.stack!r} logged an error:", *errors)))

    def _run_to_the_end(self, executor: ThreadPoolExecutor) -> None:
        loop = asyncio.new_event_loop()
        loop.set_default_executor(executor)
        loop.set_task_factory(self._task)
        # A failed run leaves futures whose exception nobody awaits; the first failure is told by the program's error.
        loop.set_exception_handler(lambda _loop, _context: None)
        try:
            loop.run_until_complete(run_in_stack(self._program))
        except BaseException:
            self.monitor.cancelled = True
            raise
        finally:
            _cancel_all(loop)
            loop.close()

    def _task(
        self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T] | Generator[Any, None, T], **options: Any
    ) -> asyncio.Task[T]:
        task = asyncio.Task(work, loop=loop, **options)
        task.add_done_callback(self._note_failure)
        return task

    def _note_failure(self, task: asyncio.Task[Any]) -> None:
        """Keep the traceback of a failure when it is fresh: the SDK hands the exception on through many futures."""
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            self.traces.setdefault(id(fault), (fault, fault.__traceback__))

    def _program(self) -> None:
        path = self.project.root / PROGRAM
        try:
            code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
            exec(code, {"__name__": "__main__", "__file__": str(path), "__builtins__": __builtins__})  # noqa: S102
        except BaseException as fault:
            self.raised = fault
            raise

    def _with_first_trace(self, fault: BaseException) -> BaseException:
        _, trace = self.traces.get(id(fault), (fault, fault.__traceback__))
        return fault.with_traceback(trace)

    def _report(self, fault: BaseException) -> None:
        """Raise what the user is to see. Leaving with `sys.exit(0)` is no failure."""
        if self.monitor.failure is not None:
            raise self.monitor.failure
        if isinstance(fault, SystemExit) and not fault.code:
            return
        self.monitor.secrets.learn_from(frames_of(fault))
        raise ProgramFailed(self.monitor.secrets.redact(self._message(fault))) from None

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


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    """End every task that the program left, so that nothing is reported when they are collected."""
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    if pending:
        loop.run_until_complete(asyncio.wait(pending, timeout=CANCEL_SECONDS))


@contextlib.contextmanager
def _pristine_settings() -> Generator[None]:
    """Take back what the SDK keeps of a run outside of its context.

    Its settings live in context variables, but each remembers the first value that a context gives it as the default
    of all others (pulumi 3.272, ContextProperty.fset): the monitor of this run would answer whoever comes next.
    """
    name = "_ContextProperty__default"
    kept = {item: getattr(item, name) for item in vars(Settings).values() if hasattr(item, name)}
    try:
        yield
    finally:
        for item, default in kept.items():
            setattr(item, name, default)


@contextlib.contextmanager
def _program_environment(root: Path, log: Log) -> Generator[None]:
    """The process as the program expects it: its directory current and first on the module path, its name in argv."""
    directory, path, argv, before = Path.cwd(), list(sys.path), list(sys.argv), set(sys.modules)
    asyncio_log = logging.getLogger("asyncio")
    level = asyncio_log.level
    asyncio_log.setLevel(logging.CRITICAL)
    os.chdir(root)
    sys.path.insert(0, str(root))
    sys.argv = [str(root / PROGRAM)]
    printed = Printed(log)
    try:
        with contextlib.redirect_stdout(printed):
            yield
    finally:
        printed.finish()
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
