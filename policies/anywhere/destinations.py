"""Links from one cloud to another, and destinations that no other rule judges."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

import geography
from policies.facts import rows
from policies.gcp.where import leads_inside
from policies.model import Resource
from policies.places import arn, place, places_in_host
from policies.rules import UNPLACED, Case, Said, rule
from policies.values import Reading

LINKED: Final = "SOV-X-004"


@cache
def _rows(identity: str) -> tuple[dict[str, str], ...]:
    return tuple(row for row in rows("destinations.csv") if row["rule"] == identity)


def _types(identity: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row["type"] for row in _rows(identity)))


@rule(UNPLACED, *_types(UNPLACED))
def destination_can_be_placed(case: Case) -> Iterator[Said]:
    """Every destination that no other rule judges lies inside, or somebody has looked at it."""
    for row in _rows(UNPLACED):
        if row["type"] == case.resource.type:
            for at in case.read_all(row["path"]):
                yield from leads_inside(case, at, row["kind"], row["what"])


@rule(LINKED, *_types(LINKED))
def link_stays_inside(case: Case) -> Iterator[Said]:
    """Both ends of a link between clouds lie inside the boundary."""
    if case.stack.boundary is None:
        return
    for row in _rows(LINKED):
        if row["type"] == case.resource.type:
            for at in case.read_all(row["path"]):
                yield from _end_inside(case, at, row["kind"], row["what"])


def _end_inside(case: Case, at: Reading, kind: str, what: str) -> Iterator[Said]:
    """The other end, told from what the input says or from the resource of the stack that it means."""
    if at.missing or (kind == "other-cloud" and at.text and not at.text.startswith(("aws-", "azure-"))):
        return
    ends = _resources(case, at, kind)
    regions = [case.stack.region(one) for one in ends] if ends else list(_said(at.text, kind))
    gone = [one.name for one in regions if one is not None and not case.stack.holds(one)]
    if gone:
        yield case.fail(at, f"{at.path} takes {what} from {gone[0]}, outside the boundary")
    elif at.unknown and None in (regions or [None]):
        yield case.unsure(at, "where the other end lies is known only after the update")
    elif not regions and at.text and not (kind == "host" and case.read(f"{_block(at)}.region").present):
        yield from case.unplaced(at, what)


def _block(at: Reading) -> str:
    """The block in which a value stands."""
    return at.path.rpartition(".")[0]


def _said(text: str, kind: str) -> Iterator[geography.Region | None]:
    """The places that the text itself says."""
    match kind:
        case "arn":
            found = arn(text)
            if found and found.region:
                yield place("aws", found.region)
        case "host":
            host = text.partition(":")[0]
            yield from (one for cloud in geography.CLOUDS for one in places_in_host(cloud, host))
        case "aws-region":
            yield from filter(None, [place("aws", text)])
        case "other-cloud":
            cloud, _, name = text.partition("-")
            yield from filter(None, [place(cloud, name)])
        case "instance":  # project:region:instance
            parts = text.split(":")
            yield from filter(None, [place("gcp", parts[-2])] if len(parts) > 1 else [])
        case _:
            return


def _resources(case: Case, at: Reading, kind: str) -> list[Resource]:
    """The resources of the stack that are the other end: "type#input with its name", or whatever the input links to."""
    top = at.path.partition(".")[0]
    linked = [one for urn in case.resource.property_dependencies.get(top, ()) if (one := case.stack.by_urn.get(urn))]
    token, _, own = kind.partition("#")
    if not own:
        return [one for one in linked if one.cloud != "gcp"] if at.unknown and kind == "arn" else []
    if not at.text:
        return [one for one in linked if one.type == token]
    name = at.text.lower().removesuffix(".servicebus.windows.net")
    candidates = list(case.stack.of(token))
    same = [one for one in candidates if one.read(own).text.lower() == name]
    return same or [one for one in candidates if one.read(own).missing and (one in linked or one.name.lower() == name)]
