"""Crash simulation: attempts die anywhere in their writing, retries cut their batches anew, two owners live at once.

What must hold whatever happens: no event is lost, no event is twice in silver, and the bucket read back accounts for
exactly what was sent. Where each retry starts and ends where the first attempt did, no event is twice in bronze.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable

import pytest

from events.generator import generate
from processor.audit import Held, audit
from processor.codec import content
from processor.core import Batch, Context, Stored, process
from processor.packing import pack
from processor.store import Existing, ObjectStore, StoreConflict, store_all
from tests.processor.batches import ARRIVED, make_batch, numbered

DEATHS = 0.35
SHARDS = 2
RECORDS = 60
OPERATIONS = 4  # about as many as one attempt makes


class DiedError(Exception):
    pass


class Bucket(ObjectStore):
    """A bucket with S3's conditional writes; `hook` runs before and after each operation and may raise DiedError."""

    def __init__(self) -> None:
        self.objects: dict[str, Existing] = {}
        self.hook: Callable[[], None] = lambda: None
        self._tags = 0

    def read(self, key: str) -> Existing | None:
        self.hook()
        return self.objects.get(key)

    def create(self, stored: Stored) -> bool:
        self.hook()
        if stored.key in self.objects:
            return False
        self._write(stored)
        self.hook()
        return True

    def replace(self, stored: Stored, tag: str) -> bool:
        self.hook()
        there = self.objects.get(stored.key)
        if there is None or there.tag != tag:
            return False
        self._write(stored)
        self.hook()
        return True

    def _write(self, stored: Stored) -> None:
        self._tags += 1
        self.objects[stored.key] = Existing(stored.body, stored.metadata, str(self._tags))

    def held(self) -> list[Held]:
        return [Held(key, there.body, there.metadata) for key, there in self.objects.items()]

    def rows(self) -> list[dict]:
        bodies = (there.body for key, there in self.objects.items() if key.startswith("bronze/"))
        text = b"".join(content(body) for body in bodies)
        return [json.loads(line) for line in text.splitlines()]


class LastWriterWins(Bucket):
    """What a bucket without the rules would do: the negative control."""

    def create(self, stored: Stored) -> bool:
        self.hook()
        self._write(stored)
        self.hook()
        return True


