"""The project itself, copied, so that a test never meets what a developer has running."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from homeshore.project import Project, find_project

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A copy of what the program reads: project file, stack files, program, contract; the wheels are shared."""
    directory = tmp_path_factory.mktemp("home")
    for path in (ROOT / "Pulumi.yaml", ROOT / "__main__.py", *ROOT.glob("Pulumi.*.yaml")):
        shutil.copy(path, directory)
    (directory / "events").mkdir()
    for contract in (ROOT / "events").glob("*.yaml"):
        shutil.copy(contract, directory / "events")
    (directory / ".build").mkdir()
    (directory / ".build" / "wheels").symlink_to(ROOT / ".build" / "wheels")
    with pytest.MonkeyPatch.context() as patch:
        # The guard against outbound connections reaches the emulator and its workers; no setting of the user does.
        patch.setenv("HOMESHORE_LOCAL_PASS", "PYTHONPATH,LOOPBACK_ONLY_LOG")
        for name in (
            "AWS_ENDPOINT_URL",
            "LOCALSTACK_HOST",
            "AWS_PROFILE",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
        ):
            patch.delenv(name, raising=False)
        yield find_project(directory)
