"""Many stacks run in one process, and nothing of one is left for the next."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from typing import NamedTuple

import pulumi
import pytest
from pulumi.runtime.settings import ROOT, SETTINGS

from homeshore.engine.monitor import Monitor
from tests.loops import set_event_loop

STACKS = 100
SOURCE = """
import shared
key = aws.kms.Key("k", opts=explicit)
aws.kms.Alias("a", target_key_id=key.arn, opts=explicit)
pulumi.export("arn", key.arn)
pulumi.export("secret", Output.secret("hidden"))
pulumi.export("imports", shared.IMPORTS)
"""
SHARED = "import pulumi\nIMPORTS = 1\nmade_at_import = pulumi.ComponentResource('my:box:Box', 'made-at-import')\n"


class Census(NamedTuple):
    objects: int
    monitors: int
    tasks: int


def census() -> Census:
    """What is alive, after what can be collected is."""
    gc.collect()
    alive = gc.get_objects()
    return Census(
        len(alive),
        sum(isinstance(item, Monitor) for item in alive),
        sum(isinstance(item, asyncio.Task) for item in alive),
    )


def test_a_hundred_stacks(program):
    fixture = program(SOURCE, shared=SHARED)
    first = fixture.run()
    modules, threads = set(sys.modules), threading.active_count()
    before = census()
    for _ in range(STACKS):
        assert fixture.run() == first
    after = census()
    assert set(sys.modules) == modules
    assert threading.active_count() <= threads
    assert (after.monitors, after.tasks) == (before.monitors, before.tasks)
    assert after.objects - before.objects < STACKS * 5  # a run makes thousands


def test_the_sdk_forgets_the_run(program):
    before = (SETTINGS.monitor, SETTINGS.engine, SETTINGS.stack, ROOT.get())
    program(SOURCE, shared=SHARED).run()
    assert (SETTINGS.monitor, SETTINGS.engine, SETTINGS.stack, ROOT.get()) == before
    assert pulumi.runtime.get_config("proj:a") is None


def test_pulumis_own_mocks_still_work_beside_it(program):
    program(SOURCE, shared=SHARED).run()

    class Mocks(pulumi.runtime.Mocks):
        def new_resource(self, args):
            return f"{args.name}-id", args.inputs

        def call(self, args):
            return {}

    def check() -> None:
        pulumi.runtime.set_mocks(Mocks(), project="mocked", stack="test")
        assert pulumi.get_stack() == "test"

    import contextvars

    set_event_loop()
    contextvars.copy_context().run(check)


def test_runs_from_several_threads_take_turns(program):
    fixture = program(SOURCE, shared=SHARED)
    expected = fixture.run()
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(fixture.run())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert found == [expected] * 4


@pytest.mark.skipif(sys.platform == "win32", reason="fork exists on POSIX only")
def test_a_forked_worker_returns_a_snapshot(program):
    import multiprocessing

    fixture = program(SOURCE, shared=SHARED)
    expected = fixture.run()
    receiver, sender = multiprocessing.get_context("fork").Pipe(duplex=False)
    worker = multiprocessing.get_context("fork").Process(target=lambda: sender.send(fixture.run()))
    worker.start()
    assert receiver.poll(30)
    assert receiver.recv() == expected
    worker.join(timeout=10)
    assert worker.exitcode == 0
