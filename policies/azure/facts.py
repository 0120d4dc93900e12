"""The tables of Azure's rules, read once: what a type is called by, where it sends data, where it keeps copies."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

DATA: Final = Path(__file__).parent.parent / "data"
GROUP: Final = "azure-native:resources:ResourceGroup"
ACCOUNT: Final = "azure-native:storage:StorageAccount"
NAMESPACE: Final = "azure-native:eventhub:Namespace"
VAULT: Final = "azure-native:keyvault:Vault"
HSM: Final = "azure-native:keyvault:ManagedHsm"
WORKSPACE: Final = "azure-native:synapse:Workspace"
LOGS: Final = "azure-native:operationalinsights:Workspace"
JOB: Final = "azure-native:streamanalytics:StreamingJob"
SITE: Final = "azure-native:web:WebApp"
SLOT: Final = "azure-native:web:WebAppSlot"
PLAN: Final = "azure-native:web:AppServicePlan"


class Named(NamedTuple):
    """How others name a resource of `type`: by the value of its `input`, after `arm` in a resource id."""

    type: str
    input: str
    arm: str


class Destination(NamedTuple):
    """Where a resource sends data: `path` of its inputs names one of `targets` (empty: nothing of a stack).

    `unless` is the path of a switch: where it is known to be off, nothing is sent.
    """

    rule: str
    type: str
    path: str
    targets: tuple[str, ...]
    what: str
    unless: str


class Copies(NamedTuple):
    """Where a resource says how redundant it is: the values in `geo` copy to the region's pair."""

    type: str
    path: str
    default: str
    geo: tuple[str, ...]


@cache
def named() -> dict[str, Named]:
    """How each type is named, by type."""
    return {row["type"]: Named(row["type"], row["input"], row["arm"]) for row in rows("azure_names.csv")}


@cache
def destinations() -> dict[tuple[str, str], tuple[Destination, ...]]:
    """Where each type sends data, by rule and type."""
    found: dict[tuple[str, str], tuple[Destination, ...]] = {}
    for row in rows("azure_destinations.csv"):
        targets = tuple(row["targets"].split())
        for kind in row["type"].split():
            key = (row["rule"], kind)
            one = Destination(row["rule"], kind, row["path"], targets, row["what"], row["unless"])
            found[key] = (*found.get(key, ()), one)
    return found


@cache
def places(rule: str) -> dict[str, tuple[str, ...]]:
    """The inputs that name a location besides the resource's own, by type."""
    found: dict[str, tuple[str, ...]] = {}
    for row in rows("azure_places.csv"):
        if row["rule"] == rule:
            found[row["type"]] = (*found.get(row["type"], ()), row["path"])
    return found


@cache
def copies() -> dict[str, Copies]:
    """Where each type says how redundant it is."""
    return {
        row["type"]: Copies(row["type"], row["path"], row["default"], tuple(row["geo"].split()))
        for row in rows("azure_copies.csv")
    }


@cache
def column(table: str, key: str) -> frozenset[str]:
    """One column of a table."""
    return frozenset(row[key] for row in rows(table))


@cache
def worlds() -> dict[str, str]:
    """The world of its vendor (empty: the public cloud) that a host's suffix belongs to."""
    return {row["suffix"]: row["world"] for row in rows("azure_hosts.csv")}


@cache
def types_of_host() -> dict[str, tuple[str, ...]]:
    """The types whose names stand before a host's suffix."""
    return {row["suffix"]: tuple(row["types"].split()) for row in rows("azure_hosts.csv") if row["types"]}


@cache
def rows(table: str) -> tuple[dict[str, str], ...]:
    """The rows of a table beside the rules."""
    with (DATA / table).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))
