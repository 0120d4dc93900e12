"""No guard stops a stack of ours; another boundary's guard stops nearly all of it."""

from __future__ import annotations

import pytest

import geography
from homeshore.backstop.ask import home
from homeshore.check.policy import plain
from homeshore.engine import Snapshot
from homeshore.engine.many import every_result, run_programs
from homeshore.project import find_project
from homeshore.stackfile import load_stack
from policies.backstop import guard, stopped
from policies.model import Stack
from policies.subject import stack as judged

PROJECT = find_project()
NAMES = PROJECT.stacks()


def subject(snapshot: Snapshot) -> Stack:
    return judged(snapshot.stack, map(plain, snapshot.resources))


@pytest.fixture(scope="module")
def stacks() -> dict[str, Stack]:
    return dict(zip(NAMES, every_result(run_programs(PROJECT, NAMES, subject)), strict=True))


def test_there_are_stacks_on_every_cloud() -> None:
    assert {load_stack(name)[2].config.placement.cloud for name in NAMES} == set(geography.CLOUDS)


@pytest.mark.parametrize("name", NAMES)
def test_its_guard_stops_nothing_of_a_stack(name: str, stacks: dict[str, Stack]) -> None:
    _, _, loaded = load_stack(name)
    assert stopped(guard(home(loaded.config, None, ())), stacks[name]) == ()


@pytest.mark.parametrize("name", NAMES)
def test_the_guard_of_another_boundary_stops_the_stack(name: str, stacks: dict[str, Stack]) -> None:
    _, _, loaded = load_stack(name)
    own = home(loaded.config, None, ())
    elsewhere = geography.boundary("au")
    region = next(one for one in geography.regions(own.cloud) if one.kind == "region" and elsewhere.holds(one))
    away = guard(type(own)(own.cloud, region.name, elsewhere, own.account, own.scope, key_projects=own.key_projects))
    found = {one.resource.type for one in stopped(away, stacks[name])}
    stores = {"aws:s3/bucket:Bucket", "azure-native:storage:StorageAccount", "gcp:storage/bucket:Bucket"}
    streams = {"aws:kinesis/stream:Stream", "azure-native:eventhub:Namespace", "gcp:pubsub/topic:Topic"}
    assert found & stores
    assert found & streams
    assert len(found) >= 5
