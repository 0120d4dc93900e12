"""From raw values to a checked configuration: the one way, for the file and for the program alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import cast

from pydantic import TypeAdapter, ValidationError

import geography
from components.refusal import shown
from stacks.by_cloud import Place, guessed_cloud, sketched
from stacks.document import Document, KeyPath, Told, read_document
from stacks.faults import ConfigFaults, Fault
from stacks.models import (
    PLACE,
    BaselineConfig,
    Blueprint,
    StackConfig,
    Transfer,
    brought_faults,
    placement_faults,
    transfer_faults,
)
from stacks.namespaces import Sorted, sort_document, sort_keys
from stacks.provenance import Origin, origins
from stacks.sentences import UNKNOWN, faults_of, refused_at, wrong_tag

_PIPELINES_OWN = StackConfig.model_fields.keys() - BaselineConfig.model_fields.keys()
_REGISTER = TypeAdapter(tuple[Transfer, ...])
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


@dataclass(frozen=True)
class Loaded:
    """A pipeline's valid stack file: its configuration, and where each value came from, by dotted path without the
    namespace."""

    config: StackConfig
    origins: Mapping[str, Origin]


@dataclass(frozen=True)
class LoadedBaseline:
    """The same of a baseline's stack file."""

    config: BaselineConfig
    origins: Mapping[str, Origin]


@dataclass(frozen=True)
class Lines:
    """Where things stand in a stack file; empty when no file is known."""

    file: str
    document: Document = field(default_factory=Document)
    spelled: Mapping[str, str] = field(default_factory=dict[str, str])

    def of(self, path: KeyPath) -> int | None:
        """The line of a path of ours, or of what stands nearest above it."""
        return self.of_document(("config", self.spelled.get(str(path[0]), ""), *path[1:]) if path else ())

    def of_document(self, path: KeyPath) -> int | None:
        """The line of a path of the document, or of what stands nearest above it."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.document.lines:
                return self.document.lines[path[:end]]
        return None


def read(path: Path, project: str = "homeshore", defaults: Mapping[str, object] | None = None) -> Loaded:
    """Read the stack file `path` of a pipeline. `defaults` are the project-wide values that lie beneath it, by key.

    Raises ConfigFaults with everything that is wrong; also for a baseline, which has no pipeline to speak of.
    """
    found = read_any(path, project, defaults)
    if isinstance(found, LoadedBaseline):
        raise ConfigFaults([_fault(_no_pipeline(), found.origins["blueprint"].line, path.name, project)])
    return found


def read_any(
    path: Path, project: str = "homeshore", defaults: Mapping[str, object] | None = None
) -> Loaded | LoadedBaseline:
    """Read the stack file `path`, whatever its blueprint; otherwise like `read`."""
    return read_parsed(read_document(path), path, project, defaults or {})


def read_parsed(
    document: Document, path: Path, project: str, defaults: Mapping[str, object]
) -> Loaded | LoadedBaseline:
    """Check a document that was parsed already and stands, or will stand, at `path`; otherwise like `read_any`."""
    sorted_keys = sort_document(document, project) if document.values is not None else Sorted()
    lines = Lines(path.name, document, sorted_keys.spelled)
    wrong = document_faults(document, sorted_keys, lines.file)
    if document.values is None or any(one.path == ("config",) for one in sorted_keys.wrong):
        raise ConfigFaults(wrong)
    inherited = sort_keys({k: v for k, v in defaults.items() if v is not None}, project).values
    config = check({**inherited, **sorted_keys.values}, lines, root=path.parent, project=project, also=wrong)
    placed = {path: line for path in _paths(sorted_keys.values) if (line := lines.of(path)) is not None}
    found = origins(config, sorted_keys.values, inherited, placed)
    return Loaded(config, found) if isinstance(config, StackConfig) else LoadedBaseline(config, found)


def document_faults(document: Document, found: Sorted, file: str) -> list[Fault]:
    """What is wrong with a file before its values are looked at."""
    lines = Lines(file, document)
    return [
        *(fault_of(finding.told, finding.line, file) for finding in document.findings),
        *(fault_of(one, lines.of_document(one.path), file) for one in found.wrong),
    ]


def check(
    values: Mapping[str, object], lines: Lines, *, root: Path, project: str, also: Iterable[Fault] = ()
) -> StackConfig | BaselineConfig:
    """The configuration that `values` (bare keys) make. `also` are faults that were found before.

    Raises ConfigFaults with everything that is wrong.
    """
    wrong = list(also)
    typed = {name: _typed(name, value) for name, value in values.items()}
    config: StackConfig | BaselineConfig | None = None
    found: list[Told] = []
    model = _model(typed.get("blueprint"))
    if model is BaselineConfig:
        found += [_no_pipelines_key(name) for name in typed if name in _PIPELINES_OWN and name in lines.spelled]
        typed = {name: value for name, value in typed.items() if name not in _PIPELINES_OWN}
    typed = _with_cloud(typed, found)
    place = sketched(typed.get("placement"))
    try:
        config = model.model_validate(typed, context={PLACE: place})
    except ValidationError as refused:
        found += faults_of(model, refused.errors(include_url=False), place.cloud if place else None)
        found += _beside(typed, place)
    wrong += [_fault(fault, lines.of(fault.path), lines.file, project) for fault in found]
    events = typed.get("events", StackConfig.model_fields["events"].default)
    contract = model is BaselineConfig or (root / str(events)).is_file()
    if not contract and not any(fault.path == f"{project}:events" for fault in wrong):
        wrong.append(_fault(_no_contract(str(events), root), lines.of(("events",)), lines.file, project))
    if wrong or config is None:
        raise ConfigFaults(dict.fromkeys(wrong))
    return config


def _model(blueprint: object) -> type[StackConfig] | type[BaselineConfig]:
    """What a file is checked as whose blueprint is spelled so: a typing error in it does not hide the other faults."""
    near = get_close_matches(str(blueprint).lower(), [Blueprint.BASELINE.value], n=1)
    return BaselineConfig if near else StackConfig


def _no_pipelines_key(name: str) -> Told:
    return Told(
        (name,),
        f"the key {name} belongs to a pipeline, and this stack is a baseline",
        UNKNOWN,
        f"Remove it; a baseline has {', '.join(BaselineConfig.model_fields)}.",
    )


def _no_pipeline() -> Told:
    return Told(
        ("blueprint",),
        "the stack is a baseline, and what was asked for is about a pipeline",
        "A baseline has no events, so nothing can be sized, run or read there.",
        "Name a stack whose blueprint is streaming.",
    )


def _typed(name: str, value: object) -> object:
    """A scalar key's value as its field has it: the real engine hands every one of them over as text."""
    known = StackConfig.model_fields.get(name)
    if known is None or not isinstance(value, str):
        return value
    if known.annotation is bool and value in ("true", "false"):
        return value == "true"
    return int(value) if known.annotation is int and _WHOLE.fullmatch(value) else value


