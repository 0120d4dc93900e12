"""Makes the views of Synapse serverless, through TDS with a token of the job's identity.

The driver is written in Python: those of Microsoft need libraries of the system, which the image does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Protocol

from processor.sql.synapse import Batch

# For whom a token is asked, by the end of the server's name: Azure is three clouds.
_SCOPES = {
    ".azuresynapse.net": "https://database.windows.net/.default",
    ".azuresynapse.azure.cn": "https://database.chinacloudapi.cn/.default",
    ".azuresynapse.usgovcloudapi.net": "https://database.usgovcloudapi.net/.default",
}
_PORT = 1433
_SECONDS = 60  # serverless wakes up first


class Cursor(Protocol):
    """The part of a cursor that is used."""

    def execute(self, operation: str) -> object:
        """Run one batch."""
        ...


class Connection(Protocol):
    """The part of a connection that is used."""

    def cursor(self) -> Cursor:
        """A cursor."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


Connect = Callable[[str], Connection]


def make_views(batches: Sequence[Batch], connect: Connect) -> int:
    """Run the batches in their order, each database over a connection of its own. Return their number."""
    for database, texts in groupby(batches, lambda batch: batch.database):
        connection = connect(database)
        try:
            cursor = connection.cursor()
            for batch in texts:
                cursor.execute(batch.text)
        finally:
            connection.close()
    return len(batches)


def scope(server: str) -> str:
    """For what a token must be so that `server` takes it. Raises ValueError for a server that is no Synapse."""
    for end, found in _SCOPES.items():
        if server.endswith(end):
            return found
    raise ValueError(f"{server!r} ends with none of {', '.join(_SCOPES)}")


def connector(server: str, token: Callable[[], str]) -> Connect:
    """What connects to a database of `server`, encrypted, with the server's name checked. `token` is for its scope."""
    import certifi
    import pytds

    def connect(database: str) -> Connection:
        return pytds.connect(
            dsn=server,
            database=database,
            port=_PORT,
            access_token_callable=token,
            cafile=certifi.where(),
            validate_host=True,
            autocommit=True,  # CREATE DATABASE stands in no transaction
            login_timeout=_SECONDS,
            timeout=_SECONDS,
        )

    return connect
