"""The Pulumi project on disk: where it is, which stack files it has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from homeshore.errors import UserError

STACK_FILE = re.compile(r"Pulumi\.(?P<stack>[A-Za-z0-9_.-]+)\.yaml")


@dataclass(frozen=True)
class Project:
    """A Pulumi project: its directory (absolute), its name and its project-wide default configuration."""

    root: Path
    name: str
    config: dict[str, object]

    def stacks(self) -> list[str]:
        """Names of the stacks that have a file, sorted."""
        found = (STACK_FILE.fullmatch(path.name) for path in self.root.glob("Pulumi.*.yaml"))
        return sorted(match["stack"] for match in found if match)

    def stack_file(self, stack: str) -> Path:
        """The file of `stack`. Raises UserError, with the nearest names, when there is none."""
        from difflib import get_close_matches

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
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as fault:
        raise UserError(f"{path}: cannot be read as YAML: {fault}") from None
    if not isinstance(document, dict) or not isinstance(document.get("name"), str):
        raise UserError(f"{path}: has no `name`: a Pulumi project file starts with `name: homeshore`.")
    config = document.get("config")
    defaults = config if isinstance(config, dict) else {}
    values = {str(k): v.get("value", v.get("default")) if isinstance(v, dict) else v for k, v in defaults.items()}
    return Project(path.parent, document["name"], values)
