"""Signals while something that was started has to be ended: one way out, which the next Ctrl-C does not break off."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn, cast

_asked = threading.Event()
"""Whether somebody asked this process to end: foreign code can swallow the exception that says so, never this."""


def remember_interrupts() -> None:
    """From now on Ctrl-C raises KeyboardInterrupt, as ever, and is remembered for `end_if_asked`.

    To be called in the main thread, once for a process. Whoever is told to ignore Ctrl-C goes on.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _interrupt)


def end_if_asked() -> None:
    """Raise KeyboardInterrupt where one was asked for and has got lost, in an extension module that loads, say."""
    if asked_to_end():
        raise KeyboardInterrupt


def asked_to_end() -> bool:
    """Whether somebody asked this process to end."""
    return _asked.is_set()


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    _asked.set()
    raise KeyboardInterrupt


@contextmanager
def terminated_as_interrupted() -> Generator[None]:
    """Being ended, or losing the terminal, as Ctrl-C inside the block, so that one way out cleans up.

    A no-op outside the main thread.
    """
    with _handled((signal.SIGTERM, signal.SIGHUP), _interrupt):
        yield


@contextmanager
def uninterrupted() -> Generator[None]:
    """Cleaning up because of one Ctrl-C is not broken off by the next: it takes seconds, and then the run ends.

    A no-op outside the main thread.
    """

    def wait(_number: int, _frame: FrameType | None) -> None:
        return

    with _handled((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), wait):
        yield


@contextmanager
def held() -> Generator[None]:
    """What comes inside the block arrives when it is over. A no-op outside the main thread.

    Blocking the signals would not do: another thread would take them, and Python hands them to the main one.
    """
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    with _handled((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), note):
        yield
    for number in dict.fromkeys(came):
        signal.raise_signal(number)


@contextmanager
def _handled(numbers: Iterable[signal.Signals], handler: Callable[[int, FrameType | None], None]) -> Generator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {
        number: cast("Callable[[int, FrameType | None], object] | int | None", signal.signal(number, handler))
        for number in numbers
        # Whoever is told to ignore it (nohup) goes on.
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, before in handlers.items():
            signal.signal(number, before if before is not None else signal.SIG_DFL)
