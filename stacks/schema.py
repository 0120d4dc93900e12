"""The JSON schema of the stack file and its reference page, both made from the models' own descriptions.

`python -m stacks.schema` says whether the committed ones are fresh; with `--write` it makes them so.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

from pydantic import BaseModel
from pydantic.fields import FieldInfo

import geography
from components.placement import BUILT, TITLES, AwsPlacement
from stacks.brought import KINDS
from stacks.by_cloud import ARCHITECTURES
from stacks.models import BaselineConfig, Blueprint, Bring, StackConfig
from stacks.provenance import DERIVED_FROM
from stacks.retention import replay
from stacks.shape import example_of, flow, is_list, section_at, section_of, sections_of, tag_of

PROJECT = "homeshore"
MODELINE = "# yaml-language-server: $schema=stacks/schema.json"
ROOT = Path(__file__).resolve().parents[1]

Json = dict[str, object]

_DIFFERS = ("baseline",)
"""Keys of two blueprints that say different things in each."""

# What Pulumi itself writes beside `config`.
_PULUMI_KEYS: Json = {
    "encryptionsalt": {"type": "string", "description": "Written by Pulumi: the salt of the stack's passphrase."},
    "encryptedkey": {"type": "string", "description": "Written by Pulumi: the stack's encrypted data key."},
    "secretsprovider": {"type": "string", "description": "Written by Pulumi: what encrypts the stack's secrets."},
    "environment": {"type": ["array", "object"], "description": "Pulumi ESC environments that the stack imports."},
}


def schema() -> Json:
    """The JSON schema (draft 2020-12) of a stack file."""
    model = cast("Json", _untitled(StackConfig.model_json_schema()))
    definitions = cast("Json", model.pop("$defs"))
    _derived_keys_may_be_left_out(definitions)
    properties = cast("Json", model["properties"])
    required = cast("list[str]", model["required"])
    properties["placement"] = _placement(properties)
    own = cast("Json", _untitled(BaselineConfig.model_json_schema()))
    definitions |= {name: each for name, each in cast("Json", own["$defs"]).items() if name not in definitions}
    config: Json = {
        "type": "object",
        "description": model["description"],
        "additionalProperties": False,
        "required": [f"{PROJECT}:{name}" for name in cast("list[str]", own["required"])],
        "properties": {
            **{f"{PROJECT}:{name}": value for name, value in properties.items() if name not in _DIFFERS},
            **{f"{PROJECT}:{name}": {} for name in _DIFFERS},
            "pulumi:tags": {"type": "object", "description": "Tags of the stack in Pulumi's own console."},
        },
        "allOf": [_of_the_blueprint(own, properties, required), *(_on(cloud) for cloud in BUILT)],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Homeshore stack file",
        "description": "One stack: one cloud, one region, one environment. Reference: docs/stack-file.md",
        "type": "object",
        "additionalProperties": False,
        "required": ["config"],
        "properties": {"config": config, **_PULUMI_KEYS},
        "$defs": definitions,
    }


def _of_the_blueprint(own: Json, pipeline: Json, required: list[str]) -> Json:
    """Which keys the blueprint has, as far as it is not every stack's. `own` is the schema of a baseline."""
    said: Json = {"properties": {f"{PROJECT}:blueprint": {"const": Blueprint.BASELINE.value}}}
    baseline = cast("Json", own["properties"])
    return {
        "if": {**said, "required": [f"{PROJECT}:blueprint"]},
        "then": {
            "properties": {f"{PROJECT}:{name}": baseline[name] for name in _DIFFERS},
            "propertyNames": {"enum": [*(f"{PROJECT}:{name}" for name in baseline), "pulumi:tags"]},
        },
        "else": {
            "required": [f"{PROJECT}:{name}" for name in required],
            "properties": {f"{PROJECT}:{name}": pipeline[name] for name in _DIFFERS},
        },
    }


def _derived_keys_may_be_left_out(definitions: Json) -> None:
    for path in DERIVED_FROM:
        *above, name = path.split(".")
        section = section_at(StackConfig, tuple(above))
        definition = cast("Json", definitions[section.__name__ if section else ""])
        required = cast("list[str]", definition["required"])
        # A section that holds nothing else is left out as a whole.
        if len(cast("Json", definition["properties"])) > 1:
            required.remove(name)
        if not required:
            del definition["required"]


