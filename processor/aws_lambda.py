"""The Lambda adapter: Kinesis records in, objects in the region's own bucket out.

How failure is told, and why. What an event holds never fails a batch: poison goes to quarantine or to the dead letters,
and its batch succeeds. What the platform does to us (storage, key, permissions, time) fails the batch as a whole by an
exception: it was not committed, so the event source mapping retries it, splits it, and at last hands it to the
on-failure destination. A partial batch response is used in one case only: packed records that hold more than one call
should unpack, with no time left for another. Then the first part is stored and the first record of the rest is named,
for the mapping to go on from there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypedDict

import msgspec
import pybase64

from processor.core import Accounting, Batch, Result, Stored
from processor.pipeline import METRICS, KeyCache, Pipeline, Settings, counts, print_line
from processor.schema import Contract
from processor.store import Existing, ObjectStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient

# A call that gets no answer ends, with an exception that names the endpoint, before the platform ends the invocation
# without a word: three attempts take 42 s at most. The SDK's own values are 60 s to connect, 60 to read, five attempts.
CONNECT_SECONDS = 3
READ_SECONDS = 10
CALL_ATTEMPTS = 3
RESERVE_MS = 10_000  # below so much remaining time no further part of a batch is begun


class KinesisData(TypedDict):
    """The part of a record that is used; data is base64, the time UNIX seconds."""

    data: str
    sequenceNumber: str
    approximateArrivalTimestamp: float


class KinesisRecord(TypedDict):
    """One record as the event source mapping hands it over; eventID is SHARD:SEQUENCE."""

    eventID: str
    kinesis: KinesisData


class KinesisEvent(TypedDict):
    """What one invocation gets."""

    Records: list[KinesisRecord]


class ItemFailure(TypedDict):
    """A record that was not processed, by its sequence number."""

    itemIdentifier: str


class BatchResponse(TypedDict):
    """What the mapping reads: it goes on from the lowest sequence number named, or from the end when there is none."""

    batchItemFailures: list[ItemFailure]


class LambdaContext(Protocol):
    """The part of Lambda's context that is used."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the platform ends the invocation."""
        ...


# 412: the condition does not hold. 409: another conditional write is under way. 404: it was deleted meanwhile.
_OVERTAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"})


class _Condition(TypedDict, total=False):
    IfMatch: str
    IfNoneMatch: str


