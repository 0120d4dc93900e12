"""Tags and labels: that what is there says whose it is, how sensitive, and where it has to stay."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final, NamedTuple, TypeAlias, cast
from weakref import WeakKeyDictionary

import geography
from policies.facts import rows
from policies.model import Resource
from policies.rules import ANY, Case, Said, rule
from policies.values import Reading, State, as_json, classify, is_block, opened

RESIDENCY: Final = "DataResidency"
DEFAULTS: Final = {"aws": "defaultTags", "gcp": "defaultLabels"}
"""The provider's input that carries tags for all that it makes: a block on one, JSON text on the wire."""


Inherited: TypeAlias = tuple[dict[str, Reading], bool]
Found: TypeAlias = tuple[Reading, dict[str, Reading], bool]
_DEFAULTS: WeakKeyDictionary[Resource, dict[str, Inherited]] = WeakKeyDictionary()
"""What was read of a provider, by the input that it is merged into: every resource of its asks."""
_FOUND: WeakKeyDictionary[Resource, tuple[Resource | None, Found]] = WeakKeyDictionary()
"""What was found of a resource under its provider: two rules ask."""


class Carrier(NamedTuple):
    """Which input of a type carries its tags, and whether the provider's own are merged into it."""

    input: str
    inherits: bool


@cache
def carriers() -> dict[str, Carrier]:
    """The taggable types."""
    return {row["type"]: Carrier(row["input"], row["inherits"] == "yes") for row in rows("taggable.csv")}


@rule("TAG-X-001", ANY)
def labels_are_there(case: Case) -> Iterator[Said]:
    """Whatever can carry labels carries those that are required, its own or its provider's."""
    found = _labels(case)
    if found is None:
        return
    at, labels, doubtful = found
    wanted = case.stack.parameters.required_labels
    missing = [name for name in wanted if (one := labels.get(_key(case.resource.cloud, name))) is None or one.missing]
    if missing and doubtful:
        yield case.unsure(at)
    elif missing:
        yield case.fail(at.path, f"{at.path} lacks {', '.join(_spelled(case.resource.cloud, one) for one in missing)}")


@rule("SOV-X-002", ANY)
def residency_label_is_the_boundary(case: Case) -> Iterator[Said]:
    """The label that says where data has to stay says what the stack's boundary says."""
    found, boundary = _labels(case), case.stack.boundary
    if found is None or boundary is None:
        return
    at, labels, doubtful = found
    said = labels.get(_key(case.resource.cloud, RESIDENCY), Reading(at.path, State.MISSING))
    if said.unknown or (said.missing and doubtful):
        yield case.unsure(said)
    elif said.missing:
        yield case.fail(
            at.path, f"{at.path} has no {_spelled(case.resource.cloud, RESIDENCY)}: it must be {boundary.name}"
        )
    elif _plain(said.text) != _plain(boundary.name):
        yield case.fail(said, f"{said.path} is {said.text}, and the stack's boundary is {boundary.name}")


def residency_label(resource: Resource, boundary: geography.Boundary | None) -> tuple[str, str] | None:
    """Where the label stands that says where data has to stay, and what it says; None where there can be none."""
    carrier = carriers().get(resource.type)
    if carrier is None or boundary is None:
        return None
    cloud = resource.cloud
    said = re.sub(r"[^a-z0-9-]", "_", boundary.name) if cloud == "gcp" else boundary.name
    return f"{carrier.input}.{_spelled(cloud, RESIDENCY)}", said


def _labels(case: Case) -> Found | None:
    """Where labels stand, each by its key, and whether some may be there that nobody knows; None: it takes none."""
    carrier = carriers().get(case.resource.type)
    if carrier is None:
        return None
    provider = case.stack.provider_of(case.resource) if carrier.inherits else None
    kept = _FOUND.get(case.resource)
    if kept is None or kept[0] is not provider:
        at = case.read(carrier.input)
        labels, doubtful = _inherited(case, provider, at.path)
        found = at, labels | _members(case.resource.cloud, at), doubtful or at.unknown
        kept = _FOUND[case.resource] = provider, found
    return kept[1]


def _inherited(case: Case, provider: Resource | None, as_if: str) -> Inherited:
    """The labels of the provider, as if they stood where the resource's own do."""
    path = DEFAULTS.get(case.resource.cloud or "")
    if provider is None or path is None:
        return {}, False
    told = _DEFAULTS.setdefault(provider, {})
    if as_if not in told:
        told[as_if] = _defaults(provider, path, as_if, case.resource.cloud)
    return told[as_if]


def _defaults(provider: Resource, path: str, as_if: str, cloud: str | None) -> Inherited:
    at = provider.read(path)
    block = as_json(at.value) if isinstance(at.value, str) else at.value
    if cloud == "aws":
        block = cast("Mapping[str, object]", block).get("tags") if isinstance(block, Mapping) else None
    labels = classify(as_if, block)
    return _members(cloud, labels), at.unknown or labels.unknown


def _members(cloud: str | None, at: Reading) -> dict[str, Reading]:
    here = opened(at.value)
    if not is_block(here):
        return {}
    return {_key(cloud, key): classify(f"{at.path}.{key}", value) for key, value in here.items()}


@cache
def _key(cloud: str | None, name: str) -> str:
    """A label's name as it is compared: Azure ignores the size of letters, Google Cloud has small ones only."""
    match cloud:
        case "gcp":
            return re.sub(r"[_-]", "", name).lower()
        case "azure":
            return name.lower()
        case _:
            return name


def _spelled(cloud: str | None, name: str) -> str:
    """A label's name as its cloud writes it."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() if cloud == "gcp" else name


def _plain(text: str) -> str:
    """A boundary's name without the signs that a label may not have."""
    return re.sub(r"[^a-z0-9]", "", text.lower())
