"""The crash simulation over both delivery models, through the adapters themselves.

Event Hubs: no bisecting; a failed invocation comes again as it was, an instance that dies has its partition read again
from the checkpoint in other windows, and a stale owner lives on for a while. Pub/Sub: no order and no checkpoint;
workers die with their leases, acknowledgements get lost, leases expire while a batch is being written.
"""

from __future__ import annotations

import random

import pytest

from processor.audit import audit
from processor.azure_functions import BatchFailed, Processor
from processor.core import Batch, Context, process
from processor.gcp_pubsub import Inbox, Limits, Worker
from processor.store import StoreConflict, store_all
from tests.clouds.corpus import hub_events, pipeline
from tests.clouds.fake_pubsub import LEASE_SECONDS, Topic
from tests.processor.batches import ARRIVED, numbered
from tests.processor.test_crashes import Bucket, DiedError, World

LIMITS = Limits(retry_seconds=0.0)


class Hub(World):
    """World's records and deaths; each attempt is an invocation of the function, and nothing is split."""

    def attempt(self, shard: int, picked: list[int]) -> None:
        self.attempts += 1
        dies_at = self.rng.randrange(8) if self.rng.random() < self.deaths else -1
        operations = 0

        def hook() -> None:
            nonlocal operations
            if operations == dies_at:
                raise DiedError
            operations += 1
            self.meanwhile(shard)
            self.bucket.hook = hook

        payloads = [self.shards[shard][n][0] for n in picked]
        outer, self.bucket.hook = self.bucket.hook, hook
        try:
            # A function of its own for each attempt: instances share nothing but the bucket.
            Processor(pipeline(self.context.contract, self.bucket)).handle(hub_events(payloads, picked[0], str(shard)))
            if dies_at >= operations:
                raise DiedError  # all is stored, and the checkpoint is not written
        except (BatchFailed, DiedError):
            self.died += 1
            raise DiedError from None
        finally:
            self.bucket.hook = outer

    def halves(self, shard: int, picked: list[int], tries: int = 3) -> bool:
        """The retry policy repeats the invocation as it was, without end; sometimes the instance is gone before."""
        while True:
            try:
                self.attempt(shard, picked)
            except DiedError:
                if self.rng.random() < 0.3:
                    return False
            else:
                return True


@pytest.mark.parametrize("owners", [1, 2])
@pytest.mark.parametrize("seed", range(15))
def test_event_hubs_loses_nothing_and_the_accounting_closes(context: Context, seed: int, owners: int):
    hub = Hub(context, seed, Bucket())
    hub.owners = owners
    hub.run()
    assert hub.died > 0
    found = audit(hub.bucket.held())
    assert found.closes(hub.sent), found
    assert {row["event_id"] for row in hub.bucket.rows()} == hub.undisturbed()
    assert found.batches.events_in == hub.sent + found.redelivered


class KilledError(BaseException):
    """The worker's process is gone: nothing of it runs on, not even its handlers."""


class Dying(Bucket):
    """Kills the worker, fails for a moment, or lets the clock run, between any two operations."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self.rng = rng
        self.killed = self.failed = 0
        self.topic: Topic | None = None
        self.hook = self._strike

    def _strike(self) -> None:
        assert self.topic is not None
        drawn = self.rng.random()
        if drawn < 0.08:
            self.killed += 1
            raise KilledError
        if drawn < 0.2:
            self.failed += 1
            raise StoreConflict("a fault that passes")
        if drawn < 0.3:
            self.topic.now += LEASE_SECONDS / 2


def run_workers(context: Context, topic: Topic, bucket: Dying, rng: random.Random) -> None:
    """Workers take turns, hold batches while others get theirs, and are replaced when they die."""
    made = pipeline(context.contract, bucket)
    worker = Worker(made, Inbox(LIMITS), LIMITS, emit=lambda _: None)
    held: list[list] = []
    while topic.waiting:
        topic.now += rng.random() * 10
        if rng.random() < 0.6 or not held:
            held.append(topic.pull(rng.randrange(1, 20)))
        if rng.random() < 0.7 and held:
            batch = held.pop(rng.randrange(len(held)))
            try:
                if batch:
                    worker.settle(batch)
            except KilledError:
                held = [other for other in held if rng.random() < 0.5]  # what the dead worker held is held by nobody
                topic.now += LEASE_SECONDS + 1 if rng.random() < 0.5 else 0


@pytest.mark.parametrize("seed", range(30))
def test_pubsub_loses_nothing_and_counts_what_came_twice(context: Context, seed: int):
    world = World(context, seed, Bucket())
    records = [record for shard in world.shards for record in shard]
    rng = random.Random(seed)
    bucket = Dying(rng)
    bucket.topic = topic = Topic([data for data, _ in records], seed, lost=0.1)
    run_workers(context, topic, bucket, rng)
    assert bucket.killed > 0
    assert bucket.failed > 0
    found = audit(bucket.held())
    assert found.closes(world.sent), found
    assert {row["event_id"] for row in bucket.rows()} == world.undisturbed()
    assert found.batches.events_in == world.sent + found.redelivered
    assert sum(topic.deliveries) > len(records)


def test_the_simulation_meets_repeats_of_both_kinds(context: Context):
    redelivered = 0
    for seed in range(8):
        world = World(context, seed, Bucket())
        records = [data for shard in world.shards for data, _ in shard]
        rng = random.Random(seed)
        bucket = Dying(rng)
        bucket.topic = topic = Topic(records, seed, lost=0.1)
        run_workers(context, topic, bucket, rng)
        redelivered += audit(bucket.held()).redelivered
    assert redelivered > 50


def test_acknowledging_before_writing_would_lose_events(context: Context):
    """The negative control: the simulation notices the one mistake that this adapter must not make."""

    class Eager(Worker):
        def settle(self, messages: list) -> None:
            for message in messages:
                message.ack_with_response()
            super().settle(messages)

    lost = 0
    for seed in range(5):
        world = World(context, seed, Bucket())
        rng = random.Random(seed)
        bucket = Dying(rng)
        bucket.topic = topic = Topic([data for shard in world.shards for data, _ in shard], seed)
        worker = Eager(pipeline(context.contract, bucket), Inbox(LIMITS), LIMITS, emit=lambda _: None)
        while topic.waiting:
            try:
                worker.settle(topic.pull(10))
            except KilledError:
                continue
        lost += world.sent - audit(bucket.held()).accounted
    assert lost > 0


def test_message_ids_need_not_be_numbers(context: Context):
    bucket = Bucket()
    batch = Batch("topic", ["a-1", "b-2"], [ARRIVED] * 2, [numbered(1), numbered(2)], "digest")
    objects = process(batch, context).objects
    assert objects[-1].key.endswith("/homeshore-test-g1-stream-topic-digest.jsonl.zst")
    assert [store_all(bucket, objects) for _ in range(2)] == [["created"], ["kept"]]
