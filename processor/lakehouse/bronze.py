"""What is new in bronze: the objects of each hour in the order in which they were written, in chunks.

How far an hour has been read is a digest over the names and versions of its objects up to there. It stands in silver's
own commits (a Delta transaction identifier per hour), so it can never disagree with what silver holds. An object that
changed since, or that turns up among older ones, changes the digests after it: those objects are read again, which
costs time and changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

CHUNK_BYTES = 64 * 1024 * 1024
"""One chunk holds so many bytes of objects at most (or one object): some 400 MiB of JSON, which one commit takes in."""
CHUNK_MEMORY_MIB = 2048
"""What the engine needs of memory for a chunk of that size."""

SHELF_BYTES = 2 * 2**30
"""Objects that wait on disk for their second reading: of the 8 GiB that a replica has; the rest is DuckDB's."""


class Item(NamedTuple):
    """An object: its name from the bucket's root, what changes with each write, when it was written, its bytes."""

    name: str
    tag: str
    written: float
    size: int


class Bronze(Protocol):
    """The bucket, as far as the job reads it."""

    def items(self, prefix: str) -> Iterable[Item]:
        """The objects whose names start with `prefix`."""
        ...

    def fetch(self, name: str, to: Path) -> None:
        """Copy an object into a file."""
        ...


class Chunk(NamedTuple):
    """Objects of one hour that are read together. `progress` says, once they are in silver, how far the hour is."""

    day: date
    hour: str
    items: tuple[Item, ...]
    progress: int

    @property
    def began(self) -> datetime:
        """The hour's first moment, in UTC."""
        return datetime(self.day.year, self.day.month, self.day.day, int(self.hour.rpartition("=")[2]))  # noqa: DTZ001


def chunks(
    bronze: Bronze,
    days: Iterable[date],
    progress: Callable[[str], int | None],
    chunk_bytes: int = CHUNK_BYTES,
) -> Iterator[Chunk]:
    """What silver has not yet taken in of `days`, oldest first. `progress` tells how far an hour has been read."""
    for day in days:
        listed = sorted(bronze.items(f"bronze/day={day}/"), key=lambda item: (_hour(item), item.written, item.name))
        for hour, items in groupby(listed, _hour):
            yield from _cut(day, hour, list(items), progress(hour), chunk_bytes)


def days_until(today: date, number: int) -> list[date]:
    """`today` and the days before it, `number` days and today: a refresh that counts back as the SQL models do."""
    return [today - timedelta(days=back) for back in range(number, -1, -1)]


def _hour(item: Item) -> str:
    return item.name.rpartition("/")[0]


def _cut(day: date, hour: str, items: list[Item], read: int | None, chunk_bytes: int) -> Iterator[Chunk]:
    reached = _digests(items)
    done = reached.index(read) + 1 if read in reached else 0
    start, size = done, 0
    for position in range(done, len(items)):
        if size and size + items[position].size > chunk_bytes:
            yield Chunk(day, hour, tuple(items[start:position]), reached[position - 1])
            start, size = position, 0
        size += items[position].size
    if start < len(items):
        yield Chunk(day, hour, tuple(items[start:]), reached[-1])


def _digests(items: list[Item]) -> list[int]:
    """After each object the digest of all up to it, as a number that Delta's transaction identifiers can hold."""
    digest = hashlib.sha256()
    reached: list[int] = []
    for item in items:
        digest.update(f"{item.name}\n{item.tag}\n".encode())
        reached.append(int.from_bytes(digest.digest()[:8]) >> 1)
    return reached


class Shelf:
    """The files of chunks that are read twice: what fits stays after the first time, the rest is fetched again."""

    def __init__(self, bronze: Bronze, directory: Path, most_bytes: int = SHELF_BYTES) -> None:
        self._bronze, self._directory = bronze, directory
        self._room = most_bytes
        self._kept: dict[Path, int] = {}

    def get(self, chunk: Chunk) -> list[Path]:
        """The chunk's objects as files, fetched where they are not here."""
        files = [self._directory / item.name for item in chunk.items]
        for item, file in zip(chunk.items, files, strict=True):
            if file not in self._kept:
                file.parent.mkdir(parents=True, exist_ok=True)
                self._bronze.fetch(item.name, file)
        return files

    def keep(self, files: list[Path]) -> None:
        """The files are read again later: they stay as far as there is room."""
        for file in files:
            size = file.stat().st_size
            if file not in self._kept and size <= self._room:
                self._kept[file] = size
                self._room -= size
            elif file not in self._kept:
                file.unlink()

    def drop(self, files: list[Path]) -> None:
        """The files are not needed any more."""
        for file in files:
            self._room += self._kept.pop(file, 0)
            file.unlink()


class Container(Bronze):
    """The region's storage account, through its blob endpoint. Needs Storage Blob Data Reader on the container."""

    def __init__(self, container: ContainerClient) -> None:
        self._container = container

    def items(self, prefix: str) -> Iterator[Item]:
        """The blobs; an account with hierarchical namespace lists directories too, which are passed over."""
        for blob in self._container.list_blobs(name_starts_with=prefix):
            if blob.size:
                yield Item(str(blob.name), str(blob.etag), blob.last_modified.timestamp(), blob.size)

    def fetch(self, name: str, to: Path) -> None:
        """Download a blob. One that was replaced meanwhile holds more than was listed, never less."""
        with to.open("wb") as file:
            self._container.download_blob(name).readinto(file)
