"""Typed reading of the plain data that providers and emulators speak: wire inputs and API answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast


class FieldError(ValueError):
    """A field is missing or of another type than its reader needs; the message names it."""


class Fields(Mapping[str, object]):
    """A mapping with typed reads; an absent block reads as empty, an absent required value raises FieldError."""

    def __init__(self, values: Mapping[str, object] | None = None) -> None:
        self._values: Mapping[str, object] = values or {}

    def __getitem__(self, key: str) -> object:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Fields({sorted(self._values)})"

    def text(self, key: str) -> str:
        """The string at `key`; raises FieldError when it is absent or not a string."""
        value = self._values.get(key)
        if not isinstance(value, str):
            raise FieldError(f"{key}: a string is needed, found {type(value).__name__}")
        return value

    def text_or(self, key: str, default: str = "") -> str:
        """The string at `key`, or `default` when it is absent."""
        return default if self._values.get(key) is None else self.text(key)

    def whole(self, key: str, default: int | None = None) -> int:
        """The whole number at `key`, which may arrive as a float; `default` when it is absent and one is given."""
        value = self._values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
            raise FieldError(f"{key}: a whole number is needed, found {type(value).__name__}")
        return int(value)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """The boolean at `key`, or `default` when it is absent."""
        value = self._values.get(key)
        return default if value is None else bool(value)

    def block(self, key: str) -> Fields:
        """The mapping at `key`; empty when it is absent."""
        value = self._values.get(key)
        if value is None:
            return Fields()
        if not isinstance(value, Mapping):
            raise FieldError(f"{key}: a mapping is needed, found {type(value).__name__}")
        return Fields(cast("Mapping[str, object]", value))

    def blocks(self, key: str) -> tuple[Fields, ...]:
        """The list of mappings at `key`; empty when it is absent."""
        return tuple(Fields(cast("Mapping[str, object]", item)) for item in self._items(key))

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of strings at `key`; empty when it is absent."""
        return tuple(str(item) for item in self._items(key))

    def table(self, key: str) -> dict[str, str]:
        """The mapping of strings at `key`; empty when it is absent."""
        return {name: str(value) for name, value in self.block(key).items()}

    def _items(self, key: str) -> Sequence[object]:
        value = self._values.get(key)
        if value is None:
            return ()
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise FieldError(f"{key}: a list is needed, found {type(value).__name__}")
        return cast("Sequence[object]", value)


def renamed(values: Mapping[str, object], names: Mapping[str, str]) -> dict[str, object]:
    """The values whose key is in `names`, under their other name; absent ones stay absent."""
    return {other: values[name] for name, other in names.items() if values.get(name) is not None}


def capitalised(values: Mapping[str, object]) -> dict[str, object]:
    """The values with every key's first letter in upper case, at each depth: wire names to API names."""
    return {key[:1].upper() + key[1:]: _each(value, capitalised) for key, value in values.items()}


def uncapitalised(values: Mapping[str, object]) -> dict[str, object]:
    """The values with every key's first letter in lower case, at each depth: API names to wire names."""
    return {key[:1].lower() + key[1:]: _each(value, uncapitalised) for key, value in values.items()}


def _each(value: object, change: Callable[[Mapping[str, object]], dict[str, object]]) -> object:
    if isinstance(value, Mapping):
        return change(cast("Mapping[str, object]", value))
    if isinstance(value, list | tuple):
        return [_each(item, change) for item in cast("Sequence[object]", value)]
    return value
