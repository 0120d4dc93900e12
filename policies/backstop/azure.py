"""Azure Policy: definitions of our own, the built-in ones, the initiative that binds them, and its assignment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from policies.backstop.guard import Document, Entry, Guard, chosen, control, entries, filled
from policies.backstop.home import Home
from policies.values import Plain

TABLE: Final = "azure.yaml"
API: Final = "2023-04-01"
AUTHORIZATION: Final = "Microsoft.Authorization"
MANAGEMENT_GROUP: Final = "managementGroups/"
_SCHEMA: Final = "https://schema.management.azure.com/schemas/2019-08-01/{}DeploymentTemplate.json#"
_LOCATIONS: Final = "allowedLocations"


def guard(home: Home) -> Guard:
    """One deployment template for `home`, at the scope of its subscription or of a management group."""
    kept, left = chosen(entries(TABLE), home)
    content = _template(home, kept)
    text = json.dumps(content, indent=2) + "\n"
    document = Document("azure-policy.json", text, content)
    return Guard(home, tuple(map(control, kept)), left, (document,), (_apply(home, document),))


def _template(home: Home, kept: tuple[Entry, ...]) -> dict[str, Plain]:
    words = {
        "locations": [one.name for one in home.inside],
        "paired_outside": [one.name for one in home.paired_outside],
    }
    own = [entry for entry in kept if "builtin" not in entry]
    group = home.scope.startswith(MANAGEMENT_GROUP)
    resources: list[Plain] = [_definition(home, entry, words) for entry in own]
    resources += [_initiative(home, kept, own), _assignment(home, words["locations"])]
    return {
        "$schema": _SCHEMA.format("managementGroup" if group else "subscription"),
        "contentVersion": "1.0.0.0",
        "resources": resources,
    }


def _definition(home: Home, entry: Entry, words: dict[str, list[str]]) -> dict[str, Plain]:
    parameter = entry.get("parameter")
    given: dict[str, Plain] = {str(parameter): _array()} if parameter else {}
    return {
        "type": f"{AUTHORIZATION}/policyDefinitions",
        "apiVersion": API,
        "name": _name(home, str(entry["id"])),
        "properties": {
            "displayName": str(entry["title"]),
            "policyType": "Custom",
            "mode": entry["mode"],
            "metadata": {"category": "Homeshore"},
            "parameters": given,
            "policyRule": {"if": escaped(filled(entry["rule"], words)), "then": {"effect": "deny"}},
        },
    }


def _initiative(home: Home, kept: tuple[Entry, ...], own: list[Entry]) -> dict[str, Plain]:
    return {
        "type": f"{AUTHORIZATION}/policySetDefinitions",
        "apiVersion": API,
        "name": _name(home),
        "dependsOn": [_id(home, "policyDefinitions", _name(home, str(entry["id"]))) for entry in own],
        "properties": {
            "displayName": f"Homeshore: data stays inside {home.boundary.name}",
            "policyType": "Custom",
            "metadata": {"category": "Homeshore"},
            "parameters": {_LOCATIONS: _array()},
            "policyDefinitions": [_reference(home, entry) for entry in kept],
        },
    }


def _reference(home: Home, entry: Entry) -> dict[str, Plain]:
    identity = str(entry["id"])
    builtin = entry.get("builtin")
    own = _id(home, "policyDefinitions", _name(home, identity))
    parameter = entry.get("parameter")
    value: Plain = {"value": escaped(f"[parameters('{_LOCATIONS}')]")}
    return {
        "policyDefinitionReferenceId": identity,
        "policyDefinitionId": f"/providers/{AUTHORIZATION}/policyDefinitions/{builtin}" if builtin else own,
        "parameters": {str(parameter): value} if parameter else {},
    }


def _assignment(home: Home, locations: list[str]) -> dict[str, Plain]:
    initiative = _id(home, "policySetDefinitions", _name(home))
    return {
        "type": f"{AUTHORIZATION}/policyAssignments",
        "apiVersion": API,
        "name": _name(home),
        "dependsOn": [initiative],
        "properties": {
            "displayName": f"Homeshore: data stays inside {home.boundary.name}",
            "policyDefinitionId": initiative,
            "enforcementMode": "Default",
            "parameters": {_LOCATIONS: {"value": list(locations)}},
        },
    }


def _array() -> dict[str, Plain]:
    return {"type": "Array", "metadata": {"displayName": "Locations inside the boundary", "strongType": "location"}}


def _name(home: Home, what: str = "") -> str:
    return "-".join(part for part in ("homeshore", home.slug, what) if part)


def _id(home: Home, kind: str, name: str) -> str:
    """The template's expression for the id of one of its own resources."""
    if home.scope.startswith(MANAGEMENT_GROUP):
        return f"[extensionResourceId(managementGroup().id, '{AUTHORIZATION}/{kind}', '{name}')]"
    return f"[subscriptionResourceId('{AUTHORIZATION}/{kind}', '{name}')]"


def escaped(value: Plain) -> Plain:
    """`value` with Azure Policy's own expressions kept from the template's: "[" doubled where a text begins with it."""
    if isinstance(value, dict):
        return {key: escaped(member) for key, member in value.items()}
    if isinstance(value, list):
        return [escaped(member) for member in value]
    return f"[{value}" if isinstance(value, str) and value.startswith("[") else value


def builtins() -> Iterator[tuple[str, Entry]]:
    """Each built-in definition that is referred to: its id, and its rule as documented."""
    for entry in entries(TABLE):
        if "builtin" in entry:
            yield str(entry["builtin"]), entry


def _apply(home: Home, document: Document) -> str:
    if home.scope.startswith(MANAGEMENT_GROUP):
        where = f"mg create --management-group-id {home.scope.removeprefix(MANAGEMENT_GROUP)}"
    else:
        where = "sub create"
    lines = [f"az deployment {where} \\", f"  --location {home.region} --template-file {document.name}"]
    if not home.scope.startswith(MANAGEMENT_GROUP):
        lines[-1] += f" \\\n  --subscription {home.scope}"
    return "\n".join(lines)
