"""The accounting counts what is stored; moto's S3 stands in for the bucket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from homeshore.demo.account import Accounting, judge, read_back
from homeshore.demo.aws import AwsLake, events_stored
from homeshore.errors import Verdict
from processor.core import Stored, process
from tests.processor.batches import VALID, make_batch, numbered, shared_context

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "lake"
FOREIGN = VALID.replace(b'"home":"FR"', b'"home":"US"')


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Client]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        client = boto3.client("s3", region_name=boto3.session.Session().get_available_regions("s3")[0])
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": client.meta.region_name})
        yield client


def store(s3: S3Client, payloads: list[bytes], first: int = 0) -> list[Stored]:
    """What the processor makes of the payloads, put into the bucket."""
    objects = process(make_batch(payloads, first=first), shared_context()).objects
    for stored in objects:
        s3.put_object(Bucket=BUCKET, Key=stored.key, Body=stored.body, Metadata=dict(stored.metadata))
    return list(objects)


def events(first: int, count: int) -> list[bytes]:
    return [numbered(number) for number in range(first, first + count)]


def read(s3: S3Client, *, silver: int, sent: int) -> Accounting:
    unused: Any = None
    lake = AwsLake(unused, s3, unused, stream="", bucket=BUCKET, database="", workgroup="")
    return read_back(lake.held(), event_id="event_id", silver_rows=silver, sent=sent, read=lambda: None)


def test_it_closes_when_every_event_is_in_one_class(s3: S3Client) -> None:
    store(s3, [*events(1, 9), FOREIGN, FOREIGN, b"{", numbered(3)])
    store(s3, [*events(9, 4)], first=100)
    found = read(s3, silver=12, sent=17)
    assert (found.stored, found.duplicates, found.quarantined, found.dead_lettered) == (12, 2, 2, 1)
    assert (found.batches, found.redelivered) == (2, 0)
    assert found.closes
    judge(found)


def test_an_event_that_two_batches_hold_counts_once(s3: S3Client) -> None:
    store(s3, events(1, 4))
    store(s3, events(3, 2), first=2)
    found = read(s3, silver=4, sent=4)
    assert (found.stored, found.duplicates, found.redelivered) == (4, 0, 2)
    assert found.closes


def test_a_lost_event_is_counted_as_missing(s3: S3Client) -> None:
    store(s3, events(1, 10))
    found = read(s3, silver=10, sent=12)
    assert found.missing == 2
    with pytest.raises(Verdict, match="2 of 12 events are in no class"):
        judge(found)


def test_an_event_too_many_does_not_close_either(s3: S3Client) -> None:
    store(s3, events(1, 10))
    assert read(s3, silver=10, sent=9).missing == -1
    assert not read(s3, silver=10, sent=9).closes


def test_rows_that_sql_does_not_see_are_told(s3: S3Client) -> None:
    store(s3, events(1, 10))
    assert read(s3, silver=9, sent=10).faults == ("silver has 9 rows, the objects hold 10 distinct events",)


def test_an_object_that_cannot_be_read_is_named(s3: S3Client) -> None:
    (stored,) = store(s3, events(1, 3))
    s3.put_object(Bucket=BUCKET, Key=stored.key, Body=b"torn", Metadata=dict(stored.metadata))
    assert any(stored.key in fault for fault in read(s3, silver=0, sent=3).faults)


@pytest.mark.parametrize("prefix", ["quarantine/", "dead-letter/"])
def test_a_lost_side_object_is_missing(s3: S3Client, prefix: str) -> None:
    for stored in store(s3, [*events(1, 5), FOREIGN, b"{"]):
        if stored.key.startswith(prefix):
            s3.delete_object(Bucket=BUCKET, Key=stored.key)
    assert read(s3, silver=5, sent=7).missing == 1


def test_sums_that_close_by_accident_are_told_by_class(s3: S3Client) -> None:
    store(s3, [*events(1, 10), FOREIGN, FOREIGN])
    crossed = read(s3, silver=10, sent=12).against({"valid": 9, "foreign": 3})
    assert crossed.missing == 0
    assert not crossed.closes
    assert len(crossed.faults) == 2


def test_what_was_there_before_is_subtracted(s3: S3Client) -> None:
    store(s3, [*events(1, 10), b"{"])
    before = read(s3, silver=10, sent=11)
    store(s3, [*events(10, 5), b"{"], first=100)
    run = read(s3, silver=14, sent=17).since(before)
    assert (run.sent, run.stored, run.duplicates, run.dead_lettered, run.batches) == (6, 4, 1, 1, 1)
    assert run.closes


def test_an_empty_bucket_holds_nothing(s3: S3Client) -> None:
    assert read(s3, silver=0, sent=0) == Accounting(0, 0, 0, 0, 0, 0, 0, 0)
    assert events_stored(s3, BUCKET, {}) == 0


def test_stored_events_are_summed_from_metadata_once_per_object(s3: S3Client) -> None:
    store(s3, [*events(1, 10), FOREIGN])
    known = {"bronze/another": 7}
    assert events_stored(s3, BUCKET, known) == 18
    assert len(known) == 2
