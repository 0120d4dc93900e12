"""The producer counts what the stream acknowledged, and sends again what it refused."""

from __future__ import annotations

import threading
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, cast

import pytest

from events.generator import GeneratedRecord
from homeshore.demo import aws, produce
from homeshore.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient


class Stream:
    """A stream that refuses each `every`th record the first `times` times it sees it."""

    def __init__(self, every: int = 0, times: int = 1) -> None:
        self.every, self.times = every, times
        self.stored: list[bytes] = []
        self.seen: Counter[bytes] = Counter()
        self.lock = threading.Lock()

    def put_records(self, *, StreamName: str, Records: list[dict[str, object]]) -> dict[str, object]:  # noqa: N803
        assert StreamName == "events"
        assert len(Records) <= produce.RECORDS_PER_CALL
        with self.lock:
            return self._answer([cast("bytes", record["Data"]) for record in Records])

    def _answer(self, records: list[bytes]) -> dict[str, object]:
        results: list[dict[str, str]] = []
        for data in records:
            self.seen[data] += 1
            if self.every and int(data) % self.every == 0 and self.seen[data] <= self.times:
                results.append({"ErrorCode": "ProvisionedThroughputExceededException"})
            else:
                self.stored.append(data)
                results.append({"SequenceNumber": "1"})
        return {"FailedRecordCount": sum("ErrorCode" in result for result in results), "Records": results}


def records(count: int) -> list[GeneratedRecord]:
    return [GeneratedRecord(str(n).encode(), "foreign" if n % 5 == 0 else "valid", f"k{n}") for n in range(count)]


def send(stream: Stream, count: int) -> tuple[Counter[str], int]:
    moved: list[int] = []
    sent = produce.send(records(count), partial(aws.put, cast("KinesisClient", stream), "events"), moved.append)
    return sent, sum(moved)


def test_every_record_is_sent_once_and_counted_by_kind() -> None:
    stream = Stream()
    sent, moved = send(stream, 1234)
    assert sorted(stream.stored, key=int) == [str(n).encode() for n in range(1234)]
    assert sent == {"valid": 987, "foreign": 247}
    assert moved == 1234


def test_refused_records_alone_are_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "FIRST_PAUSE_SECONDS", 0)
    stream = Stream(every=7, times=3)
    sent, _ = send(stream, 1000)
    assert sent.total() == 1000
    assert sorted(stream.stored, key=int) == [str(n).encode() for n in range(1000)]


def test_a_stream_that_keeps_refusing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "FIRST_PAUSE_SECONDS", 0)
    with pytest.raises(UserError, match="stream events: 100 records were refused 8 times"):
        send(Stream(every=5, times=99), 500)


def test_nothing_to_send_is_nothing_sent() -> None:
    assert send(Stream(), 0) == (Counter(), 0)
