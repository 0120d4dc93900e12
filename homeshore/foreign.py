"""Reads stacks from files, also of programs that are not ours: our preview, Pulumi's preview, Pulumi's stack export.

A secret of whatever form becomes Pulumi's secret mark around `[secret]`: that it is there is known, its value is not,
and it goes nowhere from here.
"""

from __future__ import annotations

import codecs
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NoReturn, TypeAlias, cast
from urllib.parse import unquote

from homeshore.default_providers import default_providers
from homeshore.engine.model import Resource, Snapshot
from homeshore.engine.values import MASK, UNKNOWN, Plain, is_secret, secret
from homeshore.errors import UserError

LARGEST: Final = 256 * 1024 * 1024  # bytes; the exports of stacks with thousands of resources have some tens of MiB
GONE: Final = frozenset({"delete", "delete-replaced", "discard", "discard-replaced", "remove-pending-replace"})
READ: Final = frozenset({"read", "read-replacement"})
DEEPEST: Final = 64  # levels of an input; the deepest type of the three SDKs has a third of that
SHAPES: Final = (
    "It takes what `homeshore preview STACK --json`, `pulumi preview --json` and `pulumi stack export` print."
)
STDIN: Final = "-"
_POSITION: Final = re.compile(r"(?:project:///)?(?P<path>[^:#\s][^:#]*)[:#](?P<line>\d{1,9})(?:,\d+)?")
_Read: TypeAlias = "tuple[Resource, bool]"
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
    except _NoNumberError as fault:
        file.refuse(f"is not JSON: {fault}. {SHAPES}")
    except ValueError:  # Python's own limit, told in words about Python
        file.refuse(f"holds a number of more than {sys.get_int_max_str_digits():,} digits. {SHAPES}")


class _NoNumberError(ValueError):
    """A word that JSON does not have, where a number belongs."""


def _no_number(name: str) -> NoReturn:
    raise _NoNumberError(f"{name} is no number")


def _own(file: _File, document: Mapping[str, Plain], where: str) -> Snapshot:
    """Our own preview, whose keys are in snake case."""
    if document.get("version") != 1:
        file.refuse(f"{where}version is {json.dumps(document.get('version'))}; this version of homeshore reads 1.")
    rows = file.listing(document.get("resources"), f"{where}resources")
    resources = [_resource(file, row, f"{where}resources[{at}]", ours=True) for at, row in enumerate(rows)]
    stack, project = _names(resources)
    return Snapshot(
        str(document.get("project") or project),
        str(document.get("stack") or stack),
        tuple(one for one, _ in resources),
        {},
        incomplete=_cut(resources),
    )


def _of_steps(file: _File, document: Mapping[str, Plain]) -> Snapshot:
    """`pulumi preview --json`. One resource may have several steps: a replacement is made, then the old one deleted."""
    found: dict[str, _Read] = {}
    for at, row in enumerate(file.listing(document["steps"], "steps")):
        step = file.mapping(row, f"steps[{at}]")
        operation = file.text(step.get("op"), f"steps[{at}].op")
        if operation in GONE:
            continue
        one, cut = _resource(file, step.get("newState"), f"steps[{at}].newState", read=operation in READ)
        found[one.urn] = one, cut
    stack, project = _names(found.values())
    resources = {urn: one for urn, (one, _) in found.items()}
    if any(one.protect for one in resources.values()):
        # Pulumi leaves out what is false: where a preview says of one that it is protected, the silent ones are not.
        resources = {urn: replace(one, protect=one.protect is True) for urn, one in resources.items()}
    config = {key: known(value) for key, value in file.mapping(document.get("config") or {}, "config").items()}
    defaults = default_providers(resources, config, stack, project)
    incomplete = (*_errors(document), *_cut(found.values()))
    return Snapshot(project, stack, (*defaults, *resources.values()), {}, incomplete=incomplete)


def _of_states(file: _File, rows: Plain, where: str) -> Snapshot:
    """`pulumi stack export`. A state that waits to be deleted is not part of the stack any more."""
    states = [(at, file.mapping(row, f"{where}[{at}]")) for at, row in enumerate(file.listing(rows, where))]
    # An export leaves out what is false, so that what it does not say is not protected.
    kept = [
        _resource(file, {"protect": False, **state}, f"{where}[{at}]")
        for at, state in states
        if state.get("delete") is not True
    ]
    stack, project = _names(kept)
    return Snapshot(project, stack, tuple(one for one, _ in kept), {}, deployed=True, incomplete=_cut(kept))


