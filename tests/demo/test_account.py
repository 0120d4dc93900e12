"""The accounting counts what is stored; moto's S3 stands in for the bucket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
import zstandard
from moto import mock_aws

from homeshore.demo.account import Accounting, events_stored, judge, read_back
from homeshore.errors import Verdict

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "lake"
PART = "day=2026-03-02/hour=08/events-shardId-000000000000"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Client]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        client = boto3.client("s3", region_name=boto3.session.Session().get_available_regions("s3")[0])
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": client.meta.region_name})
        yield client


def put(s3: S3Client, key: str, rows: int, **counts: int) -> None:
    body = zstandard.ZstdCompressor().compress(b'{"a":1}\n' * rows)
    metadata = {name.replace("_", "-"): str(value) for name, value in counts.items()}
    s3.put_object(Bucket=BUCKET, Key=key, Body=body, Metadata=metadata)


def batch(s3: S3Client, first: int, rows: int, *, quarantined: int = 0, dead: int = 0, duplicates: int = 0) -> None:
    put(
        s3,
        f"bronze/{PART}-{first}.jsonl.zst",
        rows,
        events_in=rows + quarantined + dead + duplicates,
        written=rows,
        quarantined=quarantined,
        dead_lettered=dead,
        duplicates=duplicates,
    )
    if quarantined:
        put(s3, f"quarantine/{PART}-{first}.jsonl.zst", quarantined)
    if dead:
        put(s3, f"dead-letter/{PART}-{first}.jsonl.zst", dead)


def read(s3: S3Client, *, silver: int, sent: int) -> Accounting:
    return read_back(s3, BUCKET, silver, sent, lambda: None)


def test_it_closes_when_every_event_is_in_one_class(s3: S3Client) -> None:
    batch(s3, 1, 90, quarantined=4, dead=3, duplicates=2)
    batch(s3, 2, 10)
    found = read(s3, silver=97, sent=109)
    assert (found.bronze_rows, found.silver_rows, found.duplicates) == (100, 97, 5)
    assert (found.quarantined, found.dead_lettered, found.batches) == (4, 3, 2)
    assert found.closes
    judge(found)


def test_a_lost_event_is_counted_as_missing(s3: S3Client) -> None:
    batch(s3, 1, 10)
    found = read(s3, silver=10, sent=12)
    assert found.missing == 2
    with pytest.raises(Verdict, match="2 of 12 events are in no class"):
        judge(found)


def test_an_event_too_many_does_not_close_either(s3: S3Client) -> None:
    batch(s3, 1, 10)
    assert read(s3, silver=10, sent=9).missing == -1
    assert not read(s3, silver=10, sent=9).closes


def test_a_batch_whose_rows_are_not_what_it_declares_is_named(s3: S3Client) -> None:
    put(s3, "bronze/b", 9, events_in=10, written=10, quarantined=0, dead_lettered=0, duplicates=0)
    assert read(s3, silver=9, sent=9).faults == ("bronze/b: 10 rows declared, 9 found",)


def test_a_batch_that_does_not_add_up_is_named(s3: S3Client) -> None:
    put(s3, "bronze/b", 9, events_in=10, written=9, quarantined=0, dead_lettered=0, duplicates=0)
    (fault,) = read(s3, silver=9, sent=9).faults
    assert fault.startswith("bronze/b: 10 events in")


@pytest.mark.parametrize("store", ["quarantine", "dead-letter"])
def test_a_side_store_that_lost_rows_is_named(s3: S3Client, store: str) -> None:
    batch(s3, 1, 5, quarantined=2, dead=2)
    s3.delete_object(Bucket=BUCKET, Key=f"{store}/{PART}-1.jsonl.zst")
    assert read(s3, silver=5, sent=9).faults == (f"{store}/: 2 rows declared by the batches, 0 found",)


def test_sums_that_close_by_accident_are_told_by_class(s3: S3Client) -> None:
    batch(s3, 1, 10, quarantined=2)
    crossed = read(s3, silver=10, sent=12).against({"valid": 9, "foreign": 3})
    assert crossed.missing == 0
    assert not crossed.closes
    assert len(crossed.faults) == 2


def test_what_was_there_before_is_subtracted(s3: S3Client) -> None:
    batch(s3, 1, 10, dead=1)
    before = read(s3, silver=10, sent=11)
    batch(s3, 2, 5, duplicates=1)
    run = read(s3, silver=14, sent=17).since(before)
    assert (run.sent, run.silver_rows, run.duplicates, run.dead_lettered, run.batches) == (6, 4, 2, 0, 1)
    assert run.closes


def test_an_empty_bucket_holds_nothing(s3: S3Client) -> None:
    assert read(s3, silver=0, sent=0) == Accounting(0, 0, 0, 0, 0, 0, 0)
    assert events_stored(s3, BUCKET, {}) == 0


def test_stored_events_are_summed_from_metadata_once_per_object(s3: S3Client) -> None:
    batch(s3, 1, 10, quarantined=1)
    known = {f"bronze/{PART}-0.jsonl.zst": 7}
    assert events_stored(s3, BUCKET, known) == 18
    assert len(known) == 2
