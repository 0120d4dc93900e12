"""Synapse serverless: the database and the views through which people read the lakehouse. T-SQL, batch by batch.

Serverless SQL only reads: silver and gold are Delta tables (its reader takes version 1.0), bronze is gzipped JSON
lines, which the CSV parser of version 1.0 reads with separators that cannot occur (the only one with
DATA_COMPRESSION, and GZIP is all it knows; Synapse documentation, "OPENROWSET"). Readers need no rights on the storage
account: the workspace's own identity reads. No master key is made, for that credential holds no secret.

These texts are compared with a golden copy and were never run: there is no Synapse outside Azure.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from processor.schema import Contract, Field
from processor.sql.models import gold_columns, silver_columns

COLLATION = "Latin1_General_100_BIN2_UTF8"
"""Text is UTF-8, and comparisons go by bytes: the one collation with which filters reach into the files."""

_DATABASE = re.compile(r"[A-Za-z0-9_-]{1,128}")
_PLACE = re.compile(r"https://[a-z0-9.-]+/[a-z0-9-]{3,63}")
_CREDENTIAL, _SOURCE = "workspace_identity", "lake"
_TYPES = {
    "timestamp": "DATETIME2(6)",
    "date": "DATE",
    "bigint": "BIGINT",
    "double": "FLOAT",
    "boolean": "BIT",
}
_TEXT_BYTES = 8000  # what a text may have without being of unlimited length
_BYTES_PER_CHARACTER = 4


class Batch(NamedTuple):
    """One statement that is sent alone, and the database in which it is run. Each may be run again at any time."""

    database: str
    text: str


def batches(contract: Contract, database: str, container_url: str) -> tuple[Batch, ...]:
    """Everything from nothing to the views `silver`, `gold` and `bronze`, in order.

    `container_url` is https://ACCOUNT.dfs.core.windows.net/CONTAINER. Raises ValueError for names that could carry SQL.
    """
    if not _DATABASE.fullmatch(database):
        raise ValueError(f"{database!r} is no database name")
    if not _PLACE.fullmatch(container_url):
        raise ValueError(f"{container_url!r} is not the URL of a container")
    created = f"IF DB_ID(N'{database}') IS NULL CREATE DATABASE [{database}] COLLATE {COLLATION};"
    credential = (
        f"IF NOT EXISTS (SELECT * FROM sys.database_scoped_credentials WHERE name = N'{_CREDENTIAL}')\n"  # noqa: S608
        f"  CREATE DATABASE SCOPED CREDENTIAL [{_CREDENTIAL}] WITH IDENTITY = 'Managed Identity';"
    )
    source = (
        f"IF NOT EXISTS (SELECT * FROM sys.external_data_sources WHERE name = N'{_SOURCE}')\n"  # noqa: S608
        f"  CREATE EXTERNAL DATA SOURCE [{_SOURCE}]\n"
        f"  WITH (LOCATION = '{container_url}', CREDENTIAL = [{_CREDENTIAL}]);"
    )
    inside = (
        credential,
        source,
        _delta_view("silver", [*_silver(contract), ("arrived_day", "DATE")]),
        _delta_view("gold", _gold(contract)),
        _bronze_view(contract),
    )
    return (Batch("master", created), *(Batch(database, text) for text in inside))


def _delta_view(name: str, columns: list[tuple[str, str]]) -> str:
    listed = ",\n".join(f"  [{column}] {kind}" for column, kind in columns)
    return (
        f"CREATE OR ALTER VIEW [dbo].[{name}] AS\n"
        f"SELECT * FROM OPENROWSET(BULK '{name}/', DATA_SOURCE = '{_SOURCE}', FORMAT = 'DELTA')\n"
        f"WITH (\n{listed}\n) AS [rows];"
    )


def _bronze_view(contract: Contract) -> str:
    sizes = {field.name: _text(field) for field in contract.fields}
    columns = [
        (column.name, _TYPES.get(column.type) or sizes.get(column.name, f"VARCHAR({_TEXT_BYTES})"))
        for column in contract.columns
        if not column.type.startswith("array<")
    ]
    listed = ",\n".join(f"  [{name}] {kind} '$.{name}'" for name, kind in columns)
    return (
        "CREATE OR ALTER VIEW [dbo].[bronze] AS\n"
        "SELECT [event].*, [lines].filepath(1) AS [day], [lines].filepath(2) AS [hour]\n"
        f"FROM OPENROWSET(BULK 'bronze/day=*/hour=*/*.jsonl.gz', DATA_SOURCE = '{_SOURCE}', FORMAT = 'CSV',\n"
        "  PARSER_VERSION = '1.0', DATA_COMPRESSION = 'GZIP',\n"
        "  FIELDTERMINATOR = '0x0b', FIELDQUOTE = '0x0b', ROWTERMINATOR = '0x0a')\n"
        f"WITH ([line] VARCHAR(MAX) COLLATE {COLLATION}) AS [lines]\n"
        f"CROSS APPLY OPENJSON([line]) WITH (\n{listed}\n) AS [event];"
    )


def _silver(contract: Contract) -> list[tuple[str, str]]:
    sizes = {field.name: _text(field) for field in contract.fields}
    return [
        (name, _collated(_TYPES.get(kind) or sizes.get(name, "VARCHAR(64)"))) for name, kind in silver_columns(contract)
    ]


def _gold(contract: Contract) -> list[tuple[str, str]]:
    size = _text(contract.field("event_type"))
    return [(name, _collated(_TYPES.get(kind) or size)) for name, kind in gold_columns(contract)]


def _collated(kind: str) -> str:
    return f"{kind} COLLATE {COLLATION}" if kind.startswith("VARCHAR") else kind


def _text(field: Field) -> str:
    """The type of a text, as short as is sure: Synapse plans its memory by it. A token is as long as its version."""
    if field.type in ("object", "array"):
        return "VARCHAR(MAX)"
    longest = _TEXT_BYTES
    if field.enum:
        longest = max(len(value.encode()) for value in field.enum)
    elif field.max_length is not None and not field.personal:
        longest = field.max_length * _BYTES_PER_CHARACTER
    return f"VARCHAR({longest})" if longest <= _TEXT_BYTES else "VARCHAR(MAX)"
