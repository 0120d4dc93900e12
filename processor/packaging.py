"""Builds the zip that the function runs: our code, the compiled contract and three prebuilt libraries.

No compiler, no container: the libraries are wheels for the function's own architecture and Python, pinned by hash in
`requirements-lambda.lock` and kept under `.build/wheels`. The packages for Azure and GCP: processor/cloud_packages.py.

    python -m processor.packaging fetch    download the wheels that are not there yet, for every cloud
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path, PurePosixPath

from processor import cloud_packages
from processor.archive import Package, PackageError, built, is_shipped, ours, sha256_of, unpacked
from processor.schema import Contract

LOCK = Path(__file__).parent / "requirements-lambda.lock"
LIBRARIES = ("msgspec", "pybase64", "zstandard")
# What runs in the cloud. The other modules of this package are for building, reading back and querying.
MODULES = ("__init__", "aws_lambda", "codec", "compiler", "core", "keys", "packing", "pipeline", "schema", "store")
HANDLER = "processor.aws_lambda.handler"
HOST = "host"

_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
_RUNTIMES = ("python3.12", "python3.13")
# Amazon Linux 2023, under both runtimes, has glibc 2.34; wheels for an older one run there.
_GLIBC = ("manylinux2014", "manylinux_2_17", "manylinux_2_24", "manylinux_2_26", "manylinux_2_27", "manylinux_2_28")
_PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)", re.MULTILINE)


def build(contract: Contract, *, architecture: str, runtime: str, root: Path) -> Package:
    """Write the zip for `architecture` (arm64, x86_64 or host) and `runtime` (python3.13 …) under `root`/.build.

    The host's package is made of the libraries that are installed here, for an emulator that runs the code with the
    host's own Python; `runtime` is then only part of its name. Raises PackageError, which says what to run.
    """
    path = root / ".build" / "lambda" / f"processor-{contract.name}-{runtime}-{architecture}.zip"
    own = {**dict(ours(MODULES)), "contract.json": contract.to_json()}
    if architecture == HOST:
        sources = {name: file for name, file in _installed() if is_shipped(PurePosixPath(name))}
        return built(path, own, sources.values(), lambda: {name: file.read_bytes() for name, file in sources.items()})
    wheels = _wheels(architecture, runtime, root / ".build" / "wheels")
    return built(path, own, wheels, lambda: dict(unpacked(wheels)))


def _installed() -> Iterator[tuple[str, Path]]:
    for name in LIBRARIES:
        distribution = metadata.distribution(name)
        for file in distribution.files or ():
            yield PurePosixPath(file).as_posix(), Path(str(distribution.locate_file(file)))


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
        sound = [wheel for wheel in sorted(directory.glob(pattern)) if f"sha256:{sha256_of(wheel)}" in lock]
        if not sound:
            raise PackageError(
                f"{directory}: no wheel of {pin['name']} {pin['version']} for {runtime} on {architecture} that the "
                "lock knows. Run `make setup`, which fetches it."
            )
        found.append(sound[0])
    return found


def _tag(runtime: str) -> str:
    return "cp" + runtime.removeprefix("python").replace(".", "")


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
        fetched = [*fetch(Path.cwd()), *cloud_packages.fetch(Path.cwd())]
    except PackageError as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    sys.stdout.write(f"fetched: {', '.join(fetched)}\n" if fetched else "all wheels are there\n")
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
