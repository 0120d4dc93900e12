"""Makes text from foreign files harmless: nothing that a terminal, a log of GitHub's or an XML reader obeys."""

from __future__ import annotations

import re
from typing import Final

# Controls of both sets, marks that turn the direction of writing or cannot be seen, halves of pairs, non-characters.
_CONTROL: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_IN_JSON: Final = re.compile(_CONTROL.pattern.replace("\x00-\x1f", ""))
CUT: Final = "…"


def printable(text: str) -> str:
    """The text on one line, with every control character written out as Python would write it."""
    return _CONTROL.sub(_written, text)


def clipped(text: str, characters: int) -> str:
    """The printable text, cut to so many characters."""
    shown = printable(text[: characters + 1])
    return shown if len(shown) <= characters else f"{shown[: characters - 1]}{CUT}"


def line(text: str) -> str:
    """A line of a log that GitHub's runner reads for commands: `::name::` at its start, `##[name]` anywhere."""
    start = len(text) - len(text.lstrip())
    opened = f"{text[:start]}\\x3a{text[start + 1 :]}" if text[start:].startswith("::") else text
    return opened.replace("##[", "#\\x23[")


def json_text(text: str) -> str:
    """A JSON document in which no character is left that a terminal obeys or that UTF-8 cannot carry."""
    return _IN_JSON.sub(lambda found: _escaped(ord(found[0])), text)


def _written(found: re.Match[str]) -> str:
    code = ord(found[0])
    return {9: "\\t", 10: "\\n", 13: "\\r"}.get(code) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")  # noqa: PLR2004


def _escaped(code: int) -> str:
    if code <= 0xFFFF:  # noqa: PLR2004 - the basic plane; above it JSON writes a pair
        return f"\\u{code:04x}"
    return f"\\u{0xD800 + ((code - 0x10000) >> 10):04x}\\u{0xDC00 + ((code - 0x10000) & 0x3FF):04x}"
