"""A program's failure, told as its author needs it: their own error, and where in their own files it arose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Protocol, cast
from urllib.parse import unquote, urlsplit

from homeshore.errors import UserError

LONGEST_TRACE = 8  # places that a message lists
REGISTERING = ("do_register", "do_read")  # the SDK's coroutines that know where their resource was made
WRAPPED = "While processing "  # how the SDK wraps an error in an input, once per level of nesting
DEEPEST_WRAPPING = 50


class ProgramFailed(UserError):  # noqa: N818 - what happened, as its users read it
    """The user's program failed: the message is their own error, with file and line, and nothing of the machinery."""


@dataclass(frozen=True)
class Place:
    """A line of the user's program; `file` is relative to the project where it lies inside."""

    file: str
    line: int
    function: str = ""

    def __str__(self) -> str:
        inside = f" in {self.function}" if self.function and not self.function.startswith("<") else ""
        return f"{self.file}:{self.line}{inside}"


def describe(fault: BaseException, root: Path, notes: Iterable[str] = ()) -> str:
    """The message of ProgramFailed for `fault`, raised by the program of the project at `root`."""
    fault, resource = _unwrapped(fault)
    places = list(dict.fromkeys(_places(fault, root)))
    lines = [_headline(fault, root, places[0] if places else None)]
    lines += [f"  called from {place}" for place in places[1:LONGEST_TRACE]]
    if resource:
        lines.append(f"  {resource}")
    cause = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    if cause is not None and cause is not fault and not _is_machinery(cause):
        lines.append(f"  caused by {_headline(cause, root, next(iter(_places(cause, root)), None))}")
    lines += [f"  note: {note}" for note in notes]
    return "\n".join(lines)


def _unwrapped(fault: BaseException) -> tuple[BaseException, str]:
    """The error inside the SDK's wrapping, and the line that says which resource was being processed."""
    lines = str(fault).splitlines()
    if not lines or not lines[0].startswith(WRAPPED + "resource"):
        return fault, ""
    inner = fault
    for _ in range(DEEPEST_WRAPPING):
        if not str(inner).startswith(WRAPPED) or inner.__cause__ is None:
            break
        inner = inner.__cause__
    if not any(frame.f_code.co_name in REGISTERING for frame, _ in _frames(inner.__traceback__)):
        # The outer one knows where the resource was made; the inner one may know the user's own line.
        inner.__traceback__ = _joined(fault.__traceback__, inner.__traceback__)
    inner.__cause__ = None
    inner.__suppress_context__ = True
    return inner, lines[0][0].lower() + lines[0][1:].rstrip(":")


def _joined(outer: TracebackType | None, inner: TracebackType | None) -> TracebackType | None:
    joined = inner
    for frame, line in reversed(list(_frames(outer))):
        joined = TracebackType(joined, frame, 0, line)
    return joined


def _headline(fault: BaseException, root: Path, place: Place | None) -> str:
    if isinstance(fault, SyntaxError) and fault.filename and fault.lineno:
        return f"{Place(_relative(fault.filename, root), fault.lineno)}: {type(fault).__name__}: {fault.msg}"
    text = str(fault).strip()
    if isinstance(fault, SystemExit):
        named = f"the program left with exit code {text}" if text.isdigit() else f"the program left: {text}"
    elif type(fault) is Exception and text:
        named = text  # the engine's own refusals: their text says it all
    else:
        named = f"{type(fault).__name__}: {text}".removesuffix(": ")
    return f"{place}: {named}" if place else named


def _places(fault: BaseException, root: Path) -> Iterator[Place]:
    """Lines of the user's program, innermost first: of the traceback, else of the resource that was registered."""
    frames = list(_frames(fault.__traceback__))
    own = [
        Place(_relative(frame.f_code.co_filename, root), line, frame.f_code.co_name)
        for frame, line in frames
        if _is_own(frame.f_code.co_filename, root)
    ]
    yield from reversed(own) if own else _registration(frames, root)


def _frames(trace: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    while trace is not None:
        yield trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next


class _SourcePosition(Protocol):
    @property
    def uri(self) -> str: ...
    @property
    def line(self) -> int: ...


class _SourceFrame(Protocol):
    @property
    def pc(self) -> _SourcePosition: ...


class _StackTrace(Protocol):
    @property
    def frames(self) -> Iterable[_SourceFrame]: ...


def _registration(frames: list[tuple[FrameType, int]], root: Path) -> Iterator[Place]:
    """Where the resource was made whose registration failed.

    A registration runs after the constructor has returned, so the user's line is not in its traceback; the SDK keeps
    it beside the request, in the variable `stack_trace` of the coroutine that registers or reads.
    """
    for frame, _ in reversed(frames):
        if frame.f_code.co_name in REGISTERING and "stack_trace" in frame.f_locals:
            for caller in cast("_StackTrace", frame.f_locals["stack_trace"]).frames:
                path = unquote(urlsplit(caller.pc.uri).path)
                if _is_own(path, root):
                    yield Place(_relative(path, root), caller.pc.line)
            return


def _is_own(filename: str, root: Path) -> bool:
    """Whether the file belongs to the program: below its root, and neither installed there nor this engine."""
    path = Path(filename)
    if not path.is_absolute() or not path.is_relative_to(root):
        return False
    inside = path.relative_to(root).parts
    return not path.is_relative_to(Path(__file__).parent) and not any(
        part in ("site-packages", "dist-packages") or part.startswith(".venv") for part in inside
    )


def _relative(filename: str, root: Path) -> str:
    path = Path(filename)
    return str(path.relative_to(root)) if path.is_absolute() and path.is_relative_to(root) else filename


def _is_machinery(fault: BaseException) -> bool:
    """Whether a cause says nothing that its effect does not: how the engine's answer travelled."""
    return type(fault).__module__.startswith(("homeshore.engine", "asyncio", "grpc", "concurrent"))
