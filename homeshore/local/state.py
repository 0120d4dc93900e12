"""What the local cloud keeps on disk below <project>/.homeshore/local: who runs, and what was applied.

Decisions about resources are never taken from here, only from what the emulator reads back. The files say which
process to stop, which resources a `down` has to look for, and whether a difference is a repair or a change.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from homeshore.errors import UserError
from homeshore.local.fields import FieldError, Fields
from homeshore.local.kind import Wanted


@dataclass(frozen=True)
class EmulatorRecord:
    """The emulator in use.

    `token` marks the processes of one that was started here and is empty for any other; `pid` and `started` are None
    for one that is not ours, or that was about to be started.
    """

    emulator: str
    endpoint: str
    token: str
    pid: int | None = None
    started: str | None = None

    @property
    def own(self) -> bool:
        """Whether it was started here, so that stopping it removes all that is in it."""
        return bool(self.token)


class LocalState:
    """The directory <project>/.homeshore/local and the files in it."""

    def __init__(self, root: Path) -> None:
        self.directory = root / ".homeshore" / "local"

    @property
    def log(self) -> Path:
        """The emulator's log."""
        return self.directory / "emulator.log"

    @property
    def scratch(self) -> Path:
        """Where the emulator and its workers keep temporary files."""
        return self.directory / "tmp"

    @contextmanager
    def locked(self) -> Generator[None]:
        """One `up` or `down` at a time for this project.

        Raises UserError when another one runs, or when nothing can be written here.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            opened = (self.directory / "lock").open("w", encoding="utf-8")
        except OSError as fault:
            raise UserError(
                f"{self.directory}: cannot be written: {fault.strerror}. The embedded cloud's files go there."
            ) from None
        with opened as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UserError(f"{self.directory}: another `homeshore local` is at work here; wait for it.") from None
            try:
                yield
            finally:
                if [path.name for path in self.directory.glob("*")] == ["lock"]:
                    self.remove()

    def emulator(self) -> EmulatorRecord | None:
        """The emulator in use, or None."""
        values = self._read("emulator.json")
        if values is None:
            return None
        pid = values.get("pid")
        started = values.get("started")
        return EmulatorRecord(
            values.text("emulator"),
            values.text("endpoint"),
            values.text("token"),
            pid if isinstance(pid, int) else None,
            started if isinstance(started, str) else None,
        )

    def keep_emulator(self, record: EmulatorRecord) -> None:
        """Remember the emulator in use."""
        self._write("emulator.json", asdict(record))

    def report(self, stack: str) -> Fields | None:
        """The report of the last `up` of the stack that came to its end, or None."""
        return self._read(f"{stack}.json")

    def keep_report(self, stack: str, document: Mapping[str, object]) -> None:
        """Remember the report of an `up`."""
        self._write(f"{stack}.json", document)

    def stacks(self) -> tuple[str, ...]:
        """Stacks of which something may be there, sorted."""
        return tuple(sorted(path.name.removesuffix(".journal") for path in self.directory.glob("*.journal")))

    def note(self, stack: str, wanted: Wanted) -> None:
        """Append a resource to the stack's journal, before it is created: a killed run leaves nothing unnamed."""
        descriptor = os.open(self._journal(stack), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, _line(wanted).encode())
        finally:
            os.close(descriptor)

    def noted(self, stack: str) -> tuple[Wanted, ...]:
        """The resources of the journal in the order of creation, each as it was declared last."""
        try:
            lines = self._journal(stack).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return ()
        found: dict[str, Wanted] = {}
        for line in lines:
            try:
                entry = Fields(cast("Mapping[str, object]", json.loads(line)))
            except ValueError:  # the last line of a run that was killed while it wrote
                continue
            urn, kind, name = (entry.text(key) for key in ("urn", "type", "name"))
            place = entry.text("region"), entry.text("account_id")
            found[urn] = Wanted(urn, kind, name, entry.block("inputs"), *place)
        return tuple(found.values())

    def keep_journal(self, stack: str, resources: tuple[Wanted, ...]) -> None:
        """Replace the journal by these resources."""
        lines = "".join(_line(wanted) for wanted in resources)
        part = self._journal(stack).with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(lines, encoding="utf-8")
        part.replace(self._journal(stack))

    def forget(self, stack: str) -> None:
        """Remove what is kept about the stack."""
        self._journal(stack).unlink(missing_ok=True)
        (self.directory / f"{stack}.json").unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove everything, and the directory above when nothing else is in it."""
        if self.directory.exists():
            shutil.rmtree(self.directory)
        parent = self.directory.parent
        if parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()

    def _journal(self, stack: str) -> Path:
        return self.directory / f"{stack}.journal"

    def _read(self, name: str) -> Fields | None:
        path = self.directory / name
        try:
            document: object = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError as fault:
            raise UserError(
                f"{path}: cannot be read ({fault}). Nothing writes it half: delete {self.directory}."
            ) from None
        if not isinstance(document, dict):
            raise FieldError(f"{path}: not a mapping")
        return Fields(cast("dict[str, object]", document))

    def _write(self, name: str, document: Mapping[str, object]) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / name
        part = path.with_suffix(".part")
        part.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        part.replace(path)


def _line(wanted: Wanted) -> str:
    return json.dumps({**vars(wanted), "inputs": dict(wanted.inputs)}) + "\n"
