"""Cases from a table: a valid stack, and what is found when one input of it is bent.

`resources` are by name; `links` name others; resources are protected unless they say otherwise. A bend is
`at: <resource> <path>` and `to: <value>`, where `~missing` takes the input away and `~unknown` makes it an unknown;
several at once are a list under `all`; `types`, `protect`, `boundary` and `parameters` change what they name. What is
expected is written `<resource> <path>`, with the id of another rule behind it where it is reported under that one.
"""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from policies.judge import judge
from policies.model import Resource, Stack
from tests.policies.build import UNKNOWN, res, stack, urn

MISSING = "~missing"


class Bent(NamedTuple):
    """One case: the rule, the stack as it was bent, and what is to be said of it."""

    rule: str
    title: str
    stack: Stack
    fails: set[tuple[str, str, str]]
    unsure: set[tuple[str, str, str]]


def cases(table: Path) -> Iterator[Bent]:
    """Every valid stack of the table, and every bend of it."""
    for entry in yaml.safe_load(table.read_text(encoding="utf-8")):
        yield _case(entry, {"says": "valid"})
        for bend in entry.get("bends", ()):
            yield _case(entry, bend)


def said(case: Bent) -> tuple[set[tuple[str, str, str]], set[tuple[str, str, str]]]:
    """What the rule, and the rule for what nobody can place, say: (rule, resource, path) of failures and of doubts."""
    outcome = judge(case.stack, {case.rule, "SOV-X-005"} if case.rule.startswith("SOV-") else {case.rule})
    return tuple(
        {(one.rule.id, one.resource.name if one.resource else "", one.said.path) for one in statements}
        for statements in (outcome.failed, outcome.unsure)
    )  # type: ignore[return-value]


def _case(entry: dict[str, Any], bend: dict[str, Any]) -> Bent:
    resources = copy.deepcopy(entry["resources"])
    bends = bend.get("all", [bend] if "at" in bend else [])
    for one in bends:
        name, _, path = one["at"].partition(" ")
        _bend(resources[name].setdefault("inputs", {}), path, one["to"])
    for name, kind in bend.get("types", {}).items():
        resources[name]["type"] = kind
    for name, protect in bend.get("protect", {}).items():
        resources[name]["protect"] = protect
    title = bend.get("says") or ", ".join(f"{one['at']} = {one['to']}" for one in bends)
    built = stack(bend.get("boundary", entry.get("boundary", "eu")), *_resources(resources), **_parameters(entry, bend))
    fails, unsure = ({_expected(entry["rule"], one) for one in bend.get(key, ())} for key in ("fails", "unsure"))
    return Bent(entry["rule"], title, built, fails, unsure)


def _resources(described: dict[str, dict[str, Any]]) -> list[Resource]:
    kinds = {name: one["type"] for name, one in described.items()}
    made = []
    for name, one in described.items():
        links = {key: tuple(urn(kinds[to], to) for to in names) for key, names in one.get("links", {}).items()}
        behind = one.get("provider")
        options = {"protect": one.get("protect", True)}
        made.append(
            res(
                one["type"],
                name,
                _unmarked(one.get("inputs", {})),
                links=links,
                provider=urn(kinds[behind], behind) if behind else None,
                **options,
            )
        )
    return made


def _parameters(entry: dict[str, Any], bend: dict[str, Any]) -> dict[str, Any]:
    given = {**entry.get("parameters", {}), **bend.get("parameters", {})}
    sets = {"allowed_destinations", "allowed_hosts", "placements"}
    return {key: frozenset(value) if key in sets else value for key, value in given.items()}


def _bend(inputs: Any, path: str, value: Any) -> None:
    steps = [int(step[1:-1]) if step.startswith("[") else step for step in re.findall(r"\[\d+\]|[^.\[]+", path)]
    at = inputs
    for step, following in itertools.pairwise(steps):
        at = at[step] if isinstance(at, list) else at.setdefault(step, [] if isinstance(following, int) else {})
    if value == MISSING:
        del at[steps[-1]]
    elif isinstance(at, list) and steps[-1] == len(at):
        at.append(value)
    else:
        at[steps[-1]] = value


def _unmarked(value: Any) -> Any:
    """The value with every `~unknown` in it replaced by the engine's mark."""
    if isinstance(value, dict):
        return {key: _unmarked(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_unmarked(member) for member in value]
    return UNKNOWN if value == "~unknown" else value


def _expected(rule: str, written: str) -> tuple[str, str, str]:
    name, path, other = [*written.split(" "), "", ""][:3]
    return other or rule, name.replace("(stack)", ""), path
