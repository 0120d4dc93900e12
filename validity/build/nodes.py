"""What all readers share: a node of an API's description, and how a key of the SDK finds its member there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Protocol

Shape = dict[str, object]
"""A rule as it stands in a table (see validity.rules.KEYS), plus `match`: a pattern for the whole value."""


class Node(Protocol):
    """One value in the description of an API."""

    def rules(self) -> Shape:
        """What is said of the value itself."""
        ...

    def child(self, key: str) -> Node | None:
        """The member of an object that a wire key means."""
        ...

    def item(self) -> Node | None:
        """The items of a list, or the values of a map."""
        ...


def pick(names: Iterable[str], key: str) -> str | None:
    """The name that a key means: the same letters, or the same but for a plural."""
    table, want = {_letters(name): name for name in names}, _letters(key)
    singular = re.sub(r"ies$", "y", want) if want.endswith("ies") else want.rstrip("s")
    return table.get(want) or table.get(singular) or table.get(f"{want}s")


def descend(node: Node, path: str, names: Mapping[str, str]) -> Node | None:
    """The node of the key at the end of `path` (the SDK's words), where `names` says what the API calls it."""
    for name in names.get(path, path.rpartition(".")[2]).split("|"):
        here: Node | None = node
        for step in name.split("."):
            here = None if here is None else here.item() if step == "*" else here.child(step)
        if here is not None:
            return here
    return None


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
