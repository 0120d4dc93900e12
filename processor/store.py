"""Puts a batch's objects into a bucket so that attempts that die, repeat or overlap lose nothing.

An object is named by its partition and FIRST sequence number only. A retry from the same record meets its own earlier
object there, and so does a second owner of the partition (two can live for a while); either may hold a shorter or a
longer range, because a platform may split a failed batch or read another window. Three rules, judged by the events that
the objects really hold, never by their ranges alone (parallel readers of one partition have ranges with holes):

- what is stored holds all of ours and reaches as far: keep it, and report success;
- ours holds all of what is stored and reaches as far: replace it, on the condition that nobody has done so meanwhile;
- neither: store ours beside it, under a name that its content decides.

Quarantine and dead letters go first and bronze last: a bronze object says that its batch is complete.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Literal, Protocol

import msgspec

from processor.codec import Codec, content, stem_and_suffix
from processor.core import Stored

Outcome = Literal["created", "kept", "replaced", "aside"]

ATTEMPTS = 10


class Existing(msgspec.Struct, frozen=True):
    """An object as the bucket holds it; `tag` changes with each write."""

    body: bytes
    metadata: dict[str, str]
    tag: str


class ObjectStore(Protocol):
    """A bucket with conditional writes. Each method raises on any fault but the one that its result tells."""

    codec: Codec = "zstd"
    """How objects there are compressed, so that the SQL engine beside it can read them."""

    def read(self, key: str) -> Existing | None:
        """The object, or None when there is none."""
        ...

    def create(self, stored: Stored) -> bool:
        """Write it; False, and nothing written, when the key is taken."""
        ...

    def replace(self, stored: Stored, tag: str) -> bool:
        """Write it; False, and nothing written, unless the object there still has `tag`."""
        ...


class StoreConflict(RuntimeError):  # noqa: N818 - named for what is wrong
    """Others kept writing the same object: the batch fails as a whole and the platform retries it."""


def store_all(store: ObjectStore, objects: Sequence[Stored]) -> list[Outcome]:
    """Store a batch's objects in their order. When this returns, every event of the batch is in the bucket."""
    return [store_one(store, stored) for stored in objects]


def store_one(store: ObjectStore, stored: Stored) -> Outcome:
    """Store one object by the three rules. Raises StoreConflict, and whatever the store raises."""
    for _ in range(ATTEMPTS):
        if store.create(stored):
            return "created"
        existing = store.read(stored.key)
        if existing is None:
            continue  # deleted between the two calls
        held, ours = positions(existing.body), positions(stored.body)
        held_to, ours_to = _last(existing.metadata), _last(stored.metadata)
        if held >= ours and held_to >= ours_to:
            return "kept"
        if not (ours >= held and ours_to >= held_to):
            aside = _aside(stored)
            # The name tells the content, so an object that is there is this one. That it is there has to be seen: a
            # bucket also refuses a name that another writer has only begun to write, and may never finish.
            if store.create(aside) or store.read(aside.key) is not None:
                return "aside"
            continue
        if store.replace(stored, existing.tag):
            return "replaced"
    raise StoreConflict(f"{stored.key}: {ATTEMPTS} attempts were overtaken by other writers")


def _aside(stored: Stored) -> Stored:
    digest = hashlib.sha256(stored.body).hexdigest()[:16]
    stem, suffix = stem_and_suffix(stored.key)
    return msgspec.structs.replace(stored, key=f"{stem}-{digest}{suffix}")


def _last(metadata: dict[str, str]) -> tuple[int, str]:
    return in_order(metadata["last-sequence"])


def in_order(sequence: str) -> tuple[int, str]:
    """What sorts sequence numbers (decimal, without leading zeros) as numbers, and any other text in one order too."""
    return len(sequence), sequence


class Row(msgspec.Struct):
    """The position in a row of any of the three kinds of object; `repeats` are SEQUENCE:INDEX."""

    shard: str = msgspec.field(name="_shard")
    sequence: str = msgspec.field(name="_sequence")
    index: int = msgspec.field(name="_index")
    repeats: list[str] = msgspec.field(name="_repeats", default_factory=list[str])


Position = tuple[str, str, int]
_rows = msgspec.json.Decoder(Row)


def row_positions(row: Row) -> Iterator[Position]:
    """The positions (partition, sequence, index) of a row's own event and of those that it repeats."""
    yield row.shard, row.sequence, row.index
    for repeat in row.repeats:
        sequence, _, index = repeat.rpartition(":")
        yield row.shard, sequence, int(index)


def positions(body: bytes) -> frozenset[Position]:
    """The positions of all events in an object's body. Raises ValueError for one that cannot be read."""
    return frozenset(position for row in _rows.decode_lines(content(body)) for position in row_positions(row))
