"""The SDKs' own documented examples raise no alarm, but for those that a provider would refuse indeed."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path

import pytest

import validity
from homeshore.engine import Resource
from tests.validity.examples import programs, resources
from validity import Level
from validity.build.tables import mapped

REFUSED = {  # (type, path, found): why the example itself is wrong, or could not run to its end
    ("gcp:compute/address:Address", "name", '"my-internal-address-"'): "a name must not end with a hyphen",
    ("gcp:compute/subnetwork:Subnetwork", "name", '"tf-test-subnet_56529"'): "a name has no underscore",
    ("gcp:cloudscheduler/job:Job", "httpTarget.uri", ""): "the address is an item of a list that only a cloud can give",
}
LEAST = {"aws": 220, "gcp": 480}  # resources; fewer would mean that the harness no longer reaches them


@cache
def _captured(package: str, folder: Path) -> tuple[Resource, ...]:
    found: list[Resource] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # examples use deprecated names, and leave coroutines behind when they fail
        for token in mapped():
            if token.startswith(f"{package}:"):
                for program in programs(token):
                    found += resources(program, folder)
    return tuple(found)


@pytest.mark.parametrize("package", ["aws", "gcp"])
def test_the_examples_of_the_sdk_raise_no_alarm(package: str, tmp_path: Path) -> None:
    captured = _captured(package, tmp_path)
    assert len(captured) >= LEAST[package]
    alarms = {
        (resource.type, problem.path, problem.found): problem.kind.id
        for resource in captured
        for problem in validity.check(resource.type, resource.inputs) or ()
        if problem.level is Level.ERROR
    }
    assert {key: kind for key, kind in alarms.items() if key not in REFUSED} == {}
    assert {key for key in REFUSED if key[0].startswith(package)} <= alarms.keys()
    unknown = {resource.type for resource in captured if validity.check(resource.type, resource.inputs) is None}
    assert not unknown