def _placement(properties: Json) -> Json:
    """A placement as editors understand it best: once the cloud is named, the keys of that cloud and no others."""
    variants = cast("list[Json]", cast("Json", properties["placement"])["oneOf"])
    description = cast("Json", properties["placement"])["description"]
    about = AwsPlacement.model_fields["cloud"].description
    return {
        "type": "object",
        "description": description,
        "required": ["cloud", "region"],
        "properties": {"cloud": {"enum": list(BUILT), "description": about}},
        "allOf": [
            {"if": {"properties": {"cloud": {"const": cloud}}, "required": ["cloud"]}, "then": variant}
            for cloud, variant in zip(BUILT, variants, strict=True)
        ],
    }


def _on(cloud: str) -> Json:
    """What the other keys may say on `cloud`."""
    names = [place.name for place in geography.regions(cloud) if place.kind == "region"]
    said: Json = {
        f"{PROJECT}:standby": {"properties": {"region": {"enum": names}}},
        f"{PROJECT}:processor": {"properties": {"architecture": {"enum": list(ARCHITECTURES[cloud])}}},
        f"{PROJECT}:bring": {"propertyNames": {"enum": [key for key in Bring.model_fields if _brought(cloud, key)]}},
        f"{PROJECT}:retention": {"properties": {"replay_hours": {"maximum": replay(cloud).longest_hours}}},
    }
    if cloud != "azure":
        said[f"{PROJECT}:storage"] = {"properties": {"redundancy": {"const": "zone"}}}
        said[f"{PROJECT}:key"] = {"properties": {"expires": {"type": "null"}}}
        said[f"{PROJECT}:budget"] = {"properties": {"starts": {"type": "null"}}}
    else:
        said[f"{PROJECT}:budget"] = {"required": ["starts"]}
    placed: Json = {"properties": {"cloud": {"const": cloud}}, "required": ["cloud"]}
    named: Json = {"properties": {f"{PROJECT}:placement": placed}, "required": [f"{PROJECT}:placement"]}
    return {"if": named, "then": {"properties": said}}


def _brought(cloud: str, key: str) -> bool:
    return key == "network" or (cloud, key) in KINDS


def schema_text() -> str:
    """The schema as it is committed."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def reference() -> str:
    """The reference page of the stack file, in Markdown."""
    example = "\n".join(f"  {PROJECT}:{name}: {flow(example_of(f))}" for name, f in _stated_in_example())
    sections = "\n".join(_section(name, field) for name, field in StackConfig.model_fields.items())
    boundaries = "\n".join(_boundary_row(boundary) for boundary in geography.boundaries())
    return _PAGE.format(modeline=MODELINE, example=example, sections=sections, boundaries=boundaries)


def _stated_in_example() -> Iterator[tuple[str, FieldInfo]]:
    return ((n, f) for n, f in StackConfig.model_fields.items() if f.is_required() or n in ("retention", "budget"))


def _section(name: str, field: FieldInfo) -> str:
    head = f"## `{PROJECT}:{name}`\n\n{field.description}\n"
    section = section_of(field)
    if section is None:
        return f"{head}\n{_about(name, field)}\n"
    if field.discriminator is not None:
        return f"{head}\n" + "\n".join(_kind_of_section(name, field, kind) for kind in sections_of(field))
    optional = "" if field.is_required() else f"{_default_of(field)}\n\n"
    other = _in_a_baseline(name) if name in _DIFFERS else ""
    return f"{head}\n{optional}{_table(section, f'{name}[]' if is_list(field) else name)}{other}"


def _in_a_baseline(name: str) -> str:
    field = BaselineConfig.model_fields[name]
    section = section_of(field)
    table = _table(section, name) if section else ""
    return f"\n### With `{PROJECT}:blueprint: {Blueprint.BASELINE}`\n\n{field.description}\n\n{table}"


def _kind_of_section(name: str, field: FieldInfo, kind: type[BaseModel]) -> str:
    tag = str(tag_of(field, kind))
    example = f"```yaml\n  {PROJECT}:{name}: {flow(example_of(field, tag))}\n```\n"
    return f"### On {TITLES[tag]}\n\n{' '.join((kind.__doc__ or '').split())}\n\n{example}\n{_table(kind, name)}"


def _table(section: type[BaseModel], path: str) -> str:
    rows = "\n".join(_rows(section, path))
    return f"| key | kind | default | meaning |\n| --- | --- | --- | --- |\n{rows}\n"


def _default_of(field: FieldInfo) -> str:
    return "Absent by default." if field.default is None else "May be left out."


def _about(name: str, field: FieldInfo) -> str:
    default = "required" if field.is_required() else f"default `{_plain_default(field)}`"
    return f"Kind: {_kind(StackConfig, name)}; {default}."


def _rows(section: type[BaseModel], path: str) -> Iterator[str]:
    for name, field in section.model_fields.items():
        inner = section_of(field)
        below = f"{path}.{name}"
        if inner is not None:
            yield from _rows(inner, below)
            continue
        default = "required" if field.is_required() else "absent"
        if not field.is_required() and field.default is not None:
            default = f"`{_plain_default(field)}`"
        if below in DERIVED_FROM:
            default = f"from `{DERIVED_FROM[below]}`"
        yield f"| `{below}` | {_kind(section, name)} | {default} | {field.description} |"


def _plain_default(field: FieldInfo) -> str:
    return flow(json.loads(json.dumps(field.get_default())))


def _kind(section: type[BaseModel], name: str) -> str:
    """What a value may be, in words, from the field's own JSON schema."""
    whole = section.model_json_schema()
    part = cast("Json", cast("Json", whole["properties"])[name])
    part = next((each for each in cast("list[Json]", part.get("anyOf", [])) if each.get("type") != "null"), part)
    if "allOf" in part or "$ref" in part:
        reference = str(part.get("$ref") or cast("list[Json]", part["allOf"])[0]["$ref"])
        part = cast("Json", cast("Json", whole["$defs"])[reference.rsplit("/", 1)[-1]])
    choices = [str(choice) for choice in cast("list[object]", part.get("enum", []))]
    if len(choices) > _LISTED:
        return f"one of {len(choices)} names"
    if choices or "const" in part:
        return " or ".join(f"`{choice}`" for choice in choices or [part["const"]])
    kind = _KINDS[str(part["type"])]
    least, most = part.get("minimum"), part.get("maximum")
    return f"{kind}, {least} to {most}" if least is not None and most is not None else kind


