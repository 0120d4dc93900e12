"""The other revision's program, run by its own `homeshore preview` in a process of its own, read as snapshots."""

from __future__ import annotations

import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, cast

from homeshore.base.environment import clean_environment, interpreter
from homeshore.base.revision import Repository, Revision
from homeshore.base.worktree import TREE, room
from homeshore.emulators.children import child
from homeshore.engine.model import Snapshot
from homeshore.engine.values import Plain
from homeshore.errors import UserError
from homeshore.foreign import read
from homeshore.project import Project, find_project

PROGRAM: Final = "homeshore/cli.py"
WHEELS: Final = Path(".build", "wheels")
LOCKS: Final = "processor/requirements-*.lock"
_LAUNCHER: Final = Path(__file__).parent / "launch.py"


@dataclass(frozen=True)
class Running:
    """The other revision while its program runs: `stacks` of those that were asked for have a file there."""

    revision: Revision
    stacks: tuple[str, ...]
    tree: Path
    project: Path
    printed: Path
    log: Path
    process: subprocess.Popen[bytes] | None

    def snapshots(self) -> Mapping[str, Snapshot]:
        """Wait for the program; its stacks by name. Raises UserError with its own message where it fails."""
        if self.process is None:
            return {}
        code = self.process.wait()
        if code:
            said = self.log.read_text(encoding="utf-8", errors="replace").strip()
            said = said.replace(str(self.tree), ".") or f"it ended with exit code {code} and said nothing"
            raise UserError(f"--base {self.revision.ref}: the program of {self.revision} fails:\n{said}{self._hint()}")
        try:
            found = {snapshot.stack: snapshot for snapshot in read(str(self.printed))}
        except UserError as fault:
            said = str(fault).replace(str(self.printed), "what its `homeshore preview --json` prints")
            raise UserError(f"--base {self.revision.ref}: {said}") from None
        if missing := [stack for stack in self.stacks if stack not in found]:
            raise UserError(f"--base {self.revision.ref}: its preview says nothing of {', '.join(missing)}.")
        return {stack: self._at_home(found[stack]) for stack in self.stacks}

    def _hint(self) -> str:
        """Where the processor's locks differ, wheels may be missing, and only that revision can fetch them."""
        locks = sorted({str(path.relative_to(root)) for root in (self.tree, self.project) for path in root.glob(LOCKS)})
        differing = [name for name in locks if _bytes(self.tree / name) != _bytes(self.project / name)]
        if not differing:
            return ""
        return (
            f"\n\nIts {', '.join(differing)} differ from this checkout's. If it lacks wheels: "
            f"`git switch --detach {self.revision.commit} && make setup` fetches them into {WHEELS}, where both find "
            "theirs; `git switch -` and `make setup` come back."
        )

    def _at_home(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot as if the program had run in this checkout: where it lies is no part of what it says."""
        there, here = str(self.tree), str(self.project)
        resources = (
            replace(one, inputs=cast("Mapping[str, Plain]", _moved(dict(one.inputs), there, here)))
            for one in snapshot.resources
        )
        return replace(snapshot, resources=tuple(resources))


@contextmanager
def running(ref: str, project: Project, chosen: Sequence[str] | None) -> Generator[Running]:
    """Check out `ref` and start its program for the stacks `chosen` (None: all that it has).

    When the block ends, also by Ctrl-C, the program has ended too and the checkout is gone. Raises UserError: see
    homeshore.base.revision, .worktree and .environment; and where the revision has no program to run.
    """
    repository = Repository.of(project.root)
    revision = repository.revision(ref)
    python = interpreter(revision, project.root)
    with room(revision) as directory:
        tree = directory / TREE / repository.inside
        theirs = _project(revision, tree)
        stacks = tuple(name for name in theirs.stacks() if chosen is None or name in chosen)
        printed, log = directory / "printed.json", directory / "log.txt"
        state = Running(revision, stacks, theirs.root, project.root, printed, log, None)
        if not stacks:
            yield state
            return
        _lend_wheels(project.root, theirs.root)
        command = [str(python), "-c", _LAUNCHER.read_text(encoding="utf-8")]
        command += [str(theirs.root), str(project.root), str(printed), "preview", *stacks, "--json"]
        with child(command, clean_environment(directory, theirs.root), log) as process:
            yield replace(state, process=process)


def _project(revision: Revision, tree: Path) -> Project:
    if not (tree / "Pulumi.yaml").is_file():
        raise UserError(f"--base {revision.ref}: {revision} has no Pulumi.yaml where this checkout has one.")
    if not (tree / PROGRAM).is_file():
        raise UserError(
            f"--base {revision.ref}: {revision} has no {PROGRAM}: it is older than the command line that would run "
            "its program. Compare with a later one."
        )
    return find_project(tree)


def _lend_wheels(ours: Path, theirs: Path) -> None:
    """Let the other program find the processor's wheels, which it takes by the hashes in its own locks."""
    if (ours / WHEELS).is_dir() and not (theirs / WHEELS).exists():
        (theirs / WHEELS).parent.mkdir(exist_ok=True)
        (theirs / WHEELS).symlink_to(ours / WHEELS, target_is_directory=True)


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _moved(value: Plain, there: str, here: str) -> Plain:
    if isinstance(value, str):
        return value.replace(there, here)
    if isinstance(value, dict):
        return {key: _moved(item, there, here) for key, item in value.items()}
    return [_moved(item, there, here) for item in value] if isinstance(value, list) else value
