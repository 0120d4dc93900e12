"""Builds what Azure and GCP run: a zip for Functions (Flex Consumption), and the sources of two images.

Functions gets its libraries ready to run: wheels for Linux on x86_64, the only architecture there, pinned by hash in
`requirements-functions-*.lock`, below `.python_packages`, so that no remote build resolves anything. Cloud Run's source
holds a lock instead of libraries: Google's buildpacks install it, with hashes, on a base image that they keep patched
and whose digest is theirs to know; the pipeline's own build runs them in the region. The lakehouse job of Azure is an
image too, by a Dockerfile: what builds it there (az acr build) knows no buildpacks.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from processor.archive import Package, PackageError, built, ours, sha256_of, unpacked
from processor.schema import Contract

FUNCTIONS_RUNTIMES = ("python3.12", "python3.13")
CLOUD_RUN_RUNTIME = "python3.13"
CLOUD_RUN_LOCK = Path(__file__).parent / "requirements-cloud-run.lock"
LAKEHOUSE_LOCK = Path(__file__).parent / "requirements-lakehouse.lock"
_CORE = ("__init__", "codec", "compiler", "core", "keys", "packing", "pipeline", "schema", "store")
FUNCTIONS_MODULES = (*_CORE, "azure_functions")
CLOUD_RUN_MODULES = (*_CORE, "gcp_pubsub", "gcs")
LAKEHOUSE_MODULES = (
    *_CORE,
    *(f"lakehouse/{name}" for name in ("__init__", "bronze", "engine", "gold", "job", "known", "refresh")),
    *(f"lakehouse/{name}" for name in ("silver", "tables", "views")),
    *(f"sql/{name}" for name in ("__init__", "dialects", "models", "synapse")),
)

_SOURCES = Path(__file__).parent / "sources"
_LIBRARIES = ".python_packages/lib/site-packages"  # where the Functions host looks
# The Functions images are Debian 12 with glibc 2.36; wheels for an older one run there.
_PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64")
_PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?P<hashes>(?: \\\n\s+--hash=\S+)+)", re.MULTILINE)
_HASH = re.compile("sha256:([0-9a-f]{64})")


def functions_lock(runtime: str) -> Path:
    """The lock of a runtime (python3.13 …). Raises PackageError for one that nothing is built for."""
    if runtime not in FUNCTIONS_RUNTIMES:
        raise PackageError(f"no Functions package is built for {runtime}: runtimes {', '.join(FUNCTIONS_RUNTIMES)}.")
    return Path(__file__).parent / f"requirements-functions-{runtime.removeprefix('python')}.lock"


def build_functions(contract: Contract, *, runtime: str, root: Path) -> Package:
    """Write the function app's zip under `root`/.build. Raises PackageError, which says what to run."""
    path = root / ".build" / "functions" / f"processor-{contract.name}-{runtime}.zip"
    own = {**dict(ours(FUNCTIONS_MODULES)), **dict(_sources("functions")), "contract.json": contract.to_json()}
    wheels = _wheels(runtime, root)
    return built(path, own, wheels, lambda: {f"{_LIBRARIES}/{name}": body for name, body in unpacked(wheels)})


def build_cloud_run(contract: Contract, *, root: Path) -> Package:
    """Write the zip with the source of the worker's image under `root`/.build. Needs no wheels."""
    path = root / ".build" / "cloud-run" / f"processor-{contract.name}.zip"
    own = {
        **dict(ours(CLOUD_RUN_MODULES)),
        **dict(_sources("cloud_run")),
        "contract.json": contract.to_json(),
        "requirements.txt": CLOUD_RUN_LOCK.read_bytes(),
        ".python-version": f"{CLOUD_RUN_RUNTIME.removeprefix('python')}\n".encode(),
    }
    return built(path, own, (), dict[str, bytes])


def build_lakehouse(contract: Contract, *, root: Path) -> Package:
    """Write the zip with the source of the lakehouse job's image under `root`/.build. Needs no wheels."""
    path = root / ".build" / "lakehouse" / f"job-{contract.name}.zip"
    own = {
        **dict(ours(LAKEHOUSE_MODULES)),
        **dict(_sources("lakehouse")),
        "contract.json": contract.to_json(),
        "requirements.txt": LAKEHOUSE_LOCK.read_bytes(),
    }
    return built(path, own, (), dict[str, bytes])


def fetch(root: Path) -> list[str]:
    """Download the wheels that `root`/.build lacks, with pip; return the targets that had to be fetched.

    Raises PackageError when pip fails: without the network, for one.
    """
    fetched: list[str] = []
    for runtime in FUNCTIONS_RUNTIMES:
        try:
            _wheels(runtime, root)
        except PackageError:
            _download(runtime, root)
            _wheels(runtime, root)
            fetched.append(f"functions {runtime}")
    return fetched


def _sources(target: str) -> Iterator[tuple[str, bytes]]:
    for file in (_SOURCES / target).iterdir():
        if file.is_file():
            yield file.name, file.read_bytes()


def _directory(runtime: str, root: Path) -> Path:
    return root / ".build" / "wheels" / f"functions-{runtime}"


def _wheels(runtime: str, root: Path) -> list[Path]:
    """One wheel for each pin of the runtime's lock, checked against its hashes."""
    directory = _directory(runtime, root)
    found: list[Path] = []
    for pin in _PIN.finditer(functions_lock(runtime).read_text(encoding="utf-8")):
        hashes = set(_HASH.findall(pin["hashes"]))
        wheels = sorted(directory.glob(f"{pin['name'].replace('-', '_')}-{pin['version']}-*.whl"))
        sound = [wheel for wheel in wheels if sha256_of(wheel) in hashes]
        if not sound:
            raise PackageError(
                f"{directory}: no wheel of {pin['name']} {pin['version']} that the lock knows. "
                "Run `make setup`, which fetches it."
            )
        found.append(sound[0])
    return found


def _download(runtime: str, root: Path) -> None:
    version = runtime.removeprefix("python")
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
        *("--only-binary=:all:", "--require-hashes", f"--requirement={functions_lock(runtime)}"),
        *(f"--dest={_directory(runtime, root)}", f"--python-version={version}", "--implementation=cp"),
        *(f"--abi=cp{version.replace('.', '')}", "--abi=abi3", "--abi=none"),
        *(f"--platform={platform}" for platform in _PLATFORMS),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackageError(f"pip could not fetch the wheels for Functions on {runtime}:\n{done.stderr.strip()}")
