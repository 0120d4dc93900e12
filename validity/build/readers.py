"""Readers of what botocore, cfn-lint and Google's API client carry: service models, schemas, discovery documents."""

from __future__ import annotations

import functools
import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from validity.build.nodes import Node, Shape, pick

KEYWORDS: Final = ("enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems")
BOTO_RULES: Final = {
    "string": {"enum": "enum", "min": "minLength", "max": "maxLength", "pattern": "match"},
    "list": {"min": "minItems", "max": "maxItems"},
    **{kind: {"min": "minimum", "max": "maximum"} for kind in ("integer", "long", "float", "double")},
}


@functools.cache
def load(path: Path) -> Any:
    """A JSON document, also a compressed one."""
    data = path.read_bytes()
    return json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)


@dataclass(frozen=True)
class Operations:
    """The inputs of one or several operations of an AWS service, as one object."""

    nodes: tuple[Botocore, ...]

    @classmethod
    def read(cls, packages: Path, where: str) -> Operations:
        """Read `service:Operation,Operation` from the botocore below `packages`."""
        service, _, operations = where.partition(":")
        versions = sorted((packages / "botocore" / "data" / service).iterdir())
        model = load(versions[-1] / "service-2.json.gz")
        inputs = [model["operations"][name]["input"]["shape"] for name in operations.split(",")]
        return cls(tuple(Botocore(model["shapes"], name) for name in inputs))

    def rules(self) -> Shape:
        """Nothing is said of the whole."""
        return {}

    def child(self, key: str) -> Node | None:
        """The member of the first operation that has it."""
        return next((found for node in self.nodes if (found := node.child(key))), None)

    def item(self) -> Node | None:
        """An object has no items."""
        return None


@dataclass(frozen=True)
class Botocore:
    """One shape of a service model."""

    shapes: dict[str, Any]
    name: str

    @property
    def _shape(self) -> dict[str, Any]:
        return self.shapes[self.name]

    def rules(self) -> Shape:
        """The shape's own constraints."""
        keys = BOTO_RULES.get(self._shape["type"], {})
        return {ours: self._shape[theirs] for theirs, ours in keys.items() if self._shape.get(theirs) not in (None, [])}

    def child(self, key: str) -> Node | None:
        """The member of a structure."""
        members: dict[str, Any] = self._shape.get("members", {})
        name = pick(members, key)
        return Botocore(self.shapes, members[name]["shape"]) if name else None

    def item(self) -> Node | None:
        """A list's member or a map's value."""
        inside = self._shape.get("member") or self._shape.get("value")
        return Botocore(self.shapes, inside["shape"]) if inside else None


@dataclass(frozen=True)
class Schema:
    """A CloudFormation schema or a discovery document: the same keywords, another place for what `$ref` names."""

    schema: dict[str, Any]
    named: dict[str, Any]
    anchored: bool

    @classmethod
    def cloudformation(cls, packages: Path, listing_name: str, where: str) -> Schema:
        """Read a resource type of cfn-lint's, as a region's listing has it."""
        folder = packages / "cfnlint" / "data" / "schemas"
        listing = load(folder / "providers" / f"{listing_name}.json")
        schema = load(folder / "resources" / f"{listing[where]}.json")
        return cls(schema, schema.get("definitions", {}), anchored=True)

    @classmethod
    def discovery(cls, packages: Path, where: str) -> Schema:
        """Read `document:Schema` of Google's API client."""
        document, _, name = where.partition(":")
        folder = packages / "googleapiclient" / "discovery_cache" / "documents"
        schemas = load(folder / f"{document}.json")["schemas"]
        return cls(schemas[name], schemas, anchored=False)

    def rules(self) -> Shape:
        """The keywords of the schema. A discovery document's patterns lack anchors but mean the whole."""
        found: Shape = {key: self.schema[key] for key in KEYWORDS if key in self.schema}
        for key in ("minimum", "maximum"):
            if isinstance(value := found.get(key), str):
                found[key] = float(value)  # a discovery document writes numbers as text
        if not self.anchored and "pattern" in found:
            found["match"] = found.pop("pattern")
        return found

    def child(self, key: str) -> Node | None:
        """A property."""
        properties: dict[str, Any] = self.schema.get("properties", {})
        name = pick(properties, key)
        return self._to(properties[name]) if name else None

    def item(self) -> Node | None:
        """The items of an array, or the values of a map."""
        return self._to(self.schema.get("items") or self.schema.get("additionalProperties"))

    def _to(self, schema: Any) -> Schema | None:
        for _ in range(len(self.named) + 1):
            if not isinstance(schema, dict):
                return None
            found = cast("dict[str, Any]", schema)
            if "$ref" not in found:
                return Schema(found, self.named, self.anchored)
            schema = self.named.get(str(found["$ref"]).rsplit("/", 1)[-1])
        return None
