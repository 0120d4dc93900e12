"""How long judging takes: every stack under every policy, evaluations per second, and beside Checkov.

    python benchmarks/policies.py [--rounds 9] [--without-checkov] [--json]

- all stacks: every stack file under every rule, warm. Running the programs is timed apart, and what is loaded once too.
- evaluations: rules times the resources that they looked at, per second of judging.
- beside Checkov: the AWS resources of one stack, judged by ours as they are registered, and by Checkov as the same
  resources in Terraform, with all its Terraform checks. Warm: both have loaded what they need, and only judge
  (Checkov reads the files each time: it has no other way in; ours takes what the in-process engine registered, and is
  measured with its file read each time as well). Each is in a process of its own.
  Typed: a new process each, from the command to its verdict, reading the resources from a file; `homeshore check`
  then asks as well what the provider would refuse, for which it loads the SDK.

Checkov reads no Terraform JSON (.tf.json; seen with 3.3.30: no resource, no error), so it gets the same as HCL and as
the JSON of a plan; the faster of the two counts. The rounds are interleaved, so a slow minute of the machine touches
all alike. Figures are medians of wall time.
"""

from __future__ import annotations

import argparse
import datetime
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import peer, terraform  # noqa: E402 - found through the path above, like all of ours
from homeshore.check.policy import plain  # noqa: E402
from homeshore.engine import Snapshot, run_program  # noqa: E402
from homeshore.project import find_project  # noqa: E402
from policies import subject  # noqa: E402
from policies.configuration import Configuration  # noqa: E402
from policies.judge import judge  # noqa: E402
from policies.model import Resource  # noqa: E402
from policies.rules import catalogue  # noqa: E402

STACK: Final = next(path.stem.removeprefix("Pulumi.") for path in sorted(ROOT.glob("Pulumi.aws-eu-*.yaml")))
SECONDS_FOR_ALL: Final = 2.0
EVALUATIONS_PER_SECOND: Final = 10_000
TIMES_AS_FAST: Final = 20
MAIN: Final = "from homeshore.cli import main; main()"
BOUNDARY: Final = "eu"
OURS, THEIRS = "ours", "theirs"
FRAMEWORKS: Final = ("terraform", "terraform_plan")
REGISTRATIONS, FILE = "registrations", "file"
TYPED_ROUNDS: Final = 3


@dataclass(frozen=True)
class Ours:
    """Judging every stack, in seconds: `judging` a median, `first` and `running` (of the programs) taken once."""

    stacks: int
    resources: int
    policies: int
    evaluations: int
    first: float
    running: float
    judging: float

    @property
    def per_second(self) -> float:
        """Evaluations in a second of judging."""
        return self.evaluations / self.judging


@dataclass(frozen=True)
class Beside:
    """One stack's AWS resources, judged by both. Times are medians, in seconds, by way in; CPU is processor time."""

    version: str
    resources: int
    evaluations: int
    checks: int
    seconds: dict[str, float]
    cpu: dict[str, float]
    typed: dict[str, float]

    @property
    def ratio(self) -> float:
        """How many times as fast per resource, warm; against the faster of Checkov's two ways in."""
        return min(self.seconds[one] for one in FRAMEWORKS) / self.seconds[REGISTRATIONS]

    @property
    def ratio_file(self) -> float:
        """The same with the file read on our side too."""
        return min(self.seconds[one] for one in FRAMEWORKS) / self.seconds[FILE]

    @property
    def ratio_cpu(self) -> float:
        """The first one in processor time."""
        return min(self.cpu[one] for one in FRAMEWORKS) / self.cpu[REGISTRATIONS]

    @property
    def ratio_typed(self) -> float:
        """The same from the command to its verdict."""
        return self.typed[THEIRS] / self.typed[OURS]


