"""Writes the table of docs/backstop.md: `python -m tests.policies.backstop.table --write` (or `--check`)."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from policies.backstop import stopped
from policies.backstop.aws_semantics import Request, denied_by
from policies.backstop.guard import DATA
from policies.rules import catalogue
from tests.policies.backstop.subjects import findings, guard_of
from tests.policies.build import res, stack

PAGE = Path(__file__).parents[3] / "docs" / "backstop.md"
BEGIN, END = "<!-- table: generated -->\n", "<!-- table: end -->\n"
CLOUDS = {"aws": "AWS", "azure": "Azure", "gcp": "Google Cloud", "all": "Every cloud"}
EVERY = "all"
BOTH, PART, PREVIEW, RUNTIME, NEITHER = "both", "both, in part", "preview only", "runtime only", "neither"


class Act(NamedTuple):
    """What somebody does without a preview, and what stops it."""

    cloud: str
    act: str
    controls: tuple[str, ...]
    reason: str


def caught(rule: str) -> tuple[str, tuple[str, ...]]:
    """Who catches what a rule finds, over its cases, and the controls that do it at run time."""
    cases = [one for one in findings() if one.rule == rule]
    controls = {name for one in cases for name in one.controls}
    if not controls:
        return PREVIEW, ()
    return (BOTH if all(one.controls for one in cases) else PART), tuple(sorted(controls))


def reason(rule: str) -> str:
    """Why the guard does less than a rule."""
    reasons: dict[str, str] = yaml.safe_load((DATA / "reasons.yaml").read_text(encoding="utf-8"))
    return reasons[max((one for one in reasons if rule.startswith(one)), key=len)]


def acts() -> Iterator[Act]:
    """Each act, with the controls that stop it."""
    for entry in yaml.safe_load((DATA / "acts.yaml").read_text(encoding="utf-8")):
        controls = tuple(sorted(_stopping(entry)))
        yield Act(entry["cloud"], entry["act"], controls, entry.get("reason") or entry.get("beyond", ""))


def _stopping(entry: dict[str, Any]) -> set[str]:
    found = guard_of(entry["cloud"], entry.get("boundary", "eu"))
    assert found is not None
    made = [res(one["type"], "it", one["inputs"]) for one in entry.get("resources", ())]
    by_hand = {one.control.id for one in stopped(found, stack(entry.get("boundary", "eu"), *made))}
    for one in entry.get("requests", ()):
        keys = {key: tuple(values) for key, values in one.get("keys", {}).items()}
        request = Request(one["action"], one["region"], keys)
        by_hand |= {name.rstrip("0123456789") for name in denied_by(found.documents, request)}
    return by_hand


def table() -> str:
    """The tables, in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    by_cloud: dict[str, list[str]] = defaultdict(list)
    for rule, about in catalogue().items():
        by_cloud[about.cloud if about.cloud in CLOUDS else EVERY].append(rule)
    for cloud, title in CLOUDS.items():
        yield from (
            "",
            f"### {title}",
            "",
            "| Rule | What it finds | Caught by | At run time, by | What the guard lacks |",
        )
        yield "|---|---|---|---|---|"
        for rule in by_cloud[cloud]:
            who, controls = caught(rule)
            lacks = "" if who == BOTH else reason(rule)
            yield f"| {rule} | {catalogue()[rule].title} | {who} | {_named(controls)} | {lacks} |"
    yield from (
        "",
        "### Without a preview",
        "",
        "| Cloud | What happens | Caught by | By | Why not |",
        "|---|---|---|---|---|",
    )
    for act in acts():
        who = RUNTIME if act.controls else NEITHER
        yield f"| {CLOUDS[act.cloud]} | {act.act} | {who} | {_named(act.controls)} | {act.reason} |"
    yield ""


def _named(controls: tuple[str, ...]) -> str:
    return ", ".join(f"`{one}`" for one in controls)


def page(text: str) -> str:
    """The page with the tables of today in it."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


def main(arguments: list[str]) -> int:
    """Write the page, or say that it is stale (exit code 1)."""
    text = PAGE.read_text(encoding="utf-8")
    fresh = page(text)
    if "--write" in arguments:
        PAGE.write_text(fresh, encoding="utf-8")
    elif fresh != text:
        sys.stderr.write(f"{PAGE} is stale: python -m tests.policies.backstop.table --write\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
