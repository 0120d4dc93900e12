"""The same 20,000 hostile and valid events through the three adapters: one accounting, and the same rows.

AWS: the Lambda adapter on moto's S3. Azure: the Functions library's own decoder, the adapter, the real SDK, Azurite
over HTTPS with tokens. GCP: Google's Pub/Sub emulator, the worker as a process of its own under the real client
library, fake-gcs-server; it ends by SIGTERM. Each is compared with the bare core's outcome, so that each counts alone.
"""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import msgspec
import pytest
from azure.storage.blob import ContainerClient
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import DeadlineExceeded
from google.auth.credentials import AnonymousCredentials
from google.cloud import pubsub_v1, storage
from moto import mock_aws

from geography import boundary, regions
from homeshore.emulators.azurite import Azurite, Credential
from processor import aws_lambda
from processor.audit import Held, audit
from processor.azure_functions import BlobStore, Processor, from_blob_metadata
from processor.core import Batch, Context, process
from processor.gcp_pubsub import Limits
from processor.keys import KeyRing
from processor.pipeline import Settings
from processor.schema import Contract
from processor.store import store_all
from tests.clouds.corpus import EVENTS, SECRET, STREAM, Outcome, Sent, corpus, hub_events, outcome, pipeline
from tests.processor.batches import ARRIVED
from tests.processor.test_crashes import Bucket

SEED = 20260302
PARTITIONS = 4
LIMITS = Limits(batch_messages=1500, batch_seconds=1.0, held_messages=4000)
REGION = next(place.name for place in regions("aws") if boundary("eu").holds(place))
PROJECT = "homeshore-test"
ACK_SECONDS = 10  # the shortest lease that Pub/Sub grants


class Ports(NamedTuple):
    """Where the emulators listen on 127.0.0.1."""

    pubsub: int
    gcs: int


@pytest.fixture(scope="module")
def emulators(pubsub_port: int, gcs_port: int) -> Ports:
    return Ports(pubsub_port, gcs_port)


@pytest.fixture(scope="module")
def sent(contract: Contract) -> list[Sent]:
    return corpus(contract, SEED)


@pytest.fixture(scope="module")
def expected(contract: Contract, sent: list[Sent]) -> Outcome:
    """What the core alone makes of the corpus, as one partition in large batches."""
    bucket = Bucket()
    context = Context(contract, KeyRing.from_secret(SECRET), boundary("eu").countries, STREAM)
    for start in range(0, len(sent), 3000):
        numbers = range(start, min(start + 3000, len(sent)))
        payloads = [sent[n].data for n in numbers]
        batch = Batch("0", [str(n) for n in numbers], [ARRIVED + n / 1000 for n in numbers], payloads)
        result = process(batch, context)
        assert result.taken == len(numbers)
        store_all(bucket, result.objects)
    found, _ = outcome(bucket.held(), EVENTS)
    return found


def test_the_corpus_holds_something_of_everything(expected: Outcome):
    assert expected.stored > 18_000
    assert expected.duplicates > 100
    assert expected.quarantined > 500
    assert expected.dead_lettered > 400
    assert len(expected.rows) == expected.stored
    assert len(expected.reasons) > 10


def partitioned(sent: list[Sent]) -> list[list[Sent]]:
    return [sent[start::PARTITIONS] for start in range(PARTITIONS)]


