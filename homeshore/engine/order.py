"""One order for what a run registered, whatever order the SDK's tasks happened to run in."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable

from homeshore.engine.model import Resource


def in_order(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """Each resource after its parent, its provider and what it depends on; else by name.

    The SDK registers a resource when the last of its inputs is ready, and keeps them in sets of objects: of resources
    that do not wait for each other, now one is first and now another.
    """
    by_urn = {resource.urn: resource for resource in resources}
    waiting = {urn: _before(resource) & by_urn.keys() - {urn} for urn, resource in by_urn.items()}
    followers: defaultdict[str, list[str]] = defaultdict(list)
    for urn, before in waiting.items():
        for other in before:
            followers[other].append(urn)
    ready = [_key(by_urn[urn]) for urn, before in waiting.items() if not before]
    heapq.heapify(ready)
    found: list[Resource] = []
    while ready:
        _, urn = heapq.heappop(ready)
        found.append(by_urn.pop(urn))
        for follower in followers[urn]:
            waiting[follower].discard(urn)
            if not waiting[follower]:
                heapq.heappush(ready, _key(by_urn[follower]))
    # What is left waits for itself in a circle, which the engine would not have registered.
    return (*found, *(by_urn[urn] for urn in sorted(by_urn)))


def _key(resource: Resource) -> tuple[str, str]:
    return resource.name, resource.urn


def _before(resource: Resource) -> set[str]:
    provider = (resource.provider or "").rpartition("::")[0]
    return {resource.parent or "", provider, *resource.dependencies}
