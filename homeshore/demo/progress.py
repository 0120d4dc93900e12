"""What the demo shows while it works, on standard error: bars on a terminal, one line a step elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class Steps:
    """Runs named steps, keeps how long each took (`seconds`), and shows the one that is running.

    A context manager: inside it, the terminal belongs to the bars.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._console = Console(stderr=True, highlight=False)
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    @contextmanager
    def step(self, name: str, text: str, total: int | None = None) -> Generator[Callable[[int], None]]:
        """One step. Yields a function that moves its bar on; afterwards a line says how long the step took."""
        task = self._bars.add_task(text, total=total)
        started = time.monotonic()
        try:
            yield lambda amount: self._bars.advance(task, amount)
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.monotonic() - started, 2)
            self._bars.remove_task(task)
        self.say(f"{text}: {time.monotonic() - started:.1f} s")

    def say(self, text: str) -> None:
        """One line that stays."""
        self._bars.console.print(text, markup=False)
