"""Zips that have the same bytes on any machine, made anew only when what they are made of has changed.

Names are sorted, dates and modes fixed, and members are stored, not deflated, because two builds of zlib deflate
differently.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path, PurePosixPath

import msgspec

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip can hold


class PackageError(RuntimeError):
    """The package cannot be built; the message says what to run."""


@dataclass(frozen=True)
class Package:
    """A built zip: where it is, and the SHA-256 of its bytes in base64, as Lambda tells it."""

    path: Path
    sha256_base64: str


class _Record(msgspec.Struct):
    """What stands beside a zip: from what it was made, and which bytes it had."""

    inputs: str
    stamp: tuple[int, int]
    sha256_base64: str


def built(
    path: Path, ours: Mapping[str, bytes], sources: Iterable[Path], libraries: Callable[[], dict[str, bytes]]
) -> Package:
    """The zip at `path`, made anew unless its inputs and itself are as they were: a preview asks for it each time."""
    inputs = _fingerprint(ours, sources)
    beside = path.with_suffix(".json")
    if path.is_file() and beside.is_file():
        record = msgspec.json.decode(beside.read_bytes(), type=_Record)
        if record.inputs == inputs and record.stamp == _stamp(path):
            return Package(path, record.sha256_base64)
    body = _zip({**libraries(), **ours})
    digest = b64encode(hashlib.sha256(body).digest()).decode()
    _write(path, body)
    _write(beside, msgspec.json.encode(_Record(inputs, _stamp(path), digest)))
    return Package(path, digest)


def _fingerprint(ours: Mapping[str, bytes], sources: Iterable[Path]) -> str:
    """Our own files by content, the libraries by path, size and time."""
    digest = hashlib.sha256()
    for name in sorted(ours):
        digest.update(f"{name} {len(ours[name])}\n".encode() + ours[name])
    for source in sorted(sources):
        digest.update(f"{source} {_stamp(source)}\n".encode())
    return digest.hexdigest()


def _stamp(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_size, state.st_mtime_ns


def ours(modules: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Our own part of a package: the processor's `modules`, and geography with its data."""
    here = Path(__file__).parent
    for module in modules:
        yield f"processor/{module}.py", (here / f"{module}.py").read_bytes()
    geography = here.parent / "geography"
    for path in geography.iterdir():
        if path.suffix in (".py", ".csv", ".toml"):
            yield f"geography/{path.name}", path.read_bytes()


def unpacked(wheels: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    """What is shipped of the wheels, by name."""
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if not name.endswith("/") and is_shipped(PurePosixPath(name)):
                    yield name, archive.read(name)


def is_shipped(path: PurePosixPath) -> bool:
    """Code and licences: no bytecode, type stubs or records of an installation, and not zstandard's second backend."""
    if ".." in path.parts or "__pycache__" in path.parts or path.suffix in (".pyc", ".pyi", ".h"):
        return False
    if path.parts[0] == "zstandard" and "cffi" in path.name:  # for PyPy; a third of Lambda's package
        return False
    return not path.parts[0].endswith(".dist-info") or "licen" in path.as_posix().lower()


def _zip(members: dict[str, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 3  # Unix, wherever it is built
            info.external_attr = (0o100755 if name.endswith(".so") else 0o100644) << 16
            archive.writestr(info, members[name])
    return buffer.getvalue()


def _write(path: Path, body: bytes) -> None:
    """Replace the file in one step: two stacks may be previewed at once."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(body)
        partial.replace(path)
    except OSError as fault:
        raise PackageError(
            f"{path}: the processor's package cannot be written: {fault.strerror}. Make the directory writable."
        ) from None


def sha256_of(path: Path) -> str:
    """The hexadecimal SHA-256 of a file, read once as long as its size and time stay."""
    return _sha256(path, _stamp(path))


@cache
def _sha256(path: Path, stamp: tuple[int, int]) -> str:  # noqa: ARG001 - the stamp is part of the cache's key
    return hashlib.sha256(path.read_bytes()).hexdigest()
