"""Fixture programs: a project in a temporary directory, written by the test that runs it."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from homeshore.engine import Backend, Resource, Snapshot, run_program
from homeshore.project import Project

NO_DEFAULT_PROVIDERS = {"pulumi:disable-default-providers": ["*"]}
PULUMI_YAML = 'name: proj\nruntime: python\nconfig: {"pulumi:disable-default-providers": {value: ["*"]}}\n'
HEAD = """\
import pulumi
import pulumi_aws as aws
from pulumi import Output, ResourceOptions
"""
PROVIDER = 'provider = aws.Provider("p", region="somewhere-1")\nexplicit = ResourceOptions(provider=provider)\n'


@dataclass
class Program:
    """A project on disk and what its last run said."""

    root: Path
    diagnostics: io.StringIO = field(default_factory=io.StringIO)
    defaults: Mapping[str, object] = field(default_factory=lambda: dict(NO_DEFAULT_PROVIDERS))

    @property
    def project(self) -> Project:
        return Project(self.root, "proj", dict(self.defaults))

    def run(self, *, backend: Backend | None = None, config: Mapping[str, str] | None = None) -> Snapshot:
        self.diagnostics = io.StringIO()
        given = {} if config is None and not (self.root / "Pulumi.dev.yaml").exists() else config
        return run_program(self.project, "dev", backend=backend, config=given, diagnostics=self.diagnostics)


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., Program]:
    """Write a program (its imports are given) and return it, ready to run."""

    def write(*sources: str, provider: bool = True, bare: bool = False, **files: str) -> Program:
        head = "" if bare else HEAD + (PROVIDER if provider else "")
        source = "".join(map(textwrap.dedent, sources))
        (tmp_path / "__main__.py").write_text(head + source, encoding="utf-8")
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(textwrap.dedent(text), encoding="utf-8")
        return Program(tmp_path)

    return write


def named(snapshot: Snapshot, name: str) -> Resource:
    """The one resource of that name."""
    (found,) = [resource for resource in snapshot.resources if resource.name == name]
    return found
