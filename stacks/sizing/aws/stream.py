"""The Kinesis stream: how many shards, or on-demand where that is cheaper and safe."""

from __future__ import annotations

from math import ceil

from stacks.models import Latency
from stacks.sizing.aws.shape import KINESIS
from stacks.sizing.limits import Limit, Limits
from stacks.sizing.model import Ledger, Load, SizingError, StreamCapacity
from stacks.sizing.targets import HEADROOM
from stacks.sizing.task import Task

SECONDS_PER_HOUR = 3600
BYTES_PER_GB = 10**9
PRICE_OF_USE = "price of an on-demand GB in and out"
SPREAD = "Spread the load over more regions, one stack each"
PACK = "pack many events into one compressed record and state what is then sent"


def size_stream(ledger: Ledger, task: Task) -> StreamCapacity:
    """The stream for `workload`. Raises SizingError: record size, shard quota, retention."""
    limits, workload = task.limits, task.workload
    _check_record(limits, workload)
    write, records = limits.one(KINESIS, "shard write"), limits.one(KINESIS, "shard write records")
    units, why, driver = _units(workload, write, records)
    mode = _mode(task, units)
    if mode.provisioned:
        _check_quotas(limits, units, why)
    shards = ledger.decide(
        "stream.shards",
        units if mode.provisioned else None,
        "shards",
        f"{why}; {mode.reason}",
        limit=mode.limit or driver,
        assumptions=(f"prices stand in the same ratio in every region: {limits.one(KINESIS, PRICE_OF_USE).source}",),
    )
    carries = (
        f"{units} shard{'s' if units > 1 else ''}" if shards else f"on-demand, grown to the worth of {units} shards"
    )
    return StreamCapacity(
        tier=ledger.decide(
            "stream.tier",
            "provisioned" if mode.provisioned else "on-demand",
            "",
            mode.reason,
            limit=mode.limit or driver,
        ),
        units=ledger.decide("stream.units", None, "", "Kinesis sells shards, nothing beside them", limit=write),
        shards=shards,
        write_bytes_per_second=ledger.decide(
            "stream.write_bytes_per_second",
            units * write.value,
            "B/s",
            f"{carries}, {write.value / 10**6:g} MB/s each, including partition keys",
            limit=write,
        ),
        write_records_per_second=ledger.decide(
            "stream.write_records_per_second",
            units * records.value,
            "records/s",
            f"{carries}, {records.value:,} records/s each, counted as one event per record",
            limit=records,
        ),
        replay_hours=_replay_hours(ledger, task),
    )


def _check_record(limits: Limits, workload: Load) -> None:
    largest = limits.one(KINESIS, "record payload")
    if workload.event_bytes > largest.value:
        raise SizingError(
            f"an event of {workload.event_bytes:,} B does not fit into one record",
            limit=largest,
            remedy="Send the large part to the bucket and a reference to it in the event, or split the event.",
        )


def _units(workload: Load, write: Limit, records: Limit) -> tuple[int, str, Limit]:
    """How many shards' worth of writing the peak needs with headroom, in words, and which limit decides."""
    peak, size = workload.events_per_second.peak, workload.event_bytes
    by_bytes = ceil(peak * size * HEADROOM / write.value)
    by_records = ceil(peak * HEADROOM / records.value)
    load = f"peak {peak:,} events/s x {size:,} B = {peak * size / 10**6:,.1f} MB/s"
    driver = write if by_bytes >= by_records else records
    return (
        max(by_bytes, by_records),
        f"{load}; x {float(HEADROOM):g} headroom needs {by_bytes:,} by bytes, {by_records:,} by records",
        driver,
    )


class _Mode:
    """Provisioned or on-demand, in words, with the limit that ruled the other one out, if one did."""

    def __init__(self, reason: str, *, provisioned: bool = True, limit: Limit | None = None) -> None:
        self.provisioned, self.reason, self.limit = provisioned, reason, limit


def _mode(task: Task, units: int) -> _Mode:
    """On-demand only where it is cheaper, the region lets it grow that far, and a slow start does no harm."""
    limits, workload = task.limits, task.workload
    fixed, by_use = units * 1000 + _put_units(limits, workload), _on_demand(limits, workload)
    times = by_use / fixed
    if times >= 1:
        return _Mode(f"provisioned: on-demand would cost {times:.1f} times as much at this average")
    start, most = limits.one(KINESIS, "on-demand start"), limits.one(KINESIS, "on-demand maximum")
    if units > most.value:
        return _Mode("provisioned: on-demand would be cheaper but does not grow that far in this region", limit=most)
    if units > start.value and task.latency is not Latency.ECONOMY:
        return _Mode(
            "provisioned: on-demand would be cheaper, but starts small and refuses events while it grows, "
            f"which {task.latency.value} does not allow",
            limit=start,
        )
    slow = f"; producers must retry while it grows from {start.value} {start.unit}" if units > start.value else ""
    return _Mode(
        f"on-demand: costs {times:.2f} of provisioned, because the average is far below the peak{slow}",
        provisioned=False,
        limit=most if units > start.value else start,
    )


def _put_units(limits: Limits, workload: Load) -> float:
    """Price of an hour's PUT payload units, in thousandths of a shard-hour."""
    unit, price = limits.one(KINESIS, "PUT payload unit"), limits.one(KINESIS, "price of a million PUT payload units")
    per_hour = workload.events_per_second.average * SECONDS_PER_HOUR * ceil(workload.event_bytes / unit.value)
    return per_hour / 10**6 * price.value


def _on_demand(limits: Limits, workload: Load) -> float:
    """Price of an hour of on-demand at the average load, in thousandths of a shard-hour."""
    rounding = limits.one(KINESIS, "on-demand billing unit").value
    billed = ceil(workload.event_bytes / rounding) * rounding
    gigabytes = workload.events_per_second.average * SECONDS_PER_HOUR * billed / BYTES_PER_GB
    hour = limits.one(KINESIS, "price of an on-demand stream-hour").value
    return hour + gigabytes * limits.one(KINESIS, PRICE_OF_USE).value


def _check_quotas(limits: Limits, units: int, why: str) -> None:
    account, stream = limits.one(KINESIS, "shards per account and region"), limits.one(KINESIS, "shards per stream")
    if units > account.value:
        raise SizingError(
            f"{units:,} shards are needed ({why}), more than the {account.value:,} that an account has by default in "
            f"{limits.region}",
            limit=account,
            remedy=f"Ask AWS for more shards (Service Quotas, Kinesis Data Streams), or {PACK}. {SPREAD}.",
        )
    if units > stream.value:
        raise SizingError(
            f"{units:,} shards are needed ({why}), more than one stream can be resized to",
            limit=stream,
            remedy=f"{SPREAD}, or {PACK}.",
        )


def _replay_hours(ledger: Ledger, task: Task) -> int:
    limits, retention = task.limits, task.retention
    least, most = limits.one(KINESIS, "retention minimum"), limits.one(KINESIS, "retention maximum")
    if not least.value <= retention.replay_hours <= most.value:
        raise SizingError(
            f"a replay window of {retention.replay_hours:,} h cannot be kept by the stream",
            limit=least if retention.replay_hours < least.value else most,
            remedy=f"Set retention.replay_hours between {least.value} and {most.value}.",
        )
    return ledger.decide(
        "stream.replay_hours",
        retention.replay_hours,
        "h",
        "retention.replay_hours: so long raw events can be read again after a fault",
        limit=least if retention.replay_hours == least.value else most,
    )
