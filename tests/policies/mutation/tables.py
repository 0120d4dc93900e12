"""What is done to a table of facts: a row is taken away, or one cell that decides something is changed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from tests.policies.mutation.mutants import DATA, ROOT, Mutant

Row = dict[str, str]

TOLD: Final = frozenset(
    {"what", "why", "reason", "source", "as_of", "title", "frameworks", "expected", "remedy", "remediation", "anchor"}
)
"""Columns that are shown or kept for the record, and decide nothing."""
GENERATED: Final = frozenset(
    {"taggable.csv", "azure_located.csv", "azure_moved.csv", "gcp_defaulted.csv", "types.csv", "aws_actions.csv"}
    | {"aws_global.csv"}
)
"""Tables made from the SDKs, or of hundreds of like rows: a sample of their mutants stands for all."""
SAMPLED: Final = 60
OTHERS: Final = ("remediations.csv", "path_*.csv", "lowerable.csv", "unlowered.csv")
"""Tables that no rule reads when it judges: what an update may set, the paths of bytes, declared transfers."""
FEW: Final = 16
"""A column of at most so many values is a choice: another value of it is a better mutant than a misspelling."""


@dataclass(frozen=True)
class Change:
    """Row `row` is taken away, or its `column` becomes `value`."""

    row: int
    column: str = ""
    value: str = ""


def tables() -> Iterator[str]:
    """The tables that rules read when they judge, as paths in the project."""
    for one in sorted(DATA.glob("*.csv")):
        if not any(map(one.match, OTHERS)):
            yield str(one.relative_to(ROOT))


def mutants(file: str) -> Iterator[Mutant]:
    """Every mutant of a table."""
    rows = _rows(file)
    for number, change in enumerate(_changes(rows)):
        row = rows[change.row]
        said = f"{change.column}: {row[change.column]} -> {change.value}" if change.column else "drop row"
        types = tuple(word for cell in row.values() if cell for word in cell.split() if word.count(":") == 2)
        yield Mutant(file, change.row + 2, _called(row), said, number, types=types)


def changed(mutant: Mutant) -> str:
    """The text of the table with the mutant in it."""
    rows = _rows(mutant.file)
    change = next(islice(_changes(rows), mutant.number, None))
    if change.column:
        rows[change.row][change.column] = change.value
        columns = list(rows[0])
    else:
        columns = list(rows.pop(change.row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _rows(file: str) -> list[Row]:
    with (ROOT / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _called(row: Row) -> str:
    """The row by what it is about: its first cells, as far as they are short."""
    cells = [cell if len(cell) <= 90 else f"{cell[:90]}…" for column, cell in row.items() if column not in TOLD]
    return " ".join(cells[:3])


def _changes(rows: list[Row]) -> Iterator[Change]:
    choices = {column: _choice(rows, column) for column in rows[0] if column not in TOLD}
    for number, row in enumerate(rows):
        yield Change(number)
        for column, choice in choices.items():
            yield from (Change(number, column, value) for value in _values(row[column], choice))


def _choice(rows: list[Row], column: str) -> list[str]:
    values = list(dict.fromkeys(row[column] for row in rows))
    return values if len(values) <= FEW and len(values) * 2 <= len(rows) else []


def _values(cell: str, choice: list[str]) -> Iterator[str]:
    """What a cell becomes: a word less, another of the few values of its column, or a letter more."""
    words = cell.split()
    if len(words) > 1 and not choice:
        yield from (" ".join([*words[:at], *words[at + 1 :]]) for at in range(len(words)))
    elif len(choice) > 1:
        yield choice[(choice.index(cell) + 1) % len(choice)]
    elif cell in ("true", "false"):
        yield "false" if cell == "true" else "true"
    elif "[]" in cell:
        yield f"{cell}x"
        yield cell.replace("[]", "", 1)
    elif cell:
        yield f"{cell}x"
