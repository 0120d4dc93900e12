"""Which of the events that are coming silver holds already: found once for many chunks, in one pass over its keys.

Silver carries beside each event a number made of its id (KEY). Eight bytes a row is what a lookup reads of the days in
which an event may come again; all the keys stream past those that are coming, so that memory does not grow with silver.
Two ids may share a key, so what is found is compared by its id in a second reading, of the minutes in question only.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from processor.lakehouse.engine import load, number, stream
from processor.lakehouse.tables import ARRIVED_DAY, KEY
from processor.schema import Contract
from processor.sql.models import bronze_reader

if TYPE_CHECKING:
    from deltalake import DeltaTable
    from duckdb import DuckDBPyConnection

MOST_RANGES = 64
"""The second reading asks for so many stretches of time at most; those with the smallest gaps are joined."""


def key_of(column: str) -> str:
    """The key of the id in `column`, in DuckDB's words: eight bytes of its MD5, as a signed number.

    DuckDB's own hash() may change with its version, and a key must not: it is stored. Whoever finds two ids with one
    key gains nothing, for ids decide.
    """
    return f"CAST(CAST(md5_number_lower({column}) AS HUGEINT) - 9223372036854775808 AS BIGINT)"


class Known:
    """The table `held`: what silver has of the coming events, with `arrived_at`, `day` (of arrival) and `time`.

    First `gather` for each chunk, then `look_up` once, then `stored` after each commit.
    """

    def __init__(self, contract: Contract, connection: DuckDBPyConnection) -> None:
        self._contract = contract
        self._connection = connection
        self._id, self._time = (f'"{contract.field(role).name}"' for role in ("event_id", "event_time"))
        self.forget()

    def forget(self) -> None:
        """Begin anew: nothing is coming."""
        self._connection.execute(f"CREATE OR REPLACE TABLE coming ({KEY} BIGINT)")

    def gather(self, files: list[Path]) -> int:
        """Note the events in `files` (of one chunk) as coming. Return how many rows there are."""
        reader = bronze_reader(self._contract, [str(file) for file in files])
        rows = load(self._connection, "ids", f"SELECT {key_of(self._id)} AS {KEY} FROM ({reader})")  # noqa: S608
        self._connection.execute(f"INSERT INTO coming SELECT DISTINCT {KEY} FROM ids")  # noqa: S608
        return rows

    def gathered(self) -> int:
        """How many keys are coming, each counted once for each chunk that has it."""
        return number(self._connection, "SELECT count(*) FROM coming")

    def look_up(self, table: DeltaTable, since: datetime) -> None:
        """Find what `table` holds of the coming events among the arrivals from `since` (UTC) on."""
        run = self._connection.execute
        # What comes in several chunks: the later ones must find what the earlier ones have stored.
        run(f"CREATE OR REPLACE TABLE again AS SELECT {KEY} FROM coming GROUP BY 1 HAVING count(*) > 1")  # noqa: S608
        where = f"{ARRIVED_DAY} >= DATE '{since.date()}' AND arrived_at >= TIMESTAMP '{since}Z'"
        stream(self._connection, "known", table, f"{KEY}, arrived_at", where)
        found = load(
            self._connection,
            "alike",
            f"SELECT {KEY}, arrived_at AT TIME ZONE 'UTC' AS arrived_at FROM known SEMI JOIN coming USING ({KEY})",  # noqa: S608
        )
        self._connection.unregister("known")
        columns = f"{self._id}, {KEY}, arrived_at, {ARRIVED_DAY} AS day, {self._time} AS time"
        among = " OR ".join(
            f"arrived_at >= TIMESTAMP '{first}Z' AND arrived_at < TIMESTAMP '{end}Z'" for first, end in self._ranges()
        )
        stream(self._connection, "known", table, columns, f"{where} AND ({among})" if found else "false")
        # An event that came again after too long a time is there twice: as one it is replaced by an earlier arrival.
        load(
            self._connection,
            "held",
            f"SELECT {self._id}, min(arrived_at AT TIME ZONE 'UTC') AS arrived_at, day,\n"  # noqa: S608
            f"  min(time AT TIME ZONE 'UTC') AS time FROM known SEMI JOIN alike USING ({KEY}) GROUP BY ALL",
        )
        self._connection.unregister("known")

    def stored(self) -> None:
        """What is in the tables `unseen` and `earlier` is in silver now: later chunks must find it."""
        run = self._connection.execute
        columns = f"{self._id}, arrived_at, {ARRIVED_DAY}, {self._time}"
        run(f"DELETE FROM held WHERE {self._id} IN (SELECT {self._id} FROM earlier)")  # noqa: S608
        run(
            f"INSERT INTO held SELECT DISTINCT {columns} FROM earlier\n"  # noqa: S608
            f"UNION ALL SELECT {columns} FROM unseen SEMI JOIN again USING ({KEY})"
        )

    def _ranges(self) -> list[tuple[datetime, datetime]]:
        """The stretches of time, in whole minutes, in which the rows of `alike` arrived."""
        found = self._connection.execute(
            "SELECT DISTINCT time_bucket(INTERVAL 1 MINUTE, arrived_at) FROM alike ORDER BY 1"
        ).fetchall()
        minutes: list[datetime] = [row[0] for row in found]
        step = timedelta(minutes=1)
        gaps = sorted((later - earlier for earlier, later in pairwise(minutes)), reverse=True)
        # Only gaps above this one stay open.
        widest = max(gaps[MOST_RANGES - 1], step) if len(gaps) >= MOST_RANGES else step
        ranges: list[tuple[datetime, datetime]] = []
        for minute in minutes:
            if ranges and minute - ranges[-1][1] + step <= widest:
                ranges[-1] = (ranges[-1][0], minute + step)
            else:
                ranges.append((minute, minute + step))
        return ranges
