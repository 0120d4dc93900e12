"""The processor against what people write instead, and against the least that any such processor must do.

    python benchmarks/processor.py [--events N] [--rounds N] [--json]

One core, CPU time, the four programs in turn (A B C D, A B C D …), medians of the rounds and of the ratios within a
round. All do the same work on the same Lambda events (validate, gate, quarantine, dead-letter, deduplicate, tokenise,
compress, account); before anything is timed, the baselines' decompressed output is compared with ours byte by byte.

The floor is base64 + one msgspec decode + one keyed hash per personal field + zstd-1 of the same output: no check, no
gate, no row. Ours may make fewer hashes than the floor, because it remembers tokens within a batch.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pybase64
import zstandard

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.baselines.tuned import tuned
from benchmarks.baselines.usual import usual
from events.contract import SHIPPED, load
from events.generator import generate
from geography import boundary
from processor.aws_lambda import to_batch
from processor.compiler import event_type
from processor.core import Context, Result, process
from processor.keys import KeyRing

KEY = bytes(range(32))
SHARD = "shardId-000000000000"
BOUNDARY = "eu"
ARRIVED = 1_772_438_400.0
TARGETS = {"usual": 8.0, "tuned": 3.0}
FLOOR_SHARE = 0.55

Invocation = dict[str, Any]


def invocations(count: int, batch: int) -> list[Invocation]:
    """Lambda events with `batch` records each, as the event source mapping hands them over."""
    records = [
        {
            "eventID": f"{SHARD}:{49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898 + number}",
            "eventName": "aws:kinesis:record",
            "eventSource": "aws:kinesis",
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": made.partition_key,
                "sequenceNumber": str(
                    49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898 + number
                ),
                "data": pybase64.b64encode(made.data).decode(),
                "approximateArrivalTimestamp": ARRIVED + number / 1000,
            },
        }
        for number, made in enumerate(generate(load(SHIPPED), count, 20260302, boundary=BOUNDARY))
    ]
    return [{"Records": records[start : start + batch]} for start in range(0, count, batch)]


def ours(context: Context) -> Callable[[Invocation], Result]:
    """The processor as the Lambda adapter calls it, without storage."""
    return lambda event: process(to_batch(SHARD, event["Records"]), context)


def floor(context: Context, outputs: dict[int, list[bytes]]) -> Callable[[Invocation], None]:
    """The least work; `outputs` are the uncompressed bodies of each invocation."""
    decode = msgspec.json.Decoder(event_type(context.contract)).decode
    tokenise = [(f"{f.name}_", context.ring.tokeniser(f.name)) for f in context.contract.fields if f.personal]
    (user, token_user), (ip, token_ip) = tokenise
    assert (user, ip) == ("user_id_", "ip_")
    compressor = zstandard.ZstdCompressor(level=1)
    b64decode = pybase64.b64decode

    def run(event: Invocation) -> None:
        for record in event["Records"]:
            try:
                made: Any = decode(b64decode(record["kinesis"]["data"], None, True))
            except (ValueError, RecursionError):
                continue
            token_user(made.user_id_)
            token_ip(made.ip_)
        for body in outputs[id(event)]:
            compressor.compress(body)

    return run


def bodies(result: Result) -> dict[str, bytes]:
    """Our decompressed bodies by kind."""
    return {s.kind: zstandard.ZstdDecompressor().decompressobj().decompress(s.body) for s in result.objects}


def compare(events: list[Invocation], context: Context) -> dict[int, list[bytes]]:
    """Check that the baselines' output equals ours, byte by byte; return ours."""
    kept: dict[int, list[bytes]] = {}
    unpack = {
        "usual": gzip.decompress,
        "tuned": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
    }
    programs = {"usual": usual(KEY, context.countries), "tuned": tuned(KEY, context.countries)}
    for event in events:
        result = ours(context)(event)
        mine = bodies(result)
        for name, program in programs.items():
            output = program(event)
            theirs = {kind: unpack[name](body) for kind, body in output.bodies.items()}
            for kind in mine.keys() | theirs.keys():
                assert theirs.get(kind) == mine.get(kind), f"{kind} of {name} differs from ours"
            for count, value in output.accounting.items():
                assert getattr(result.accounting, count) == value, f"{name}: {count}"
        kept[id(event)] = list(mine.values())
    return kept


def measure(events: list[Invocation], context: Context, rounds: int) -> dict[str, list[float]]:
    """CPU microseconds per event, by program and round, after one round to warm up."""
    outputs = compare(events, context)
    programs: dict[str, Callable[[Invocation], object]] = {
        "ours": ours(context),
        "usual": usual(KEY, context.countries),
        "tuned": tuned(KEY, context.countries),
        "floor": floor(context, outputs),
    }
    count = sum(len(event["Records"]) for event in events)
    times: dict[str, list[float]] = {name: [] for name in programs}
    for number in range(rounds + 1):
        for name, program in programs.items():
            start = time.process_time()
            for event in events:
                program(event)
            if number:
                times[name].append((time.process_time() - start) / count * 1e6)
    return times


def report(times: dict[str, list[float]], count: int) -> dict[str, Any]:
    """Medians, ratios, and whether the targets are met."""
    ratio = {
        name: statistics.median(a / b for a, b in zip(times[name], times["ours"], strict=True))
        for name in ("usual", "tuned", "floor")
    }
    return {
        "version": 1,
        "events": count,
        "rounds": len(times["ours"]),
        "microseconds_per_event": {name: round(statistics.median(values), 2) for name, values in times.items()},
        "times_faster": {name: round(ratio[name], 2) for name in TARGETS},
        "share_of_floor": round(ratio["floor"], 3),
        "targets": {**TARGETS, "share_of_floor": FLOOR_SHARE},
        "met": all(ratio[name] >= target for name, target in TARGETS.items()) and ratio["floor"] >= FLOOR_SHARE,
    }


def main(arguments: list[str]) -> int:
    """Measure and print; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=2_000, help="records per invocation")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    contract = load(SHIPPED)
    context = Context(contract, KeyRing("k1", {"k1": KEY}), boundary(BOUNDARY).countries, "benchmark")
    events = invocations(options.events, options.batch)
    found = report(measure(events, context, options.rounds), options.events)
    if options.json:
        print(json.dumps(found, indent=1))
        return 0 if found["met"] else 1
    print(f"{options.events} events in batches of {options.batch}, {options.rounds} rounds, one core, CPU time")
    for name, value in found["microseconds_per_event"].items():
        print(f"  {name:<6} {value:8.2f} us per event")
    for name, target in TARGETS.items():
        print(f"  {found['times_faster'][name]:.1f} times as fast as {name} (target {target:.0f})")
    print(f"  {found['share_of_floor']:.0%} of the floor's speed (target {FLOOR_SHARE:.0%})")
    return 0 if found["met"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