def test_lambda_on_s3(contract: Contract, sent: list[Sent], expected: Outcome, monkeypatch: pytest.MonkeyPatch):
    for name, value in (("DEFAULT_REGION", REGION), ("ACCESS_KEY_ID", "testing"), ("SECRET_ACCESS_KEY", "testing")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        s3, secrets = boto3.client("s3"), boto3.client("secretsmanager")
        s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": REGION})
        secrets.create_secret(Name="key", SecretString=SECRET)
        keys = aws_lambda.KeySource(secrets, "key")
        store = aws_lambda.S3Store(s3, "lake")
        processor = aws_lambda.Processor(Settings("lake", STREAM, "eu", "key"), contract, store, keys)
        for shard, records in enumerate(partitioned(sent)):
            for start in range(0, len(records), 1000):
                event = kinesis_event(shard, start, records[start : start + 1000])
                assert processor.handle(event, lambda: 60_000) == {"batchItemFailures": []}
        listed = s3.list_objects_v2(Bucket="lake")["Contents"]
        got = [(entry["Key"], s3.get_object(Bucket="lake", Key=entry["Key"])) for entry in listed]
        held = [Held(key, there["Body"].read(), there["Metadata"]) for key, there in got]
    assert outcome(held, EVENTS)[0] == expected


def kinesis_event(shard: int, start: int, records: list[Sent]) -> Any:
    return {
        "Records": [
            {
                "eventID": f"shardId-{shard:012d}:{10**20 + n}",
                "kinesis": {
                    "data": base64.b64encode(record.data).decode(),
                    "sequenceNumber": str(10**20 + n),
                    "approximateArrivalTimestamp": ARRIVED + n / 1000,
                },
            }
            for n, record in enumerate(records, start)
        ]
    }


@contextlib.contextmanager
def container(azurite: Azurite, name: str) -> Iterator[ContainerClient]:
    client = ContainerClient(azurite.account_url, name, Credential(), connection_verify=str(azurite.certificate))
    with client:
        client.create_container()
        yield client


def held_blobs(client: ContainerClient) -> list[Held]:
    found = [(blob.name, client.get_blob_client(blob.name).download_blob()) for blob in client.list_blobs()]
    return [Held(name, there.readall(), from_blob_metadata(there.properties.metadata)) for name, there in found]


def test_functions_on_azurite(azurite: Azurite, contract: Contract, sent: list[Sent], expected: Outcome):
    with container(azurite, "lake") as client:
        processor = Processor(pipeline(contract, BlobStore(client)))
        for partition, records in enumerate(partitioned(sent)):
            for start in range(0, len(records), 1000):
                payloads = [record.data for record in records[start : start + 1000]]
                processor.handle(hub_events(payloads, start, str(partition)))
                if start == 0:  # and once more, as after an instance that died before its checkpoint
                    processor.handle(hub_events(payloads[:700], start, str(partition)))
        found, counted = outcome(held_blobs(client), EVENTS)
    assert found == expected
    assert counted.redelivered == 0


def test_cloud_run_on_google_s_emulator_and_fake_gcs(
    emulators: Ports, sent: list[Sent], expected: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pubsub_port, gcs_port = emulators
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{pubsub_port}")
    bucket = storage_client(gcs_port).create_bucket("lake")
    topic, subscription = f"projects/{PROJECT}/topics/{STREAM}", f"projects/{PROJECT}/subscriptions/processor"
    with pubsub_v1.PublisherClient() as publisher, pubsub_v1.SubscriberClient() as subscriber:
        publisher.create_topic(name=topic)
        subscriber.create_subscription(name=subscription, topic=topic, ack_deadline_seconds=ACK_SECONDS)
        with worker(pubsub_port, gcs_port, subscription, tmp_path / "worker.log") as process:
            futures = [publisher.publish(topic, record.data, **attributes(record)) for record in sent]
            for future in futures:
                future.result(60)
            held = wait_for(bucket, EVENTS, process, tmp_path / "worker.log")
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        with contextlib.suppress(DeadlineExceeded):  # which says, too, that nothing came
            left = subscriber.pull(subscription=subscription, max_messages=10, timeout=ACK_SECONDS + 2)
            assert not left.received_messages  # all of them were acknowledged
    assert outcome(held, EVENTS)[0] == expected
    log = (tmp_path / "worker.log").read_text()
    lines = [msgspec.json.decode(line) for line in log.splitlines()]
    assert {line["message"] for line in lines} == {"batch stored"}
    assert sum(line["EventsIn"] for line in lines) >= EVENTS
    assert "@" not in log  # no address of a person


def attributes(record: Sent) -> dict[str, str]:
    """Pub/Sub takes no message that has neither data nor attributes."""
    return {} if record.data else {"empty": "yes"}


def storage_client(port: int) -> storage.Client:
    options = ClientOptions(api_endpoint=f"http://127.0.0.1:{port}")
    return storage.Client(project=PROJECT, credentials=AnonymousCredentials(), client_options=options)


@contextlib.contextmanager
def worker(pubsub_port: int, gcs_port: int, subscription: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "PUBSUB_EMULATOR_HOST": f"127.0.0.1:{pubsub_port}",
        "STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{gcs_port}",
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "HOMESHORE_BUCKET": "lake",
        "HOMESHORE_STREAM": STREAM,
        "HOMESHORE_BOUNDARY": "eu",
        "HOMESHORE_SECRET": "key",
        "HOMESHORE_SUBSCRIPTION": subscription,
        "HOMESHORE_ENDPOINT": "pubsub.googleapis.com",
        "TEST_SECRET": SECRET,
        "TEST_LIMITS": msgspec.json.encode(LIMITS).decode(),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.clouds.worker"],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=Path(__file__).parents[2],
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(bucket: storage.Bucket, events: int, process: subprocess.Popen[bytes], log: Path) -> list[Held]:
    """The objects, as soon as they account for so many events."""
    deadline = time.monotonic() + 120
    bodies: dict[tuple[str, int], Held] = {}
    while time.monotonic() < deadline and process.poll() is None:
        for blob in bucket.list_blobs():
            if (blob.name, blob.generation) not in bodies:
                bodies[blob.name, blob.generation] = Held(blob.name, blob.download_as_bytes(), blob.metadata or {})
        if audit(bodies.values()).accounted >= events:
            time.sleep(1)  # the last acknowledgements
            return list(bodies.values())
        time.sleep(0.5)
    pytest.fail(f"{audit(bodies.values())}\n{log.read_text()[-3000:]}")