class World:
    """Shards of records, their checkpoints, and workers that die."""

    def __init__(self, context: Context, seed: int, bucket: Bucket, *, deaths: float = DEATHS) -> None:
        self.rng = random.Random(seed)
        self.context = context
        self.bucket = bucket
        self.deaths = deaths
        self.attempts = self.died = self._depth = 0
        self.shards = [self._records(seed * SHARDS + shard) for shard in range(SHARDS)]
        self.outcomes: Counter[str] = Counter()
        self.checkpoints = [0] * SHARDS
        self.sent = sum(events for shard in self.shards for _, events in shard)

    def _records(self, seed: int) -> list[tuple[bytes, int]]:
        """Records and how many events each holds: one in five is packed."""
        made = generate(
            self.context.contract, RECORDS * 2, seed, foreign=0.1, undecodable=0.1, duplicates=0.1, boundary="eu"
        )
        events = [record.data for record in made]
        records: list[tuple[bytes, int]] = []
        while events:
            many = self.rng.randrange(2, 8) if self.rng.random() < 0.2 else 1
            taken, events = events[:many], events[many:]
            if many > 1 and len(taken) > 1 and not any(b"\n" in event for event in taken):
                records.append((pack(taken), len(taken)))
            else:
                records += [(event, 1) for event in taken]
        return records

    def attempt(self, shard: int, picked: list[int]) -> None:
        """One invocation with the records `picked`; raises DiedError at a point that chance decides."""
        self.attempts += 1
        dies_at = self.rng.randrange(2 * OPERATIONS) if self.rng.random() < self.deaths else -1
        operations = 0

        def hook() -> None:
            nonlocal operations
            if operations == dies_at:
                raise DiedError
            operations += 1
            self.meanwhile(shard)
            self.bucket.hook = hook

        records = self.shards[shard]
        sequences = [str(10**20 + n) for n in picked]
        arrivals = [ARRIVED + n / 1000 for n in picked]
        batch = Batch(f"shard-{shard}", sequences, arrivals, [records[n][0] for n in picked])
        outer, self.bucket.hook = self.bucket.hook, hook
        try:
            result = process(batch, self.context)
            assert result.taken == len(picked)
            self.outcomes.update(store_all(self.bucket, result.objects))
            if dies_at >= operations:
                raise DiedError  # everything was written, and the checkpoint was not
        except (DiedError, StoreConflict):
            self.died += 1
            raise DiedError from None
        finally:
            self.bucket.hook = outer

    def meanwhile(self, shard: int) -> None:
        """Another owner of the same shard may run a whole attempt between two operations of this one."""
        if self._depth == 0 and self.owners > 1 and self.rng.random() < 0.3:
            self._depth += 1
            try:
                # A stale owner may start anywhere before the checkpoint; a live one starts there and moves it on.
                start = self.rng.randrange(self.checkpoints[shard] + 1)
                self.step(shard, start if self.rng.random() < 0.5 else self.checkpoints[shard])
            finally:
                self._depth -= 1

    owners = 1

    def step(self, shard: int, start: int) -> None:
        """Read a window at `start`, process it with retries by halves, and move the checkpoint if all of it is done."""
        end = min(start + self.rng.randrange(1, 20), len(self.shards[shard]))
        if start < end and self.halves(shard, list(range(start, end))) and start <= self.checkpoints[shard]:
            self.checkpoints[shard] = max(self.checkpoints[shard], end)

    def halves(self, shard: int, picked: list[int], tries: int = 3) -> bool:
        """Retry, then split, as the platform does with bisect; False when it gives up (and reads again later)."""
        for _ in range(tries):
            try:
                self.attempt(shard, picked)
            except DiedError:
                if self.rng.random() < 0.3:
                    return False  # the poller itself was replaced: another one reads from the checkpoint
                if len(picked) > 1 and self.rng.random() < 0.5:
                    middle = len(picked) // 2
                    return self.halves(shard, picked[:middle]) and self.halves(shard, picked[middle:])
            else:
                return True
        return False

    def run(self) -> None:
        while unread := [s for s in range(SHARDS) if self.checkpoints[s] < len(self.shards[s])]:
            shard = self.rng.choice(unread)
            self.step(shard, self.checkpoints[shard])

    def undisturbed(self) -> set[str]:
        """The event ids that a run without deaths and with one owner stores."""
        calm = Bucket()
        for shard, records in enumerate(self.shards):
            store_all(
                calm, process(make_batch([data for data, _ in records], partition=f"s{shard}"), self.context).objects
            )
        return {row["event_id"] for row in calm.rows()}


@pytest.mark.parametrize("owners", [1, 2])
@pytest.mark.parametrize("seed", range(40))
def test_nothing_is_lost_and_the_accounting_closes(context: Context, seed: int, owners: int):
    world = World(context, seed, Bucket())
    world.owners = owners
    world.run()
    assert world.died > 0
    found = audit(world.bucket.held())
    assert found.closes(world.sent), found
    assert {row["event_id"] for row in world.bucket.rows()} == world.undisturbed()
    assert found.batches.closes()
    assert found.batches.events_in == world.sent + found.redelivered


def test_the_simulation_does_what_it_says(context: Context):
    """About as many attempts die as announced, and each outcome of a conditional write is met."""
    worlds = [World(context, seed, Bucket()) for seed in range(20)]
    for world in worlds:
        world.owners = 2
        world.run()
    share = sum(world.died for world in worlds) / sum(world.attempts for world in worlds)
    assert 0.25 < share < 0.45
    outcomes = sum((world.outcomes for world in worlds), Counter())
    assert min(outcomes[outcome] for outcome in ("created", "kept", "replaced")) > 20, outcomes
    assert sum(audit(world.bucket.held()).redelivered for world in worlds) > 0


@pytest.mark.parametrize("seed", range(30))
def test_retries_of_the_same_window_put_nothing_twice_into_bronze(context: Context, seed: int):
    world = World(context, seed, Bucket())
    while unread := [s for s in range(SHARDS) if world.checkpoints[s] < len(world.shards[s])]:
        shard = world.rng.choice(unread)
        start = world.checkpoints[shard]
        end = min(start + 10, len(world.shards[shard]))
        try:
            world.attempt(shard, list(range(start, end)))
        except DiedError:
            continue
        world.checkpoints[shard] = end
    rows = world.bucket.rows()
    positions = {(row["_shard"], row["_sequence"], row["_index"]) for row in rows}
    assert len(positions) == len(rows)
    assert audit(world.bucket.held()).redelivered == 0