def _boundary_row(boundary: geography.Boundary) -> str:
    regions = [r for r in geography.regions() if r.kind == "region" and boundary.holds(r)]
    counts = ", ".join(
        f"{cloud} {count}" for cloud in geography.CLOUDS if (count := sum(r.cloud == cloud for r in regions))
    )
    return f"| `{boundary.name}` | {boundary.title} | {len(boundary.countries)} | {counts or 'none'} |"


def _untitled(value: object) -> object:
    """Without the titles that pydantic derives from names, and without the newlines of docstrings."""
    if isinstance(value, dict):
        members = cast("Json", value)
        kept = {k: _untitled(v) for k, v in members.items() if not (k == "title" and isinstance(v, str))}
        if isinstance(kept.get("description"), str):
            kept["description"] = " ".join(str(kept["description"]).split())
        return kept
    return [_untitled(part) for part in cast("list[object]", value)] if isinstance(value, list) else value


_LISTED = 6
_KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "array": "list",
}
_PAGE = """\
<!-- Made by `python -m stacks.schema --write` from the descriptions in the models. Do not edit. -->

# The stack file

`Pulumi.<stack>.yaml` says everything about a stack: one cloud, one region, one environment. The first line names the
schema, so that editors complete and check while you type:

```yaml
{modeline}
config:
{example}
```

`homeshore new` writes such a file, `homeshore config STACK` shows every value in effect and where it came from, and
`pulumi config set --path` edits it. A file with a fault is refused as a whole: one message lists every fault with its
line, what follows from it and how to mend it, and the exit code is 2.

Values are read as Pulumi reads them: `yes`, `no`, `on` and `off` are text, digits with leading zeros need quotes.
Anchors, aliases and tags are refused, and so are encrypted values: the configuration holds no secret.

{sections}
## Boundaries

A boundary holds whole jurisdictions, never name prefixes: a region whose name starts with `eu` may lie outside the
European Union. `homeshore regions --boundary NAME` lists the regions inside.

| name | area | countries | regions |
| --- | --- | --- | --- |
{boundaries}
"""

GENERATED: dict[str, Callable[[], str]] = {"stacks/schema.json": schema_text, "docs/stack-file.md": reference}


def main(arguments: list[str] | None = None) -> int:
    """Check or write the generated files; 0 when they are fresh, 1 when not."""
    parser = argparse.ArgumentParser(prog="python -m stacks.schema", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the files that are not fresh")
    write = bool(parser.parse_args(arguments).write)
    stale: list[str] = []
    for name, make in GENERATED.items():
        path, text = ROOT / name, make()
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        if write:
            path.write_text(text, encoding="utf-8")
        else:
            stale.append(name)
    for name in stale:
        sys.stderr.write(f"{name} is not fresh: run `python -m stacks.schema --write` and commit it.\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
