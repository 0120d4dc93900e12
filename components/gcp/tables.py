"""Tables and views of the lake as BigQuery is told them: arguments only, no resources."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from pathlib import Path

from pulumi_gcp import bigquery

from events.contract import Contract
from processor.sql import bigquery as models

NOTHING = Path("components/gcp/none.jsonl.gz")
"""No rows, compressed; from the directory in which the program runs."""
LEAST_REFRESH_MINUTES = 5
"""The shortest time between two runs of a scheduled query (BigQuery documentation, "Scheduling queries")."""
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class View:
    """A view for those who read: it shows one table of the lake, column by column."""

    name: str
    description: str
    query: str


def views(contract: Contract, project: str, dataset: str) -> tuple[View, ...]:
    """What readers see: the events and their numbers by hour.

    A view passes a filter on to its table, so that a query without a bound on `arrived_at` is refused here too. The
    columns are named: a view's own schema follows its text only.
    """
    silver, gold = models.silver_table(contract), models.gold_table(contract)
    return (
        View("events", silver.description, _all_of(silver, project, dataset)),
        View("events_by_hour", gold.description, _all_of(gold, project, dataset)),
    )


def _all_of(table: models.NativeTable, project: str, dataset: str) -> str:
    columns = ",\n".join(f"  `{column.name}`" for column in table.columns)
    return f"SELECT\n{columns}\nFROM `{project}`.`{dataset}`.`{table.name}`"


def schedule(refresh_minutes: int) -> str:
    """When the scheduled query runs: as often as the service can where more is asked for, and at least daily.

    A second query would gain nothing: two that write one table wait for each other.
    """
    minutes = min(max(refresh_minutes, LEAST_REFRESH_MINUTES), _DAY_MINUTES)
    return f"every {minutes // 60} hours" if minutes % 60 == 0 else f"every {minutes} minutes"


def refreshed_days(refresh_minutes: int) -> int:
    """Days of arrival, before today, that one refresh of silver reads: each run is paid by what it reads.

    They reach back over one run that failed, to the one before it: the next run catches up. After a longer outage
    older arrivals are refreshed by hand.
    """
    return max(1, ceil(2 * min(refresh_minutes, _DAY_MINUTES) / _DAY_MINUTES))


def first_object(table: models.ExternalTable) -> str:
    """Name of the object without rows (`NOTHING`) that must be there before the table is.

    BigQuery refuses a table over partitions while none is there ("Cannot query hive partitioned data … without any
    associated files"), and some kinds of object may not come for a long time. No query asks for its day.
    """
    within = table.source_uri_prefix.replace("{day:DATE}", "day=1970-01-01").replace("{hour:STRING}", "hour=00")
    return f"{within.removeprefix('gs://').partition('/')[2]}/{NOTHING.name}"


def json_lines(table: models.ExternalTable) -> bigquery.TableExternalDataConfigurationArgs:
    """Compressed JSON lines in the lake, by day and hour of arrival."""
    return bigquery.TableExternalDataConfigurationArgs(
        source_format=models.SOURCE_FORMAT,
        compression=models.COMPRESSION,
        source_uris=[table.source_uri],
        autodetect=False,
        schema=models.schema(table.columns),
        # A newer contract may have added a column; but a line that is no JSON is our fault and must fail the query.
        ignore_unknown_values=True,
        max_bad_records=0,
        hive_partitioning_options=bigquery.TableExternalDataConfigurationHivePartitioningOptionsArgs(
            mode=models.PARTITIONING_MODE,
            source_uri_prefix=table.source_uri_prefix,
            require_partition_filter=table.require_partition_filter,
        ),
    )


def by_day(table: models.NativeTable, keep_ms: int) -> bigquery.TableTimePartitioningArgs | None:
    """Partitions of a day, each kept for `keep_ms` milliseconds; None for a table that has none."""
    if table.partition_column is None:
        return None
    return bigquery.TableTimePartitioningArgs(type="DAY", field=table.partition_column, expiration_ms=keep_ms)
