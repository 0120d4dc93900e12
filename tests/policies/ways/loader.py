"""Reads the ways: on each cloud, resources through which data leaves, and the change that brings them home.

ways.csv names the thirty ways; <cloud>.yaml has an entry for each, in that order:

    - way: replicas                        # its name in ways.csv
      rule: SOV-AWS-004                    # the rule that has to find it
      boundary: eu                         # eu where it is left out
      resources: […]                       # as in tests/policies/cases
      home: {users.replicas.0.regionName: …} # resource, then the path in its inputs; ~gone takes the input away
      allowed: […]                         # what has to be allowed by name at home
      closed: [copy]                       # the resources without which the way is not taken at all
      terraform: {…}                       # the same for Terraform, where it is not made from `resources`
      terraform_home: {…}

or `none`, the reason why the cloud has no such way. An entry without `home` has none: only leaving it out is lawful.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

import geography
from homeshore.explain import changed
from policies.model import Stack
from policies.parameters import Parameters
from tests.policies.cases.loader import resources

HERE: Final = Path(__file__).parent
CLOUDS: Final = ("aws", "azure", "gcp")


@dataclass(frozen=True)
class Way:
    """One way on one cloud. `none` is the reason where the cloud has it not; `number` counts from 1."""

    number: int
    name: str
    words: str
    cloud: str
    entry: dict[str, Any]

    @property
    def none(self) -> str:
        """Why the cloud has no such way; empty where it has."""
        return self.entry.get("none", "")

    @property
    def rule(self) -> str:
        """The rule that has to find it."""
        return self.entry["rule"]

    @property
    def broken(self) -> list[dict[str, Any]]:
        """The resources, through which data leaves."""
        return self.entry["resources"]

    @property
    def home(self) -> list[dict[str, Any]] | None:
        """The same, brought home; None where nothing but leaving them out is lawful."""
        return at_home(self.broken, self.entry["home"]) if "home" in self.entry else None

    def stack(self, described: list[dict[str, Any]]) -> Stack:
        """The resources as a stack inside the way's boundary."""
        allowed = frozenset(self.entry.get("allowed", ()))
        parameters = Parameters(allowed_destinations=allowed, allowed_hosts=allowed, allowed_accounts=allowed)
        boundary = geography.area(self.entry.get("boundary", "eu"))
        return Stack("ways", resources(described), boundary=boundary, parameters=parameters)


def at_home(described: list[dict[str, Any]], changes: dict[str, Any]) -> list[dict[str, Any]]:
    """The resources with some inputs changed; a change begins with the resource's name."""
    inputs = changed({one["name"]: one["inputs"] for one in described}, changes)
    return [{**one, "inputs": inputs[one["name"]]} for one in described]


def names() -> dict[str, str]:
    """The thirty ways, each with its words."""
    with (HERE / "ways.csv").open(encoding="utf-8", newline="") as file:
        return {row["way"]: row["words"] for row in csv.DictReader(file)}


def ways(*clouds: str) -> Iterator[Way]:
    """Every way on the given clouds, on all where none is given."""
    words = names()
    order = list(words)
    for cloud in clouds or CLOUDS:
        for entry in yaml.safe_load((HERE / f"{cloud}.yaml").read_text(encoding="utf-8")):
            name = entry["way"]
            yield Way(order.index(name) + 1, name, words[name], cloud, entry)
