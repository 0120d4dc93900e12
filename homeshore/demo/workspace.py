"""What a run on Azure's or Google's emulators keeps on this machine while it lasts, and what it needs installed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from homeshore.errors import UserError
from homeshore.signals import uninterrupted
from processor.keys import KeyRing
from processor.schema import Contract

STREAM = "homeshore-demo-stream"
BUCKET = "lake"


class Workspace(NamedTuple):
    """Files of one run: a directory for logs and copies, the contract as packages carry it, a pseudonym key."""

    directory: Path
    contract: Path
    secret: Path

    @property
    def copies(self) -> Path:
        """Where the bucket's objects are read back to."""
        return self.directory / "copies"


@contextmanager
def workspace(contract: Contract) -> Generator[Workspace]:
    """A directory that this user alone may read, with a random key for this run; it is gone after the block."""
    with ExitStack() as ended:
        with uninterrupted():  # between the making and the promise to remove it, nothing may come
            directory = Path(tempfile.mkdtemp(prefix="homeshore-demo-"))
            ended.callback(_remove, directory)
        files = Workspace(directory, directory / "contract.json", directory / "pseudonym-key")
        files.contract.write_bytes(contract.to_json())
        files.secret.write_text(KeyRing.create().to_secret(), encoding="utf-8")
        yield files


def _remove(directory: Path) -> None:
    with uninterrupted():
        shutil.rmtree(directory)


def require(cloud: str, *modules: str) -> None:
    """Raise UserError, with the remedy, when one of a cloud's libraries is not installed."""
    missing = [name for name in modules if not _installed(name)]
    if missing:
        raise UserError(
            f"--cloud {cloud} needs libraries that are not installed here: {', '.join(missing)}. Run `make setup`, "
            "which installs them with the rest."
        )


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package above it
        return False
