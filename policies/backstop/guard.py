"""What a guard is made of, and how the tables of each cloud become one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, cast

import yaml

from policies.backstop.home import Home
from policies.values import Plain

DATA: Final = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Control:
    """One thing that a guard denies; `rules` begin the ids of those that look for the same before a deployment."""

    id: str
    category: str
    title: str
    source: str
    rules: tuple[str, ...]

    def halves(self, rule: str) -> bool:
        """Whether it is the other half of a rule: what it stops is what the rule finds."""
        return bool(self.rules) and rule.startswith(self.rules)


@dataclass(frozen=True)
class LeftOut:
    """A control that this stack's guard cannot have, and what stays open."""

    control: Control
    reason: str


@dataclass(frozen=True)
class Document:
    """A file of the guard: its name, its text, and what it holds."""

    name: str
    text: str
    content: dict[str, Plain]


@dataclass(frozen=True)
class Guard:
    """The documents for one stack's cloud, and the shell commands that put them in force."""

    home: Home
    controls: tuple[Control, ...]
    left_out: tuple[LeftOut, ...]
    documents: tuple[Document, ...]
    apply: tuple[str, ...]


Entry = Mapping[str, Plain]


def control(entry: Entry) -> Control:
    """The control that an entry of a table describes."""
    texts = (str(entry[key]) for key in ("id", "category", "title", "source"))
    return Control(*texts, rules=tuple(cast("list[str]", entry["rules"])))


def chosen(entries: Iterable[Entry], home: Home) -> tuple[tuple[Entry, ...], tuple[LeftOut, ...]]:
    """The entries that hold for `home`, and the controls that do not, with the reason."""
    kept: list[Entry] = []
    left: list[LeftOut] = []
    for entry in entries:
        if home.meets(str(entry.get("needs", ""))):
            kept.append(entry)
        else:
            left.append(LeftOut(control(entry), str(entry["otherwise"])))
    return tuple(kept), tuple(left)


def filled(value: Plain, words: Mapping[str, list[str]]) -> Plain:
    """`value` with each "@word" replaced by that word's list; in a list, by its members. Raises KeyError."""
    if isinstance(value, dict):
        return {key: filled(member, words) for key, member in value.items()}
    if isinstance(value, list):
        members: list[Plain] = []
        for member in value:
            done = filled(member, words)
            members.extend(done if isinstance(done, list) and isinstance(member, str) else [done])
        return members
    if isinstance(value, str) and value.startswith("@"):
        return list(words[value[1:]])
    return value


@cache
def table(name: str) -> dict[str, Plain]:
    """A table of this package, whole."""
    return cast("dict[str, Plain]", yaml.safe_load((DATA / name).read_text(encoding="utf-8")))


def entries(name: str, key: str = "controls") -> list[Entry]:
    """The list under `key` of a table."""
    return cast("list[Entry]", table(name)[key])


def mapping(name: str, key: str) -> dict[str, Plain]:
    """The mapping under `key` of a table."""
    return cast("dict[str, Plain]", table(name)[key])
