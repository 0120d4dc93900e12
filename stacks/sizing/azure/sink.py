"""The lakehouse job: which profile of Container Apps carries the load, by what one run of a benchmark measured.

A run reads what is new, the keys of all events among which a new one may be found again, and the hours of gold that
have changed: of late events some belong to each hour of the window, so all of it is reckoned with.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from stacks.sizing.limits import Limit, Limits
from stacks.sizing.model import Ledger, SinkCapacity
from stacks.sizing.targets import HEADROOM
from stacks.sizing.task import Task

CONTAINER_APPS, JOB = "Container Apps", "Lakehouse job"
CONSUMPTION = "Consumption"
SHARE_OF_A_CORE = Fraction(1, 2)
"""What a vCPU of Container Apps does of what the benchmark's core did."""
RUN_SHARE = Fraction(5, 6)
"""Of the time between two runs: the rest is for starting one, and for not meeting the next."""
LEAST_RUN_SECONDS, MOST_RUN_SECONDS = 600, 43_200
LEAST_REPEAT_HOURS, RETRYING_HOURS = 48, 24
"""An event comes again when the stream is replayed, or when its sender tries again: a day is left for that."""
NODE_SHARE = Fraction(7, 8)
"""Of a dedicated node's memory; the rest, and one of its vCPUs, are left to the platform."""

# How the job divides its time and memory: the names are those of processor/lakehouse, a test compares them.
TAKING = Fraction(6, 10)
ENGINE_SHARE = Fraction(1, 2)
KEYS_PER_MIB = 8192
MOST_ROWS_PER_MIB = 50_000
DAYS = 3

SECONDS_PER_HOUR, SECONDS_PER_DAY = 3_600, 86_400
_CEILING = 10_000_000


@dataclass(frozen=True)
class Profile:
    """A size that the job may have: the workload profile's name, vCPUs, memory in MiB, the limit that says so."""

    name: str
    cpus: int
    memory_mb: int
    limit: Limit


@dataclass(frozen=True)
class Speeds:
    """What one core does in a second, by the benchmark: events, keys, rows."""

    taken: Limit
    looked_up: Limit
    counted: Limit
    scanned: Limit

    @classmethod
    def of(cls, limits: Limits) -> Speeds:
        """The speeds in the table of limits."""
        names = ("events into silver", "keys looked up", "rows counted into gold", "rows read for gold")
        return cls(*(limits.one(JOB, f"{name} per core") for name in names))


def size_sink(ledger: Ledger, task: Task, refresh_minutes: int) -> SinkCapacity:
    """The job's profile: the smallest that carries the average, else the largest there is."""
    average, replay = task.workload.events_per_second.average, task.retention.replay_hours
    repeat = ledger.decide(
        "sink.repeat_hours",
        max(LEAST_REPEAT_HOURS, replay + RETRYING_HOURS),
        "h",
        f"retention.replay_hours and {RETRYING_HOURS} h in which a sender tries again, at least {LEAST_REPEAT_HOURS}: "
        "later, an event that comes again counts as another",
        source="retention.replay_hours",
    )
    run = ledger.decide(
        "sink.run_seconds",
        min(max(int(refresh_minutes * 60 * RUN_SHARE), LEAST_RUN_SECONDS), MOST_RUN_SECONDS),
        "s",
        f"five sixths of the {refresh_minutes} minutes between two runs, at least {LEAST_RUN_SECONDS} s: what a run "
        "leaves of bronze is the next one's",
        source="operations.refresh_minutes",
    )
    speeds, offers = Speeds.of(task.limits), profiles(task.limits)
    carried = [_carried(profile, speeds, repeat, run, refresh_minutes * 60) for profile in offers]
    enough = (place for place, rate in enumerate(carried) if rate >= average)
    chosen = next(enough, len(offers) - 1)
    profile, rate = offers[chosen], carried[chosen]
    short = (
        f": BELOW the average of {average:,}, so silver and gold fall behind; bronze is complete and can be queried"
        if rate < average
        else f"; the average is {average:,}"
    )
    assumptions = _assumptions(speeds)
    return SinkCapacity(
        profile=ledger.decide(
            "sink.profile",
            profile.name,
            "",
            "the first that carries the average, and a quarter more into silver to catch up with; else the largest",
            limit=profile.limit,
            assumptions=assumptions,
        ),
        cpus=ledger.decide(
            "sink.cpus",
            profile.cpus,
            "vCPUs",
            "all that the profile gives one replica" + _left(profile),
            limit=profile.limit,
        ),
        memory_mb=ledger.decide(
            "sink.memory_mb",
            profile.memory_mb,
            "MB",
            "all that the profile gives one replica; DuckDB has half of it" + _left(profile),
            limit=task.limits.one(CONTAINER_APPS, f"memory of one vCPU, {_plan(profile)}"),
        ),
        run_seconds=run,
        repeat_hours=repeat,
        events_per_second=ledger.decide(
            "sink.events_per_second",
            rate,
            "events/s",
            f"what {profile.cpus} vCPUs bring into silver and gold: each run reads the keys of {repeat} h, and the "
            f"rows of {DAYS} days and today when late events change old hours{short}",
            limit=speeds.taken,
            assumptions=assumptions,
        ),
    )


