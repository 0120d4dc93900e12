"""Silver from bronze, one chunk after the other; each ends in one commit that holds its rows and how far it got.

A commit that died leaves nothing, and the chunk is read again. What an earlier run has stored is found by its id, so
reading again changes nothing. An event that silver holds is replaced by an earlier arrival, as in the SQL models; that
is a commit of its own before, which happens seldom and finds nothing to do when it is repeated.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from deltalake import DeltaTable, write_deltalake

from processor import sql
from processor.lakehouse.bronze import Bronze, Chunk
from processor.lakehouse.engine import DATABASE, load, moments, stream
from processor.lakehouse.tables import ARRIVED_DAY, WRITING, marks
from processor.schema import Contract
from processor.sql.models import bronze_reader, silver_columns

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Taken(NamedTuple):
    """What a chunk brought: rows read, events added and replaced, and the earliest hour whose count has changed."""

    read: int = 0
    added: int = 0
    replaced: int = 0
    touched: datetime | None = None


class Silver:
    """The silver table and the engine that fills it."""

    def __init__(self, contract: Contract, table: DeltaTable, connection: DuckDBPyConnection) -> None:
        self.table = table
        self._contract = contract
        self._columns = [*silver_columns(contract), (ARRIVED_DAY, "date")]
        self._connection = connection
        self._id, self._time = (f'"{contract.field(role).name}"' for role in ("event_id", "event_time"))

    def take(self, chunk: Chunk, bronze: Bronze, scratch: Path) -> Taken:
        """Bring one chunk into silver. Raises CommitFailedError when another run has written meanwhile."""
        read = self._read(chunk, bronze, scratch)
        self._find(chunk.day)
        added = load(self._connection, "unseen", f"SELECT * FROM fresh ANTI JOIN held USING ({self._id})")  # noqa: S608
        replaced = load(
            self._connection,
            "earlier",
            f"SELECT fresh.*, held.day AS held_day, held.time AS held_time FROM fresh JOIN held USING ({self._id})\n"  # noqa: S608
            "WHERE fresh.arrived_at < held.arrived_at",
        )
        if replaced:
            self._replace()
        write_deltalake(
            self.table,
            moments(self._connection, self._columns, "unseen"),
            mode="append",
            writer_properties=WRITING,
            commit_properties=marks(self.table, {chunk.hour: chunk.progress}),
        )
        return Taken(read, added, replaced, self._touched())

    def _read(self, chunk: Chunk, bronze: Bronze, scratch: Path) -> int:
        """The chunk's rows as `lake.bronze`, and without duplicates as `fresh`."""
        files = [scratch / item.name for item in chunk.items]
        for item, file in zip(chunk.items, files, strict=True):
            file.parent.mkdir(parents=True, exist_ok=True)
            bronze.fetch(item.name, file)
        reader = bronze_reader(self._contract, [str(file) for file in files])
        read = load(self._connection, f"{DATABASE}.bronze", reader)
        for file in files:
            file.unlink()
        fresh = sql.silver_select(self._contract, "duckdb", DATABASE)
        load(self._connection, "fresh", f"SELECT *, CAST(arrived_at AS date) AS {ARRIVED_DAY} FROM ({fresh})")  # noqa: S608
        return read

    def _find(self, day: date) -> None:
        """What silver holds of the chunk's events: all ids of some days stream by, only those stay."""
        since = day - timedelta(days=sql.REPEATED_WITHIN_DAYS)
        columns = f"{self._id}, arrived_at, {ARRIVED_DAY} AS day, {self._time} AS time"
        stream(self._connection, "known", self.table, columns, f"{ARRIVED_DAY} >= DATE '{since}'")
        load(
            self._connection,
            "held",
            f"SELECT {self._id}, arrived_at AT TIME ZONE 'UTC' AS arrived_at, day, time AT TIME ZONE 'UTC' AS time\n"
            f"FROM known SEMI JOIN fresh USING ({self._id})",
        )
        self._connection.unregister("known")

    def _replace(self) -> None:
        source = moments(self._connection, [*self._columns, ("held_day", "date")], "earlier")
        updates = {name: f'source."{name}"' for name, _ in self._columns if f'"{name}"' != self._id}
        merging = self.table.merge(
            source,
            f"target.{self._id} = source.{self._id} AND target.{ARRIVED_DAY} = source.held_day",
            source_alias="source",
            target_alias="target",
            writer_properties=WRITING,
            commit_properties=marks(self.table),
        )
        merging.when_matched_update(updates).execute()

    def _touched(self) -> datetime | None:
        times = f"SELECT {self._time} AS time FROM unseen UNION ALL SELECT {self._time} FROM earlier"  # noqa: S608
        earliest = f"SELECT date_trunc('hour', min(time)) FROM ({times} UNION ALL SELECT held_time FROM earlier)"  # noqa: S608
        found: datetime | None = self._connection.execute(earliest).fetchall()[0][0]
        return found


def expire(table: DeltaTable, first_day: date) -> int:
    """Delete the days before `first_day`: whole partitions, no file is written anew. Return how many files left."""
    partitions = {entry[ARRIVED_DAY] for entry in table.partitions()}
    if not any(day < first_day.isoformat() for day in partitions):
        return 0
    done = table.delete(f"{ARRIVED_DAY} < DATE '{first_day}'", commit_properties=marks(table))
    return int(done["num_removed_files"])
