"""A producer that keeps count of what the stream acknowledged: batches, several calls in flight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice

from events.generator import GeneratedRecord

# Kinesis takes at most 500 records a call (its quota page), Pub/Sub 1,000.
RECORDS_PER_CALL = 500
CALLS_IN_FLIGHT = 3

Put = Callable[[list[GeneratedRecord]], None]


def send(records: Iterable[GeneratedRecord], put: Put, sent: Callable[[int], None]) -> Counter[str]:
    """Hand `records` to `put`, batch by batch; returns how many of each kind the stream acknowledged.

    `put` returns when the stream has acknowledged the whole batch, and is called from several threads; what it raises,
    this raises. `sent` is called with the number of records of each acknowledged call.
    """
    acknowledged: Counter[str] = Counter()
    with ThreadPoolExecutor(CALLS_IN_FLIGHT, thread_name_prefix="producer") as pool:
        running: set[Future[Counter[str]]] = set()
        try:
            for batch in _batches(records):
                running.add(pool.submit(_acknowledged, put, batch))
                if len(running) >= 2 * CALLS_IN_FLIGHT:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    _collect(done, acknowledged, sent)
            _collect(running, acknowledged, sent)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return acknowledged


def _acknowledged(put: Put, batch: list[GeneratedRecord]) -> Counter[str]:
    put(batch)
    return Counter(record.kind for record in batch)


def _batches(records: Iterable[GeneratedRecord]) -> Iterator[list[GeneratedRecord]]:
    remaining = iter(records)
    while batch := list(islice(remaining, RECORDS_PER_CALL)):
        yield batch


def _collect(done: Iterable[Future[Counter[str]]], total: Counter[str], sent: Callable[[int], None]) -> None:
    for future in done:
        counted = future.result()
        total.update(counted)
        sent(counted.total())