def profiles(limits: Limits) -> tuple[Profile, ...]:
    """The sizes that the job may have, smallest first."""
    most = limits.one(CONTAINER_APPS, "vCPUs of a replica, Consumption").value
    found: list[Profile] = []
    for choice in limits.all(CONTAINER_APPS, "vCPUs of a job choice"):
        dedicated = choice.value > most
        each = limits.one(CONTAINER_APPS, f"memory of one vCPU, {'Dedicated' if dedicated else CONSUMPTION}").value
        memory = choice.value * each
        if dedicated:
            found.append(Profile(f"D{choice.value}", choice.value - 1, int(memory * NODE_SHARE), choice))
        else:
            found.append(Profile(CONSUMPTION, choice.value, memory, choice))
    return tuple(found)


def _carried(profile: Profile, speeds: Speeds, repeat_hours: int, run_seconds: int, period: int) -> int:
    """The highest rate of events whose runs, `period` seconds apart, end in `run_seconds`: by bisection."""
    low, high = 0, _CEILING
    while low < high:
        rate = (low + high + 1) // 2
        if _fits(rate, profile, speeds, repeat_hours=repeat_hours, run_seconds=run_seconds, period=period):
            low = rate
        else:
            high = rate - 1
    return low


def _fits(rate: int, profile: Profile, speeds: Speeds, *, repeat_hours: int, run_seconds: int, period: int) -> bool:
    """Whether taking in, with headroom to catch up, keeps to its part of a run, and gold to the rest."""
    seconds = profile.cpus * run_seconds * SHARE_OF_A_CORE
    engine_mib = profile.memory_mb * ENGINE_SHARE
    new = rate * period * HEADROOM
    lookups = ceil(new / (engine_mib * KEYS_PER_MIB))
    known = rate * (repeat_hours * SECONDS_PER_HOUR + period)
    taking = new / speeds.taken.value + Fraction(lookups * known, speeds.looked_up.value)
    rows = rate * (DAYS + 1) * SECONDS_PER_DAY
    parts = rows // (engine_mib * MOST_ROWS_PER_MIB) + 1
    counting = Fraction(rows, speeds.counted.value) + Fraction(rows * (parts - 1), speeds.scanned.value)
    return taking <= seconds * TAKING and counting <= seconds * (1 - TAKING)


def _assumptions(speeds: Speeds) -> tuple[str, ...]:
    measured = (
        f"a core brings {speeds.taken.value:,} events/s into silver, looks up {speeds.looked_up.value:,} keys/s and "
        f"counts {speeds.counted.value:,} rows/s into gold (benchmarks/lakehouse.py, one machine, no network)"
    )
    return measured, "a vCPU of Container Apps does half of that; the job was never run there"


def _plan(profile: Profile) -> str:
    return CONSUMPTION if profile.name == CONSUMPTION else "Dedicated"


def _left(profile: Profile) -> str:
    return "" if profile.name == CONSUMPTION else "; a part of the node is left to the platform"
