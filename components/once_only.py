"""Which types of resource an account, subscription or project has only once, or once per region: data, for all readers.

Pipelines declare none of them, because two would fight over one thing; a baseline stack declares some
(stacks/baseline.py). Rules about these types can be judged on a baseline stack only: for a pipeline whose stack file
says `baseline: {managed_by: platform}` they are not evaluated here. A pipeline's component
`homeshore:pipeline:RegionalPipeline` carries that word as its input `baseline`.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple


class OnceOnly(NamedTuple):
    """One type. `once_per` is "account" or "region"; `declared` says whether a baseline stack declares it."""

    cloud: str
    type: str
    once_per: str
    declared: bool
    why: str


@cache
def once_only() -> tuple[OnceOnly, ...]:
    """All of them, by cloud."""
    with (Path(__file__).parent / "once_only.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return tuple(
            OnceOnly(row["cloud"], row["type"], row["once_per"], row["declared"] == "yes", row["why"]) for row in rows
        )