def _errors(document: Mapping[str, Plain]) -> Iterator[str]:
    """What a preview says of itself that ended early: it holds only what came before."""
    told = document.get("diagnostics")
    rows = [row for row in told if isinstance(row, dict)] if isinstance(told, list) else []
    errors = [str(row.get("message") or "").strip() for row in rows if row.get("severity") == "error"]
    if errors:
        yield f"the preview ended with an error and shows only a part of the stack ({errors[0][:200]})"


def _cut(resources: Iterable[_Read]) -> tuple[str, ...]:
    cut = [one.urn for one, is_cut in resources if is_cut]
    if not cut:
        return ()
    others = f" and of {len(cut) - 1} more" if len(cut) > 1 else ""
    return (f"inputs of {cut[0]}{others} are nested deeper than {DEEPEST} levels and were not read there",)


def _names(resources: Iterable[_Read]) -> tuple[str, str]:
    """Stack and project as the URNs have them."""
    for resource, _ in resources:
        stack, project, *_ = resource.urn.removeprefix("urn:pulumi:").split("::")
        return stack, project
    return "", ""


def _resource(file: _File, row: Plain, where: str, *, ours: bool = False, read: bool = False) -> _Read:
    """The resource of a row, and whether its inputs were cut."""
    state = file.mapping(row, where)
    urn = file.text(state.get("urn"), f"{where}.urn")
    parts = urn.removeprefix("urn:pulumi:").split("::", 3)
    if not urn.startswith("urn:pulumi:") or len(parts) != 4:  # noqa: PLR2004 - stack, project, types, name
        file.refuse(f"{where}.urn is no URN of Pulumi's: {urn[:80]!r}.")
    inputs = file.mapping(state.get("inputs") or {}, f"{where}.inputs")
    causes = state.get("property_dependencies" if ours else "propertyDependencies") or {}
    retained = state.get("retain_on_delete" if ours else "retainOnDelete")
    read_inputs = {key: _shallow(value) for key, value in inputs.items()}
    one = Resource(
        urn=urn,
        type=str(state.get("type") or parts[2].rsplit("$", 1)[-1]),
        name=parts[3],
        custom=state.get("custom") is True,
        parent=_optional(state.get("parent")),
        provider=_optional(state.get("provider")),
        inputs={key: value for key, (value, _) in read_inputs.items()},
        dependencies=_texts(state.get("dependencies")),
        property_dependencies={
            key: _texts(urns) for key, urns in file.mapping(causes, f"{where}.propertyDependencies").items()
        },
        protect=None if "protect" not in state else state["protect"] is True,
        retain_on_delete=retained is True,
        external=read or state.get("external") is True,
        source_position=_position(state.get("source_position" if ours else "sourcePosition")),
    )
    return one, any(cut for _, cut in read_inputs.values())


def known(value: Plain) -> Plain:
    """The value with every secret in it masked, and whole numbers as such (a state file has only doubles)."""
    return _shallow(value)[0]


def _shallow(value: Plain, level: int = 1) -> tuple[Plain, bool]:
    """The same, cut where it is nested deeper than DEEPEST levels (unknown there), and whether it was."""
    if isinstance(value, dict | list) and level > DEEPEST:
        return UNKNOWN, True
    if isinstance(value, dict):
        if is_secret(value):
            return secret(MASK), False
        pairs = {key: _shallow(item, level + 1) for key, item in value.items()}
        return {key: item for key, (item, _) in pairs.items()}, any(cut for _, cut in pairs.values())
    if isinstance(value, list):
        items = [_shallow(item, level + 1) for item in value]
        return [item for item, _ in items], any(cut for _, cut in items)
    if isinstance(value, float) and value.is_integer():
        return int(value), False
    return (secret(MASK) if value == MASK else value), False


def _position(value: Plain) -> str | None:
    """`project:///__main__.py#12,5` of Pulumi's, or `__main__.py:12` of ours, as the latter."""
    if not isinstance(value, str):
        return None
    found = _POSITION.fullmatch(value)
    return f"{unquote(found['path'])}:{found['line']}" if found else None


def _optional(value: Plain) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: Plain) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _kind(value: object) -> str:
    for kind, name in _KINDS:
        if isinstance(value, kind):
            return name
    return "missing"
