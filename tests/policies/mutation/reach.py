"""Which check reaches which function of the rules, and judges which types: a mutant is shown to those first."""

from __future__ import annotations

import os
import pickle
import random
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from types import FrameType
from typing import Any, Final, TypeAlias

from tests.policies.mutation.mutants import POLICIES
from tests.policies.mutation.suite import Check, run

Function: TypeAlias = tuple[str, str]
"""A file, and the outermost function in it, by its qualified name."""
HERE: Final = f"{POLICIES}{os.sep}"
JUDGE: Final = (str(POLICIES / "judge.py"), "judge")


@dataclass
class Reached:
    """What one check, or an import, ran: functions, the types in the stacks that it judged, and how long it took."""

    functions: set[Function] = field(default_factory=set[Function])
    types: set[str] = field(default_factory=set[str])
    seconds: float = 0.0
    fault: str = ""


def outermost(qualified: str) -> str:
    """The function that stands in a module or class, around what stands in it."""
    return qualified.partition(".<locals>")[0]


def reached(work: Callable[[], object]) -> Reached:
    """What `work` reaches; a fault that it raises is told, not raised."""
    found = Reached()

    def seen(frame: FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(HERE):
            found.functions.add((code.co_filename, outermost(code.co_qualname)))
            if (code.co_filename, code.co_qualname) == JUDGE:
                found.types |= {one.type for one in frame.f_locals["stack"].resources}

    begun = time.perf_counter()
    sys.setprofile(seen)
    try:
        work()
    except BaseException as fault:
        found.fault = f"{type(fault).__name__}: {fault}"
    finally:
        sys.setprofile(None)
    found.seconds = time.perf_counter() - begun
    return found


def survey(checks: Iterable[Check], processes: int) -> dict[Check, Reached]:
    """What every check reaches, found in forked processes, so that nothing of it stays in this one."""
    mixed = list(checks)
    random.Random(1).shuffle(mixed)
    running = [forked(partial(_surveyed, part)) for part in _parts(mixed, processes)]
    told: dict[Check, Reached] = {}
    for pipe in running:
        told |= received(pipe)
    return {one: told[one] for one in mixed}


def _surveyed(checks: list[Check]) -> dict[Check, Reached]:
    return {one: reached(partial(run, one)) for one in checks}


def _parts(checks: list[Check], processes: int) -> list[list[Check]]:
    return [checks[at::processes] for at in range(processes)]


def forked(work: Callable[[], object]) -> tuple[int, int]:
    """Run `work` in a child; (its process id, the pipe that its pickled result comes through)."""
    receiving, sending = os.pipe()
    child = os.fork()
    if child:
        os.close(sending)
        return child, receiving
    os.close(receiving)
    status = 1
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        result = pickle.dumps(work())
        with os.fdopen(sending, "wb") as pipe:
            pipe.write(result)
        status = 0
    finally:
        os._exit(status)


def received(running: tuple[int, int]) -> Any:
    """The result of a child. Raises ChildProcessError where it died without one."""
    child, receiving = running
    with os.fdopen(receiving, "rb") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if not text:
        raise ChildProcessError(f"process {child} ended with status {status} and no result")
    return pickle.loads(text)
