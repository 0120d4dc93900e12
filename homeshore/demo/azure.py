"""The main job's lake on Azure: the Functions adapter, fed as its host would, writing to Azurite."""

from __future__ import annotations

import json
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import msgspec

import processor
from events.generator import GeneratedRecord
from homeshore.demo import functions_worker as worker
from homeshore.demo.host_message import invocation
from homeshore.demo.lake import STALLED_SECONDS, STORES, Ground, Lake
from homeshore.demo.mirror import Mirror, MirrorLake
from homeshore.demo.progress import Steps
from homeshore.demo.workspace import BUCKET, STREAM, Workspace, require, workspace
from homeshore.emulators.azurite import Azurite, azurite
from homeshore.emulators.children import child, child_environment, tail
from homeshore.errors import UserError
from homeshore.local.emulators import Limit
from homeshore.signals import terminated_as_interrupted
from processor.azure_functions import BlobStore
from processor.schema import Contract

PARTITIONS = 4
CONSUMER_GROUP = "processor"
HOST_FILE = Path(processor.__file__).parent / "sources" / "functions" / "host.json"
LIMITS = (
    Limit("the Functions host", "the worker's decoder gets messages of the host's form, made here"),
    Limit("Event Hubs", "events are spread over partitions and cut into batches here"),
    Limit("Key Vault and managed identity", "nobody emulates them: the key is a random one, the tokens are unsigned"),
    Limit("a hierarchical namespace, silver and gold tables", "Azurite has none: the models run on DuckDB over blobs"),
)


@contextmanager
def running(root: Path, stack: str, contract: Contract, boundary: str, steps: Steps) -> Generator[tuple[Ground, Lake]]:
    """The lake inside the block; Azurite, as installed below `root`, and the function's worker end with it.

    Raises EmulatorMissing, and UserError when a library is missing or something does not start.
    """
    require("azure", "azure.functions", "azure.storage.blob", "cryptography")
    with terminated_as_interrupted(), ExitStack() as until_done:
        with steps.step("up", "starting Azurite and the function's worker"):
            files = until_done.enter_context(workspace(contract))
            blobs = until_done.enter_context(azurite(root, files.directory))
            container = worker.container_client(blobs.account_url, BUCKET, blobs.certificate)
            until_done.enter_context(container)
            container.create_container()
            function = until_done.enter_context(_function(files, blobs, boundary))

        def listing() -> Iterable[tuple[str, str]]:
            return ((blob.name, str(blob.etag)) for blob in container.list_blobs() if blob.name.startswith(STORES))

        mirror = Mirror(BlobStore(container), listing, files.copies, contract)
        steps.say(f"  blobs at {blobs.account_url}")
        yield _ground(stack), AzureLake(mirror, Hub(function))


def _ground(stack: str) -> Ground:
    return Ground(
        cloud="azure",
        stack=stack,
        emulator="azurite",
        endpoint=None,
        resources=None,
        not_applied=None,
        limits=LIMITS,
        sql="silver and gold in their DuckDB form over the stored blobs",
    )


class Function:
    """The worker's end of the pipe: one call at a time, as one partition of one instance is served."""

    def __init__(self, pipe: Connection, log: Path) -> None:
        self._pipe = pipe
        self._log = log
        self._calling = True  # until it has said that it is ready

    def call(self, bodies: list[bytes], enqueued: list[float], *, partition: str, first: int) -> None:
        """Hand one batch over, when the one before is stored. Raises UserError when that one failed."""
        self.finish()
        place = {"PartitionId": partition, "EventHubName": STREAM, "ConsumerGroup": CONSUMER_GROUP}
        call = invocation(bodies, enqueued, first=first, context=place)
        try:
            self._pipe.send_bytes(msgspec.msgpack.encode(call))
        except OSError:
            raise self._ended() from None
        self._calling = True

    def finish(self) -> None:
        """Wait for the batch at work. Raises UserError when it is not stored."""
        if not self._calling:
            return
        try:
            answered = self._pipe.poll(STALLED_SECONDS)
            answer = self._pipe.recv_bytes() if answered else b"no answer"
        except (EOFError, OSError):
            raise self._ended() from None
        if answer:
            raise UserError(f"the function: {answer.decode()}; the end of its log:\n{tail(self._log)}")
        self._calling = False

    def _ended(self) -> UserError:
        return UserError(f"the function's worker ended; the end of its log:\n{tail(self._log)}")


@contextmanager
def _function(files: Workspace, blobs: Azurite, boundary: str) -> Generator[Function]:
    ours, theirs = Pipe()
    log = files.directory / "function.log"
    environment = child_environment(
        files.directory,
        HOMESHORE_BUCKET=BUCKET,
        HOMESHORE_STREAM=STREAM,
        HOMESHORE_BOUNDARY=boundary,
        HOMESHORE_SECRET=str(files.secret),
        **{
            worker.PIPE: str(theirs.fileno()),
            worker.CONTRACT: str(files.contract),
            worker.ACCOUNT: blobs.account_url,
            worker.CERTIFICATE: str(blobs.certificate),
        },
    )
    command = [sys.executable, "-P", "-m", worker.__name__]
    with ours, theirs, child(command, environment, log, pass_fds=[theirs.fileno()]):
        theirs.close()  # ours only tells that the worker has ended when no one else holds its end
        function = Function(cast("Connection", ours), log)
        function.finish()
        yield function


class Hub:
    """What Event Hubs and the host do: partitions by key, a sequence in each, batches of host.json's size."""

    def __init__(self, function: Function) -> None:
        settings = json.loads(HOST_FILE.read_text(encoding="utf-8"))["extensions"]["eventHubs"]
        self._largest = int(settings["maxEventBatchSize"])
        self._function = function
        self._waiting: list[list[bytes]] = [[] for _ in range(PARTITIONS)]
        self._enqueued: list[list[float]] = [[] for _ in range(PARTITIONS)]
        self._next = [0] * PARTITIONS

    def take(self, record: GeneratedRecord) -> int:
        """Take one event; how many were handed to the function by that."""
        partition = zlib.crc32(record.partition_key.encode()) % PARTITIONS
        self._waiting[partition].append(record.data)
        self._enqueued[partition].append(time.time())
        return self._deliver(partition) if len(self._waiting[partition]) >= self._largest else 0

    def flush(self) -> None:
        """Hand over what waits for more, as the host does after its longest wait, and see all of it stored."""
        for partition in range(PARTITIONS):
            self._deliver(partition)
        self._function.finish()

    def _deliver(self, partition: int) -> int:
        bodies, enqueued = self._waiting[partition], self._enqueued[partition]
        if bodies:
            self._function.call(bodies, enqueued, partition=str(partition), first=self._next[partition])
            self._next[partition] += len(bodies)
            self._waiting[partition], self._enqueued[partition] = [], []
        return len(bodies)


class AzureLake(MirrorLake):
    """See Lake."""

    def __init__(self, mirror: Mirror, hub: Hub) -> None:
        super().__init__(mirror)
        self._hub = hub

    def send(self, records: Iterable[GeneratedRecord], sent: Callable[[int], None]) -> Counter[str]:
        """See Lake. Full batches are processed meanwhile."""
        taken: Counter[str] = Counter()
        waiting = 0
        for record in records:
            taken[record.kind] += 1
            waiting += 1
            if self._hub.take(record):
                sent(waiting)
                waiting = 0
        sent(waiting)
        return taken

    def settle(self, expected: int, advance: Callable[[int], None]) -> None:
        """See Lake. `expected` is not waited for: the function has answered for each batch."""
        del expected
        self._hub.flush()
        advance(self.stored())
