"""Cases written from the catalogue and the providers' documentation, by people who had not read the rules.

A file holds a list of cases; the cloud is the beginning of its name. A case:

    - name: a stream in Virginia            # unique within its file
      about: SOV-AWS-001                    # the rule that the case is about
      boundary: eu                          # a name in geography; eu where it is left out
      parameters: {production: false}       # of policies.parameters.Parameters
      resources:
        - {type: aws:kinesis/stream:Stream, name: clicks, inputs: {…}, provider: main, depends: {kmsKeyId: [key]}}
      expect: [SOV-AWS-001]                 # the rules that must fire
      never: [ENC, SOV-AWS-002]             # ids, or beginnings of ids, that must not fire unless they are expected

`about` must not fire either where `expect` does not have it. `provider` names a resource of the case. `depends` gives
the resources that each input refers to; a plain list of names is what `dependsOn` says. In the inputs `~unknown` is the
engine's mark of an unknown, `~from NAME` one that comes out of another resource (the dependency is noted), and
`{~secret: value}` is a secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, cast

import yaml

from policies.judge import judge
from policies.model import Resource, Stack
from policies.parameters import Parameters
from policies.rules import catalogue
from policies.subject import canonical
from policies.values import SECRET, SIGNATURE
from tests.policies.build import UNKNOWN, stack, urn

HERE: Final = Path(__file__).parent
KEYS: Final = frozenset({"name", "about", "boundary", "parameters", "resources", "expect", "never"})
RESOURCE_KEYS: Final = frozenset({"type", "name", "inputs", "provider", "depends", "protect", "parent"})
FROM: Final = "~from "


@dataclass(frozen=True)
class Written:
    """One case: the rule that it is about, the stack, the rules that must fire, and what must not."""

    file: str
    name: str
    about: str
    stack: Stack
    expect: frozenset[str]
    never: tuple[str, ...]

    def fired(self) -> frozenset[str]:
        """The ids of all rules that find a violation."""
        return frozenset(one.rule.id for one in judge(self.stack).failed)

    def missed(self, fired: frozenset[str]) -> frozenset[str]:
        """The rules that should have fired."""
        return self.expect - fired

    def false_alarms(self, fired: frozenset[str]) -> frozenset[str]:
        """The rules that should not have fired: the one that it is about, and those in `never`."""
        return frozenset(one for one in fired - self.expect if one == self.about or one.startswith(self.never))


def faults(entry: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the case as it is written; nothing where it is well formed."""
    yield from (f"unknown key {key}" for key in sorted(entry.keys() - KEYS))
    yield from (f"no {key}" for key in sorted({"name", "about", "resources", "expect"} - entry.keys()))
    ids = catalogue()
    yield from (f"no such rule: {one}" for one in (entry.get("about"), *entry.get("expect", ())) if one not in ids)
    for one in entry.get("never", ()):
        if not any(identity.startswith(one) for identity in ids):
            yield f"never: no rule's id begins with {one}"
    settings = {field.name for field in fields(Parameters)}
    yield from (f"no such parameter: {key}" for key in entry.get("parameters", {}) if key not in settings)
    yield from _resource_faults(entry.get("resources", []))


def _resource_faults(resources: list[dict[str, Any]]) -> Iterator[str]:
    names = [one.get("name") for one in resources]
    yield from (f"two resources named {name}" for name in sorted({str(one) for one in names if names.count(one) > 1}))
    for one in resources:
        yield from (f"{one.get('name')}: unknown key {key}" for key in sorted(one.keys() - RESOURCE_KEYS))
        yield from (f"{one.get('name')}: no {key}" for key in sorted({"type", "name"} - one.keys()))
        linked = [*(_names(one.get("depends", {}))), *_sources(one.get("inputs", {}))]
        behind = [one["provider"]] if "provider" in one else []
        yield from (f"{one.get('name')}: no resource {to}" for to in [*linked, *behind] if to not in names)


def _names(depends: dict[str, list[str]] | list[str]) -> list[str]:
    return depends if isinstance(depends, list) else [name for names in depends.values() for name in names]


def _sources(value: Any) -> Iterator[str]:
    """The names of the resources that the unknowns in a value come from."""
    if isinstance(value, dict):
        for member in cast("dict[str, Any]", value).values():
            yield from _sources(member)
    elif isinstance(value, list):
        for member in cast("list[Any]", value):
            yield from _sources(member)
    elif isinstance(value, str) and value.startswith(FROM):
        yield value.removeprefix(FROM)


def entries(pattern: str = "*.yaml") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every case as it is written, with the name of its file."""
    for file in sorted(HERE.glob(pattern)):
        for entry in yaml.safe_load(file.read_text(encoding="utf-8")):
            yield file.stem, entry


def cases(pattern: str = "*.yaml") -> Iterator[Written]:
    """Every case, built."""
    for file, entry in entries(pattern):
        yield _case(file, entry)


def _case(file: str, entry: dict[str, Any]) -> Written:
    given = {key: _frozen(key, value) for key, value in entry.get("parameters", {}).items()}
    built = stack(entry.get("boundary", "eu"), *resources(entry["resources"]), **given)
    return Written(
        file, entry["name"], entry["about"], built, frozenset(entry["expect"]), tuple(entry.get("never", ()))
    )


def _frozen(key: str, value: Any) -> Any:
    kinds = {field.name: str(field.type) for field in fields(Parameters)}
    if kinds[key].startswith("frozenset"):
        return frozenset(value)
    return tuple(value) if kinds[key].startswith("tuple") else value


def resources(described: Iterable[dict[str, Any]]) -> list[Resource]:
    """The resources of a case, under the tokens that the rules know."""
    described = list(described)
    urns = {one["name"]: urn(one["type"], one["name"]) for one in described}
    return [canonical(_resource(one, urns)) for one in described]


def _resource(one: dict[str, Any], urns: dict[str, str]) -> Resource:
    inputs: dict[str, Any] = one.get("inputs", {})
    depends: dict[str, list[str]] | list[str] = one.get("depends", {})
    named: dict[str, list[str]] = {} if isinstance(depends, list) else {key: list(to) for key, to in depends.items()}
    for key, value in inputs.items():
        named.setdefault(key, []).extend(_sources(value))
    links = {key: tuple(dict.fromkeys(urns[name] for name in to)) for key, to in named.items() if to}
    everything = [*(to for each in links.values() for to in each), *(urns[to] for to in _names(depends))]
    return Resource(
        urns[one["name"]],
        one["type"],
        one["name"],
        _unmarked(inputs),
        parent=one.get("parent"),
        provider=urns[one["provider"]] if "provider" in one else None,
        protect=one.get("protect"),
        dependencies=tuple(dict.fromkeys(everything)),
        property_dependencies=links,
    )


def _unmarked(value: Any) -> Any:
    """The value with its marks replaced by the engine's."""
    if isinstance(value, dict):
        inside = cast("dict[str, Any]", value)
        if "~secret" in inside:
            return {SIGNATURE: SECRET, "value": inside["~secret"]}
        return {key: _unmarked(member) for key, member in inside.items()}
    if isinstance(value, list):
        return [_unmarked(member) for member in cast("list[Any]", value)]
    return UNKNOWN if isinstance(value, str) and (value == "~unknown" or value.startswith(FROM)) else value
