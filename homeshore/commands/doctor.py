"""`homeshore doctor`: whether this machine and this checkout have what the commands need."""

from __future__ import annotations

import json
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import click

from homeshore.errors import UserError
from homeshore.project import Project, find_project

LEAST_PYTHON = (3, 11)
LEAST_FREE_GIB = 2
GIB = 1024**3
SETUP = "Run `make setup` in this checkout."


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: what was found, and what to do when that is not enough."""

    name: str
    ok: bool
    found: str
    remedy: str = ""


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document (shape below) instead of text.")
def command(as_json: bool) -> int:
    """Look at this machine and this checkout for what the commands need, and say what to do about what is missing.

    Exit code 0 when all is well, 2 when something is missing. It changes nothing and contacts nobody.

    \b
    Example: homeshore doctor

    \b
    JSON: {"version": 1, "healthy": true | false,
      "checks": [{"name", "ok", "found", "remedy"}]}
    """
    checks = list(_checks())
    healthy = all(check.ok for check in checks)
    if as_json:
        shape = {"version": 1, "healthy": healthy, "checks": [asdict(check) for check in checks]}
        click.echo(json.dumps(shape, indent=2, ensure_ascii=False))
        return 0 if healthy else 2
    width = max(len(check.name) for check in checks)
    for check in checks:
        mark = click.style("ok     ", fg="green") if check.ok else click.style("MISSING", fg="red")
        lines = check.found.splitlines() or [""]
        click.echo(f"{mark}  {check.name:<{width}}  {lines[0]}")
        for line in [*lines[1:], *([check.remedy] if not check.ok and check.remedy else [])]:
            click.echo(f"{'':<7}  {'':<{width}}  {line}")
    missing = sum(not check.ok for check in checks)
    click.echo("\nAll is well." if healthy else f"\n{missing} of {len(checks)} checks found something missing.")
    return 0 if healthy else 2


def _checks() -> Iterator[Check]:
    yield _python()
    yield _git()
    yield _port()
    yield _emulator()
    try:
        project = find_project()
    except UserError as fault:
        yield Check("project", False, str(fault), "Change into the directory that holds Pulumi.yaml.")
        return
    yield Check("project", True, f"{project.name} in {project.root}")
    of_project: tuple[Callable[[Project], Check], ...] = (_environment, _disk, _wheels)
    for look in of_project:
        yield look(project)
    yield from _stack_files(project)


def _python() -> Check:
    found = f"Python {platform.python_version()} ({platform.machine()})"
    least = ".".join(map(str, LEAST_PYTHON))
    return Check("python", sys.version_info[:2] >= LEAST_PYTHON, found, f"Install Python {least} or newer.")


def _git() -> Check:
    path = shutil.which("git")
    if path is None:
        return Check("git", False, "not on the path", "Install git with the system's package manager.")
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    found = told.stdout.strip() or told.stderr.strip()
    return Check("git", told.returncode == 0, found, "Reinstall git: it does not start.")


def _port() -> Check:
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = int(server.getsockname()[1])
    except OSError as fault:
        return Check("loopback", False, f"no port on 127.0.0.1: {fault.strerror}", "Allow this user to open sockets.")
    return Check("loopback", True, f"ports can be opened on 127.0.0.1 (tried {port})")


def _emulator() -> Check:
    if find_spec("ministack") is None:
        return Check("embedded cloud", False, "ministack is not installed", SETUP)
    try:
        return Check("embedded cloud", True, f"ministack {version('ministack')}")
    except PackageNotFoundError:
        return Check("embedded cloud", False, "ministack is installed in part", SETUP)


def _environment(project: Project) -> Check:
    expected = project.root / ".venv"
    running = sys.prefix
    if not expected.is_dir():
        return Check("environment", False, f"{expected} does not exist", SETUP)
    found = f"{running}, Pulumi SDK {version('pulumi')}"
    return Check(
        "environment",
        expected.resolve().samefile(running),
        found if expected.resolve().samefile(running) else f"this is {running}, not {expected}",
        "Call .venv/bin/homeshore, or activate .venv; `pulumi` runs the program with that environment.",
    )


def _disk(project: Project) -> Check:
    free = shutil.disk_usage(project.root).free / GIB
    return Check("disk", free >= LEAST_FREE_GIB, f"{free:.1f} GiB free", f"Free {LEAST_FREE_GIB} GiB or more.")


def _wheels(project: Project) -> Check:
    folder = project.root / ".build" / "wheels"
    count = sum(1 for _ in folder.rglob("*.whl")) if folder.is_dir() else 0
    found = f"{count} wheels for the processor's package" if count else f"none in {folder}"
    return Check("wheels", count > 0, found, SETUP)


def _stack_files(project: Project) -> Iterator[Check]:
    from stacks.faults import ConfigFaults
    from stacks.models import StackConfig
    from stacks.reading import read_any

    contracts: set[str] = set()
    for stack in project.stacks():
        path = project.stack_file(stack)
        try:
            config = read_any(path, project.name, project.config).config
        except ConfigFaults as faults:
            count = "1 fault" if len(faults.faults) == 1 else f"{len(faults.faults)} faults"
            yield Check(f"stack {stack}", False, count, f"Read them with `homeshore config {stack}`.")
            continue
        if isinstance(config, StackConfig):
            contracts.add(config.events)
        place = config.placement
        yield Check(f"stack {stack}", True, f"{path.name} is valid: {place.cloud} {place.region}")
    if not project.stacks():
        yield Check("stacks", False, "no stack file", "Write one with `homeshore new`.")
    for name in sorted(contracts):
        yield _contract(project, name)


def _contract(project: Project, name: str) -> Check:
    from events.contract import ContractFaults, load

    try:
        contract = load(project.root / name)
    except ContractFaults as faults:
        return Check(f"contract {name}", False, str(faults), "Mend the data contract.")
    return Check(f"contract {name}", True, f"{contract.name} {contract.version}, {len(contract.columns)} columns")
