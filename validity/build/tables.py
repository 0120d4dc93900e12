"""Lays a type's keys, as the SDK has them, over the description of its API, and writes down what is said of each."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

from validity import sdk
from validity.build.azure import Model
from validity.build.nodes import Node, Shape, descend
from validity.build.readers import Operations, Schema
from validity.rules import compiled_pattern

DEEPEST: Final = 8  # keys below each other; some types hold themselves
Types = dict[str, dict[str, Shape]]


@dataclass(frozen=True)
class Table:
    """One committed table: which key of map.toml feeds it, how that is read, and which packages it comes from."""

    name: str
    title: str
    read: Callable[[Path, dict[str, Any]], Node]
    packages: tuple[str, ...]


def mapped() -> Mapping[str, dict[str, Any]]:
    """map.toml: by resource type, where its API is described."""
    return {token: row for token, row in _map().items() if ":" in token}


def _map() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("map.toml").read_text(encoding="utf-8"))


def _cloudformation(packages: Path, row: dict[str, Any]) -> Node:
    return Schema.cloudformation(packages, _map()["cloudformation-listing"], row["cloudformation"])


TABLES: Final = (
    Table("botocore", "botocore", lambda home, row: Operations.read(home, row["botocore"]), ("botocore",)),
    Table(
        "cloudformation",
        "CloudFormation's schemas",
        _cloudformation,
        ("cfn-lint",),
    ),
    Table(
        "discovery",
        "Google's discovery documents",
        lambda home, row: Schema.discovery(home, row["discovery"]),
        ("google-api-python-client",),
    ),
    Table(
        "azure-mgmt",
        "azure-mgmt models",
        Model.read,
        tuple(
            f"azure-mgmt-{name}"
            for name in (
                "authorization",
                "eventhub",
                "keyvault",
                "monitor",
                "msi",
                "storage",
                "streamanalytics",
                "synapse",
                "web",
            )
        ),
    ),
)


def types_of(table: Table, packages: Path) -> Types:
    """All rules of a table. Raises KeyError or OSError where map.toml names what the packages do not have."""
    found: Types = {}
    for token, row in sorted(mapped().items()):
        if table.name not in row:
            continue
        described = sdk.args_class(token)
        if described is None:
            raise KeyError(f"map.toml: no installed SDK has the type {token}")
        node = table.read(packages, row)
        rules = dict(sorted(_object(described, _At(node, row.get("names", {})))))
        if rules:
            found[token] = rules
    return found


@dataclass(frozen=True)
class _At:
    """Where the two descriptions are laid over each other; `path` has no marks of lists, as map.toml writes it."""

    node: Node
    names: Mapping[str, str]
    place: str = ""
    path: str = ""
    depth: int = DEEPEST


def _object(described: type, at: _At) -> Iterator[tuple[str, Shape]]:
    for key, field in sdk.fields(described).items():
        path = f"{at.path}.{key}" if at.path else key
        below = descend(at.node, path, at.names) if at.depth else None
        if below is not None:
            place = f"{at.place}.{key}" if at.place else key
            yield from _value(field.types, replace(at, node=below, place=place, path=path, depth=at.depth - 1))


def _value(types: tuple[Any, ...], at: _At) -> Iterator[tuple[str, Shape]]:
    objects = [kind for kind in types if sdk.is_object(kind)]
    for kind in objects:
        yield from _object(kind, at)
    for of_list, mark in ((True, "[]"), (False, "{}")):
        kinds = tuple(kind for kind in types if (sdk.is_list(kind) if of_list else sdk.is_map(kind)))
        below = at.node.item() if kinds else None
        if below is not None:
            yield from _value(sdk.inner(kinds, of_list=of_list), replace(at, node=below, place=at.place + mark))
    if not objects and (shape := readable(at.node.rules())):
        yield at.place, shape


def readable(shape: Shape) -> Shape:
    """The rule without what Python cannot judge (Java's patterns) and what says nothing (a length of 0 or more)."""
    pattern = shape.get("match") or shape.get("pattern")
    kept = dict(shape)
    if isinstance(pattern, str) and (compiled_pattern(pattern) is None or pattern in (".*", "[\\s\\S]*")):
        kept.pop("match", None)
        kept.pop("pattern", None)
    return {
        key: _plain(value)
        for key, value in sorted(kept.items())
        if not (key.startswith("min") and value == 0 and key != "minimum")
    }


def _plain(value: object) -> object:
    if isinstance(value, list):
        return [str(item) for item in cast("list[object]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value
