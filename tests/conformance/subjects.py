"""What is judged: the recorded runs of the real program on the stack files of this suite and of the project."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, cast

import yaml

from components.naming import PRODUCT
from homeshore.engine import Resource, Snapshot, run_program
from homeshore.project import find_project
from tests.conformance.imagined import Imagined

HERE = Path(__file__).parent
PROJECT = find_project(HERE)
SANDBOX = HERE / "stacks"
PIPELINE = "homeshore:pipeline:RegionalPipeline"
BASELINE = "homeshore:baseline:AccountBaseline"
STANDBY = "homeshore:pipeline:StandbyPipeline"


@dataclass(frozen=True)
class Subject:
    """One stack file and what the program registers for it. `config` is the stack file's, without the namespace."""

    name: str
    config: Mapping[str, Any]
    snapshot: Snapshot

    @property
    def cloud(self) -> str:
        """The placement's cloud."""
        return str(self.config["placement"]["cloud"])

    @property
    def account(self) -> str:
        """What the cloud calls the account: AWS account id, Azure subscription id, Google Cloud project id."""
        placement = self.config["placement"]
        return str(next(placement[key] for key in ("account_id", "subscription_id", "project_id") if key in placement))

    @property
    def private(self) -> bool:
        """Whether the stack has no public endpoint."""
        return str(self.config.get("network", {}).get("mode", "private")) == "private"

    @property
    def is_baseline(self) -> bool:
        """Whether the stack is what lies beneath the pipelines of an account."""
        return self.config.get("blueprint") == "baseline"

    @property
    def erasable(self) -> bool:
        """Whether both keys for deleting data are turned."""
        return self.config.get("removal") == "destroy" and self.config.get("protect") is False

    @cached_property
    def by_urn(self) -> Mapping[str, Resource]:
        """Every registration."""
        return {resource.urn: resource for resource in self.snapshot.resources}

    @cached_property
    def managed(self) -> list[Resource]:
        """What a cloud holds something for."""
        return [resource for resource in self.snapshot.resources if resource.managed]

    def ancestors(self, resource: Resource) -> Iterator[Resource]:
        """The resource's parent, its parent, and so on."""
        while resource.parent and (parent := self.by_urn.get(resource.parent)):
            yield parent
            resource = parent

    def component(self, resource: Resource) -> Resource | None:
        """The component that the resource is a part of."""
        return next(self.ancestors(resource), None)

    def standing_by(self, resource: Resource) -> bool:
        """Whether the resource is a part of the standby."""
        return STANDBY in resource.urn  # which holds the types of all that it is a part of

    def region(self, resource: Resource) -> str:
        """Where the resource has to lie."""
        if self.standing_by(resource):
            return str(self.config["standby"]["region"])
        return str(self.config["placement"]["region"])

    def with_resources(self, resources: Iterator[Resource]) -> Subject:
        """The same stack with other registrations."""
        return replace(self, snapshot=replace(self.snapshot, resources=tuple(resources)))


def stack_files() -> dict[str, Path]:
    """The stack files that are judged, by the subject's name: this suite's and the project's own."""
    sandbox = {path.stem: path for path in sorted(SANDBOX.glob("*.yaml"))}
    return {**sandbox, **{f"{PRODUCT}-{stack}": PROJECT.stack_file(stack) for stack in PROJECT.stacks()}}


@cache
def subject(name: str, *, generation: int | None = None) -> Subject:
    """The subject of that name; the program runs for it once per session."""
    return fresh(name, generation=generation)


def fresh(name: str, *, generation: int | None = None) -> Subject:
    """The subject of that name, from a run of the program of its own."""
    document = cast("dict[str, Any]", yaml.safe_load(stack_files()[name].read_text(encoding="utf-8"))["config"])
    if generation is not None:
        document |= {f"{PRODUCT}:generation": str(generation)}
    strings = {key: value if isinstance(value, str) else json.dumps(value) for key, value in document.items()}
    # Only AWS names things by what is known when they exist.
    cloud = Imagined() if "account_id" in document[f"{PRODUCT}:placement"] else None
    with Path(os.devnull).open("w", encoding="utf-8") as diagnostics:
        snapshot = run_program(PROJECT, name, backend=cloud, config=strings, diagnostics=diagnostics)
    return Subject(name, {key.partition(":")[2]: value for key, value in document.items()}, snapshot)
