"""A bend: one change of one resource. Spots are the values in its inputs, also those inside a text that is JSON."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

from policies.model import Resource, Stack
from policies.values import Plain, as_json, is_unknown, opened

SHOWN: Final = 60
"""Characters of a value that a report shows."""


@dataclass(frozen=True, slots=True)
class Inside:
    """The step from a text into the document that it is."""


INSIDE: Final = Inside()
Step: TypeAlias = "str | int | Inside"
Steps: TypeAlias = "tuple[Step, ...]"
GONE: Final = object()
"""What stands at a spot after it was taken away."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One value in the inputs of a resource. `value` is a mark where nobody knows it; a secret is one."""

    steps: Steps
    value: Plain

    @property
    def path(self) -> str:
        """Where it stands: `rules[0].bucket`, and behind `#` what lies inside a document."""
        return path_of(self.steps)

    @property
    def unknown(self) -> bool:
        """Whether only the cloud knows it."""
        return is_unknown(self.value)

    @property
    def text(self) -> str:
        """The known text; empty for everything else."""
        return self.value if isinstance(self.value, str) and not self.unknown else ""

    @property
    def key(self) -> str:
        """The last name on the way to it."""
        return next((step for step in reversed(self.steps) if isinstance(step, str)), "")

    @property
    def plain(self) -> str:
        """Its path without numbers, as the tables of the SDKs write it: `rules[].bucket`."""
        return re.sub(r"\[\d+\]", "[]", self.path)


@dataclass(frozen=True)
class Bend:
    """One change: `bent` stands where the resource `urn` stood (None: taken away); `added` stands beside.

    `before` and `after` are JSON texts, cut to what a report shows; no secret is ever in them.
    """

    operator: str
    urn: str
    type: str
    path: str
    before: str
    after: str
    bent: Resource | None
    added: tuple[Resource, ...] = ()

    @property
    def name(self) -> str:
        """The name of the resource that was bent."""
        return self.urn.rpartition("::")[2]

    @property
    def plain(self) -> str:
        """Its path without numbers."""
        return re.sub(r"\[\d+\]", "[]", self.path)


def path_of(steps: Steps) -> str:
    """The path that people read."""
    text = ""
    for step in steps:
        if isinstance(step, Inside):
            text += "#"
        elif isinstance(step, int):
            text += f"[{step}]"
        else:
            text += step if not text or text.endswith("#") else f".{step}"
    return text


def spots(inputs: Mapping[str, Plain]) -> Iterator[Spot]:
    """Every value in the inputs, blocks before what they hold; secrets stay closed."""
    for key, value in inputs.items():
        yield from _spots(value, (key,))


def _spots(value: object, steps: Steps) -> Iterator[Spot]:
    here = cast("Plain", opened(value))
    yield Spot(steps, here)
    if isinstance(here, str):
        document = None if is_unknown(here) else as_json(here)
        if document is not None:
            yield from _members(document, (*steps, INSIDE))
    else:
        yield from _members(here, steps)


def _members(here: object, steps: Steps) -> Iterator[Spot]:
    if isinstance(here, Mapping):
        for key, member in cast("Mapping[str, object]", here).items():
            yield from _spots(member, (*steps, key))
    elif isinstance(here, list):
        for number, member in enumerate(cast("list[object]", here)):
            yield from _spots(member, (*steps, number))


def change(stack: Stack, operator: str, resource: Resource, spot: Spot, after: object) -> Bend:
    """The bend that puts `after` (GONE: nothing) where `spot` is, and no reference stays that led there."""
    inputs = cast("dict[str, Plain]", _with(resource.inputs, spot.steps, after))
    top = cast("str", spot.steps[0])
    links = dict(resource.property_dependencies)
    if top in links:
        links[top] = tuple(urn for urn in links[top] if top in inputs and _still(stack, urn, inputs[top]))
    bent = dataclasses.replace(resource, inputs=inputs, property_dependencies=links)
    before = shown(spot.value) if spot.value is not None else "-"
    return Bend(
        operator,
        resource.urn,
        resource.type,
        spot.path,
        before,
        "-" if after is GONE else shown(cast("Plain", after)),
        bent,
    )


def _still(stack: Stack, urn: str, value: Plain) -> bool:
    """Whether something in `value` may still lead to the resource `urn`: it is unknown, or names it."""
    target = stack.by_urn.get(urn)
    inside = [Spot((), cast("Plain", opened(value))), *_spots(value, ())]
    if any(one.unknown for one in inside):
        return True
    names = target.known_as if target is not None else frozenset[str]()
    texts = [one.text.lower() for one in inside if one.text]
    return any(name in text for name in names for text in texts)


def _with(here: object, steps: Steps, after: object) -> object:
    """A copy of `here` with `after` at `steps`; blocks that are not there are made."""
    step, rest = steps[0], steps[1:]
    here = opened(here)
    if isinstance(step, Inside):
        document = as_json(here) if isinstance(here, str) else here
        return json.dumps(_with(document, rest, after))
    if isinstance(step, int):
        members = list(cast("list[object]", here)) if isinstance(here, list) else []
        if step == len(members):
            members.append(None)
        if not rest and after is GONE:
            del members[step]
        else:
            members[step] = _with(members[step], rest, after) if rest else after
        return members
    block = dict(cast("Mapping[str, object]", here)) if isinstance(here, Mapping) else {}
    if not rest and after is GONE:
        block.pop(step, None)
    else:
        block[step] = _with(block.get(step), rest, after) if rest else after
    return block


def shown(value: Plain) -> str:
    """A value as a report shows it: JSON, cut; an unknown as a word."""
    text = json.dumps(_open(value), ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _open(value: object) -> object:
    here = opened(value)
    if is_unknown(here):
        return "(unknown)"
    if isinstance(here, Mapping):
        return {key: _open(member) for key, member in cast("Mapping[str, object]", here).items()}
    if isinstance(here, list):
        return [_open(member) for member in cast("list[object]", here)]
    return here
