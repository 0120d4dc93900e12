"""Values inside of nested inputs, by path: `rules[].kmsKeyId` is that property of each item of the list."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast


def at(inputs: Mapping[str, Any], path: str) -> list[Any]:
    """The values at the path, none where something on the way is missing."""
    found: list[Any] = [inputs]
    for step in path.split("."):
        name = step.removesuffix("[]")
        found = [cast("Mapping[str, Any]", value)[name] for value in found if isinstance(value, dict) and name in value]
        if step.endswith("[]"):
            found = [item for value in found for item in (cast("list[Any]", value) if isinstance(value, list) else [])]
    return found


def without(inputs: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The inputs without what is at the path."""
    copy = json.loads(json.dumps(inputs))
    parents = at(copy, path.rpartition(".")[0]) if "." in path else [copy]
    for parent in parents:
        parent.pop(path.rpartition(".")[2].removesuffix("[]"), None)
    return copy


def texts(value: object) -> Iterator[str]:
    """Every text in the value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in cast("dict[str, object]", value).values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from texts(item)
