"""The Lambda adapter against moto's S3 and Secrets Manager, through boto3."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from geography import boundary, regions
from processor import aws_lambda, packing
from processor.audit import Held, audit
from processor.aws_lambda import (
    KEY_GRACE_SECONDS,
    KEY_TTL_SECONDS,
    RESERVE_MS,
    KeySource,
    Processor,
    S3Store,
    Settings,
    to_batch,
)
from processor.core import Stored
from processor.keys import KeyFault, KeyRing
from processor.packaging import build
from processor.schema import Contract
from stacks.sizing.aws.processor import LEAST_TIMEOUT_SECONDS
from tests.processor.batches import ADDRESS, ARRIVED, KEY, PERSON, VALID, numbered

BUCKET, SECRET, STREAM = "homeshore-test-lake", "homeshore/test-g1/pseudonym-key", "homeshore-test-g1-stream"
REGION = next(place.name for place in regions("aws") if boundary("eu").holds(place))
FOREIGN = VALID.replace(b'"home":"FR"', b'"home":"US"')


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Cloud:
    """The two services, the processor on them, and what it printed."""

    def __init__(self, contract: Contract) -> None:
        self.s3 = boto3.client("s3")
        self.secrets = boto3.client("secretsmanager")
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.secrets.create_secret(Name=SECRET, SecretString=KeyRing("k1", {"k1": KEY}).to_secret())
        self.clock = Clock()
        self.contract = contract
        self.store = S3Store(self.s3, BUCKET)

    def processor(self) -> Processor:
        keys = KeySource(self.secrets, SECRET, self.clock)
        return Processor(Settings(BUCKET, STREAM, "eu", SECRET), self.contract, self.store, keys)

    def held(self) -> list[Held]:
        listed = self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        found = [(entry["Key"], self.s3.get_object(Bucket=BUCKET, Key=entry["Key"])) for entry in listed]
        return [Held(key, there["Body"].read(), there["Metadata"]) for key, there in found]


@pytest.fixture
def cloud(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield Cloud(contract)


def event(payloads: list[bytes], first: int = 0, shard: str = "shardId-000000000000") -> Any:
    return {
        "Records": [
            {
                "eventID": f"{shard}:{10**20 + n}",
                "kinesis": {
                    "data": base64.b64encode(payload).decode(),
                    "sequenceNumber": str(10**20 + n),
                    "partitionKey": "p",
                    "approximateArrivalTimestamp": ARRIVED + n / 1000,
                },
            }
            for n, payload in enumerate(payloads, first)
        ]
    }


def plenty() -> int:
    return 60_000


def test_a_batch_is_stored_counted_and_reported(cloud: Cloud, capsys: pytest.CaptureFixture[str]):
    answer = cloud.processor().handle(event([VALID, FOREIGN, b"{", VALID, numbered(2)]), plenty)
    assert answer == {"batchItemFailures": []}
    name = f"day=2026-03-02/hour=08/{STREAM}-shardId-000000000000-100000000000000000000.jsonl.zst"
    assert [held.key for held in cloud.held()] == [f"bronze/{name}", f"dead-letter/{name}", f"quarantine/{name}"]
    found = audit(cloud.held())
    assert (found.stored, found.duplicates, found.quarantined, found.dead_lettered) == (2, 1, 1, 1)
    assert found.closes(5)
    line = json.loads(capsys.readouterr().out)
    assert {name: line[name] for name in ("EventsIn", "Written", "Quarantined", "DeadLettered", "Duplicates")} == {
        "EventsIn": 5,
        "Written": 2,
        "Quarantined": 1,
        "DeadLettered": 1,
        "Duplicates": 1,
    }
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("Homeshore", [["Stream"]])
    assert line["Stream"] == STREAM


def test_a_retry_of_the_same_batch_changes_nothing(cloud: Cloud):
    processor = cloud.processor()
    processor.handle(event([VALID, FOREIGN, b"{"]), plenty)
    before = [(held.key, held.body) for held in cloud.held()]
    processor.handle(event([VALID, FOREIGN, b"{"]), plenty)
    cloud.processor().handle(event([VALID, FOREIGN]), plenty)
    assert [(held.key, held.body) for held in cloud.held()] == before


def test_a_longer_batch_replaces_a_shorter_one_and_not_the_other_way_round(cloud: Cloud):
    events = [numbered(n) for n in range(6)]
    processor = cloud.processor()
    processor.handle(event(events[:3]), plenty)
    processor.handle(event(events), plenty)
    processor.handle(event(events[:4]), plenty)
    (held,) = cloud.held()
    assert held.metadata["written"] == "6"


def test_a_replacement_that_was_overtaken_is_not_written(cloud: Cloud):
    cloud.processor().handle(event([VALID]), plenty)
    (held,) = cloud.held()
    there = cloud.store.read(held.key)
    assert there is not None
    other = Stored("bronze", held.key, b"other", {"last-sequence": "1"})
    assert cloud.store.replace(other, there.tag)
    assert not cloud.store.replace(Stored("bronze", held.key, b"late", {}), there.tag)
    assert not cloud.store.create(Stored("bronze", held.key, b"late", {}))
    assert not cloud.store.replace(Stored("bronze", "bronze/gone", b"late", {}), there.tag)
    assert cloud.store.read("bronze/gone") is None
    assert cloud.held()[0].body == b"other"


def test_what_storage_refuses_fails_the_batch(cloud: Cloud):
    processor = cloud.processor()
    cloud.s3.delete_bucket(Bucket=BUCKET)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        processor.handle(event([VALID]), plenty)


def test_without_a_key_nothing_is_stored(cloud: Cloud):
    cloud.secrets.put_secret_value(SecretId=SECRET, SecretString="{}")
    with pytest.raises(KeyFault):
        cloud.processor()
    assert cloud.held() == []


def test_a_new_key_version_is_taken_up_when_the_cached_one_is_old(cloud: Cloud):
    processor = cloud.processor()
    processor.handle(event([numbered(1)]), plenty)
    ring = KeyRing("k1", {"k1": KEY}).rotated()
    cloud.secrets.put_secret_value(SecretId=SECRET, SecretString=ring.to_secret())
    processor.handle(event([numbered(2)], first=1), plenty)
    cloud.clock.now = KEY_TTL_SECONDS
    processor.handle(event([numbered(3)], first=2), plenty)
    assert [held.metadata["key-version"] for held in cloud.held()] == ["k1", "k1", "k2"]


def test_a_key_that_cannot_be_fetched_anew_serves_for_an_hour(cloud: Cloud, capsys: pytest.CaptureFixture[str]):
    processor = cloud.processor()
    cloud.secrets.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
    cloud.clock.now = KEY_TTL_SECONDS
    processor.handle(event([numbered(1)]), plenty)
    assert [held.metadata["key-version"] for held in cloud.held()] == ["k1"]
    assert "cannot be fetched anew (ResourceNotFoundException)" in capsys.readouterr().out
    cloud.clock.now = KEY_GRACE_SECONDS
    with pytest.raises(ClientError, match="ResourceNotFound"):
        processor.handle(event([numbered(2)], first=1), plenty)
    ring = KeyRing("k1", {"k1": KEY}).rotated()
    cloud.secrets.create_secret(Name=SECRET, SecretString=ring.to_secret())
    processor.handle(event([numbered(2)], first=1), plenty)
    assert [held.metadata["key-version"] for held in cloud.held()] == ["k1", "k2"]


def test_a_call_without_an_answer_ends_before_the_invocation_does(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The SDK's own timeouts are longer than the function's: it would die without saying what it waited for."""
    contract = tmp_path / "contract.json"
    contract.write_bytes(cloud.contract.to_json())
    made: list[Any] = []
    monkeypatch.setattr(boto3.session.Session, "client", lambda _self, _name, config=None: made.append(config))
    monkeypatch.setattr(aws_lambda, "Processor", lambda *_: None)
    monkeypatch.setattr(aws_lambda, "S3Store", lambda *_: None)
    names = ("BUCKET", "STREAM", "BOUNDARY", "SECRET")
    aws_lambda._start({f"HOMESHORE_{name}": "eu" for name in names}, contract)
    assert len(made) == 2
    for config in made:
        backoff = 2 * 2  # the standard mode waits up to one second, then up to two
        attempts = config.retries["total_max_attempts"]
        slowest = attempts * (config.connect_timeout + config.read_timeout) + backoff
        assert slowest < LEAST_TIMEOUT_SECONDS - RESERVE_MS / 1000


