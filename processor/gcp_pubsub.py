"""The Cloud Run adapter: Pub/Sub messages by StreamingPull in, objects in the region's own bucket out.

How failure is told, and why. A message is acknowledged after its batch is in the bucket, never before; until then the
client library extends its lease. What an event holds never fails a batch: poison goes to quarantine or to the dead
letters. When storage or key fail, the batch is tried again here, with its leases held, because each delivery brings a
message closer to the dead-letter topic; after RETRY_SECONDS its messages are handed back. Pub/Sub keeps no order and
may deliver twice (a lease that expired, an acknowledgement that was lost): an object is named by the digest of its
batch's sorted message ids, so the same batch overwrites itself, and other cuts are told apart by the rows' positions,
where the sequence is the message id. Duplicates are counted, and removed in silver.

On SIGTERM, which Cloud Run follows with SIGKILL after ten seconds: no message is pulled any more, what was pulled is
stored and acknowledged, the rest is handed back, and the process ends with 0.
"""

from __future__ import annotations

import hashlib
import os
import queue
import re
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol, cast

import msgspec

from processor.core import Batch
from processor.gcs import Bucket, GcsStore
from processor.pipeline import KeyCache, Pipeline, Settings, failed_line, print_line, stored_line
from processor.schema import Contract
from processor.store import in_order

PARTITION = "topic"  # message ids are unique in a topic: it is one partition without order
RETRY_SECONDS = 600.0
DRAIN_SECONDS = 8.0  # of the ten between SIGTERM and SIGKILL
LEASE_SECONDS = 600  # the longest that Pub/Sub waits before it delivers a message again
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 1.0, 60.0
_REGIONAL_SECRET = re.compile(r"projects/[^/]+/locations/([a-z0-9-]+)/secrets/[^/]+")


class Acknowledged(Protocol):
    """What tells later whether an acknowledgement arrived."""

    def add_done_callback(self, callback: Callable[[Acknowledged], object], /) -> object:
        """Call `callback` when it is known."""
        ...

    def exception(self) -> BaseException | None:
        """Why it did not arrive; None when it did."""
        ...


class Message(Protocol):
    """The part of google.cloud.pubsub_v1.subscriber.message.Message that is used."""

    @property
    def message_id(self) -> str:
        """The message's id, unique in its topic, the same in each delivery."""
        ...

    @property
    def data(self) -> bytes:
        """The payload."""
        ...

    @property
    def publish_time(self) -> datetime:
        """When the topic took it."""
        ...

    def ack_with_response(self) -> Acknowledged:
        """Have it never delivered again."""
        ...

    def nack(self) -> None:
        """Hand it back, to be delivered again."""
        ...


class Pulling(Protocol):
    """The part of the library's StreamingPullFuture that is used."""

    def add_done_callback(self, callback: Callable[[object], object], /) -> None:
        """Call `callback` when the stream has ended."""
        ...

    def cancel(self) -> object:
        """Begin to end the stream: stop pulling, let the scheduler finish, send the acknowledgements."""
        ...

    def result(self) -> object:
        """Wait for the end. Raises what broke the stream."""
        ...


class WorkerSettings(Settings, frozen=True):
    """The worker's settings: `subscription` and `secret` are resource names, `endpoint` is Pub/Sub's regional one."""

    subscription: str
    endpoint: str


class Limits(msgspec.Struct, frozen=True):
    """How far a batch grows (messages, bytes, seconds since its first message), and what is held at most beside it.

    Memory is bounded by `held_messages` and `held_bytes`: the client stops pulling when so much is not acknowledged.
    """

    batch_messages: int = 5_000
    batch_bytes: int = 32 * 1024 * 1024
    batch_seconds: float = 5.0
    held_messages: int = 15_000
    held_bytes: int = 96 * 1024 * 1024
    drain_seconds: float = DRAIN_SECONDS
    retry_seconds: float = RETRY_SECONDS

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Limits:
        """The plan's batch, from HOMESHORE_BATCH_MESSAGES and HOMESHORE_BATCH_SECONDS; without them the defaults.

        Raises RuntimeError for a number that is none, or that the worker could not hold.
        """
        own = cls()
        messages = _number(environment, "HOMESHORE_BATCH_MESSAGES", own.batch_messages, own.held_messages)
        seconds = _number(environment, "HOMESHORE_BATCH_SECONDS", int(own.batch_seconds), LEASE_SECONDS)
        return cls(batch_messages=messages, batch_seconds=float(seconds))


