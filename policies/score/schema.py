"""What the SDKs and the descriptions of the clouds' APIs say may stand in an input: booleans, listed values, places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple, cast

from policies.score.bends import Steps
from policies.values import is_unknown, opened
from validity import sdk, table

PLACE: Final = re.compile(r"(?:^|[a-z])(?:[rR]egion|[lL]ocation|[zZ]one)(?:Name)?s?$|^(?:region|location|zone)s?$")
"""Names of inputs in which a place may stand."""
TIME: Final = re.compile(r"[tT]ime_?[zZ]one")


@dataclass(frozen=True, slots=True)
class Input:
    """One input that a type has. `values` are the texts that are listed for it; None of both: something else."""

    steps: Steps
    plain: str
    boolean: bool
    values: tuple[str, ...]
    place: bool
    required: bool
    value: object
    set: bool


class _At(NamedTuple):
    """Where the walk is in the inputs of a type; `seen` are classes of blocks that are not set and were entered."""

    kind: str
    steps: Steps
    plain: str
    seen: frozenset[type]

    def key(self, name: str) -> _At:
        """The place of a key."""
        return self._replace(steps=(*self.steps, name), plain=f"{self.plain}.{name}" if self.plain else name)

    def item(self, number: int) -> _At:
        """The place of an item."""
        return self._replace(steps=(*self.steps, number), plain=f"{self.plain}[]")

    def entry(self, key: str) -> _At:
        """The place of a value of a map with free keys."""
        return self._replace(steps=(*self.steps, key), plain=f"{self.plain}{{}}")


def inputs(kind: str, given: Mapping[str, object]) -> Iterator[Input]:
    """Every input of the type `kind`, as deep as its blocks go: those that are set as they stand, the others once."""
    cls = sdk.args_class(kind)
    if cls is not None:
        yield from _fields(_At(kind, (), "", frozenset()), (cls,), given)


def _fields(at: _At, types: tuple[sdk.Kind, ...], given: object) -> Iterator[Input]:
    block = cast("Mapping[str, object]", given) if isinstance(given, Mapping) else dict[str, object]()
    for cls in types:
        if not sdk.is_object(cls) or cls in at.seen:
            continue
        for name, field in sdk.fields(cls).items():
            if field.deprecated and name not in block:
                continue
            value, here = opened(block.get(name)), at.key(name)
            yield _input(here, field.types, value, field, is_set=name in block)
            # What is set may hold blocks of its own kind; what is not is followed once.
            below = here if name in block else here._replace(seen=at.seen | {cls})
            yield from _below(below, field.types, value)


def _below(at: _At, types: tuple[sdk.Kind, ...], value: object) -> Iterator[Input]:
    if is_unknown(value):
        return
    yield from _fields(at, types, value)
    if any(sdk.is_list(one) for one in types) and (value is None or isinstance(value, list)):
        members = cast("list[object]", value) if isinstance(value, list) and value else [None]
        within = sdk.inner(types, of_list=True)
        for number, member in enumerate(members):
            if any(sdk.is_enum(one) for one in within) or member is not None:
                yield _input(at.item(number), within, opened(member), None, is_set=member is not None)
            yield from _below(at.item(number), within, opened(member))
    if any(sdk.is_map(one) for one in types) and isinstance(value, Mapping):
        within = sdk.inner(types, of_list=False)
        for key, member in cast("Mapping[str, object]", value).items():
            yield from _below(at.entry(key), within, opened(member))


def _input(at: _At, types: tuple[sdk.Kind, ...], value: object, field: sdk.Field | None, *, is_set: bool) -> Input:
    listed = [text for one in types if sdk.is_enum(one) for text in sdk.members(one)]
    listed += [text for row in _tables(at.kind).get(at.plain, ()) for text in row.rule.enum]
    listed += list(field.stated.enum) if field is not None and field.stated is not None else []
    name = at.steps[-1] if isinstance(at.steps[-1], str) else ""
    return Input(
        steps=at.steps,
        plain=at.plain,
        boolean=bool in types,
        values=tuple(dict.fromkeys(listed)),
        place=str in types and bool(PLACE.search(name)) and not TIME.search(name),
        required=field is not None and field.required,
        value=value,
        set=is_set,
    )


@cache
def _tables(kind: str) -> Mapping[str, tuple[table.Stated, ...]]:
    return table.stated(kind)
