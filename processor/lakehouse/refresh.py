"""One run: what is new in bronze into silver, the day's upkeep, then gold. Killed and run again, it ends alike.

Order decides that. A chunk's rows and its progress are one commit. Gold says last which silver it has seen; a run that
finds gold behind counts the whole window instead of what it has touched itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from processor import sql
from processor.lakehouse.bronze import CHUNK_BYTES, Bronze, Shelf, chunks, days_until
from processor.lakehouse.engine import engine, memory_mib
from processor.lakehouse.gold import MOST_ROWS_PER_MIB, Gold, spans
from processor.lakehouse.silver import Gathered, Silver, expire
from processor.lakehouse.tables import ARRIVED_DAY, KEPT_HOURS, Place, gold_schema, opened, silver_schema
from processor.schema import Contract

if TYPE_CHECKING:
    from deltalake import DeltaTable
    from duckdb import DuckDBPyConnection

DAYS = 3
"""Days of arrival that a run looks at, beside today: as many as the refreshes on the other clouds."""
REPEAT_HOURS = 24 * sql.REPEATED_WITHIN_DAYS
"""How long after its first copy an event is known again, unless the stack says it: as on the other clouds."""
LEAST_REPEAT_HOURS = 24
"""Below it one day of arrival could hold an event twice, and an earlier arrival would have to replace both."""
KEYS_PER_MIB = 8192
"""Keys that are looked up together, for each MiB of the engine: a third of it for DuckDB's table of them."""
UPKEEP = "upkeep"
"""The transaction identifier of gold's commits that says on which day the last upkeep was (its ordinal)."""
_MANY_FILES = 16


class Plan(NamedTuple):
    """What a run is told: the day it is, days of arrival to look at, days after which events leave silver.

    `repeat_hours` before a chunk's hour its events are looked for among what arrived. `lookup_keys` are looked up
    together, `count_rows` counted together (0: as many as the memory takes).
    """

    today: date
    keep_days: int
    days: int = DAYS
    chunk_bytes: int = CHUNK_BYTES
    repeat_hours: int = REPEAT_HOURS
    lookup_keys: int = 0
    count_rows: int = 0


class Counts(NamedTuple):
    """What a run did: objects and rows read, events added and replaced, gold's rows counted, files that expired.

    `stopped` runs were told to end early; what they left is the next run's. So is what a run that is `behind` left of
    bronze: it did all the rest.
    """

    objects: int = 0
    read: int = 0
    silver: int = 0
    replaced: int = 0
    gold: int = 0
    expired: int = 0
    stopped: bool = False
    behind: bool = False


def refresh(
    contract: Contract,
    place: Place,
    bronze: Bronze,
    plan: Plan,
    *,
    scratch: Path,
    stopped: Callable[[], bool],
    enough: Callable[[], bool] = lambda: False,
) -> Counts:
    """Bring silver and gold up to date. `scratch` is an empty directory; `stopped` is asked between commits.

    `enough` says that no more of bronze is to be taken in, so that upkeep and gold have their time: what is past its
    retention goes even while a run cannot keep up.

    Raises CommitFailedError when another run writes at the same time, and what the storage raises.
    """
    silver_table = opened(place, "silver", silver_schema(contract), ARRIVED_DAY)
    gold_table = opened(place, "gold", gold_schema(contract))
    with engine(scratch) as connection:
        silver, gold = Silver(contract, silver_table, connection), Gold(contract, gold_table, connection)
        current = gold.has_seen(silver_table)
        counts, touched = _take_all(silver, bronze, plan, scratch, stopped=stopped, enough=enough)
        if stopped():
            return counts._replace(stopped=True)
        upkept = gold_table.transaction_version(UPKEEP) == plan.today.toordinal()
        if not upkept:
            counts = counts._replace(expired=_upkeep(silver_table, gold_table, plan))
        if upkept and gold.has_seen(silver_table):
            return counts
        since = _first_hour(plan, touched if current else None)
        rows = _count(gold, silver_table, plan, since, connection) if touched or not current else 0
        gold.note(silver_table, {UPKEEP: plan.today.toordinal()})
        return counts._replace(gold=rows)


