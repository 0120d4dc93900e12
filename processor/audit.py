"""Counts what a bucket holds, event by event: the accounting from end to end.

Every event is known by its position (partition, sequence number, index in a packed record), so an event that a retry or
a second owner stored twice counts once, and the counts close however the batches were cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, cast

import msgspec

from processor.codec import content
from processor.core import Accounting
from processor.store import Position, Row, row_positions


class Held(NamedTuple):
    """One object of the bucket: its key below the bucket's root, its body and its metadata."""

    key: str
    body: bytes
    metadata: Mapping[str, str]


class Audit(msgspec.Struct, frozen=True):
    """What the bucket holds. All numbers but `objects`, `redelivered` and `batches` are events.

    `stored` are distinct event ids; `duplicates` are further events with those ids; `redelivered` are events that more
    than one batch held. `batches` is the sum over the batches' own accounting, redelivered events included.
    """

    objects: int
    stored: int
    duplicates: int
    quarantined: int
    dead_lettered: int
    redelivered: int
    batches: Accounting
    faults: tuple[str, ...]

    @property
    def accounted(self) -> int:
        """All events that the bucket accounts for."""
        return self.stored + self.duplicates + self.quarantined + self.dead_lettered

    def closes(self, sent: int) -> bool:
        """Whether exactly `sent` events are accounted for, and every batch's own accounting closes."""
        return not self.faults and self.accounted == sent


def audit(objects: Iterable[Held], event_id: str = "event_id") -> Audit:
    """Count the objects under `bronze/`, `quarantine/` and `dead-letter/`; others are passed over.

    `event_id` is the contract's name of the id field. An object that cannot be read is named in `faults`.
    """
    count = _Count(event_id)
    for held in objects:
        kind = held.key.split("/", 1)[0]
        if kind in count.seen:
            count.add(kind, held)
    return count.audit()


class _Entry(Row, kw_only=True):
    event_id: str = ""


class _Count:
    """The growing sets of positions, by kind of object."""

    def __init__(self, event_id: str) -> None:
        entry = msgspec.defstruct("Entry", [], bases=(_Entry,), rename={"event_id": event_id})
        self._decoder = msgspec.json.Decoder(cast("type[_Entry]", entry))
        self._ids: set[str] = set()
        self._batches = [0] * len(Accounting.__struct_fields__)
        self._faults: list[str] = []
        self._objects = 0
        self.seen: dict[str, set[Position]] = {"bronze": set(), "quarantine": set(), "dead-letter": set()}

    def add(self, kind: str, held: Held) -> None:
        self._objects += 1
        try:
            entries = self._decoder.decode_lines(content(held.body))
            if kind == "bronze":
                self._add_batch(held, entries)
        except (ValueError, KeyError) as fault:
            self._faults.append(f"{held.key}: cannot be read ({type(fault).__name__})")
            return
        self.seen[kind].update(position for entry in entries for position in row_positions(entry))

    def _add_batch(self, held: Held, entries: list[_Entry]) -> None:
        batch = accounting_of(held.metadata)
        self._batches = [a + b for a, b in zip(self._batches, msgspec.structs.astuple(batch), strict=True)]
        if not batch.closes():
            self._faults.append(f"{held.key}: the batch's accounting does not close")
        if batch.written != len(entries):
            self._faults.append(f"{held.key}: holds {len(entries)} rows, and its accounting says {batch.written}")
        self._ids.update(entry.event_id for entry in entries)

    def audit(self) -> Audit:
        bronze = self.seen["bronze"]
        quarantined = self.seen["quarantine"] - bronze
        dead = self.seen["dead-letter"] - bronze - quarantined
        batches = Accounting(*self._batches)
        return Audit(
            objects=self._objects,
            stored=len(self._ids),
            duplicates=len(bronze) - len(self._ids),
            quarantined=len(quarantined),
            dead_lettered=len(dead),
            redelivered=batches.events_in - len(bronze) - len(quarantined) - len(dead),
            batches=batches,
            faults=tuple(self._faults),
        )


def accounting_of(metadata: Mapping[str, str]) -> Accounting:
    """The accounting in a bronze object's metadata. Raises KeyError or ValueError for another object's."""
    names = msgspec.structs.fields(Accounting)
    return Accounting(*(int(metadata[field.encode_name]) for field in names))
