"""What is read back of a bucket: what is new each time, in files that DuckDB can query, also when there is nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from homeshore.demo.mirror import DATABASE, Mirror, MirrorLake
from processor import sql
from processor.core import Context, Stored, process
from processor.store import Existing, store_all
from tests.processor.batches import VALID, make_batch, numbered, shared_context
from tests.processor.test_crashes import Bucket


class Store(Bucket):
    """A bucket that counts what is read of it."""

    def __init__(self) -> None:
        super().__init__()
        self.read_keys: list[str] = []

    def read(self, key: str) -> Existing | None:
        self.read_keys.append(key)
        return super().read(key)


@pytest.fixture
def context() -> Context:
    return shared_context()


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def mirror(store: Store, context: Context, tmp_path: Path) -> Mirror:
    return Mirror(store, lambda: [(key, there.tag) for key, there in store.objects.items()], tmp_path, context.contract)


def fill(store: Store, context: Context, payloads: list[bytes], first: int = 0) -> list[Stored]:
    objects = process(make_batch(payloads, first=first), context).objects
    store_all(store, objects)
    return list(objects)


def test_an_empty_bucket_is_queried_all_the_same(mirror: Mirror, context: Context):
    lake = MirrorLake(mirror)
    assert (lake.stored(), lake.batches, list(lake.held())) == (0, 0, [])
    silver = sql.silver_select(context.contract, "duckdb", DATABASE)
    assert lake.ask(f"SELECT COUNT(*) AS events FROM ({silver}) AS silver").rows == (("0",),)
    assert lake.ask(sql.gold_select(context.contract, "duckdb", DATABASE, "bronze")).rows == ()


def test_only_what_was_written_since_is_read(mirror: Mirror, store: Store, context: Context):
    fill(store, context, [numbered(1), numbered(2), b"{"])
    assert mirror.sync() == 3
    store.read_keys.clear()
    assert mirror.sync() == 3
    assert store.read_keys == []
    fill(store, context, [numbered(1), numbered(2), b"{", numbered(3)])  # a longer range in place of the first
    store.read_keys.clear()  # storing it has read, too
    assert mirror.sync() == 4
    assert len([key for key in store.read_keys if key.startswith("bronze/")]) == 1
    assert (mirror.batches, mirror.accounted()) == (1, 4)


def test_an_event_in_two_batches_is_accounted_once(mirror: Mirror, store: Store, context: Context):
    fill(store, context, [numbered(n) for n in range(4)])
    fill(store, context, [numbered(n) for n in range(2, 4)], first=2)
    assert mirror.sync() == 6
    assert mirror.accounted() == 4


def test_gold_is_text_with_its_columns(mirror: Mirror, store: Store, context: Context):
    fill(store, context, [VALID, VALID, numbered(2)])
    mirror.sync()
    gold = mirror.ask(sql.gold_select(context.contract, "duckdb", DATABASE, "bronze"))
    assert gold.columns == ("hour_start", "event_type", "events", "users")
    (row,) = gold.records()
    assert row["hour_start"] is not None
    assert row["hour_start"].endswith(":00:00")
    assert (row["event_type"], row["events"]) == ("click", "2")


def test_what_is_gone_when_it_is_read_waits_for_the_next_time(mirror: Mirror, store: Store, context: Context):
    (stored,) = fill(store, context, [numbered(1)])
    there = store.objects.pop(stored.key)
    mirror_of_gone = Mirror(store, lambda: [(stored.key, there.tag)], mirror._directory / "gone", context.contract)
    assert mirror_of_gone.sync() == 0
    store.objects[stored.key] = there
    assert mirror_of_gone.sync() == 1
