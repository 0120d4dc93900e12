"""The Functions adapter: what the platform hands over, what it does to us, and the conditions of each write."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest
from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.functions.eventhub import EventHubTriggerConverter
from azure.storage.blob import ContainerClient

from homeshore.emulators.azurite import Azurite, Credential
from processor import azure_functions, packing
from processor.audit import audit
from processor.azure_functions import (
    BadTrigger,
    BatchFailed,
    BlobStore,
    FunctionSettings,
    Processor,
    from_blob_metadata,
    to_batch,
    to_blob_metadata,
)
from processor.core import Context, Stored, process
from processor.keys import KeyRing
from processor.pipeline import KEY_GRACE_SECONDS, KEY_TTL_SECONDS, KeyCache, Pipeline
from processor.schema import Contract
from processor.sources.functions import function_app
from tests.clouds.corpus import SECRET, STREAM, hub_events, pipeline
from tests.clouds.test_end_to_end import held_blobs
from tests.processor.batches import ADDRESS, ARRIVED, PERSON, VALID, make_batch, numbered
from tests.processor.test_crashes import Bucket

FOREIGN = VALID.replace(b'"home":"FR"', b'"home":"US"')


def test_what_the_host_hands_over_becomes_a_batch():
    batch = to_batch(hub_events([VALID, b"\xff"], first=7, partition="31"))
    assert (batch.partition, batch.sequences, batch.payloads) == ("31", ["7", "8"], [VALID, b"\xff"])
    assert batch.arrivals[1] - batch.arrivals[0] == pytest.approx(0.001, abs=1e-6)


def test_a_partition_context_in_json_text_is_read_too():
    assert to_batch(hub_events([VALID], context=json.dumps({"PartitionId": "3"}))).partition == "3"


@pytest.mark.parametrize(
    "context", [{}, {"PartitionId": ""}, {"PartitionId": 3}, json.dumps([]), json.dumps({"PartitionKey": "k"})]
)
def test_without_a_partition_nothing_is_guessed(context: object):
    with pytest.raises(BadTrigger, match="PartitionId"):
        to_batch(hub_events([VALID], context=context))


@pytest.mark.parametrize(
    ("body", "number", "enqueued", "words"),
    [
        ("text", 1, datetime(2026, 3, 2), "data type must be binary"),  # noqa: DTZ001 - as a library without zone
        (b"", None, datetime(2026, 3, 2), "cardinality must be many"),  # noqa: DTZ001
        (b"", 1, None, "cardinality must be many"),
    ],
)
def test_a_trigger_that_is_configured_wrongly_is_named(body: object, number: int, enqueued: Any, words: str):
    event = SimpleNamespace(
        get_body=lambda: body, sequence_number=number, enqueued_time=enqueued, metadata={"PartitionContext": {}}
    )
    with pytest.raises(BadTrigger, match=words):
        to_batch([event])
    with pytest.raises(BadTrigger, match="without events"):
        to_batch([])


def test_a_batch_is_stored_counted_and_reported(contract: Contract, caplog: pytest.LogCaptureFixture):
    bucket = Bucket()
    with caplog.at_level(logging.INFO, "homeshore"):
        Processor(pipeline(contract, bucket)).handle(hub_events([VALID, FOREIGN, b"{", VALID, numbered(2)]))
    name = f"day=2026-03-02/hour=08/{STREAM}-0-0.jsonl.zst"
    assert set(bucket.objects) == {f"bronze/{name}", f"dead-letter/{name}", f"quarantine/{name}"}
    assert audit(bucket.held()).closes(5)
    line = json.loads(caplog.messages[0])
    counted = {name: line[name] for name in ("EventsIn", "Written", "Quarantined", "DeadLettered", "Duplicates")}
    assert counted == {"EventsIn": 5, "Written": 2, "Quarantined": 1, "DeadLettered": 1, "Duplicates": 1}


def test_the_age_of_the_oldest_event_is_told(
    contract: Contract, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("processor.azure_functions.time", SimpleNamespace(time=lambda: ARRIVED + 61.5))
    with caplog.at_level(logging.INFO, "homeshore"):
        Processor(pipeline(contract, Bucket())).handle(hub_events([VALID, numbered(2)]))
    assert json.loads(caplog.messages[0])["AgeMs"] == 61_500


def test_a_batch_that_unpacks_to_too_much_is_stored_in_parts(contract: Contract, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("processor.core.UNPACKED_BYTES", 1000)
    packed = [packing.pack([numbered(n * 10 + i) for i in range(5)]) for n in range(4)]
    bucket = Bucket()
    Processor(pipeline(contract, bucket)).handle(hub_events(packed))
    assert audit(bucket.held()).closes(20)
    assert len(bucket.objects) == 4


class Refusing(Bucket):
    """Storage that refuses, with a message that quotes what was being written."""

    def create(self, stored: Stored) -> bool:
        raise OSError(f"cannot write {PERSON} {stored.key}")


def test_what_fails_a_batch_is_told_without_what_the_batch_holds(contract: Contract, caplog: pytest.LogCaptureFixture):
    processor = Processor(pipeline(contract, Refusing()))
    broken = VALID.replace(b'"click"', b'"' + PERSON.encode() + b'"')
    with pytest.raises(BatchFailed, match="OSError: 3 events are not stored") as raised:
        processor.handle(hub_events([VALID, FOREIGN, broken]))
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__  # the host logs what it can reach
    assert json.loads(caplog.messages[-1])["Fault"] == "OSError"
    for needle in (PERSON, ADDRESS, "lovelace", SECRET):
        assert needle not in caplog.text + str(raised.value)


def test_the_key_is_taken_up_anew_and_without_it_nothing_is_stored(contract: Contract):
    now, secrets = [0.0], [SECRET]
    keys = KeyCache(lambda: secrets[0], lambda: now[0])
    bucket = Bucket()
    settings = FunctionSettings("lake", STREAM, "eu", "key", "https://a", "https://v", "id")
    processor = Processor(Pipeline(settings, contract, bucket, keys))
    processor.handle(hub_events([numbered(1)]))
    secrets[0] = KeyRing.from_secret(SECRET).rotated().to_secret()
    processor.handle(hub_events([numbered(2)], first=1))
    now[0] = KEY_TTL_SECONDS
    processor.handle(hub_events([numbered(3)], first=2))
    assert [there.metadata["key-version"] for there in bucket.objects.values()] == ["k1", "k1", "k2"]
    now[0], secrets[0] = 2 * KEY_TTL_SECONDS, "{}"
    processor.handle(hub_events([numbered(4)], first=3))  # the key at hand serves for a while
    now[0] = KEY_TTL_SECONDS + KEY_GRACE_SECONDS
    with pytest.raises(BatchFailed, match="KeyFault"):
        processor.handle(hub_events([numbered(5)], first=4))
    assert len(bucket.objects) == 4


def test_metadata_names_come_back_as_they_were(context: Context):
    metadata = process(make_batch([VALID, b"{"]), context).objects[-1].metadata
    named = to_blob_metadata(metadata)
    assert all(name.isidentifier() for name in named)
    assert from_blob_metadata(named) == metadata


@pytest.mark.parametrize("name", ["records_in", "Records-In", "1st", "naïve", "a b", ""])
def test_a_metadata_name_that_would_not_come_back_is_refused(name: str):
    with pytest.raises(ValueError, match="cannot be the name"):
        to_blob_metadata({name: "1"})


def test_the_trigger_takes_bytes_in_batches_and_never_gives_up():
    (function,) = function_app.app.get_functions()
    trigger = function.get_trigger().get_dict_repr()
    assert (trigger["type"], trigger["cardinality"].value, trigger["dataType"].value) == ("eventHubTrigger", "many", 2)
    assert trigger["dataType"] is func.DataType.BINARY
    retry = function.get_settings_dict("retry_policy")
    assert (retry["strategy"], retry["max_retry_count"]) == ("exponential_backoff", "-1")
    hints = function.get_user_function().__annotations__
    assert EventHubTriggerConverter.check_input_type_annotation(hints["events"])


def test_the_host_file_checkpoints_each_batch_and_leaves_the_retry_to_the_function():
    host = json.loads((Path(function_app.__file__).parent / "host.json").read_text())
    assert host["extensions"]["eventHubs"]["batchCheckpointFrequency"] == 1
    assert host["extensions"]["eventHubs"]["initialOffsetOptions"] == {"type": "fromStart"}
    assert "retry" not in host  # Event Hubs would ignore it


def test_the_first_call_starts_the_process_and_tells_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    for name in FunctionSettings.__struct_fields__:
        monkeypatch.delenv(f"HOMESHORE_{name.upper()}", raising=False)
    with pytest.raises(BatchFailed, match="RuntimeError: the processor does not start"):
        azure_functions.handle(hub_events([VALID]))
    assert json.loads(caplog.messages[-1])["message"] == "batch failed"


class Faulty(RequestsTransport):
    """The SDK's own transport, with faults in its way: each is tried on one write, in turn."""

    def __init__(self, faults: list[Callable[[Callable[[], Any]], Any]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.faults = faults
        self.writes = 0

    def send(self, request: Any, **kwargs: Any) -> Any:
        if request.method != "PUT" or not self.faults:
            return super().send(request, **kwargs)
        self.writes += 1
        return self.faults.pop(0)(lambda: super(Faulty, self).send(request, **kwargs))


def throttled(send: Callable[[], Any]) -> Any:
    """The account is over its limit, and says so in place of writing."""
    answer = send()  # written all the same: the harder case, for the repeat then meets its own blob
    answer.status_code = answer.internal_response.status_code = 503
    return answer


def cut(send: Callable[[], Any]) -> Any:
    """The blob is written, and the answer lost."""
    send()
    raise ServiceResponseError("connection reset")


@pytest.fixture
def lake(azurite: Azurite, request: pytest.FixtureRequest) -> Iterator[Callable[..., ContainerClient]]:
    clients: list[ContainerClient] = []
    name = f"unit{abs(hash(request.node.name)) % 10**12}"

    def connect(**more: Any) -> ContainerClient:
        trust = {} if "transport" in more else {"connection_verify": str(azurite.certificate)}
        clients.append(ContainerClient(azurite.account_url, name, Credential(), **trust, **more))
        return clients[-1]

    connect().create_container()
    yield connect
    for client in clients:
        client.close()


@pytest.mark.parametrize("fault", [throttled, cut])
def test_a_write_whose_answer_is_lost_is_repeated_and_found(
    lake: Callable[..., ContainerClient], azurite: Azurite, contract: Contract, fault: Callable[..., Any]
):
    transport = Faulty([fault], connection_verify=str(azurite.certificate))
    store = BlobStore(lake(transport=transport, retry_total=3, initial_backoff=0, increment_base=0))
    Processor(pipeline(contract, store)).handle(hub_events([numbered(1), numbered(2)]))
    assert transport.writes == 1
    assert audit(held_blobs(lake())).closes(2)


def test_conditions_hold_on_the_real_protocol(lake: Callable[..., ContainerClient]):
    store = BlobStore(lake())
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


def test_a_container_that_is_not_there_is_a_fault_and_no_conflict(azurite: Azurite):
    with ContainerClient(
        azurite.account_url, "absent", Credential(), connection_verify=str(azurite.certificate)
    ) as client:
        store = BlobStore(client)
        with pytest.raises(HttpResponseError, match="ContainerNotFound"):
            store.create(Stored("bronze", "x", b"", {}))
        with pytest.raises(HttpResponseError, match="ContainerNotFound"):
            store.read("x")


def test_two_owners_leave_the_longer_range(lake: Callable[..., ContainerClient], contract: Contract):
    events = [numbered(n) for n in range(6)]
    one, other = (Processor(pipeline(contract, BlobStore(lake()))) for _ in range(2))
    one.handle(hub_events(events[:3]))
    other.handle(hub_events(events))
    one.handle(hub_events(events[:4]))
    (held,) = held_blobs(lake())
    assert held.metadata["written"] == "6"


def test_the_first_call_makes_the_clients_and_the_next_ones_keep_them(
    lake: Callable[..., ContainerClient],
    azurite: Azurite,
    contract: Contract,
    *,
    monkeypatch: Any,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
):
    """From the app's settings to the blob, but for the two services that nobody emulates: identity and Key Vault."""
    asked: list[tuple[object, ...]] = []

    class Vault:
        def __init__(self, *args: object, **_: object) -> None:
            asked.append(args)

        def get_secret(self, name: str) -> object:
            asked.append((name,))
            return SimpleNamespace(value=SECRET)

    monkeypatch.setattr("azure.identity.ManagedIdentityCredential", lambda client_id: Credential())
    monkeypatch.setattr("azure.keyvault.secrets.SecretClient", Vault)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(azurite.certificate))
    values = ("lake", STREAM, "eu", "pseudonym-key", azurite.account_url, "https://vault.example", "client")
    names = FunctionSettings.__struct_fields__
    for name, value in zip(names, (lake().container_name, *values[1:]), strict=True):
        monkeypatch.setenv(f"HOMESHORE_{name.upper()}", value)
    (tmp_path / "processor").mkdir()
    (tmp_path / "contract.json").write_bytes(contract.to_json())
    monkeypatch.setattr(azure_functions, "__file__", str(tmp_path / "processor" / "azure_functions.py"))
    monkeypatch.setattr(azure_functions, "_warm", None)
    caplog.set_level(logging.INFO)  # as the host's worker sets it
    caplog.clear()
    function_app.process(hub_events([VALID]))
    (tmp_path / "contract.json").unlink()
    function_app.process(hub_events([numbered(1)], first=1))
    assert [record.name for record in caplog.records] == ["homeshore", "homeshore"]  # the SDK's requests are no lines
    assert [args[0] for args in asked] == ["https://vault.example", "pseudonym-key"]
    assert audit(held_blobs(lake())).closes(2)
