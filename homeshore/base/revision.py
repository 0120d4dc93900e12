"""What REF means: the commit that git resolves it to, in the repository that holds the project."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Final

from homeshore.errors import UserError

SUGGESTIONS: Final = 3
_SHORT: Final = 10


@dataclass(frozen=True)
class Repository:
    """A git repository and where in it the project lies (`.` for the top)."""

    top: Path
    inside: PurePosixPath

    @classmethod
    def of(cls, project: Path) -> Repository:
        """The repository of the project's directory. Raises UserError where there is none, or no git."""
        told = git(project, "rev-parse", "--show-toplevel", "--show-prefix")
        if told.returncode:
            raise UserError(
                f"{project}: --base compares with another revision, and git finds no checkout here: "
                f"{_reason(told)}. Run it inside a clone of the repository."
            )
        top, prefix, *_ = [*told.stdout.split("\n"), ""]
        return cls(Path(top), PurePosixPath(prefix or "."))

    @property
    def is_shallow(self) -> bool:
        """Whether older commits are missing on this machine."""
        return git(self.top, "rev-parse", "--is-shallow-repository").stdout.strip() == "true"

    def revision(self, ref: str) -> Revision:
        """The commit that `ref` names. Raises UserError, with what to do, where git finds none."""
        if ref.startswith("-") or not ref.strip():
            raise UserError(f"--base {ref!r}: no name of a revision. Give a branch, a tag or a commit: --base main.")
        told = git(self.top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        if told.returncode:
            raise UserError(f"--base {ref}: {self._remedy(ref)}")
        return Revision(self, ref, told.stdout.strip())

    def _remedy(self, ref: str) -> str:
        sentence = "git knows no commit by this name."
        names = git(self.top, "for-each-ref", "--format=%(refname:short)").stdout.split()
        endings = [name for name in names if name.endswith(f"/{ref}")]
        near = list(dict.fromkeys([*endings, *get_close_matches(ref, names, n=SUGGESTIONS)]))[:SUGGESTIONS]
        if near:
            sentence += f" Did you mean {' or '.join(near)}?"
        if self.is_shallow:
            return (
                f"{sentence} This clone is shallow, so the commit may only be missing here: fetch it with "
                "`git fetch --unshallow`, on GitHub Actions with `fetch-depth: 0` for actions/checkout."
            )
        return f"{sentence} `git fetch origin` brings what the server has; `git branch --all` lists what is here."


@dataclass(frozen=True)
class Revision:
    """A commit, and the name by which it was asked for."""

    repository: Repository
    ref: str
    commit: str

    def __str__(self) -> str:
        short = self.commit[:_SHORT]
        return short if self.commit.startswith(self.ref) else f"{self.ref} ({short})"

    def file(self, name: str) -> bytes | None:
        """A file of the project at this commit; None where it has none."""
        path = self.repository.inside / name
        told = subprocess.run(
            _command(self.repository.top, "cat-file", "blob", f"{self.commit}:{path}"),
            capture_output=True,
            check=False,
            env=environment(),
        )
        return None if told.returncode else told.stdout

    def missing_here(self) -> bool:
        """Whether it has commits that this checkout lacks; their changes then look as if they were taken back."""
        told = git(self.repository.top, "merge-base", "--is-ancestor", self.commit, "HEAD")
        return told.returncode == 1


def git(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git. Raises UserError where there is none."""
    try:
        return subprocess.run(
            _command(directory, *arguments),
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
            env=environment(),
        )
    except FileNotFoundError:
        raise UserError("--base needs git, which is not on the path. Install it with the system's packages.") from None


def _command(directory: Path, *arguments: str) -> list[str]:
    # No hook of the repository runs for a checkout that nobody works in.
    return ["git", "-C", str(directory), "-c", f"core.hooksPath={os.devnull}", *arguments]


def environment() -> Mapping[str, str]:
    """The user's environment without what a hook of git's hands to its children: it names another repository."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**kept, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def _reason(told: subprocess.CompletedProcess[str]) -> str:
    lines = told.stderr.strip().splitlines()
    return lines[0].removeprefix("fatal: ").rstrip(".") if lines else f"exit code {told.returncode}"
