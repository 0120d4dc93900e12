"""Reads a data contract (Open Data Contract Standard v3, YAML), finds every fault, compiles it to plain data.

`python -m events.contract [FILE]` checks one and prints its columns.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

import yaml

from processor.schema import UUID_PATTERN, Column, Contract, Field, FieldType, Role

if TYPE_CHECKING:
    from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, SchemaProperty

__all__ = ["Column", "Contract", "ContractFaults", "Fault", "Field", "load"]

SHIPPED = Path(__file__).parent / "clickstream.yaml"

_TYPES: tuple[FieldType, ...] = get_args(FieldType)
_ROLES: tuple[Role, ...] = get_args(Role)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(?:[-+][0-9A-Za-z.-]+)?")
_CLASSES = ("public", "internal", "personal")
# Names that bronze, or silver after it, gives its own columns.
_RESERVED = frozenset({"day", "hour", "arrived_at", "arrived_day", "contract_version", "key_version", "arrival"})
_OPTIONS = ("format", "pattern", "minLength", "maxLength")
# The type each role must have. Only `person` may be absent: not every event has one.
_ROLE_TYPES: dict[Role, FieldType] = {
    "event_id": "string",
    "event_time": "timestamp",
    "event_type": "string",
    "tenant": "string",
    "residency": "string",
    "person": "string",
}


@dataclass(frozen=True)
class Fault:
    """One fault: the path in the document, what is wrong there, and what to write instead."""

    path: str
    problem: str
    remedy: str


class ContractFaults(ValueError):  # noqa: N818 - the message is a list of faults, and the name says so
    """The contract cannot be enforced. `faults` lists every fault; str() is the whole readable message."""

    def __init__(self, file: Path, faults: Iterable[Fault]) -> None:
        self.file = file
        self.faults = tuple(faults)
        count = f"{len(self.faults)} fault{'s' if len(self.faults) != 1 else ''}"
        lines = [f"{file}: {count} in the data contract; no event can be accepted under it."]
        lines += [f"  {fault.path}: {fault.problem}\n    {fault.remedy}" for fault in self.faults]
        super().__init__("\n".join(lines))


@dataclass
class _Findings:
    faults: list[Fault] = field(default_factory=list[Fault])

    def add(self, path: str, problem: str, remedy: str) -> None:
        self.faults.append(Fault(path, problem, remedy))


def load(path: Path) -> Contract:
    """The compiled contract in the YAML file `path`. Raises ContractFaults, which lists every fault."""
    try:
        content = path.read_bytes()
    except OSError as fault:
        findings = _Findings()
        remedy = "Name an existing contract in `homeshore:events`."
        findings.add("the file", f"cannot be read: {fault.strerror}", remedy)
        raise ContractFaults(path, findings.faults) from None
    return _compiled(path, content)


@cache
def _compiled(path: Path, content: bytes) -> Contract:
    # Remembered by content: a preview of many stacks reads one contract again and again.
    findings = _Findings()
    document = _document(content, findings)
    standard = None if findings.faults else _standard(document, findings)
    if standard is None:
        raise ContractFaults(path, findings.faults)
    _check_head(standard, findings)
    table = _one_table(standard, findings)
    _check_unknown_keys(document, findings)
    fields = tuple(_fields(table.properties or [], findings)) if table else ()
    if table:
        _check_roles(fields, findings)
    if findings.faults:
        raise ContractFaults(path, findings.faults)
    purpose = (standard.description.purpose if standard.description else None) or ""
    return Contract(str(standard.name), str(standard.version), fields, purpose)


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML lets the second of two equal keys win in silence; a contract must not.

    Not the loader in C: it saves milliseconds, and deep nesting makes it crash the whole process.
    """


def _unique_mapping(loader: _UniqueKeyLoader, node: yaml.MappingNode) -> object:
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key.value!r} stands twice", key.start_mark)
            seen.add(key.value)
    return loader.construct_mapping(node, deep=True)


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique_mapping)


