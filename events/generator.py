"""Makes events to a contract's shape, from a seed: valid, foreign, undecodable ones and duplicates in exact numbers.

For the demo, the tests and the benchmark: what was sent is known to the event, so what was stored can be checked
against it. The generator knows the shipped contract's fields; a contract with others is refused.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Literal, NamedTuple, get_args

from geography import boundary as find_boundary
from geography import regions
from processor.schema import Contract

Kind = Literal["valid", "foreign", "undecodable", "duplicate"]

_KINDS: tuple[Kind, ...] = get_args(Kind)  # in the order of Counts

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOURS = 3  # the events' own times spread over so many hours
USERS = 5_000
REFERRED = 0.7  # the share of events with a referrer
_PAGES = 400
_POOL = 997  # a prime, so that the pools do not run in step


class GeneratedRecord(NamedTuple):
    """One event as the producer sends it, what it is, and the stream's partition key (the tenant's visitor)."""

    data: bytes
    kind: Kind
    partition_key: str


class Counts(NamedTuple):
    """How many events of each kind a run of `generate` makes; they add up to its `count`."""

    valid: int
    foreign: int
    undecodable: int
    duplicates: int


def counts(count: int, *, foreign: float = 0.03, undecodable: float = 0.02, duplicates: float = 0.01) -> Counts:
    """The exact numbers behind the shares (0 to 1). Raises ValueError when nothing valid would be left."""
    shares = (foreign, undecodable, duplicates)
    if any(not 0 <= share < 1 for share in shares) or sum(shares) >= 1:
        raise ValueError("each share must be between 0 and 1, and something valid must be left")
    parts = [round(count * share) for share in shares]
    valid = count - sum(parts)
    if count < 0 or valid < 0 or (parts[2] and not valid):
        raise ValueError(f"{count} events are too few for these shares")
    return Counts(valid, *parts)


def generate(
    contract: Contract,
    count: int,
    seed: int,
    *,
    foreign: float = 0.03,
    undecodable: float = 0.02,
    duplicates: float = 0.01,
    boundary: str,
) -> Iterator[GeneratedRecord]:
    """`count` events in the order of sending; the same arguments give the same events.

    A duplicate repeats the bytes of a valid event sent before; foreign events reside outside `boundary`. Raises
    ValueError for impossible shares or a contract with fields it does not know, and geography.UnknownBoundary.
    """
    number = counts(count, foreign=foreign, undecodable=undecodable, duplicates=duplicates)
    rng = random.Random(seed)  # noqa: S311 - made-up events, no secret
    maker = _Maker(contract, rng, boundary, count)
    kinds: list[Kind] = [kind for kind, times in zip(_KINDS, number, strict=True) for _ in range(times)]
    first, rest = kinds[:1], kinds[1:]  # the first one is valid, so that a duplicate always has something to repeat
    rng.shuffle(rest)
    return _records(maker, rng, first + rest)


def _records(maker: _Maker, rng: random.Random, kinds: list[Kind]) -> Iterator[GeneratedRecord]:
    sent: list[GeneratedRecord] = []  # the recent valid ones: a producer repeats what it sent lately
    for position, kind in enumerate(kinds):
        if kind == "duplicate":
            yield rng.choice(sent)._replace(kind=kind)
            continue
        data, key = maker.event(position, home=maker.abroad if kind == "foreign" else maker.inside)
        if kind == "undecodable":
            yield GeneratedRecord(_SPOILERS[position % len(_SPOILERS)](data), kind, key)
            continue
        record = GeneratedRecord(data, kind, key)
        if kind == "valid":
            if len(sent) < _POOL:
                sent.append(record)
            else:
                sent[position % _POOL] = record
        yield record


class _Maker:
    """Draws the events. Every value comes from a pool made once, so that one event costs a few microseconds."""

    KNOWN = frozenset(
        {"event_id", "event_time", "event_type", "tenant_id", "home", "user_id", "ip", "page", "referrer", "attributes"}
    )

    def __init__(self, contract: Contract, rng: random.Random, boundary: str, count: int) -> None:
        strange = sorted({field.name for field in contract.fields} - self.KNOWN)
        if strange:
            raise ValueError(f"no events can be made for contract {contract.name}: unknown fields {', '.join(strange)}")
        held = find_boundary(boundary)
        self.inside = sorted(held.countries)
        codes = {place.country for place in regions() if len(place.country) == len("XX")}
        self.abroad = sorted(code for code in codes if not held.holds_country(code))
        self._rng = rng
        self._step_ms = HOURS * 3_600_000 / max(count, 1)
        self._types = _weighted(contract.field("event_type").enum)
        self._users = [_user(rng, number) for number in range(USERS)]
        self._pages = [_page(rng, number) for number in range(_PAGES)]
        self._attributes = [_attributes(rng) for _ in range(_POOL)]
        self._times: dict[int, str] = {}

    def event(self, position: int, home: list[str]) -> tuple[bytes, str]:
        """The event sent as number `position`, of a resident of one of `home`, and its partition key."""
        draw = self._rng.random
        bits = self._rng.getrandbits
        # A few visitors are busy, most are not: the square of an even draw.
        user = self._users[int(draw() ** 2 * USERS)]
        number = bits(64)
        page = self._pages[number % _PAGES]
        return (
            f'{{"event_id":"{_uuid(bits(128))}","event_time":"{self._time(position, number)}",'
            f'"event_type":"{self._types[number % len(self._types)]}",{user.head}"home":"{home[number % len(home)]}",'
            f'{user.body}"page":"{page}",{self._attributes[number % _POOL]}}}'
        ).encode(), user.key

    def _time(self, position: int, number: int) -> str:
        # Sent in the order of their times, but for up to two seconds that the network takes.
        late = max(int(position * self._step_ms) - number % 2000, 0)
        second, millisecond = divmod(late, 1000)
        prefix = self._times.get(second)
        if prefix is None:
            moment = datetime.fromtimestamp(START.timestamp() + second, UTC)
            prefix = self._times[second] = f"{moment:%Y-%m-%dT%H:%M:%S}."
        return f"{prefix}{millisecond:03d}Z"


class _User(NamedTuple):
    key: str
    head: str
    body: str


def _uuid(number: int) -> str:
    # Version 4, variant 1, as RFC 9562 has it.
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[number >> 62 & 3]}{text[17:20]}-{text[20:]}"


def _weighted(types: tuple[str, ...]) -> list[str]:
    """The first type is the most frequent one, each next half as frequent."""
    return [kind for rank, kind in enumerate(types) for _ in range(max(64 >> rank, 1))]


def _user(rng: random.Random, number: int) -> _User:
    tenant = f"tenant-{rng.randrange(12):02d}"
    name = f"visitor-{number:05d}-{rng.getrandbits(32):08x}@mail.example"
    address = f"198.51.{rng.randrange(100)}.{rng.randrange(256)}" if number % 3 else f"2001:db8::{number:x}"
    return _User(f"{tenant}/{number}", f'"tenant_id":"{tenant}",', f'"user_id":"{name}","ip":"{address}",')


def _page(rng: random.Random, number: int) -> str:
    section = rng.choice(["shoes", "books", "garden", "kitchen", "toys", "outdoor"])
    return f"https://shop.example/{section}/{rng.getrandbits(40):010x}/item-{number:04d}?view=full&sort=price"


def _attributes(rng: random.Random) -> str:
    referrer = f'"referrer":"https://search.example/?q={rng.getrandbits(48):012x}",' if rng.random() < REFERRED else ""
    session = f'"session":"{rng.getrandbits(64):016x}","load_ms":{rng.randrange(80, 4000)}'
    build = f"Browser/{rng.randrange(100, 160)}.0.{rng.randrange(9999)}.17"
    device = (
        f'"device":{{"os":"{rng.choice(["ios", "android", "linux", "windows", "macos"])}","screen":"1170x2532",'
        f'"language":"{rng.choice(["de-DE", "fr-FR", "en-IE", "pl-PL"])}","agent":"Mozilla/5.0 (compatible; x86_64)'
        f' Gecko/2026{rng.randrange(100, 999)} {build} Shop/4.2.1"}}'
    )
    items = ",".join(str(rng.randrange(9999)) for _ in range(6))
    basket = f'"price":{rng.randrange(100, 99999) / 100},"currency":"EUR","items":[{items}]'
    campaign = (
        f'"campaign":"spring-{rng.getrandbits(64):016x}","variants":["a{rng.randrange(9)}","b{rng.randrange(9)}"]'
    )
    placement = f',"placement":"{rng.choice(["header", "teaser", "list"])}-{rng.randrange(99)}"'
    return f'{referrer}"attributes":{{{session},{device},{basket},{campaign}{placement}}}'


# Each way in which an event is spoilt keeps it one stream record that no reader can take for a valid event.
_SPOILERS: tuple[Callable[[bytes], bytes], ...] = (
    lambda data: data[: len(data) // 2],
    lambda data: data.replace(b'"page":"', b'"page":"\xff\xfe', 1),
    lambda data: data.replace(b'"event_type":"', b'"event_type":"un', 1),
    lambda data: data.replace(b'"home":', b'"home_country":', 1),
    lambda data: b"\xef\xbb\xbf" + data,
    lambda data: data.replace(b'"attributes":{', b'"attributes":' + b"[" * 5000, 1),
    lambda data: data.replace(b'"load_ms":', b'"load_ms":NaN,"was":', 1),
    lambda data: data.replace(b"-4", b"\\n4", 1),
    lambda data: b"a line of some log: " + data,
)
