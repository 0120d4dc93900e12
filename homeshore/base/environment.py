"""What another revision's program may see: an interpreter with its own locked packages, and no credentials."""

from __future__ import annotations

import hashlib
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from homeshore.base.revision import Revision
from homeshore.errors import UserError

LOCK: Final = "requirements.lock"
PASSED: Final = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT")
"""All that the other program gets of this environment. What is not listed is not handed on, whatever its name."""
_DIGITS: Final = 16


def interpreter(revision: Revision, project: Path) -> Path:
    """The Python whose packages are those of the revision's lock file.

    This one, where the lock file is the same as here; else that of an environment made for it. Raises UserError, with
    the commands that make it, where there is none.
    """
    theirs = revision.file(LOCK)
    path = project / LOCK
    if theirs is None or (path.is_file() and path.read_bytes() == theirs):
        return Path(sys.executable)
    digest = hashlib.sha256(theirs).hexdigest()[:_DIGITS]
    home = project / ".homeshore" / "base" / digest
    complete = home / LOCK
    if complete.is_file() and complete.read_bytes() == theirs:
        return home / "bin" / "python"
    raise UserError(_refusal(revision, project, home))


def _refusal(revision: Revision, project: Path, home: Path) -> str:
    """The lock file lies in the environment only when everything in it is installed: it comes last."""
    short = os.path.relpath(home, project)
    lock = revision.repository.inside / LOCK
    return (
        f"--base {revision.ref}: its {LOCK} is another one than this checkout's, so its program needs packages of its "
        f"own, and nobody has installed them yet. In {project}, once:\n"
        f"  python3 -m venv {short}\n"
        f"  git show {shlex.quote(f'{revision.commit}:{lock}')} > {short}.lock\n"
        f"  {short}/bin/python -m pip install --require-hashes -r {short}.lock\n"
        f"  mv {short}.lock {short}/{LOCK}"
    )


def clean_environment(room: Path, tree: Path) -> Mapping[str, str]:
    """The whole environment of the other program: an empty home, a scratch directory, and its own code to import."""
    home, scratch = room / "home", room / "scratch"
    home.mkdir(exist_ok=True)
    scratch.mkdir(exist_ok=True)
    return {
        **{name: os.environ[name] for name in PASSED if name in os.environ},
        "HOME": str(home),
        "TMPDIR": str(scratch),
        "PYTHONPATH": str(tree),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONUTF8": "1",
        # A machine of a cloud hands credentials to whoever asks; the SDKs shall not.
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_GCE_CHECK": "true",
    }