def _with_cloud(values: dict[str, object], found: list[Told]) -> dict[str, object]:
    """The values with the cloud that their placement may mean, where it says none or a wrong one, so that the rest of
    the file is checked too; the fault is added to `found`."""
    placement = values.get("placement")
    if not isinstance(placement, dict):
        return values
    stated = cast("dict[str, object]", placement)
    if sketched(stated) is not None:
        return values
    guess = guessed_cloud(stated)
    if guess is None:
        return values
    found.append(wrong_tag(StackConfig, ("placement",), stated, guess))
    return {**values, "placement": {**stated, "cloud": guess}}


def _beside(values: Mapping[str, object], place: Place | None) -> Iterator[Told]:
    """Faults that pydantic passes over: of a section with another fault, and all but the first of `bring`."""
    if place is None:
        return
    boundary = _boundary(values)
    for fault in placement_faults(place, boundary):
        yield refused_at(("placement",), fault.context or {})
    with suppress(ValidationError):
        for fault in brought_faults(values, place):
            yield refused_at(("bring",), fault.context or {})
    with suppress(ValidationError):
        for fault in transfer_faults(_REGISTER.validate_python(values.get("transfers", ())), boundary):
            yield refused_at(("transfers",), fault.context or {})


def _boundary(values: Mapping[str, object]) -> geography.Boundary | None:
    residency = values.get("residency")
    name = cast("dict[str, object]", residency).get("boundary") if isinstance(residency, dict) else None
    try:
        return geography.boundary(name) if isinstance(name, str) else None
    except geography.UnknownBoundary:
        return None


def _no_contract(events: str, root: Path) -> Told:
    folder = (root / events).parent
    names = [path.relative_to(root).as_posix() for path in sorted(folder.glob("*.y*ml"))] if folder.is_dir() else []
    near = get_close_matches(events, names, n=1, cutoff=0.4) or names[:1]
    return Told(
        ("events",),
        f"there is no file {shown(events)} in the project",
        "The processor would have no contract to check events against, so it could not be built.",
        f"did you mean {near[0]}?" if near else "Name a data contract of the project, such as events/clickstream.yaml.",
    )


def _fault(fault: Told, line: int | None, file: str, project: str) -> Fault:
    """The fault at a path of the configuration, shown as `pulumi config set --path` takes it."""
    path = f"{project}:{_dotted(fault.path)}"
    return Fault(file, line, path, fault.problem, fault.consequence, fault.remedy)


def fault_of(fault: Told, line: int | None, file: str) -> Fault:
    """The fault at a path of the document, whose keys carry their namespace already."""
    inside = fault.path[1:] if fault.path[:1] == ("config",) and len(fault.path) > 1 else fault.path
    return Fault(file, line, _dotted(inside), fault.problem, fault.consequence, fault.remedy)


def _dotted(path: KeyPath) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{_cut(key)}" for key in path).removeprefix(".")


def _cut(key: str) -> str:
    text = key if key.isprintable() else repr(key)
    return text if len(text) <= 60 else f"{text[:60]}…"  # noqa: PLR2004 - what still fits a line


def _paths(values: Mapping[str, object], above: KeyPath = ()) -> Iterator[KeyPath]:
    for key, value in values.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from _paths(cast("dict[str, object]", value), (*above, key))
