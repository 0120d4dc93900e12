"""The lakehouse job on a directory: the same rows as the canonical SQL, however often it is run, stopped or killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from deltalake.exceptions import CommitFailedError

from processor.lakehouse import gold as gold_module
from processor.lakehouse import refresh as refresh_module
from processor.lakehouse import silver as silver_module
from processor.lakehouse.refresh import UPKEEP
from processor.lakehouse.tables import WRITER
from processor.schema import Contract, Field
from tests.clouds.lakes import (
    KEEP_DAYS,
    TODAY,
    Bucket,
    agrees,
    commits,
    days_before,
    gold,
    gzipped,
    made,
    moment,
    run,
    silver,
    table,
    truth,
    valid,
)
from tests.processor.batches import shared_context

ROOT = Path(__file__).parents[2]


def test_silver_and_gold_are_what_bronze_says(bucket: Bucket):
    bucket.fill(1500)
    counts = run(bucket)
    expected, _ = truth(bucket)
    assert counts.objects == 15
    assert counts.silver == len(expected) < counts.read
    assert counts.gold == len(gold(bucket)) > 1
    assert table(bucket, "silver").version() > 10  # a commit for each chunk
    agrees(bucket)


def test_a_run_without_anything_new_reads_and_writes_nothing(bucket: Bucket):
    bucket.fill(500)
    run(bucket)
    versions = [table(bucket, name).version() for name in ("silver", "gold")]
    bucket.fetched.clear()
    counts = run(bucket)
    assert not any(counts)
    assert not bucket.fetched
    assert [table(bucket, name).version() for name in ("silver", "gold")] == versions


def test_what_arrives_between_runs_is_added_and_only_that_is_read(bucket: Bucket):
    bucket.fill(500)
    run(bucket)
    bucket.fetched.clear()
    bucket.fill(300, seed=4, arrived=moment(TODAY, 10))
    assert run(bucket).objects == len(bucket.fetched) == 3
    agrees(bucket)


def test_an_earlier_arrival_that_comes_late_takes_the_place_of_the_later(bucket: Bucket):
    """Another day, another hour of the event's own time too: gold's old hour is counted anew."""
    bucket.put(made([valid(n, 9) for n in range(5)], moment(TODAY, 9)))
    run(bucket)
    bucket.put(made([valid(n, 7) for n in range(2, 8)], moment(days_before(1), 23), first=100))
    assert run(bucket).replaced == 3
    agrees(bucket)
    assert run(bucket) == refresh_module.Counts()


def test_a_later_arrival_changes_nothing(bucket: Bucket):
    bucket.put(made([valid(1)], moment(TODAY, 9)))
    run(bucket)
    before = silver(bucket)
    bucket.put(made([valid(1, 10)], moment(TODAY, 11), first=100))
    counts = run(bucket)
    assert (counts.read, counts.silver, counts.replaced) == (1, 0, 0)
    assert silver(bucket) == before


def test_an_object_that_was_replaced_by_a_longer_one_is_read_again(bucket: Bucket):
    bucket.put(made([valid(n) for n in range(3)], moment(TODAY)))
    bucket.put(made([valid(50)], moment(TODAY), first=100))
    run(bucket)
    bucket.put(made([valid(n) for n in range(6)], moment(TODAY)))  # under the same name
    counts = run(bucket)
    assert (counts.objects, counts.silver) == (2, 3)
    agrees(bucket)


def test_events_of_a_fast_and_of_a_slow_clock_are_counted_within_the_window(bucket: Bucket):
    bucket.put(made([valid(1, 23), valid(2, 0), valid(3)], moment(TODAY, 12)))
    run(bucket)
    bucket.put(made([valid(4, 0), valid(5, 23)], moment(TODAY, 13), first=100))
    run(bucket)
    agrees(bucket)


class DiedError(BaseException):
    """The process ends here."""


def dying(monkeypatch: pytest.MonkeyPatch, at: int, when: str) -> Callable[[], int]:
    """Make the `at`-th write die before or after it. Returns what tells how many writes there were."""
    count = 0

    def watched(write: Callable) -> Callable:
        def call(*args: object, **kwargs: object) -> object:
            nonlocal count
            count += 1
            if count == at and when == "before":
                raise DiedError
            done = write(*args, **kwargs)
            if count == at:
                raise DiedError
            return done

        return call

    for module, name in ((silver_module, "write_deltalake"), (gold_module, "write_deltalake")):
        monkeypatch.setattr(module, name, watched(getattr(module, name)))
    for owner, name in ((silver_module.Silver, "_replace"), (gold_module.Gold, "count"), (refresh_module, "expire")):
        monkeypatch.setattr(owner, name, watched(getattr(owner, name)))
    return lambda: count


def late_and_twice(bucket: Bucket) -> None:
    """Everything at once: days that expire, events twice, and earlier arrivals after later ones."""
    bucket.put(made([valid(n, 9) for n in range(5)], moment(TODAY, 9)))
    run(bucket)
    bucket.put(made([valid(n, 7) for n in range(2, 8)], moment(days_before(1), 23), first=100))
    bucket.fill(200, arrived=moment(TODAY, 10))


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_that_dies_at_any_write_is_made_up_for(tmp_path: Path, when: str):
    deaths = 0
    for at in range(1, 40):
        bucket = Bucket(tmp_path / str(at))
        late_and_twice(bucket)
        tomorrow = TODAY + timedelta(days=1)  # so that the day's upkeep is due
        with pytest.MonkeyPatch.context() as patch:
            writes = dying(patch, at, when)
            try:
                run(bucket, today=tomorrow)
            except DiedError:
                deaths += 1
            else:
                assert writes() < at
                break
        run(bucket, today=tomorrow)
        agrees(bucket)
        assert not any(run(bucket, today=tomorrow))
    assert deaths >= 6


def test_killed_over_and_over_it_ends_with_the_same_rows(tmp_path: Path):
    """SIGKILL in processes of their own, each as soon as it has made a commit or two: at moments that nobody chose."""
    bucket = Bucket(tmp_path)
    bucket.fill(1200)
    program = "from tests.clouds.lakes import *\nimport sys\nprint(run(Bucket(Path(sys.argv[1]))).silver, flush=True)"

    killed = 0
    for more in (1, 2, 3):
        reached = commits(tmp_path) + more
        command = [sys.executable, "-c", program, str(tmp_path)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + 60
            while process.poll() is None and commits(tmp_path) < reached:
                assert time.monotonic() < deadline
            process.kill()
        killed += process.returncode == -signal.SIGKILL
    assert killed
    run(bucket)
    agrees(bucket)


def test_of_two_runs_side_by_side_one_gives_way_and_nothing_is_twice_there(bucket: Bucket):
    bucket.fill(600)
    ran: list[int] = []

    def other() -> None:
        if not ran:
            ran.append(0)
            ran[0] = run(bucket).silver

    bucket.on_fetch = other
    with pytest.raises(CommitFailedError):
        run(bucket)
    expected, _ = truth(bucket)
    assert ran == [len(expected)]
    agrees(bucket)
    assert not any(run(bucket))


def test_a_run_that_is_told_to_stop_ends_after_the_commit_at_hand(bucket: Bucket):
    bucket.fill(800)
    counts = run(bucket, stopped=lambda: commits(bucket.root) >= 3)
    assert counts.stopped
    assert 0 < counts.objects < 8
    assert not run(bucket).stopped
    agrees(bucket)


def test_a_run_that_is_told_to_stop_while_it_looks_ahead_ends_at_once(bucket: Bucket):
    bucket.fill(800)
    counts = run(bucket, stopped=lambda: len(bucket.fetched) >= 2, lookup_keys=10_000)
    assert counts == refresh_module.Counts(stopped=True, behind=True)
    assert len(bucket.fetched) == 2
    run(bucket)
    agrees(bucket)


def test_a_run_that_cannot_keep_up_still_counts_gold_and_keeps_the_retention(bucket: Bucket):
    bucket.fill(300, arrived=moment(TODAY - timedelta(days=KEEP_DAYS)))
    run(bucket, today=TODAY - timedelta(days=KEEP_DAYS))
    bucket.fill(800, seed=4)
    bucket.fetched.clear()
    counts = run(bucket, today=TODAY + timedelta(days=1), enough=lambda: len(bucket.fetched) >= 3)
    assert counts.behind
    assert not counts.stopped
    assert 0 < counts.objects < 8
    assert counts.gold
    assert counts.expired
    assert not run(bucket, today=TODAY + timedelta(days=1)).behind


def test_what_is_past_its_retention_leaves_silver_and_stays_in_gold(bucket: Bucket):
    bucket.fill(300)
    run(bucket)
    counted = gold(bucket)
    assert run(bucket, today=TODAY + timedelta(days=KEEP_DAYS)).expired == 0
    assert silver(bucket)
    assert run(bucket, today=TODAY + timedelta(days=KEEP_DAYS + 1)).expired > 0
    assert silver(bucket) == []
    assert gold(bucket) == counted


def test_a_short_retention_does_not_lower_what_gold_has_counted(bucket: Bucket):
    """Two days are kept: an hour is not counted anew once silver has lost some of its arrivals."""
    bucket.put(made([valid(1, 22), valid(2, 22)], moment(days_before(1), 22)))
    run(bucket, today=days_before(1), keep_days=2)
    counted = gold(bucket)
    bucket.put(made([valid(3, 22)], moment(TODAY, 23), first=100))
    run(bucket, keep_days=2)
    for later in (1, 2, 3):
        run(bucket, today=TODAY + timedelta(days=later), keep_days=2)
    events = {row[:2]: row[2] for row in gold(bucket)}
    assert all(events[row[:2]] >= row[2] for row in counted)


def test_files_that_no_commit_names_are_removed_in_time(bucket: Bucket):
    bucket.fill(200)
    run(bucket)
    orphan = bucket.root / "silver" / f"arrived_day={TODAY}" / "part-00000-dead.snappy.parquet"
    orphan.write_bytes(b"half")
    run(bucket, today=TODAY + timedelta(days=1))
    assert orphan.is_file()  # somebody may be writing it
    os.utime(orphan, (time.time() - 8 * 86400,) * 2)
    run(bucket, today=TODAY + timedelta(days=2))
    assert not orphan.is_file()
    agrees(bucket)


def test_small_files_of_a_day_that_is_over_are_joined(bucket: Bucket):
    bucket.fill(2000)
    run(bucket)
    assert len(table(bucket, "silver").file_uris()) == 20
    run(bucket, today=TODAY + timedelta(days=5))
    assert len(table(bucket, "silver").file_uris()) == 1
    agrees(bucket)
    assert table(bucket, "gold").transaction_version(UPKEEP) == (TODAY + timedelta(days=5)).toordinal()


def test_the_log_holds_nothing_newer_than_delta_1(bucket: Bucket):
    bucket.put(made([valid(n, 9) for n in range(5)], moment(TODAY, 9)))
    run(bucket)
    bucket.put(made([valid(n, 7) for n in range(2, 8)], moment(days_before(1), 23), first=100))
    run(bucket, today=TODAY + timedelta(days=1))
    run(bucket, today=TODAY + timedelta(days=KEEP_DAYS + 5))
    kinds: set[str] = set()
    for log in bucket.root.glob("*/_delta_log/*.json"):
        for line in log.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            kinds |= set(entry)
            if "add" in entry:
                assert not entry["add"].get("deletionVector")
            if "metaData" in entry:
                assert "timestamp_ntz" not in entry["metaData"]["schemaString"]
            if "txn" in entry and entry["txn"]["appId"].startswith("bronze/"):
                assert 0 <= entry["txn"]["version"] < 2**63
    assert kinds == {"commitInfo", "add", "remove", "metaData", "protocol", "txn"}
    assert table(bucket, "silver").transaction_version(WRITER)


def test_a_column_that_a_newer_contract_adds_comes_to_the_table(bucket: Bucket):
    bucket.put(made([valid(1)], moment(TODAY)))
    run(bucket)
    old = shared_context().contract
    more = msgspec.structs.replace(old, fields=(*old.fields, Field("score", "number")))
    event = valid(2)[:-1] + b',"score":1.5}'
    bucket.put(made([event], moment(TODAY, 10), first=100, context=gzipped(more)))
    assert run(bucket, contract=more).silver == 1
    found = table(bucket, "silver")
    assert "score" in {field.name for field in found.schema().fields}
    assert len(silver(bucket)) == 2
    assert run(bucket, contract=old) == refresh_module.Counts()  # a stack that was rolled back


def test_a_contract_with_the_words_of_sql_as_names_is_no_trouble(bucket: Bucket):
    fields = (
        Field("select", "string", required=True, role="event_id", pattern="[a-z0-9]+"),
        Field("from", "timestamp", required=True, role="event_time"),
        Field("group", "string", required=True, role="event_type", enum=("a", "b")),
        Field("table", "string", required=True, role="tenant", pattern="[a-z]+"),
        Field("home", "string", required=True, role="residency", pattern="[A-Z]{2}"),
        Field("order", "date"),
        Field("count", "integer"),
        Field("limit", "boolean"),
        Field("union", "array"),
    )
    contract = Contract("odd", "1", fields)
    text = (
        '{"select":"x%d","from":"%sT0%d:00:00Z","group":"a","table":"t","home":"FR","order":"2026-01-01",'
        '"count":5,"limit":true,"union":[1]}'
    )
    context = gzipped(contract)
    bucket.put(made([(text % (n, TODAY, 9)).encode() for n in range(3)], moment(TODAY, 9), context=context))
    run(bucket, contract=contract)
    early = [(text % (n, TODAY, 7)).encode() for n in range(2)]
    bucket.put(made(early, moment(TODAY, 8), first=100, context=context))
    counts = run(bucket, contract=contract)
    assert (counts.replaced, counts.silver) == (2, 0)
    assert table(bucket, "gold").count() == 2


def test_a_stop_signal_is_heeded(tmp_path: Path):
    """The handler only notes; the loop asks between commits."""
    told: list[int] = []
    previous = signal.signal(signal.SIGUSR1, lambda number, _: told.append(number))
    try:
        bucket = Bucket(tmp_path)
        bucket.fill(500)
        bucket.on_fetch = lambda: os.kill(os.getpid(), signal.SIGUSR1)
        assert run(bucket, stopped=lambda: bool(told)).stopped
    finally:
        signal.signal(signal.SIGUSR1, previous)
