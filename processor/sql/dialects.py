"""How each engine spells names, times and days: all that the models differ in.

`athena` is Trino, `duckdb` serves the tests, the emulator (whose Athena speaks DuckDB) and the Azure job, `bigquery` is
GoogleSQL. Silver's times are timestamps in UTC: without a zone for Athena and DuckDB (Iceberg in Athena knows no
other), BigQuery's TIMESTAMP, which is a moment, there.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from datetime import date, timedelta
from typing import Literal

Dialect = Literal["athena", "duckdb", "bigquery"]
Since = date | int | None

_DATABASE = re.compile(r"[A-Za-z0-9_-]{1,255}")
# A project's id, which a domain may precede, and a dataset's name.
_DATASET = re.compile(r"(?:(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]\.)?[A-Za-z0-9_]{1,1024}")


class Spelling(ABC):
    """One engine's words. Columns are given as quoted names; `since` is a day, or a number of days before today."""

    databases = _DATABASE
    bounded = False  # whether a query without a bound on the partitions' column is refused

    def quoted(self, name: str) -> str:
        """A column's name."""
        return f'"{name}"'

    def database(self, database: str) -> str:
        """The database's quoted name. Raises ValueError for what is none, so that it cannot carry SQL."""
        if not self.databases.fullmatch(database):
            raise ValueError(f"{database!r} is no database name")
        return self.quoted(database)

    def table(self, database: str, name: str) -> str:
        """A table's full name. Raises ValueError for a bad database name."""
        return f"{self.database(database)}.{self.quoted(name)}"

    def calendar_day(self, column: str) -> str:
        """An ISO text as a date."""
        return f"CAST({column} AS date)"

    @abstractmethod
    def moment(self, column: str) -> str:
        """An ISO text with a zone as a timestamp in UTC."""

    def hour(self, column: str) -> str:
        """The start of a timestamp's hour."""
        return f"DATE_TRUNC('hour', {column})"

    def first_day(self, since: date | int) -> str:
        """What bronze's `day` is compared with."""
        if isinstance(since, date):
            return literal(since.isoformat())
        # The inner cast matters to DuckDB, where a date less an interval is a timestamp.
        return f"CAST(CAST(CURRENT_DATE - INTERVAL '{since}' DAY AS date) AS varchar)"

    def first_moment(self, since: date | int, before: int = 0) -> str:
        """Midnight of the day `since`, less `before` days, as a timestamp in UTC."""
        if isinstance(since, date):
            return f"TIMESTAMP '{since - timedelta(days=before)} 00:00:00'"
        return f"CAST(CURRENT_DATE - INTERVAL '{since + before}' DAY AS timestamp)"


class _Athena(Spelling):
    def moment(self, column: str) -> str:
        return f"CAST(from_iso8601_timestamp({column}) AT TIME ZONE 'UTC' AS timestamp(6))"


class _DuckDb(Spelling):
    def moment(self, column: str) -> str:
        # Its JSON reader may have made a time with zone of the text; a plain cast would give the host's local time.
        return f"CAST({column} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"


class _BigQuery(Spelling):
    """GoogleSQL. `database` is a dataset, or PROJECT.DATASET, which a view and a scheduled query need."""

    databases = _DATASET
    bounded = True  # as its tables are declared (see bigquery.py): one careless query over years has its price

    def quoted(self, name: str) -> str:
        return f"`{name}`"

    def database(self, database: str) -> str:
        super().database(database)
        return ".".join(self.quoted(part) for part in database.rsplit(".", 1))

    def moment(self, column: str) -> str:
        return f"CAST({column} AS TIMESTAMP)"

    def hour(self, column: str) -> str:
        return f"TIMESTAMP_TRUNC({column}, HOUR)"

    def first_day(self, since: date | int) -> str:
        return f"DATE '{since}'" if isinstance(since, date) else _days_ago(since)

    def first_moment(self, since: date | int, before: int = 0) -> str:
        if isinstance(since, date):
            return f"TIMESTAMP '{since - timedelta(days=before)} 00:00:00+00'"
        return f"TIMESTAMP({_days_ago(since + before)}, 'UTC')"


def _days_ago(days: int) -> str:
    # The zone is said because a project may have another default.
    return f"DATE_SUB(CURRENT_DATE('UTC'), INTERVAL {days} DAY)"


_SPELLINGS: dict[Dialect, Spelling] = {"athena": _Athena(), "duckdb": _DuckDb(), "bigquery": _BigQuery()}


def spelling(dialect: Dialect) -> Spelling:
    """The words of an engine."""
    return _SPELLINGS[dialect]


def literal(text: str) -> str:
    """A text as an SQL literal (not for GoogleSQL, where a backslash escapes)."""
    return "'" + text.replace("'", "''") + "'"
