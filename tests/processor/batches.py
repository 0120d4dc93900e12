"""Batches made from plain bytes, and what comes out of them, for the processor's tests."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from events.contract import SHIPPED, load
from geography import boundary
from processor.codec import content
from processor.core import Batch, Context, Result
from processor.keys import KeyRing

ARRIVED = 1_772_438_400.0  # 2026-03-02T08:00:00Z
SHARD = "shardId-000000000000"
KEY = bytes(range(32))
PERSON = "ada.lovelace@mail.example"
ADDRESS = "192.0.2.77"
VALID = (
    b'{"event_id":"11111111-2222-4333-8444-555555555555","event_time":"2026-03-02T08:00:00.250Z",'
    b'"event_type":"click","tenant_id":"tenant-01","home":"FR","user_id":"ada.lovelace@mail.example",'
    b'"ip":"192.0.2.77","page":"https://shop.example/","attributes":{"load_ms":120}}'
)


@cache
def shared_context() -> Context:
    """The shipped contract inside the EU, with a known key."""
    return Context(load(SHIPPED), KeyRing("k1", {"k1": KEY}), boundary("eu").countries, "homeshore-test-g1-stream")


def make_batch(payloads: Sequence[bytes | None], first: int = 0, partition: str = SHARD) -> Batch:
    """Records with consecutive sequence numbers and arrivals one millisecond apart."""
    numbers = range(first, first + len(payloads))
    return Batch(partition, [str(10**20 + n) for n in numbers], [ARRIVED + n / 1000 for n in numbers], list(payloads))


def numbered(number: int, event: bytes = VALID) -> bytes:
    """A valid event with an id of its own."""
    return event.replace(b"555555555555", b"%012x" % number, 1)


def lines(result: Result, kind: str) -> bytes:
    """The decompressed body of the batch's object of `kind`, empty when there is none."""
    bodies = [stored.body for stored in result.objects if stored.kind == kind]
    assert len(bodies) <= 1
    return content(bodies[0]) if bodies else b""
