"""A topic with one subscription as Pub/Sub's contract has it: no order, leases that expire, repeated deliveries.

The same members as the client library's messages; the clock is the test's. What it adds to the real emulator: it can
lose an acknowledgement, let a lease expire, and count what a dead-letter policy would count.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from tests.processor.batches import ARRIVED

LEASE_SECONDS = 60.0


class LostError(Exception):
    """The acknowledgement did not arrive, or came too late."""


class Answer:
    """The future of one acknowledgement, already known."""

    def __init__(self, fault: LostError | None) -> None:
        self._fault = fault

    def add_done_callback(self, callback: Callable[[Answer], object], /) -> None:
        callback(self)

    def exception(self) -> LostError | None:
        return self._fault


class Delivery:
    """One delivery of one message."""

    def __init__(self, topic: Topic, number: int, until: float) -> None:
        self._topic = topic
        self.number = number
        self._until = until
        self.message_id = str(10_000_000 + number * 7)
        self.data = topic.payloads[number]
        self.publish_time = datetime.fromtimestamp(ARRIVED + number / 1000, UTC)
        self.acked = False
        self.nacked = False

    def ack_with_response(self) -> Answer:
        self.acked = True
        late = self._until < self._topic.now or self._topic.lease.get(self.number) is not self
        if late or self._topic.rng.random() < self._topic.lost:
            return Answer(LostError())
        self._topic.done.add(self.number)
        self._topic.lease.pop(self.number)
        return Answer(None)

    def nack(self) -> None:
        self.nacked = True
        if self._topic.lease.get(self.number) is self:
            self._topic.lease.pop(self.number)


class Topic:
    """The messages, and who holds which."""

    def __init__(self, payloads: Sequence[bytes], seed: int = 0, *, lost: float = 0.0) -> None:
        """`lost` is the share of acknowledgements that do not arrive."""
        self.payloads = payloads
        self.rng = random.Random(seed)
        self.lost = lost
        self.now = 0.0
        self.lease: dict[int, Delivery] = {}
        self.done: set[int] = set()
        self.deliveries = [0] * len(payloads)

    def pull(self, most: int) -> list[Delivery]:
        """Up to `most` messages that nobody holds, in no order; now and then one that somebody still holds."""
        for number, held in list(self.lease.items()):
            if held._until < self.now:
                del self.lease[number]
        free = [n for n in range(len(self.payloads)) if n not in self.done and n not in self.lease]
        picked = self.rng.sample(free, min(most, len(free)))
        return [self.deliver(number) for number in picked]

    def deliver(self, number: int) -> Delivery:
        self.deliveries[number] += 1
        delivery = self.lease[number] = Delivery(self, number, self.now + LEASE_SECONDS)
        return delivery

    @property
    def waiting(self) -> bool:
        return len(self.done) < len(self.payloads)
