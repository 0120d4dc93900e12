"""The baseline of each cloud, and the pipelines of the same account and region: recorded once for all tests."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

from homeshore.engine import Resource, Snapshot, run_program
from homeshore.project import find_project

ROOT = Path(__file__).parents[2]
PROJECT = find_project(ROOT)
PAGE = (ROOT / "docs" / "baseline.md").read_text(encoding="utf-8")
CLOUDS = ("aws", "azure", "gcp")
SINK = "gcp:logging/projectSink:ProjectSink"
Document = dict[str, Any]


def examples() -> dict[str, Document]:
    """The page's stack files by their name; the last one has none and is called "further"."""
    found = re.findall(r"(?:`Pulumi\.([a-z-]+)\.yaml`:\n\n)?```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    return {name or "further": cast("Document", yaml.safe_load(text)) for name, text in found}


def pipelines(cloud: str) -> dict[str, Document]:
    """The project's own stack files of the baseline's account and region: one to develop against and production."""
    place = examples()[f"baseline-{cloud}"]["config"]["homeshore:placement"]
    files = {name: yaml.safe_load(PROJECT.stack_file(name).read_text(encoding="utf-8")) for name in PROJECT.stacks()}
    return {
        name: document
        for name, document in files.items()
        if place.items() <= document["config"]["homeshore:placement"].items()
    }


def run(name: str, document: Document, **changes: object) -> Snapshot:
    config = {**document["config"], **{f"homeshore:{key}": value for key, value in changes.items()}}
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    with Path("/dev/null").open("w", encoding="utf-8") as diagnostics:
        return run_program(PROJECT, name, config=texts, diagnostics=diagnostics)


@cache
def baseline(cloud: str) -> Snapshot:
    return run(f"baseline-{cloud}", examples()[f"baseline-{cloud}"])


@cache
def recorded(cloud: str) -> dict[str, Snapshot]:
    return {name: run(name, document) for name, document in pipelines(cloud).items()}


def managed(snapshot: Snapshot) -> list[Resource]:
    return [resource for resource in snapshot.resources if resource.managed]


def of_type(snapshot: Snapshot, token: str) -> list[Resource]:
    return [resource for resource in snapshot.resources if resource.type == token]
