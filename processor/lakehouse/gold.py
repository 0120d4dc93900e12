"""Gold from silver: the hours that have changed are counted anew, in one commit that says which silver it has seen.

The window is that of the SQL models' partial refresh: hours older than the days of one run stay as they are.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from deltalake import DeltaTable, write_deltalake

from processor import sql
from processor.lakehouse.engine import DATABASE, load, moments, number, stream
from processor.lakehouse.tables import ARRIVED_DAY, WRITING, marks
from processor.schema import Contract
from processor.sql.models import gold_columns, silver_columns

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SEEN = "silver"
"""The transaction identifier of gold's commits: the version of silver that they have seen."""

MOST_ROWS_PER_MIB = 50_000
"""Rows of silver that are counted together, for each MiB of the engine: where each third row is another person in
another hour, some seventy bytes for each of them fit."""


def spans(
    connection: DuckDBPyConnection, silver: DeltaTable, since: datetime, end: datetime, most_rows: int
) -> list[tuple[datetime, datetime | None]]:
    """The hours from `since` on in parts that are counted one after the other, newest first; the newest has no end.

    As many as keep each to some `most_rows`, were all hours until `end` alike; no part is shorter than an hour.
    """
    first_day = (since.date() - timedelta(days=sql.FAST_CLOCK_DAYS)).isoformat()
    among = f"CAST(\"partition.{ARRIVED_DAY}\" AS VARCHAR) >= '{first_day}'"
    connection.register("files", silver.get_add_actions(flatten=True))
    rows = number(connection, f"SELECT coalesce(sum(num_records), 0) FROM files WHERE {among}")  # noqa: S608
    connection.unregister("files")
    hours = max(1, (end - since) // timedelta(hours=1))
    parts = min(hours, rows // most_rows + 1)
    starts = [since + timedelta(hours=hours * part // parts) for part in range(parts)]
    return list(zip(starts, [*starts[1:], None], strict=True))[::-1]


class Gold:
    """The gold table and the engine that fills it."""

    def __init__(self, contract: Contract, table: DeltaTable, connection: DuckDBPyConnection) -> None:
        self.table = table
        self._contract = contract
        self._columns = gold_columns(contract)
        self._connection = connection
        connection.execute(sql.gold_ddl(contract, "duckdb", DATABASE, ""))

    def count(self, silver: DeltaTable, since: datetime, until: datetime | None = None) -> int:
        """Count the hours from `since` on anew, up to `until` (UTC, full hours); return how many rows were counted.

        Raises CommitFailedError when another run has written meanwhile.
        """
        self._stream(silver, since, until)
        rows = load(self._connection, "counted", sql.gold_select(self._contract, "duckdb", DATABASE))
        self._connection.unregister("arrivals")
        names = [name for name, _ in self._columns]
        changed = " OR ".join(f'source."{name}" <> target."{name}"' for name in names[2:])
        merging = self.table.merge(
            moments(self._connection, self._columns, "counted"),
            " AND ".join(f'target."{name}" = source."{name}"' for name in names[:2]),
            source_alias="source",
            target_alias="target",
            writer_properties=WRITING,
            commit_properties=marks(self.table),
        )
        values = {name: f'source."{name}"' for name in names}
        merging.when_matched_update({name: values[name] for name in names[2:]}, predicate=changed)
        merging.when_not_matched_insert(values).execute()
        return rows

    def has_seen(self, silver: DeltaTable) -> bool:
        """Whether gold was counted from silver as it is."""
        return self.table.transaction_version(SEEN) == silver.version()

    def note(self, silver: DeltaTable, more: dict[str, int]) -> None:
        """Say that gold has seen silver as it is, and `more`: a commit without rows, after those that did the work."""
        nothing = moments(self._connection, self._columns, f"{DATABASE}.gold")  # which is empty here
        write_deltalake(
            self.table, nothing, mode="append", commit_properties=marks(self.table, {SEEN: silver.version(), **more})
        )

    def _stream(self, silver: DeltaTable, since: datetime, until: datetime | None) -> None:
        """The hours' rows as `lake.silver`. The day of arrival bounds what is read."""
        needed = {self._contract.field(role).name for role in ("event_time", "event_type")}
        needed |= {field.name for field in self._contract.fields if field.role == "person"}
        event_time = self._contract.field("event_time").name
        first_day = since.date() - timedelta(days=sql.FAST_CLOCK_DAYS)
        where = f"{ARRIVED_DAY} >= DATE '{first_day}' AND \"{event_time}\" >= TIMESTAMP '{since}Z'"
        where += f" AND \"{event_time}\" < TIMESTAMP '{until}Z'" if until else ""
        stream(self._connection, "arrivals", silver, ", ".join(f'"{name}"' for name in sorted(needed)), where)
        columns = [
            f'"{name}" AT TIME ZONE \'UTC\' AS "{name}"' if kind == "timestamp" else f'"{name}"'
            for name, kind in silver_columns(self._contract)
            if name in needed
        ]
        self._connection.execute(
            f"CREATE OR REPLACE VIEW {DATABASE}.silver AS SELECT {', '.join(columns)} FROM arrivals"  # noqa: S608
        )