class S3Store(ObjectStore):
    """The region's bucket. Conditional writes need s3:PutObject and s3:GetObject on the key's prefix."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        errors = client.exceptions
        self._error, self._missing = errors.ClientError, errors.NoSuchKey

    def read(self, key: str) -> Existing | None:
        """The object, or None when there is none."""
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=key)
        except self._missing:
            return None
        return Existing(found["Body"].read(), found["Metadata"], found["ETag"])

    def create(self, stored: Stored) -> bool:
        """Write the object unless the key is taken."""
        return self._put(stored, {"IfNoneMatch": "*"})

    def replace(self, stored: Stored, tag: str) -> bool:
        """Write the object if the one there still has `tag`."""
        return self._put(stored, {"IfMatch": tag})

    def _put(self, stored: Stored, condition: _Condition) -> bool:
        try:
            self._client.put_object(
                Bucket=self._bucket, Key=stored.key, Body=stored.body, Metadata=stored.metadata, **condition
            )
        except self._error as fault:
            if fault.response.get("Error", {}).get("Code") in _OVERTAKEN:
                return False
            raise
        return True


class KeySource(KeyCache):
    """The pseudonym key ring in Secrets Manager."""

    def __init__(self, client: SecretsManagerClient, secret: str, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(lambda: client.get_secret_value(SecretId=secret)["SecretString"], clock)


class Processor:
    """The function in one warm process."""

    def __init__(self, settings: Settings, contract: Contract, store: ObjectStore, keys: KeySource) -> None:
        """Raises what Pipeline raises."""
        self._pipeline = Pipeline(settings, contract, store, keys)

    def handle(self, event: KinesisEvent, remaining_ms: Callable[[], int]) -> BatchResponse:
        """Process one invocation's records, shard by shard (the mapping sends one shard's)."""
        self._pipeline.refresh()
        failures: list[ItemFailure] = []
        for partition, records in _by_shard(event["Records"]).items():
            failures += self._shard(partition, records, remaining_ms)
        return {"batchItemFailures": failures}

    def _shard(
        self, partition: str, records: list[KinesisRecord], remaining_ms: Callable[[], int]
    ) -> list[ItemFailure]:
        done = 0
        while done < len(records):
            if done and remaining_ms() < RESERVE_MS:
                return [{"itemIdentifier": records[done]["kinesis"]["sequenceNumber"]}]
            batch = to_batch(partition, records[done:])
            result = self._pipeline.store(batch)
            self._report(batch, result)
            done += result.taken
        return []

    def _report(self, batch: Batch, result: Result) -> None:
        print_line(metrics(self._pipeline.stream, batch, result.accounting, time.time()))


def to_batch(partition: str, records: Sequence[KinesisRecord]) -> Batch:
    """The records of one shard, column by column, with the base64 undone."""
    data = [record["kinesis"] for record in records]
    decode = pybase64.b64decode
    payloads: list[bytes | None]
    try:
        payloads = [decode(entry["data"], None, True) for entry in data]  # True: validate
    except ValueError:
        payloads = [_decoded(entry["data"]) for entry in data]
    return Batch(
        partition,
        [entry["sequenceNumber"] for entry in data],
        [entry["approximateArrivalTimestamp"] for entry in data],
        payloads,
    )


def _decoded(data: str) -> bytes | None:
    try:
        return pybase64.b64decode(data, validate=True)
    except ValueError:
        return None  # counted as an undecodable event


def _by_shard(records: list[KinesisRecord]) -> dict[str, list[KinesisRecord]]:
    shards: dict[str, list[KinesisRecord]] = {}
    for record in records:
        shards.setdefault(record["eventID"].partition(":")[0], []).append(record)
    return shards


def metrics(stream: str, batch: Batch, accounting: Accounting, now: float) -> str:
    """One log line in CloudWatch's embedded metric format; `now` is UNIX seconds. Counts and positions only."""
    directive = {
        "Namespace": "Homeshore",
        "Dimensions": [["Stream"]],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in METRICS],
    }
    line = {
        "_aws": {"Timestamp": int(now * 1000), "CloudWatchMetrics": [directive]},
        "Stream": stream,
        "Shard": batch.partition,
        "FirstSequence": batch.sequences[0],
        **counts(accounting),
    }
    return msgspec.json.encode(line).decode()


_warm: Processor | None = None


def handler(event: KinesisEvent, context: LambdaContext) -> BatchResponse:
    """Lambda's entry point. Clients, key and contract are made on the first call and kept while the process is warm."""
    global _warm  # noqa: PLW0603 - the one thing that outlives an invocation
    if _warm is None:
        _warm = _start(os.environ, Path(__file__).parent.parent / "contract.json")
    return _warm.handle(event, context.get_remaining_time_in_millis)


def _start(environment: Mapping[str, str], contract: Path) -> Processor:
    import boto3
    from botocore.config import Config

    settings = Settings.read(environment)
    session = boto3.session.Session()
    patience = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": CALL_ATTEMPTS},
    )
    # Only the stubs of the services in use are installed, so the type of `client` is known in part.
    secrets: SecretsManagerClient = session.client("secretsmanager", config=patience)  # pyright: ignore[reportUnknownMemberType]
    bucket: S3Client = session.client("s3", config=patience)  # pyright: ignore[reportUnknownMemberType]
    store = S3Store(bucket, settings.bucket)
    keys = KeySource(secrets, settings.secret)
    return Processor(settings, Contract.from_json(contract.read_bytes()), store, keys)
