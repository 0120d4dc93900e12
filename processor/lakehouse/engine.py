"""DuckDB as the job's engine: bounded memory, one directory to spill into, no extension fetched from anywhere.

The canonical SQL reads `lake.bronze` and `lake.silver`; what they hold is set before each statement. Times in DuckDB
are timestamps in UTC without a zone, as the SQL models have them; in Delta they are moments.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from deltalake import QueryBuilder

if TYPE_CHECKING:
    from deltalake import DeltaTable
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

DATABASE = "lake"

_CGROUP = Path("/sys/fs/cgroup/memory.max")
_SHARE = 0.5  # of the container's memory; the rest is for what delta-rs holds while it writes, and for Python
_LEAST_MIB = 256
_UNLIMITED_MIB = 2048


@contextmanager
def engine(scratch: Path) -> Generator[DuckDBPyConnection]:
    """A connection that spills into `scratch`, closed at the end."""
    connection = duckdb.connect(
        config={
            "memory_limit": f"{memory_mib()}MiB",
            "temp_directory": str(scratch / "spill"),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "preserve_insertion_order": "false",
        }
    )
    try:
        connection.execute("SET TimeZone = 'UTC'")
        # It takes a stream for one row long, and would build its hash table of all the ids that silver holds.
        connection.execute("SET disabled_optimizers = 'build_side_probe_side'")
        connection.execute(f"CREATE SCHEMA {DATABASE}")
        yield connection
    finally:
        connection.close()


def memory_mib(limit: Path = _CGROUP) -> int:
    """The engine's share of the memory that the container may have, in MiB."""
    text = limit.read_text(encoding="ascii").strip() if limit.is_file() else "max"
    return _UNLIMITED_MIB if text == "max" else max(_LEAST_MIB, int(int(text) * _SHARE) // 2**20)


def load(connection: DuckDBPyConnection, name: str, select: str) -> int:
    """Make the table `name` of what `select` finds; return the number of its rows."""
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS {select}")
    return number(connection, f"SELECT count(*) FROM {name}")  # noqa: S608 - a name of ours


def number(connection: DuckDBPyConnection, select: str) -> int:
    """The one number that `select` finds."""
    # To the end: a result that is not fetched whole keeps the connection.
    return int(connection.execute(select).fetchall()[0][0])


def stream(connection: DuckDBPyConnection, view: str, table: DeltaTable, columns: str, where: str) -> None:
    """Make `view` a stream over rows of a Delta table: it can be read once. The texts are in DataFusion's words."""
    found = QueryBuilder().register("source", table).execute(f"SELECT {columns} FROM source WHERE {where}")  # noqa: S608
    connection.register(view, found)


def moments(connection: DuckDBPyConnection, columns: list[tuple[str, str]], rows: str) -> DuckDBPyRelation:
    """The `columns` (name and type) of the table `rows`, with times as moments: what Delta is given."""
    listed = [
        f'"{name}" AT TIME ZONE \'UTC\' AS "{name}"' if kind == "timestamp" else f'"{name}"' for name, kind in columns
    ]
    return connection.sql(f"SELECT {', '.join(listed)} FROM {rows}")  # noqa: S608 - checked names
