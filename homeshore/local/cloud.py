"""The local cloud: bring a stack up on an emulator, look at it, take it down."""

from __future__ import annotations

import io
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from homeshore.engine import BackendError, Snapshot, run_program
from homeshore.errors import UserError
from homeshore.local import emulator as emulators
from homeshore.local.aws import Aws, ClientLike
from homeshore.local.backend import EmulatorBackend, Progress, places
from homeshore.local.emulator import Emulator
from homeshore.local.emulators import Choice, choose
from homeshore.local.fields import Fields
from homeshore.local.kind import ApplyError, Wanted
from homeshore.local.removal import CloudOf, remove_resources, seen
from homeshore.local.report import FORMAT_VERSION, Entry, Report
from homeshore.local.state import LocalState
from homeshore.project import Project
from homeshore.signals import terminated_as_interrupted, uninterrupted

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from homeshore.local.adapt import HostPackage
    from homeshore.pseudonyms.ring import SecretStore


ENDPOINTS = ("endpoint", "standby_endpoint", "failover_endpoint")
"""The outputs that are addresses which producers send to."""


def silent(message: str) -> None:
    """Progress for nobody."""
    del message


@dataclass(frozen=True)
class Running:
    """A stack that is up: where it is reached, what it exports, how it came up."""

    emulator: Emulator
    report: Report

    @property
    def endpoint(self) -> str:
        """The URL of every service."""
        return self.report.endpoint

    @property
    def outputs(self) -> Mapping[str, object]:
        """The stack's outputs, by the names that the program exports."""
        return self.report.outputs

    @property
    def scratch(self) -> Path:
        """A directory that the embedded emulator sees too; it goes with it."""
        return self.emulator.scratch

    def client(self, service: str) -> ClientLike:
        """A boto3 client of the stack's account and region at the endpoint."""
        return Aws(self.endpoint, self.report.region, self.report.account_id).client(service)


def up(
    project: Project,
    stack: str,
    *,
    choice: Choice | None = None,
    progress: Progress = silent,
    host_package: HostPackage | None = None,
) -> Report:
    """Bring the stack up: start the emulator unless it runs, apply what the program registers, keep it running.

    Interrupted or failed, it stops what it started itself; an emulator that was there before is left as it is, and the
    next `up` converges. Raises UserError, ProgramFailed for the program's own error.
    """
    state = LocalState(project.root)
    with state.locked():
        progress("reading the program")
        plan = _planned(project, stack)
        places(plan)  # refuse a stack of another cloud before anything is started
        was_running = emulators.current(state) is not None
        try:
            emulator = emulators.start(state, choice or choose())
            progress(emulator.title)
            return _applied(
                project, stack, plan=plan, emulator=emulator, state=state, progress=progress, host_package=host_package
            )
        except BaseException:
            if not was_running:
                with uninterrupted():
                    emulators.discard_own(state)
            raise


def _planned(project: Project, stack: str) -> Snapshot:
    """What the program would register; what it logs is told when it is applied."""
    return run_program(project, stack, diagnostics=io.StringIO())


def _applied(
    project: Project,
    stack: str,
    *,
    plan: Snapshot,
    emulator: Emulator,
    state: LocalState,
    progress: Progress,
    host_package: HostPackage | None,
) -> Report:
    earlier = state.report(stack)
    before = state.noted(stack)
    backend = EmulatorBackend(
        emulator.row,
        emulator.endpoint,
        plan,
        scratch=emulator.scratch,
        note=lambda wanted: state.note(stack, wanted),
        earlier=earlier.table("digests") if earlier else {},
        noted={wanted.urn: wanted for wanted in before},
        progress=progress,
        host_package=host_package or _processor_package(project, stack),
    )
    try:
        snapshot = run_program(project, stack, backend=backend)
    except BackendError as fault:
        raise UserError(f"{stack}: {_explained(fault)}") from fault
    gone = tuple(wanted for wanted in before if wanted.urn not in backend.applied)
    for wanted in remove_resources(gone, _cloud_of(emulator), progress):
        backend.changes.removed.append(Entry(wanted.urn, wanted.type, wanted.name))
    kept = tuple(wanted for wanted in state.noted(stack) if wanted.urn in backend.applied)
    place = backend.primary
    report = Report(
        stack=stack,
        emulator=emulator.row.id,
        endpoint=emulator.endpoint,
        region=place.region,
        account_id=place.account_id,
        pid=emulator.pid,
        changes=backend.changes,
        outputs=_reachable(snapshot.outputs, emulator.endpoint),
        digests=backend.digests,
        limits=tuple((limit.what, limit.reason) for limit in emulator.row.limits),
    )
    _ensure_pseudonym_key(report, progress)
    state.keep_journal(stack, kept)
    state.keep_report(stack, {**report.to_json(), "digests": dict(report.digests)})
    return report


def _reachable(outputs: Mapping[str, object], endpoint: str) -> dict[str, object]:
    """The outputs as the program exports them, but where producers send to: the program names the cloud's address."""
    return {name: endpoint if name in ENDPOINTS else value for name, value in outputs.items()}


def _ensure_pseudonym_key(report: Report, progress: Progress) -> None:
    """Give the declared secret a key of its own, so that the stack processes events at once.

    In a real account nobody but the owner does that, with `homeshore data key init`.
    """
    from homeshore.pseudonyms.regions import init_both
    from homeshore.pseudonyms.ring import ensure_key

    secrets = [report.outputs.get(name) for name in ("pseudonym_secret", "standby_pseudonym_secret")]
    stores = [_secret(report, arn) for arn in secrets if isinstance(arn, str)]
    if all(store.read().text is not None for store in stores):
        return
    match stores:
        case [alone]:
            ensure_key(alone)
        case [primary, standby]:
            init_both(primary, standby)
        case _:
            return
    progress("pseudonym key: a random one, for this emulator only")


