"""What a deployment of a stack asks of AWS: one request or several for each resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, cast

import geography
from policies.backstop.aws_semantics import Request
from policies.backstop.guard import Entry, mapping, table
from policies.facts import rows
from policies.model import Resource, Stack
from policies.places import arn, place
from policies.values import Reading

REQUESTS: Final = "aws_requests.yaml"
UNSPECIFIED: Final = "unspecified"
"""What aws:RequestedRegion says of a call that a global inference profile sends on."""


def requests(stack: Stack, home_region: str) -> Iterator[tuple[Resource, Request]]:
    """Each request of each resource. What only the update knows makes no request: nothing can be said of it."""
    for resource in stack.resources:
        if resource.package == "aws" and not resource.is_provider:
            for request in _of(stack, resource, home_region):
                yield resource, request


def action_of(kind: str) -> str:
    """The action that makes a resource of a type, as far as a guard can tell: its service's prefix is what counts."""
    module, _, name = kind.removeprefix("aws:").rpartition(":")[0].partition("/")
    prefix = mapping(REQUESTS, "prefixes").get(module, module.lower())
    return f"{prefix}:Create{name[:1].upper()}{name[1:]}"


def at_home(action: str) -> bool:
    """Whether a call of `action` goes to the partition's global endpoint."""
    return action.partition(":")[0] in cast("list[str]", table(REQUESTS)["at_home"])


def _of(stack: Stack, resource: Resource, home_region: str) -> Iterator[Request]:
    listed = mapping(REQUESTS, "types").get(resource.type) or [{"action": action_of(resource.type)}]
    for entry in cast("list[Entry]", listed):
        readings = list(resource.read_all(str(entry["each"]))) if "each" in entry else [None]
        for reading in readings:
            if reading is None or reading.text:
                for region in _regions(stack, resource, entry, reading, home_region):
                    yield Request(str(entry["action"]), region, _keys(stack, resource, entry, reading))


def _regions(stack: Stack, resource: Resource, entry: Entry, each: Reading | None, home_region: str) -> Iterator[str]:
    where = str(entry.get("region", "home" if at_home(str(entry["action"])) else "own"))
    text = each.text if each is not None else ""
    if where == "home":
        yield home_region
    elif where == "each":
        yield _named(text)
    elif where == "arn":
        found = arn(text)
        if found and found.region:
            yield found.region
    elif where == "profile":
        yield from _destinations(stack, resource, text)
    else:
        yield _own(stack, resource)


def _own(stack: Stack, resource: Resource) -> str:
    """Where the resource lies; empty where nobody knows."""
    return _named(stack.location(resource).text)


def _named(text: str) -> str:
    """A region's name, also out of a zone's; a text that names none as it stands."""
    found = place("aws", text) if text else None
    return found.name if found else text


def _destinations(stack: Stack, resource: Resource, source: str) -> Iterator[str]:
    """Where an inference profile may send a call: every region of its prefix's jurisdictions."""
    prefix = source.rpartition("/")[2].partition(".")[0]
    jurisdictions = {row["prefix"]: row["jurisdictions"] for row in rows("aws_inference.csv")}
    if prefix not in jurisdictions:  # a model of one region
        found = arn(source)
        yield found.region if found and found.region else _own(stack, resource)
    elif not jurisdictions[prefix]:
        yield UNSPECIFIED
    else:
        wide = set(jurisdictions[prefix].split("+"))
        for one in geography.regions("aws"):
            if one.kind == "region" and set(one.jurisdiction.split("+")) <= wide:
                yield one.name


def _keys(stack: Stack, resource: Resource, entry: Entry, each: Reading | None) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for key, source in cast("dict[str, str]", entry.get("keys") or {}).items():
        if source == "own":
            values = (_own(stack, resource),)
        elif source == "each":
            values = (each.text if each is not None else "",)
        else:
            values = tuple(one.text for one in resource.read_all(source))
        if any(values):
            found[key] = tuple(value for value in values if value)
    return found
