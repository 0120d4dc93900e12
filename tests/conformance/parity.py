"""The parity sheet, docs/parity.md: one spec on three clouds, and what truly differs.

Made from the suite: its tables, the components' declared deviations, the limits and the facts on replication, and what
the program registers for the stack with every setting. `python -m tests.conformance.parity` says whether the committed
page is fresh; with `--write` it makes it so.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import geography
from stacks.retention import replay
from stacks.sizing.limits import Limit, Limits
from tests.conformance import tables
from tests.conformance.evidence import tests_of
from tests.conformance.subjects import PROJECT, stack_files, subject

PAGE = PROJECT.root / "docs" / "parity.md"
CLOUDS: Mapping[str, str] = {"aws": "AWS", "azure": "Azure", "gcp": "Google Cloud"}
SUITE = "tests/conformance/test_conformance.py"
CELLS = "tests/conformance/test_parity.py::test_every_cell_is_shown"
FACT = re.compile(r"\{(limit|replication|replay) ?([^}]*)\}")
READ_AS = {"B/s": (1_000_000, "MB/s"), "B": (1_000_000, "MB")}
"""Units that people read otherwise, and how many of the table's make one of them."""
MEBIBYTE = 2**20


@dataclass(frozen=True)
class Cell:
    """What one aspect is like on one cloud, and what shows it (in the words of tests.conformance.evidence)."""

    aspect: str
    cloud: str
    text: str
    shown_by: str

    @property
    def shown_in(self) -> str:
        """The test that shows it, as pytest names it."""
        kind, _, test = self.shown_by.partition(" ")
        return test if kind == "test" else f"{CELLS}[{self.cloud}-{self.aspect}]"

    def told(self) -> str:
        """The text with its facts filled in."""
        return FACT.sub(lambda found: _fact(self.cloud, found[1], found[2]), self.text)


@cache
def cells() -> tuple[Cell, ...]:
    """All cells, in the order of the page."""
    return tuple(Cell(**row) for row in tables.rows(tables.DATA / "parity.csv"))


def _fact(cloud: str, kind: str, name: str) -> str:
    if kind == "replay":
        return _days(replay(cloud).longest_hours)
    if kind == "replication":
        (found,) = (each for each in geography.replication(cloud) if each.subject == name)
        return found.text
    service, _, limit = name.rpartition("/")
    return _read(Limits(cloud, "").one(service, limit))


def _read(limit: Limit) -> str:
    if limit.unit == "h":
        return _days(limit.value)
    if limit.unit == "B" and limit.value % MEBIBYTE == 0:
        return f"{limit.value // MEBIBYTE:,} MiB"
    size, unit = READ_AS.get(limit.unit, (1, limit.unit))
    number = f"{limit.value / size:,.1f}".removesuffix(".0")
    return f"{number} {unit}"


def _days(hours: int) -> str:
    return f"{hours // 24} days"


def page() -> str:
    """The whole page."""
    return "\n".join([*_head(), *_differences(), *_components(), *_promises(), *_deviations()]) + "\n"


def _head() -> Iterator[str]:
    yield "# One spec, three clouds"
    yield ""
    yield "What the same stack file gives on each cloud, and what truly differs. This page is written by"
    yield "`python -m tests.conformance.parity --write` from the conformance suite's tables and from what the program"
    yield "registers; `make check` says when it is stale. A number behind a cell leads to the test that shows it."
    yield ""


def _differences() -> Iterator[str]:
    yield "## What differs"
    yield ""
    yield from _table(["", *CLOUDS.values()])
    aspects = dict.fromkeys(cell.aspect for cell in cells())
    by_place = {(cell.aspect, cell.cloud): cell for cell in cells()}
    numbers = _numbers()
    for aspect in aspects:
        row = [by_place[aspect, cloud] for cloud in CLOUDS]
        yield _row([aspect, *(f"{cell.told()} [{numbers[cell.shown_in]}]({_link(cell.shown_in)})" for cell in row)])
    yield ""
    yield "The tests, by number:"
    yield ""
    for test, number in numbers.items():
        yield f"{number}. [{test}]({_link(test)})"
    yield ""


def _numbers() -> dict[str, int]:
    return {test: number for number, test in enumerate(dict.fromkeys(cell.shown_in for cell in cells()), 1)}


def _link(test: str) -> str:
    return f"../{test.partition('::')[0]}"


def _components() -> Iterator[str]:
    yield "## What each component is made of"
    yield ""
    yield "The stack with every setting, with a standby; the number says how many there are of a type."
    yield ""
    yield from _table(["", *CLOUDS.values()])
    made = {cloud: _made(cloud) for cloud in CLOUDS}
    for kind in sorted({kind for counts in made.values() for kind in counts}):
        yield _row([kind, *(_counted(made[cloud].get(kind, {})) for cloud in CLOUDS)])
    yield ""


def _made(cloud: str) -> dict[str, dict[str, int]]:
    """How many of each type each kind of component registers."""
    found: dict[str, dict[str, int]] = {}
    stack = subject(f"{cloud}-maximum")
    for resource in stack.managed:
        component = stack.component(resource)
        kind = component.type.rpartition(":")[2] if component else ""
        counts = found.setdefault(kind, {})
        name = resource.type.rpartition(":")[2]
        counts[name] = counts.get(name, 0) + 1
    return found


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(name if count == 1 else f"{name} ({count})" for name, count in sorted(counts.items()))


def _promises() -> Iterator[str]:
    yield "## What holds on all three"
    yield ""
    yield f"Each on {len(stack_files())} stacks: the least, the most and the most open that a stack file can say, what"
    yield f"an account has only once, and the project's own stack files ([{SUITE}](../{SUITE})):"
    yield ""
    for name in sorted(tests_of(PROJECT.root / SUITE)):
        group, _, test = name.rpartition("::")
        if group:
            yield f"- {test.removeprefix('test_').replace('_', ' ')}"
    yield ""
    yield "And each of them is broken on purpose: without any one grant, key use or provider the suite fails"
    yield "([tests/conformance/test_mutations.py](../tests/conformance/test_mutations.py))."
    yield ""


def _deviations() -> Iterator[str]:
    yield "## Declared deviations"
    yield ""
    yield "What one cloud does otherwise than the others, or than asked. The suite fails for one that is not declared,"
    yield "and for one that nothing shows any more."
    for cloud, title in CLOUDS.items():
        yield ""
        yield f"### {title}"
        yield ""
        yield from _table(["component", "what", "reason", "shown by", "source"])
        for each in tables.deviations():
            if each.cloud == cloud:
                yield _row([each.component, each.what, each.reason, _shown(each.shown_by), each.source])


def _shown(evidence: str) -> str:
    return "; ".join(f"`{part.strip().removeprefix('test ')}`" for part in evidence.split(";"))


def _table(titles: list[str]) -> Iterator[str]:
    yield _row(titles)
    yield "|" + "---|" * len(titles)


def _row(texts: list[str]) -> str:
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"


def main(arguments: list[str] | None = None) -> int:
    """Check or write the page; 0 when it is fresh, 1 when not."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.parity", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the page if it is not fresh")
    write, text = bool(parser.parse_args(arguments).write), page()
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    name = PAGE.relative_to(Path(PROJECT.root))
    if not write:
        sys.stderr.write(f"{name} is not fresh: run `python -m tests.conformance.parity --write` and commit it.\n")
        return 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
