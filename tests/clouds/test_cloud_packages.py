"""The packages for Azure and GCP: the same bytes from the same inputs, complete, and nothing that does not belong."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from processor import cloud_packages, packaging
from processor.archive import PackageError
from processor.cloud_packages import (
    FUNCTIONS_RUNTIMES,
    build_cloud_run,
    build_functions,
    build_lakehouse,
    functions_lock,
)
from processor.schema import Contract

ROOT = Path(__file__).parents[2]
WHEELS = ROOT / ".build" / "wheels"
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def project(root: Path) -> Path:
    """A project's directory with its own copy of the wheels, dated anew."""
    for runtime in FUNCTIONS_RUNTIMES:
        copied = root / ".build" / "wheels" / f"functions-{runtime}"
        copied.mkdir(parents=True)
        for wheel in (WHEELS / copied.name).glob("*.whl"):
            shutil.copyfile(wheel, copied / wheel.name)
    return root


@pytest.mark.parametrize("runtime", FUNCTIONS_RUNTIMES)
def test_the_same_inputs_give_the_same_function_app(contract: Contract, tmp_path: Path, runtime: str):
    first = build_functions(contract, runtime=runtime, root=project(tmp_path / "a"))
    second = build_functions(contract, runtime=runtime, root=project(tmp_path / "b"))
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.sha256_base64 == second.sha256_base64
    with zipfile.ZipFile(first.path) as archive:
        names = archive.namelist()
        assert archive.read("contract.json") == contract.to_json()
        assert json.loads(archive.read("host.json"))["version"] == "2.0"
    assert names == sorted(names)
    ours = [name for name in names if not name.startswith(".python_packages/lib/site-packages/")]
    expected = {f"processor/{module}.py" for module in cloud_packages.FUNCTIONS_MODULES}
    expected |= {"contract.json", "function_app.py", "host.json"}
    assert {name for name in ours if not name.startswith("geography/")} == expected
    tag = f"cpython-{runtime[6:].replace('.', '')}-x86_64-linux-gnu"
    assert all(tag in name or ".abi3." in name for name in names if name.endswith(".so"))
    assert not [name for name in names if name.endswith((".pyc", ".pyi")) or ".data/" in name]


def test_the_source_of_the_worker_s_image(contract: Contract, tmp_path: Path):
    first = build_cloud_run(contract, root=tmp_path / "a")
    assert first.path.read_bytes() == build_cloud_run(contract, root=tmp_path / "b").path.read_bytes()
    with zipfile.ZipFile(first.path) as archive:
        names = {name for name in archive.namelist() if not name.startswith("geography/")}
        lock = archive.read("requirements.txt").decode()
        assert archive.read("Procfile") == b"web: python main.py\n"  # buildpacks start the process named web
        assert archive.read(".python-version") == b"3.13\n"
    expected = {f"processor/{module}.py" for module in cloud_packages.CLOUD_RUN_MODULES}
    assert names == expected | {"contract.json", "main.py", "Procfile", "requirements.txt", ".python-version"}
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=\S)", lock.strip()))
    assert "://" not in lock


def test_the_packages_hold_the_core_that_lambda_runs():
    core = set(packaging.MODULES) - {"aws_lambda"}
    assert core == set(cloud_packages.FUNCTIONS_MODULES) - {"azure_functions"}
    assert core == set(cloud_packages.CLOUD_RUN_MODULES) - {"gcp_pubsub", "gcs"}


def test_the_lakehouse_job_is_source_and_a_lock(contract: Contract, tmp_path: Path):
    built = build_lakehouse(contract, root=tmp_path)
    first = built.path.read_bytes()
    built.path.unlink()
    assert build_lakehouse(contract, root=tmp_path).path.read_bytes() == first
    assert build_lakehouse(contract, root=tmp_path / "other").sha256_base64 == built.sha256_base64
    with zipfile.ZipFile(built.path) as archive:
        names = {name for name in archive.namelist() if not name.startswith("geography/")}
        lock = archive.read("requirements.txt").decode()
        recipe = archive.read("Dockerfile").decode()
    expected = {f"processor/{module}.py" for module in cloud_packages.LAKEHOUSE_MODULES}
    assert names == expected | {"contract.json", "main.py", "Dockerfile", "requirements.txt"}
    whole = {path.stem for path in (ROOT / "processor" / "lakehouse").glob("*.py")}
    assert whole == {name.split("/")[1] for name in cloud_packages.LAKEHOUSE_MODULES if name.startswith("lakehouse/")}
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=\S)", lock.strip()))
    assert "://" not in lock
    assert "--require-hashes" in recipe
    assert "USER 10001" in recipe


