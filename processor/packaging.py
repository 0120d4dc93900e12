"""Builds the zip that the function runs: our code, the compiled contract and three prebuilt libraries.

No compiler, no container: the libraries are wheels for the function's own architecture and Python, pinned by hash in
`requirements-lambda.lock` and kept under `.build/wheels`. The same inputs give the same bytes on any machine: names are
sorted, dates and modes fixed, and members are stored, not deflated, because two builds of zlib deflate differently.

    python -m processor.packaging fetch    download the wheels that are not there yet
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from io import BytesIO
from pathlib import Path, PurePosixPath

import msgspec

from processor.schema import Contract

LOCK = Path(__file__).parent / "requirements-lambda.lock"
LIBRARIES = ("msgspec", "pybase64", "zstandard")
# What runs in the cloud. The other modules of this package are for building, reading back and querying.
MODULES = ("__init__", "aws_lambda", "compiler", "core", "keys", "packing", "schema", "store")
HANDLER = "processor.aws_lambda.handler"
HOST = "host"

_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
_RUNTIMES = ("python3.12", "python3.13")
# Amazon Linux 2023, under both runtimes, has glibc 2.34; wheels for an older one run there.
_GLIBC = ("manylinux2014", "manylinux_2_17", "manylinux_2_24", "manylinux_2_26", "manylinux_2_27", "manylinux_2_28")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip can hold
_PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)", re.MULTILINE)


class PackageError(RuntimeError):
    """The package cannot be built; the message says what to run."""


@dataclass(frozen=True)
class Package:
    """A built zip: where it is, and the SHA-256 of its bytes in base64, as Lambda tells it."""

    path: Path
    sha256_base64: str


def build(contract: Contract, *, architecture: str, runtime: str, root: Path) -> Package:
    """Write the zip for `architecture` (arm64, x86_64 or host) and `runtime` (python3.13 …) under `root`/.build.

    The host's package is made of the libraries that are installed here, for an emulator that runs the code with the
    host's own Python; `runtime` is then only part of its name. Raises PackageError, which says what to run.
    """
    path = root / ".build" / "lambda" / f"processor-{contract.name}-{runtime}-{architecture}.zip"
    ours = {**dict(_ours()), "contract.json": contract.to_json()}
    if architecture == HOST:
        sources = {name: file for name, file in _installed() if _is_shipped(PurePosixPath(name))}
        return _built(path, ours, sources.values(), lambda: {name: file.read_bytes() for name, file in sources.items()})
    wheels = _wheels(architecture, runtime, root / ".build" / "wheels")
    return _built(path, ours, wheels, lambda: dict(_unpacked(wheels)))


class _Record(msgspec.Struct):
    """What stands beside a zip: from what it was made, and which bytes it had."""

    inputs: str
    stamp: tuple[int, int]
    sha256_base64: str


def _built(
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


def _ours() -> Iterator[tuple[str, bytes]]:
    here = Path(__file__).parent
    for module in MODULES:
        yield f"processor/{module}.py", (here / f"{module}.py").read_bytes()
    geography = here.parent / "geography"
    for path in geography.iterdir():
        if path.suffix in (".py", ".csv", ".toml"):
            yield f"geography/{path.name}", path.read_bytes()


def _installed() -> Iterator[tuple[str, Path]]:
    for name in LIBRARIES:
        distribution = metadata.distribution(name)
        for file in distribution.files or ():
            yield PurePosixPath(file).as_posix(), Path(str(distribution.locate_file(file)))


def _unpacked(wheels: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if not name.endswith("/") and _is_shipped(PurePosixPath(name)):
                    yield name, archive.read(name)


def _is_shipped(path: PurePosixPath) -> bool:
    """Code and licences: no bytecode, type stubs or records of an installation, and not zstandard's second backend."""
    if ".." in path.parts or "__pycache__" in path.parts or path.suffix in (".pyc", ".pyi", ".h"):
        return False
    if "cffi" in path.name:  # for PyPy; a third of the package
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


def _wheels(architecture: str, runtime: str, directory: Path) -> list[Path]:
    """The three wheels of a target, checked against the lock."""
    if architecture not in _MACHINES or runtime not in _RUNTIMES:
        known = f"architectures {', '.join(_MACHINES)}, {HOST}; runtimes {', '.join(_RUNTIMES)}"
        raise PackageError(f"no package is built for {runtime} on {architecture}: {known}.")
    tag = _tag(runtime)
    lock = LOCK.read_text(encoding="utf-8")
    found: list[Path] = []
    for pin in _PIN.finditer(lock):
        pattern = f"{pin['name']}-{pin['version']}-{tag}-{tag}-*{_MACHINES[architecture]}.whl"
        sound = [wheel for wheel in sorted(directory.glob(pattern)) if f"sha256:{_sha256(*_key(wheel))}" in lock]
        if not sound:
            raise PackageError(
                f"{directory}: no wheel of {pin['name']} {pin['version']} for {runtime} on {architecture} that the "
                "lock knows. Run `make setup`, which fetches it."
            )
        found.append(sound[0])
    return found


def _tag(runtime: str) -> str:
    return "cp" + runtime.removeprefix("python").replace(".", "")


def _key(path: Path) -> tuple[Path, tuple[int, int]]:
    return path, _stamp(path)


@cache
def _sha256(path: Path, stamp: tuple[int, int]) -> str:  # noqa: ARG001 - the stamp is part of the cache's key
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fetch(root: Path) -> list[str]:
    """Download the wheels that `root`/.build/wheels lacks, with pip; return the targets that had to be fetched.

    Raises PackageError when pip fails: without the network, for one.
    """
    directory = root / ".build" / "wheels"
    fetched: list[str] = []
    for architecture in _MACHINES:
        for runtime in _RUNTIMES:
            try:
                _wheels(architecture, runtime, directory)
            except PackageError:
                _download(architecture, runtime, directory)
                _wheels(architecture, runtime, directory)
                fetched.append(f"{runtime} {architecture}")
    return fetched


def _download(architecture: str, runtime: str, directory: Path) -> None:
    platforms = [f"--platform={glibc}_{_MACHINES[architecture]}" for glibc in _GLIBC]
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
        *("--only-binary=:all:", "--require-hashes", f"--requirement={LOCK}", f"--dest={directory}"),
        *(f"--python-version={runtime.removeprefix('python')}", "--implementation=cp", f"--abi={_tag(runtime)}"),
        *platforms,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackageError(f"pip could not fetch the wheels for {runtime} on {architecture}:\n{done.stderr.strip()}")


def _main(arguments: list[str]) -> int:
    if arguments != ["fetch"]:
        sys.stderr.write("usage: python -m processor.packaging fetch\n")
        return 2
    try:
        fetched = fetch(Path.cwd())
    except PackageError as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    sys.stdout.write(f"fetched: {', '.join(fetched)}\n" if fetched else "all wheels are there\n")
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
