"""The Functions adapter: Event Hubs batches in, blobs in the region's own storage account out.

How failure is told, and why. Event Hubs' checkpoint moves on after every invocation, failed or not; only a retry policy
on the function holds it back. So nothing that an event holds may fail an invocation: poison goes to quarantine or to
the dead letters, and its batch succeeds. What the platform does to us (storage, key, identity) fails the batch as a
whole, by BatchFailed: the retry policy in `function_app.py` has no last attempt, so the same batch comes again, the
partition waits, and nothing is passed over. Should the instance die meanwhile, another one reads from the checkpoint,
and may cut its batches anew: first-sequence keys and conditional writes make that harmless.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypedDict, Unpack, cast

import msgspec

from processor.codec import Codec
from processor.core import Batch, Stored
from processor.pipeline import KeyCache, Pipeline, Settings, failed_line, stored_line
from processor.schema import Contract
from processor.store import Existing, ObjectStore

if TYPE_CHECKING:
    from azure.core import MatchConditions
    from azure.storage.blob import ContainerClient

# A call that gets no answer fails its batch before the function's time is over. The SDK's own values are 20 s to
# connect and 60 s to read.
CONNECT_SECONDS = 3
READ_SECONDS = 20

_log = logging.getLogger("homeshore")  # what is logged, and not what is printed, reaches the host with its level


class Event(Protocol):
    """The part of azure.functions.EventHubEvent that is used; each event has the whole invocation's `metadata`."""

    def get_body(self) -> object:
        """The event's payload: bytes, unless the trigger is configured wrongly."""
        ...

    @property
    def sequence_number(self) -> int | None:
        """Its position in the partition."""
        ...

    @property
    def enqueued_time(self) -> datetime | None:
        """When the hub took it."""
        ...

    @property
    def metadata(self) -> Mapping[str, object] | None:
        """The trigger's metadata."""
        ...


class FunctionSettings(Settings, frozen=True):
    """The function's settings: `bucket` is a container, `account` and `vault` are URLs, `identity` a client id."""

    account: str
    vault: str
    identity: str


class BatchFailed(RuntimeError):  # noqa: N818 - named for what is wrong
    """The batch is not stored, and must come again. The message holds nothing of an event: the host logs it."""


class BadTrigger(RuntimeError):  # noqa: N818 - named for what is wrong
    """The trigger hands over what a batch of bytes from one partition does not look like: it is configured wrongly."""


class _Condition(TypedDict, total=False):
    overwrite: bool
    etag: str  # the SDK takes it together with its condition only
    match_condition: MatchConditions


class BlobStore(ObjectStore):
    """The region's container. Conditional writes need Storage Blob Data Contributor on it."""

    codec: Codec = "gzip"  # what Synapse reads

    # BlobAlreadyExists: created meanwhile. ConditionNotMet: replaced or deleted meanwhile.
    _OVERTAKEN = frozenset({"BlobAlreadyExists", "ConditionNotMet", "BlobNotFound"})

    def __init__(self, container: ContainerClient) -> None:
        from azure.core import MatchConditions
        from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

        self._container = container
        self._unmodified = MatchConditions.IfNotModified
        self._error, self._missing = HttpResponseError, ResourceNotFoundError

    def read(self, key: str) -> Existing | None:
        """The blob, or None when there is none."""
        try:
            found = self._container.get_blob_client(key).download_blob()
            body = found.readall()
        except self._missing as fault:
            if _code(fault) != "BlobNotFound":
                raise  # the container itself is not there
            return None
        return Existing(body, from_blob_metadata(found.properties.metadata), str(found.properties.etag))

    def create(self, stored: Stored) -> bool:
        """Write the blob unless the key is taken (If-None-Match: *)."""
        return self._put(stored, overwrite=False)

    def replace(self, stored: Stored, tag: str) -> bool:
        """Write the blob if the one there still has the ETag `tag` (If-Match)."""
        return self._put(stored, overwrite=True, etag=tag, match_condition=self._unmodified)

    def _put(self, stored: Stored, **condition: Unpack[_Condition]) -> bool:
        blob = self._container.get_blob_client(stored.key)
        try:
            blob.upload_blob(stored.body, metadata=to_blob_metadata(stored.metadata), **condition)
        except self._error as fault:
            if _code(fault) in self._OVERTAKEN:
                return False
            raise
        return True


def _code(fault: Exception) -> str:
    code = getattr(fault, "error_code", "")
    return str(getattr(code, "value", code))


