"""Account for every event from what is stored, not from what the producer hoped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from homeshore.errors import Verdict
from processor.audit import Held, audit


@dataclass(frozen=True)
class Accounting:
    """Events of one run: `sent` is what the stream acknowledged, the other numbers are counted by reading back.

    `silver_rows` is what the silver model gives; `batches` are objects in bronze; `redelivered` events were held by
    more than one batch and count once. `faults` are sentences.
    """

    sent: int
    batches: int
    silver_rows: int
    stored: int
    duplicates: int
    quarantined: int
    dead_lettered: int
    redelivered: int
    faults: tuple[str, ...] = ()

    def since(self, before: Accounting) -> Accounting:
        """What was added after `before`, when the store held something already. Faults are those of the whole store."""
        return Accounting(
            sent=self.sent - before.sent,
            batches=self.batches - before.batches,
            silver_rows=self.silver_rows - before.silver_rows,
            stored=self.stored - before.stored,
            duplicates=self.duplicates - before.duplicates,
            quarantined=self.quarantined - before.quarantined,
            dead_lettered=self.dead_lettered - before.dead_lettered,
            redelivered=self.redelivered - before.redelivered,
            faults=self.faults,
        )

    def against(self, sent: Mapping[str, int]) -> Accounting:
        """With a fault for each class that holds other than what was `sent` as its kind.

        Sums can close by accident: a foreign event that is stored and a valid one that is quarantined cancel out.
        """
        found = {
            "valid": self.stored,
            "duplicate": self.duplicates,
            "foreign": self.quarantined,
            "undecodable": self.dead_lettered,
        }
        wrong = tuple(
            f"{sent.get(kind, 0):,} events sent as {kind}, {count:,} found in its class"
            for kind, count in found.items()
            if count != sent.get(kind, 0)
        )
        return replace(self, faults=self.faults + wrong)

    @property
    def closes(self) -> bool:
        """Whether every sent event is in exactly one class, every batch adds up, and SQL sees the same rows."""
        return not self.faults and self.missing == 0

    @property
    def missing(self) -> int:
        """Events that were sent and are in no class (negative: classes hold more than was sent)."""
        return self.sent - self.stored - self.duplicates - self.quarantined - self.dead_lettered


def read_back(
    objects: Iterable[Held], *, event_id: str, silver_rows: int, sent: int, read: Callable[[], None]
) -> Accounting:
    """Count the `objects` of a bucket by position; `read` is called once per bronze object.

    `event_id` is the contract's name of the id, `silver_rows` what SQL counts as distinct events, `sent` what the
    stream acknowledged.
    """
    batches = 0

    def seen() -> Iterator[Held]:
        nonlocal batches
        for item in objects:
            yield item
            if item.key.startswith("bronze/"):
                batches += 1
                read()

    found = audit(seen(), event_id)
    differ = f"silver has {silver_rows:,} rows, the objects hold {found.stored:,} distinct events"
    return Accounting(
        sent=sent,
        batches=batches,
        silver_rows=silver_rows,
        stored=found.stored,
        duplicates=found.duplicates,
        quarantined=found.quarantined,
        dead_lettered=found.dead_lettered,
        redelivered=found.redelivered,
        faults=(*found.faults, *((differ,) if silver_rows != found.stored else ())),
    )


def judge(accounting: Accounting) -> None:
    """Raise Verdict, with what is missing, when the accounting does not close."""
    if not accounting.closes:
        first = f"the accounting does not close: {accounting.missing:,} of {accounting.sent:,} events are in no class"
        raise Verdict("\n  ".join([first, *accounting.faults[:10]]))
