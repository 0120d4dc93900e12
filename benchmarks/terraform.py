"""Resources of pulumi-aws and pulumi-gcp as Terraform, for tools that read nothing else.

Both providers are Terraform's behind a bridge, so the way back is one of names: camelCase to snake_case, a list of
blocks to its singular, a block to a list of one. terraform_types.csv names the types; a type that it lacks is an error,
never left out. What is unknown becomes a reference to the resource that it depends on.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from policies.model import Resource
from policies.values import SIGNATURE, is_unknown, opened

TYPES: Final = Path(__file__).parent / "terraform_types.csv"
MAPS: Final = frozenset({"tags", "labels", "variables", "dimensions", "parameters", "environmentVariables"})
"""Inputs whose keys are the user's: maps in Terraform too, while every other mapping is a block."""
PLURAL: Final = frozenset({"columns", "partition_keys", "containers"})
"""Blocks that Terraform calls by their plural."""
RENAMED: Final = {
    ("aws_lambda_function", "name"): "function_name",
    ("aws_lambda_function", "code"): "filename",
    ("aws_cloudwatch_metric_alarm", "name"): "alarm_name",
    ("aws_sns_topic_subscription", "topic"): "topic_arn",
    ("aws_cloudwatch_log_subscription_filter", "log_group"): "log_group_name",
}
MEANT: Final = {
    "kms": "aws_kms_key",
    "role": "aws_iam_role",
    "bucket": "aws_s3_bucket",
    "topic": "aws_sns_topic",
    "subnet": "aws_subnet",
    "securitygroup": "aws_security_group",
}
"""What an input refers to, by a word in its name."""
BUCKET: Final = "arn:aws:s3:::"
UNKNOWN: Final = "unknown"
ARCHIVE: Final = "code.zip"
"""What stands for code that is uploaded."""

Document = dict[str, dict[str, dict[str, Any]]]
"""Terraform's JSON below `resource`: type, name, arguments."""


@cache
def _types() -> dict[str, str]:
    with TYPES.open(encoding="utf-8", newline="") as file:
        return {row["type"]: row["terraform"] for row in csv.DictReader(file)}


class Named(NamedTuple):
    """A resource as others refer to it: by its address, where they do not say one of its names."""

    type: str
    label: str
    names: frozenset[str]

    def attribute(self, name: str) -> str:
        """The expression for an attribute of it."""
        return f"${{{self.type}.{self.label}.{name}}}"


def document(resources: Iterable[Resource]) -> Document:
    """The resources as Terraform JSON. Raises LookupError for a type that terraform_types.csv does not name."""
    every = list(resources)
    strange = sorted({one.type for one in every} - _types().keys())
    if strange:
        raise LookupError(f"{TYPES.name} lacks {', '.join(strange)}")
    named = {one.urn: Named(_types()[one.type], _label(one.name), one.known_as) for one in every}
    found: Document = {}
    for one in every:
        own = named[one.urn]
        found.setdefault(own.type, {})[own.label] = dict(_arguments(one, own.type, named))
    return found


def _label(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _arguments(one: Resource, kind: str, named: dict[str, Named]) -> Iterator[tuple[str, Any]]:
    for key, value in one.inputs.items():
        linked = [named[urn] for urn in one.property_dependencies.get(key, ()) if urn in named]
        name = _snake(key)
        plain = _value(key, value, linked)
        if plain is not None:
            name = RENAMED.get((kind, name), name)
            yield (_singular(name) if _blocks(plain) else name), plain


def _value(key: str, value: object, linked: list[Named]) -> Any:
    here = opened(value)
    if isinstance(here, str):
        return _text(key, here, linked)
    if isinstance(here, dict):
        if SIGNATURE in here or "path" in here:
            return ARCHIVE
        if key in MAPS:
            return {name: _value(name, one, linked) for name, one in here.items()}
        return [_block(here, linked)]
    if isinstance(here, list):
        return [_block(one, linked) if isinstance(one, dict) else _value(key, one, linked) for one in map(opened, here)]
    return here


def _text(key: str, text: str, linked: list[Named]) -> str:
    """A text, or the reference that it is: to what an unknown comes from, or to what is called so."""
    if is_unknown(text):
        return _likeliest(key, linked).attribute(_attribute(key)) if linked else UNKNOWN
    name = text.lower().removeprefix(BUCKET)
    meant = next((one for one in linked if name in one.names), None)
    return text if meant is None else meant.attribute("arn" if text.startswith(BUCKET) else "id")


def _likeliest(key: str, linked: list[Named]) -> Named:
    """The resource that an input means, of those that the block around it depends on."""
    wanted = next((kind for word, kind in MEANT.items() if word in key.lower()), "")
    return next((one for one in linked if one.type == wanted), linked[0])


def _block(inside: dict[str, Any], linked: list[Named]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in inside.items():
        plain, name = _value(key, value, linked), _snake(key)
        if plain is not None:
            found[_singular(name) if _blocks(plain) else name] = plain
    return found


def _blocks(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _attribute(key: str) -> str:
    return "arn" if _snake(key).endswith(("arn", "kms_key_id", "master_key_id", "kms_key")) else "id"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _singular(name: str) -> str:
    if name in PLURAL or not name.endswith("s") or name.endswith(("ss", "details", "access")):
        return name
    return re.sub(r"ies$", "y", name) if name.endswith("ies") else name[:-1]


def hcl(found: Document, kind: str = "resource") -> str:
    """The same in Terraform's own language."""
    return "\n".join(
        f'{kind} "{type_}" "{label}" {{\n' + "".join(_written(arguments, "  ")) + "}\n"
        for type_, several in found.items()
        for label, arguments in several.items()
    )


def _written(arguments: dict[str, Any], indent: str) -> Iterator[str]:
    for name, value in arguments.items():
        if _blocks(value):
            for block in value:
                yield f"{indent}{name} {{\n" + "".join(_written(block, indent + "  ")) + f"{indent}}}\n"
        else:
            yield f"{indent}{name} = {_literal(value)}\n"


def _literal(value: Any) -> str:
    if isinstance(value, str):
        reference = re.fullmatch(r"\$\{([a-z0-9_]+\.\w+\.\w+)\}", value)
        return reference[1] if reference else json.dumps(value).replace("${", "$${")
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_literal(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return json.dumps(value)


def plan(found: Document) -> dict[str, Any]:
    """The same as `terraform show -json` prints a plan that makes everything anew."""
    resources = [
        {"address": f"{kind}.{label}", "mode": "managed", "type": kind, "name": label, "values": arguments}
        for kind, several in found.items()
        for label, arguments in several.items()
    ]
    provider = {"provider_name": "registry.terraform.io/hashicorp/aws"}
    identity = ("address", "mode", "type", "name")
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "planned_values": {
            "root_module": {"resources": [{**one, **provider, "schema_version": 0} for one in resources]}
        },
        "resource_changes": [
            {
                **{key: one[key] for key in identity},
                **provider,
                "change": {"actions": ["create"], "before": None, "after": one["values"], "after_unknown": {}},
            }
            for one in resources
        ],
        "configuration": {
            "root_module": {
                "resources": [
                    {**{key: one[key] for key in identity}, "provider_config_key": "aws", "expressions": {}}
                    for one in resources
                ]
            }
        },
    }
