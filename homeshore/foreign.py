"""Reads stacks from files, also of programs that are not ours: our preview, Pulumi's preview, Pulumi's stack export.

A secret of whatever form becomes Pulumi's secret mark around `[secret]`: that it is there is known, its value is not,
and it goes nowhere from here.
"""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn, cast

from homeshore.engine.model import Resource, Snapshot
from homeshore.engine.values import MASK, Plain, is_secret, secret
from homeshore.errors import UserError

LARGEST: Final = 256 * 1024 * 1024  # bytes; the exports of stacks with thousands of resources have some tens of MiB
GONE: Final = frozenset({"delete", "delete-replaced", "discard", "discard-replaced", "remove-pending-replace"})
READ: Final = frozenset({"read", "read-replacement"})
SHAPES: Final = (
    "It takes what `homeshore preview STACK --json`, `pulumi preview --json` and `pulumi stack export` print."
)
STDIN: Final = "-"
_KINDS: Final = (
    (dict, "an object"),
    (list, "a list"),
    (str, "a text"),
    (bool, "true or false"),
    (float | int, "a number"),
)


@dataclass(frozen=True)
class _File:
    """The name to tell, and how to say what is wrong in it."""

    name: str

    def refuse(self, problem: str) -> NoReturn:
        raise UserError(f"{self.name}: {problem}")

    def mapping(self, value: object, where: str) -> Mapping[str, Plain]:
        if not isinstance(value, dict):
            self.refuse(f"{where} is {_kind(value)} where an object belongs. {SHAPES}")
        return cast("Mapping[str, Plain]", value)

    def listing(self, value: object, where: str) -> list[Plain]:
        if not isinstance(value, list):
            self.refuse(f"{where} is {_kind(value)} where a list belongs. {SHAPES}")
        return cast("list[Plain]", value)

    def text(self, value: object, where: str) -> str:
        if not isinstance(value, str) or not value:
            self.refuse(f"{where} is {_kind(value)} where a text belongs. {SHAPES}")
        return value


def read(path: str) -> tuple[Snapshot, ...]:
    """The stacks in a file (`-`: standard input), without a secret's value. Raises UserError where it cannot."""
    file = _File("standard input" if path == STDIN else path)
    document = file.mapping(_document(file, _bytes(file, path)), "the document")
    if "steps" in document:
        return (_of_steps(file, document),)
    if "deployment" in document:
        deployment = file.mapping(document["deployment"], "deployment")
        return (_of_states(file, deployment.get("resources") or [], "deployment.resources"),)
    if "stacks" in document:
        rows = file.listing(document["stacks"], "stacks")
        return tuple(_own(file, file.mapping(row, f"stacks[{at}]"), f"stacks[{at}].") for at, row in enumerate(rows))
    if "resources" not in document:
        keys = ", ".join(sorted(document)[:8]) or "none"
        file.refuse(f"this is no preview and no export of a stack (its keys: {keys}). {SHAPES}")
    return (_own(file, document, ""),)


def _bytes(file: _File, path: str) -> bytes:
    try:
        if path == STDIN:
            data = sys.stdin.buffer.read(LARGEST + 1)
        else:
            if Path(path).is_dir():
                file.refuse(f"this is a directory. {SHAPES}")
            with Path(path).open("rb") as opened:
                data = opened.read(LARGEST + 1)
    except OSError as fault:
        file.refuse(f"cannot be read: {fault.strerror or fault}.")
    if len(data) > LARGEST:
        file.refuse(f"is larger than {LARGEST // 1024**2} MiB, and no stack is. {SHAPES}")
    if not data.strip():
        file.refuse(f"is empty: did the command that wrote it fail? {SHAPES}")
    return data


