"""The processor's core: a batch of stream records in, the bytes of its objects and its accounting out.

No cloud and no clock here: the same batch under the same contract and key gives the same bytes, so a retry overwrites
itself. What an event holds never stops its batch; only a fault of the caller or of the platform raises.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import copy
from datetime import UTC, datetime
from typing import Literal, NoReturn, Protocol, cast

import msgspec

from processor.codec import SUFFIXES, Codec, compressor
from processor.compiler import Refuse, Sift, compile_sift, is_too_deep, tokens
from processor.keys import KeyRing
from processor.packing import MAGIC, PackFault, content_size, unpack
from processor.schema import Contract

Kind = Literal["quarantine", "dead-letter", "bronze"]

# One call unpacks at most so much; the records after it are left for the next call (see Result.taken).
UNPACKED_BYTES = 64 * 1024 * 1024
# And so many events, each of which takes half a kilobyte of memory and a row however short it is: a record of 23 bytes
# can hold 20,000 empty ones, and a batch thousands of such records.
UNPACKED_EVENTS = 100_000

_PLAIN = re.compile(r"[0-9A-Za-z._:@-]+")  # what goes into a row and an object name without escaping
_FIELD = re.compile(r"`(?:\$\.)?([a-z][a-z0-9_]*)`")  # how msgspec names the field at fault


class Batch(msgspec.Struct, frozen=True):
    """Consecutive records of one partition, column by column: sequence number, arrival (UNIX seconds) and payload.

    A payload of None is one whose transport encoding could not be undone. `name` stands in the objects' names where
    the first sequence number would not be the same for a retry: on a stream that keeps no order.
    """

    partition: str
    sequences: Sequence[str]
    arrivals: Sequence[float]
    payloads: Sequence[bytes | None]
    name: str | None = None


class Accounting(msgspec.Struct, frozen=True, rename="kebab"):
    """Where the batch's records and events went; counted on both sides, so that it can fail to close."""

    records_in: int
    records_packed: int
    events_packed: int
    events_in: int
    written: int
    quarantined: int
    dead_lettered: int
    duplicates: int

    def closes(self) -> bool:
        """Whether every record and every event is accounted for."""
        return (
            self.events_in == self.written + self.quarantined + self.dead_lettered + self.duplicates
            and self.events_in == self.records_in - self.records_packed + self.events_packed
        )


class Stored(msgspec.Struct, frozen=True):
    """One object to be stored: compressed JSON lines, with the batch's accounting as metadata (all text)."""

    kind: Kind
    key: str
    body: bytes
    metadata: dict[str, str]


class Result(msgspec.Struct, frozen=True):
    """What became of a batch. `taken` records were processed, from the first on; the others need another call.

    `objects` are to be stored in their order: the bronze object is always there and comes last, as the commit marker.
    """

    accounting: Accounting
    taken: int
    objects: tuple[Stored, ...]


class AccountingError(RuntimeError):
    """The accounting of a batch does not close: our own fault, and nothing of the batch may be stored."""


class Context:
    """What the processor needs beside the batch: compiled once, used for every batch of a warm process."""

    def __init__(
        self, contract: Contract, ring: KeyRing, countries: frozenset[str], stream: str, codec: Codec = "zstd"
    ) -> None:
        """`countries` are the ISO codes inside the boundary; `stream` is the name that stands in object names."""
        if not _PLAIN.fullmatch(stream):
            raise ValueError(f"{stream!r} is no stream name")
        self.contract = contract
        self.ring = ring
        self.countries = countries
        self.stream = stream
        self.sift: Sift = compile_sift(contract)
        self.encoder = msgspec.json.Encoder()
        self.compress = compressor(codec)
        self.suffix = SUFFIXES[codec]

    def with_ring(self, ring: KeyRing) -> Context:
        """The same context under another key ring."""
        other = copy(self)
        other.ring = ring
        return other


