"""Whether a value is of one of the types that the SDK names, as a provider would take it."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from validity import sdk
from validity.rules import NUMBER
from validity.values import Plain

_WORDS: Final = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false"}
_FILES: Final = frozenset({"Asset", "Archive"})


def type_fits(value: Plain, types: tuple[Any, ...], *, strict: bool) -> bool:
    """Whether one of the types takes the value. Not `strict`: numbers and truth values may come as text, and back."""
    return any(_fits(value, kind, strict) for kind in types) or not types


def named(types: tuple[Any, ...]) -> str:
    """The types in words."""
    return " or ".join(dict.fromkeys(_name(kind) for kind in types))


def _name(kind: Any) -> str:
    if sdk.is_list(kind):
        return f"list of {named(sdk.inner((kind,), of_list=True))}"
    if sdk.is_map(kind):
        return f"map of {named(sdk.inner((kind,), of_list=False))}"
    if sdk.is_enum(kind):
        return f"one of {', '.join(sdk.members(kind))}"
    name = str(getattr(kind, "__name__", "anything"))
    return _WORDS.get(name, "anything" if kind is Any or isinstance(kind, TypeVar) else name.removesuffix("Args"))


def _fits(value: Plain, kind: Any, strict: bool) -> bool:
    if kind is Any or kind is object or isinstance(kind, TypeVar | str):
        return True
    if isinstance(value, dict):
        return sdk.is_object(kind) or sdk.is_map(kind)
    if isinstance(value, list):
        return sdk.is_list(kind)
    if not isinstance(kind, type) or sdk.is_object(kind) or sdk.is_list(kind) or sdk.is_map(kind):
        return False
    if kind.__name__ in _FILES:
        return True
    return _scalar_fits(value, sdk.scalar(kind), strict)


def _scalar_fits(value: Plain, kind: type, strict: bool) -> bool:
    if kind is str:
        return isinstance(value, str) or not strict
    if kind is bool:
        return isinstance(value, bool) or (not strict and value in ("true", "false"))
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        return not strict and NUMBER.fullmatch(value) is not None
    return kind is float or isinstance(value, int) or (isinstance(value, float) and value.is_integer())
