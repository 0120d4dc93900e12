"""The kinds of finding: stable ids, how bad, and what to do. An id is API: it is never given a second meaning."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Level(StrEnum):
    """`error`: a provider would refuse it. `warning`: a text says so, or it may be accepted all the same."""

    ERROR = "error"
    WARNING = "warning"


class Source(StrEnum):
    """Who says so: the SDK's types, the description of the cloud's API, the SDK's texts, this project."""

    SDK = "sdk"
    API = "api"
    DOCS = "docs"
    HAND = "hand"


@dataclass(frozen=True)
class Kind:
    """One kind of finding."""

    id: str
    title: str
    level: Level
    remedy: str


def _kinds(*rows: tuple[str, str, Level, str]) -> dict[str, Kind]:
    return {row[0]: Kind(*row) for row in rows}


_VALUE = {"list": "001", "pattern": "002", "length": "003", "range": "004", "items": "005"}
_TITLES = {
    "list": ("a value that is not in the list", "Use one of the values that are allowed."),
    "pattern": ("a text of the wrong form", "Write it in the form that is allowed."),
    "length": ("a text of the wrong length", "Make it as long as is allowed."),
    "range": ("a number outside its range", "Choose a number in the range."),
    "items": ("a list with the wrong number of items", "Give as many items as are allowed."),
}

KINDS: Final = _kinds(
    ("VAL-SDK-001", "a key that the type does not have", Level.ERROR, "Remove it, or correct its spelling."),
    ("VAL-SDK-002", "a required key is missing", Level.ERROR, "Give the key a value."),
    ("VAL-SDK-003", "a value of the wrong type", Level.ERROR, "Give a value of the type that is allowed."),
    ("VAL-SDK-004", "a value that the SDK does not list", Level.ERROR, "Use one of the members of the enumeration."),
    ("VAL-SDK-005", "a value in another letter case", Level.WARNING, "Write it as the SDK does."),
    ("VAL-SDK-006", "a deprecated key", Level.WARNING, "Use what the SDK's text about the key names instead."),
    ("VAL-SDK-007", "an Output was formatted into a text", Level.ERROR, "Use pulumi.Output.format or concat."),
    *(
        (f"VAL-{source.upper()}-{number}", _TITLES[kind][0], level, _TITLES[kind][1])
        for source, level in ((Source.API, Level.ERROR), (Source.DOCS, Level.WARNING), (Source.HAND, Level.ERROR))
        for kind, number in _VALUE.items()
    ),
    ("VAL-DOCS-006", "two keys that exclude each other", Level.WARNING, "Give only one of them."),
)
UNKNOWN_KEY, MISSING_KEY, WRONG_TYPE, NOT_A_MEMBER, LETTER_CASE, DEPRECATED, OUTPUT_TEXT = (
    KINDS[f"VAL-SDK-{number:03}"] for number in range(1, 8)
)
EXCLUSIVE: Final = KINDS["VAL-DOCS-006"]


def value_kind(source: Source, fault: str) -> Kind:
    """The kind of a value's fault (`list`, `pattern`, `length`, `range`, `items`) that this source states."""
    return KINDS[f"VAL-{source.upper()}-{_VALUE[fault]}"]
