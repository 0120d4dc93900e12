"""The Pulumi project on disk: where it is, which stack files it has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import cast

import yaml

from homeshore.errors import UserError

STACK_FILE = re.compile(r"Pulumi\.(?P<stack>[A-Za-z0-9_.-]+)\.yaml")


@dataclass(frozen=True)
class Project:
    """A Pulumi project: its directory (absolute), its name and its project-wide default configuration."""

    root: Path
    name: str
    config: Mapping[str, object]

    def stacks(self) -> list[str]:
        """Names of the stacks that have a file, sorted."""
        found = (STACK_FILE.fullmatch(path.name) for path in self.root.glob("Pulumi.*.yaml"))
        return sorted(match["stack"] for match in found if match)

    def stack_file(self, stack: str) -> Path:
        """The file of `stack`. Raises UserError, with the nearest names, when there is none."""
        path = self.root / f"Pulumi.{stack}.yaml"
        if STACK_FILE.fullmatch(path.name) and path.is_file():
            return path
        near = get_close_matches(stack, self.stacks(), n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        known = ", ".join(self.stacks()) or "none yet"
        raise UserError(
            f"{path}: there is no stack {stack!r}: {hint}Stack files here: {known}. "
            f"Write a new one with `homeshore new {stack} --cloud aws --region REGION`."
        )


def find_project(start: Path | None = None) -> Project:
    """The project whose Pulumi.yaml is in `start` (default: the working directory) or the nearest one above it.

    Raises UserError when there is none or when Pulumi.yaml cannot be read.
    """
    here = (start or Path.cwd()).resolve()
    for directory in (here, *here.parents):
        path = directory / "Pulumi.yaml"
        if path.is_file():
            return _read(path)
    raise UserError(f"{here}: no Pulumi.yaml here or above: run this inside the project's directory.")


def _read(path: Path) -> Project:
    try:
        document: object = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as fault:
        raise UserError(f"{path}: cannot be read as YAML: {fault}") from None
    fields = _mapping(document)
    name = fields.get("name")
    if not isinstance(name, str):
        raise UserError(f"{path}: has no `name`: a Pulumi project file starts with `name: homeshore`.")
    return Project(path.parent, name, {key: _default(value) for key, value in _mapping(fields.get("config")).items()})


def _mapping(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _default(value: object) -> object:
    """Pulumi.yaml gives a key's value plainly, or under `value` or `default` of a mapping."""
    described = _mapping(value)
    return described.get("value", described.get("default")) if described else value
