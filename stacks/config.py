"""The typed configuration of a stack, and the two ways to read it: from a file, and inside a Pulumi program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pulumi
from pulumi.runtime import config as runtime_config

from stacks.document import Document, Secret, read_document
from stacks.faults import ConfigFaults
from stacks.models import (
    Baseline,
    BaselineConfig,
    Blueprint,
    Bring,
    BroughtNetwork,
    Budget,
    EventRate,
    Extent,
    KeySettings,
    Latency,
    Network,
    Owner,
    Placed,
    ProcessorSettings,
    Removal,
    Residency,
    Retention,
    Slo,
    StackConfig,
    Standby,
    Storage,
    StreamSettings,
    Transfer,
    Workload,
)
from stacks.namespaces import Sorted, sort_document, sort_keys
from stacks.provenance import Origin
from stacks.reading import Lines, Loaded, LoadedBaseline, check, document_faults, fault_of, read, read_any
from stacks.shape import section_of

__all__ = [
    "Baseline",
    "BaselineConfig",
    "Blueprint",
    "Bring",
    "BroughtNetwork",
    "Budget",
    "EventRate",
    "Extent",
    "KeySettings",
    "Latency",
    "Loaded",
    "LoadedBaseline",
    "Network",
    "Origin",
    "Owner",
    "Placed",
    "ProcessorSettings",
    "Removal",
    "Residency",
    "Retention",
    "Slo",
    "StackConfig",
    "Standby",
    "Storage",
    "StreamSettings",
    "Transfer",
    "Workload",
    "load",
    "read",
    "read_any",
]


def load(stack_file: Path | None = None) -> StackConfig | BaselineConfig:
    """The configuration of the running Pulumi program: the one place that reads `pulumi.Config`.

    `stack_file` (default: the running stack's file in the project's directory) gives the lines, and what the engine's
    own reader passes over, such as a key at the wrong level. Raises pulumi.RunError with the whole message, which the
    engine shows without a traceback.
    """
    project = pulumi.get_project()
    root = Path(pulumi.get_root_directory() or ".")
    file = stack_file or root / f"Pulumi.{pulumi.get_stack()}.yaml"
    document = read_document(file) if file.is_file() else Document()
    in_file = sort_document(document, project) if document.values is not None else Sorted()
    found = sort_keys(dict(_program_values(project)), project)
    lines = Lines(file.name, document, in_file.spelled)
    values = {name: _as_written(value, in_file.values.get(name)) for name, value in found.values.items()}
    wrong = document_faults(document, in_file, file.name)
    wrong += [fault_of(one, lines.of_document(one.path), file.name) for one in found.below("config").wrong]
    try:
        return check(values, lines, root=file.parent, project=project, also=wrong)
    except ConfigFaults as faults:
        raise pulumi.RunError(str(faults)) from None


def _program_values(project: str) -> Iterator[tuple[str, object]]:
    """What the engine handed to the program: every key, its value as the models take it."""
    config = pulumi.Config(project)
    for key in {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}:
        namespace, _, name = str(key).partition(":")
        if namespace == project:
            secret = runtime_config.is_config_secret(key) or key in runtime_config.get_config_secret_keys_env()
            yield key, Secret() if secret else _parsed(name, config.get(name))
        elif namespace != "pulumi":  # the engine's own settings reach the program too; Pulumi.yaml has set them
            yield key, None


def _as_written(value: object, in_file: object) -> object:
    """What the engine hands over as the text `false` is no text where the file has it without quotes."""
    if isinstance(in_file, bool) and isinstance(value, str) and value.lower() == str(in_file).lower():
        return in_file
    return value


def _parsed(name: str, text: str | None) -> object:
    """Sections arrive as JSON text; what is not JSON stays text, for the check to refuse."""
    known = StackConfig.model_fields.get(name)
    if text is None or known is None or section_of(known) is None:
        return text
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return text
