"""One statement about a value: a closed list, a pattern, a length, a range. Plain data, from whatever source."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, cast

from validity.values import Plain

SHOWN_VALUES: Final = 40
NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
DURATION: Final = re.compile(r"\d+(\.\d{1,9})?s")


@dataclass(frozen=True)
class Rule:
    """What a value may be. Lengths in characters, `low` and `high` inclusive, `pattern` found anywhere unless `whole`.

    `seconds`: the value is a text such as "600s", and the bounds are seconds. `meaning`: what a pattern is, in words.
    """

    enum: tuple[str, ...] = ()
    pattern: str | None = None
    whole: bool = False
    shortest: int | None = None
    longest: int | None = None
    low: float | None = None
    high: float | None = None
    fewest: int | None = None
    most: int | None = None
    seconds: bool = False
    meaning: str = ""

    @property
    def empty(self) -> bool:
        """Whether it says nothing."""
        return self == Rule(whole=self.whole, seconds=self.seconds, meaning=self.meaning)


@dataclass(frozen=True)
class Fault:
    """What is wrong with a value: `kind` is list, pattern, length, range or items."""

    kind: str
    what: str
    allowed: str


OUTSIDE: Final = {
    "items": ("too few items", "too many items"),
    "range": ("too small", "too large"),
    "length": ("too short", "too long"),
}
"""What is wrong with a number below, or above, its bounds."""

# The keys of the committed tables, short because there are thousands of them.
KEYS: Final = {
    "enum": "enum",
    "pattern": "pattern",
    "minLength": "shortest",
    "maxLength": "longest",
    "minimum": "low",
    "maximum": "high",
    "minItems": "fewest",
    "maxItems": "most",
    "seconds": "seconds",
    "means": "meaning",
}


def from_json(shape: Mapping[str, object]) -> Rule:
    """A rule from its entry in a table. `match` is a pattern for the whole value. Raises TypeError for another key."""
    known: dict[str, object] = {}
    for key, value in shape.items():
        if key == "match":
            known |= {"pattern": value, "whole": True}
        elif key in KEYS:
            known[KEYS[key]] = tuple(cast("list[str]", value)) if isinstance(value, list) else value
        else:
            raise TypeError(f"a rule has no key {key!r}")
    return Rule(**known)  # pyright: ignore[reportArgumentType] - the tables are ours, and a test reads them all


def faults(rule: Rule, value: Plain, *, listed: bool = False) -> Iterator[Fault]:
    """What is wrong with the value. `listed`: another source lists it, so a list that lacks it lags behind."""
    if isinstance(value, list):
        yield from _bounds(len(value), rule.fewest, rule.most, kind="items", unit="items")
        return
    if isinstance(value, dict | bool) or value is None:
        return
    text = str(value)
    if rule.enum and not listed and text not in rule.enum:
        yield Fault("list", "not in the list of values", _listing(rule.enum))
    if rule.seconds and not DURATION.fullmatch(text):
        yield Fault("pattern", "has the wrong form", 'seconds ending with s, such as "3.5s"')
        return
    digits = text[:-1] if rule.seconds else text
    if NUMBER.fullmatch(digits):
        unit = "seconds" if rule.seconds else ""
        yield from _bounds(float(digits), rule.low, rule.high, kind="range", unit=unit)
    if isinstance(value, str):
        yield from _bounds(len(value), rule.shortest, rule.longest, kind="length", unit="characters")
        if rule.pattern is not None and not _matches(rule.pattern, rule.whole, value):
            yield Fault("pattern", "has the wrong form", rule.meaning or f"matching {rule.pattern}")


def _bounds(number: float, low: float | None, high: float | None, *, kind: str, unit: str) -> Iterator[Fault]:
    below, above = low is not None and number < low, high is not None and number > high
    if not (below or above):
        return
    ends = [f"{end:g}" if isinstance(end, float) else str(end) for end in (low, high) if end is not None]
    if low is not None and high is not None:
        allowed = f"{ends[0]} to {ends[1]}"
    else:
        allowed = f"{ends[0]} or more" if high is None else f"at most {ends[0]}"
    yield Fault(kind, OUTSIDE[kind][above], f"{allowed} {unit}".rstrip())


def _listing(values: tuple[str, ...]) -> str:
    more = f", … ({len(values)} in all)" if len(values) > SHOWN_VALUES else ""
    return ", ".join(value or '""' for value in values[:SHOWN_VALUES]) + more


def _matches(pattern: str, whole: bool, value: str) -> bool:
    compiled = compiled_pattern(pattern)
    return compiled is None or bool(compiled.fullmatch(value) if whole else compiled.search(value))


@functools.cache
def compiled_pattern(pattern: str) -> re.Pattern[str] | None:
    """The pattern, or None where Python cannot read it: some are Java's (`\\p{L}`, surrogates)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return re.compile(pattern)
    except re.error:
        return None
