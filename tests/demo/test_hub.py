"""What stands in for Event Hubs and the Functions host: order, batches, and a function that fails."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import msgspec
import pytest

from events.generator import GeneratedRecord
from homeshore.demo.azure import HOST_FILE, PARTITIONS, Function, Hub
from homeshore.demo.host_message import Invocation, decoded
from homeshore.errors import UserError
from processor.azure_functions import to_batch

BATCH = json.loads(HOST_FILE.read_text())["extensions"]["eventHubs"]["maxEventBatchSize"]
EVENTS = 3 * BATCH * PARTITIONS // 2


class Worker:
    """The other end of the pipe: keeps what it is called with."""

    def __init__(self, tmp_path: Path, answer: Callable[[Any], bytes | None]) -> None:
        ours, self.pipe = Pipe()
        self.calls: list[Invocation] = []
        self._answer = answer
        log = tmp_path / "function.log"
        log.write_text("first line\nthe reason\n")
        self.function = Function(ours, log)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self) -> None:
        self.pipe.send_bytes(b"")
        while True:
            try:
                self.calls.append(msgspec.msgpack.decode(self.pipe.recv_bytes(), type=Invocation))
            except EOFError:
                return
            answer = self._answer(self.calls[-1])
            if answer is None:
                self.pipe.close()
                return
            self.pipe.send_bytes(answer)

    def close(self) -> None:
        self.function._pipe.close()
        self.thread.join()


def feed(hub: Hub, count: int) -> None:
    for n in range(count):
        hub.take(GeneratedRecord(str(n).encode(), "valid", f"visitor-{n % 97}"))
    hub.flush()


def test_each_event_is_handed_over_once_in_its_partition_s_order(tmp_path: Path):
    worker = Worker(tmp_path, lambda _: b"")
    feed(Hub(worker.function), EVENTS)
    worker.close()
    seen: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for call in worker.calls:
        batch = to_batch(decoded(call))
        assert len(batch.payloads) <= BATCH
        seen[batch.partition] += zip(map(int, batch.sequences), map(int, filter(None, batch.payloads)), strict=True)
    assert len(seen) == PARTITIONS
    assert sorted(n for events in seen.values() for _, n in events) == list(range(EVENTS))
    for events in seen.values():
        assert [sequence for sequence, _ in events] == list(range(len(events)))
        assert [n for _, n in events] == sorted(n for _, n in events)
    assert any(len(call.bodies) == BATCH for call in worker.calls)


def test_events_of_one_key_share_a_partition(tmp_path: Path):
    worker = Worker(tmp_path, lambda _: b"")
    feed(Hub(worker.function), 500)
    worker.close()
    where: dict[int, set[str]] = defaultdict(set)
    for call in worker.calls:
        batch = to_batch(decoded(call))
        for payload in batch.payloads:
            where[int(payload or b"") % 97].add(batch.partition)
    assert all(len(partitions) == 1 for partitions in where.values())


def test_a_batch_that_fails_ends_the_run_with_the_log(tmp_path: Path):
    worker = Worker(tmp_path, lambda _: b"OSError: 10 events are not stored and come again")
    with pytest.raises(UserError, match="10 events are not stored") as raised:
        feed(Hub(worker.function), 10)
    worker.close()
    assert "the reason" in str(raised.value)


def test_a_worker_that_dies_ends_the_run_with_the_log(tmp_path: Path):
    worker = Worker(tmp_path, lambda _: None)
    with pytest.raises(UserError, match=r"worker ended[^$]*the reason"):
        feed(Hub(worker.function), 10)
    worker.close()
