"""The tables that the walk reads: its own, and the rules' tables of destinations as one list of ways out."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from typing import NamedTuple

from policies.anywhere import egress
from policies.aws.destinations import table as aws_destinations
from policies.azure import facts as azure
from policies.facts import rows
from policies.standings import parts

FAR_END = ("SOV-X-004",)
"""Rules whose destinations are sources: the far end of a link, asked by this end."""


class Way(NamedTuple):
    """An input through which bytes go: `aim` says how its value is read, in the words of the table it comes from.

    `default` and `when` are those of egress.csv; `unless` is the path of a switch that closes the way where it is off.
    """

    rule: str
    type: str
    path: str
    aim: str
    what: str
    default: str = ""
    when: str = ""
    unless: str = ""


class Link(NamedTuple):
    """An input that says whose bytes a resource handles: `role` is from, to, link (both), part, as or grants.

    A row of the table whose role is a rule's id is a way out that the rule judges in its code and in no table.
    """

    path: str
    role: str
    what: str


class Role(NamedTuple):
    """What a type is to the walk: store, mover, part, key, identity or wiring; `word` is what a report calls it."""

    role: str
    word: str


@cache
def ways() -> dict[str, tuple[Way, ...]]:
    """Every way out that the rules know, by type."""
    found: list[Way] = []
    for table in aws_destinations().values():
        found += (Way(one.rule, one.type, one.path, one.kind, one.what) for one in table)
    for table in egress.ways().values():
        found += (Way(one.rule, one.type, one.path, one.kind, one.what, one.default, one.when) for one in table)
    for table in azure.destinations().values():
        found += (
            Way(one.rule, one.type, one.path, " ".join(one.targets), one.what, "", "", one.unless) for one in table
        )
    found += (Way(row["rule"], row["type"], row["path"], row["kind"], row["what"]) for row in rows("destinations.csv"))
    found += (Way(row["rule"], row["type"], row["path"], "region", "a copy") for row in rows("azure_places.csv"))
    found += (Way("SOV-GCP-001", row["type"], row["path"], "region", "a copy") for row in rows("gcp_locations.csv"))
    found += (
        Way("SOV-AZ-003", one.type, one.path, "pair", "a copy", one.default, " ".join(one.geo))
        for one in azure.copies().values()
    )
    found += (
        Way(row["role"], row["type"], row["path"], row["aim"], row["what"])
        for row in rows("path_links.csv")
        if row["role"] in kinds()
    )
    by_type: dict[str, tuple[Way, ...]] = {}
    for one in found:
        by_type[one.type] = (*by_type.get(one.type, ()), one)
    return by_type


@cache
def links() -> dict[str, tuple[Link, ...]]:
    """Who feeds whom, by type."""
    found: dict[str, tuple[Link, ...]] = {}
    for row in rows("path_links.csv"):
        if row["role"] not in kinds():
            found[row["type"]] = (*found.get(row["type"], ()), Link(row["path"], row["role"], row["what"]))
    return found


@cache
def kinds() -> dict[str, str]:
    """The word for a way that a rule is about, by the rule's id. What is not among them is no way of bytes."""
    return {row["rule"]: row["kind"] for row in rows("path_ways.csv")}


@cache
def role(kind: str) -> Role | None:
    """What a type is to the walk; None for one that is only a part of the wiring, or nothing."""
    module, name = parts(kind)
    for row in _roles().get(module, ()):
        if any(fnmatchcase(name, one) for one in row["types"].split()):
            return Role(row["role"], row["is"])
    return None


@cache
def _roles() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows("path_stores.csv"):
        found.setdefault(row["module"], []).append(row)
    return found


@cache
def granted(cloud: str) -> dict[str, frozenset[str]]:
    """What a verb of AWS, or a role of another cloud, lets its holder do with bytes: reads, writes or both."""
    return {row["name"]: frozenset(row["does"].split()) for row in rows("path_grants.csv") if row["cloud"] == cloud}
