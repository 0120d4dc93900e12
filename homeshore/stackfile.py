"""Stack files for the commands: found by the stack's name, read with their project's defaults, refused as UserError."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from homeshore.errors import UserError
from homeshore.project import Project, find_project

if TYPE_CHECKING:
    from stacks.faults import ConfigFaults
    from stacks.reading import Loaded, LoadedBaseline

WIDEST = 110

L = TypeVar("L")


def load_stack(stack: str) -> tuple[Project, Path, Loaded]:
    """The project here, the file of the pipeline `stack`, and its checked configuration.

    Raises UserError: no project, no such stack, a file that is refused, with all of its faults, or a baseline.
    """
    from stacks.reading import read

    return _load(stack, read)


def load_any_stack(stack: str) -> tuple[Project, Path, Loaded | LoadedBaseline]:
    """The same, whatever the stack's blueprint."""
    from stacks.reading import read_any

    return _load(stack, read_any)


def _load(stack: str, read: Callable[[Path, str, Mapping[str, object]], L]) -> tuple[Project, Path, L]:
    from stacks.faults import ConfigFaults

    project = find_project()
    path = project.stack_file(stack)
    try:
        return project, path, read(path, project.name, project.config)
    except ConfigFaults as faults:
        raise UserError(readable(faults)) from None


def readable(faults: ConfigFaults) -> str:
    """The message for whoever reads standard error: folded on a terminal, one sentence per line elsewhere."""
    if not sys.stderr.isatty():
        return str(faults)
    return faults.render(min(shutil.get_terminal_size().columns, WIDEST))
