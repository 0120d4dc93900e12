"""The examples of policies/data/examples.yaml: resources that break a rule, and the same ones mended."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final, cast

import yaml

from policies.facts import DATA
from policies.values import Plain

TABLE: Final = "examples.yaml"
GONE: Final = "~gone"


@dataclass(frozen=True)
class Shown:
    """One resource of an example: its name, its type and its inputs."""

    name: str
    type: str
    inputs: Mapping[str, Plain]


@dataclass(frozen=True)
class Example:
    """What a rule refuses (`broken`) and what it lets pass (`valid`), inside `boundary`.

    `parameters` of the pack's config belong to both, `told` only to the valid one. `also` are the ids of other rules
    that find the same place.
    """

    boundary: str
    broken: tuple[Shown, ...]
    valid: tuple[Shown, ...]
    also: tuple[str, ...] = ()
    parameters: Mapping[str, Plain] = field(default_factory=dict[str, Plain])
    told: Mapping[str, Plain] = field(default_factory=dict[str, Plain])


@cache
def examples() -> Mapping[str, Example]:
    """The example of each rule that judges resources, by rule id."""
    table = cast("dict[str, dict[str, Plain]]", yaml.safe_load((DATA / TABLE).read_text(encoding="utf-8")))
    return {rule: _example(entry) for rule, entry in table.items()}


def _example(entry: Mapping[str, Plain]) -> Example:
    broken = cast("dict[str, dict[str, Plain]]", entry["broken"])
    added = cast("dict[str, dict[str, Plain]]", entry.get("add", {}))
    inputs = {name: one["inputs"] for name, one in broken.items()}
    mended = changed(inputs, cast("dict[str, Plain]", entry.get("mend", {})))
    valid = {name: {**one, "inputs": mended[name]} for name, one in broken.items()} | added
    return Example(
        boundary=str(entry.get("boundary", "eu")),
        broken=_shown(broken),
        valid=_shown(valid),
        also=tuple(str(one) for one in cast("list[Plain]", entry.get("also", []))),
        parameters=cast("dict[str, Plain]", entry.get("parameters", {})),
        told=cast("dict[str, Plain]", entry.get("told", {})),
    )


def _shown(described: Mapping[str, Mapping[str, Plain]]) -> tuple[Shown, ...]:
    return tuple(
        Shown(name, str(one["type"]), cast("dict[str, Plain]", one["inputs"])) for name, one in described.items()
    )


def changed(inputs: Mapping[str, Plain], changes: Mapping[str, Plain]) -> dict[str, Plain]:
    """The inputs of resources, by name, with changes made: "name.path.0.to" to a value, `~gone` to take it away.

    Raises KeyError or IndexError for a change whose way is not there.
    """
    after = copy.deepcopy(dict(inputs))
    for path, value in changes.items():
        *way, last = path.split(".")
        here: Plain = after
        for step in way:
            here = _member(here, step)
        if isinstance(here, list):
            here[int(last)] = value
        elif value == GONE:
            del cast("dict[str, Plain]", here)[last]
        else:
            cast("dict[str, Plain]", here)[last] = value
    return after


def _member(block: Plain, step: str) -> Plain:
    return block[int(step)] if isinstance(block, list) else cast("dict[str, Plain]", block)[step]
