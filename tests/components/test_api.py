"""Physical names, URNs, type tokens and configuration keys are API: a change here is a change of every stack.

`pytest tests/components/test_api.py --accept` rewrites the record; the diff of api.yaml is what a reviewer reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from homeshore.engine import Snapshot
from stacks.config import BaselineConfig, StackConfig
from tests.components.conftest import DELETABLE, MAXIMAL, PUBLIC, Preview
from tests.components.test_pipeline import NAMED_BY, managed
from tests.components.test_standby import STANDBY
from tests.conformance.rules import names_of
from tests.conformance.subjects import SANDBOX, Subject, subject

RECORD = Path(__file__).parent / "api.yaml"


def spelled(snapshot: Snapshot) -> list[str]:
    """Each resource's place in the tree, its type and its name, and what it is called in the cloud."""
    return sorted(
        f"{r.urn.split('::', 2)[2]} = {r.inputs.get(NAMED_BY.get(r.type, 'name'), 'no name')}"
        for r in snapshot.resources
    )


def called(stack: Subject) -> list[str]:
    """The same of a stack of the conformance suite, whose tables say where each type has its name."""
    return sorted(f"{r.urn.split('::', 2)[2]} = {next(names_of(r), 'no name')}" for r in stack.managed)


def keys(schema: Mapping[str, Any], definitions: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Dotted paths of all configuration keys."""
    for name, value in schema.get("properties", {}).items():
        here = f"{path}{name}"
        yield here
        for option in (value, *value.get("anyOf", ()), *value.get("oneOf", ()), *value.get("allOf", ())):
            if "$ref" in option:
                yield from keys(definitions[option["$ref"].rpartition("/")[2]], definitions, f"{here}.")


def test_names_tokens_and_keys_are_as_recorded(preview: Preview, accept: bool) -> None:
    schemas = [model.model_json_schema() for model in (StackConfig, BaselineConfig)]
    snapshots = {
        "minimal": preview(),
        "public": preview({**PUBLIC, **DELETABLE}),
        "maximal": preview(MAXIMAL),
        "standby": preview(STANDBY),
    }
    others = [subject(path.stem) for path in sorted(SANDBOX.glob("*.yaml"))]
    now = {
        "config_keys": sorted({key for schema in schemas for key in keys(schema, schema["$defs"])}),
        "type_tokens": sorted(
            {r.type for s in (*snapshots.values(), *(each.snapshot for each in others)) for r in s.resources}
        ),
        "outputs": sorted(snapshots["minimal"].outputs),
        "outputs_with_a_standby": sorted(snapshots["standby"].outputs),
        "names": {
            **{name: spelled(snapshot) for name, snapshot in snapshots.items()},
            **{stack.name: called(stack) for stack in others},
        },
    }
    assert all(managed(snapshot) for snapshot in snapshots.values())
    if accept:
        RECORD.write_text(yaml.safe_dump(now, sort_keys=False, width=400), encoding="utf-8")
    assert yaml.safe_load(RECORD.read_text(encoding="utf-8")) == now
