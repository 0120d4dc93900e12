"""Writes a guard's files: all of them or none, and nothing of an earlier guard stays beside them."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Final, cast

from homeshore.errors import UserError

MANIFEST: Final = "backstop.json"
"""Says what the directory holds, for people and for the next run, which takes away what is no longer part of it."""


def write(directory: Path, files: dict[str, str], manifest: dict[str, object]) -> None:
    """Write `files` (name to text) and the manifest into `directory`, which is made where it is missing.

    Everything is on the disk before the first file takes its place. Raises UserError where that cannot be done.
    """
    wanted = {**files, MANIFEST: json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        former = _former(directory)
        with tempfile.TemporaryDirectory(prefix=".backstop-", dir=directory) as waiting:
            for name, content in wanted.items():
                (Path(waiting) / name).write_text(content, encoding="utf-8")
            for name in wanted:
                (Path(waiting) / name).replace(directory / name)
        for name in former - wanted.keys():
            (directory / name).unlink(missing_ok=True)
    except OSError as fault:
        raise UserError(
            f"{directory}: the guard cannot be written there: {fault.strerror or fault}. "
            "Name another directory with --out."
        ) from None


def _former(directory: Path) -> frozenset[str]:
    """The files that an earlier run wrote there, as its manifest says; a manifest of somebody else's says nothing."""
    try:
        document = cast("object", json.loads((directory / MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return frozenset()
    listed = cast("dict[str, object]", document).get("files") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        return frozenset()
    named = (
        cast("dict[str, object]", one).get("path") for one in cast("list[object]", listed) if isinstance(one, dict)
    )
    return frozenset(Path(one).name for one in named if isinstance(one, str))
