"""How long a preview takes: cold, again in the same process, and as the real engine runs the program.

    python benchmarks/engine.py [--rounds 7] [--json]

- cold: `homeshore preview dev` as a new process, bytecode present, page cache warm.
- again: the second stack in one process, right after the first.
- all: `homeshore preview --all` as a new process, every stack file side by side.
- child: the same program in a child process that talks gRPC to a recording monitor, as it talks to Pulumi's engine.

The rounds are interleaved, so a slow minute of the machine touches all three alike. Figures are medians of wall time.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from homeshore.engine import run_program  # noqa: E402 - found through the path above, like all of ours
from homeshore.engine.configuration import stack_strings  # noqa: E402
from homeshore.project import find_project  # noqa: E402
from tests.engine.child import run_in_child  # noqa: E402

PROJECT = find_project(ROOT)
STACK = "dev"
TARGETS = {"cold": 3.0, "again": 0.15, "all": 6.0}  # seconds
CHILD_ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
PREVIEW = "from homeshore.cli import main; main()"
GROUPS = ("pulumi_aws", "pulumi", "grpc", "google", "opentelemetry", "pydantic", "pydantic_core", "yaml")
OURS = ("homeshore", "stacks", "components", "events", "processor", "geography")


def cold() -> None:
    """One preview as a user types it."""
    command = [sys.executable, "-c", PREVIEW, "preview", STACK]
    subprocess.run(command, cwd=ROOT, env=CHILD_ENVIRONMENT, check=True, capture_output=True)


def everything() -> None:
    """Every stack, as a user types it."""
    command = [sys.executable, "-c", PREVIEW, "preview", "--all"]
    subprocess.run(command, cwd=ROOT, env=CHILD_ENVIRONMENT, check=True, capture_output=True)


def preview() -> None:
    """One preview in this process."""
    run_program(PROJECT, STACK, diagnostics=io.StringIO())


def child() -> None:
    """The program in a child process, over gRPC; the server side is this process, already running."""
    strings = stack_strings(PROJECT.stack_file(STACK), PROJECT.name, PROJECT.config)
    done = run_in_child(PROJECT, STACK, strings)
    if done.code:
        raise SystemExit(f"the child process failed: {done.log.errors or done.stderr}")


def second_stack() -> float:
    """Wall time of a preview in a process that has just made one."""
    preview()
    return seconds(preview)


def seconds(work: Callable[[], None]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def import_seconds() -> dict[str, float]:
    """What importing takes of a cold preview, by the package that is imported; measuring makes it slower."""
    command = [sys.executable, "-X", "importtime", "-c", PREVIEW, "preview", STACK]
    done = subprocess.run(command, cwd=ROOT, env=CHILD_ENVIRONMENT, check=True, capture_output=True, text=True)
    found: Counter[str] = Counter()
    for line in done.stderr.splitlines():
        if line.startswith("import time:") and line.count("|") == 2 and "[us]" not in line:
            own, _, module = line.removeprefix("import time:").split("|")
            package = module.strip().partition(".")[0]
            found["ours" if package in OURS else package if package in GROUPS else "other"] += int(own)
    return {package: microseconds / 1e6 for package, microseconds in found.most_common()}


def main() -> None:
    """Measure, print, and exit with 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true", dest="as_json")
    arguments = parser.parse_args()
    for work in (cold, preview, everything, child):
        work()  # bytecode, page cache, and the first run in this process
    rounds = [
        {"cold": seconds(cold), "again": second_stack(), "all": seconds(everything), "child": seconds(child)}
        for _ in range(arguments.rounds)
    ]
    medians = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    ratios = {name: medians[name] / medians["child"] for name in TARGETS}
    imports = import_seconds()
    if arguments.as_json:
        shape = {"version": 1, "rounds": len(rounds), "seconds": medians, "ratio_to_child": ratios, "imports": imports}
        print(json.dumps(shape, indent=2))
    else:
        for name, median in medians.items():
            target = f"  target {TARGETS[name]:g} s" if name in TARGETS else ""
            ratio = f"  {ratios[name]:.3f} of a child-process run" if name in ratios else ""
            print(f"{name:6} {median:7.3f} s{target}{ratio}")
        parts = ", ".join(f"{package} {spent:.2f} s" for package, spent in imports.items())
        print(f"\nimports of a cold preview (with the meter on): {sum(imports.values()):.2f} s: {parts}")
    missed = [name for name, target in TARGETS.items() if medians[name] > target]
    if missed:
        raise SystemExit(f"missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
