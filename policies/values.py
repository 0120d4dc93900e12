"""Reads one value of a resource's inputs: missing, unknown, or known, and never anything in between.

Inputs are plain data (JSON), in which an unknown is one of Pulumi's marks and a secret is wrapped in its signature. A
reading never raises, so that one unknown neighbour cannot silence a rule.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Final, NamedTuple, TypeAlias, TypeGuard, cast

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"

# Constants of Pulumi's wire protocol: one mark for each kind of value; a test compares them with the SDK's own.
UNKNOWNS: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # string
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a signature, not a secret
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
MASKS: Final = frozenset({"[secret]"})
SHOWN_CHARACTERS: Final = 120
_SEVERAL: Final = ("[]", "*")
_OPENING: Final = ("{", "[")
_SCALARS: Final = frozenset({str, bool, int, float, type(None), list})


class State(Enum):
    """What is known of a value."""

    MISSING = "missing"
    UNKNOWN = "unknown"
    KNOWN = "known"


class Reading(NamedTuple):
    """One value and where it stands (`rules[0].destination.bucket`). `value` is None unless the state is KNOWN.

    A secret is UNKNOWN: that it is there is known, its value is not, and it goes nowhere from here.
    """

    path: str
    state: State
    value: Plain = None

    @property
    def missing(self) -> bool:
        """Whether nothing stands there: absent, null, or an empty text."""
        return self.state is State.MISSING

    @property
    def unknown(self) -> bool:
        """Whether something stands there that only the cloud, or a secret's owner, knows."""
        return self.state is State.UNKNOWN

    @property
    def present(self) -> bool:
        """Whether something stands there, known or not: an unknown reference counts as present."""
        return self.state is not State.MISSING

    @property
    def text(self) -> str:
        """The known text; empty for everything else, numbers and booleans as their JSON text."""
        if self.state is not State.KNOWN:
            return ""
        value = self.value
        return value if isinstance(value, str) else json.dumps(value)

    @property
    def flag(self) -> bool | None:
        """The known truth value, also written as a text; None for everything else."""
        value = self.value
        if isinstance(value, bool):
            return value
        return {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else None

    @property
    def number(self) -> float | None:
        """The known number, also written as a text; None for everything else."""
        value = self.value
        if isinstance(value, bool):
            return None
        if isinstance(value, int | float):
            return float(value)
        try:
            return float(value) if isinstance(value, str) else None
        except ValueError:
            return None

    def among(self, *allowed: str) -> bool:
        """Whether the known text is one of `allowed`, letters of either size alike."""
        return self.state is State.KNOWN and self.text.strip().lower() in {one.lower() for one in allowed}

    def found(self) -> str:
        """What a finding shows of it: JSON text, cut; empty where nothing is known."""
        if self.state is not State.KNOWN:
            return ""
        text = json.dumps(masked(self.value), ensure_ascii=False, sort_keys=True)
        return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"


def classify(path: str, value: object) -> Reading:
    """The reading of a raw value that stands at `path`."""
    value = opened(value)
    if value is None or value == "":
        return Reading(path, State.MISSING)
    if isinstance(value, str) and (value in UNKNOWNS or value in MASKS):
        return Reading(path, State.UNKNOWN)
    return Reading(path, State.KNOWN, cast("Plain", value))


def is_unknown(value: object) -> bool:
    """Whether `value` (not wrapped) is a mark of an unknown, or a secret whose value is masked."""
    return isinstance(value, str) and (value in UNKNOWNS or value in MASKS)


def opened(value: object) -> object:
    """The value inside Pulumi's wrappers; a secret becomes a mark of an unknown, whatever it holds."""
    if value.__class__ in _SCALARS:  # nearly all there is: asking an abstract class costs ten times as much
        return value
    while is_block(value):
        kind = value.get(SIGNATURE)
        if kind is None:
            return value
        if kind == SECRET:
            return "[secret]"
        if kind != OUTPUT:
            return value
        if value.get("secret"):
            return "[secret]"
        value = value.get("value", next(iter(UNKNOWNS)))
    return value


def is_block(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether `value` is a mapping, asked of its class first: nearly every value is plain data."""
    kind = value.__class__
    return kind is dict or (kind not in _SCALARS and isinstance(value, Mapping))


def known_later(inputs: Mapping[str, Plain], path: str) -> bool:
    """Whether the value at `path`, or what holds it, is a mark of an unknown: a value that the update will know.

    False for a secret, whose value stays closed. `path` names one place (`rules[0].bucket`).
    """
    here: object = inputs
    for step in re.findall(r"[^.\[\]]+", path):
        block = opened(here)
        if isinstance(block, Mapping):
            here = cast("Mapping[str, object]", block).get(step)
        elif isinstance(block, list) and step.isdigit():
            here = next(iter(cast("list[object]", block)[int(step) : int(step) + 1]), None)
        else:
            break
    end = opened(here)
    return isinstance(end, str) and end in UNKNOWNS


def read(inputs: Mapping[str, Plain], path: str) -> Reading:
    """The one value at `path` ("a.b.c", no lists). Raises ValueError for a path with a list: use read_all."""
    if "[]" in path:
        raise ValueError(f"{path}: leads to several values")
    found: list[Reading] = []
    _collect(inputs, _steps(path), "", found)
    return found[0]


def read_all(inputs: Mapping[str, Plain], path: str) -> Iterator[Reading]:
    """Every value at `path`, in which `[]` stands for each member of a list or `*` for each key of a mapping.

    Where a part of the path is missing or unknown, one reading says so, at the place where it ended. A list that is
    empty is missing. A mapping where a list belongs counts as a list of one: some providers flatten them.
    """
    found: list[Reading] = []
    _collect(inputs, _steps(path), "", found)
    return iter(found)


def within(reading: Reading, path: str) -> Iterator[Reading]:
    """Every value at `path` below a reading that stands for a block: what one element holds stays together."""
    if reading.unknown:
        return iter((Reading(reading.path, State.UNKNOWN),))
    found: list[Reading] = []
    _collect(reading.value, _steps(path), reading.path, found)
    return iter(found)


@cache
def _steps(path: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\[\]|[^.\[\]]+", path))


def _collect(value: object, steps: tuple[str, ...], at: str, found: list[Reading]) -> None:
    """Add the readings of every value below `value`, which stands at `at`; at least one."""
    for number, step in enumerate(steps):
        here = opened(value)
        if step in _SEVERAL or not is_block(here):
            _collect_several(here, steps[number:], at, found)
            return
        value, at = here.get(step), f"{at}.{step}" if at else step
    found.append(classify(at, value))


def _collect_several(here: object, steps: tuple[str, ...], at: str, found: list[Reading]) -> None:
    """The same where the path leads to several, or the value is no block: nothing, a list, an unknown."""
    step, rest = steps[0], steps[1:]
    if here is None or here in ("", []):
        found.append(Reading(at + _rest(at, steps), State.MISSING))
    elif is_unknown(here):
        found.append(Reading(at, State.UNKNOWN))
    elif step == "[]":
        members = cast("list[object]", here) if isinstance(here, list) else [here]
        for number, member in enumerate(members):
            _collect(member, rest, f"{at}[{number}]", found)
    elif isinstance(here, list):  # the other way round: a list where one block belongs
        for number, member in enumerate(cast("list[object]", here)):
            _collect(member, steps, f"{at}[{number}]", found)
    elif not is_block(here):
        found.append(Reading(at + _rest(at, steps), State.MISSING))
    elif not here:
        found.append(Reading(at, State.MISSING))
    else:
        for key, member in here.items():
            _collect(member, rest, _joined(at, key), found)


def _joined(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key


def _rest(at: str, steps: tuple[str, ...]) -> str:
    text = ""
    for step in steps:
        text += "[0]" if step == "[]" else (f".{step}" if at or text else step)
    return text


class Leaf(NamedTuple):
    """One known text in a resource's inputs, and where it stands."""

    path: str
    text: str

    @property
    def top(self) -> str:
        """The input (the first key) that it lies in."""
        return re.split(r"[.\[]", self.path, maxsplit=1)[0]


class End(NamedTuple):
    """One value that holds no other, and where it stands: `top` is the first key of the way, `key` the last.

    `key` is empty for a member of a list. `denied` says that it stands in a policy's statement that denies. Secrets are
    masked, unknowns are their marks. `leaf` is there where it is a known text, and `inner` where that is JSON
    (policies, container definitions): the values inside it.
    """

    path: str
    top: str
    key: str
    value: object
    denied: bool
    leaf: Leaf | None = None
    inner: tuple[End, ...] | None = None


def ends(inputs: Mapping[str, Plain]) -> list[End]:
    """Every value in the inputs that holds no other, in their order."""
    found: list[End] = []
    inside = opened(inputs)
    if is_block(inside):
        for key, value in inside.items():
            _add_ends(found, value, key, key, key, _denies(inside))
    return found


def _add_ends(found: list[End], value: object, at: str, top: str, key: str, denied: bool) -> None:  # noqa: PLR0917 - one walk
    here = opened(value)
    if isinstance(here, str):
        document = as_json(here)
        below = None if document is None else tuple(ends({at: cast("Plain", document)}))
        leaf = None if not here or here in UNKNOWNS or here in MASKS else Leaf(at, here)
        found.append(End(at, top, key, here, denied, leaf, below))
    elif is_block(here):
        denied = denied or _denies(here)
        for inner, member in here.items():
            _add_ends(found, member, f"{at}.{inner}", top, inner, denied)
    elif isinstance(here, list):
        for number, member in enumerate(cast("list[object]", here)):
            _add_ends(found, member, f"{at}[{number}]", top, "", denied)
    else:
        found.append(End(at, top, key, here, denied))


def _denies(block: Mapping[str, object]) -> bool:
    """Whether a block is a statement that denies."""
    effect = block.get("Effect", block.get("effect"))
    return effect is not None and str(effect).lower() == "deny"


def leaves(inputs: Mapping[str, Plain]) -> Iterator[Leaf]:
    """Every known text in the inputs, also those inside a text that is JSON (policies, container definitions)."""
    yield from texts(ends(inputs))


def texts(among: Iterable[End]) -> list[Leaf]:
    """Every known text among the values, also those inside a text that is JSON."""
    found: list[Leaf] = []
    for one in among:
        if one.leaf is not None:
            found.append(one.leaf)
            if one.inner:
                found += texts(one.inner)
    return found


def as_json(text: str) -> object:
    """The document in a text that begins like a JSON object or list; None where it is none."""
    first = text[:1]
    if first not in _OPENING and not first.isspace():
        return None
    if not text.lstrip().startswith(_OPENING):
        return None
    try:
        return cast("object", json.loads(text))
    except (ValueError, RecursionError):
        return None


def masked(value: object) -> object:
    """The value with every secret in it replaced by the mask."""
    here = opened(value)
    if isinstance(here, Mapping):
        return {key: masked(member) for key, member in cast("Mapping[str, object]", here).items()}
    if isinstance(here, list):
        return [masked(member) for member in cast("list[object]", here)]
    return here
