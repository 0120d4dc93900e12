"""The main job: events through a processor, every one of them accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from events.contract import Contract
from events.generator import generate
from homeshore.demo import account
from homeshore.demo.lake import Lake, Table
from homeshore.demo.progress import Steps
from processor import sql

SEED = 20260302


@dataclass(frozen=True)
class Job:
    """What one run found: the kinds that were sent, what became of them, and the gold table."""

    sent: Counter[str]
    accounting: account.Accounting
    gold: Table


def run(lake: Lake, contract: Contract, boundary: str, events: int, steps: Steps) -> Job:
    """Send `events` events, wait until they are stored, query and account for them.

    What the lake held before is accounted for too, so that a run on a stack in use closes as well; the figures
    returned are those of this run.
    """
    before = _account(lake, contract, lake.stored(), lambda: None)
    with steps.step("produce", f"sending {events:,} events", events) as bar:
        # An empty lake always gets the same events; one in use must not get them again: they would all be duplicates.
        records = generate(contract, events, SEED + before.sent, boundary=boundary)
        sent = lake.send(records, bar.advance)
    with steps.step("process", "processing them", events) as bar:
        lake.settle(before.sent + sent.total(), bar.advance)
    with steps.step("query", "querying gold"):
        gold = lake.ask(sql.gold_select(contract, "duckdb", lake.database, "bronze"))
    with steps.step("account", "reading the bucket back", lake.batches) as bar:
        after = _account(lake, contract, before.sent + sent.total(), lambda: bar.advance(1))
    return Job(sent, after.since(before).against(sent), gold)


def _account(lake: Lake, contract: Contract, sent: int, read: Callable[[], None]) -> account.Accounting:
    # No emulator keeps tables of its own, so silver is the canonical model, computed over bronze.
    silver = sql.silver_select(contract, "duckdb", lake.database)
    counted = lake.ask(f"SELECT COUNT(*) AS events FROM (\n{silver}\n) AS silver")  # noqa: S608 - our own model
    return account.read_back(
        lake.held(),
        event_id=contract.field("event_id").name,
        silver_rows=int(counted.rows[0][0] or 0),
        sent=sent,
        read=read,
    )
