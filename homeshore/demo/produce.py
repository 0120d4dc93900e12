"""A Kinesis producer that keeps count of what the stream acknowledged."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TYPE_CHECKING

from events.generator import GeneratedRecord
from homeshore.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

# PutRecords takes at most 500 records a call (quota page of Kinesis Data Streams).
RECORDS_PER_CALL = 500
CALLS_IN_FLIGHT = 3
ATTEMPTS = 8
FIRST_PAUSE_SECONDS = 0.05


def send(
    records: Iterable[GeneratedRecord],
    kinesis: KinesisClient,
    stream: str,
    sent: Callable[[int], None],
) -> Counter[str]:
    """Put `records` on `stream`; returns how many of each kind it acknowledged.

    `sent` is called with the number of records of each acknowledged call. Throttled records are sent again with growing
    pauses; raises UserError when the stream still refuses some after that.
    """
    acknowledged: Counter[str] = Counter()
    with ThreadPoolExecutor(CALLS_IN_FLIGHT, thread_name_prefix="producer") as pool:
        running: set[Future[Counter[str]]] = set()
        try:
            for batch in _batches(records):
                running.add(pool.submit(_put, batch, kinesis, stream))
                if len(running) >= 2 * CALLS_IN_FLIGHT:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    _collect(done, acknowledged, sent)
            _collect(running, acknowledged, sent)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return acknowledged


def _batches(records: Iterable[GeneratedRecord]) -> Iterator[list[GeneratedRecord]]:
    remaining = iter(records)
    while batch := list(islice(remaining, RECORDS_PER_CALL)):
        yield batch


def _collect(done: Iterable[Future[Counter[str]]], total: Counter[str], sent: Callable[[int], None]) -> None:
    for future in done:
        counted = future.result()
        total.update(counted)
        sent(counted.total())


def _put(batch: list[GeneratedRecord], kinesis: KinesisClient, stream: str) -> Counter[str]:
    pending = batch
    for attempt in range(ATTEMPTS):
        entries: list[PutRecordsRequestEntryTypeDef] = [
            {"Data": record.data, "PartitionKey": record.partition_key} for record in pending
        ]
        answer = kinesis.put_records(StreamName=stream, Records=entries)
        if not answer.get("FailedRecordCount"):
            return Counter(record.kind for record in batch)
        pending = [record for record, result in zip(pending, answer["Records"], strict=True) if "ErrorCode" in result]
        time.sleep(FIRST_PAUSE_SECONDS * 2**attempt)
    raise UserError(
        f"stream {stream}: {len(pending)} records were refused {ATTEMPTS} times: is it sized for this load?"
    )
