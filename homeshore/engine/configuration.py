"""A stack file's `config` as the strings that the real engine hands to the program.

A scalar is its own text as it stands in the file (`1`, `true`, `012`), a list or a mapping is JSON, a key without a
namespace belongs to the project, and the project-wide values of Pulumi.yaml lie beneath. A `secure:` value is never
decrypted here: this engine has no passphrase and no cloud key. The program sees the text "[secret]" for it, marked
secret, so whatever is made of it is masked; a program that needs to look inside such a value fails by itself.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import yaml

from homeshore.engine.values import MASK
from homeshore.errors import UserError
from stacks.document import plain_scalar

_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "timestamp", "str"))

FAST_BYTES = 8192
"""The longest file that libyaml reads here: it is ten times as fast, but nesting as deep as a longer file can hold
overflows its stack and kills the process (seen with 100,000 levels), where the loader in Python raises."""


@dataclass(frozen=True)
class StackStrings:
    """Configuration as the program gets it: namespaced keys to text, and which keys are secret."""

    values: Mapping[str, str]
    secret_keys: tuple[str, ...] = ()


def stack_strings(stack_file: Path, project: str, defaults: Mapping[str, object]) -> StackStrings:
    """Read a stack file; `defaults` are the project-wide values. Raises UserError for what is not a stack file."""
    values = {_namespaced(key, project): text for key, text in default_strings(defaults).items()}
    secrets: list[str] = []
    for key, node in _config_nodes(stack_file):
        name = _namespaced(key, project)
        if name in values and isinstance(node, yaml.ScalarNode) and _is_null(node):
            continue
        try:
            values[name], is_secret = _text(node)
        except (yaml.YAMLError, ValueError, RecursionError) as fault:
            where = f"{stack_file}:{node.start_mark.line + 1}: {name}"
            raise UserError(f"{where}: cannot be turned into a configuration value: {fault}") from None
        if is_secret:
            secrets.append(name)
    return StackStrings(values, tuple(secrets))


def default_strings(defaults: Mapping[str, object]) -> dict[str, str]:
    """Project-wide values as text; a key that is declared without a value is left out."""
    return {key: _dumped(value) for key, value in defaults.items() if value is not None}


def _namespaced(key: str, project: str) -> str:
    """`key` with its namespace; `aws:config:region` is the older spelling of `aws:region`."""
    namespace, separator, name = key.partition(":")
    if not separator:
        return f"{project}:{key}"
    return f"{namespace}:{name.removeprefix('config:')}"


def _config_nodes(stack_file: Path) -> Iterator[tuple[str, yaml.Node]]:
    try:
        text = stack_file.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=_loader(text))
    except (yaml.YAMLError, UnicodeDecodeError, OSError, RecursionError) as fault:
        raise UserError(f"{stack_file}: cannot be read as YAML: {fault}") from None
    if root is None:
        return
    if not isinstance(root, yaml.MappingNode):
        raise UserError(f"{stack_file}: a stack file is a mapping with the key `config`.")
    for key, section in _members(root):
        if key == "config" and isinstance(section, yaml.MappingNode):
            yield from _members(section)
        elif key == "config" and not _is_null(section):
            raise UserError(f"{stack_file}: config: must be a mapping of keys to values.")


def _loader(text: str) -> type[Any]:
    small = len(text) <= FAST_BYTES
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader) if small else yaml.SafeLoader


def _members(node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node]]:
    for key, value in cast("list[tuple[yaml.Node, yaml.Node]]", node.value):
        yield str(key.value), value


def _is_null(node: yaml.Node) -> bool:
    return node.tag == "tag:yaml.org,2002:null"


def _text(node: yaml.Node) -> tuple[str, bool]:
    """The value's text and whether it holds a secret."""
    if isinstance(node, yaml.ScalarNode):
        return ("" if _is_null(node) else str(node.value)), False
    plain, is_secret = _open(_construct(node))
    for path in _no_numbers(plain):
        raise ValueError(f"{path} is no number that JSON has")
    return (MASK if plain is _SECURE else json.dumps(plain, default=_scalar, allow_nan=False)), is_secret


def _no_numbers(value: object, path: str = "") -> Iterator[str]:
    """Paths of what is infinite or not a number."""
    if isinstance(value, float) and not math.isfinite(value):
        yield path
    elif isinstance(value, dict):
        for key, item in cast("dict[object, object]", value).items():
            yield from _no_numbers(item, f"{path}.{key}".removeprefix("."))
    elif isinstance(value, list):
        for place, item in enumerate(cast("list[object]", value)):
            yield from _no_numbers(item, f"{path}[{place}]")


class _Pulumis(yaml.SafeLoader):
    """Takes an unquoted value as Pulumi's reader does, not as YAML 1.1 has it: `no` is text, and so is a date."""

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """See yaml.SafeLoader."""
        plain = isinstance(node, yaml.ScalarNode) and not node.style and node.tag in _PLAIN_TAGS
        return plain_scalar(str(node.value)) if plain else cast("Any", super()).construct_object(node, deep)


def _construct(node: yaml.Node) -> object:
    loader = _Pulumis("")
    try:
        return cast("Any", loader).construct_document(node)
    finally:
        loader.dispose()


_EXPONENT_FROM = 1e21
"""From here on Go writes a float with an exponent."""


class _Secure:
    """Stands for a value that is encrypted in the file."""


_SECURE = _Secure()


def _open(value: object) -> tuple[object, bool]:
    """The value with the placeholder for each encrypted part, and whether there is one."""
    if isinstance(value, dict):
        mapping = cast("dict[object, object]", value)
        if set(mapping) == {"secure"} and isinstance(mapping["secure"], str):
            return _SECURE, True
        parts = {str(key): _open(item) for key, item in mapping.items()}
        return {key: part for key, (part, _) in parts.items()}, any(flag for _, flag in parts.values())
    if isinstance(value, list):
        items = [_open(item) for item in cast("list[object]", value)]
        return [part for part, _ in items], any(flag for _, flag in items)
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXPONENT_FROM:
        return int(value), False  # as Go writes a float that is whole
    return value, False


def _scalar(value: object) -> str:
    if value is _SECURE:
        return MASK
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _dumped(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, default=_scalar)
