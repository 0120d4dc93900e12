"""Property values: between the wire (protobuf Struct) and plain Python, and what is unknown or secret in them.

Plain values are None, bool, int, float, str, list and dict. Three kinds of value keep the form that Pulumi gives them:
an unknown is the string UNKNOWN; a secret is `{SIGNATURE: SECRET, "value": …}`; an asset, an archive or a resource
reference is a mapping with its own signature.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, TypeAlias, cast

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import ListValue, Struct, Value

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"

# Constants of Pulumi's wire protocol; a test compares them with the SDK's own.
UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a signature, not a secret

MASK: Final = "[secret]"


def from_struct(struct: Struct) -> dict[str, Plain]:
    """The Struct as a plain mapping, its keys in order; whole numbers become int (the wire knows only doubles).

    A map of protobuf's has another order in each process.
    """
    return {key: _from_value(value) for key, value in sorted(struct.fields.items())}


def _from_value(value: Value) -> Plain:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return value.string_value
    if kind == "struct_value":
        return from_struct(value.struct_value)
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    if kind == "bool_value":
        return value.bool_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return None


def to_struct(values: Mapping[str, object]) -> Struct:
    """The mapping as a Struct. Raises TypeError, with the path, for a value that the wire cannot carry."""
    from google.protobuf import struct_pb2

    struct = struct_pb2.Struct()
    _fill_struct(struct, values, "")
    return struct


def _fill_struct(struct: Struct, values: Mapping[str, object], path: str) -> None:
    for key, value in values.items():
        _fill(struct.fields[key], value, f"{path}.{key}" if path else key)


def _fill_list(target: ListValue, values: list[object] | tuple[object, ...], path: str) -> None:
    for index, item in enumerate(values):
        _fill(target.values.add(), item, f"{path}[{index}]")


def _fill(target: Value, value: object, path: str) -> None:
    if value is None:
        target.null_value = 0  # pyright: ignore[reportAttributeAccessIssue] - NULL_VALUE, the only member
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, Mapping):
        target.struct_value.SetInParent()
        _fill_struct(target.struct_value, cast("Mapping[str, object]", value), path)
    elif isinstance(value, list | tuple):
        target.list_value.SetInParent()
        _fill_list(target.list_value, cast("list[object]", value), path)
    else:
        raise TypeError(f"{path}: a {type(value).__name__} is not a property value")


def is_secret(value: object) -> bool:
    """Whether the value itself (not a part of it) is a secret."""
    return isinstance(value, dict) and cast("dict[str, object]", value).get(SIGNATURE) == SECRET


def secret(value: Plain) -> dict[str, Plain]:
    """The value, marked secret (once)."""
    if is_secret(value):
        return cast("dict[str, Plain]", value)
    return {SIGNATURE: SECRET, "value": value}


def masked(value: Plain) -> Plain:
    """The value with each secret in it replaced by the mark and MASK: what a snapshot may hold."""
    if isinstance(value, dict):
        if is_secret(value):
            return {SIGNATURE: SECRET, "value": MASK}
        return {key: masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value


def revealed(value: Plain) -> Plain:
    """The value with each secret in it unwrapped: what a provider (a backend) is given, and nothing else."""
    if isinstance(value, dict):
        if is_secret(value):
            return revealed(value["value"])
        return {key: revealed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [revealed(item) for item in value]
    return value


def contains_secret(value: Plain) -> bool:
    """Whether the value or a part of it is a secret."""
    if isinstance(value, dict):
        return is_secret(value) or any(contains_secret(item) for item in value.values())
    return isinstance(value, list) and any(contains_secret(item) for item in value)


def contains_unknown(value: Plain) -> bool:
    """Whether the value or a part of it is unknown."""
    if isinstance(value, dict):
        return any(contains_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(contains_unknown(item) for item in value)
    return value == UNKNOWN