def _document(content: bytes, findings: _Findings) -> Mapping[str, object]:
    try:
        loaded: object = yaml.load(content.decode(), Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as fault:
        findings.add("the file", f"is not valid YAML: {' '.join(str(fault).split())}", "Correct it there.")
        return {}
    if not isinstance(loaded, dict):
        findings.add("the file", "holds no mapping", "Start with `apiVersion: v3.2.0` and `kind: DataContract`.")
        return {}
    return {str(key): value for key, value in cast("dict[object, object]", loaded).items()}


def _standard(document: Mapping[str, object], findings: _Findings) -> OpenDataContractStandard | None:
    # The standard's models cost half a second to import, and only whoever loads a contract pays it.
    from open_data_contract_standard.model import OpenDataContractStandard
    from pydantic import ValidationError

    try:
        return OpenDataContractStandard.model_validate(document)
    except ValidationError as invalid:
        for fault in invalid.errors(include_url=False, include_input=False):
            path = ".".join(str(part) for part in fault["loc"]) or "the file"
            findings.add(
                path, f"does not follow the standard: {fault['msg']}", "See the Open Data Contract Standard v3."
            )
        return None


def _check_head(standard: OpenDataContractStandard, findings: _Findings) -> None:
    if not (standard.apiVersion or "").startswith("v3."):
        findings.add("apiVersion", f"is {standard.apiVersion!r}, not a v3 contract", "Write `apiVersion: v3.2.0`.")
    if standard.kind != "DataContract":
        findings.add("kind", f"is {standard.kind!r}", "Write `kind: DataContract`.")
    if not _NAME.fullmatch(standard.name or ""):
        findings.add("name", f"is {standard.name!r}", "Give a name of lower-case letters, digits and `_`.")
    if not _VERSION.fullmatch(standard.version or ""):
        findings.add("version", f"is {standard.version!r}", "Give a semantic version such as `1.0.0`.")


def _one_table(standard: OpenDataContractStandard, findings: _Findings) -> SchemaObject | None:
    tables = standard.schema_ or []
    if len(tables) != 1:
        findings.add("schema", f"has {len(tables)} objects", "Declare exactly one: a stream carries one kind of event.")
        return None
    if not tables[0].properties:
        findings.add("schema[0].properties", "is empty", "Declare the fields of the event.")
        return None
    return tables[0]


def _check_unknown_keys(document: Mapping[str, object], findings: _Findings) -> None:
    """The standard's own models drop an unknown key in silence below the top, so a mistyped one would mean nothing."""
    from open_data_contract_standard.model import SchemaObject, SchemaProperty

    for t, table in enumerate(_mappings(document.get("schema"))):
        _check_keys(table, set(SchemaObject.model_fields), f"schema[{t}]", findings)
        for p, entry in enumerate(_mappings(table.get("properties"))):
            _check_keys(entry, set(SchemaProperty.model_fields), _at(p, entry.get("name")), findings)


def _mappings(value: object) -> Iterator[Mapping[str, object]]:
    for entry in cast("list[object]", value) if isinstance(value, list) else []:
        if isinstance(entry, dict):
            yield cast("dict[str, object]", entry)


def _check_keys(entry: Mapping[str, object], known: set[str], path: str, findings: _Findings) -> None:
    for key in entry:
        if key not in known:
            findings.add(f"{path}.{key}", "is not a key of the standard", _did_you_mean(str(key), known))


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, sorted(known), n=1)
    return f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(sorted(known))}."


def _at(position: int, name: object) -> str:
    return f"schema[0].properties[{position}]" + (f" ({name})" if name else "")


def _fields(properties: list[SchemaProperty], findings: _Findings) -> Iterator[Field]:
    seen: set[str] = set()
    for position, entry in enumerate(properties):
        path = _at(position, entry.name)
        name = entry.name or ""
        if not _NAME.fullmatch(name) or name in _RESERVED:
            problem = "is reserved" if name in _RESERVED else "is no field name"
            findings.add(
                f"{path}.name", f"{name!r} {problem}", "Use lower-case letters, digits and `_`, a letter first."
            )
        elif name in seen:
            findings.add(f"{path}.name", f"{name!r} is declared twice", "Declare each field once.")
        seen.add(name)
        yield _field(path, name, entry, findings)


def _field(path: str, name: str, entry: SchemaProperty, findings: _Findings) -> Field:
    kind = entry.logicalType or ""
    if kind not in _TYPES:
        findings.add(f"{path}.logicalType", f"is {entry.logicalType!r}", _did_you_mean(kind, _TYPES))
    if entry.classification not in _CLASSES:
        findings.add(
            f"{path}.classification",
            f"is {entry.classification!r}, so nobody said whether the field is personal",
            f"Write one of {', '.join(_CLASSES)}.",
        )
    personal = entry.classification == "personal"
    if personal and kind != "string":
        findings.add(f"{path}.classification", f"personal, but of type {kind}", "Only a string can become a token.")
    options = _options(path, kind, entry, findings)
    return Field(
        name=name,
        type=kind if kind in _TYPES else "string",
        required=entry.required is True,
        personal=personal,
        role=_role(path, entry, findings),
        description=" ".join((entry.description or "").split()),
        enum=_enum(path, kind, entry, findings),
        pattern=options.pattern,
        min_length=options.min_length,
        max_length=options.max_length,
    )


