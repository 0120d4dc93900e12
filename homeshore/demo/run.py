"""The main job: a stack on the embedded cloud, events through it, every one of them accounted for."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from events.contract import Contract
from events.generator import generate
from homeshore.demo import account, query
from homeshore.demo.produce import send
from homeshore.demo.progress import Steps
from processor import sql

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_s3 import S3Client

    from homeshore.local.cloud import Running

SEED = 20260302
# The embedded cloud delivers within seconds; a minute without a single new event means that something is broken.
STALLED_SECONDS = 60.0
POLL_SECONDS = 0.25


@dataclass(frozen=True)
class Job:
    """What one run found: the kinds that were sent, what became of them, and the gold table."""

    sent: Counter[str]
    accounting: account.Accounting
    gold: query.Table


@dataclass(frozen=True)
class Lake:
    """The clients and names that the job needs of a running stack."""

    kinesis: KinesisClient
    s3: S3Client
    athena: AthenaClient
    stream: str
    bucket: str
    database: str
    workgroup: str

    def ask(self, statement: str) -> query.Table:
        """The result of a statement in the stack's own database and workgroup."""
        return query.run(self.athena, statement, database=self.database, workgroup=self.workgroup)


def lake_of(running: Running) -> Lake:
    """The lake of a running stack, by its outputs."""
    outputs = running.outputs
    return Lake(
        kinesis=cast("KinesisClient", running.client("kinesis")),
        s3=cast("S3Client", running.client("s3")),
        athena=cast("AthenaClient", running.client("athena")),
        stream=str(outputs["stream"]),
        bucket=str(outputs["bucket"]),
        database=str(outputs["database"]),
        workgroup=str(outputs["workgroup"]),
    )


def run(lake: Lake, contract: Contract, boundary: str, events: int, steps: Steps) -> Job:
    """Send `events` events, wait until they are stored, query and account for them.

    What the lake held before is accounted for too, so that a run on a stack in use closes as well; the figures
    returned are those of this run.
    """
    known: dict[str, int] = {}
    before = _account(lake, contract, account.events_stored(lake.s3, lake.bucket, known), lambda: None)
    with steps.step("produce", f"sending {events:,} events", events) as bar:
        # An empty lake always gets the same events; one in use must not get them again: they would all be duplicates.
        records = generate(contract, events, SEED + before.sent, boundary=boundary)
        sent = send(records, lake.kinesis, lake.stream, bar.advance)
    with steps.step("process", "processing them in the function", events) as bar:
        _wait(lake, known, before.sent + sent.total(), bar.advance)
    with steps.step("query", "querying gold"):
        gold = lake.ask(sql.gold_select(contract, "duckdb", lake.database, "bronze"))
    with steps.step("account", "reading the bucket back", len(known)) as bar:
        after = _account(lake, contract, before.sent + sent.total(), lambda: bar.advance(1))
    return Job(sent, after.since(before).against(sent), gold)


def _account(lake: Lake, contract: Contract, sent: int, read: Callable[[], None]) -> account.Accounting:
    # The emulator's Athena keeps no tables of its own, so silver is the canonical model, computed over bronze.
    silver = sql.silver_select(contract, "duckdb", lake.database)
    counted = lake.ask(f"SELECT COUNT(*) AS events FROM (\n{silver}\n) AS silver")  # noqa: S608 - our own model
    return account.read_back(
        lake.s3,
        lake.bucket,
        event_id=contract.field("event_id").name,
        silver_rows=int(counted.rows[0][0] or 0),
        sent=sent,
        read=read,
    )


def _wait(lake: Lake, known: dict[str, int], expected: int, advance: Callable[[int], None]) -> None:
    """Until all events are stored, or nothing has moved for a while: what is missing then, the accounting tells."""
    stored, moved = sum(known.values()), time.monotonic()
    while stored < expected and time.monotonic() - moved < STALLED_SECONDS:
        now = account.events_stored(lake.s3, lake.bucket, known)
        if now > stored:
            advance(now - stored)
            stored, moved = now, time.monotonic()
        else:
            time.sleep(POLL_SECONDS)
