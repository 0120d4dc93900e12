"""What the lakehouse job costs: CPU per new event, per key that a lookup reads, per row that gold reads and counts.

    python benchmarks/lakehouse.py [--events N] [--copies N] [--json]

One core, CPU time, one run. New events come through the processor, as bronze objects in a directory; what silver holds
already is the same events over and over, with other ids, at earlier times. Directories are not a storage account: what
waits for the network is not in the figures. The figures stand in stacks/data/limits.csv, in round numbers.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parent.parent))

import duckdb
from deltalake import DeltaTable, write_deltalake

from events.contract import SHIPPED, load
from events.generator import START, generate
from geography import boundary
from processor.core import Batch, Context, process
from processor.keys import KeyRing
from processor.lakehouse.bronze import CHUNK_BYTES, Bronze, Item, Shelf, chunks
from processor.lakehouse.engine import engine, moments, stream
from processor.lakehouse.gold import Gold
from processor.lakehouse.known import key_of
from processor.lakehouse.silver import Silver
from processor.lakehouse.tables import ARRIVED_DAY, KEY, WRITING, gold_schema, marks, opened, silver_rows, silver_schema
from processor.lakehouse.tables import Place as Tables
from processor.schema import Contract

BATCH = 5_000
BOUNDARY = "eu"
KEYS = KeyRing("k1", {"k1": bytes(range(32))})
Result = TypeVar("Result")


class Directory(Bronze):
    """A bucket in a directory."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def items(self, prefix: str) -> Iterator[Item]:
        """The files."""
        for path in sorted(self.root.glob(f"{prefix}**/*.jsonl.gz")):
            yield Item(path.relative_to(self.root).as_posix(), "1", path.stat().st_mtime, path.stat().st_size)

    def fetch(self, name: str, to: Path) -> None:
        """A copy."""
        shutil.copyfile(self.root / name, to)


def fill(bucket: Directory, contract: Contract, events: int, arrived: float) -> None:
    """Bronze of some seconds, as the processor on Azure writes it."""
    context = Context(contract, KEYS, boundary(BOUNDARY).countries, "benchmark", "gzip")
    sent = [record.data for record in generate(contract, events, 20260302, boundary=BOUNDARY)]
    for first in range(0, events, BATCH):
        payloads = sent[first : first + BATCH]
        numbers = range(first, first + len(payloads))
        batch = Batch("0", [str(10**9 + n) for n in numbers], [arrived + n / 30_000 for n in numbers], payloads)
        for stored in process(batch, context).objects:
            path = bucket.root / stored.key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(stored.body)


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """CPU seconds of all threads, and what came of it."""
    begun = time.process_time()
    done = work()
    return time.process_time() - begun, done


def copies(silver: Silver, connection: duckdb.DuckDBPyConnection, contract: Contract, number: int) -> None:
    """Put what `fresh` holds into silver again, `number` times, an hour earlier each time, under other ids."""
    event_id, event_time = (contract.field(role).name for role in ("event_id", "event_time"))
    columns = silver_rows(contract)
    for back in range(1, number + 1):
        shifted = ", ".join(f'"{name}" - INTERVAL {back} HOUR AS "{name}"' for name in ("arrived_at", event_time))
        source = f'SELECT * REPLACE (uuid()::VARCHAR AS "{event_id}", {shifted}) FROM fresh'
        own = f"CAST(arrived_at AS date) AS {ARRIVED_DAY}, {key_of(event_id)} AS {KEY}"
        connection.execute(f"CREATE OR REPLACE TABLE copied AS SELECT * REPLACE ({own}) FROM ({source})")
        rows = moments(connection, columns, "copied")
        properties = marks(silver.table)
        write_deltalake(silver.table, rows, mode="append", writer_properties=WRITING, commit_properties=properties)


def scan(table: DeltaTable, connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Read what gold reads, and count nothing: what each part of the hours costs that is not the only one."""
    wanted = [field.name for field in contract.fields if field.role in ("event_time", "event_type", "person")]
    stream(connection, "scanned", table, ", ".join(f'"{name}"' for name in wanted), "true")
    connection.execute(f"SELECT {', '.join(f'count({name})' for name in wanted)} FROM scanned").fetchall()
    connection.unregister("scanned")


def measure(events: int, number: int, root: Path) -> dict[str, float]:
    """The figures of one run, in microseconds of CPU."""
    contract = load(SHIPPED)
    bucket, tables = Directory(root / "lake"), Tables(str(root / "lake"))
    arrived = START.astimezone(UTC) + timedelta(hours=number + 1)
    fill(bucket, contract, events, arrived.timestamp())
    table = opened(tables, "silver", silver_schema(contract), ARRIVED_DAY)
    gold_table = opened(tables, "gold", gold_schema(contract))
    with engine(root / "scratch") as connection:
        silver, gold = Silver(contract, table, connection), Gold(contract, gold_table, connection)
        shelf = Shelf(bucket, root / "scratch")
        listed = list(chunks(bucket, [arrived.date()], lambda _: None, CHUNK_BYTES))
        gathering, gathered = timed(lambda: list(silver.gather(listed, shelf, 2**30)))
        since = datetime(2026, 1, 1)  # noqa: DTZ001 - in UTC, as DuckDB has it
        silver.look_up(since)
        taking, taken = timed(lambda: [silver.take(each, shelf) for each in gathered])
        rows = sum(each.read for each in taken)
        copies(silver, connection, contract, number)
        held = table.count()
        looking, _ = timed(lambda: silver.look_up(since))
        counting, _ = timed(lambda: gold.count(table, since))
        scanning, _ = timed(lambda: scan(table, connection, contract))
    size = sum(file.stat().st_size for file in (root / "lake" / "silver").rglob("*.parquet"))
    return {
        "rows": rows,
        "held": held,
        "gather_us": gathering / rows * 1e6,
        "take_us": taking / rows * 1e6,
        "lookup_us": looking / held * 1e6,
        "gold_us": counting / held * 1e6,
        "scan_us": scanning / held * 1e6,
        "silver_bytes": size / held,
    }


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--copies", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory(prefix="homeshore-benchmark-") as root:
        found = measure(options.events, options.copies, Path(root))
    if options.json:
        print(json.dumps({"version": 1, **{name: round(value, 4) for name, value in found.items()}}, indent=1))
        return 0
    per_event = found["gather_us"] + found["take_us"]
    print(
        f"{found['rows']:,.0f} new rows, {found['held']:,.0f} held at {found['silver_bytes']:.0f} B; one core, CPU time"
    )
    print(f"  into silver  {1e6 / per_event:12,.0f} events/s ({found['gather_us']:.1f} + {found['take_us']:.1f} us)")
    print(f"  lookup       {1e6 / found['lookup_us']:12,.0f} keys/s")
    print(f"  gold         {1e6 / found['gold_us']:12,.0f} rows/s")
    print(f"  gold's scan  {1e6 / found['scan_us']:12,.0f} rows/s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
