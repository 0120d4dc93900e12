"""What silver holds already is looked up for many chunks at once, by keys: with the same rows as event by event."""

from __future__ import annotations

from datetime import datetime

import duckdb
import pytest

from processor.lakehouse import bronze as bronze_module
from processor.lakehouse import gold as gold_module
from processor.lakehouse import known as known_module
from processor.lakehouse import silver as silver_module
from tests.clouds.lakes import TODAY, Bucket, agrees, commits, days_before, made, moment, run, silver, table, valid


def test_of_the_ids_that_silver_holds_no_table_is_built(bucket: Bucket, monkeypatch: pytest.MonkeyPatch):
    """They stream past the chunk's own: what a run needs of memory does not grow with silver."""
    load, plans = known_module.load, list[str]()

    def explained(connection: duckdb.DuckDBPyConnection, name: str, select: str) -> int:
        if name == "alike":
            plans.append(connection.execute(f"EXPLAIN {select}").fetchall()[0][1])
        return load(connection, name, select)

    monkeypatch.setattr(known_module, "load", explained)
    bucket.fill(100)
    run(bucket)
    (plan,) = plans
    assert "SEMI" in plan
    assert "RIGHT_SEMI" not in plan


def test_one_lookup_is_for_many_chunks(bucket: Bucket, monkeypatch: pytest.MonkeyPatch):
    """Within it, what an earlier chunk has stored is known to the later ones."""
    lookups: list[object] = []
    look_up = silver_module.Silver.look_up
    monkeypatch.setattr(
        silver_module.Silver, "look_up", lambda self, since: lookups.append(since) or look_up(self, since)
    )
    bucket.fill(1500)
    counts = run(bucket, lookup_keys=10_000)
    assert len(lookups) == 1
    assert counts.objects == 15
    assert commits(bucket.root) > 10
    assert counts.silver < counts.read
    agrees(bucket)


def test_within_one_lookup_an_earlier_arrival_takes_the_place_of_what_was_just_stored(bucket: Bucket):
    """Objects of one hour are read as they were written, which says nothing of when their events arrived."""
    bucket.put(made([valid(n, 9) for n in range(5)], moment(TODAY, 9) + 1800, first=300))
    bucket.put(made([valid(n, 9) for n in range(2, 8)], moment(TODAY, 9) + 900, first=200))
    bucket.put(made([valid(n, 7) for n in range(4)], moment(TODAY, 9), first=100))
    counts = run(bucket, chunk_bytes=1, lookup_keys=10_000)
    assert (counts.objects, counts.silver, counts.replaced) == (3, 8, 7)
    agrees(bucket)


def test_hours_are_counted_in_parts_that_fit_the_memory_newest_first(bucket: Bucket):
    bucket.fill(1500)
    run(bucket)
    found, connection = table(bucket, "silver"), duckdb.connect()
    since, end = datetime(TODAY.year, TODAY.month, TODAY.day, 6), datetime(TODAY.year, TODAY.month, TODAY.day, 16)  # noqa: DTZ001
    assert gold_module.spans(connection, found, since, end, 10_000) == [(since, None)]
    parts = gold_module.spans(connection, found, since, end, found.count() // 3 + 1)
    assert [(first.hour, until and until.hour) for first, until in parts] == [(12, None), (9, 12), (6, 9)]
    assert len(gold_module.spans(connection, found, since, end, 1)) == 10
    assert len(gold_module.spans(connection, found, end, end, 1)) == 1


def test_after_the_repeat_window_an_event_counts_as_another(bucket: Bucket):
    """Until then it is known by its first copy, and then by the one that was stored."""
    bucket.put(made([valid(1)], moment(days_before(2), 9)))
    run(bucket, today=days_before(2))
    bucket.put(made([valid(1)], moment(TODAY, 8), first=100))
    assert run(bucket, repeat_hours=48).silver == 0
    bucket.put(made([valid(1)], moment(TODAY, 11), first=200))
    assert run(bucket, repeat_hours=24).silver == 1
    bucket.put(made([valid(1)], moment(TODAY, 12), first=300))
    assert run(bucket, repeat_hours=24).silver == 0
    assert len(silver(bucket)) == 2


def test_an_object_that_grows_between_its_two_readings_is_read_again_by_the_next_run(bucket: Bucket):
    """What was not looked up is not stored, though it is read: silver may hold it already."""
    bucket.put(made([valid(9)], moment(days_before(1), 9), first=900))
    run(bucket)
    bucket.put(made([valid(n) for n in range(3)], moment(TODAY)))

    def grows() -> None:
        if len(bucket.fetched) == 2:  # in that run once already
            bucket.on_fetch = lambda: None
            bucket.put(made([valid(n) for n in (0, 1, 2, 9, 10)], moment(TODAY)))

    bucket.on_fetch = grows
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bronze_module.Shelf.__init__, "__defaults__", (0,))
        assert run(bucket).silver == 3
    assert run(bucket).silver == 1
    agrees(bucket)


def test_ids_that_share_a_key_are_different_events(bucket: Bucket, monkeypatch: pytest.MonkeyPatch):
    """Here all of them do: the ids decide."""
    for module in (known_module, silver_module):
        monkeypatch.setattr(module, "key_of", lambda _: "CAST(0 AS BIGINT)")
    bucket.fill(600)
    run(bucket)
    bucket.fill(400, seed=4, arrived=moment(TODAY, 12))
    bucket.put(made([valid(n, 7) for n in range(5)], moment(days_before(1), 23), first=100))
    bucket.put(made([valid(n, 7) for n in range(3, 8)], moment(days_before(1), 22), first=200))
    assert run(bucket).silver > 300
    agrees(bucket)
