"""Partitions side by side in one process, as the Functions host runs them: the same bytes as one after the other.

In a process of its own, because what this is about does not raise: it ends the process.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from processor.codec import Codec
from processor.core import Batch, Context, process
from processor.packing import pack
from tests.processor.batches import make_batch, numbered, shared_context

ROOT = Path(__file__).parents[2]
PARTITIONS, ROUNDS, RECORDS, PACKED = 6, 40, 60, 10


def batch(partition: int) -> Batch:
    """Packed records, each of events that no other partition has."""
    first = partition * RECORDS * PACKED
    records = [pack([numbered(first + record * PACKED + n) for n in range(PACKED)]) for record in range(RECORDS)]
    return make_batch(records, first, str(partition))


def differing(codec: Codec) -> int:
    """How many results of batches that run side by side differ from those that ran alone."""
    usual = shared_context()
    context = Context(usual.contract, usual.ring, usual.countries, usual.stream, codec)
    batches = [batch(partition) for partition in range(PARTITIONS)]
    alone = [process(each, context).objects for each in batches]
    found: list[bool] = []

    def repeat(partition: int) -> None:
        for _ in range(ROUNDS):
            found.append(process(batches[partition], context).objects != alone[partition])

    together([lambda partition=partition: repeat(partition) for partition in range(PARTITIONS)])
    assert len(found) == PARTITIONS * ROUNDS
    return sum(found)


def together(tasks: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
def test_batches_side_by_side_give_the_same_bytes(codec: Codec) -> None:
    program = f"import sys; from tests.processor.test_threads import differing; sys.exit(differing({codec!r}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
