"""What the SDK's texts say about a key: closed lists of values, ranges, the form of a duration, keys that exclude it.

Prose is read with suspicion: a list must end where a closed list ends, and a number must be in the key's own unit.
What is found here is told as a warning.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from typing import Any, Final

from validity.rules import Rule

_PARAMETER = re.compile(r"^\s*:param [^\n]*?\s(\w+): ", re.MULTILINE)
_WORD = r"[`\"']+[\w.\-:/]+[`\"']+(?: \(default\))?"
_LIST = re.compile(
    r"(?:(?:Possible|Valid|Allowed|Supported|Acceptable|Accepted) values(?: are| include)?(?: one of)?"
    r"|(?:Must|Should) be (?:either|one of)(?: the following)?):?\s*"
    rf"\[?({_WORD}(?:(?:,? (?:and|or) |, ?|,\s+){_WORD})*)\]?\s*(?:\.(?:\s|$)|$|\n\s*\n)"
)
_VALUE = re.compile(r"[`\"']+([\w.\-:/]+)[`\"']+")
_DEFAULT = re.compile(r"[Dd]efaults? (?:value )?(?:is|to) [`\"']+([\w.\-:/]+)[`\"']+")
_NOT_CLOSED = re.compile(r"\balso (be|valid|support|accept|allow)")
_RANGES = (
    re.compile(r"\b(?:between|within) (-?\d[\d,]*) (?:and|to) (-?\d[\d,]*)\b(?! *[.%]\d)(?: (\w+))?", re.IGNORECASE),
    re.compile(r">= ?(\d+) and <= ?(\d+)()"),
)
_LOW, _HIGH = (
    re.compile(rf"\b{word}[\w ']{{0,60}}? is (\d[\d,]*)\b(?: (\w+))?", re.IGNORECASE) for word in ("minimum", "maximum")
)
_UNIT = re.compile(r"(hour|minute|day|week|month|year|[kmgt]i?b$)", re.IGNORECASE)
_DURATION = re.compile(r"duration in seconds with up to nine fractional digits,? (?:ending|terminated) (?:with|by) 's'")
_CONFLICT = re.compile(r"Conflicts with ((?:[`'\"]?\w+[`'\"]?(?:,? and |,? or |, )?)+)", re.IGNORECASE)
_DURATION_RULE: Final = Rule(
    pattern=r"(\d+(\.\d{1,9})?s)?", whole=True, meaning='seconds ending with s, such as "3.5s"'
)


def parameters(text: str | None) -> Mapping[str, str]:
    """The text about each parameter of a constructor."""
    parts = _PARAMETER.split(text or "")
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def conflicts(text: str) -> tuple[str, ...]:
    """The Python names of keys that the text says must not be given together with this one."""
    return tuple(name for found in _CONFLICT.findall(text) for name in re.findall(r"\w+", found))


def stated(text: str, name: str, scalars: frozenset[Any]) -> Rule | None:
    """What the text says about the values of the key `name`, whose plain types are `scalars`."""
    text = re.sub(r"[ \t]+", " ", text)
    enums = any(isinstance(kind, type) and issubclass(kind, enum.Enum) for kind in scalars)
    if str in scalars and not enums:
        if _DURATION.search(text):
            return _DURATION_RULE
        found = _LIST.search(text)
        if found and not _NOT_CLOSED.search(text):
            return Rule(enum=tuple(dict.fromkeys([*_VALUE.findall(found[1]), *_DEFAULT.findall(text)])))
    return _range(text, name) if int in scalars or float in scalars else None


def _range(text: str, name: str) -> Rule | None:
    for pattern in _RANGES:
        found = pattern.findall(text)
        if len(found) == 1:
            low, high, unit = found[0]
            ends = _number(low, unit, name), _number(high, unit, name)
            known = ends[0] is not None and ends[1] is not None and ends[0] < ends[1]
            return Rule(low=ends[0], high=ends[1]) if known else None
    low, high = _only(_LOW, text, name), _only(_HIGH, text, name)
    return None if low is None and high is None else Rule(low=low, high=high)


def _only(pattern: re.Pattern[str], text: str, name: str) -> int | None:
    """The number that the pattern finds, where it finds just one."""
    found: list[tuple[str, str]] = pattern.findall(text)
    return _number(*found[0], name) if len(found) == 1 else None


def _number(text: str, unit: str, name: str) -> int | None:
    """The number, or None where its unit is not the one that the key is named after."""
    foreign = _UNIT.match(unit)
    return None if foreign and foreign[0].lower() not in name else int(text.replace(",", ""))
