"""Things of one name in two regions: each is looked for, and removed, in its own only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from homeshore.local import removal
from homeshore.local.aws import Aws
from homeshore.local.fields import Fields
from homeshore.local.kind import Found, Kind, Wanted

STREAM = "aws:kinesis/stream:Stream"
ACCOUNT = "123456789012"


@dataclass
class Region:
    """One region of the emulator, as far as this test looks at it."""

    streams: set[str] = field(default_factory=lambda: {"events"})


def read(aws: Aws, wanted: Wanted) -> Found | None:
    name = wanted.inputs.text("name")
    return Found(name, {}) if name in cast("Region", aws).streams else None


def delete(aws: Aws, wanted: Wanted, found: Found) -> None:
    del wanted
    cast("Region", aws).streams.remove(found.id)


def never(*_: object) -> None:
    raise AssertionError("nothing is created or changed here")


@pytest.fixture
def regions(monkeypatch: pytest.MonkeyPatch) -> dict[str, Region]:
    monkeypatch.setattr(removal, "KINDS", {STREAM: Kind(read, never, never, delete)})
    return {"here": Region(), "there": Region()}


def stream(region: str) -> Wanted:
    return Wanted(f"urn:{region}", STREAM, f"{region}-stream", Fields({"name": "events"}), region, ACCOUNT)


def test_removing_the_standbys_leaves_the_primarys(regions: dict[str, Region]) -> None:
    def cloud_of(wanted: Wanted) -> Aws:
        return cast("Aws", regions[wanted.region])

    gone = removal.remove_resources((stream("there"),), cloud_of, lambda _: None)
    assert [wanted.region for wanted in gone] == ["there"]
    assert {name: region.streams for name, region in regions.items()} == {"here": {"events"}, "there": set()}
    assert removal.seen(stream("here"), cloud_of) == "events"
    assert removal.seen(stream("there"), cloud_of) is None
