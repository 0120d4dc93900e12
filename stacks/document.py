"""Reads a stack file as plain values with their lines, the way Pulumi's own reader understands YAML.

Hostile or broken files end in faults, never in a traceback: size and depth are capped, anchors, aliases and tags are
refused (they can multiply a file's size or change what a value is), and encrypted values are dropped while reading, so
that no later message can show one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import yaml

MAX_BYTES = 65_536
MAX_DEPTH = 16

Key = str | int
KeyPath = tuple[Key, ...]

_NULLS = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_FLAGS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_PLAIN: dict[str, bool | None] = {**_NULLS, **_FLAGS}
_INTEGER = re.compile(r"[-+]?(0b[01]+|0o[0-7]+|0x[0-9a-fA-F]+|0[0-7]+|0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LONGEST_INTEGER = 19
# The parser's names for what it read and expected.
_YAML_WORDS = {
    "'<stream end>'": "the end of the file",
    "'<document start>'": "the start of a document",
    "<block end>": "the end of the block",
    "'<block mapping start>'": "another mapping",
    "'<block sequence start>'": "a list",
    "'<scalar>'": "text",
    "'\\x00'": "nothing",
    "character '\\t' that cannot start any token": "a tab where it may not stand",
    "unexpected end of stream": "the end of the file",
    "the node content": "a value",
    "flow node": "value",
    "flow sequence": "list in brackets",
    "flow mapping": "mapping in braces",
    "simple key": "key",
    "scanning for the next token": "reading on",
}


class Secret:
    """Stands where the file holds an encrypted value; the value itself is not kept."""

    def __repr__(self) -> str:
        return "[encrypted]"


class Told(NamedTuple):
    """One thing that is wrong, in three sentences, at the path that it belongs to."""

    path: KeyPath
    problem: str
    consequence: str
    remedy: str


class Finding(NamedTuple):
    """What is wrong with the document itself, at a line (1 is the first)."""

    line: int
    told: Told


@dataclass
class Document:
    """The values of a stack file (None when it could not be read), the line of each path, and what is wrong."""

    values: dict[str, object] | None = None
    lines: dict[KeyPath, int] = field(default_factory=dict[KeyPath, int])
    findings: list[Finding] = field(default_factory=list[Finding])


@dataclass
class _Frame:
    """A mapping or a list that is being read."""

    container: dict[str, object] | list[object]
    path: KeyPath
    key: str | None = None


class _Stop(Exception):  # noqa: N818 - ends the reading of one document, after the finding that it carries
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.told.problem)
        self.finding = finding


def read_document(path: Path) -> Document:
    """Read `path`; what is wrong with it stands in the result's findings. Raises nothing."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as fault:
        return _unreadable(1, f"the file cannot be read: {fault.strerror}", "Check its name and its permissions.")
    if len(raw) > MAX_BYTES:
        return _unreadable(1, f"the file is larger than {MAX_BYTES} bytes", "A stack file has a few dozen lines.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = raw[: fault.start].count(b"\n") + 1
        return _unreadable(line, "the file is not UTF-8 text", "Save it as UTF-8 in your editor.")
    return parse(text)


def parse(text: str) -> Document:
    """Read the text of a stack file; what is wrong with it stands in the result's findings. Raises nothing."""
    document = Document()
    try:
        root = _Builder(document).build(text)
    except _Stop as stop:
        document.findings.append(stop.finding)
        return document
    except yaml.MarkedYAMLError as fault:
        at_end = "end of stream" in str(fault.problem) or "stream end" in str(fault.problem)
        mark = (at_end and fault.context_mark) or fault.problem_mark
        what = _in_words(", ".join(part for part in (fault.context, fault.problem) if part))
        return _unreadable(mark.line + 1 if mark else 1, f"this is not YAML: {what}", _yaml_remedy(what))
    except yaml.reader.ReaderError as fault:
        line = text[: int(fault.position)].count("\n") + 1
        return _unreadable(line, "the file holds a control character", "Remove it; YAML allows printable text only.")
    if root is None:
        return _unreadable(1, "the file is empty", "`homeshore new STACK` writes a valid one.")
    if not isinstance(root, dict):
        return _unreadable(1, "the file is not a mapping of keys", "A stack file starts with the key `config:`.")
    document.values = root
    return document


def _in_words(what: str) -> str:
    for token, words in _YAML_WORDS.items():
        what = what.replace(token, words)
    return what


def _yaml_remedy(what: str) -> str:
    if "a tab" in what:
        return "Replace tabs by spaces: YAML takes no tabs for indentation."
    return "Look at this line and the one above: indentation, a missing space after a colon, an unclosed quote."


def _unreadable(line: int, problem: str, remedy: str) -> Document:
    return Document(findings=[Finding(line, Told((), problem, "Nothing of the file could be used.", remedy))])


class _Builder:
    """Turns YAML's events into values, one pass, without recursion."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.frames: list[_Frame] = []
        self.root: object = None
        self.documents = 0

    def build(self, text: str) -> object:
        for event in _events(text):
            line = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.DocumentStartEvent):
                self._one_document_only(line)
            elif isinstance(event, yaml.NodeEvent):
                self._node(event, line)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._close()
        return self.root

    def _one_document_only(self, line: int) -> None:
        self.documents += 1
        if self.documents > 1:
            raise _Stop(
                Finding(
                    line,
                    Told(
                        (),
                        "the file holds a second YAML document",
                        "Pulumi reads the first one only.",
                        "Keep one document: remove the line `---` and what follows.",
                    ),
                )
            )

    def _node(self, event: yaml.NodeEvent, line: int) -> None:
        self._plain_only(event, line)
        frame = self.frames[-1] if self.frames else None
        if frame is not None and isinstance(frame.container, dict) and frame.key is None:
            self._take_key(frame, event, line)
            return
        path = self._path_of_next()
        self.document.lines.setdefault(path, line)
        if isinstance(event, yaml.ScalarEvent):
            self._put(_scalar(event))
            return
        container: dict[str, object] | list[object] = {} if isinstance(event, yaml.MappingStartEvent) else []
        if len(self.frames) >= MAX_DEPTH:
            raise _Stop(
                Finding(
                    line,
                    Told(
                        path,
                        f"the file nests deeper than {MAX_DEPTH} levels",
                        "No key of a stack file lies that deep.",
                        "Check the brackets and the indentation of this line.",
                    ),
                )
            )
        self.frames.append(_Frame(container, path))

    def _plain_only(self, event: yaml.NodeEvent, line: int) -> None:
        tag = getattr(event, "tag", None)
        if event.anchor is not None:
            kind = "an alias (*name)" if isinstance(event, yaml.AliasEvent) else "an anchor (&name)"
        elif tag is not None:
            kind = "a tag (!name)"
        else:
            return
        raise _Stop(
            Finding(
                line,
                Told(
                    self._path_of_next(),
                    f"{kind} stands here",
                    "Anchors, aliases and tags are not read: they can blow up a file, or turn a value into another.",
                    "Write the value out; a text that starts with & or * or ! needs quotes.",
                ),
            )
        )

    def _take_key(self, frame: _Frame, event: yaml.NodeEvent, line: int) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            raise _Stop(
                Finding(
                    line,
                    Told(
                        frame.path,
                        "a list or a mapping stands where a key must stand",
                        "No key of a stack file is made of several values.",
                        "Check the brackets and braces of this line; a text that starts with one needs quotes.",
                    ),
                )
            )
        name = str(event.value)
        path = (*frame.path, name)
        if name in frame.container:
            first = self.document.lines[path]
            self.document.findings.append(
                Finding(
                    line,
                    Told(
                        path,
                        f"the key stands twice, first in line {first}",
                        "One reader takes the first value, another the last.",
                        "Keep one of the two.",
                    ),
                )
            )
        self.document.lines.setdefault(path, line)
        frame.key = name

    def _path_of_next(self) -> KeyPath:
        if not self.frames:
            return ()
        frame = self.frames[-1]
        if isinstance(frame.container, list):
            return (*frame.path, len(frame.container))
        return frame.path if frame.key is None else (*frame.path, frame.key)

    def _put(self, value: object) -> None:
        if not self.frames:
            self.root = value
            return
        frame = self.frames[-1]
        if isinstance(frame.container, list):
            frame.container.append(value)
        elif frame.key is not None:
            frame.container[frame.key] = value
            frame.key = None

    def _close(self) -> None:
        frame = self.frames.pop()
        value = frame.container
        is_secret = isinstance(value, dict) and set(value) == {"secure"}
        self._put(Secret() if is_secret else value)


def _events(text: str) -> Iterator[yaml.Event]:
    return yaml.parse(text, Loader=yaml.SafeLoader)


def _scalar(event: yaml.ScalarEvent) -> object:
    text = str(event.value)
    return text if event.style is not None or not event.implicit[0] else plain_scalar(text)


def plain_scalar(text: str) -> object:
    """An unquoted value as Pulumi's reader takes it: yes, no, on and off are text, 0123 is octal, 1_000 is a number."""
    if text in _PLAIN:
        return _PLAIN[text]
    digits = text.replace("_", "")
    if _INTEGER.fullmatch(digits) and len(digits) <= _LONGEST_INTEGER:
        return int(digits, 8) if re.fullmatch(r"[-+]?0[0-7]+", digits) else int(digits, 0)
    if _FLOAT.fullmatch(digits):
        number = float(digits.lower().replace(".inf", "inf").replace(".nan", "nan"))
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return text
