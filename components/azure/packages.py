"""The code that a stack on Azure ships."""

from __future__ import annotations

from pathlib import Path

from components.contracts import Packages, Unsupported
from events.contract import Contract
from processor.cloud_packages import build_functions, build_lakehouse

ARCHITECTURE = "x86_64"
"""The only one that Flex Consumption and the consumption profile of Container Apps run on."""


def packages(contract: Contract, *, architecture: str, runtime: str, root: Path) -> Packages:
    """The function app's zip, and the source of the lakehouse job's image.

    Raises Unsupported for an architecture that Azure does not run, PackageError, which says what to run.
    """
    if architecture != ARCHITECTURE:
        raise Unsupported(
            f"processor.architecture: {architecture} is not to be had on Azure: Functions (Flex Consumption) and "
            f"Container Apps run on {ARCHITECTURE} only. Leave the key out, or write {ARCHITECTURE}."
        )
    return Packages(build_functions(contract, runtime=runtime, root=root), build_lakehouse(contract, root=root))
