"""The main job's lake on AWS: Kinesis, S3 and Athena of a stack that is up on the embedded cloud."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, cast

from events.generator import GeneratedRecord
from homeshore.demo import produce, query
from homeshore.demo.lake import POLL_SECONDS, STALLED_SECONDS, STORES, Ground, Lake, Table
from homeshore.demo.progress import Steps
from homeshore.errors import UserError
from homeshore.local.emulators import Limit
from homeshore.project import Project
from processor.audit import Held

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef
    from mypy_boto3_s3 import S3Client

    from homeshore.local.cloud import Running

READERS = 4
ATTEMPTS = 8
FIRST_PAUSE_SECONDS = 0.05


@contextmanager
def running(project: Project, stack: str, steps: Steps, *, keep: bool) -> Generator[tuple[Ground, Lake]]:
    """The stack's lake inside the block, on the embedded cloud; `keep` leaves that running afterwards."""
    from homeshore.local import cloud

    with ExitStack() as until_done:
        with steps.step("up", f"bringing {stack} up on the embedded cloud") as bar:
            found = until_done.enter_context(
                cloud.running(project, stack, keep=keep, progress=lambda said: bar.detail(said.split("  ")[-1]))
            )
        steps.say(f"  endpoint {found.endpoint}")
        yield _ground(found), _lake(found)


def _ground(found: Running) -> Ground:
    report = found.report
    applied = (report.changes.sorted(name) for name in ("created", "updated", "repaired", "unchanged"))
    return Ground(
        cloud="aws",
        stack=report.stack,
        emulator=report.emulator,
        endpoint=report.endpoint,
        resources=sum(len(entries) for entries in applied),
        not_applied=tuple(entry.type for entry in report.changes.sorted("not_applied")),
        limits=tuple(Limit(what, reason) for what, reason in report.limits),
        sql="silver and gold in their DuckDB form, which the emulator's Athena speaks",
    )


def _lake(found: Running) -> AwsLake:
    outputs = found.outputs
    return AwsLake(
        kinesis=cast("KinesisClient", found.client("kinesis")),
        s3=cast("S3Client", found.client("s3")),
        athena=cast("AthenaClient", found.client("athena")),
        stream=str(outputs["stream"]),
        bucket=str(outputs["bucket"]),
        database=str(outputs["database"]),
        workgroup=str(outputs["workgroup"]),
    )


@dataclass(frozen=True)
class AwsLake:
    """The clients and names that the job needs of a running stack; `known` are the batches' events, by object."""

    kinesis: KinesisClient
    s3: S3Client
    athena: AthenaClient
    stream: str
    bucket: str
    database: str
    workgroup: str
    known: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def batches(self) -> int:
        """See Lake."""
        return len(self.known)

    def stored(self) -> int:
        """See Lake."""
        return events_stored(self.s3, self.bucket, self.known)

    def send(self, records: Iterable[GeneratedRecord], sent: Callable[[int], None]) -> Counter[str]:
        """See Lake. Raises UserError when the stream keeps refusing."""
        return produce.send(records, partial(put, self.kinesis, self.stream), sent)

    def settle(self, expected: int, advance: Callable[[int], None]) -> None:
        """See Lake."""
        stored, moved = sum(self.known.values()), time.monotonic()
        while stored < expected and time.monotonic() - moved < STALLED_SECONDS:
            now = self.stored()
            if now > stored:
                advance(now - stored)
                stored, moved = now, time.monotonic()
            else:
                time.sleep(POLL_SECONDS)

    def held(self) -> Iterator[Held]:
        """See Lake."""
        with ThreadPoolExecutor(READERS) as pool:
            for store in STORES:
                yield from pool.map(partial(_held, self.s3, self.bucket), keys(self.s3, self.bucket, store))

    def ask(self, statement: str) -> Table:
        """See Lake: in the stack's own database and workgroup."""
        return query.run(self.athena, statement, database=self.database, workgroup=self.workgroup)


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


def _held(s3: S3Client, bucket: str, key: str) -> Held:
    answer = s3.get_object(Bucket=bucket, Key=key)
    return Held(key, answer["Body"].read(), answer["Metadata"])


def put(kinesis: KinesisClient, stream: str, batch: list[GeneratedRecord]) -> None:
    """Put `batch` on `stream`; throttled records are sent again with growing pauses.

    Raises UserError when the stream still refuses some after that.
    """
    pending = batch
    for attempt in range(ATTEMPTS):
        entries: list[PutRecordsRequestEntryTypeDef] = [
            {"Data": record.data, "PartitionKey": record.partition_key} for record in pending
        ]
        answer = kinesis.put_records(StreamName=stream, Records=entries)
        if not answer.get("FailedRecordCount"):
            return
        pending = [record for record, result in zip(pending, answer["Records"], strict=True) if "ErrorCode" in result]
        time.sleep(FIRST_PAUSE_SECONDS * 2**attempt)
    raise UserError(
        f"stream {stream}: {len(pending)} records were refused {ATTEMPTS} times: is it sized for this load?"
    )
