"""Runs the user's program, unmodified, against the recording monitor in this process."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import logging
import os
import sys
import threading
from collections.abc import Callable, Coroutine, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, TextIO, TypeVar, cast

import pulumi
from pulumi.runtime import Settings, configure, set_all_config
from pulumi.runtime.settings import ROOT, SETTINGS
from pulumi.runtime.stack import run_in_stack

from homeshore.engine.configuration import StackStrings, default_strings, stack_strings
from homeshore.engine.failures import ProgramFailed, describe
from homeshore.engine.log import Log, Printed
from homeshore.engine.model import Backend, Snapshot
from homeshore.engine.monitor import Monitor
from homeshore.engine.order import in_order
from homeshore.engine.redaction import frames_of
from homeshore.project import Project
from homeshore.signals import held

P = ParamSpec("P")
T = TypeVar("T")

PROGRAM = "__main__.py"
BACKEND_THREADS = 8
SETTLING_STEPS = 2000  # turns of the event loop; a hundred resources take about 150
CANCEL_SECONDS, CANCEL_ROUND_SECONDS = 5, 0.05  # for tasks that resist being cancelled
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
    monitor = Monitor(project.name, stack, strings, backend, project.root)
    current = _Run(project, stack, monitor, Log(monitor.secrets))
    try:
        with (
            _ONE_AT_A_TIME,
            _program_environment(project.root, current.log),
            _pristine_settings(),
            _collector_off(),
            _alias_specs_only(),
        ):
            contextvars.copy_context().run(current.execute)
    finally:
        current.log.write_to(diagnostics or sys.stderr)
    return Snapshot(project.name, stack, in_order(monitor.resources()), monitor.outputs)


@dataclass(frozen=True)
class _Failure:
    """What an exception said of itself when a task first ended with it."""

    fault: BaseException
    trace: TracebackType | None
    cause: BaseException | None
    suppress_context: bool


@dataclass
class _Run:
    project: Project
    stack: str
    monitor: Monitor
    log: Log
    raised: BaseException | None = None
    failures: dict[int, _Failure] = field(default_factory=dict[int, "_Failure"])

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
            if isinstance(self.raised, KeyboardInterrupt):
                raise self.raised from None
            self._report(self._as_raised(self.raised or fault))
        finally:
            executor.shutdown(wait=True, cancel_futures=True)
        if errors := self.log.errors:
            raise ProgramFailed("\n  ".join((f"The program of stack {self.stack!r} logged an error:", *errors)))

    def _run_to_the_end(self, executor: ThreadPoolExecutor) -> None:
        # Interrupted in its own constructor, an event loop prints a traceback when it is collected (Python 3.11).
        with held():
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
        """Keep what a fresh failure says of itself: the SDK hands the exception on through many futures."""
        fault = None if task.cancelled() else task.exception()
        if fault is not None and id(fault) not in self.failures:
            self.failures[id(fault)] = _Failure(fault, fault.__traceback__, fault.__cause__, fault.__suppress_context__)

    def _program(self) -> Coroutine[Any, Any, None] | None:
        path = self.project.root / PROGRAM
        try:
            code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
            exec(code, {"__name__": "__main__", "__file__": str(path), "__builtins__": __builtins__})  # noqa: S102
        except BaseException as fault:
            self.raised = fault
            self.monitor.cancelled = isinstance(fault, KeyboardInterrupt)
            raise
        return _settled() if self.monitor.backend is None else None

    def _as_raised(self, fault: BaseException) -> BaseException:
        """The exception as it was when it was raised: the SDK re-raises it, also `from` itself."""
        first = self.failures.get(id(fault))
        if first is not None:
            fault.__cause__, fault.__suppress_context__ = first.cause, first.suppress_context
            return fault.with_traceback(first.trace)
        return fault

    def _report(self, fault: BaseException) -> None:
        """Raise what the user is to see. Leaving with `sys.exit(0)` is no failure."""
        self.monitor.secrets.learn_from(frames_of(fault))
        if self.monitor.failure is not None:
            self.monitor.failure.args = (self.monitor.secrets.redact(str(self.monitor.failure)),)
            raise self.monitor.failure
        if isinstance(fault, SystemExit) and not fault.code:
            return
        raise ProgramFailed(self.monitor.secrets.redact(self._message(fault))) from None

    def _message(self, fault: BaseException) -> str:
        if isinstance(fault, pulumi.RunError):
            return str(fault)
        if isinstance(fault, FileNotFoundError) and fault.filename == str(self.project.root / PROGRAM):
            return f"{fault.filename}: the project has no program."
        # A plain call of a function that nobody answered fails inside the SDK, where it takes the answer apart.
        unanswered = self.monitor.unanswered if isinstance(fault, AssertionError) else []
        notes = [
            f"{token} asks the cloud, and this engine has none: its answer is unknown here. "
            "Take the value from the configuration, or use the function's `_output` form."
            for token in dict.fromkeys(unanswered)
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


async def _settled() -> None:
    """Let the recording go on until nothing is outstanding, or for a while.

    The SDK would wait for all outputs each time that one of them is there, which takes time quadratic in their number.
    """
    outputs = cast("set[object]", cast("Any", SETTINGS).outputs)
    for _ in range(SETTLING_STEPS):
        if not outputs:
            return
        await asyncio.sleep(0)


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    """End every task that the program left, so that nothing is reported when they are collected.

    More than one round: the SDK catches the first cancellation and goes on to wait for outputs that never come.
    """
    deadline = loop.time() + CANCEL_SECONDS
    while (pending := asyncio.all_tasks(loop)) and loop.time() < deadline:
        for task in pending:
            task.cancel()
        loop.run_until_complete(asyncio.wait(pending, timeout=CANCEL_ROUND_SECONDS))


@contextlib.contextmanager
def _collector_off() -> Generator[None]:
    """Collect the garbage of a run once, at its end.

    A run makes enough objects for a full collection, which walks all of the provider SDK: 0.1 s of a run of 0.14 s.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect(0)  # all that the run made is in the youngest generation


@contextlib.contextmanager
def _alias_specs_only() -> Generator[None]:
    """Leave a resource's aliases as the specs that the monitor asks for and takes apart itself.

    The SDK also works each of them out as an URN, for engines that do not know specs, and awaits a dozen outputs for
    it (pulumi 3.272, Resource.__init__). Azure's resources have some 20 aliases each, one per version of its API: that
    was three quarters of a run.
    """

    def as_stated(*_alias_name_type_parent: object) -> str:
        return ""

    module = cast("Any", pulumi.resource)
    worked_out = module.collapse_alias_to_urn
    module.collapse_alias_to_urn = as_stated
    try:
        yield
    finally:
        module.collapse_alias_to_urn = worked_out


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
