"""What a mutant is, and how it is called: by the place and the change, not by a line that moves with every edit."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

ROOT: Final = Path(__file__).parents[3]
POLICIES: Final = ROOT / "policies"
DATA: Final = POLICIES / "data"
EQUIVALENT: Final = Path(__file__).parent / "equivalent.csv"
CORE: Final = ("values", "places", "model", "judge", "rules", "verdict", "subject", "exemptions", "configuration")
CLOUDS: Final = ("aws", "azure", "gcp", "anywhere")

Name: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True)
class Mutant:
    """One change of one file, the `number`-th that its operators make there.

    `where` is the function (or the row) and `change` says what is done to it. `inside` tells a change in the body of a
    function from one that takes effect when the module is imported. `types` are the resource types of a row.
    """

    file: str
    line: int
    where: str
    change: str
    number: int
    inside: bool = False
    types: tuple[str, ...] = ()

    @property
    def name(self) -> Name:
        """What it is called in equivalent.csv."""
        return self.file, self.where, self.change

    @property
    def table(self) -> bool:
        """Whether it changes a table of facts."""
        return self.file.endswith(".csv")


def modules() -> Iterator[Path]:
    """The modules whose predicates are changed."""
    yield from (POLICIES / f"{one}.py" for one in CORE)
    for cloud in CLOUDS:
        yield from (one for one in sorted((POLICIES / cloud).glob("*.py")) if one.name != "__init__.py")


def told_apart(found: Iterable[Mutant]) -> Iterator[Mutant]:
    """Mutants that would be called alike, numbered."""
    seen: Counter[Name] = Counter()
    for one in found:
        seen[one.name] += 1
        yield one if seen[one.name] == 1 else replace(one, change=f"{one.change} #{seen[one.name]}")


def equivalents() -> dict[Name, str]:
    """The mutants that change nothing which a test could notice, each with the reason."""
    with EQUIVALENT.open(encoding="utf-8", newline="") as file:
        return {(row["file"], row["where"], row["change"]): row["reason"] for row in csv.DictReader(file)}
