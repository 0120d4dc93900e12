"""The formats of a check: what is printed, and what is written to files, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from findings import Report
from findings.model import FORMAT_VERSION
from homeshore.check.harmless import json_text
from homeshore.errors import UserError

NARROWEST, WIDEST = 60, 120
FORMS: Final = ("text", "json", "sarif", "junit", "github")
BY_EXTENSION: Final = {".txt": "text", ".json": "json", ".sarif": "sarif", ".xml": "junit"}


def width() -> int:
    """The characters of a line: the terminal's, within what can be read."""
    return min(max(shutil.get_terminal_size().columns, NARROWEST), WIDEST)


@dataclass(frozen=True)
class Printing:
    """How to print: several reports in one document or a single one, warnings that fail, everything unfolded."""

    several: bool
    strict: bool = False
    verbose: bool = False

    def document(self, form: str, reports: Sequence[Report], style: Callable[..., str] | None = None) -> str:
        """The reports in one of FORMS, without a last line break."""
        if form == "json":
            shapes = [report.to_json() for report in reports]
            return dumped({"version": FORMAT_VERSION, "stacks": shapes} if self.several else shapes[0])
        if form == "sarif":
            from homeshore.check import sarif

            return dumped(sarif.document(reports))
        if form == "junit":
            from homeshore.check import junit

            return junit.document(reports, strict=self.strict).rstrip("\n")
        if form == "github":
            from homeshore.check import github

            return "\n".join(github.commands(reports))
        return self._text(reports, style)

    def _text(self, reports: Sequence[Report], style: Callable[..., str] | None) -> str:
        from homeshore.check.text import render, render_all

        if self.several:
            return render_all(reports, style, width=width(), verbose=self.verbose)
        return render(reports[0], style, width=width(), verbose=self.verbose)


def dumped(shape: Mapping[str, object]) -> str:
    """The shape as JSON that any terminal and any reader can take."""
    return json_text(json.dumps(shape, indent=2, ensure_ascii=False))


def undetermined(reports: Sequence[Report]) -> str:
    """The document of `--undetermined`: what the check could not know, to be compared with that of the update."""
    rows = [row for report in reports for row in _rows(report)]
    return dumped({"version": FORMAT_VERSION, "undetermined": rows})


def _rows(report: Report) -> list[object]:
    return cast("list[object]", report.to_json()["undetermined"])


def form_of(file: str) -> str | None:
    """The format that a file's extension asks for, None for another extension."""
    return BY_EXTENSION.get(Path(file).suffix.lower())


def write(file: str, text: str) -> None:
    """Write a file at once: whoever reads it sees the old one or the whole new one. Raises UserError."""
    path = Path(file).resolve()
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as part:
                part.write(f"{text}\n")
            Path(name).chmod(_mode(path))
            Path(name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as fault:
        raise UserError(
            f"{file}: cannot be written: {fault.strerror or fault}. Name a file in a directory that is there."
        ) from None


def _mode(path: Path) -> int:
    """That of the file it replaces, else what a new file gets."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
