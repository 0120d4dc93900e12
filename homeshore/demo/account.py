"""Account for every event from what is stored, not from what the producer hoped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import zstandard

from homeshore.errors import Verdict

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

READERS = 4


@dataclass(frozen=True)
class Batch:
    """One bronze object: its key, the counts in its metadata (events), and the rows found in its body."""

    key: str
    events_in: int
    written: int
    quarantined: int
    dead_lettered: int
    duplicates: int
    rows: int

    @property
    def faults(self) -> list[str]:
        """What does not add up in this batch."""
        found: list[str] = []
        if self.events_in != self.written + self.quarantined + self.dead_lettered + self.duplicates:
            found.append(f"{self.key}: {self.events_in} events in, but the classes add up to something else")
        if self.rows != self.written:
            found.append(f"{self.key}: {self.written} rows declared, {self.rows} found")
        return found


@dataclass(frozen=True)
class Accounting:
    """Events of one run: sent (acknowledged by the stream) and what became of them, counted by reading back."""

    sent: int
    batches: int
    bronze_rows: int
    silver_rows: int
    batch_duplicates: int
    quarantined: int
    dead_lettered: int
    faults: tuple[str, ...] = field(default=())

    @property
    def duplicates(self) -> int:
        """Repeated events: those dropped within a batch and those that silver removed across batches."""
        return self.batch_duplicates + self.bronze_rows - self.silver_rows

    def since(self, before: Accounting) -> Accounting:
        """What was added after `before`, when the store held something already. Faults are those of the whole store."""
        return Accounting(
            sent=self.sent - before.sent,
            batches=self.batches - before.batches,
            bronze_rows=self.bronze_rows - before.bronze_rows,
            silver_rows=self.silver_rows - before.silver_rows,
            batch_duplicates=self.batch_duplicates - before.batch_duplicates,
            quarantined=self.quarantined - before.quarantined,
            dead_lettered=self.dead_lettered - before.dead_lettered,
            faults=self.faults,
        )

    def against(self, sent: Mapping[str, int]) -> Accounting:
        """With a fault for each class that holds other than what was `sent` as its kind.

        Sums can close by accident: a foreign event that is stored and a valid one that is quarantined cancel out.
        """
        found = {
            "valid": self.silver_rows,
            "duplicate": self.duplicates,
            "foreign": self.quarantined,
            "undecodable": self.dead_lettered,
        }
        wrong = tuple(
            f"{sent.get(kind, 0):,} events sent as {kind}, {count:,} found in its class"
            for kind, count in found.items()
            if count != sent.get(kind, 0)
        )
        return replace(self, faults=self.faults + wrong)

    @property
    def closes(self) -> bool:
        """Whether every sent event is in exactly one class and every batch adds up."""
        return not self.faults and self.missing == 0

    @property
    def missing(self) -> int:
        """Events that were sent and are in no class (negative: classes hold more than was sent)."""
        return self.sent - self.silver_rows - self.duplicates - self.quarantined - self.dead_lettered


def keys(s3: S3Client, bucket: str, prefix: str) -> Iterator[str]:
    """Keys under `prefix`, in order."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            if key := item.get("Key"):
                yield key


def events_stored(s3: S3Client, bucket: str, known: dict[str, int]) -> int:
    """Events in all batches stored so far, by their metadata; `known` remembers what was already asked."""
    for key in keys(s3, bucket, "bronze/"):
        if key not in known:
            known[key] = int(s3.head_object(Bucket=bucket, Key=key)["Metadata"]["events-in"])
    return sum(known.values())


def read_back(s3: S3Client, bucket: str, silver_rows: int, sent: int, read: Callable[[], None]) -> Accounting:
    """Read every object of `bucket` and count; `read` is called once per bronze object.

    `silver_rows` is the number of distinct events that the silver model gives, `sent` what the stream acknowledged.
    """
    with ThreadPoolExecutor(READERS) as pool:
        batches: list[Batch] = []
        for batch in pool.map(partial(_batch, s3, bucket), keys(s3, bucket, "bronze/")):
            batches.append(batch)
            read()
        quarantined = sum(pool.map(partial(_rows, s3, bucket), keys(s3, bucket, "quarantine/")))
        dead = sum(pool.map(partial(_rows, s3, bucket), keys(s3, bucket, "dead-letter/")))
    faults = [fault for batch in batches for fault in batch.faults]
    for name, rows, declared in (
        ("quarantine", quarantined, sum(batch.quarantined for batch in batches)),
        ("dead-letter", dead, sum(batch.dead_lettered for batch in batches)),
    ):
        if rows != declared:
            faults.append(f"{name}/: {declared} rows declared by the batches, {rows} found")
    return Accounting(
        sent=sent,
        batches=len(batches),
        bronze_rows=sum(batch.rows for batch in batches),
        silver_rows=silver_rows,
        batch_duplicates=sum(batch.duplicates for batch in batches),
        quarantined=quarantined,
        dead_lettered=dead,
        faults=tuple(faults),
    )


def _batch(s3: S3Client, bucket: str, key: str) -> Batch:
    answer = s3.get_object(Bucket=bucket, Key=key)
    counts = answer["Metadata"]
    return Batch(
        key=key,
        events_in=int(counts["events-in"]),
        written=int(counts["written"]),
        quarantined=int(counts["quarantined"]),
        dead_lettered=int(counts["dead-lettered"]),
        duplicates=int(counts["duplicates"]),
        rows=_lines(answer["Body"].read()),
    )


def _rows(s3: S3Client, bucket: str, key: str) -> int:
    return _lines(s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def _lines(body: bytes) -> int:
    return zstandard.ZstdDecompressor().decompressobj().decompress(body).count(b"\n") if body else 0


def judge(accounting: Accounting) -> None:
    """Raise Verdict, with what is missing, when the accounting does not close."""
    if not accounting.closes:
        first = f"the accounting does not close: {accounting.missing:,} of {accounting.sent:,} events are in no class"
        raise Verdict("\n  ".join([first, *accounting.faults[:10]]))