def process(batch: Batch, context: Context) -> Result:
    """Sift, tokenise and compress one batch. Raises ValueError for an empty or ill-named batch."""
    first = _check(batch)
    work = _Work(context)
    payloads = [b"" if payload is None else payload for payload in batch.payloads]
    places = _places(batch, context)
    taken = work.run(payloads, places)
    accounting = work.accounting(taken)
    if not accounting.closes():
        raise AccountingError(f"the accounting does not close: {accounting}")
    metadata = _metadata(accounting, context, first, batch.sequences[taken - 1])
    path = object_path(context.stream, batch.partition, batch.name or first, batch.arrivals[0]) + context.suffix
    bodies: tuple[tuple[Kind, bytes], ...] = (
        ("quarantine", b"".join(work.quarantined)),
        ("dead-letter", b"".join(work.dead)),
        ("bronze", work.rows_body()),
    )
    objects = [
        Stored(kind, f"{kind}/{path}", context.compress(body), metadata)
        for kind, body in bodies
        if body or kind == "bronze"
    ]
    return Result(accounting, taken, tuple(objects))


def object_path(stream: str, partition: str, name: str, arrived: float) -> str:
    """The object's name below its kind, without ending: only what a retry from the same record repeats stands in it."""
    moment = datetime.fromtimestamp(int(arrived), UTC)
    return f"day={moment:%Y-%m-%d}/hour={moment:%H}/{stream}-{partition}-{name}"


def _check(batch: Batch) -> str:
    if not batch.sequences or not len(batch.sequences) == len(batch.arrivals) == len(batch.payloads):
        raise ValueError("a batch has at least one record, and as many arrivals and payloads as sequence numbers")
    if not _PLAIN.fullmatch(batch.partition) or not _PLAIN.fullmatch("".join((batch.name or "", *batch.sequences))):
        raise ValueError("a partition, name or sequence number holds more than letters, digits and . _ : @ -")
    return batch.sequences[0]


def _places(batch: Batch, context: Context) -> list[str]:
    """The metadata of each record's row as JSON text, from the value of `_arrived_at` on."""
    shard = f'","_shard":"{batch.partition}","_sequence":"'
    tail = f'","_index":0,"_contract_version":"{context.contract.version}","_key_version":"{context.ring.current}"'
    seconds: dict[int, str] = {}
    places: list[str] = []
    for sequence, arrived in zip(batch.sequences, batch.arrivals, strict=True):
        second, millisecond = divmod(int(arrived * 1000 + 0.5), 1000)
        if (prefix := seconds.get(second)) is None:
            prefix = seconds[second] = f'"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.'
        places.append(f"{prefix}{millisecond:03d}Z{shard}{sequence}{tail}")
    return places


def _metadata(accounting: Accounting, context: Context, first: str, last: str) -> dict[str, str]:
    counts: dict[str, int] = msgspec.to_builtins(accounting)
    return {
        **{name: str(count) for name, count in counts.items()},
        "first-sequence": first,
        "last-sequence": last,
        "contract": context.contract.name,
        "contract-version": context.contract.version,
        "key-version": context.ring.current,
    }


class _Full(Exception):  # noqa: N818 - ends the loop, is no error
    """The next packed record would unpack more than one call may hold."""


