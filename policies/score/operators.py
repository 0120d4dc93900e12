"""Every bend of a stack, operator by operator. What is bent follows from the inputs and from tables of data."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Final, NamedTuple, cast

from policies.model import Resource, Stack
from policies.score import schema, texts
from policies.score.abroad import Abroad, rows
from policies.score.bends import GONE, Bend, Inside, Spot, change, path_of, shown, spots
from policies.score.ways import inserted

TIMES: Final = 10
"""What a number is multiplied by."""
_DURATION: Final = re.compile(r"(\d+)s")


def every(stack: Stack, abroad: Abroad) -> Iterator[Bend]:
    """Every bend of `stack`, each change once."""
    for resource in stack.resources:
        if not resource.custom or resource.type == "pulumi:pulumi:Stack":
            continue
        seen: set[tuple[str, str]] = set()
        for operator in (_texts, _references, _grants, _listed, _numbers, _removed):
            for bend in operator(stack, resource, abroad):
                what = (bend.path, json.dumps(bend.after))
                if what not in seen:
                    seen.add(what)
                    yield bend
        yield from _whole(resource)
    yield from inserted(stack, abroad)


def _texts(stack: Stack, resource: Resource, abroad: Abroad) -> Iterator[Bend]:
    """Each text that parses as a region, an ARN, a resource id, a location or a host."""
    for spot in _inputs(resource):
        for one in texts.bends(_cloud(resource), spot.text, abroad) if spot.text else ():
            yield change(stack, one.operator, resource, spot, one.text)


def _references(stack: Stack, resource: Resource, abroad: Abroad) -> Iterator[Bend]:
    """Each reference to a resource of the stack: a name that stands in a text, or what is known after the update."""
    for spot in _inputs(resource):
        if not isinstance(spot.value, str):
            continue
        linked = [
            one
            for urn in resource.property_dependencies.get(cast("str", spot.steps[0]), ())
            if (one := stack.by_urn.get(urn)) is not None
        ]
        if spot.unknown and linked:
            types = tuple(one.type for one in linked)
            literal = abroad.reference(_cloud(resource), types, spot.path) or abroad.filled("{name}", _cloud(resource))
            yield change(stack, "reference", resource, spot, literal)
        elif spot.text and "#" not in spot.path:
            names = [name for one in linked for name in one.known_as if name in spot.text.lower()]
            own = {spot.text.lower()} & _names_of_others(stack, resource)
            for name in sorted({*names, *own}, key=len, reverse=True)[:1]:
                bent = re.sub(
                    re.escape(name), abroad.filled("{name}", _cloud(resource)), spot.text, flags=re.IGNORECASE
                )
                yield change(stack, "reference", resource, spot, bent)


def _names_of_others(stack: Stack, resource: Resource) -> frozenset[str]:
    names = _names(stack)
    return frozenset(name for name, owners in names.items() if owners - {resource.urn})


class Grant(NamedTuple):
    """A row of grants.csv: what a grant is widened to."""

    operator: str
    type: str
    path: str
    after: str


@cache
def _grant_rows() -> tuple[Grant, ...]:
    return tuple(Grant(row["operator"], row["type"], row["path"], row["after"]) for row in rows("grants.csv"))


def _grants(stack: Stack, resource: Resource, abroad: Abroad) -> Iterator[Bend]:
    """Each principal, role, scope and action of a grant, widened or given to somebody else."""
    fitting = [row for row in _grant_rows() if fnmatchcase(resource.type, row.type)]
    for spot in _inputs(resource) if fitting else ():
        for row in fitting:
            if fnmatchcase(_bracketless(spot.plain), _bracketless(row.path)):
                after = GONE if row.after == "~gone" else json.loads(abroad.filled(row.after, _cloud(resource)))
                if after != spot.value:
                    yield change(stack, row.operator, resource, spot, after)


def _bracketless(path: str) -> str:
    return path.replace("[]", "()")


def _listed(stack: Stack, resource: Resource, abroad: Abroad) -> Iterator[Bend]:
    """Each boolean and each listed value that the type has, also those that are not set; each place that is not set."""
    for one in schema.inputs(resource.type, resource.inputs):
        spot = Spot(one.steps, cast("None", one.value))
        if spot.unknown:
            continue
        if one.boolean:
            for value in (True, False):
                if not _same(one.value, value):
                    yield change(stack, "boolean", resource, spot, value)
        for value in one.values:
            if not _same(one.value, value):
                yield change(stack, "enum", resource, spot, value)
        if one.place and one.value is None and not one.values:
            yield change(stack, "region-set", resource, spot, abroad.region(_cloud(resource)))


def _same(before: object, after: object) -> bool:
    return str(before).lower() == str(after).lower() if before is not None else False


def _numbers(stack: Stack, resource: Resource, _: Abroad) -> Iterator[Bend]:
    """Each number and each duration: ten times as much, and none."""
    for spot in _inputs(resource):
        seconds = _DURATION.fullmatch(spot.text)
        if seconds:
            for value in (f"{int(seconds[1]) * TIMES}s", "0s"):
                yield change(stack, "number", resource, spot, value)
        elif isinstance(spot.value, int | float) and not isinstance(spot.value, bool) and "#" not in spot.path:
            for value in (spot.value * TIMES, 0):
                yield change(stack, "number", resource, spot, value)


def _removed(stack: Stack, resource: Resource, abroad: Abroad) -> Iterator[Bend]:
    """Each block, and each value that another operator bends, taken away, unless the type requires it."""
    others = (_texts, _references, _listed, _numbers)
    paths = {bend.path for operator in others for bend in operator(stack, resource, abroad)}
    required: set[str] = set()
    for one in schema.inputs(resource.type, resource.inputs):
        if one.set and one.required:
            required.add(path_of(one.steps))
    for spot in _inputs(resource):
        block = isinstance(spot.value, dict | list) and not isinstance(spot.steps[-1], Inside)
        if spot.path not in required and (spot.path in paths or block) and _keyed(spot):
            yield change(stack, "removed", resource, spot, GONE)


def _keyed(spot: Spot) -> bool:
    """Whether it is an input; of a document, and of a list, only a statement: the rest is bent by other operators."""
    if "#" in spot.path:
        return spot.plain.endswith("#Statement[]")
    return isinstance(spot.steps[-1], str)


def _whole(resource: Resource) -> Iterator[Bend]:
    """The resource itself: no longer protected, or not there."""
    if resource.protect and not resource.is_provider:
        bent = dataclasses.replace(resource, protect=False)
        yield Bend("unprotected", resource.urn, resource.type, "", "true", "false", bent)
    if not resource.is_provider:
        yield Bend("resource-removed", resource.urn, resource.type, "", shown(resource.name), "-", None)


def _cloud(resource: Resource) -> str:
    return resource.cloud or ""


@cache
def _spots(resource: Resource) -> tuple[Spot, ...]:
    return tuple(spots(resource.inputs))


def _inputs(resource: Resource) -> tuple[Spot, ...]:
    return _spots(resource)


@cache
def _names(stack: Stack) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in stack.resources:
        for name in one.known_as:
            found.setdefault(name, set()).add(one.urn)
    return found


Operator = Callable[[Stack, Resource, Abroad], Iterator[Bend]]
