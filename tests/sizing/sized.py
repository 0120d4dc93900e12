"""Loads and places for the sizing tests. Regions come from the tables, by what the limits say of them."""

from __future__ import annotations

from typing import NamedTuple

import geography
from stacks.models import FRESHNESS_MINUTES, Latency, Retention, Slo
from stacks.sizing import CapacityPlan, plan
from stacks.sizing.limits import Limits

KINESIS, LAMBDA = "Kinesis Data Streams", "Lambda"


class Place(NamedTuple):
    cloud: str
    region: str


class Rate(NamedTuple):
    average: int
    peak: int


class Load(NamedTuple):
    events_per_second: Rate
    event_bytes: int


def _regions_where_on_demand_stops_at(megabytes_per_second: int) -> list[str]:
    return [
        place.name
        for place in geography.regions("aws")
        if place.kind == "region"
        and Limits("aws", place.name).one(KINESIS, "on-demand maximum").value == megabytes_per_second
    ]


CAPPED = _regions_where_on_demand_stops_at(200)
LARGE = _regions_where_on_demand_stops_at(10_240)


def load(average: int, peak: int, event_bytes: int = 1024) -> Load:
    return Load(Rate(average, peak), event_bytes)


def sized(
    workload: Load,
    latency: Latency = Latency.INTERACTIVE,
    *,
    region: str = CAPPED[0],
    replay_hours: int = 24,
    freshness_minutes: int | None = None,
) -> CapacityPlan:
    slo = Slo(freshness_minutes=freshness_minutes or FRESHNESS_MINUTES[latency])
    return plan(Place("aws", region), workload, latency, Retention(replay_hours=replay_hours), slo)


def reason(capacity: CapacityPlan, name: str) -> str:
    (decision,) = (decision for decision in capacity.decisions if decision.name == name)
    return decision.reason


def limit(capacity: CapacityPlan, name: str) -> str | None:
    (decision,) = (decision for decision in capacity.decisions if decision.name == name)
    return decision.limit
