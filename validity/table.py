"""The committed rule tables: what descriptions of the clouds' APIs, and we ourselves, say of single values.

A place is a type and a path in it, keys joined by dots, `[]` for the items of a list and `{}` for the values of a map:
`rules[].expiration.days`.
"""

from __future__ import annotations

import functools
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from validity.catalogue import Level, Source
from validity.rules import Rule, from_json

DATA: Final = Path(__file__).parent / "data"
TABLES: Final = {
    "aws": ("botocore", "cloudformation"),
    "gcp": ("discovery",),
    "azure-native": ("azure-mgmt",),
}
HAND: Final = DATA / "hand.toml"


@dataclass(frozen=True)
class Stated:
    """A rule, who states it, and how much weight that has."""

    rule: Rule
    kind: Source
    source: str
    level: Level = Level.ERROR


@dataclass(frozen=True)
class Format:
    """A form that values have wherever a key of this name stands: `check` names a function of validity.formats."""

    keys: re.Pattern[str]
    check: str
    level: Level
    source: str


def stated(token: str) -> Mapping[str, tuple[Stated, ...]]:
    """Everything that the tables say of a type, by path."""
    package = token.partition(":")[0]
    found: dict[str, tuple[Stated, ...]] = {}
    for name in TABLES.get(package, ()):
        source, types = api_table(name)
        for path, shape in types.get(token, {}).items():
            if (token, path, name) not in disbelieved():
                found[path] = (*found.get(path, ()), Stated(from_json(shape), Source.API, source))
    for path, rows in hand_rules().get(token, {}).items():
        found[path] = (*found.get(path, ()), *rows)
    return found


@functools.cache
def api_table(name: str) -> tuple[str, Mapping[str, Mapping[str, Mapping[str, object]]]]:
    """The source's name with its version, and the rules by type and path."""
    document = json.loads((DATA / f"{name}.json").read_bytes())
    source = ", ".join(f"{row['package']} {row['version']}" for row in document["sources"])
    return source if len(document["sources"]) == 1 else document["title"], document["types"]


@functools.cache
def _hand() -> dict[str, Any]:
    return tomllib.loads(HAND.read_text(encoding="utf-8"))


@functools.cache
def hand_rules() -> Mapping[str, Mapping[str, tuple[Stated, ...]]]:
    """Our own rules by type and path."""
    found: dict[str, dict[str, tuple[Stated, ...]]] = {}
    for row in cast("list[dict[str, Any]]", _hand()["rule"]):
        shape = {key: value for key, value in row.items() if key not in ("at", "source", "level")}
        source = _hand()["sources"][row["source"]]
        entry = Stated(from_json(shape), Source.HAND, source, Level(row.get("level", "error")))
        for place in row["at"]:
            token, _, path = place.partition(" ")
            rules = found.setdefault(token, {})
            rules[path] = (*rules.get(path, ()), entry)
    return found


@functools.cache
def formats(package: str) -> tuple[Format, ...]:
    """The forms of values that hold for a whole cloud."""
    return tuple(
        Format(
            re.compile(row["keys"]), row["check"], Level(row.get("level", "error")), _hand()["sources"][row["source"]]
        )
        for row in cast("list[dict[str, Any]]", _hand()["format"])
        if row["package"] == package
    )


@functools.cache
def forms(token: str, path: str) -> tuple[Format, ...]:
    """The forms that hold at one place."""
    return tuple(form for form in formats(token.partition(":")[0]) if form.keys.fullmatch(f"{token} {path}"))


@functools.cache
def disbelieved() -> frozenset[tuple[str, str, str]]:
    """Statements that proved wrong: (type, path, table or `docs`). The reason stands beside each in the data."""
    return frozenset((row["type"], row["path"], row["table"]) for row in _hand()["disbelieve"])