JOB = """
import sys
sys.path.insert(0, sys.argv[1])
sys.argv = ["main.py"]
import processor.lakehouse.job as job
import pytds, OpenSSL, certifi
assert job.__file__.startswith(sys.path[0]), job.__file__
from processor.sql import synapse
from processor.schema import Contract
from pathlib import Path
contract = Contract.from_json(Path(sys.path[0], "contract.json").read_bytes())
assert len(synapse.batches(contract, "lake", "https://a.dfs.core.windows.net/lake")) == 6
exec(compile(Path(sys.path[0], "main.py").read_text(), "main.py", "exec"), {"__name__": "main"})
"""


def test_the_lakehouse_job_starts_from_what_the_image_holds(contract: Contract, tmp_path: Path):
    """Unpacked, and nothing of this checkout beside it; the libraries are those that the lock pins."""
    with zipfile.ZipFile(build_lakehouse(contract, root=tmp_path).path) as archive:
        archive.extractall(tmp_path / "app")
    away = [path for path in sys.path if (path and not path.startswith(str(ROOT))) or "site-packages" in path]
    program = f"import sys; sys.path[:] = {away!r}; sys.argv[1:] = [{str(tmp_path / 'app')!r}]\n{JOB}"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr


LOCKS = [*map(functions_lock, FUNCTIONS_RUNTIMES), cloud_packages.CLOUD_RUN_LOCK, cloud_packages.LAKEHOUSE_LOCK]


@pytest.mark.parametrize("lock", LOCKS)
def test_the_locks_pin_what_the_tests_run(lock: Path):
    whole = (ROOT / "requirements.lock").read_text()
    pinned = dict(PIN.findall(lock.read_text()))
    assert {"msgspec", "zstandard"} <= set(pinned)
    assert not {name for name, version in pinned.items() if f"\n{name}=={version} " not in whole}


def test_a_wheel_that_is_missing_or_changed_is_not_packaged(contract: Contract, tmp_path: Path):
    with pytest.raises(PackageError, match=r"no wheel of azure-core .* Run `make setup`"):
        build_functions(contract, runtime="python3.13", root=tmp_path)
    root = project(tmp_path)
    (wheel,) = (root / ".build" / "wheels" / "functions-python3.13").glob("msal-*.whl")
    wheel.write_bytes(wheel.read_bytes() + b"x")
    with pytest.raises(PackageError, match="no wheel of msal "):
        build_functions(contract, runtime="python3.13", root=root)


def test_an_unknown_runtime_is_refused(contract: Contract, tmp_path: Path):
    with pytest.raises(PackageError, match=r"python3\.11: runtimes python3\.12, python3\.13"):
        build_functions(contract, runtime="python3.11", root=tmp_path)


def test_nothing_is_fetched_when_all_wheels_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cloud_packages, "_download", lambda *_: pytest.fail("it would fetch"))
    assert cloud_packages.fetch(project(tmp_path)) == []


INDEXED = """
import sys, json
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/.python_packages/lib/site-packages"]
import azure.functions, azure.identity, azure.keyvault.secrets, azure.storage.blob, zstandard, msgspec
for module in (azure.identity, azure.storage.blob, msgspec):
    assert module.__file__.startswith(sys.argv[1]), module.__file__
import function_app
(function,) = function_app.app.get_functions()
print(function.get_dict_repr() if hasattr(function, "get_dict_repr") else str(function))
"""


def python(runtime: str) -> str | None:
    """The interpreter of a runtime on this machine, when there is one."""
    version = runtime.removeprefix("python")
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    for candidate in (*map(str, pyenv), shutil.which(runtime)):
        if candidate and subprocess.run([candidate, "-c", ""], check=False, capture_output=True).returncode == 0:
            return candidate
    return None


@pytest.mark.parametrize("runtime", FUNCTIONS_RUNTIMES)
def test_the_function_app_starts_under_its_own_python(contract: Contract, tmp_path: Path, runtime: str):
    """Unpacked, without the environment: what the worker does to index the app."""
    interpreter = python(runtime)
    if interpreter is None:
        pytest.skip(f"{runtime} is not on this machine; the package is checked by its members only")
    if os.uname().machine != "x86_64":
        pytest.skip("the package is for x86_64")
    with zipfile.ZipFile(build_functions(contract, runtime=runtime, root=project(tmp_path)).path) as archive:
        archive.extractall(tmp_path / "app")
    done = subprocess.run(
        [interpreter, "-I", "-c", INDEXED, str(tmp_path / "app")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "eventHubTrigger" in done.stdout