def _take_all(
    silver: Silver,
    bronze: Bronze,
    plan: Plan,
    scratch: Path,
    *,
    stopped: Callable[[], bool],
    enough: Callable[[], bool],
) -> tuple[Counts, datetime | None]:
    """Round after round: gather the ids of some chunks, look them up together, take the chunks one by one.

    A run takes one chunk at least, so that even the slowest gets on.
    """
    counts, touched = Counts(), None
    shelf, most_keys = Shelf(bronze, scratch), plan.lookup_keys or memory_mib() * KEYS_PER_MIB
    coming = chunks(bronze, _days(plan), silver.table.transaction_version, plan.chunk_bytes)
    while (first := next(coming, None)) is not None:
        if stopped() or (counts.objects and enough()):
            return counts._replace(behind=True), touched
        gathered: list[Gathered] = []
        for each in silver.gather(chain([first], coming), shelf, most_keys):
            gathered.append(each)
            if stopped() or enough():
                break
        if not stopped():
            silver.look_up(first.began - timedelta(hours=plan.repeat_hours))
        for each in gathered:
            if stopped() or (counts.objects and enough()):
                return counts._replace(behind=True), touched
            taken = silver.take(each, shelf)
            counts = counts._replace(
                objects=counts.objects + len(each.chunk.items),
                read=counts.read + taken.read,
                silver=counts.silver + taken.added,
                replaced=counts.replaced + taken.replaced,
            )
            touched = min((hour for hour in (touched, taken.touched) if hour), default=None)
    return counts, touched


def _days(plan: Plan) -> list[date]:
    """The days of arrival that a run looks at: none that is past its retention."""
    return days_until(plan.today, min(plan.days, plan.keep_days - 1))


def _count(gold: Gold, silver: DeltaTable, plan: Plan, since: datetime, connection: DuckDBPyConnection) -> int:
    """Count gold from `since` on, in parts that fit the memory: the newest hours are there first."""
    end = datetime.combine(plan.today + timedelta(days=1), datetime.min.time())
    most_rows = plan.count_rows or memory_mib() * MOST_ROWS_PER_MIB
    parts = spans(connection, silver, since, end, most_rows)
    return sum(gold.count(silver, first, until) for first, until in parts)


def _first_hour(plan: Plan, touched: datetime | None) -> datetime:
    """The hour from which gold is counted anew: the earliest that changed, or all of the window when that is unknown.

    The window begins where silver still has all the days that an hour is counted from.
    """
    days = max(0, min(plan.days, plan.keep_days - sql.FAST_CLOCK_DAYS - 1))
    first = datetime.combine(plan.today - timedelta(days=days), datetime.min.time())
    return max(touched or first, first)


def _upkeep(silver: DeltaTable, gold: DeltaTable, plan: Plan) -> int:
    """Once a day: drop what is past its retention, join small files, remove what nobody reads any more."""
    expired = expire(silver, plan.today - timedelta(days=plan.keep_days))
    closed = (plan.today - timedelta(days=plan.days + 1)).isoformat()
    for day in sorted({entry[ARRIVED_DAY] for entry in silver.partitions()}):
        # A day that gets no more arrivals is joined once; each is one commit, so that little is lost when it dies.
        if day <= closed and _files(silver, day) > _MANY_FILES:
            silver.optimize.compact(partition_filters=[(ARRIVED_DAY, "=", day)], max_concurrent_tasks=1)
    if len(gold.file_uris()) > _MANY_FILES:
        gold.optimize.compact(max_concurrent_tasks=1)
    for table in (silver, gold):
        # In full: a commit that died has left files that no log names.
        table.vacuum(retention_hours=KEPT_HOURS, dry_run=False, full=True)
    return expired


def _files(table: DeltaTable, day: str) -> int:
    return len(table.file_uris(file_pruning_predicate=[(ARRIVED_DAY, "=", day)]))


def utc_today() -> date:
    """The day it is, where all days are counted."""
    return datetime.now(UTC).date()
