"""Projects for the tests of the local cloud, in directories of their own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from homeshore.local import cloud
from homeshore.project import Project, find_project
from tests.local.embedded import PASSED, Up

PROGRAM = Path(__file__).parent / "program"


@pytest.fixture(autouse=True, scope="module")
def _guarded_children() -> Iterator[None]:
    """The guard against outbound connections reaches the emulator and its workers, and no setting of the user does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOMESHORE_LOCAL_PASS", PASSED)
        for name in ("AWS_ENDPOINT_URL", "LOCALSTACK_HOST", "AWS_PROFILE"):
            patch.delenv(name, raising=False)
        yield


def copied(directory: Path) -> Project:
    """The fixture program as a project in `directory`."""
    shutil.copytree(PROGRAM, directory, ignore=shutil.ignore_patterns("__pycache__"))
    return find_project(directory)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return copied(tmp_path / "project")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """The fixture stack, up for all tests of a module, and taken down whatever happens."""
    project = copied(tmp_path_factory.mktemp("shared") / "project")
    try:
        yield Up(project, "dev", cloud.up(project, "dev"))
    finally:
        cloud.down(project, "dev")
    assert not (project.root / ".homeshore").exists()
    assert os.environ["HOMESHORE_LOCAL_PASS"] == PASSED
