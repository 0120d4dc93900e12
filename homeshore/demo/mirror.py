"""A bucket's objects as files on this machine, read back over the emulator's protocol, and DuckDB over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import zstandard

from events.contract import Contract
from homeshore.demo.lake import STORES, Table
from homeshore.signals import held
from processor import sql
from processor.audit import Held, audit
from processor.store import Existing, ObjectStore

DATABASE = "demo_lake"
EVENTS_IN = "events-in"
READERS = 4
# DuckDB refuses a pattern that no file matches: an empty file stands in while there are none.
_EMPTY = Path("bronze", "day=none", "hour=none", "none.jsonl.zst")

Listing = Callable[[], Iterable[tuple[str, str]]]


class Mirror:
    """What a bucket holds, as of the last `sync`."""

    def __init__(self, store: ObjectStore, listing: Listing, directory: Path, contract: Contract) -> None:
        """`listing` gives each object's key and a tag that every write changes; the files go below `directory`."""
        self._store = store
        self._listing = listing
        self._directory = directory
        self._contract = contract
        self._tags: dict[str, str] = {}
        self._metadata: dict[str, dict[str, str]] = {}
        empty = directory / _EMPTY
        empty.parent.mkdir(parents=True)
        empty.write_bytes(zstandard.compress(b""))

    def sync(self) -> int:
        """Read what was written since the last time; the events in all batches, by their own accounting."""
        changed = [(key, tag) for key, tag in self._listing() if self._tags.get(key) != tag]
        with ThreadPoolExecutor(READERS) as pool:
            found = pool.map(self._store.read, [key for key, _ in changed])
            for (key, tag), existing in zip(changed, found, strict=True):
                if existing is not None:  # else it is being replaced: the next time
                    self._keep(key, existing)
                    self._tags[key] = tag
        return sum(int(self._metadata[key][EVENTS_IN]) for key in self._keys("bronze/"))

    def _keep(self, key: str, existing: Existing) -> None:
        path = self._directory / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(existing.body)
        self._metadata[key] = existing.metadata

    @property
    def batches(self) -> int:
        """Objects in bronze."""
        return sum(1 for _ in self._keys("bronze/"))

    def held(self) -> Iterator[Held]:
        """Every object, bronze first."""
        for store in STORES:
            for key in self._keys(store):
                yield Held(key, (self._directory / key).read_bytes(), self._metadata[key])

    def accounted(self) -> int:
        """Events that the objects hold, each counted once, however often it was delivered."""
        return audit(self.held(), self._contract.field("event_id").name).accounted

    def ask(self, statement: str) -> Table:
        """The result of a statement on the bronze view, as text."""
        with held():  # an extension module that is interrupted while it loads says so in its own words, or swallows it
            import duckdb

        settings = {
            "autoinstall_known_extensions": "false",  # nothing is fetched
            "temp_directory": str(self._directory / "duckdb"),
        }
        with duckdb.connect(config=dict(settings)) as connection:
            connection.execute(f'CREATE SCHEMA "{DATABASE}"')
            connection.execute(sql.bronze_ddl(self._contract, "duckdb", DATABASE, str(self._directory / "bronze")))
            done = connection.execute(statement)
            columns = tuple(str(column[0]) for column in done.description or ())
            return Table(columns, tuple(tuple(map(_text, row)) for row in done.fetchall()))

    def _keys(self, store: str) -> Iterator[str]:
        return (key for key in sorted(self._tags) if key.startswith(store))


class MirrorLake:
    """The half of a Lake that reads: from the mirror of its bucket."""

    database = DATABASE

    def __init__(self, mirror: Mirror) -> None:
        self.mirror = mirror

    @property
    def batches(self) -> int:
        """See Lake."""
        return self.mirror.batches

    def stored(self) -> int:
        """See Lake."""
        return self.mirror.sync()

    def held(self) -> Iterator[Held]:
        """See Lake."""
        return self.mirror.held()

    def ask(self, statement: str) -> Table:
        """See Lake."""
        return self.mirror.ask(statement)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
