"""Several stacks at once, each in a forked worker: threads gain nothing, because a program owns its process."""

from __future__ import annotations

import io
import multiprocessing
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from homeshore.engine import Snapshot, run_program
from homeshore.errors import UserError

if TYPE_CHECKING:
    from homeshore.project import Project

    _Reader = Connection[object, object]  # the class cannot be subscripted when it runs

T = TypeVar("T")

_CLOUD = re.compile(rb"^\s*[\"']?cloud[\"']?:\s*[\"']?(\w+)|placement:.*?cloud:\s*[\"']?(\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What became of one stack: `made` of its snapshot, or the `failure` that the user is to read."""

    stack: str
    made: T | None
    failure: str | None


@dataclass(frozen=True)
class _Message:
    """What a worker sends of one stack. `fault` is the traceback of a fault of our own."""

    number: int
    made: object
    failure: str | None
    fault: str | None
    diagnostics: str


def run_programs(project: Project, stacks: Sequence[str], make: Callable[[Snapshot], T]) -> list[Outcome[T]]:
    """Run the program for each of `stacks` and return what `make` makes of each snapshot, in the order of `stacks`.

    Stacks of one cloud share a worker, because loading a cloud's SDK takes ten times as long as running the program.
    One stack, or a system without fork, runs in this process. `make` runs in the worker; what it returns must pickle.
    What the programs log goes to stderr, stack by stack. Raises RuntimeError for a fault of our own in a worker, with
    its traceback; a failure of a program is part of its outcome.
    """
    jobs = list(enumerate(stacks))
    groups = _groups(project, jobs)
    # A forked child has only the thread that forked: a lock that another thread held stays locked in it.
    alone = len(groups) == 1 or not hasattr(os, "fork") or threading.active_count() > 1
    messages = list(_run(project, jobs, make)) if alone else _forked(project, groups, make)
    outcomes: list[Outcome[T]] = []
    for message in sorted(messages, key=lambda one: one.number):
        sys.stderr.write(message.diagnostics)
        if message.fault is not None:
            raise RuntimeError(f"stack {stacks[message.number]}:\n{message.fault}")
        outcomes.append(Outcome(stacks[message.number], cast("T | None", message.made), message.failure))
    return outcomes


def every_result(outcomes: Sequence[Outcome[T]]) -> list[T]:
    """What was made of each stack. Raises UserError with all failures at once."""
    if failures := [outcome.failure for outcome in outcomes if outcome.failure is not None]:
        raise UserError("\n\n".join(failures))
    return [cast("T", outcome.made) for outcome in outcomes]


def _groups(project: Project, jobs: list[tuple[int, str]]) -> list[list[tuple[int, str]]]:
    """The jobs by cloud; a cloud's are split further while there are idle processors."""
    by_cloud: dict[bytes, list[tuple[int, str]]] = {}
    for number, stack in jobs:
        by_cloud.setdefault(_cloud(project, stack), []).append((number, stack))
    groups = list(by_cloud.values())
    while len(groups) < _processors() and max(map(len, groups)) > 1:
        groups.sort(key=len)
        largest = groups.pop()
        groups += [largest[::2], largest[1::2]]
    return groups


def _cloud(project: Project, stack: str) -> bytes:
    """The cloud that a stack file names; a guess, on which only the speed depends."""
    with suppress(OSError, UserError):
        found = _CLOUD.search(project.stack_file(stack).read_bytes())
        if found:
            return cast("bytes", found[1] or found[2])
    return b""


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _forked(
    project: Project, groups: list[list[tuple[int, str]]], make: Callable[[Snapshot], object]
) -> list[_Message]:
    context = multiprocessing.get_context("fork")
    # A daemon is ended with this process; one that outlives it, because it was killed, ends at its next message.
    workers: dict[_Reader, BaseProcess] = {}
    messages: list[_Message] = []
    try:
        for group in groups:
            reader, writer = cast("tuple[_Reader, _Reader]", context.Pipe(duplex=False))
            worker = context.Process(target=_work, args=(writer, list(workers), project, group, make), daemon=True)
            worker.start()
            writer.close()
            workers[reader] = worker
        messages += _received(workers)
    finally:
        for reader, worker in workers.items():
            reader.close()
            worker.terminate()
            worker.join()
    missing = sum(map(len, groups)) - len(messages)
    if missing:
        codes = ", ".join(str(worker.exitcode) for worker in workers.values())
        raise RuntimeError(f"workers ended without an answer for {missing} stacks; exit codes {codes}")
    return messages


def _received(workers: dict[_Reader, BaseProcess]) -> Iterator[_Message]:
    """Every message of every worker, until each has closed its end."""
    open_ends = set(workers)
    while open_ends:
        for ready in wait(open_ends):
            reader = cast("Connection", ready)
            try:
                yield cast("_Message", reader.recv())
            except EOFError:
                open_ends.discard(reader)


def _work(
    writer: Connection,
    inherited: list[Connection],
    project: Project,
    group: list[tuple[int, str]],
    make: Callable[[Snapshot], object],
) -> None:
    import gc
    import signal

    # A worker ends in seconds: what it leaves goes with it, and a full collection walks all of a provider's SDK.
    gc.disable()
    # Ctrl-C reaches every process of the terminal; the parent ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for reader in inherited:
        reader.close()
    with suppress(BrokenPipeError):
        for message in _run(project, group, make):
            writer.send(message)


def _run(project: Project, jobs: list[tuple[int, str]], make: Callable[[Snapshot], object]) -> Iterator[_Message]:
    for number, stack in jobs:
        told = io.StringIO()
        try:
            made = make(run_program(project, stack, diagnostics=told))
        except UserError as fault:
            yield _Message(number, None, str(fault), None, told.getvalue())
        except Exception:  # told to the parent, which raises it as our own fault
            yield _Message(number, None, None, traceback.format_exc(), told.getvalue())
        else:
            yield _Message(number, made, None, None, told.getvalue())
