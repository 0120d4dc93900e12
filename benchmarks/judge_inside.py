"""Our judge in a process of its own, which has loaded nothing else: the counterpart of checkov_inside.py.

    {"framework": "registrations" or "file", "directory": "preview.json"}
    {"version", "seconds", "cpu_seconds", "resources", "checks", "failed"}

`registrations`: from what a program registered, as the in-process engine hands it over, to the verdict. `file`: the
file that a preview printed is read each time as well.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from homeshore.check.policy import plain
from homeshore.foreign import read
from policies import subject
from policies.configuration import configuration
from policies.judge import judge
from policies.model import Resource

BOUNDARY = "eu"
TOLD = configuration({"parameters": {"boundary": BOUNDARY}})


def from_file(file: str) -> list[Resource]:
    """The resources in a file."""
    return [plain(one) for snapshot in read(file) for one in snapshot.resources]


@cache
def _kept(file: str) -> tuple[Resource, ...]:
    return tuple(from_file(file))


def anew(file: str) -> list[Resource]:
    """Copies of the registrations, of which nothing was read yet."""
    return [dataclasses.replace(one) for one in _kept(file)]


WAYS = {"registrations": anew, "file": from_file}


def answer(framework: str, directory: str) -> dict[str, object]:
    """One verdict."""
    if framework == "registrations":
        _kept(directory)
    start, cpu = time.perf_counter(), time.process_time()
    resources = WAYS[framework](directory)
    outcome = judge(subject.stack("benchmark", resources, TOLD))
    return {
        "version": "",
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - cpu,
        "resources": sum(not one.is_provider for one in resources),
        "checks": outcome.evaluations,
        "failed": sorted({one.rule.id for one in outcome.failed}),
    }


for line in sys.stdin:
    request = json.loads(line)
    sys.stdout.write(json.dumps(answer(request["framework"], request["directory"])) + "\n")
    sys.stdout.flush()