def _number(environment: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise RuntimeError(f"{name}: {text!r} is no number from 1 to {most}")
    return int(text)


class Inbox:
    """Gathers messages into batches: the scheduler of the client library, which would start a thread for each.

    The library calls `shutdown` after it has stopped pulling and before it stops to extend leases and to send
    acknowledgements: there the inbox waits for the worker, so that what was pulled is stored and acknowledged.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.queue: queue.Queue[object] = queue.Queue()  # the library's own, for requests to its dispatcher
        self._limits = limits
        self._clock = clock
        self._messages: deque[Message] = deque()
        self._bytes = 0
        self._first_at = 0.0
        self._changed = threading.Condition()
        self._finished = threading.Event()
        self.closing = threading.Event()

    def schedule(self, callback: Callable[..., object], message: Message) -> None:  # noqa: ARG002 - the library's shape
        """Take one message; the library's thread calls it."""
        with self._changed:
            if not self._messages:
                self._first_at = self._clock()
            self._messages.append(message)
            self._bytes += len(message.data)
            self._changed.notify()

    def take(self) -> list[Message]:
        """The next batch, when it is large or old enough; an empty one when the inbox is closed and empty."""
        with self._changed:
            while not self._is_due():
                self._changed.wait(self._seconds_left())
            return self._cut()

    def close(self) -> None:
        """Wait for no more messages: what is there is handed out, and then nothing."""
        with self._changed:
            self.closing.set()
            self._changed.notify_all()

    def finish(self) -> None:
        """The worker has ended: nobody will take a message any more."""
        self.close()
        self._finished.set()

    def shutdown(self, await_msg_callbacks: bool = False) -> list[Message]:  # noqa: ARG002 - the library's shape
        """Let the worker finish; give back what it did not begin, for the library to hand back to Pub/Sub."""
        self.close()
        self._finished.wait(self._limits.drain_seconds)
        with self._changed:
            left = list(self._messages)
            self._messages.clear()
            return left

    def _is_due(self) -> bool:
        if self.closing.is_set():
            return True
        full = len(self._messages) >= self._limits.batch_messages or self._bytes >= self._limits.batch_bytes
        return full or (bool(self._messages) and self._seconds_left() == 0)

    def _seconds_left(self) -> float | None:
        if not self._messages:
            return None
        return max(self._first_at + self._limits.batch_seconds - self._clock(), 0)

    def _cut(self) -> list[Message]:
        taken: list[Message] = []
        size = 0
        while self._messages and len(taken) < self._limits.batch_messages and size < self._limits.batch_bytes:
            taken.append(self._messages.popleft())
            size += len(taken[-1].data)
        self._bytes -= size
        self._first_at = self._clock()
        return taken


class Worker:
    """Stores batches and acknowledges them, one after the other."""

    def __init__(
        self,
        pipeline: Pipeline,
        inbox: Inbox,
        limits: Limits,
        *,
        emit: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`emit` takes the log lines."""
        self._pipeline = pipeline
        self._inbox = inbox
        self._limits = limits
        self._emit = emit
        self._clock = clock
        self._lost: deque[BaseException] = deque()  # acknowledgements; filled by the library's threads

    def run(self) -> None:
        """Work until the inbox is closed and empty."""
        try:
            while messages := self._inbox.take():
                self.settle(messages)
        finally:
            self._inbox.finish()

    def settle(self, messages: Sequence[Message]) -> None:
        """Store the messages and acknowledge them, or hand them back when that fails for too long."""
        waiting: dict[str, list[Message]] = {}
        for message in messages:  # a message that was delivered twice is stored once and acknowledged twice
            waiting.setdefault(message.message_id, []).append(message)
        ids = sorted(waiting, key=in_order)
        started, wait = self._clock(), _FIRST_WAIT_SECONDS
        while ids:
            try:
                taken = self._store([waiting[name][0] for name in ids])
            except Exception as fault:
                self._emit(failed_line(self._pipeline.stream, fault, len(ids)))
                late = self._clock() - started >= self._limits.retry_seconds
                if late or self._inbox.closing.wait(wait):
                    _hand_back(message for name in ids for message in waiting[name])
                    return
                wait = min(wait * 2, _LONGEST_WAIT_SECONDS)
            else:
                for name in ids[:taken]:
                    for message in waiting[name]:
                        message.ack_with_response().add_done_callback(self._acknowledged)
                ids = ids[taken:]

    def _store(self, messages: list[Message]) -> int:
        self._pipeline.refresh()
        batch = to_batch(messages)
        result = self._pipeline.store(batch)
        lost = len(self._lost)
        for _ in range(lost):
            self._lost.popleft()
        self._emit(stored_line(self._pipeline.stream, batch, result.accounting, AcksLost=lost))
        return result.taken

    def _acknowledged(self, answer: Acknowledged) -> None:
        if fault := answer.exception():
            self._lost.append(fault)  # stored, and delivered again: counted as redelivered


def _hand_back(messages: Iterable[Message]) -> None:
    for message in messages:
        message.nack()


def to_batch(messages: Sequence[Message]) -> Batch:
    """The messages, sorted by id and each there once, column by column; named by the digest of their ids."""
    ids = [message.message_id for message in messages]
    return Batch(
        PARTITION,
        ids,
        [message.publish_time.timestamp() for message in messages],
        [message.data for message in messages],
        hashlib.sha256("\n".join(ids).encode()).hexdigest()[:32],
    )


def main() -> int:
    """The worker pool's entry point: work until SIGTERM (0), or until the subscription can be read no more (1)."""
    settings, limits = WorkerSettings.read(os.environ), Limits.read(os.environ)
    pipeline = _start(settings, Path(__file__).parent.parent / "contract.json")
    return pull(settings, pipeline, limits)


def pull(settings: WorkerSettings, pipeline: Pipeline, limits: Limits) -> int:
    """Pull, store and acknowledge until SIGTERM or SIGINT; return the exit code."""
    from google.cloud import pubsub_v1

    inbox = Inbox(limits)
    worker = Worker(pipeline, inbox, limits, emit=print_line)
    client = pubsub_v1.SubscriberClient(client_options={"api_endpoint": settings.endpoint})
    flow = pubsub_v1.types.FlowControl(max_messages=limits.held_messages, max_bytes=limits.held_bytes)
    subscribed = client.subscribe(  # pyright: ignore[reportUnknownMemberType] - the library is typed in part
        settings.subscription,
        callback=_unused,
        flow_control=flow,
        # Of the thread pool that the library asks for it uses the three members that Inbox has.
        scheduler=inbox,  # pyright: ignore[reportArgumentType]
    )
    pulling = cast("Pulling", subscribed)
    pulling.add_done_callback(lambda _: inbox.close())  # also when the stream breaks for good

    def stop(number: int, frame: object) -> None:  # noqa: ARG001 - what a signal handler gets
        pulling.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    try:
        worker.run()
    finally:
        pulling.cancel()
    try:
        pulling.result()
    except Exception as fault:  # told; the platform starts another instance
        print_line(failed_line(settings.stream, fault, 0))
        return 1
    finally:
        client.close()
    return 0


def _unused(message: Message) -> None:
    """The library wants a callback; the inbox takes the messages before it would be called."""
    raise AssertionError(f"{type(message).__name__} reached the callback")


def _start(settings: WorkerSettings, contract: Path) -> Pipeline:
    from google.cloud import storage

    # The library is typed in part; Bucket says what is used of it.
    bucket = cast("Bucket", storage.Client().bucket(settings.bucket))  # pyright: ignore[reportUnknownMemberType]
    store = GcsStore(bucket)
    keys = KeyCache(_secret_reader(settings.secret))
    return Pipeline(settings, Contract.from_json(contract.read_bytes()), store, keys)


def _secret_reader(secret: str) -> Callable[[], str]:
    """What reads the newest version of `secret`; a regional one from its region's own endpoint."""
    from google.cloud import secretmanager

    place = _REGIONAL_SECRET.fullmatch(secret)
    options: Mapping[str, str] = {"api_endpoint": f"secretmanager.{place[1]}.rep.googleapis.com"} if place else {}
    client = secretmanager.SecretManagerServiceClient(client_options=dict(options))

    def read() -> str:
        # The generated client is typed in part.
        found = client.access_secret_version(name=f"{secret}/versions/latest")  # pyright: ignore[reportUnknownMemberType]
        return found.payload.data.decode()

    return read