def to_blob_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """The metadata under names that Azure takes: C# identifiers, so `_` stands for `-`.

    Raises ValueError for a name that would not come back as it was.
    """
    named = {name.replace("-", "_"): value for name, value in metadata.items()}
    for name, own in zip(metadata, named, strict=True):
        if "_" in name or not own.isidentifier() or not own.isascii() or own != own.lower():
            raise ValueError(f"{name!r} cannot be the name of blob metadata: lower-case words joined by dashes can")
    return named


def from_blob_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """What `to_blob_metadata` was given."""
    return {name.replace("_", "-"): value for name, value in metadata.items()}


class Processor:
    """The function in one warm process."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def handle(self, events: Sequence[Event]) -> None:
        """Store one invocation's events, all of one partition. Raises BatchFailed and nothing else."""
        try:
            self._pipeline.refresh()
            self._store(to_batch(events))
        except Exception as fault:
            _log.error(failed_line(self._pipeline.stream, fault, len(events)))
            # `from None`: the host logs the chain, and an error deep down may quote an event.
            raise BatchFailed(f"{type(fault).__name__}: {len(events)} events are not stored and come again") from None

    def _store(self, batch: Batch) -> None:
        done, total = 0, len(batch.sequences)
        while done < total:
            rest = Batch(batch.partition, batch.sequences[done:], batch.arrivals[done:], batch.payloads[done:])
            result = self._pipeline.store(rest)
            _log.info(stored_line(self._pipeline.stream, rest, result.accounting, AgeMs=_age_ms(rest.arrivals)))
            done += result.taken


def _age_ms(arrivals: Sequence[float]) -> int:
    """How long the oldest of the events, now stored, was under way since it reached the hub; never below zero.

    Event Hubs reports no lag of a consumer on its smaller tiers, so the alarm on late events reads this.
    """
    return max(0, round((time.time() - min(arrivals)) * 1000))


def to_batch(events: Sequence[Event]) -> Batch:
    """The events of one invocation, column by column. Raises BadTrigger."""
    if not events:
        raise BadTrigger("an invocation without events")
    sequences: list[str] = []
    arrivals: list[float] = []
    payloads: list[bytes | None] = []
    for event in events:
        body = event.get_body()
        number, enqueued = event.sequence_number, event.enqueued_time
        if not isinstance(body, bytes):
            # As text, bytes that are no UTF-8 would already be lost.
            raise BadTrigger("a body that is not bytes: the trigger's data type must be binary")
        if number is None or enqueued is None:
            raise BadTrigger("an event without sequence number or time: the trigger's cardinality must be many")
        sequences.append(str(number))
        arrivals.append((enqueued if enqueued.tzinfo else enqueued.replace(tzinfo=UTC)).timestamp())
        payloads.append(body)
    return Batch(_partition(events[0].metadata or {}), sequences, arrivals, payloads)


def _partition(metadata: Mapping[str, object]) -> str:
    """The partition's id from the metadata; its context comes as an object, from some workers as its JSON text."""
    context = metadata.get("PartitionContext")
    if isinstance(context, str):
        context = msgspec.json.decode(context)
    found = cast("Mapping[str, object]", context).get("PartitionId") if isinstance(context, Mapping) else None
    if not isinstance(found, str) or not found:
        raise BadTrigger("no PartitionContext.PartitionId in the trigger's metadata")
    return found


_warm: Processor | None = None


def handle(events: Sequence[Event]) -> None:
    """The function. Clients, key and contract are made on the first call and kept while the process is warm."""
    global _warm  # noqa: PLW0603 - the one thing that outlives an invocation
    if _warm is None:
        try:
            _warm = _start(os.environ, Path(__file__).parent.parent / "contract.json")
        except Exception as fault:
            _log.error(failed_line("", fault, len(events)))
            raise BatchFailed(f"{type(fault).__name__}: the processor does not start") from None
    _warm.handle(events)


def _start(environment: Mapping[str, str], contract: Path) -> Processor:
    from azure.identity import ManagedIdentityCredential
    from azure.keyvault.secrets import SecretClient
    from azure.storage.blob import ContainerClient

    # The host's worker takes what is logged from INFO on, and there the SDK writes down every request and its answer.
    logging.getLogger("azure").setLevel(logging.WARNING)
    settings = FunctionSettings.read(environment)
    # The one identity that was granted the roles. No chain of fallbacks: those would hide a missing assignment.
    credential = ManagedIdentityCredential(client_id=settings.identity)
    vault = SecretClient(
        settings.vault, credential, connection_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, retry_total=3
    )
    keys = KeyCache(lambda: vault.get_secret(settings.secret).value or "", tell=_log.warning)
    container = ContainerClient(
        settings.account,
        settings.bucket,
        credential,
        connection_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retry_total=3,
    )
    return Processor(Pipeline(settings, Contract.from_json(contract.read_bytes()), BlobStore(container), keys))
