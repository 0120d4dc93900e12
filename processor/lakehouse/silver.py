"""Silver from bronze, one chunk after the other; each ends in one commit that holds its rows and how far it got.

What silver holds already is looked up for many chunks at once: their ids are read first, then silver's keys, once.

A commit that died leaves nothing, and the chunk is read again. What an earlier run has stored is found by its id, so
reading again changes nothing. An event that silver holds is replaced by an earlier arrival, as in the SQL models; that
is a commit of its own before, which happens seldom and finds nothing to do when it is repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from deltalake import DeltaTable, write_deltalake

from processor import sql
from processor.lakehouse.bronze import Chunk, Shelf
from processor.lakehouse.engine import DATABASE, load, moments
from processor.lakehouse.known import Known, key_of
from processor.lakehouse.tables import ARRIVED_DAY, KEY, WRITING, marks, silver_rows
from processor.schema import Contract
from processor.sql.models import bronze_reader

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Gathered(NamedTuple):
    """A chunk whose ids have been read, and the number of its rows."""

    chunk: Chunk
    rows: int


class Taken(NamedTuple):
    """What a chunk brought: rows read, events added and replaced, and the earliest hour whose count has changed."""

    read: int = 0
    added: int = 0
    replaced: int = 0
    touched: datetime | None = None


class Silver:
    """The silver table and the engine that fills it: chunks are first gathered, then looked up together, then taken."""

    def __init__(self, contract: Contract, table: DeltaTable, connection: DuckDBPyConnection) -> None:
        self.table = table
        self._contract = contract
        self._columns = silver_rows(contract)
        self._connection = connection
        self._known = Known(contract, connection)
        self._id, self._time = (f'"{contract.field(role).name}"' for role in ("event_id", "event_time"))

    def gather(self, coming: Iterable[Chunk], shelf: Shelf, most_keys: int) -> Iterator[Gathered]:
        """Read the ids of chunks until `most_keys` are there: what one lookup is for."""
        self._known.forget()
        for chunk in coming:
            files = shelf.get(chunk)
            rows = self._known.gather(files)
            shelf.keep(files)
            yield Gathered(chunk, rows)
            if self._known.gathered() >= most_keys:
                return

    def look_up(self, since: datetime) -> None:
        """Find what silver holds of what was gathered, among the arrivals from `since` on."""
        self._known.look_up(self.table, since)

    def take(self, gathered: Gathered, shelf: Shelf) -> Taken:
        """Bring one chunk into silver. Raises CommitFailedError when another run has written meanwhile."""
        chunk = gathered.chunk
        read = self._read(gathered, shelf)
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
        self._known.stored()
        return Taken(read, added, replaced, self._touched())

    def _read(self, gathered: Gathered, shelf: Shelf) -> int:
        """The chunk's rows as `lake.bronze`, and without duplicates as `fresh`."""
        files = shelf.get(gathered.chunk)
        reader = bronze_reader(self._contract, [str(file) for file in files])
        read = load(self._connection, f"{DATABASE}.bronze", reader)
        shelf.drop(files)
        rows = sql.silver_select(self._contract, "duckdb", DATABASE)
        own = f"CAST(arrived_at AS date) AS {ARRIVED_DAY}, {key_of(self._id)} AS {KEY}"
        # An object that was replaced between the two readings holds more than was looked up. What is new in it waits:
        # its hour is read again, for the object's version is not the one that was listed.
        known = "" if read == gathered.rows else f" SEMI JOIN coming USING ({KEY})"
        load(self._connection, "fresh", f"SELECT * FROM (SELECT *, {own} FROM ({rows})){known}")  # noqa: S608
        return read

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
