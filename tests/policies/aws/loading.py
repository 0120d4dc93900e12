"""Reads the cases: stacks that pass every AWS rule, and what each of them breaks by one change.

A case has `resources` (name: type, inputs, links as input: [names]) and `breaks`. A break changes one thing (`set`:
path of a resource to value; `drop`: resources; `add`: resources; `with`: parameters) and says what is found then:
`finds` and `unsure` as "RULE resource path", and nothing else. YAML tags: !json (a text), !unknown, !missing.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

import geography
from policies.judge import judge
from policies.model import Resource, Stack
from policies.parameters import Parameters
from tests.policies.build import UNKNOWN, res, urn

CASES = Path(__file__).parent / "cases"
MISSING = "<missing>"


class _Loader(yaml.SafeLoader):
    pass


def _json(loader: _Loader, node: yaml.Node) -> str:
    return json.dumps(
        loader.construct_mapping(node, deep=True) if isinstance(node, yaml.MappingNode) else _plain(loader, node)
    )


def _plain(loader: _Loader, node: yaml.Node) -> Any:
    return (
        loader.construct_sequence(node, deep=True)
        if isinstance(node, yaml.SequenceNode)
        else loader.construct_object(node)
    )


_Loader.add_constructor("!json", _json)
_Loader.add_constructor("!unknown", lambda *_: UNKNOWN)
_Loader.add_constructor("!missing", lambda *_: MISSING)
_Loader.add_constructor("!bounds", lambda loader, node: tuple(loader.construct_sequence(node)))


def cases() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """(id, case, break) of every case; first of each the case itself, unbroken."""
    for file in sorted(CASES.glob("*.yaml")):
        for name, case in yaml.load(file.read_text("utf-8"), _Loader).items():
            yield f"{file.stem}/{name}", case, {"unsure": case.get("unsure", [])}
            for number, change in enumerate(case.get("breaks", [])):
                yield f"{file.stem}/{name}/{number}:{_titled(change)}", case, change


def _titled(change: dict[str, Any]) -> str:
    title = ",".join([*change.get("set", {}), *change.get("drop", []), *change.get("add", {}), *change.get("with", {})])
    return re.sub(r"[^\w.,\[\]-]", "_", title)


def found_in(case: dict[str, Any], change: dict[str, Any]) -> tuple[set[str], set[str]]:
    """What AWS's rules say of a changed case: violations, and what could not be determined."""
    outcome = judge(changed(case, change))
    failed, unsure = (
        {
            f"{one.rule.id} {one.resource.name if one.resource else ''} {one.said.path}".strip()
            for one in said
            if _ours(one)
        }
        for said in (outcome.failed, outcome.unsure)
    )
    return failed, unsure


def changed(case: dict[str, Any], change: dict[str, Any]) -> Stack:
    """The stack of a case after a change."""
    resources = copy.deepcopy(case["resources"])
    for name in change.get("drop", []):
        del resources[name]
    resources.update(copy.deepcopy(change.get("add", {})))
    for path, value in change.get("set", {}).items():
        name, _, inside = path.partition(".")
        _set(resources[name].setdefault("inputs", {}), inside, copy.deepcopy(value))
    return Stack(
        "test",
        [_resource(name, entry, resources) for name, entry in resources.items()],
        boundary=geography.boundary(change.get("boundary", case.get("boundary", "eu"))),
        parameters=Parameters(**{key: _frozen(value) for key, value in change.get("with", {}).items()}),
    )


def _ours(one: Any) -> bool:
    return "-AWS-" in one.rule.id or one.rule.id == "SOV-X-005"


def _frozen(value: Any) -> Any:
    return frozenset(value) if isinstance(value, list) else value


def _resource(name: str, entry: dict[str, Any], everything: dict[str, Any]) -> Resource:
    links = {
        key: tuple(urn(everything[to]["type"], to) for to in names) for key, names in entry.get("links", {}).items()
    }
    provider = entry.get("provider", "primary" if "primary" in everything else None)
    holder = urn("pulumi:providers:aws", provider) if provider and "providers" not in entry["type"] else None
    return res(entry["type"], name, entry.get("inputs", {}), links=links, provider=holder)


def _set(inputs: Any, path: str, value: Any) -> None:
    steps = [int(step[1:-1]) if step.startswith("[") else step for step in re.findall(r"\[\d+\]|[^.\[\]]+", path)]
    for step in steps[:-1]:
        inputs = inputs.setdefault(step, {}) if isinstance(inputs, dict) else inputs[step]
    if value == MISSING:
        del inputs[steps[-1]]
    elif isinstance(inputs, list) and steps[-1] == len(inputs):
        inputs.append(value)
    else:
        inputs[steps[-1]] = value
