"""The corpus that all three adapters get, how each is fed, and what is compared of the outcome."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import azure.functions as func

from events.generator import generate
from homeshore.demo.host_message import decoded, invocation
from processor.audit import Audit, Held, audit
from processor.codec import content
from processor.packing import pack
from processor.pipeline import KeyCache, Pipeline, Settings
from processor.schema import Contract
from processor.store import ObjectStore
from tests.processor.batches import ARRIVED, KEY, VALID, numbered
from tests.processor.test_hostile import STRANGE_BUT_VALID, UNDECODABLE

STREAM = "homeshore-test-g1-stream"
EVENTS = 20_000
LARGEST = 1_000_000  # bytes: what Event Hubs takes in one event; its envelope needs the rest of 1 MiB
SECRET = json.dumps({"current": "k1", "keys": {"k1": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}})


class Sent(NamedTuple):
    """One record as it is sent, and how many events it holds."""

    data: bytes
    events: int


def corpus(contract: Contract, seed: int, total: int = EVENTS) -> list[Sent]:
    """`total` events: everything hostile that fits into each stream, packed records, and generated ones."""
    assert bytes(range(32)) == KEY  # the key that SECRET holds
    hostile = [payload for payload, _ in UNDECODABLE.values() if len(payload) <= LARGEST]
    strange = [event for event in STRANGE_BUT_VALID.values() if len(event) <= LARGEST]
    # Each strange event has an id of its own: of two that differ and share one, which arrives first is the platform's.
    strange = [numbered(seed * 1000 + n, event) for n, event in enumerate(strange)]
    foreign = [numbered(seed * 1000 + 500 + n, VALID.replace(b'"FR"', b'"US"')) for n in range(5)]
    sent = [Sent(payload, 1) for payload in (*hostile, *strange, *foreign)]
    made = generate(contract, total - len(sent), seed, boundary="eu")
    generated = [record.data for record in made]
    packed, plain = generated[:2000], generated[2000:]
    packable = [event for event in packed if b"\n" not in event]
    sent += [Sent(event, 1) for event in packed if b"\n" in event]
    sent += [Sent(pack(part), len(part)) for n in range(0, len(packable), 50) if (part := packable[n : n + 50])]
    sent += [Sent(event, 1) for event in plain]
    assert sum(record.events for record in sent) == total
    return sent


def pipeline(contract: Contract, store: ObjectStore, stream: str = STREAM) -> Pipeline:
    """The pipeline on `store`, with the tests' key."""
    return Pipeline(Settings("lake", stream, "eu", "key"), contract, store, KeyCache(lambda: SECRET))


def hub_events(
    payloads: Sequence[bytes], first: int = 0, partition: str = "0", *, context: object = None
) -> list[func.EventHubEvent]:
    """What the Functions worker makes of one batch: the library's own decoder on the host's message."""
    place = {"PartitionId": partition, "EventHubName": STREAM, "ConsumerGroup": "processor"}
    enqueued = [ARRIVED + n / 1000 for n in range(first, first + len(payloads))]
    call = invocation(payloads, enqueued, first=first, context=place if context is None else context)
    return decoded(call)


class Outcome(NamedTuple):
    """What must be equal on each cloud: the accounting, and all rows without what the platform decides."""

    stored: int
    duplicates: int
    quarantined: int
    dead_lettered: int
    rows: frozenset[bytes]
    quarantine: frozenset[bytes]
    reasons: Counter[str]


def outcome(held: Iterable[Held], sent: int) -> tuple[Outcome, Audit]:
    """The outcome in the objects `held`; fails when the accounting does not close."""
    objects = list(held)
    found = audit(objects)
    assert found.closes(sent), found
    bodies = {kind: _lines(objects, kind) for kind in ("bronze", "quarantine", "dead-letter")}
    dead = {_position(line): json.loads(line)["reason"] for line in bodies["dead-letter"]}
    return (
        Outcome(
            found.stored,
            found.duplicates,
            found.quarantined,
            found.dead_lettered,
            frozenset(map(_ours, bodies["bronze"])),
            frozenset(map(_ours, bodies["quarantine"])),
            Counter(dead.values()),
        ),
        found,
    )


def _lines(objects: list[Held], kind: str) -> list[bytes]:
    return b"".join(content(held.body) for held in objects if held.key.startswith(f"{kind}/")).splitlines()


def _ours(line: bytes) -> bytes:
    """A row's bytes, but for those that say where it arrived; no text in a row can hold the unescaped name."""
    declared, _, place = line.partition(b',"_arrived_at":')
    row = json.loads(b'{"_arrived_at":' + place)
    return declared + f",{row['_contract_version']},{row['_key_version']}".encode()


def _position(line: bytes) -> tuple[str, str, int]:
    row = json.loads(line)
    return row["_shard"], row["_sequence"], row["_index"]
