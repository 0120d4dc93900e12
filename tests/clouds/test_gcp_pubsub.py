"""The Cloud Run adapter on a fake subscription: order of writing and acknowledging, faults, leases, SIGTERM."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from google.api_core.exceptions import NotFound, PreconditionFailed

from processor import gcp_pubsub, packing
from processor.audit import audit
from processor.core import Stored
from processor.gcp_pubsub import PARTITION, Inbox, Limits, Worker, WorkerSettings, to_batch
from processor.gcs import GcsStore
from processor.keys import KeyRing
from processor.pipeline import KEY_GRACE_SECONDS, KEY_TTL_SECONDS, KeyCache, Pipeline, Settings
from processor.schema import Contract
from processor.store import in_order
from tests.clouds.corpus import SECRET, STREAM, pipeline
from tests.clouds.fake_pubsub import LEASE_SECONDS, Delivery, Topic
from tests.clouds.test_end_to_end import storage_client
from tests.processor.batches import ADDRESS, PERSON, VALID, numbered
from tests.processor.test_crashes import Bucket

FOREIGN = VALID.replace(b'"home":"FR"', b'"home":"US"')
LIMITS = Limits(batch_messages=100, batch_seconds=0.05, retry_seconds=0.0, drain_seconds=5.0)


class Hall:
    """A worker on a bucket, without the library: what it logs is kept."""

    def __init__(self, contract: Contract, bucket: Bucket, limits: Limits = LIMITS) -> None:
        self.bucket = bucket
        self.lines: list[str] = []
        self.inbox = Inbox(limits)
        self.worker = Worker(pipeline(contract, bucket), self.inbox, limits, emit=self.lines.append)

    def logged(self) -> list[dict]:
        return [json.loads(line) for line in self.lines]


def test_messages_are_stored_counted_and_acknowledged(contract: Contract):
    hall = Hall(contract, Bucket())
    topic = Topic([VALID, FOREIGN, b"{", VALID, numbered(2)])
    messages = topic.pull(10)
    hall.worker.settle(messages)
    assert not topic.waiting
    assert audit(hall.bucket.held()).closes(5)
    (line,) = hall.logged()
    counted = {name: line[name] for name in ("EventsIn", "Written", "Quarantined", "DeadLettered", "Duplicates")}
    assert counted == {"EventsIn": 5, "Written": 2, "Quarantined": 1, "DeadLettered": 1, "Duplicates": 1}
    ids = sorted(message.message_id for message in messages)
    digest = hashlib.sha256("\n".join(ids).encode()).hexdigest()[:32]
    assert f"bronze/day=2026-03-02/hour=08/{STREAM}-{PARTITION}-{digest}.jsonl.zst" in hall.bucket.objects


def test_nothing_is_acknowledged_before_it_is_stored(contract: Contract):
    topic = Topic([numbered(n) for n in range(4)])
    messages = topic.pull(4)

    class Watching(Bucket):
        def create(self, stored: Stored) -> bool:
            assert not any(message.acked for message in messages)
            return super().create(stored)

    hall = Hall(contract, Watching())
    hall.worker.settle(messages)
    assert all(message.acked for message in messages)
    assert hall.bucket.objects


def test_the_same_batch_in_another_order_overwrites_itself(contract: Contract):
    hall = Hall(contract, Bucket())
    topic = Topic([numbered(n) for n in range(5)], lost=1.0)
    hall.worker.settle(topic.pull(5))
    before = {key: there.body for key, there in hall.bucket.objects.items()}
    topic.now += LEASE_SECONDS + 1
    topic.lost = 0.0
    hall.worker.settle(topic.pull(5))
    assert {key: there.body for key, there in hall.bucket.objects.items()} == before
    assert not topic.waiting
    assert [line["AcksLost"] for line in hall.logged()] == [0, 5]


def test_a_message_that_is_delivered_again_elsewhere_is_counted_once(contract: Contract):
    """A lease expires while its batch is stored; another worker gets the messages in other batches."""
    topic = Topic([*(numbered(n) for n in range(6)), FOREIGN, b"{"])
    bucket = Bucket()
    slow, other = Hall(contract, bucket), Hall(contract, bucket)
    held = topic.pull(8)
    topic.now += LEASE_SECONDS + 1
    other.worker.settle(topic.pull(5))
    other.worker.settle(topic.pull(5))
    slow.worker.settle(held)
    found = audit(bucket.held())
    assert found.closes(8)
    assert found.redelivered == 8
    assert not topic.waiting
    slow.worker.settle([Topic([numbered(99)]).deliver(0)])
    assert slow.logged()[-1]["AcksLost"] == 8


def test_two_deliveries_in_one_batch_are_one_record_and_two_acknowledgements(contract: Contract):
    hall = Hall(contract, Bucket())
    topic = Topic([numbered(1)])
    twice = [topic.deliver(0), topic.deliver(0)]
    hall.worker.settle(twice)
    assert all(delivery.acked for delivery in twice)
    assert hall.logged()[0]["EventsIn"] == 1


def test_a_batch_that_unpacks_to_too_much_is_stored_and_acknowledged_in_parts(
    contract: Contract, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("processor.core.UNPACKED_BYTES", 1000)
    hall = Hall(contract, Bucket())
    topic = Topic([packing.pack([numbered(n * 10 + i) for i in range(5)]) for n in range(4)])
    hall.worker.settle(topic.pull(4))
    assert audit(hall.bucket.held()).closes(20)
    assert len(hall.bucket.objects) == 4
    assert not topic.waiting


class Failing(Bucket):
    """Storage that fails so many times, with a message that quotes an event."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def create(self, stored: Stored) -> bool:
        if self.times:
            self.times -= 1
            raise OSError(f"503 for {PERSON} at {ADDRESS}")
        return super().create(stored)


