"""A stack as it is to be judged, out of anybody's registrations: canonical types, and what the stack says of itself."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from functools import cache
from math import isfinite
from typing import Final, cast

import geography
from policies import facts
from policies.configuration import Configuration
from policies.model import Resource, Stack
from policies.parameters import Parameters
from policies.places import place
from policies.transfers import register
from policies.values import classify

PIPELINE: Final = "homeshore:pipeline:RegionalPipeline"
BASELINE: Final = "homeshore:baseline:AccountBaseline"
PRODUCTION: Final = ("prod", "production", "prd", "live")
STREAM_HOURS: Final = 168
# azure-native names a version of its API in the module, or in the package where it was generated for one version.
_VERSIONED: Final = re.compile(r"(?:/v\d{8}(?:preview|privatepreview)?)(?=:)")
_GENERATED: Final = re.compile(r"^((?:pulumi:providers:)?azure-native)_\w+?_v\d{8}(?:preview)?(?=$|:)")


def stack(
    name: str,
    resources: Iterable[Resource],
    configuration: Configuration | None = None,
    *,
    stated: Mapping[str, object] | None = None,
) -> Stack:
    """The stack with its boundary and parameters: what the config says, else what the stack's own component states.

    `stated` is what is known of the stack while the component is not (the keys of its inputs). `boundary` of the result
    is None where nobody names one: nothing can then be said of sovereignty.
    """
    told = configuration or Configuration()
    found = [canonical(one) for one in resources]
    own = {**(stated or {}), **_stated(found)}
    boundary = told.told.boundary or _text(own.get("boundary"))
    area = geography.area(boundary) if boundary else None
    return Stack(
        name,
        found,
        boundary=area,
        parameters=_parameters(told, own, area, baseline=any(one.type == BASELINE for one in found)),
    )


def canonical(resource: Resource) -> Resource:
    """The resource under the token that the rules know: without a version in its module or package."""
    kind = canonical_type(resource.type)
    return resource if kind == resource.type else dataclasses.replace(resource, type=kind)


def canonical_type(kind: str) -> str:
    """The type token without the version that azure-native writes into it, and the one that it has had since a move."""
    if "azure-native" not in kind:
        return kind
    plain = _VERSIONED.sub("", _GENERATED.sub(r"\1", kind), count=1)
    return _moved().get(plain, plain)


@cache
def _moved() -> dict[str, str]:
    """The token of today for each that an older release of azure-native used."""
    return {row["type"]: row["now"] for row in facts.rows("azure_moved.csv")}


def _stated(resources: Iterable[Resource]) -> dict[str, object]:
    for one in resources:
        if one.type in (PIPELINE, BASELINE) and not one.custom:
            return {key: classify(key, value).value for key, value in one.inputs.items()}
    return {}


def _parameters(
    configuration: Configuration, own: dict[str, object], boundary: geography.Boundary | None, *, baseline: bool
) -> Parameters:
    told = configuration.told
    environment = _text(own.get("environment"))
    production = (not environment or environment.lower() in PRODUCTION) if told.production is None else told.production
    replay = own.get("replayHours")
    hours = max(STREAM_HOURS, int(replay)) if isinstance(replay, int | float) and isfinite(replay) else STREAM_HOURS
    places = own.get("placements")
    stated = tuple(str(one) for one in cast("list[object]", places)) if isinstance(places, list) else ()
    placements = frozenset(told.placements or stated)
    duty = _keeps_logs(placements, boundary)
    least = max(told.log_days[0], duty.value if duty else 0)
    return Parameters(
        allowed_destinations=frozenset(told.allowed_destinations),
        allowed_hosts=frozenset(told.allowed_hosts),
        allowed_accounts=frozenset(told.allowed_accounts),
        production=production,
        sovereignty_level=told.sovereignty_level,
        strict=told.strict,
        log_days=(least, max(least, told.log_days[1])),
        log_days_by=duty.source if duty and least == duty.value else "",
        stream_hours_at_most=told.stream_hours_at_most or hours,
        multi_region_keys=told.multi_region_keys,
        topic_hours_at_most=told.topic_hours_at_most or hours,
        required_labels=told.required_labels,
        placements=placements,
        stack_boundaries=dict(told.stack_boundaries),
        guardrails_here=baseline if told.guardrails_here is None else told.guardrails_here,
        platform_managed=_text(own.get("baseline")) == "platform",
        classified=dict(told.classified),
        enforcement=dict(configuration.levels),
        transfers=register(own.get("transfers")),
    )


def _keeps_logs(placements: Iterable[str], boundary: geography.Boundary | None) -> geography.Duty | None:
    """The duty to keep logs where the stack stands; where nobody says where, what its whole boundary asks for.

    The config may ask for more days than the law; where it asks for less, the law holds.
    """
    placed = [found for one in placements if (found := place(one.partition(":")[0], one.partition(":")[2])) is not None]
    if placed:
        return geography.keeps_logs(part for one in placed for part in one.jurisdiction.split("+"))
    asked = [geography.keeps_logs([one]) for one in sorted(boundary.jurisdictions)] if boundary else []
    return min((one for one in asked if one), key=lambda one: one.value) if asked and all(asked) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
