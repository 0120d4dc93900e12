"""Lines of text: wrapped at words, never inside of one; two columns; counts."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import Final

Style = Callable[..., str]
INDENT: Final = "  "
GAP: Final = "  "


def wrapped(text: str, width: int, indent: str, further: str | None = None) -> list[str]:
    """The text in lines of at most `width` characters; only a single word may be longer."""
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent + INDENT if further is None else further,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines or [indent]


def table(rows: Iterable[tuple[str, str]], width: int, indent: str) -> Iterator[str]:
    """Names on the left, their texts wrapped on the right."""
    listed = list(rows)
    widest = max((len(name) for name, _ in listed), default=0)
    for name, text in listed:
        left = f"{indent}{name:<{widest}}{GAP}"
        yield from wrapped(text, width, left, " " * len(left))


def count(number: int, what: str) -> str:
    """`1 resource`, `2 resources`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def plain(text: str, **_: object) -> str:
    """No colours."""
    return text
