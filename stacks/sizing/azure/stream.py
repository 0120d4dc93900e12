"""The event hub: the cheapest tier that carries the load, its units and its partitions."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

from stacks.sizing.batches import needed
from stacks.sizing.limits import Limit
from stacks.sizing.model import Ledger, SizingError, StreamCapacity
from stacks.sizing.targets import HEADROOM
from stacks.sizing.task import Task

EVENT_HUBS = "Event Hubs"
STANDARD, PREMIUM, DEDICATED = "Standard", "Premium", "Dedicated"
LEAST_PARTITIONS = 2
"""One partition is one reader: with two, one can be read while the other waits."""
HOURS_PER_DAY = 24


@dataclass(frozen=True)
class Offer:
    """A tier with what one unit of it takes; `units` that carry the load, None where no number of them does.

    `limit` is what decided, `why` the arithmetic in words. `bytes_per_second` and `records_per_second` are what the
    hub then takes.
    """

    tier: str
    units: int | None
    partitions: int
    limit: Limit
    why: str
    bytes_per_second: int
    records_per_second: int


def size_stream(ledger: Ledger, task: Task, *, dedicated: bool) -> StreamCapacity:
    """The hub for `workload`. Raises SizingError: event size, retention, what no tier carries."""
    _check_event(task)
    refused: list[str] = []
    for offer in (_standard(task), _premium(task), _dedicated(task)):
        kept = task.limits.one(EVENT_HUBS, f"retention, {offer.tier}")
        if offer.units is None:
            refused.append(f"{offer.tier}: {offer.why}")
        elif task.retention.replay_hours > kept.value:
            refused.append(f"{offer.tier} keeps {kept.value:,} h, {task.retention.replay_hours:,} h are asked for")
        elif offer.tier == DEDICATED and not dedicated:
            break
        else:
            return _decided(ledger, task, offer, refused)
    raise SizingError(
        f"no namespace carries the load: {'; '.join(refused)}",
        limit=task.limits.one(EVENT_HUBS, "processing units per namespace"),
        remedy="Name a Dedicated cluster of the region in bring.cluster, pack many events into one compressed record "
        "and state what is then sent, or spread the load over more regions, one stack each.",
    )


def _decided(ledger: Ledger, task: Task, offer: Offer, refused: list[str]) -> StreamCapacity:
    because = f"; {'; '.join(refused)}" if refused else ""
    assumptions = _assumed(offer)
    kept = task.limits.one(EVENT_HUBS, f"retention, {offer.tier}")
    return StreamCapacity(
        tier=ledger.decide(
            "stream.tier", offer.tier, "", f"the first tier that carries it{because}", limit=offer.limit
        ),
        units=ledger.decide(
            "stream.units",
            offer.units,
            {STANDARD: "TUs", PREMIUM: "PUs"}.get(offer.tier, "CUs of the cluster"),
            offer.why,
            limit=offer.limit,
            assumptions=assumptions,
        ),
        shards=ledger.decide(
            "stream.shards",
            offer.partitions,
            "partitions",
            "1 MB/s for each as Microsoft advises, within what a hub can have; at least "
            f"{LEAST_PARTITIONS}; each is read by one instance at a time",
            limit=task.limits.one(EVENT_HUBS, f"partitions per hub, {offer.tier}"),
            assumptions=assumptions,
        ),
        write_bytes_per_second=ledger.decide(
            "stream.write_bytes_per_second", offer.bytes_per_second, "B/s", offer.why, limit=offer.limit
        ),
        write_records_per_second=ledger.decide(
            "stream.write_records_per_second",
            offer.records_per_second,
            "records/s",
            f"{offer.units} units" if offer.tier == STANDARD else "as many as fit into the bytes: no limit of its own",
            limit=offer.limit,
        ),
        replay_hours=ledger.decide(
            "stream.replay_hours",
            task.retention.replay_hours,
            "h",
            "retention.replay_hours: so long raw events can be read again after a fault",
            limit=kept,
        ),
    )


def _assumed(offer: Offer) -> tuple[str, ...]:
    if offer.tier == STANDARD:
        return ()
    return (
        f"a unit of {offer.tier} takes what {offer.limit.source} says; measure with your own senders before production",
        "1 MB/s per partition is advice, not a throttle, in Premium and Dedicated: a full hub may carry more in each",
    )


def _standard(task: Task) -> Offer:
    """min(units, partitions): the units throttle, and so does each partition."""
    unit, records = task.limits.one(EVENT_HUBS, "TU ingress"), task.limits.one(EVENT_HUBS, "TU events")
    most = task.limits.one(EVENT_HUBS, "throughput units per namespace")
    hub = task.limits.one(EVENT_HUBS, "partitions per hub, Standard")
    advice = task.limits.one(EVENT_HUBS, "partition ingress")
    asked = needed(task) * task.workload.event_bytes
    units = max(ceil(asked / unit.value), ceil(needed(task) / records.value))
    partitions = max(LEAST_PARTITIONS, ceil(asked / advice.value))
    in_words = _in_words(task)
    fits = units <= most.value and partitions <= hub.value
    driver = hub if partitions > hub.value else most
    return Offer(
        STANDARD,
        units if fits else None,
        min(partitions, hub.value),
        unit if fits else driver,
        f"{in_words} needs {units:,} TUs of 1 MB/s or 1,000 events/s and {partitions:,} partitions"
        + ("" if fits else f", of {most.value} and {hub.value}"),
        min(units * unit.value, min(partitions, hub.value) * advice.value),
        units * records.value,
    )


def _premium(task: Task) -> Offer:
    unit = task.limits.one(EVENT_HUBS, "PU ingress")
    choices = task.limits.all(EVENT_HUBS, "processing units choice")
    hub = task.limits.one(EVENT_HUBS, "partitions per hub, Premium")
    asked = ceil(needed(task) * task.workload.event_bytes)
    units = next((choice.value for choice in choices if choice.value * unit.value >= asked), None)
    return _reserved(
        task, PREMIUM, units, unit=unit, hub=hub, many=f"{ceil(asked / unit.value):,} PUs", most=choices[-1].value
    )


def _dedicated(task: Task) -> Offer:
    unit = task.limits.one(EVENT_HUBS, "CU ingress")
    most = task.limits.one(EVENT_HUBS, "capacity units per cluster")
    hub = task.limits.one(EVENT_HUBS, "partitions per hub, Dedicated")
    units = ceil(needed(task) * task.workload.event_bytes / unit.value)
    return _reserved(
        task,
        DEDICATED,
        units if units <= most.value else None,
        unit=unit,
        hub=hub,
        many=f"{units:,} CUs",
        most=most.value,
    )


def _reserved(task: Task, tier: str, units: int | None, *, unit: Limit, hub: Limit, many: str, most: int) -> Offer:
    advice = task.limits.one(EVENT_HUBS, "partition ingress")
    asked = needed(task) * task.workload.event_bytes
    taken = (units or most) * unit.value
    return Offer(
        tier,
        units,
        min(hub.value, max(LEAST_PARTITIONS, ceil(asked / advice.value))),
        unit,
        f"{_in_words(task)} needs {many} of {unit.value / 10**6:g} MB/s" + ("" if units else f", of {most}"),
        taken,
        floor(taken / task.workload.event_bytes),
    )


def _in_words(task: Task) -> str:
    peak, size = task.workload.events_per_second.peak, task.workload.event_bytes
    return f"peak {peak:,} events/s x {size:,} B = {peak * size / 10**6:,.1f} MB/s, x {float(HEADROOM):g} headroom,"


def _check_event(task: Task) -> None:
    largest = task.limits.one(EVENT_HUBS, "event size")
    if task.workload.event_bytes > largest.value:
        raise SizingError(
            f"an event of {task.workload.event_bytes:,} B does not fit into one record",
            limit=largest,
            remedy="Send the large part to the bucket and a reference to it in the event, or split the event.",
        )
