"""Writes the tables of docs/comparison.md: `python -m tests.policies.ways.table --write` (without: checks them).

What Homeshore finds, and what the clouds' own policies would stop, comes from a run over the ways; what Checkov finds
from the scan in checkov.csv (`python -m benchmarks.ways --write`); what was only read stands in peers.yaml.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from policies.judge import judge
from tests.policies.backstop.subjects import stops
from tests.policies.ways.loader import CLOUDS, HERE, Way, names, ways

PAGE: Final = Path(__file__).parents[3] / "docs" / "comparison.md"
BEGIN: Final = "<!-- ways: generated -->\n"
END: Final = "<!-- ways: end -->\n"
NOT_THERE: Final = "·"
NOTHING: Final = "-"
TITLES: Final = {"aws": "AWS", "azure": "Azure", "gcp": "Google Cloud"}


@cache
def by_name() -> dict[tuple[str, str], Way]:
    """Every way, by cloud and name."""
    return {(one.cloud, one.name): one for one in ways()}


def ours(way: Way) -> str:
    """The rule of ours that finds the way and is silent at home; empty where it does not."""
    found = {one.rule.id for one in judge(way.stack(way.broken)).failed}
    home = {one.rule.id for one in judge(way.stack(way.home)).failed} if way.home else set[str]()
    return way.rule if way.rule in found - home else ""


def native(way: Way) -> tuple[str, ...]:
    """The controls of the cloud's own policies that would stop the way and not what is at home."""
    broken = {one.control.id for one in stops(way.stack(way.broken))}
    return tuple(sorted(broken - ({one.control.id for one in stops(way.stack(way.home))} if way.home else set[str]())))


@cache
def checkov() -> tuple[dict[str, str], ...]:
    """The scan by Checkov."""
    with (HERE / "checkov.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def peers() -> dict[str, dict[str, Any]]:
    """What was read of other packs."""
    return yaml.safe_load((HERE / "peers.yaml").read_text(encoding="utf-8"))


def _checkov(way: Way) -> str:
    return next(row["sees"] for row in checkov() if (row["cloud"], row["way"]) == (way.cloud, way.name))


def _read(peer: str, way: Way) -> str:
    key = f"{way.cloud}/{way.name}"
    if key in peers()[peer]["sees"]:
        return "yes"
    return "in part" if key in peers()[peer]["in_part"] else ""


def cells(way: Way) -> dict[str, str]:
    """What each finds of a way: a name, yes, in part; empty for nothing."""
    told = {"ours": ours(way), "native": "yes" if native(way) else "", "checkov": "yes" if _checkov(way) else ""}
    return told | {one: _read(one, way) for one in peers()}


def table() -> str:
    """The tables, in Markdown."""
    found = {key: cells(way) for key, way in by_name().items() if not way.none}
    return "\n\n".join(("\n".join(_matrix(found)), "\n".join(_counts(found)), "\n".join(_opposite()), _none())) + "\n"


def _matrix(found: dict[tuple[str, str], dict[str, str]]) -> Iterator[str]:
    columns = ("ours", "native", "checkov", *peers())
    heads = ("Homeshore", "clouds' own", "Checkov", *(one["title"] for one in peers().values()))
    yield f"| | way out | {' | '.join(heads)} |"
    yield f"|---|---|{'---|' * len(heads)}"
    for number, (name, words) in enumerate(names().items(), 1):
        told = (" ".join(_cell(found, cloud, name, column) for cloud in CLOUDS) for column in columns)
        yield f"| {number} | {words} | {' | '.join(told)} |"


def _cell(found: dict[tuple[str, str], dict[str, str]], cloud: str, name: str, column: str) -> str:
    if (cloud, name) not in found:
        return NOT_THERE
    said = found[cloud, name][column]
    if column == "ours":
        return said or NOTHING
    return {"yes": "✓", "in part": "(✓)"}.get(said, NOTHING)


def _counts(found: dict[tuple[str, str], dict[str, str]]) -> Iterator[str]:
    titles = {
        "ours": "Homeshore",
        "native": "the clouds' own policies, written for the boundary",
        "checkov": "Checkov",
        **{name: one["title"] for name, one in peers().items()},
    }
    there = Counter(cloud for cloud, _ in found)
    yield f"| found of | {' | '.join(f'{TITLES[one]} ({there[one]})' for one in CLOUDS)} | in part |"
    yield f"|---|{'---|' * len(CLOUDS)}---|"
    for column, title in titles.items():
        counted = Counter(cloud for (cloud, _), told in found.items() if told[column] not in ("", "in part"))
        part = sum(told[column] == "in part" for told in found.values())
        yield f"| {title} | {' | '.join(str(counted[one]) for one in CLOUDS)} | {part or ''} |"


def _opposite() -> Iterator[str]:
    yield "| asks for | on | by | rule |"
    yield "|---|---|---|---|"
    for row in checkov():
        if row["demands"]:
            yield f"| {names()[row['way']]} | {TITLES[row['cloud']]} | Checkov {row['version']} | {row['demands']} |"
    for peer in peers().values():
        for key, told in peer["demands"].items():
            cloud, _, way = key.partition("/")
            yield f"| {names()[way]} | {TITLES[cloud]} | {peer['title']} | {told['name']} (`{told['rule']}`) |"


def _none() -> str:
    lines = (f"- {TITLES[one.cloud]}, {one.words}: {one.none}." for one in by_name().values() if one.none)
    return "A cloud has no such way (·) where:\n\n" + "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """0 where the page is fresh, or was written; 1 where it is not."""
    parser = argparse.ArgumentParser(prog="python -m tests.policies.ways.table", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the tables")
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    fresh = before + BEGIN + "\n" + table() + "\n" + END + rest.split(END)[1]
    if parser.parse_args(arguments).write:
        PAGE.write_text(fresh, encoding="utf-8")
        return 0
    if fresh != text:
        sys.stderr.write(f"{PAGE.name} is not fresh: run python -m tests.policies.ways.table --write\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
