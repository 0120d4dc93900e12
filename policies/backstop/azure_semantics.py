"""What Azure Policy denies, as Microsoft's documentation of policy rules has it: an interpreter, not Azure.

Only what the guard's own definitions use. A field that is not there is equal to nothing and in no list, so `notEquals`
and `notIn` hold for it. A condition on `[*]` holds where it holds for every member, and for no members at all. In mode
Indexed only types that have a location are looked at. None stands for what nobody knows yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, cast

from policies.backstop.azure import AUTHORIZATION, TABLE, builtins
from policies.backstop.guard import Document, mapping
from policies.facts import rows
from policies.model import Resource, Stack
from policies.values import Plain

_PARAMETER: Final = re.compile(r"\[parameters\('(\w+)'\)\]")
_NAME: Final = re.compile(r"'([^']+)'\)\]$|([0-9a-f-]{36})$")

Properties = Mapping[str, Plain]


@dataclass(frozen=True)
class Definition:
    """A definition as it is assigned: its reference, mode and rule, with its parameters' values."""

    reference: str
    mode: str
    rule: Plain
    parameters: Mapping[str, Plain]


def assigned(document: Document) -> Iterator[Definition]:
    """What the template of a guard assigns. Raises KeyError for a reference to nothing, ValueError where parameters
    are given that are not declared, or the other way round: Azure refuses such a template."""
    kinds: dict[str, dict[str, Properties]] = {}
    for one in cast("list[Properties]", document.content["resources"]):
        kinds.setdefault(str(one["type"]), {})[str(one["name"])] = cast("Properties", one["properties"])
    assignment = next(iter(kinds[f"{AUTHORIZATION}/policyAssignments"].values()))
    given = _values(assignment["parameters"], {})
    initiative = kinds[f"{AUTHORIZATION}/policySetDefinitions"][_named(assignment["policyDefinitionId"])]
    _match(_named(assignment["policyDefinitionId"]), initiative["parameters"], given)
    own = kinds[f"{AUTHORIZATION}/policyDefinitions"]
    for reference in cast("list[Properties]", initiative["policyDefinitions"]):
        name = _named(reference["policyDefinitionId"])
        values = _values(reference["parameters"], given)
        if name in own:
            body = own[name]
            rule = cast("Properties", body["policyRule"])["if"]
            _match(name, body["parameters"], values)
            yield Definition(str(reference["policyDefinitionReferenceId"]), str(body["mode"]), _opened(rule), values)
        else:
            entry = dict(builtins())[name]
            _match(name, {str(entry["parameter"]): {}}, values)
            yield Definition(str(entry["id"]), str(entry["mode"]), entry["rule"], values)


def _match(name: str, declared: Plain, given: Mapping[str, Plain]) -> None:
    if cast("dict[str, Plain]", declared).keys() != given.keys():
        raise ValueError(
            f"{name}: its parameters are {sorted(cast('dict[str, Plain]', declared))}, not {sorted(given)}"
        )


def _named(identity: Plain) -> str:
    found = _NAME.search(str(identity))
    if found is None:
        raise KeyError(str(identity))
    return found[1] or found[2]


def _values(parameters: Plain, outer: Mapping[str, Plain]) -> dict[str, Plain]:
    given = cast("dict[str, dict[str, Plain]]", parameters)
    return {key: _resolved(_opened(one["value"]), outer) for key, one in given.items()}


def _opened(value: Plain) -> Plain:
    """What the deployment makes of a template's text: "[[" is a "[" of the policy's own."""
    if isinstance(value, dict):
        return {key: _opened(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_opened(member) for member in value]
    return value[1:] if isinstance(value, str) and value.startswith("[[") else value


def _resolved(value: Plain, parameters: Mapping[str, Plain]) -> Plain:
    found = _PARAMETER.fullmatch(value) if isinstance(value, str) else None
    return parameters[found[1]] if found else value


def denied_by(definitions: Iterable[Definition], stack: Stack, resource: Resource) -> Iterator[str]:
    """The references of the definitions that deny `resource`."""
    for one in definitions:
        looked_at = one.mode == "All" or resource.type in located()
        if looked_at and Looking(stack, resource, one.parameters).holds(one.rule):
            yield one.reference


@cache
def located() -> frozenset[str]:
    """The types that have a location of their own."""
    named = mapping(TABLE, "types")
    return frozenset(row["type"] for row in rows("azure_located.csv")) | frozenset(
        kind for kind, arm in named.items() if str(arm).count("/") == 1
    )


@dataclass(frozen=True)
class Looking:
    """One definition before one resource."""

    stack: Stack
    resource: Resource
    parameters: Mapping[str, Plain]

    def holds(self, rule: Plain) -> bool | None:
        """Whether a condition holds; None where it hangs on what nobody knows. ValueError for one of another kind."""
        block = cast("dict[str, Plain]", rule)
        if "allOf" in block:
            return _every(self.holds(one) for one in cast("list[Plain]", block["allOf"]))
        if "anyOf" in block:
            return _turned(_every(_turned(self.holds(one)) for one in cast("list[Plain]", block["anyOf"])))
        if "not" in block:
            return _turned(self.holds(block["not"]))
        operators = block.keys() - {"field"}
        if len(operators) != 1 or not operators <= {"equals", "notEquals", "in", "notIn"}:
            raise ValueError(f"policy condition {sorted(block)} is not understood")
        operator = operators.pop()
        wanted = _resolved(block[operator], self.parameters)
        listed = {_plain(one) for one in (wanted if isinstance(wanted, list) else [wanted])}
        field = str(block["field"])
        return _every(_compared(operator, value, listed) for value in self._values(field))

    def _values(self, field: str) -> Iterator[str | None]:
        """The values of a field, written alike; "" for a missing one, None for an unknown one."""
        if field == "type":
            yield _plain(mapping(TABLE, "types").get(self.resource.type, self.resource.type))
            return
        if field == "location":
            where = self.stack.location(self.resource)
            yield None if where.unknown else re.sub(r"[\s()]", "", _plain(where.text))
            return
        for reading in self.resource.read_all(str(mapping(TABLE, "aliases")[field])):
            if not (reading.missing and "[*]" in field):
                text = _plain(reading.text)
                yield None if reading.unknown else re.sub(r"[\s()]", "", text) if "ocation" in field else text


def _compared(operator: str, value: str | None, listed: set[str]) -> bool | None:
    if value is None:
        return None
    return (value in listed) != operator.startswith("not")


def _every(outcomes: Iterable[bool | None]) -> bool | None:
    unknown = False
    for one in outcomes:
        if one is False:
            return False
        unknown = unknown or one is None
    return None if unknown else True


def _turned(outcome: bool | None) -> bool | None:
    return None if outcome is None else not outcome


def _plain(value: Plain) -> str:
    """A value as Azure compares it: texts without regard to the letters' size, truth values as their texts."""
    return str(value).strip().lower()
