"""A Pulumi program that builds Azure's components without a blueprint, as a case in its config says."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import pulumi

import geography
from components.azure.bucket import Bucket
from components.azure.key import Key
from components.azure.logs import Logs
from components.azure.network import Network
from components.azure.provider import provider
from components.azure.standby import Pair
from components.azure.stream import Stream
from components.base import Classification, RegionalComponent, Scope
from components.contracts import BucketSpec, KeySpec, LogsSpec, NetworkSpec, Stores, StreamSpec
from components.lifecycle import Move, failed_batch_rules, lake_rules
from components.naming import Names
from components.placement import AzurePlacement
from events.contract import SHIPPED, load

SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
TENANT = "00000000-0000-4000-8000-000000000002"
SENDER = "00000000-0000-4000-8000-00000000000a"
READER = "00000000-0000-4000-8000-00000000000b"
EUROPE = geography.boundary("eu")
HOMES = [
    place
    for place in geography.regions("azure")
    if place.kind == "region" and EUROPE.holds(place) and geography.redundancy(place, EUROPE).kinds[-1:] == ("GZRS",)
]
HOME, STANDBY = HOMES[0].name, HOMES[1].name
CLUSTER = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shared/providers/Microsoft.EventHub/clusters/shared"

KEY = KeySpec(budget_alerts=False, expires="2027-11-30")
LAKE = BucketSpec(
    "lake",
    Classification.PSEUDONYMISED,
    lake_rules((Move("Cool", 31), Move("Cold", 61)), 730),
    redundancy="zone",
    queried=True,
)
FAILED = BucketSpec("failed", Classification.PERSONAL, failed_batch_rules(24))
STREAM = StreamSpec(
    tier="Premium",
    units=4,
    shards=40,
    replay_hours=48,
    own_throughput=False,
    contract=load(SHIPPED),
    private=True,
)
PUBLIC = {"private": False, "sender_cidrs": ("198.51.100.0/24", "2001:db8::/32")}


@dataclass(frozen=True)
class Region:
    """What was built in one region."""

    parent: RegionalComponent
    key: Key
    logs: Logs
    lake: Bucket
    failed: Bucket
    stream: Stream
    network: Network

    @property
    def stores(self) -> Stores:
        return Stores(self.key, self.lake, self.failed, self.stream)


def scope(region: str = HOME, *, protect: bool = True, destroys: bool = False, environment: str = "test") -> Scope:
    placement = AzurePlacement(cloud="azure", region=region, subscription_id=SUBSCRIPTION, tenant_id=TENANT)
    names = Names(environment, 1, SUBSCRIPTION, region)
    return Scope(placement, names, "eu", {"Stack": "test", "DataClassification": "internal"}, protect, destroys)


def build(name: str, where: Scope, case: dict[str, Any], stream: dict[str, Any]) -> Region:
    """All components of one region, with the grants that a blueprint makes."""
    parent = RegionalComponent(
        "homeshore:pipeline:RegionalPipeline", name, where, provider=provider(f"{name}-p", where)
    )
    key = Key(f"{name}-key", replace(KEY, **case["key"]), parent=parent)
    logs = Logs(f"{name}-logs", LogsSpec(90, ("lake", "failed")), key=key, parent=parent)
    lake = Bucket(f"{name}-lake", replace(LAKE, redundancy=case["redundancy"]), key=key, logs=logs, parent=parent)
    failed = Bucket(f"{name}-failed", FAILED, key=key, logs=logs, parent=parent)
    bus = Stream(f"{name}-stream", replace(STREAM, **stream), key=key, parent=parent)
    network = Network(
        f"{name}-network",
        NetworkSpec(log_days=30, private=STREAM.private),
        key=key,
        lake=lake,
        failed=failed,
        stream=bus,
        parent=parent,
    )
    key.grant_secret(f"{name}-reader-secret", "pseudonym-key", READER)
    lake.grant_read(f"{name}-reader-read", READER)
    lake.grant_write(f"{name}-reader-write", READER)
    lake.grant_write(f"{name}-sender-write", SENDER)
    lake.grant_maintain(f"{name}-reader-maintain", READER)
    bus.grant_produce(f"{name}-sender-produce", SENDER)
    bus.grant_consume(f"{name}-reader-consume", READER)
    return Region(parent, key, logs, lake, failed, bus, network)


def deploy() -> None:
    """Build the case: settings of the specs, keys of deletion, and whether a second region stands by."""
    case: dict[str, Any] = json.loads(pulumi.Config("homeshore").require("case"))
    settings = {key: tuple(value) if isinstance(value, list) else value for key, value in case["stream"].items()}
    keys = {"protect": case["protect"], "destroys": case["destroys"]}
    home = build("pipeline", scope(**keys), case, settings)
    for name, output in (("endpoint", home.stream.uri), ("bucket", home.lake.uri), ("key", home.key.uri)):
        pulumi.export(name, output)
    if case["standby"]:
        away = build("standby", scope(STANDBY, **keys), case, {**settings, **case["partner"], "partner": True})
        Pair("standby-pair", primary=home.stores, standby=away.stores, parent=home.parent)
