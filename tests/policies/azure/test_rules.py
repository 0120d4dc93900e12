"""Every rule of Azure: one thing of a clean stack is changed, and exactly what follows from it is found."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.judge import judge
from policies.model import Resource, Stack
from policies.rules import UNPLACED, catalogue
from tests.policies.build import UNKNOWN, res, stack, urn

HERE = Path(__file__).parent
AZURE = frozenset(one for one in catalogue() if "-AZ-" in one) | {UNPLACED}
ESTATE = {one["name"]: one for one in yaml.safe_load((HERE / "estate.yaml").read_text(encoding="utf-8"))}
CHANGES = [
    {"rule": rule, **change}
    for file in sorted(HERE.glob("changes_*.yaml"))
    for rule, changes in yaml.safe_load(file.read_text(encoding="utf-8")).items()
    for change in changes
]


def title(change: dict[str, Any]) -> str:
    kept = {key: value for key, value in change.items() if key not in {"rule", "finds", "unsure"}}
    return f"{change['rule']} {re.sub(r'[^A-Za-z0-9.,:/-]+', ' ', str(kept))[:90]}"


def changed(change: dict[str, Any]) -> Stack:
    """The estate (or only the resources `of` it) after one change; `?` stands for a value that is not known yet."""
    estate = json.loads(json.dumps(ESTATE))  # not a deep copy: what YAML shares must not be shared here
    for name in change.get("drop", ()):
        del estate[name]
    for extra in change.get("add", ()):
        estate[extra["name"]] = {"inputs": {}, **extra}
    if "of" in change:
        estate = {name: one for name, one in estate.items() if name in {*change["of"], change.get("at")}}
    links: dict[str, dict[str, tuple[str, ...]]] = {}
    if "at" in change:
        one = estate[change["at"]]
        for path, value in change.get("set", {}).items():
            put(one["inputs"], path, value)
        for path in change.get("unset", ()):
            put(one["inputs"], path, None)
        links[change["at"]] = {
            key: tuple(urn(estate[name]["type"], name) for name in names)
            for key, names in change.get("links", {}).items()
        }
    resources = [res(one["type"], name, filled(one["inputs"]), links=links.get(name)) for name, one in estate.items()]
    return stack(change.get("boundary", "eu"), *resources, **change.get("with", {}))


def put(inputs: Any, path: str, value: Any) -> None:
    """Set the value at `path`; None takes it away."""
    *before, last = [int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]]+", path)]
    for step in before:
        inputs = inputs[step] if isinstance(step, int) else inputs.setdefault(step, {})
    if value is None:
        del inputs[last]
    elif isinstance(last, int):
        inputs[last:] = [value, *inputs[last + 1 :]]
    else:
        inputs[last] = value


def filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: filled(one) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one) for one in value]
    return UNKNOWN if value == "?" else value


def said(found: Stack) -> tuple[list[str], list[str]]:
    outcome = judge(found, AZURE)
    return tuple(  # pyright: ignore[reportReturnType] - two lists
        sorted(f"{one.rule.id} {named(one.resource)} {one.said.path}".strip() for one in statements)
        for statements in (outcome.failed, outcome.unsure)
    )


def named(resource: Resource | None) -> str:
    return resource.name if resource else ""


def test_the_estate_is_clean() -> None:
    assert said(changed({})) == ([], [])


@pytest.mark.parametrize("change", CHANGES, ids=title)
def test_exactly_what_follows_is_found(change: dict[str, Any]) -> None:
    failed, unsure = said(changed(change))
    assert failed == sorted(change.get("finds", []))
    assert unsure == sorted(change.get("unsure", []))


def test_every_rule_has_a_change_that_breaks_it() -> None:
    broken = {line.split()[0] for change in CHANGES for line in change.get("finds", ())}
    assert broken == AZURE


def test_every_rule_says_why_it_is_there() -> None:
    for one in AZURE - {UNPLACED}:
        about = catalogue()[one]
        assert all((about.why, about.expected, about.remedy)), one


def test_nothing_is_judged_without_a_boundary_to_leave() -> None:
    moved = changed({"boundary": None, "at": "lake", "set": {"location": "nowhere"}})
    assert not [line for line in said(moved)[0] if line.startswith("SOV-")]
