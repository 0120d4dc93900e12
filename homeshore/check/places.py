"""Where a finding is looked at: a line of the stack file, where that decides, else of the program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final, cast

import yaml

from findings import Finding, Report
from homeshore.engine import Resource, Snapshot
from homeshore.engine.model import STACK_TYPE

PLACEMENT: Final = "homeshore:placement"
RESIDENCY: Final = "homeshore:residency"
TRANSFERS: Final = ("TRF-X-001", "homeshore:transfers")
EXEMPTIONS: Final = ("EXM-X-001", "policies/exemptions.yaml")


@dataclass(frozen=True)
class Entry:
    """A key of a stack file: its path below `config`, its scalar value as text (empty for a mapping), its line."""

    path: tuple[str, ...]
    value: str
    line: int


def located(report: Report, snapshot: Snapshot, stack_file: Path | None) -> Report:
    """The report with the place of each finding. `stack_file` is None for a stack that was read from elsewhere."""
    resources = {one.urn: one for one in snapshot.resources}

    def at(found: Finding) -> Finding:
        file, line = _place(found, resources.get(found.urn), stack_file)
        return replace(found, source_file=file, source_line=line)

    return replace(
        report,
        findings=tuple(at(one) for one in report.findings),
        exempted=tuple(replace(one, finding=at(one.finding)) for one in report.exempted),
    )


def _place(found: Finding, resource: Resource | None, stack_file: Path | None) -> tuple[str | None, int | None]:
    if found.rule == EXEMPTIONS[0]:
        return EXEMPTIONS[1], 1
    if stack_file is not None and found.rule == TRANSFERS[0]:
        return stack_file.name, _line(stack_file, TRANSFERS[1])
    if stack_file is not None and found.category == "sovereignty":
        if resource is None or resource.type == STACK_TYPE:
            return stack_file.name, _line(stack_file, RESIDENCY)
        if resource.is_provider:
            return stack_file.name, _line_of_value(stack_file, found.found) or _line(stack_file, PLACEMENT)
    if resource is not None and resource.source_position:
        file, _, line = resource.source_position.rpartition(":")
        return file, int(line)
    return (stack_file.name, 1) if stack_file is not None else (None, None)


def _line(file: Path, key: str) -> int:
    return next((one.line for one in entries(file) if one.path == (key,)), 1)


def _line_of_value(file: Path, found: str) -> int | None:
    """The line that states the value of a finding, which is JSON text."""
    try:
        value: object = json.loads(found)
    except ValueError:
        return None
    return next((one.line for one in entries(file) if one.value and one.value == value), None)


@cache
def entries(file: Path) -> tuple[Entry, ...]:
    """The keys below `config` of a stack file; none where it cannot be read as YAML."""
    try:
        root = cast("object", yaml.compose(file.read_text(encoding="utf-8"), yaml.SafeLoader))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return ()
    return tuple(entry for key, value in _pairs(root) if key.value == "config" for entry in _below(value, ()))


def _pairs(node: object) -> list[tuple[yaml.Node, yaml.Node]]:
    return cast("list[tuple[yaml.Node, yaml.Node]]", node.value) if isinstance(node, yaml.MappingNode) else []


def _below(node: object, above: tuple[str, ...]) -> Iterator[Entry]:
    for key, value in _pairs(node):
        path = (*above, str(cast("object", key.value)))
        text = str(cast("object", value.value)) if isinstance(value, yaml.ScalarNode) else ""
        yield Entry(path, text, cast("yaml.Mark", key.start_mark).line + 1)
        yield from _below(value, path)
