"""What the demo needs of a pipeline that runs: to send to it, to wait for it, to read it back, to query it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from events.generator import GeneratedRecord
from homeshore.local.emulators import Limit
from processor.audit import Held

STORES = ("bronze/", "quarantine/", "dead-letter/")

# What runs stores within seconds; a minute without a single new event means that something is broken.
STALLED_SECONDS = 60.0
POLL_SECONDS = 0.25


@dataclass(frozen=True)
class Table:
    """A query's result as text: column names and rows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]

    def records(self) -> list[dict[str, str | None]]:
        """One mapping per row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Ground:
    """What a run stands on: the cloud, the stack whose settings it takes, the emulators, and what they cannot show.

    `endpoint` is one that serves others too. `resources` of the stack are in the emulator, the types `not_applied` are
    not; None where a cloud's emulators take no resources. `sql` says in which form the models ran.
    """

    cloud: str
    stack: str
    emulator: str
    endpoint: str | None
    resources: int | None
    not_applied: tuple[str, ...] | None
    limits: tuple[Limit, ...]
    sql: str


class Lake(Protocol):
    """A stream with a processor behind it and the bucket that it fills."""

    @property
    def database(self) -> str:
        """The name under which statements find the bronze table."""
        ...

    @property
    def batches(self) -> int:
        """Objects in bronze, as far as they were seen."""
        ...

    def stored(self) -> int:
        """Events in all batches stored so far, by the batches' own accounting."""
        ...

    def send(self, records: Iterable[GeneratedRecord], sent: Callable[[int], None]) -> Counter[str]:
        """Put `records` on the stream; how many of each kind it acknowledged. `sent` is told as they are."""
        ...

    def settle(self, expected: int, advance: Callable[[int], None]) -> None:
        """Wait until `expected` events are stored, or nothing has moved for a while; `advance` is told what was."""
        ...

    def held(self) -> Iterator[Held]:
        """Every object below STORES, in that order."""
        ...

    def ask(self, statement: str) -> Table:
        """The result of a statement in the DuckDB form."""
        ...
