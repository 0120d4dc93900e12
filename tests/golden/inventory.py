"""A snapshot as a page that a reviewer reads: complete, sorted, without what changes from machine to machine."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from homeshore.engine import Resource, Snapshot
from homeshore.engine.urns import Urn
from homeshore.engine.values import MASK, SIGNATURE, UNKNOWN, is_secret

HEADER = "# What this stack registers. Written by `pytest tests/golden --accept`; review a change like code.\n"
HASH = re.compile(r"[0-9a-f]{64}|[A-Za-z0-9+/]{43}=|(?<=:src-)[0-9a-f]{12}")
"""A SHA-256, in hexadecimal or base64, or what an image's tag has of it: it follows from file contents that are
reviewed elsewhere."""


def inventory(snapshot: Snapshot, root: Path) -> str:
    """The page. `root` is the project's directory, which is written as "."."""
    page = _Page(str(root))
    document = {
        "stack": snapshot.stack,
        "resources": [page.resource(resource) for resource in sorted(snapshot.resources, key=lambda item: item.urn)],
        "outputs": page.value(dict(sorted(snapshot.outputs.items()))),
    }
    return HEADER + yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=140)


class _Dumper(yaml.SafeDumper):
    """No anchors (a reviewer should not have to look things up), long texts as blocks."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


class _Page:
    def __init__(self, root: str) -> None:
        self._root = root

    def short(self, urn: str) -> str:
        """The resource's own type and its name; the types of its ancestors follow from its parent."""
        parts = Urn.parse(urn)
        return f"{parts.qualified_type.rpartition('$')[2]}::{parts.name}"

    def resource(self, resource: Resource) -> dict[str, Any]:
        """Its facts; what is as it is by default is left out."""
        provider = resource.provider and self.short(resource.provider.rpartition("::")[0])
        facts = {
            "resource": self.short(resource.urn),
            "parent": resource.parent and self.short(resource.parent),
            "provider": provider,
            "read": resource.external,
            "protect": resource.protect,
            "retain_on_delete": resource.retain_on_delete,
            "delete_before_replace": resource.delete_before_replace,
            "ignore_changes": list(resource.ignore_changes),
            "replace_on_changes": list(resource.replace_on_changes),
            "aliases": [self.short(urn) for urn in resource.aliases],
            "additional_secret_outputs": list(resource.additional_secret_outputs),
            "custom_timeouts": dict(resource.custom_timeouts),
            "deleted_with": resource.deleted_with and self.short(resource.deleted_with),
            "import_id": resource.import_id,
            "inputs": self.value(dict(sorted(resource.inputs.items()))),
            "depends_on": self._dependencies(resource),
        }
        return {key: fact for key, fact in facts.items() if fact not in (None, False, [], {})}

    def _dependencies(self, resource: Resource) -> dict[str, Any]:
        """By property, and those that only `depends_on` states."""
        by_property = {key: [self.short(urn) for urn in urns] for key, urns in resource.property_dependencies.items()}
        implied = {urn for urns in resource.property_dependencies.values() for urn in urns}
        stated = [self.short(urn) for urn in resource.dependencies if urn not in implied]
        return {**by_property, **({"(stated)": stated} if stated else {})}

    def value(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            if is_secret(value):
                return MASK
            # An asset's signature says no more than its `path` does.
            return {key: self.value(item) for key, item in value.items() if key != SIGNATURE}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        return self._scalar(value) if isinstance(value, str) else value

    def _scalar(self, text: str) -> Any:
        """A text with unknowns, paths and hashes by name; a JSON document as what it says."""
        if text.startswith(("{", "[")):
            try:
                return {"(json)": self.value(json.loads(text))}
            except ValueError:
                pass  # it only looked like JSON: shown as it is
        return HASH.sub("(hash)", text.replace(UNKNOWN, "(unknown)").replace(self._root, "."))