def wall(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def judged(name: str, resources: list[Resource], told: Configuration | None = None) -> int:
    """Judge a stack out of its registrations; the evaluations."""
    return judge(subject.stack(name, resources, told)).evaluations


def registered(snapshot: Snapshot) -> list[Resource]:
    """What the program registered, as the rules see it."""
    return [plain(one) for one in snapshot.resources]


def every_stack(rounds: int) -> Ours:
    """Every stack file under every rule."""
    project = find_project(ROOT)
    names = sorted(one.name.removeprefix("Pulumi.").removesuffix(".yaml") for one in ROOT.glob("Pulumi.*.yaml"))

    def run() -> list[Snapshot]:
        return [run_program(project, name, diagnostics=io.StringIO()) for name in names]

    snapshots = run()  # the SDKs are loaded by then

    def judging() -> int:
        return sum(judged(one.stack, registered(one)) for one in snapshots)

    first = wall(judging)
    times = [wall(judging) for _ in range(rounds)]
    return Ours(
        stacks=len(names),
        resources=sum(len(one.resources) for one in snapshots),
        policies=len(catalogue()),
        evaluations=judging(),
        first=first,
        running=wall(run),
        judging=statistics.median(times),
    )


def beside_checkov(rounds: int) -> Beside:
    """The AWS resources of one stack, by both."""
    snapshot = run_program(find_project(ROOT), STACK, diagnostics=io.StringIO())
    ours = [one for one in registered(snapshot) if one.package == "aws"]  # with the providers, which say the region
    theirs = [one for one in ours if not one.is_provider]
    with tempfile.TemporaryDirectory() as scratch:
        preview = _preview(Path(scratch), {one.urn for one in ours})
        return _raced(rounds, _terraform(Path(scratch), theirs) | {REGISTRATIONS: preview, FILE: preview}, len(theirs))


def _terraform(scratch: Path, resources: list[Resource]) -> dict[str, Path]:
    """The resources as Checkov reads them: a directory for each of its two ways in."""
    document = terraform.document(resources)
    files = {
        "terraform": ("main.tf", terraform.hcl(document)),
        "terraform_plan": ("plan.json", terraform.plan(document)),
    }
    for framework, (name, text) in files.items():
        (scratch / framework).mkdir()
        (scratch / framework / name).write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
    return {framework: scratch / framework for framework in files}


def _preview(scratch: Path, urns: set[str]) -> Path:
    """The resources as our preview prints them."""
    command = [sys.executable, "-c", MAIN, "preview", STACK, "--json"]
    shape = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    shape["resources"] = [one for one in shape["resources"] if one["urn"] in urns]
    file = scratch / "preview.json"
    file.write_text(json.dumps(shape), encoding="utf-8")
    return file


def _raced(rounds: int, places: dict[str, Path], resources: int) -> Beside:
    """Round by round, both on the same resources."""
    typed = {
        OURS: [sys.executable, "-c", MAIN, "check", "--input", str(places[FILE]), "--boundary", BOUNDARY],
        THEIRS: peer.command("terraform", places["terraform"]),
    }
    took: dict[str, list[peer.Scan]] = defaultdict(list)
    by_hand: dict[str, list[float]] = defaultdict(list)
    with peer.inside() as checkov, peer.ours_inside() as ours:
        waiting = {one: ours if one in (REGISTRATIONS, FILE) else checkov for one in places}
        first = {one: waiting[one].scan(one, places[one]) for one in places}  # loads and compiles what is needed
        for _ in range(rounds):
            for one, place in places.items():
                took[one].append(waiting[one].scan(one, place))
    for _ in range(TYPED_ROUNDS):
        for who, command in typed.items():
            by_hand[who].append(_typed(command))
    seen = {one: scan.resources for one, scan in first.items()}
    if set(seen.values()) != {resources}:
        raise SystemExit(f"not the same {resources} resources: {seen}")
    return Beside(
        version=first["terraform"].version,
        resources=resources,
        evaluations=first[REGISTRATIONS].checks,
        checks=first["terraform"].checks,
        seconds={one: statistics.median(scan.seconds for scan in scans) for one, scans in took.items()},
        cpu={one: statistics.median(scan.cpu_seconds for scan in scans) for one, scans in took.items()},
        typed={who: statistics.median(times) for who, times in by_hand.items()},
    )


def _typed(command: list[str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=peer.environment(), capture_output=True, check=False)
    if done.returncode not in (0, 1):  # both say with 1 that they found something
        raise SystemExit(f"{command[:4]}: {done.stderr.decode()[-500:]}")
    return time.perf_counter() - start


def table(ours: Ours, beside: Beside | None) -> str:
    """The figures in Markdown."""
    rows = [
        ("all stacks under all policies, warm", f"{ours.judging:.2f} s", f"under {SECONDS_FOR_ALL:g} s"),
        ("… the first time, with the tables to load", f"{ours.first:.2f} s", ""),
        ("… running the twelve programs, beside it", f"{ours.running:.2f} s", ""),
        ("rule evaluations per second", f"{ours.per_second:,.0f}", f"over {EVALUATIONS_PER_SECOND:,}"),
    ]
    if beside is not None:
        each = {way: f"{1000 * took / beside.resources:.2f} ms" for way, took in beside.seconds.items()}
        rows += [
            ("per AWS resource, warm, from registrations", each[REGISTRATIONS], ""),
            ("… reading the file as well", each[FILE], ""),
            ("… Checkov, as HCL", each["terraform"], ""),
            ("… Checkov, as a plan", each["terraform_plan"], ""),
            ("… times as fast, by the clock", f"{beside.ratio:.1f}", f"over {TIMES_AS_FAST}"),
            ("… times as fast, reading the file as well", f"{beside.ratio_file:.1f}", ""),
            ("… times as fast, in processor time", f"{beside.ratio_cpu:.1f}", ""),
            ("from the command to the verdict", f"{beside.typed[OURS]:.1f} s", ""),
            ("… Checkov", f"{beside.typed[THEIRS]:.1f} s", ""),
            ("… times as fast", f"{beside.ratio_typed:.1f}", ""),
        ]
    lines = [f"| {what} | {found} | {wanted} |" for what, found, wanted in rows]
    return "\n".join(["| measured | | target |", "|---|---|---|", *lines])


def main() -> None:
    """Measure, print, and exit with 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--without-checkov", action="store_true", help="only our own figures: downloads nothing")
    parser.add_argument("--json", action="store_true", dest="as_json")
    arguments = parser.parse_args()
    ours = every_stack(arguments.rounds)
    beside = None if arguments.without_checkov else beside_checkov(arguments.rounds)
    if arguments.as_json:
        shape = {"version": 1, "ours": asdict(ours), "beside": asdict(beside) if beside else None}
        print(json.dumps(shape, indent=2))
    else:
        today = datetime.datetime.now(tz=datetime.UTC).date()
        print(
            f"{ours.stacks} stacks, {ours.resources:,} resources, {ours.policies} policies, "
            f"{ours.evaluations:,} evaluations; {os.cpu_count()} cores, {today}"
        )
        if beside:
            print(
                f"Checkov {beside.version}: {beside.resources} AWS resources of {STACK}; "
                f"{beside.checks} results of theirs, {beside.evaluations:,} evaluations of ours"
            )
        print(table(ours, beside))
    missed = [
        what
        for what, reached in (
            ("all stacks", ours.judging < SECONDS_FOR_ALL),
            ("evaluations", ours.per_second >= EVALUATIONS_PER_SECOND),
            ("beside Checkov", beside is None or beside.ratio >= TIMES_AS_FAST),
        )
        if not reached
    ]
    if missed:
        raise SystemExit(f"missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
