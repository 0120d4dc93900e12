"""What the installed Pulumi SDKs say about a resource type: keys, types, required keys, union tags, enumerations.

An SDK describes each object by a class `…Args`. Its properties carry the wire name, its constructor the types and the
text about each key. Three private names of the SDK are read (`_pulumi_name`, `_pulumi_input_type`,
`_pulumi_deprecated_callable`); a test guards them.
"""

from __future__ import annotations

import enum
import functools
import importlib
import inspect
import keyword
import re
import typing
import warnings
from collections import abc
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeGuard, cast

from validity import docs
from validity.rules import Rule

Kind: TypeAlias = Any
"""A type annotation of the SDK: a class, a generic alias, or `Any`."""

PACKAGES: Final = {"aws": "pulumi_aws", "azure-native": "pulumi_azure_native", "gcp": "pulumi_gcp"}
PROVIDER_PREFIX: Final = "pulumi:providers:"
_CONSTANT = re.compile(r"Expected value is '([^']+)'")


@dataclass(frozen=True)
class Field:
    """One key of an object: the types that fit, and what else the SDK says about it.

    `constant` is the tag by which a union tells its variants apart; `stated` is what the text about the key says of
    its values, `conflicts` the wire names of keys that it says must not stand beside this one.
    """

    types: tuple[Kind, ...]
    required: bool
    constant: str | None
    deprecated: bool
    stated: Rule | None
    conflicts: tuple[str, ...]


@functools.cache
def args_class(token: str) -> type | None:
    """The class that describes the inputs of a resource type, or None for a type that no installed SDK has."""
    provider = token.startswith(PROVIDER_PREFIX)
    package, _, rest = token.removeprefix(PROVIDER_PREFIX).partition(":")
    module, _, name = ("", "", "Provider") if provider else rest.partition(":")
    root, module = PACKAGES.get(package), module.split("/")[0].lower()
    if root is None or not name:
        return None
    # A provider lives in a module of its own; a module that is a keyword (`lambda`) gets an underscore.
    part = f".{module}{'_' if keyword.iskeyword(module) else ''}" if module not in ("", "index") else ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            resource = getattr(importlib.import_module(root + part), name)
            home = importlib.import_module(resource.__module__)
    except (ImportError, AttributeError):
        return None
    # `XInitArgs` describes the resource where `XArgs` is an object inside another resource.
    found: object = getattr(home, f"{name}InitArgs", None) or getattr(home, f"{name}Args", None)
    return found if isinstance(found, type) else None


@functools.cache
def fields(cls: type) -> Mapping[str, Field]:
    """The keys of an object, by wire name."""
    import pulumi

    constructor = inspect.unwrap(cast("Any", cls).__init__)
    # pulumi.Input is an alias whose parts are written as text: they are looked up here.
    hints = typing.get_type_hints(constructor, localns={"Output": pulumi.Output, "T": Any})
    parameters = inspect.signature(constructor).parameters
    texts = docs.parameters(constructor.__doc__)
    getters = {
        name: item.fget
        for name, item in inspect.getmembers(cls, lambda member: isinstance(member, property))
        if name in parameters
    }
    wire = {name: str(get._pulumi_name) for name, get in getters.items() if hasattr(get, "_pulumi_name")}
    found: dict[str, Field] = {}
    for name, wire_name in wire.items():
        types, text = alternatives(hints[name]), texts.get(name, "")
        constant = _CONSTANT.search(text)
        found[wire_name] = Field(
            types=types,
            required=parameters[name].default is inspect.Parameter.empty,
            constant=constant[1] if constant else None,
            deprecated=hasattr(getters[name], "_pulumi_deprecated_callable"),
            stated=docs.stated(text, name, _scalars(types)),
            conflicts=tuple(wire[other] for other in docs.conflicts(text) if other in wire and other != name),
        )
    return found


def alternatives(kind: Kind) -> tuple[Kind, ...]:
    """The types inside `Input[Optional[Union[A, B]]]`: Output, Awaitable and None are plumbing."""
    origin = typing.get_origin(kind)
    if origin is typing.Union:
        return tuple(dict.fromkeys(found for part in typing.get_args(kind) for found in alternatives(part)))
    named = getattr(origin or kind, "__name__", "")
    return () if kind is type(None) or origin is abc.Awaitable or named == "Output" else (kind,)


def is_object(kind: Kind) -> TypeGuard[type]:
    """Whether the type is an object with keys of its own."""
    return isinstance(kind, type) and hasattr(kind, "_pulumi_input_type")


def is_enum(kind: Kind) -> TypeGuard[type[enum.Enum]]:
    """Whether the type is an enumeration."""
    return isinstance(kind, type) and issubclass(kind, enum.Enum)


def scalar(kind: type) -> type:
    """The plain type of an enumeration's values; any other type is its own."""
    return type(cast("object", next(iter(kind)).value)) if is_enum(kind) else kind


def members(kind: type[enum.Enum]) -> tuple[str, ...]:
    """The values of an enumeration as text."""
    return tuple(str(member.value) for member in kind)


def is_list(kind: Kind) -> bool:
    """Whether the type is a list."""
    return kind is list or typing.get_origin(kind) in (abc.Sequence, list)


def is_map(kind: Kind) -> bool:
    """Whether the type is a map with free keys."""
    return kind is dict or typing.get_origin(kind) in (abc.Mapping, dict)


def inner(types: tuple[Kind, ...], *, of_list: bool) -> tuple[Kind, ...]:
    """The types of a list's items, or of a map's values; `Any` where the SDK does not say."""
    for kind in types:
        arguments = typing.get_args(kind)
        if arguments and (is_list(kind) if of_list else is_map(kind)):
            return alternatives(arguments[-1])
    return (Any,)


def _scalars(types: tuple[Kind, ...]) -> frozenset[Kind]:
    """The plain types of a key, also of a list's items."""
    return frozenset(part for kind in types for part in (inner((kind,), of_list=True) if is_list(kind) else (kind,)))
