"""Reader of the older azure-mgmt packages, the last whose models carry the constraints of the API.

Their source is read as text: `_validation` and `_attribute_map` are literals, and so are the rules for the names in a
URL, which stand in the functions that build it.
"""

from __future__ import annotations

import ast
import functools
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from validity.build.nodes import Node, Shape

KEYS: Final = {
    "pattern": "pattern",
    "min_length": "minLength",
    "max_length": "maxLength",
    "minimum": "minimum",
    "maximum": "maximum",
    "min_items": "minItems",
    "max_items": "maxItems",
}


@dataclass(frozen=True)
class Attribute:
    """An attribute of a model: its wire key, its type as text (`str`, `[Sku]`, `{str}`), its constraints."""

    key: str
    type: str
    rules: Shape


@dataclass(frozen=True)
class Model:
    """A value of an Azure model; `names` are the parts of the URL, which the SDK has as keys of the resource."""

    type: str
    models: dict[str, tuple[Attribute, ...]]
    own: Shape = field(default_factory=dict[str, object])
    names: dict[str, Shape] = field(default_factory=dict[str, Shape])

    @classmethod
    def read(cls, packages: Path, where: dict[str, str]) -> Model:
        """Read a row of map.toml: package, model, the module with its operations and the function with its URL."""
        home = packages.joinpath("azure", "mgmt", *where["azure-mgmt"].split("."))
        operations = home / "operations" / f"{where['operations']}.py"
        return cls(where["model"], _models(home / "models" / "_models_py3.py"), {}, _url(operations, where["builder"]))

    def rules(self) -> Shape:
        """What is said of this value."""
        return self.own

    def child(self, key: str) -> Node | None:
        """The attribute with that wire key, or the name in the URL."""
        if key in self.names:
            return Model("str", self.models, self.names[key])
        attributes = {attribute.key: attribute for attribute in self.models.get(self.type, ())}
        if key in attributes:
            return Model(attributes[key].type, self.models, attributes[key].rules)
        # The SDK keeps a container that the model flattens.
        return self if key == "properties" else None

    def item(self) -> Node | None:
        """What a list or a map holds."""
        return Model(self.type[1:-1], self.models) if self.type[:1] in ("[", "{") else None


@functools.cache
def _models(path: Path) -> dict[str, tuple[Attribute, ...]]:
    found: dict[str, tuple[Attribute, ...]] = {}
    for node in _parsed(path).body:
        if isinstance(node, ast.ClassDef):
            literals = {
                target.id: ast.literal_eval(statement.value)
                for statement in node.body
                if isinstance(statement, ast.Assign) and isinstance(target := statement.targets[0], ast.Name)
                if target.id in ("_validation", "_attribute_map")
            }
            rules: dict[str, Any] = literals.get("_validation", {})
            found[node.name] = tuple(
                Attribute(_wire(row["key"]), row["type"], _shape(rules.get(name, {})))
                for name, row in cast("dict[str, dict[str, str]]", literals.get("_attribute_map", {})).items()
            )
    return found


def _parsed(path: Path) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # their docstrings have escapes that Python complains about
        return ast.parse(path.read_bytes())


def _wire(key: str) -> str:
    r"""The last part of `properties.a\\.b`: a dot with a backslash belongs to the name."""
    return key.replace("\\\\.", "\0").rsplit(".", 1)[-1].replace("\0", ".")


def _url(path: Path, builder: str) -> dict[str, Shape]:
    """The rules for the names in a URL, by the name that the URL has for them."""
    scope: ast.AST = _parsed(path)
    for name in builder.split("."):
        definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        scope = next(node for node in ast.walk(scope) if isinstance(node, definitions) and node.name == name)
    found: dict[str, Shape] = {}
    for node in ast.walk(scope):
        for key, value in zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ():
            called = value.func if isinstance(value, ast.Call) else None
            if isinstance(key, ast.Constant) and isinstance(called, ast.Attribute) and called.attr == "url":
                arguments = cast("ast.Call", value).keywords
                raw = {word.arg: ast.literal_eval(word.value) for word in arguments if word.arg in KEYS}
                found[str(key.value)] = _shape(raw)
    return found


def _shape(raw: dict[Any, Any]) -> Shape:
    return {ours: raw[theirs] for theirs, ours in KEYS.items() if theirs in raw}
