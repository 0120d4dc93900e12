"""The Pub/Sub topic: nothing is bought beforehand, but a region has a quota."""

from __future__ import annotations

from math import floor

from stacks.sizing.batches import needed
from stacks.sizing.model import Ledger, SizingError, StreamCapacity
from stacks.sizing.targets import HEADROOM
from stacks.sizing.task import Task

PUBSUB = "Pub/Sub"


def size_stream(ledger: Ledger, task: Task) -> StreamCapacity:
    """The topic for `workload`. Raises SizingError: message size, the region's quota, retention."""
    limits, workload = task.limits, task.workload
    quota, largest = limits.one(PUBSUB, "publish throughput"), limits.one(PUBSUB, "message size")
    if workload.event_bytes > largest.value:
        raise SizingError(
            f"an event of {workload.event_bytes:,} B does not fit into one message",
            limit=largest,
            remedy="Send the large part to the bucket and a reference to it in the event, or split the event.",
        )
    peak = workload.events_per_second.peak * workload.event_bytes
    if needed(task) * workload.event_bytes > quota.value:
        raise SizingError(
            f"the peak of {peak / 10**6:,.1f} MB/s x {float(HEADROOM):g} headroom is above the region's quota",
            limit=quota,
            remedy="Ask Google for a higher quota (Pub/Sub: regional publish throughput), pack many events into one "
            "compressed record and state what is then sent, or spread the load over more regions, one stack each.",
        )
    by_itself = "Pub/Sub scales by itself, nothing is bought beforehand"
    return StreamCapacity(
        tier=ledger.decide("stream.tier", "on-demand", "", by_itself, limit=quota),
        units=ledger.decide("stream.units", None, "", by_itself, limit=quota),
        shards=ledger.decide("stream.shards", None, "", "messages have no lanes, only keys on request", limit=quota),
        write_bytes_per_second=ledger.decide(
            "stream.write_bytes_per_second",
            quota.value,
            "B/s",
            f"the region's quota, shared by all topics of the project; the peak is {peak / 10**6:,.1f} MB/s",
            limit=quota,
        ),
        write_records_per_second=ledger.decide(
            "stream.write_records_per_second",
            floor(quota.value / workload.event_bytes),
            "records/s",
            "as many as fit into the quota: there is no limit of its own",
            limit=quota,
        ),
        replay_hours=_replay_hours(ledger, task),
    )


def _replay_hours(ledger: Ledger, task: Task) -> int:
    most, hours = task.limits.one(PUBSUB, "retention maximum"), task.retention.replay_hours
    if hours > most.value:
        raise SizingError(
            f"a replay window of {hours:,} h cannot be kept by the topic",
            limit=most,
            remedy=f"Set retention.replay_hours to {most.value} or less.",
        )
    return ledger.decide(
        "stream.replay_hours",
        hours,
        "h",
        "retention.replay_hours: so long raw events can be read again after a fault",
        limit=most,
    )
