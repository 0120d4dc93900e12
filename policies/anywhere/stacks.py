"""What a stack is joined with: other stacks that it reads, and the providers that it works through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import geography
from policies.model import CLOUDS, PROVIDER
from policies.places import place
from policies.rules import Case, Said, rule

PROVIDERS: Final = tuple(f"{PROVIDER}{package}" for package in CLOUDS)
WHERE: Final = ("region", "location", "zone")


@rule("SOV-X-001", "pulumi:pulumi:StackReference")
def referenced_stack_is_inside(case: Case) -> Iterator[Said]:
    """A stack is read only from inside the boundary, as its name or the table of stacks says."""
    boundary, at = case.stack.boundary, case.read("name")
    if boundary is None:
        return
    if at.unknown:
        yield case.unsure(at)
        return
    name = at.text or case.resource.name
    told = case.stack.parameters.stack_boundaries.get(name)
    regions, areas = ([], [geography.boundary(told)]) if told else _said(name)
    gone = [one.name for one in regions if not boundary.holds(one)] + [
        one.name for one in areas if not _in(one, boundary)
    ]
    if gone:
        yield case.fail(at, f"{name} lives in {gone[0]}, outside the boundary {boundary.name}")
    elif not areas and not regions and name not in case.stack.parameters.allowed_destinations:
        yield case.fail(at, f"nobody can tell from {name} where that stack lives")


def _said(name: str) -> tuple[list[geography.Region], list[geography.Boundary]]:
    """Where a stack's name says that it lives, by a region, its last word or its first; else its project's."""
    for part in reversed(name.lower().split("/")[-2:]):
        regions = list(_regions(part))
        if regions:
            return regions, []
        words = [word for word in re.split(r"[-_.]", part) if word]
        areas = {one.name: one for one in geography.boundaries()}
        found = [areas[word] for word in (*words[-1:], *words[:1]) if word in areas]
        if found:
            return [], found[:1]
    return [], []


def _regions(part: str) -> Iterator[geography.Region]:
    """The regions that a part of a stack's name has in it."""
    parts = part.split("-")
    runs = ("-".join(parts[start:end]) for start in range(len(parts)) for end in range(len(parts), start, -1))
    for run in runs:
        for cloud in geography.CLOUDS:
            found = place(cloud, run)
            if found is not None and found.kind == "region":
                yield found


def _in(area: geography.Boundary, boundary: geography.Boundary) -> bool:
    return area.jurisdictions <= boundary.jurisdictions and area.countries <= boundary.countries


@rule("SOV-X-003", *PROVIDERS)
def provider_works_inside(case: Case) -> Iterator[Said]:
    """A provider works inside the boundary, and where the stack is declared to be, used or not."""
    cloud = case.resource.cloud or ""
    for key in WHERE:
        at = case.read(key)
        found = place(cloud, at.text) if at.text else None
        declared = case.stack.parameters.placements
        if at.unknown:
            yield case.unsure(at)
        elif at.text and (found is None or not case.stack.holds(found)) and case.stack.boundary is not None:
            yield case.fail(at, f"the provider works in {at.text}, outside the boundary {case.stack.boundary.name}")
        elif found is not None and declared and f"{cloud}:{found.name}" not in declared:
            yield case.fail(at, f"the provider works in {found.name}, where the stack is not declared to be")
