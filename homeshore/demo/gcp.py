"""The main job's lake on GCP: Google's Pub/Sub emulator, the Cloud Run worker, fake-gcs-server."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from events.generator import GeneratedRecord
from homeshore.demo import produce
from homeshore.demo import pubsub_worker as worker
from homeshore.demo.lake import POLL_SECONDS, STALLED_SECONDS, STORES, Ground, Lake
from homeshore.demo.mirror import Mirror, MirrorLake
from homeshore.demo.progress import Steps
from homeshore.demo.workspace import BUCKET, STREAM, Workspace, require, workspace
from homeshore.emulators.children import child, child_environment, tail
from homeshore.emulators.google import gcs, pubsub
from homeshore.errors import UserError
from homeshore.local.emulator import LOOPBACK
from homeshore.local.emulators import Limit
from homeshore.signals import terminated_as_interrupted
from processor.gcs import Bucket, GcsStore
from processor.schema import Contract

if TYPE_CHECKING:
    from google.pubsub_v1 import PublisherClient

PROJECT = "homeshore-demo"
TOPIC = f"projects/{PROJECT}/topics/{STREAM}"
SUBSCRIPTION = f"projects/{PROJECT}/subscriptions/processor"
ACK_SECONDS = 60  # the lease that the client library extends
CALL_SECONDS = 30.0
END_SECONDS = 15.0  # more than the worker may take to store what it holds
LIMITS = (
    Limit("Cloud Run and the buildpack's image", "the worker runs as a process of this machine"),
    Limit("Secret Manager and service accounts", "nobody emulates them: the key is a random one, nobody is asked"),
    Limit("the message storage policy, exactly-once delivery", "the Pub/Sub emulator does not enforce them"),
    Limit("BigQuery", "nobody emulates it: the models run on DuckDB over the stored objects"),
)


@contextmanager
def running(stack: str, contract: Contract, boundary: str, steps: Steps) -> Generator[tuple[Ground, Lake]]:
    """The lake inside the block; the two emulators and the worker end with it.

    Raises EmulatorMissing, and UserError when a library is missing or something does not start.
    """
    require("gcp", "google.cloud.pubsub_v1", "google.cloud.storage")
    with terminated_as_interrupted(), ExitStack() as until_done:
        with steps.step("up", "starting the Pub/Sub emulator, fake-gcs-server and the worker"):
            files = until_done.enter_context(workspace(contract))
            topics = until_done.enter_context(pubsub(files.directory))
            objects = until_done.enter_context(gcs(files.directory))
            bucket = _bucket(objects)
            publisher = until_done.enter_context(_topic(topics))
            process = until_done.enter_context(_worker(files, topics, objects, boundary))

        def listing() -> Iterable[tuple[str, str]]:
            return ((blob.name, str(blob.generation)) for blob in bucket.list_blobs() if blob.name.startswith(STORES))

        mirror = Mirror(GcsStore(bucket), listing, files.copies, contract)
        steps.say(f"  Pub/Sub endpoint {LOOPBACK}:{topics}, objects at http://{LOOPBACK}:{objects}")
        yield _ground(stack), GcpLake(mirror, publisher, process, files.directory / "worker.log")


def _ground(stack: str) -> Ground:
    return Ground(
        cloud="gcp",
        stack=stack,
        emulator="pubsub-emulator, fake-gcs-server",
        endpoint=None,
        resources=None,
        not_applied=None,
        limits=LIMITS,
        sql="silver and gold in their DuckDB form over the stored objects",
    )


class ListedBlob(Protocol):
    """The part of google.cloud.storage.Blob that a listing shows."""

    name: str
    generation: int | None


class ListedBucket(Bucket, Protocol):
    """A bucket that can be listed too."""

    def list_blobs(self) -> Iterable[ListedBlob]:
        """Every object."""
        ...


def _bucket(port: int) -> ListedBucket:
    """A new bucket of the emulator."""
    from google.api_core.client_options import ClientOptions
    from google.auth.credentials import AnonymousCredentials
    from google.auth.transport.requests import AuthorizedSession
    from google.cloud import storage

    session = AuthorizedSession(AnonymousCredentials())
    session.trust_env = False  # past any proxy
    options = ClientOptions(api_endpoint=f"http://{LOOPBACK}:{port}")
    client = storage.Client(PROJECT, AnonymousCredentials(), _http=session, client_options=options)
    # The library is typed in part; ListedBucket says what is used of it.
    return cast("ListedBucket", client.create_bucket(BUCKET))  # pyright: ignore[reportUnknownMemberType]


@contextmanager
def _topic(port: int) -> Generator[PublisherClient]:
    """The topic with its subscription, and a client that publishes to it, past any proxy."""
    import grpc
    from google.pubsub_v1 import PublisherClient, SubscriberClient
    from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
    from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

    with grpc.insecure_channel(f"{LOOPBACK}:{port}", options=[("grpc.enable_http_proxy", 0)]) as channel:
        publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        # The generated clients are typed in part.
        publisher.create_topic(name=TOPIC, timeout=CALL_SECONDS)  # pyright: ignore[reportUnknownMemberType]
        subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        wanted = {"name": SUBSCRIPTION, "topic": TOPIC, "ack_deadline_seconds": ACK_SECONDS}
        subscriber.create_subscription(  # pyright: ignore[reportUnknownMemberType]
            request=wanted, timeout=CALL_SECONDS
        )
        yield publisher


@contextmanager
def _worker(files: Workspace, topics: int, objects: int, boundary: str) -> Generator[subprocess.Popen[bytes]]:
    environment = child_environment(
        files.directory,
        PUBSUB_EMULATOR_HOST=f"{LOOPBACK}:{topics}",
        STORAGE_EMULATOR_HOST=f"http://{LOOPBACK}:{objects}",
        GOOGLE_CLOUD_PROJECT=PROJECT,
        HOMESHORE_BUCKET=BUCKET,
        HOMESHORE_STREAM=STREAM,
        HOMESHORE_BOUNDARY=boundary,
        HOMESHORE_SECRET=str(files.secret),
        HOMESHORE_SUBSCRIPTION=SUBSCRIPTION,
        HOMESHORE_ENDPOINT=f"{LOOPBACK}:{topics}",
        **{worker.CONTRACT: str(files.contract)},
    )
    command = [sys.executable, "-P", "-m", worker.__name__]
    with child(command, environment, files.directory / "worker.log") as process:
        yield process


class GcpLake(MirrorLake):
    """See Lake."""

    def __init__(self, mirror: Mirror, publisher: PublisherClient, process: subprocess.Popen[bytes], log: Path) -> None:
        super().__init__(mirror)
        self._publisher = publisher
        self._process = process
        self._log = log

    def send(self, records: Iterable[GeneratedRecord], sent: Callable[[int], None]) -> Counter[str]:
        """See Lake. Raises UserError when the emulator refuses."""
        return produce.send(records, partial(publish, self._publisher), sent)

    def settle(self, expected: int, advance: Callable[[int], None]) -> None:
        """See Lake. Afterwards the worker has ended, as on SIGTERM in the cloud: with all of its messages settled."""
        stored, moved = 0, time.monotonic()
        while not self._done(stored, expected) and time.monotonic() - moved < STALLED_SECONDS:
            if self._process.poll() is not None:
                raise UserError(f"the worker ended; the end of its log:\n{tail(self._log)}")
            now = self.stored()
            if now > stored:
                advance(now - stored)
                stored, moved = now, time.monotonic()
            else:
                time.sleep(POLL_SECONDS)
        self._end()

    def _done(self, stored: int, expected: int) -> bool:
        # A message that was delivered twice is in two batches: only the count by position says whether all are there.
        return stored >= expected and self.mirror.accounted() >= expected

    def _end(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            raise UserError(f"the worker does not end on SIGTERM; its log:\n{tail(self._log)}") from None
        if code:
            raise UserError(f"the worker ended with exit code {code}; the end of its log:\n{tail(self._log)}")
        self.stored()


def publish(publisher: PublisherClient, batch: list[GeneratedRecord]) -> None:
    """Publish `batch` in one call; not repeated, for a lost answer would make duplicates of our own.

    Raises UserError when the topic does not take it.
    """
    from google.api_core.exceptions import GoogleAPICallError

    messages = [{"data": record.data} for record in batch]
    try:
        publisher.publish(  # pyright: ignore[reportUnknownMemberType] - typed in part
            request={"topic": TOPIC, "messages": messages}, retry=None, timeout=CALL_SECONDS
        )
    except GoogleAPICallError as fault:
        raise UserError(f"topic {TOPIC}: {fault}") from None
