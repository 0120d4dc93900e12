"""The code that a stack on AWS ships."""

from __future__ import annotations

from pathlib import Path

from components.contracts import Packages
from events.contract import Contract
from processor import packaging


def packages(contract: Contract, *, architecture: str, runtime: str, root: Path) -> Packages:
    """The function's zip; Athena needs no code of ours. Raises PackageError, which says what to run."""
    return Packages(packaging.build(contract, architecture=architecture, runtime=runtime, root=root))
