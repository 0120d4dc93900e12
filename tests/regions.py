"""Regions and stacks for tests that need a real one: chosen from the table, never written down."""

from __future__ import annotations

from pathlib import Path

import geography

ROOT = Path(__file__).parents[1]


def region(cloud: str, jurisdiction: str, number: int = 0) -> str:
    """The name of a region of `cloud` under the law of `jurisdiction`: the first of them, or a later one."""
    found = [one.name for one in geography.regions(cloud) if one.kind == "region" and one.jurisdiction == jurisdiction]
    return found[number]


def stack_in(cloud: str, jurisdiction: str) -> str:
    """The project's own production stack of `cloud` under that law."""
    names = {one.name for one in geography.regions(cloud) if one.jurisdiction == jurisdiction}
    stacks = sorted(path.stem.removeprefix("Pulumi.") for path in ROOT.glob(f"Pulumi.{cloud}-*.yaml"))
    return next(one for one in stacks if one.removeprefix(f"{cloud}-") in names)
