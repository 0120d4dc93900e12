"""A revision checked out apart, for as long as a block lasts, and what a killed run left of that."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, cast

from homeshore.base.revision import Repository, Revision, git
from homeshore.errors import UserError
from homeshore.local import processes
from homeshore.signals import uninterrupted

PREFIX: Final = "homeshore-base-"
TREE: Final = "tree"
OWNER: Final = "owner.json"


@contextmanager
def room(revision: Revision) -> Generator[Path]:
    """A directory of our own, readable by this user alone, with the revision in `tree`; gone after the block.

    The checkout that the user works in, its index and its branches stay as they are. Raises UserError where git
    cannot check out.
    """
    sweep(revision.repository)
    with ExitStack() as ended:
        with uninterrupted():  # between the making and the promise to remove it, nothing may come
            directory = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
            ended.callback(_remove, revision.repository, directory)
            mine = {"pid": os.getpid(), "started": processes.started_at(os.getpid())}
            (directory / OWNER).write_text(json.dumps(mine), encoding="utf-8")
        tree = directory / TREE
        told = git(revision.repository.top, "worktree", "add", "--quiet", "--detach", str(tree), revision.commit)
        if told.returncode:
            raise UserError(f"--base {revision.ref}: git cannot check it out: {told.stderr.strip()}")
        yield directory


def sweep(repository: Repository) -> None:
    """Remove what runs left that were killed. A run that is still going keeps its own, and so does everybody else."""
    for tree in _ours(repository):
        if not _in_use(tree.parent):
            _remove(repository, tree.parent)


def _ours(repository: Repository) -> Iterator[Path]:
    """Worktrees of this repository that such a run made, also those whose directory is gone."""
    for line in git(repository.top, "worktree", "list", "--porcelain").stdout.splitlines():
        path = Path(line.removeprefix("worktree "))
        if line.startswith("worktree ") and path.name == TREE and path.parent.name.startswith(PREFIX):
            yield path


def _in_use(directory: Path) -> bool:
    try:
        owner = cast("dict[str, object]", json.loads((directory / OWNER).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return False
    pid, started = owner.get("pid"), owner.get("started")
    return isinstance(pid, int) and isinstance(started, str) and processes.is_running(pid, started)


def _remove(repository: Repository, directory: Path) -> None:
    with uninterrupted():
        git(repository.top, "worktree", "remove", "--force", "--force", str(directory / TREE))
        shutil.rmtree(directory, ignore_errors=True)
        # Where git could not, for the directory was half made: it forgets a worktree whose directory is gone.
        git(repository.top, "worktree", "remove", "--force", "--force", str(directory / TREE))
