"""What the demo shows while it works, on standard error: bars on a terminal, one line a step elsewhere."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from homeshore.signals import end_if_asked


class _Count(MofNCompleteColumn):
    """How many of how many, and nothing where that is not known."""

    def render(self, task: Task) -> Text:
        """See MofNCompleteColumn."""
        return super().render(task) if task.total else Text("")


@dataclass(frozen=True)
class Bar:
    """The bar of the running step."""

    bars: Progress
    task: TaskID
    text: str

    def advance(self, amount: int) -> None:
        """Move it on. Raises KeyboardInterrupt where Ctrl-C was asked for and got lost."""
        end_if_asked()
        self.bars.advance(self.task, amount)

    def detail(self, what: str) -> None:
        """Say what of the step is being done; nothing once the step is over."""
        if self.task in self.bars.task_ids:
            self.bars.update(self.task, description=f"{self.text}: {what}")


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
            _Count(),
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
    def step(self, name: str, text: str, total: int | None = None) -> Generator[Bar]:
        """One step, with its bar; afterwards a line says how long the step took.

        Raises KeyboardInterrupt, before or after it, where Ctrl-C was asked for and got lost.
        """
        end_if_asked()
        task = self._bars.add_task(text, total=total)
        started = time.monotonic()
        try:
            yield Bar(self._bars, task, text)
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.monotonic() - started, 2)
            self._bars.remove_task(task)
        end_if_asked()
        self.say(f"{text}: {time.monotonic() - started:.1f} s")

    def say(self, text: str) -> None:
        """One line that stays."""
        self._bars.console.print(text, markup=False)