def test_a_fault_that_passes_costs_no_delivery(contract: Contract, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("processor.gcp_pubsub._FIRST_WAIT_SECONDS", 0.01)
    hall = Hall(contract, Failing(3), Limits(retry_seconds=60))
    topic = Topic([numbered(n) for n in range(5)])
    hall.worker.settle(topic.pull(5))
    assert not topic.waiting
    assert topic.deliveries == [1] * 5
    assert [line["message"] for line in hall.logged()] == ["batch failed"] * 3 + ["batch stored"]


def test_a_fault_that_stays_hands_the_messages_back_and_says_nothing_of_them(contract: Contract):
    hall = Hall(contract, Failing(99))
    topic = Topic([VALID, numbered(1)])
    messages = topic.pull(2)
    hall.worker.settle(messages)
    assert all(message.nacked and not message.acked for message in messages)
    assert not topic.lease
    (line,) = hall.logged()
    assert (line["severity"], line["Fault"], line["Records"]) == ("ERROR", "OSError", 2)
    for needle in (PERSON, ADDRESS, "lovelace", SECRET):
        assert needle not in "".join(hall.lines)
    hall.bucket.times = 0  # the storage is back
    hall.worker.settle(topic.pull(2))
    assert audit(hall.bucket.held()).closes(2)


def test_the_key_is_taken_up_anew_and_without_it_nothing_is_stored(contract: Contract):
    now, secrets = [0.0], [SECRET]
    keys = KeyCache(lambda: secrets[0], lambda: now[0])
    bucket, lines = Bucket(), list[str]()
    made = Pipeline(Settings("lake", STREAM, "eu", "key"), contract, bucket, keys)
    worker = Worker(made, Inbox(LIMITS), LIMITS, emit=lines.append)
    worker.settle(Topic([numbered(1)]).pull(1))
    secrets[0], now[0] = KeyRing.from_secret(SECRET).rotated().to_secret(), KEY_TTL_SECONDS
    worker.settle([Delivery(Topic([b"", numbered(2)]), 1, 1e9)])
    assert {there.metadata["key-version"] for there in bucket.objects.values()} == {"k1", "k2"}
    secrets[0], now[0] = "{}", KEY_TTL_SECONDS + KEY_GRACE_SECONDS
    messages = Topic([b"", b"", numbered(3)]).pull(3)
    worker.settle(messages)
    assert json.loads(lines[-1])["Fault"] == "KeyFault"
    assert all(message.nacked for message in messages)


def in_thread(target: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=target)
    thread.start()
    return thread


def test_batches_are_cut_by_number_by_bytes_and_by_age():
    inbox = Inbox(Limits(batch_messages=3, batch_bytes=25, batch_seconds=0.05))
    topic = Topic([b"x" * 10] * 10)
    for delivery in topic.pull(7):
        inbox.schedule(print, delivery)
    assert [len(inbox.take()) for _ in range(3)] == [3, 3, 1]
    inbox = Inbox(Limits(batch_messages=100, batch_bytes=25, batch_seconds=60))
    for delivery in Topic([b"x" * 10] * 10).pull(4):
        inbox.schedule(print, delivery)
    assert len(inbox.take()) == 3  # 30 bytes: the first number that reaches the limit
    inbox.close()
    assert [len(inbox.take()) for _ in range(2)] == [1, 0]


def test_sigterm_in_mid_batch_finishes_what_was_pulled(contract: Contract):
    """As the library does it: it stops pulling, calls shutdown, hands back what that returns, and ends the leases."""
    writing, resume = threading.Event(), threading.Event()

    class Slow(Bucket):
        def create(self, stored: Stored) -> bool:
            writing.set()
            assert resume.wait(10)
            return super().create(stored)

    hall = Hall(contract, Slow())
    topic = Topic([numbered(n) for n in range(150)])
    for delivery in topic.pull(150):
        hall.inbox.schedule(print, delivery)
    thread = in_thread(hall.worker.run)
    assert writing.wait(10)
    left: list[object] = []
    ending = in_thread(lambda: left.extend(hall.inbox.shutdown()))
    assert hall.inbox.closing.wait(10)
    assert not topic.done  # nothing is acknowledged before it is written, not even now
    resume.set()
    for one in (thread, ending):
        one.join(10)
        assert not one.is_alive()
    assert left == []
    assert not topic.waiting
    assert audit(hall.bucket.held()).closes(150)


def test_sigterm_while_storage_fails_hands_all_back_at_once(contract: Contract):
    hall = Hall(contract, Failing(10**9), Limits(batch_messages=100, retry_seconds=600))
    topic = Topic([numbered(n) for n in range(150)])
    messages = topic.pull(150)
    for delivery in messages:
        hall.inbox.schedule(print, delivery)
    thread = in_thread(hall.worker.run)
    hall.inbox.shutdown()
    thread.join(10)
    assert not thread.is_alive()
    assert all(message.nacked for message in messages)
    assert not topic.lease


def test_what_cannot_be_finished_in_time_is_given_back_to_the_library(contract: Contract):
    blocked = threading.Event()

    class Stuck(Bucket):
        def create(self, stored: Stored) -> bool:
            assert blocked.wait(10)
            return super().create(stored)

    hall = Hall(contract, Stuck(), Limits(batch_messages=100, drain_seconds=0.2))
    topic = Topic([numbered(n) for n in range(150)])
    for delivery in topic.pull(150):
        hall.inbox.schedule(print, delivery)
    thread = in_thread(hall.worker.run)
    left = hall.inbox.shutdown()
    assert len(left) in (50, 150)  # the second batch, and the first one if it was not begun yet
    blocked.set()
    thread.join(10)
    assert len(topic.done) == 150 - len(left)


def test_ids_sort_as_numbers_and_name_the_batch():
    made = Topic([b"a", b"b"])
    one, two = (SimpleNamespace(**vars(made.deliver(n))) for n in range(2))
    one.message_id, two.message_id = "10", "9"
    messages = sorted([one, two], key=lambda message: in_order(message.message_id))
    batch = to_batch(messages)
    assert (batch.partition, list(batch.sequences)) == (PARTITION, ["9", "10"])
    assert batch.name == hashlib.sha256(b"9\n10").hexdigest()[:32]


def test_missing_settings_are_all_named():
    with pytest.raises(RuntimeError, match="HOMESHORE_SUBSCRIPTION, HOMESHORE_ENDPOINT"):
        WorkerSettings.read({f"HOMESHORE_{name}": "x" for name in ("BUCKET", "STREAM", "BOUNDARY", "SECRET")})


def test_conditions_hold_on_the_real_protocol(gcs_port: int):
    bucket = storage_client(gcs_port).create_bucket("conditions")
    store = GcsStore(bucket)
    first = Stored("bronze", "bronze/day=1/x", b"1", {"last-sequence": "1"})
    assert store.create(first)
    assert not store.create(first)
    there = store.read(first.key)
    assert there is not None
    assert (there.body, there.metadata) == (b"1", {"last-sequence": "1"})
    assert store.replace(Stored("bronze", first.key, b"2", {}), there.tag)
    assert not store.replace(Stored("bronze", first.key, b"3", {}), there.tag)
    assert not store.replace(Stored("bronze", "bronze/gone", b"", {}), there.tag)
    assert store.read("bronze/gone") is None
    with pytest.raises(NotFound):
        GcsStore(storage_client(gcs_port).bucket("absent")).create(first)


@pytest.mark.parametrize("fault", [NotFound("gone"), PreconditionFailed("replaced")])
def test_an_object_that_changes_while_it_is_read_is_read_again(fault: Exception):
    def download_as_bytes(*, if_generation_match: int) -> bytes:
        raise fault

    blob = SimpleNamespace(generation=1, metadata={}, download_as_bytes=download_as_bytes)
    assert GcsStore(SimpleNamespace(get_blob=lambda _: blob)).read("x") is None


@pytest.mark.parametrize(
    "regional",
    [
        ("projects/p/secrets/key", None),
        ("projects/p/locations/somewhere1/secrets/key", "secretmanager.somewhere1.rep.googleapis.com"),
    ],
)
def test_the_worker_starts_from_its_settings(
    gcs_port: int, contract: Contract, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, regional: tuple[str, str | None]
):
    """From the settings to the object, but for Secret Manager, which nobody emulates; a regional key stays there."""
    secret, endpoint = regional
    asked: list[object] = []

    class Secrets:
        def __init__(self, client_options: dict[str, str]) -> None:
            asked.append(client_options.get("api_endpoint"))

        def access_secret_version(self, name: str) -> object:
            asked.append(name)
            return SimpleNamespace(payload=SimpleNamespace(data=SECRET.encode()))

    monkeypatch.setattr("google.cloud.secretmanager.SecretManagerServiceClient", Secrets)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{gcs_port}")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "homeshore-test")
    bucket = storage_client(gcs_port).create_bucket(f"start{len(secret)}")
    for name, value in zip(
        WorkerSettings.__struct_fields__, (bucket.name, STREAM, "eu", secret, "subscription", "e"), strict=True
    ):
        monkeypatch.setenv(f"HOMESHORE_{name.upper()}", value)
    (tmp_path / "processor").mkdir()
    (tmp_path / "contract.json").write_bytes(contract.to_json())
    monkeypatch.setattr(gcp_pubsub, "__file__", str(tmp_path / "processor" / "gcp_pubsub.py"))
    topic = Topic([VALID])

    def pulled(_: WorkerSettings, made: Pipeline, limits: Limits) -> int:
        Worker(made, Inbox(limits), limits, emit=print).settle(topic.pull(1))
        return 0

    monkeypatch.setattr(gcp_pubsub, "pull", pulled)
    assert gcp_pubsub.main() == 0
    assert asked == [endpoint, f"{secret}/versions/latest"]
    assert not topic.waiting
    assert [blob.name.split("/")[0] for blob in bucket.list_blobs()] == ["bronze"]


def test_the_plans_batch_is_taken_from_the_environment():
    plan = {"HOMESHORE_BATCH_MESSAGES": "1234", "HOMESHORE_BATCH_SECONDS": "29"}
    assert (Limits.read(plan).batch_messages, Limits.read(plan).batch_seconds) == (1234, 29.0)
    assert Limits.read({}) == Limits()


@pytest.mark.parametrize("text", ["0", "-1", "x", "15001", "1.5", "²"])
def test_a_batch_that_cannot_be_held_is_refused(text):
    with pytest.raises(RuntimeError, match=r"HOMESHORE_BATCH_MESSAGES: .* is no number from 1 to 15000"):
        Limits.read({"HOMESHORE_BATCH_MESSAGES": text})
