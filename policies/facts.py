"""The tables of facts beside the code, read as text."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

DATA: Final = Path(__file__).parent / "data"


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a table, each by its columns."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
