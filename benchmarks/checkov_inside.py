"""Runs inside Checkov's own environment, never in ours. One request per line on standard input, one JSON answer each:

    {"framework": "terraform", "directory": "…"}
    {"version", "seconds", "cpu_seconds", "resources", "checks", "failed"}

`seconds` is the wall time of one scan, `cpu_seconds` the processor time of it with its child processes; `checks` are
the results, passed or failed; `failed` the ids of the checks that fail. What is imported and compiled by the first
request stays for the next.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import time

from checkov.runner_filter import RunnerFilter
from checkov.terraform.plan_runner import Runner as PlanRunner
from checkov.terraform.runner import Runner
from checkov.version import version

RUNNERS = {"terraform": Runner, "terraform_plan": PlanRunner}


def cpu_seconds() -> float:
    """Processor time of this process and of its children that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def answer(framework: str, directory: str) -> dict[str, object]:
    """One scan."""
    wanted = RunnerFilter(framework=[framework], download_external_modules=False)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        start, cpu = time.perf_counter(), cpu_seconds()
        found = RUNNERS[framework]().run(root_folder=directory, runner_filter=wanted)
        took, used = time.perf_counter() - start, cpu_seconds() - cpu
    report = found[0] if isinstance(found, list) else found
    return {
        "version": version,
        "seconds": took,
        "cpu_seconds": used,
        "resources": len(report.resources),
        "checks": len(report.failed_checks) + len(report.passed_checks),
        "failed": sorted({one.check_id for one in report.failed_checks}),
    }


for line in sys.stdin:
    request = json.loads(line)
    sys.stdout.write(json.dumps(answer(request["framework"], request["directory"])) + "\n")
    sys.stdout.flush()
