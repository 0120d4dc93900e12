"""The samples of this directory: valid inputs, and mistakes made in them."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

from validity import Plain

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Sample:
    """Inputs of one resource."""

    name: str
    type: str
    inputs: dict[str, Plain]


@dataclass(frozen=True)
class Mistake:
    """A valid sample with one mistake in it, and the path that a finding must name."""

    sample: Sample
    path: str
    inputs: dict[str, Plain]
    value: Plain

    def __str__(self) -> str:
        return f"{self.sample.name}:{self.path}={self.value}"[:70]


@cache
def valid() -> dict[str, Sample]:
    rows = yaml.safe_load((HERE / "valid.yaml").read_text(encoding="utf-8"))
    return {name: Sample(name, row["type"], row["inputs"]) for name, row in rows.items()}


@cache
def mistakes() -> tuple[Mistake, ...]:
    rows = yaml.safe_load((HERE / "mistakes.yaml").read_text(encoding="utf-8"))
    found: list[Mistake] = []
    for name, changes in rows.items():
        for path, value, *named in changes:
            sample = valid()[name]
            inputs = copy.deepcopy(sample.inputs)
            put(inputs, path, value)
            found.append(Mistake(sample, named[0] if named else path, inputs, value))
    return tuple(found)


def put(inputs: dict[str, Plain], path: str, value: Plain) -> None:
    """Set what stands at the path; None takes the key away."""
    *steps, last = [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path)]
    here = cast("Any", inputs)
    for step in steps:
        here = here[step]
    if value is None:
        del here[last]
    else:
        here[last] = value
