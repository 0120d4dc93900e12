"""The in-process engine: runs the user's Pulumi program and keeps what it registers as plain data.

No account, no plugin, no `pulumi` binary. Importing this package is cheap; the Pulumi SDK is loaded by the first run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

from homeshore.engine.failures import ProgramFailed
from homeshore.engine.model import Backend, BackendError, Registered, Resource, Snapshot

if TYPE_CHECKING:
    from homeshore.project import Project

__all__ = ["Backend", "BackendError", "ProgramFailed", "Registered", "Resource", "Snapshot", "run_program"]


def run_program(
    project: Project,
    stack: str,
    *,
    backend: Backend | None = None,
    config: Mapping[str, str] | None = None,
    diagnostics: TextIO | None = None,
) -> Snapshot:
    """Run `__main__.py` of `project` for `stack`, unmodified, and return what it registered.

    Without a backend this is a preview: outputs that a cloud would compute are unknown. With one, each custom resource
    is applied through it while the program runs, and its outputs are fed back. `config` replaces the stack file (keys
    with their namespace, objects as JSON; the project-wide values still lie beneath). What the program logs goes to
    `diagnostics` (default: stderr), without secrets.

    Raises ProgramFailed for an error of the program, BackendError for one of the backend, UserError for a stack file
    that is missing or cannot be read. Runs in one process are serialised; the result can be pickled, so several
    processes may run several stacks.
    """
    from homeshore.engine.run import run

    return run(project, stack, backend, config, diagnostics)