def _secret(report: Report, arn: str) -> SecretStore:
    from homeshore.pseudonyms.aws import AwsSecret

    region = arn.split(":")[3]
    client = Aws(report.endpoint, region, report.account_id).client("secretsmanager")
    return AwsSecret(cast("SecretsManagerClient", client), arn)


def _explained(fault: BackendError) -> str:
    cause = fault.__cause__
    if isinstance(cause, ApplyError):
        return f"{fault.urn.rpartition('::')[2]}: {cause}"
    return f"the emulator refuses {fault}"


def _processor_package(project: Project, stack: str) -> HostPackage:
    """Builds the processor for this machine, once, when a function needs it."""
    built: list[Path] = []
    lock = threading.Lock()

    def build() -> Path:
        from events.contract import load as load_contract
        from processor import packaging
        from stacks.reading import read

        with lock:
            if not built:
                config = read(project.stack_file(stack), project.name, project.config).config
                contract = load_contract(project.root / config.events)
                runtime = config.processor.runtime
                package = packaging.build(contract, architecture="host", runtime=runtime, root=project.root)
                built.append(package.path)
            return built[0]

    return build


@dataclass(frozen=True)
class Presence:
    """A resource that an `up` applied, and its id if the emulator still shows it."""

    wanted: Wanted
    id: str | None


@dataclass(frozen=True)
class Status:
    """What is there: the emulator (None: none answers), the report of the last `up`, the resources."""

    stack: str
    emulator: Emulator | None = None
    report: Fields = field(default_factory=Fields)
    resources: tuple[Presence, ...] = ()

    @property
    def outputs(self) -> Mapping[str, object]:
        """The stack's outputs as the last `up` left them."""
        return self.report.block("outputs")

    @property
    def environment(self) -> Mapping[str, str]:
        """What another AWS client needs to reach the stack."""
        return self.report.table("environment")

    def to_json(self) -> dict[str, object]:
        """The document of `homeshore local status --json`."""
        emulator = self.emulator
        return {
            "version": FORMAT_VERSION,
            "stack": self.stack,
            "running": emulator is not None,
            "emulator": emulator.row.id if emulator else None,
            "endpoint": emulator.endpoint if emulator else None,
            "pid": emulator.pid if emulator else None,
            "outputs": dict(self.outputs),
            "environment": dict(self.environment),
            "resources": [
                {"urn": item.wanted.urn, "type": item.wanted.type, "name": item.wanted.name, "id": item.id}
                for item in self.resources
            ],
        }


def status(project: Project, stack: str) -> Status:
    """What of the stack is there, read from the emulator."""
    state = LocalState(project.root)
    emulator = emulators.current(state)
    noted = state.noted(stack)
    if emulator is None or not noted:
        return Status(stack, emulator)
    cloud_of = _cloud_of(emulator)
    report = state.report(stack) or Fields()
    return Status(stack, emulator, report, tuple(Presence(wanted, seen(wanted, cloud_of)) for wanted in noted))


def down(project: Project, stack: str, *, progress: Progress = silent) -> bool:
    """Take the stack down; return whether anything was there.

    Our own emulator is stopped when no other stack is on it, and everything in it is gone with it. On a foreign one
    the stack's resources are deleted in the reverse order of their creation. Safe to repeat, and after a kill.
    """
    state = LocalState(project.root)
    if not state.directory.exists():
        return False
    with state.locked():
        record = state.emulator()
        running = emulators.current(state)
        others = [name for name in state.stacks() if name != stack]
        own = record is None or running is None or running.own
        if running is not None and (others or not own) and state.noted(stack):
            remove_resources(state.noted(stack), _cloud_of(running), progress)
        if others and running is not None:
            state.forget(stack)
            return True
        if own and running is not None:
            progress(f"stopping {running.row.id} (pid {running.pid})")
        emulators.discard(state)
        return record is not None


def _cloud_of(emulator: Emulator) -> CloudOf:
    known = cache(partial(Aws, emulator.endpoint))
    return lambda wanted: known(wanted.region, wanted.account_id)


def _alive(state: LocalState, report: Report) -> Emulator:
    emulator = emulators.current(state)
    if emulator is None:
        raise UserError(f"the emulator at {report.endpoint} ended; see {state.log}.")
    return emulator


@contextmanager
def running(
    project: Project,
    stack: str,
    *,
    choice: Choice | None = None,
    progress: Progress = silent,
    keep: bool = False,
    host_package: HostPackage | None = None,
) -> Generator[Running]:
    """A stack that is up inside the block and taken down after it, also on Ctrl-C, SIGTERM and SIGHUP.

    `keep` leaves it up.

    An emulator that ran before, with this stack on it, stays as it was found.
    """
    state = LocalState(project.root)
    with terminated_as_interrupted():
        was_up = emulators.current(state) is not None and stack in state.stacks()
        try:
            report = up(project, stack, choice=choice, progress=progress, host_package=host_package)
            yield Running(_alive(state, report), report)
            if not keep and not was_up:
                down(project, stack, progress=progress)
        except BaseException:
            if not keep and not was_up:
                with uninterrupted():
                    down(project, stack)  # in silence: the terminal that progress is told to may be what went away
            raise
