"""A bucket in a directory, with bronze as the processor writes it, and the truth about it in DuckDB's own words."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
from deltalake import DeltaTable, QueryBuilder

from events.generator import START, generate
from processor import sql
from processor.core import Batch, Context, Stored, process
from processor.lakehouse.bronze import Bronze, Item
from processor.lakehouse.refresh import REPEAT_HOURS, Counts, Plan, refresh
from processor.lakehouse.tables import ARRIVED_DAY, Place
from processor.schema import Contract
from processor.sql.models import gold_columns, silver_columns
from tests.processor.batches import numbered, shared_context

TODAY = START.astimezone(UTC).date()
KEEP_DAYS = 30


def gzipped(contract: Contract | None = None) -> Context:
    """The tests' context as Azure's processor has it."""
    shared = shared_context()
    return Context(contract or shared.contract, shared.ring, shared.countries, shared.stream, "gzip")


def events(total: int, seed: int = 3, duplicates: float = 0.2) -> list[bytes]:
    """Generated events, some of them twice."""
    made = generate(shared_context().contract, total, seed, duplicates=duplicates, boundary="eu")
    return [record.data for record in made]


def moment(day: date, hour: int = 9) -> float:
    """An hour of a day as UNIX seconds."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC).timestamp()


def made(payloads: Sequence[bytes], arrived: float, first: int = 0, context: Context | None = None) -> Stored:
    """The bronze object of a batch that arrived from `arrived` on. No two records of a test arrive at once."""
    numbers = range(first, first + len(payloads))
    times = [arrived + (n % 1_000_000) / 1000 for n in numbers]
    batch = Batch(f"shard-{first // 100 % 3}", [str(10**20 + n) for n in numbers], times, list(payloads))
    return process(batch, context or gzipped()).objects[-1]


class Bucket(Bronze):
    """The bucket: bronze below `root`, and the Delta tables beside it. `on_fetch` is called before each download."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.on_fetch: Callable[[], None] = lambda: None
        self.fetched: list[str] = []
        self._writes = 0

    def put(self, stored: Stored) -> Path:
        """Write an object, later than all that were written before."""
        path = self.root / stored.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(stored.body)
        self._writes += 1
        os.utime(path, (1_700_000_000 + self._writes,) * 2)
        return path

    def items(self, prefix: str) -> Iterator[Item]:
        for path in sorted(self.root.glob(f"{prefix}**/*.jsonl.*")):
            state = path.stat()
            tag = f"{state.st_mtime_ns}-{state.st_size}"
            yield Item(path.relative_to(self.root).as_posix(), tag, state.st_mtime, state.st_size)

    def fetch(self, name: str, to: Path) -> None:
        self.on_fetch()
        self.fetched.append(name)
        shutil.copyfile(self.root / name, to)

    @property
    def place(self) -> Place:
        return Place(str(self.root))

    def fill(self, total: int, *, batch: int = 100, arrived: float | None = None, seed: int = 3) -> None:
        """Put `total` events in batches, 100 of them an hour."""
        sent = events(total, seed)
        start = moment(TODAY) if arrived is None else arrived
        for number, first in enumerate(range(0, total, batch)):
            payloads = sent[first : first + batch]
            self.put(made(payloads, start + number // 4 * 3600, first + seed * 100_000))


def run(
    bucket: Bucket,
    *,
    today: date = TODAY,
    keep_days: int = KEEP_DAYS,
    chunk_bytes: int = 30_000,
    stopped: Callable[[], bool] = lambda: False,
    enough: Callable[[], bool] = lambda: False,
    contract: Contract | None = None,
    repeat_hours: int = REPEAT_HOURS,
    lookup_keys: int = 350,
    count_rows: int = 200,
) -> Counts:
    """One run of the job on the bucket; all is done in small parts, so that a run has many of them."""
    plan = Plan(
        today,
        keep_days,
        chunk_bytes=chunk_bytes,
        repeat_hours=repeat_hours,
        lookup_keys=lookup_keys,
        count_rows=count_rows,
    )
    with tempfile.TemporaryDirectory() as scratch:
        return refresh(
            contract or shared_context().contract,
            bucket.place,
            bucket,
            plan,
            scratch=Path(scratch),
            stopped=stopped,
            enough=enough,
        )


def table(bucket: Bucket, name: str) -> DeltaTable:
    return DeltaTable(f"{bucket.root}/{name}")


def rows(place: DeltaTable, columns: list[tuple[str, str]]) -> list[tuple]:
    """All rows of a Delta table, times in UTC without a zone."""
    listed = [f"\"{n}\" AT TIME ZONE 'UTC'" if kind == "timestamp" else f'"{n}"' for n, kind in columns]
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("found", QueryBuilder().register("t", place).execute("SELECT * FROM t"))
    return connection.execute(f"SELECT {', '.join(listed)} FROM found ORDER BY ALL").fetchall()


def silver(bucket: Bucket) -> list[tuple]:
    contract = shared_context().contract
    return rows(table(bucket, "silver"), [*silver_columns(contract), (ARRIVED_DAY, "date")])


def gold(bucket: Bucket) -> list[tuple]:
    return rows(table(bucket, "gold"), gold_columns(shared_context().contract))


def truth(bucket: Bucket) -> tuple[list[tuple], list[tuple]]:
    """Silver and gold, from all of bronze at once."""
    contract = shared_context().contract
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("CREATE SCHEMA lake")
    connection.execute(sql.bronze_ddl(contract, "duckdb", "lake", f"{bucket.root}/bronze"))
    select = sql.silver_select(contract, "duckdb", "lake")
    found = connection.execute(f"SELECT *, CAST(arrived_at AS date) FROM ({select}) ORDER BY ALL").fetchall()
    return found, connection.execute(f"{sql.gold_select(contract, 'duckdb', 'lake', 'bronze')}").fetchall()


def agrees(bucket: Bucket) -> None:
    """Silver and gold are what all of bronze says, and their tables are of the version that Synapse reads."""
    expected_silver, expected_gold = truth(bucket)
    assert silver(bucket) == expected_silver
    assert gold(bucket) == sorted(expected_gold)
    for name in ("silver", "gold"):
        protocol = table(bucket, name).protocol()
        assert (protocol.min_reader_version, protocol.min_writer_version) == (1, 2)
        assert not protocol.reader_features
        assert not protocol.writer_features


def days_before(number: int) -> date:
    return TODAY - timedelta(days=number)


def valid(number: int, hour: int = 8, kind: str = "click") -> bytes:
    """A valid event of today at some hour."""
    text = numbered(number).replace(b"2026-03-02T08", f"{TODAY}T{hour:02}".encode())
    return text.replace(b'"click"', f'"{kind}"'.encode())


def commits(root: Path) -> int:
    """How many commits silver has had."""
    return len(list(root.glob("silver/_delta_log/*.json")))