def _document(file: _File, data: bytes) -> object:
    # A shell of Windows writes UTF-16 with a mark when it redirects.
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return json.loads(data.decode("utf-16" if wide else "utf-8-sig"), parse_constant=_no_number)
    except UnicodeDecodeError:
        file.refuse(f"is not text in UTF-8. {SHAPES}")
    except RecursionError:
        file.refuse(f"is nested beyond measure. {SHAPES}")
    except json.JSONDecodeError as fault:
        file.refuse(f"is not JSON: line {fault.lineno}, column {fault.colno}: {fault.msg}. {SHAPES}")
    except ValueError as fault:
        file.refuse(f"is not JSON: {fault}. {SHAPES}")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _own(file: _File, document: Mapping[str, Plain], where: str) -> Snapshot:
    """Our own preview, whose keys are in snake case."""
    if document.get("version") != 1:
        file.refuse(f"{where}version is {json.dumps(document.get('version'))}; this version of homeshore reads 1.")
    rows = file.listing(document.get("resources"), f"{where}resources")
    resources = [_resource(file, row, f"{where}resources[{at}]", ours=True) for at, row in enumerate(rows)]
    stack, project = _names(resources)
    return Snapshot(str(document.get("project") or project), str(document.get("stack") or stack), tuple(resources), {})


def _of_steps(file: _File, document: Mapping[str, Plain]) -> Snapshot:
    """`pulumi preview --json`. One resource may have several steps: a replacement is made, then the old one deleted."""
    found: dict[str, Resource] = {}
    for at, row in enumerate(file.listing(document["steps"], "steps")):
        step = file.mapping(row, f"steps[{at}]")
        operation = file.text(step.get("op"), f"steps[{at}].op")
        if operation in GONE:
            continue
        resource = _resource(file, step.get("newState"), f"steps[{at}].newState", read=operation in READ)
        found[resource.urn] = resource
    stack, project = _names(found.values())
    return Snapshot(project, stack, tuple(found.values()), {})


def _of_states(file: _File, rows: Plain, where: str) -> Snapshot:
    """`pulumi stack export`. A state that waits to be deleted is not part of the stack any more."""
    states = [(at, file.mapping(row, f"{where}[{at}]")) for at, row in enumerate(file.listing(rows, where))]
    kept = [_resource(file, dict(state), f"{where}[{at}]") for at, state in states if state.get("delete") is not True]
    stack, project = _names(kept)
    return Snapshot(project, stack, tuple(kept), {}, deployed=True)


def _names(resources: object) -> tuple[str, str]:
    """Stack and project as the URNs have them."""
    for resource in cast("Iterator[Resource]", resources):
        stack, project, *_ = resource.urn.removeprefix("urn:pulumi:").split("::")
        return stack, project
    return "", ""


def _resource(file: _File, row: Plain, where: str, *, ours: bool = False, read: bool = False) -> Resource:
    state = file.mapping(row, where)
    urn = file.text(state.get("urn"), f"{where}.urn")
    parts = urn.removeprefix("urn:pulumi:").split("::", 3)
    if not urn.startswith("urn:pulumi:") or len(parts) != 4:  # noqa: PLR2004 - stack, project, types, name
        file.refuse(f"{where}.urn is no URN of Pulumi's: {urn[:80]!r}.")
    inputs = file.mapping(state.get("inputs") or {}, f"{where}.inputs")
    causes = state.get("property_dependencies" if ours else "propertyDependencies") or {}
    retained = state.get("retain_on_delete" if ours else "retainOnDelete")
    return Resource(
        urn=urn,
        type=str(state.get("type") or parts[2].rsplit("$", 1)[-1]),
        name=parts[3],
        custom=state.get("custom") is True,
        parent=_optional(state.get("parent")),
        provider=_optional(state.get("provider")),
        inputs={key: known(value) for key, value in inputs.items()},
        dependencies=_texts(state.get("dependencies")),
        property_dependencies={
            key: _texts(urns) for key, urns in file.mapping(causes, f"{where}.propertyDependencies").items()
        },
        protect=state.get("protect") is True,
        retain_on_delete=retained is True,
        external=read or state.get("external") is True,
    )


def known(value: Plain) -> Plain:
    """The value with every secret in it masked, and whole numbers as such (a state file has only doubles)."""
    if isinstance(value, dict):
        return secret(MASK) if is_secret(value) else {key: known(item) for key, item in value.items()}
    if isinstance(value, list):
        return [known(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return secret(MASK) if value == MASK else value


def _optional(value: Plain) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: Plain) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _kind(value: object) -> str:
    for kind, name in _KINDS:
        if isinstance(value, kind):
            return name
    return "missing"
