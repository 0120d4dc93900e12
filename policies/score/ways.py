"""The ways in which data leaves a region, each as a resource beside the stack's own or as a block in one of them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, cast

import yaml

from policies.model import Resource, Stack
from policies.score.abroad import DATA, Abroad
from policies.score.bends import Bend, Spot, change, shown
from policies.values import Plain

OPERATOR: Final = "way"


@dataclass(frozen=True)
class Way:
    """One way of one cloud. `add` are resources (type and inputs); `at` a type whose first resource gets `set`.

    `none` says why the cloud knows no such thing; empty where it does.
    """

    name: str
    cloud: str
    title: str
    add: tuple[tuple[str, dict[str, Plain]], ...]
    at: str
    set: dict[str, Plain]
    none: str = ""


@cache
def ways() -> tuple[Way, ...]:
    """The table, in its order."""
    found: list[Way] = []
    document = cast("list[dict[str, object]]", yaml.safe_load((DATA / "ways.yaml").read_text(encoding="utf-8")))
    for row in document:
        added = cast("list[dict[str, object]]", row.get("add", []))
        found.append(
            Way(
                name=str(row["way"]),
                cloud=str(row["cloud"]),
                title=str(row.get("title", "")),
                add=tuple((str(one["type"]), cast("dict[str, Plain]", one.get("inputs", {}))) for one in added),
                at=str(row.get("at", "")),
                set=cast("dict[str, Plain]", row.get("set", {})),
                none=str(row.get("none", "")),
            )
        )
    return tuple(found)


def inserted(stack: Stack, abroad: Abroad) -> Iterator[Bend]:
    """Each way of the stack's cloud. One that needs a type which the stack lacks is not bent there."""
    own = next((one.cloud for one in stack.resources if one.is_provider and one.cloud), None)
    for way in ways():
        if way.cloud == own:
            yield from _bent(stack, way, abroad)


def _bent(stack: Stack, way: Way, abroad: Abroad) -> Iterator[Bend]:
    provider = next(one for one in stack.resources if one.is_provider and one.cloud == way.cloud)
    if way.at:
        first = next(stack.of(way.at), None)
        if first is not None:
            bent = first
            for path, value in way.set.items():
                steps = tuple(int(step) if step.isdigit() else step for step in path.split("."))
                made = change(stack, OPERATOR, bent, Spot(steps, None), _filled(value, stack, abroad, way.cloud))
                bent = made.bent or bent
            yield Bend(f"{OPERATOR}: {way.name}", first.urn, first.type, way.title, "-", shown(way.title), bent)
        return
    added: list[Resource] = []
    for number, (kind, inputs) in enumerate(way.add):
        urn = f"urn:pulumi:{stack.name}::homeshore::{kind}::way-{number}"
        filled = cast("dict[str, Plain]", _filled(copy.deepcopy(inputs), stack, abroad, way.cloud))
        behind = None if kind.startswith("pulumi:") else f"{provider.urn}::id"
        added.append(Resource(urn, kind, f"way-{number}", filled, provider=behind, protect=True))
    if added:
        yield Bend(
            f"{OPERATOR}: {way.name}",
            added[-1].urn,
            added[-1].type,
            way.title,
            "-",
            shown(way.title),
            None,
            tuple(added),
        )


def _filled(value: Plain, stack: Stack, abroad: Abroad, cloud: str) -> Plain:
    """The value with its placeholders filled: {region} and the like, and {~type} for the name of one of the stack's."""
    if isinstance(value, str):
        return abroad.filled(value, cloud).replace("{boundary}", abroad.boundary.name).replace("{stack}", stack.name)
    if isinstance(value, dict):
        return {key: _filled(member, stack, abroad, cloud) for key, member in value.items()}
    if isinstance(value, list):
        return [_filled(member, stack, abroad, cloud) for member in value]
    return value