def test_records_of_two_shards_become_two_objects(cloud: Cloud):
    both = event([numbered(1)])
    both["Records"] += event([numbered(2)], shard="shardId-000000000001")["Records"]
    cloud.processor().handle(both, plenty)
    assert len(cloud.held()) == 2


def test_no_records_are_no_objects(cloud: Cloud):
    assert cloud.processor().handle({"Records": []}, plenty) == {"batchItemFailures": []}
    assert cloud.held() == []


def test_a_batch_that_unpacks_to_too_much_is_stored_in_parts(cloud: Cloud, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("processor.core.UNPACKED_BYTES", 1000)
    packed = [packing.pack([numbered(n * 10 + i) for i in range(5)]) for n in range(4)]
    assert cloud.processor().handle(event(packed), plenty) == {"batchItemFailures": []}
    assert audit(cloud.held()).closes(20)
    assert len(cloud.held()) == 4


def test_with_no_time_left_the_rest_is_named_and_not_lost(cloud: Cloud, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("processor.core.UNPACKED_BYTES", 1000)
    packed = [packing.pack([numbered(n * 10 + i) for i in range(5)]) for n in range(4)]
    answer = cloud.processor().handle(event(packed), lambda: 1)
    assert answer == {"batchItemFailures": [{"itemIdentifier": str(10**20 + 1)}]}
    assert audit(cloud.held()).closes(5)


def test_a_payload_that_is_not_base64_is_one_dead_letter(contract: Contract):
    records = event([VALID, VALID])["Records"]
    records[1]["kinesis"]["data"] = "not base64 é"
    assert to_batch("s", records).payloads == [VALID, None]


def test_missing_settings_are_all_named():
    with pytest.raises(RuntimeError, match="HOMESHORE_STREAM, HOMESHORE_BOUNDARY"):
        Settings.read({"HOMESHORE_BUCKET": "b", "HOMESHORE_SECRET": "s", "HOMESHORE_BOUNDARY": ""})


def test_logs_hold_no_personal_data_and_no_key(cloud: Cloud, capsys: pytest.CaptureFixture[str]):
    broken = VALID.replace(b'"click"', b'"' + PERSON.encode() + b'"')
    cloud.processor().handle(event([VALID, FOREIGN, broken, VALID[:-3]]), plenty)
    printed = capsys.readouterr()
    for needle in (PERSON, ADDRESS, "lovelace", base64.b64encode(KEY).decode(), KEY.hex()):
        assert needle not in printed.out + printed.err


def test_the_handler_starts_once_and_uses_the_contract_in_the_package(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name, value in (("BUCKET", BUCKET), ("STREAM", STREAM), ("BOUNDARY", "eu"), ("SECRET", SECRET)):
        monkeypatch.setenv(f"HOMESHORE_{name}", value)
    (tmp_path / "processor").mkdir()
    (tmp_path / "contract.json").write_bytes(cloud.contract.to_json())
    monkeypatch.setattr(aws_lambda, "__file__", str(tmp_path / "processor" / "aws_lambda.py"))
    monkeypatch.setattr(aws_lambda, "_warm", None)

    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 60_000

    assert aws_lambda.handler(event([VALID]), Context()) == {"batchItemFailures": []}
    (tmp_path / "contract.json").unlink()
    assert aws_lambda.handler(event([numbered(1)], first=1), Context()) == {"batchItemFailures": []}
    assert len(cloud.held()) == 2


IMPORTS = """
import sys
before = set(sys.modules)
import processor.aws_lambda
heavy = {"pulumi", "pydantic", "yaml", "boto3", "botocore", "events", "components", "stacks", "homeshore"}
print(sorted(heavy & (set(sys.modules) - before)))
print(processor.aws_lambda.__file__)
"""


def test_the_package_imports_on_its_own_and_nothing_heavy(contract: Contract, tmp_path: Path):
    """The host's package, unpacked elsewhere, in a Python that sees neither the checkout nor the environment."""
    package = build(contract, architecture="host", runtime="python3.13", root=tmp_path)
    unpacked = tmp_path / "function"
    zipfile.ZipFile(io.BytesIO(package.path.read_bytes())).extractall(unpacked)
    base = getattr(sys, "_base_executable", sys.executable)
    done = subprocess.run(
        [base, "-I", "-c", f"import sys; sys.path.insert(0, {str(unpacked)!r})\n{IMPORTS}"],
        capture_output=True,
        text=True,
        check=True,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
    )
    heavy, where = done.stdout.splitlines()
    assert heavy == "[]"
    assert Path(where).is_relative_to(unpacked)