@pytest.mark.parametrize("seed", range(30))
def test_a_change_of_parallel_readers_loses_nothing(context: Context, seed: int):
    """Parallel readers of one shard have ranges with holes: {1, 3, 5} reaches further than {1, 2, 3} and lacks 2."""
    world = World(context, seed, Bucket(), deaths=0.5)
    total = len(world.shards[0])
    waiting = [list(range(0, total, 2)), list(range(1, total, 2))]
    for picked in waiting:
        for start in range(0, len(picked), 7):
            try:
                world.attempt(0, picked[start : start + 7])
            except DiedError:
                continue
    # No checkpoint was kept. A single reader begins again from the start.
    for start in range(0, total, 5):
        while True:
            try:
                world.attempt(0, list(range(start, min(start + 5, total))))
            except DiedError:
                continue
            break
    assert audit(world.bucket.held()).closes(sum(events for _, events in world.shards[0]))


def test_without_the_rules_events_are_lost(context: Context):
    """The negative control: with plain overwriting, a stale owner of a short range destroys what a longer one wrote."""
    lost = 0
    for seed in range(20):
        world = World(context, seed, LastWriterWins())
        world.owners = 2
        world.run()
        lost += world.sent - audit(world.bucket.held()).accounted
    assert lost > 0


def range_batch(context: Context, numbers: list[int]) -> tuple[Stored, ...]:
    batch = Batch("s", [str(n) for n in numbers], [ARRIVED] * len(numbers), [numbered(n) for n in numbers])
    return process(batch, context).objects


@pytest.mark.parametrize(
    ("first", "second", "outcome", "rows"),
    [
        ([1, 2, 3], [1, 2, 3], "kept", 3),
        ([1, 2, 3], [1, 2], "kept", 3),
        ([1, 2], [1, 2, 3], "replaced", 3),
        ([1, 3, 5], [1, 2, 3], "aside", 6),
        ([1, 2, 3], [1, 3, 5], "aside", 6),
    ],
)
def test_the_three_rules(context: Context, first: list[int], second: list[int], outcome: str, rows: int):
    bucket = Bucket()
    assert store_all(bucket, range_batch(context, first)) == ["created"]
    assert store_all(bucket, range_batch(context, second)) == [outcome]
    assert store_all(bucket, range_batch(context, second))[0] in ("kept", "aside")  # a third time changes nothing
    assert len(bucket.rows()) == rows


def test_writers_that_overtake_each_other_for_ever_end_in_a_retry(context: Context):
    class Contested(Bucket):
        def replace(self, stored: Stored, tag: str) -> bool:
            return False

    bucket = Contested()
    store_all(bucket, range_batch(context, [1]))
    with pytest.raises(StoreConflict, match="overtaken"):
        store_all(bucket, range_batch(context, [1, 2]))


def test_an_object_deleted_between_two_calls_is_written_again(context: Context):
    class Vanishing(Bucket):
        def read(self, key: str) -> Existing | None:
            self.objects.pop(key, None)
            return None

    bucket = Vanishing()
    store_all(bucket, range_batch(context, [1, 2]))
    assert store_all(bucket, range_batch(context, [1])) == ["created"]


def test_an_object_aside_is_there_before_its_batch_succeeds(context: Context):
    """S3 answers 409 where another write of the name is under way: that one may still fail."""

    class Busy(Bucket):
        refusals = 2

        def create(self, stored: Stored) -> bool:
            if stored.key not in self.objects and self.objects and self.refusals:
                self.refusals -= 1
                return False
            return super().create(stored)

    bucket = Busy()
    store_all(bucket, range_batch(context, [1, 3, 5]))
    assert store_all(bucket, range_batch(context, [1, 2, 3])) == ["aside"]
    assert audit(bucket.held()).accounted == 4
    Busy.refusals = 1_000
    bucket = Busy()
    store_all(bucket, range_batch(context, [1, 3, 5]))
    with pytest.raises(StoreConflict):
        store_all(bucket, range_batch(context, [1, 2, 3]))
