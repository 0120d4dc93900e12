"""The code that Google Cloud runs: the source of the worker's image, and what the image is called."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from components.contracts import Packages, Unsupported
from events.contract import Contract
from processor.cloud_packages import CLOUD_RUN_RUNTIME, build_cloud_run

ARCHITECTURE = "x86_64"
"""The only one that Cloud Run has (Cloud Run documentation, "Container runtime contract": linux/amd64)."""
IMAGE = "processor"
_SHA256_BYTES = 32
_TAG_DIGITS = 12


def packages(contract: Contract, *, architecture: str, runtime: str, root: Path) -> Packages:
    """The source of the worker's image, below `root`; BigQuery refreshes silver and gold itself, without code of ours.

    Raises Unsupported for an architecture or a runtime that the worker does not have, PackageError when the package
    cannot be built.
    """
    if architecture != ARCHITECTURE:
        raise Unsupported(
            f"processor.architecture: Cloud Run runs on {ARCHITECTURE} only, not on {architecture}: remove the key"
        )
    if runtime != CLOUD_RUN_RUNTIME:
        raise Unsupported(
            f"processor.runtime: the worker's image is built for {CLOUD_RUN_RUNTIME}, not for {runtime}: remove the key"
        )
    return Packages(processor=build_cloud_run(contract, root=root))


def image_tag(digest: str) -> str:
    """The tag of the image that is built of a package with this SHA-256 (base64): known before the image exists.

    Raises ValueError for what is no SHA-256.
    """
    try:
        raw = base64.b64decode(digest, validate=True)
    except binascii.Error as fault:
        raise ValueError(f"{digest!r} is not base64") from fault
    if len(raw) != _SHA256_BYTES:
        raise ValueError(f"{digest!r} has {len(raw)} bytes; a SHA-256 has {_SHA256_BYTES}")
    return f"src-{raw.hex()[:_TAG_DIGITS]}"


def image(registry: str, digest: str) -> str:
    """Reference of the worker's image in `registry` (host/project/repository)."""
    return f"{registry}/{IMAGE}:{image_tag(digest)}"
