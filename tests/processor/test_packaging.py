"""Packaging: the same inputs give the same bytes, for each target, and nothing is shipped that does not belong."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from processor import packaging
from processor.packaging import PackageError, build
from processor.schema import Contract

WHEELS = Path(__file__).parents[2] / ".build" / "wheels"
TARGETS = [(a, r) for a in ("arm64", "x86_64") for r in ("python3.12", "python3.13")]


def project(root: Path) -> Path:
    """A project's directory with its own copy of the wheels, dated anew."""
    copied = root / ".build" / "wheels"
    copied.mkdir(parents=True)
    for wheel in WHEELS.glob("*.whl"):
        shutil.copyfile(wheel, copied / wheel.name)
    return root


@pytest.mark.parametrize(("architecture", "runtime"), [*TARGETS, ("host", "python3.13")])
def test_the_same_inputs_give_the_same_bytes(contract: Contract, tmp_path: Path, architecture: str, runtime: str):
    first = build(contract, architecture=architecture, runtime=runtime, root=project(tmp_path / "a"))
    os.utime(first.path, (0, 0))
    second = build(contract, architecture=architecture, runtime=runtime, root=project(tmp_path / "b"))
    body = first.path.read_bytes()
    assert body == second.path.read_bytes()
    assert first.sha256_base64 == second.sha256_base64 == base64.b64encode(hashlib.sha256(body).digest()).decode()


@pytest.mark.parametrize(("architecture", "runtime"), TARGETS)
def test_a_package_holds_what_its_target_runs_and_nothing_else(
    contract: Contract, tmp_path: Path, architecture: str, runtime: str
):
    path = build(contract, architecture=architecture, runtime=runtime, root=project(tmp_path)).path
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        assert archive.read("contract.json") == contract.to_json()
    names = [member.filename for member in members]
    assert names == sorted(names)
    assert {member.date_time for member in members} == {(1980, 1, 1, 0, 0, 0)}
    machine = {"arm64": "aarch64", "x86_64": "x86_64"}[architecture]
    libraries = [name for name in names if name.endswith(".so")]
    assert len(libraries) == 3
    assert all(f"cpython-{runtime[6:].replace('.', '')}-{machine}-linux-gnu" in name for name in libraries)
    ours = {name for name in names if name.startswith(("processor/", "events/", "homeshore/", "components/"))}
    assert ours == {f"processor/{module}.py" for module in packaging.MODULES}
    assert "geography/boundaries.csv" in names
    assert not [name for name in names if name.endswith((".pyc", ".pyi")) or name.startswith("/") or ".." in name]
    assert sum(member.file_size for member in members) < 50 * 1024 * 1024  # Lambda's limit for a direct upload


def test_a_changed_contract_or_module_is_packaged_anew(contract: Contract, tmp_path: Path):
    first = build(contract, architecture="host", runtime="python3.13", root=tmp_path)
    changed = Contract(contract.name, "1.0.1", contract.fields, contract.description)
    second = build(changed, architecture="host", runtime="python3.13", root=tmp_path)
    assert first.path == second.path
    assert first.sha256_base64 != second.sha256_base64
    third = build(contract, architecture="host", runtime="python3.13", root=tmp_path)
    assert third.sha256_base64 == first.sha256_base64


def test_a_zip_that_was_tampered_with_is_made_anew(contract: Contract, tmp_path: Path):
    first = build(contract, architecture="host", runtime="python3.13", root=tmp_path)
    first.path.write_bytes(b"something else")
    second = build(contract, architecture="host", runtime="python3.13", root=tmp_path)
    digest = base64.b64encode(hashlib.sha256(second.path.read_bytes()).digest()).decode()
    assert second.sha256_base64 == first.sha256_base64 == digest


def test_an_unchanged_package_is_not_made_again(contract: Contract, tmp_path: Path):
    first = build(contract, architecture="host", runtime="python3.13", root=tmp_path)
    written = first.path.stat().st_mtime_ns
    assert build(contract, architecture="host", runtime="python3.13", root=tmp_path) == first
    assert first.path.stat().st_mtime_ns == written


def test_a_missing_wheel_is_an_error_that_says_what_to_run(contract: Contract, tmp_path: Path):
    with pytest.raises(PackageError, match=r"no wheel of msgspec .* Run `make setup`"):
        build(contract, architecture="arm64", runtime="python3.13", root=tmp_path)


def test_a_wheel_that_the_lock_does_not_know_is_not_used(contract: Contract, tmp_path: Path):
    root = project(tmp_path)
    (wheel,) = (root / ".build" / "wheels").glob("pybase64-*-cp313-*aarch64*.whl")
    wheel.write_bytes(wheel.read_bytes() + b"x")
    with pytest.raises(PackageError, match="no wheel of pybase64"):
        build(contract, architecture="arm64", runtime="python3.13", root=root)


@pytest.mark.parametrize(("architecture", "runtime"), [("sparc", "python3.13"), ("arm64", "python3.11")])
def test_an_unknown_target_is_refused(contract: Contract, tmp_path: Path, architecture: str, runtime: str):
    with pytest.raises(PackageError, match="no package is built for"):
        build(contract, architecture=architecture, runtime=runtime, root=tmp_path)


def test_nothing_is_fetched_when_all_wheels_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(packaging, "_download", lambda *_: pytest.fail("it would fetch"))
    assert packaging.fetch(project(tmp_path)) == []


def test_the_lock_pins_what_the_project_itself_uses():
    pinned = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", packaging.LOCK.read_text(), re.MULTILINE))
    whole = (packaging.LOCK.parents[1] / "requirements.lock").read_text()
    assert set(pinned) == set(packaging.LIBRARIES)
    for name, version in pinned.items():
        assert f"\n{name}=={version} " in whole
    hashes = re.findall(r"sha256:([0-9a-f]{64})", packaging.LOCK.read_text())
    assert len(hashes) == len(set(hashes)) == len(pinned) * len(TARGETS)
    assert all(digest in whole for digest in hashes)


def test_a_package_that_cannot_be_written_is_an_error_with_the_reason(contract: Contract, tmp_path: Path):
    (tmp_path / ".build").mkdir()
    (tmp_path / ".build" / "lambda").write_text("a file in the way")
    with pytest.raises(PackageError, match=r"cannot be written: (Not a directory|File exists)"):
        build(contract, architecture="host", runtime="python3.13", root=tmp_path)