def _role(path: str, entry: SchemaProperty, findings: _Findings) -> Role | None:
    role: Role | None = None
    for custom in entry.customProperties or []:
        if custom.property != "role":
            findings.add(f"{path}.customProperties", f"{custom.property!r} means nothing here", "Known: role.")
        elif custom.value not in _ROLES:
            findings.add(
                f"{path}.customProperties.role", f"is {custom.value!r}", _did_you_mean(str(custom.value), _ROLES)
            )
        else:
            role = custom.value
    return role


def _enum(path: str, kind: str, entry: SchemaProperty, findings: _Findings) -> tuple[str, ...]:
    values: list[object] = [cast("object", item.value) for item in entry.enum or []]
    texts = tuple(value for value in values if isinstance(value, str))
    if values and (kind != "string" or len(texts) != len(values) or len(set(texts)) != len(texts)):
        findings.add(f"{path}.enum", "must list different strings, of a string field", "Quote the values.")
        return ()
    return texts


@dataclass(frozen=True)
class _Options:
    pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None


def _options(path: str, kind: str, entry: SchemaProperty, findings: _Findings) -> _Options:
    options = cast("dict[str, object]", entry.logicalTypeOptions or {})
    path = f"{path}.logicalTypeOptions"
    if options and kind != "string":
        findings.add(path, f"are not enforced for type {kind}", "Leave them out: what is declared must be enforced.")
        return _Options()
    for key in options:
        if key not in _OPTIONS:
            findings.add(f"{path}.{key}", "is not enforced", _did_you_mean(key, _OPTIONS))
    lengths = [_length(f"{path}.{key}", options.get(key), findings) for key in ("minLength", "maxLength")]
    if lengths[0] is not None and lengths[1] is not None and lengths[0] > lengths[1]:
        findings.add(f"{path}.minLength", f"{lengths[0]} is above maxLength {lengths[1]}", "No value could pass.")
    return _Options(_pattern(path, options, findings), lengths[0], lengths[1])


def _length(path: str, value: object, findings: _Findings) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    findings.add(path, f"is {value!r}", "Give a whole number of characters, 0 or more.")
    return None


def _pattern(path: str, options: Mapping[str, object], findings: _Findings) -> str | None:
    form, pattern = options.get("format"), options.get("pattern")
    if form == "uuid" and pattern is None:
        return UUID_PATTERN
    if form is not None:
        problem = "stands beside a pattern" if form == "uuid" else "is not enforced"
        findings.add(f"{path}.format", f"{form!r} {problem}", "Use `format: uuid` alone, or a `pattern`.")
    if pattern is None:
        return None
    try:
        re.compile(str(pattern))
    except re.error as fault:
        findings.add(
            f"{path}.pattern", f"cannot be compiled: {fault}", "It must match the whole value; no anchors needed."
        )
        return None
    return str(pattern)


def _check_roles(fields: tuple[Field, ...], findings: _Findings) -> None:
    for role, kind in _ROLE_TYPES.items():
        holders = [f for f in fields if f.role == role]
        if len(holders) > 1 or (not holders and role != "person"):
            names = ", ".join(f.name for f in holders) or "no field"
            findings.add("schema[0].properties", f"role {role!r} is held by {names}", "Exactly one field must hold it.")
        for holder in holders:
            _check_holder(holder, role, kind, findings)


def _check_holder(holder: Field, role: Role, kind: FieldType, findings: _Findings) -> None:
    path = f"schema[0].properties ({holder.name})"
    if holder.type != kind:
        findings.add(f"{path}.logicalType", f"is {holder.type}; a field of role {role!r} is a {kind}", f"Write {kind}.")
    if not holder.required:
        findings.add(
            f"{path}.required", f"is not true; role {role!r} is needed in each event", "Write `required: true`."
        )
    if holder.personal != (role == "person"):
        problem = "must be personal" if role == "person" else "is written in clear, so it cannot be personal"
        findings.add(f"{path}.classification", f"role {role!r} {problem}", "Correct the role or the classification.")
    if role == "event_type" and not holder.enum:
        findings.add(f"{path}.enum", "is missing", "List the event types: quarantine shows them in clear.")
    if role in ("event_id", "tenant", "residency") and holder.pattern is None:
        # Quarantine shows these in clear: without a pattern anything could stand in them, a mail address too.
        findings.add(
            f"{path}.logicalTypeOptions", "has no pattern", "Give a `pattern` that no personal data can match."
        )


def _main(arguments: list[str]) -> int:
    path = Path(arguments[0]) if arguments else SHIPPED
    try:
        contract = load(path)
    except ContractFaults as faults:
        sys.stderr.write(f"{faults}\n")
        return 2
    lines = [f"{contract.name} {contract.version}: {len(contract.fields)} fields"]
    lines += [
        f"  {c.name:<20} {c.type:<14} {'token' if c.personal else '':<6} {c.description}" for c in contract.columns
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
