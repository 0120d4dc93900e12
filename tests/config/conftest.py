"""A small project in an empty directory, whose stack files the tests may break."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
import yaml

import geography
from homeshore.cli import run
from stacks.faults import ConfigFaults, Fault
from stacks.reading import Loaded, read

ROOT = Path(__file__).resolve().parents[2]


def region_in(country: str, cloud: str = "aws") -> str:
    """The first region of `cloud` in a country, by ISO code: tests never write region names."""
    return next(r.name for r in geography.regions(cloud) if r.kind == "region" and r.country == country)


@dataclass(frozen=True)
class Outcome:
    """What a run of the command line left: its exit code and what it wrote."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Sandbox:
    """A copy of the project's own stack files and data contract."""

    root: Path

    def stack_text(self, stack: str = "dev") -> str:
        return self.root.joinpath(f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")

    def write(self, text: str | bytes, stack: str = "dev") -> Path:
        path = self.root / f"Pulumi.{stack}.yaml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def changed(self, stack: str = "dev", /, **changes: object) -> Path:
        """The stack with keys replaced; None removes one. A key with "__" reaches into a section."""
        document = cast("dict[str, dict[str, object]]", yaml.safe_load(self.stack_text(stack)))
        for key, value in changes.items():
            *sections, last = key.split("__")
            here = document["config"]
            for depth, section in enumerate(sections):
                here = cast("dict[str, object]", here.setdefault(section if depth else f"homeshore:{section}", {}))
            name = last if sections else f"homeshore:{last}"
            if value is None:
                here.pop(name, None)
            else:
                here[name] = value
        return self.write(yaml.safe_dump(document, sort_keys=False), stack)

    def faults(self, path: Path) -> tuple[Fault, ...]:
        with pytest.raises(ConfigFaults) as raised:
            read(path)
        return raised.value.faults

    def fault(self, path: Path) -> Fault:
        found = self.faults(path)
        assert len(found) == 1, "\n".join(str(one) for one in found)
        return found[0]

    def read(self, path: Path) -> Loaded:
        return read(path)


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    for path in (ROOT / "Pulumi.yaml", *ROOT.glob("Pulumi.*.yaml")):
        shutil.copy(path, tmp_path)
    tmp_path.joinpath("events").mkdir()
    shutil.copy(ROOT / "events" / "clickstream.yaml", tmp_path / "events")
    monkeypatch.chdir(tmp_path)
    return Sandbox(tmp_path)


@pytest.fixture
def homeshore(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Runs the command line in this process."""

    def call(*arguments: str) -> Outcome:
        capsys.readouterr()
        code = run(list(arguments))
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call