class _Work:
    """The growing outcome of one batch."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._tokens = tokens(context.contract, context.ring)
        self._rows: dict[str, msgspec.Struct] = {}
        self._repeats: list[tuple[str, str]] = []
        self.quarantined: list[bytes] = []
        self.dead: list[bytes] = []
        self._records_packed = 0
        self._events_packed = 0
        self._unpacked_bytes = 0
        self._full_at: str | None = None

    def run(self, payloads: list[bytes], places: list[str]) -> int:
        """Sift the records; return how many were taken."""
        try:
            self._sift(payloads, places, self._refuse_record)
        except _Full:
            assert self._full_at is not None  # noqa: S101 - set where _Full is raised
            return places.index(self._full_at)
        return len(places)

    def accounting(self, taken: int) -> Accounting:
        """What came in (counted by record) and where it went (counted by outcome)."""
        return Accounting(
            records_in=taken,
            records_packed=self._records_packed,
            events_packed=self._events_packed,
            events_in=taken - self._records_packed + self._events_packed,
            written=len(self._rows),
            quarantined=len(self.quarantined),
            dead_lettered=len(self.dead),
            duplicates=len(self._repeats),
        )

    def rows_body(self) -> bytes:
        """The rows as JSON lines, in the order of their records."""
        if self._repeats:
            self._mark_repeats()
        return self._context.encoder.encode_lines(list(self._rows.values()))

    def _sift(self, payloads: Sequence[bytes], places: Sequence[str], refuse: Refuse) -> None:
        self._context.sift(
            payloads,
            places,
            self._rows,
            self._repeats,
            self._tokens,
            self._context.countries,
            self._quarantine,
            refuse,
        )

    def _mark_repeats(self) -> None:
        """Write the position of each repeat to the row it repeats, so that every position can be read back."""
        positions: dict[str, list[str]] = {}
        for event_id, place in self._repeats:
            row = _Place.of(place)
            positions.setdefault(event_id, []).append(f"{row.sequence}:{row.index}")
        for event_id, repeats in positions.items():
            row = cast("_Placed", self._rows[event_id])
            listed = msgspec.json.encode(repeats).decode()
            row.place_ = msgspec.Raw(f'{str(row.place_, "utf-8")},"_repeats":{listed}')

    def _quarantine(self, place: str, event_id: str, tenant: str, event_type: str, home: str) -> None:
        # Ids and tags only. Each was matched against its pattern or list, so no free text can stand in them.
        tags = msgspec.json.encode(
            {"event_id": event_id, "tenant": tenant, "event_type": event_type, "home": home}
        ).decode()
        self.quarantined.append(f'{tags[:-1]},"reason":"residency","_arrived_at":{place}}}\n'.encode())

    def _refuse_record(self, payload: bytes, place: str, fault: Exception | str) -> None:
        """A record that is no event: a packed one is opened, anything else is dead-lettered."""
        if not payload.startswith(MAGIC):
            self._refuse_event(payload, place, fault)
            return
        try:
            size = content_size(payload)
            if self._unpacked_bytes and self._unpacked_bytes + size > UNPACKED_BYTES:
                self._stop_before(place)
            lines = unpack(payload)
            if self._events_packed and self._events_packed + len(lines) > UNPACKED_EVENTS:
                self._stop_before(place)
        except PackFault as refused:
            self._dead(place, refused.reason, refused)
            return
        self._unpacked_bytes += size
        self._records_packed += 1
        self._events_packed += len(lines)
        before, after = place.split('"_index":0', 1)
        self._sift(lines, [f'{before}"_index":{i}{after}' for i in range(len(lines))], self._refuse_event)

    def _stop_before(self, place: str) -> NoReturn:
        self._full_at = place
        raise _Full

    def _refuse_event(self, payload: bytes, place: str, fault: Exception | str) -> None:
        if is_too_deep(payload):  # said before the decoder's own error, which depends on the Python that it runs in
            fault = RecursionError()
        if isinstance(fault, str):
            self._dead(place, f"contract:{fault}", None)
        else:
            self._dead(place, self._reason(payload, fault), fault)

    def _reason(self, payload: bytes, fault: Exception) -> str:
        """A word for the error, from a fixed list: the error's own message may quote the event."""
        if not payload:
            return "empty"
        if isinstance(fault, RecursionError):
            return "depth"
        if isinstance(fault, UnicodeDecodeError):
            return "utf-8"
        if isinstance(fault, msgspec.ValidationError):
            named = _FIELD.search(str(fault).rsplit(" - at ", 1)[-1])
            known = named and any(field.name == named[1] for field in self._context.contract.fields)
            return f"contract:{named[1]}" if named and known else "contract"
        return "json" if isinstance(fault, msgspec.DecodeError) else "value"

    def _dead(self, place: str, reason: str, fault: Exception | None) -> None:
        error = type(fault).__name__ if fault else "ContractError"
        self.dead.append(f'{{"reason":"{reason}","error":"{error}","_arrived_at":{place}}}\n'.encode())


class _Place(msgspec.Struct):
    """The position in a place's text."""

    sequence: str = msgspec.field(name="_sequence")
    index: int = msgspec.field(name="_index")

    @classmethod
    def of(cls, place: str) -> _Place:
        return msgspec.json.decode(f'{{"_arrived_at":{place}}}', type=cls)


class _Placed(Protocol):
    """What every event struct has."""

    place_: msgspec.Raw
