"""Two property values side by side: the places where they differ, and what cannot be compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple, cast

from homeshore.base.model import ABSENT, Absent
from homeshore.engine.values import MASK, UNKNOWN, Plain, is_secret, secret


class Place(NamedTuple):
    """A place in the inputs, with what stands there on each side: nothing (ABSENT), or a value.

    `secret`: both sides are. Where one is, the other is masked too, for it may be the same value.
    """

    path: str
    before: Plain | Absent
    after: Plain | Absent
    secret: bool = False

    @property
    def unknown(self) -> bool:
        """Whether both sides are known only after `pulumi up`."""
        return self.before == UNKNOWN and self.after == UNKNOWN

    @property
    def differs(self) -> bool:
        """Whether this is a difference that can be seen: nobody can compare two unknown or two secret values."""
        return not (self.unknown or self.secret)


def places(before: Plain | Absent, after: Plain | Absent, path: str = "") -> Iterator[Place]:
    """Each place where the two differ, or where that cannot be told. Where keys stand in an object says nothing.

    JSON inside a text (policies, dashboards) is taken apart: its paths go on behind the text's.
    """
    if is_secret(before) or is_secret(after):
        yield Place(path, _hidden(before), _hidden(after), is_secret(before) and is_secret(after))
    elif before == UNKNOWN and after == UNKNOWN:
        yield Place(path, before, after)
    elif isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            yield from places(before.get(key, ABSENT), after.get(key, ABSENT), _key(path, key))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _items(before, after, path)
    elif isinstance(before, str) and isinstance(after, str) and before != after:
        yield from _texts(before, after, path)
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        yield Place(path, before, after)


def _hidden(value: Plain | Absent) -> Plain | Absent:
    """A value that was or becomes secret is not told on the other side either: it may be the same one."""
    return value if isinstance(value, Absent) or value == UNKNOWN else secret(MASK)


def _key(path: str, key: str) -> str:
    if not key or any(mark in key for mark in '.[]"'):
        return f"{path}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{path}.{key}" if path else key


def _items(before: list[Plain], after: list[Plain], path: str) -> Iterator[Place]:
    """What both lists begin and end with is the same item; what lies between is compared in its order."""
    # An unknown item may be any: it is no anchor.
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        yield from places(before[head], after[head], f"{path}[{head}]")
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        yield from places(before[-1 - tail], after[-1 - tail], f"{path}[{len(after) - 1 - tail}]")
        tail += 1
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    for at in range(max(len(old), len(new))):
        yield from places(
            old[at] if at < len(old) else ABSENT, new[at] if at < len(new) else ABSENT, f"{path}[{head + at}]"
        )


def _texts(before: str, after: str, path: str) -> Iterator[Place]:
    old, new = _document(before), _document(after)
    if old is None or new is None:
        yield Place(path, before, after)
        return
    inside = list(places(old, new, path))
    yield from inside or [Place(path, before, after)]


def _document(text: str) -> Plain | None:
    """The object or list that the text is JSON of, or None."""
    if text[:1] not in ("{", "["):
        return None
    try:
        return cast("Plain", json.loads(text))
    except (ValueError, RecursionError):
        return None
