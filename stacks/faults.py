"""What is wrong with a stack file: one message with every fault, each with its line, consequence and remedy."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    `file` is the file's name as the reader knows it, `line` counts from 1 (None where no file was read), `path` is what
    `pulumi config set --path` takes ("" for the file as a whole); `problem`, `consequence` and `remedy` are sentences.
    """

    file: str
    line: int | None
    path: str
    problem: str
    consequence: str
    remedy: str

    def to_json(self) -> dict[str, object]:
        """The fault as plain data for `--json`."""
        return {
            "file": self.file,
            "line": self.line,
            "path": self.path,
            "problem": self.problem,
            "consequence": self.consequence,
            "remedy": self.remedy,
        }


class ConfigFaults(ValueError):  # noqa: N818 - it carries faults, all of them
    """A stack file that is refused, with every fault that it has, in the order of their lines."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.line or 0, fault.path)))
        super().__init__(self.render())

    def __reduce__(self) -> tuple[type[ConfigFaults], tuple[tuple[Fault, ...]]]:
        return (type(self), (self.faults,))

    def render(self, width: int | None = None) -> str:
        """The whole message; lines are folded to `width` characters, or left long where nobody's terminal is known."""
        names = ", ".join(dict.fromkeys(fault.file for fault in self.faults))
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        blocks = [f"{names}: {count}. Nothing was done."]
        blocks += [_block(number, fault, width) for number, fault in enumerate(self.faults, start=1)]
        return "\n\n".join(blocks)


def _block(number: int, fault: Fault, width: int | None) -> str:
    where = f"{fault.file}:{fault.line}" if fault.line else fault.file
    head = f"{number}. {where}" + (f"  {fault.path}" if fault.path else "")
    parts = [head, *(_folded(text, width) for text in _sentences(fault))]
    return "\n".join(parts)


def _sentences(fault: Fault) -> tuple[str, str, str]:
    return (
        f"   {_sentence(fault.problem)}",
        f"   So:  {_sentence(fault.consequence)}",
        f"   Fix: {_sentence(fault.remedy)}",
    )


def _sentence(text: str) -> str:
    """With a capital letter, unless it starts with a quotation or a name, and with a full stop."""
    first = text.split(" ", 1)[0]
    capital = text[:1].upper() + text[1:] if first.isalpha() or first.startswith("did") else text
    return capital if capital.endswith((".", "?", "!")) else f"{capital}."


def _folded(text: str, width: int | None) -> str:
    if width is None:
        return text
    indent = " " * (len("   Fix: ") if text.startswith(("   So: ", "   Fix: ")) else len("   "))
    return textwrap.fill(text, max(width, 40), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
