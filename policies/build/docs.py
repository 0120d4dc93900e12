"""Makes what the models and tables of the pack say: its config's JSON schema, and the reference in docs/policies.md.

    python -m policies.build.docs [--write]

Without `--write` it compares, and exits 1 where something is not fresh.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast

from pydantic.fields import FieldInfo

from policies.configuration import ALL, LEVELS, PARAMETERS, Told
from policies.pack.policies import single_rules
from policies.pack.remediation import mends
from policies.rules import About, catalogue

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "policies.md"
SCHEMA: Final = ROOT / "policies" / "schema.json"
PARTS: Final = ("parameters", "rules")
"""The parts of the page that are made here; each stands between `<!-- NAME: generated -->` and `<!-- NAME: end -->`."""
CLOUDS: Final = {
    "aws": "AWS",
    "azure": "Azure",
    "gcp": "Google Cloud",
    "all": "Every cloud",
    "house": "The pack itself",
}
KINDS: Final = {"string": "text", "integer": "whole number", "boolean": "`true` or `false`", "array": "list"}

FIRM: Final = ("mandatory", "remediate")
"""The levels that a firm rule takes."""

Json = dict[str, object]


def schema() -> Json:
    """The JSON schema (draft 2020-12) of the pack's config."""
    told = cast("Json", _untitled(Told.model_json_schema()))
    told["description"] = "What the whole pack is told."
    level: Json = {"enum": list(LEVELS)}
    rules: Json = {
        one.id: {
            "description": f"{one.title}. {one.expected}",
            **_levels(FIRM if one.firm else LEVELS),
        }
        for one in catalogue().values()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Config of Homeshore's policy pack",
        "description": "Levels by rule, and parameters. Reference: docs/policies.md",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            ALL: {"description": "The level of every rule without one of its own that takes a lower one.", **level},
            PARAMETERS: told,
            **rules,
        },
    }


def _levels(allowed: tuple[str, ...]) -> Json:
    level: Json = {"enum": list(allowed)}
    block: Json = {
        "type": "object",
        "required": ["enforcementLevel"],
        "additionalProperties": False,
        "properties": {"enforcementLevel": level},
    }
    return {"anyOf": [level, block]}


def _untitled(value: object) -> object:
    """Without the titles that pydantic derives from names, and without defaults that only say "left out"."""
    if isinstance(value, dict):
        members = cast("Json", value)
        kept = {key: _untitled(one) for key, one in members.items() if not (key == "title" and isinstance(one, str))}
        return {key: one for key, one in kept.items() if not (key == "default" and one is None)}
    return [_untitled(one) for one in cast("list[object]", value)] if isinstance(value, list) else value


def parameters() -> str:
    """The table of parameters."""
    rows = (f"| `{name}` | {_kind(name)} | {_default(field)} | {field.description} |" for name, field in _fields())
    return "\n".join(["| parameter | kind | default | meaning |", "|---|---|---|---|", *rows])


def _fields() -> Iterator[tuple[str, FieldInfo]]:
    yield from Told.model_fields.items()


def _kind(name: str) -> str:
    part = cast("Json", cast("Json", Told.model_json_schema()["properties"])[name])
    part = next((one for one in cast("list[Json]", part.get("anyOf", [])) if one.get("type") != "null"), part)
    if "enum" in part:
        return " or ".join(f"`{one}`" for one in cast("list[object]", part["enum"]))
    if part["type"] == "object":
        return "mapping"
    kind = KINDS[str(part["type"])]
    least, most = part.get("minimum"), part.get("maximum")
    return f"{kind}, {least} to {most}" if least is not None and most is not None else kind


def _default(field: FieldInfo) -> str:
    value: object = json.loads(json.dumps(field.get_default(call_default_factory=True)))
    return "left out" if value is None else f"`{json.dumps(value)}`"


def rules() -> str:
    """The table of rules, cloud by cloud."""
    return "\n\n".join(_of_cloud(cloud, title) for cloud, title in CLOUDS.items())


def _of_cloud(cloud: str, title: str) -> str:
    every = [one for one in catalogue().values() if one.cloud == cloud]
    head = "| rule | what | severity | level | decides | frameworks | fix |"
    return "\n".join([f"### {title} ({len(every)})", "", head, "|---|---|---|---|---|---|---|", *map(_row, every)])


def _row(one: About) -> str:
    level = "firm" if one.firm else one.enforcement.value
    decides = "resource" if one.id in single_rules() else "stack"
    fix = one.remedy + (" *" if one.id in mends() else "")
    cells = (one.id, one.title, one.severity.value, level, decides, "; ".join(one.frameworks), fix)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def schema_text() -> str:
    """The schema as it is committed."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def page(before: str) -> str:
    """The page, with the parts made anew. Raises ValueError where the page lacks the place for one."""
    for name, made in zip(PARTS, (parameters(), rules()), strict=True):
        begin, end = f"<!-- {name}: generated -->\n", f"<!-- {name}: end -->\n"
        head, found, rest = before.partition(begin)
        _, closed, tail = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"{PAGE.name} has no place for the part {name!r}")
        before = f"{head}{begin}\n{made}\n\n{end}{tail}"
    return before


def main(arguments: list[str] | None = None) -> int:
    """0 where both are fresh, or were written; 1 where one is not."""
    parser = argparse.ArgumentParser(prog="python -m policies.build.docs", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write what is not fresh")
    write = bool(parser.parse_args(arguments).write)
    stale = False
    for file, made in ((SCHEMA, schema_text()), (PAGE, page(PAGE.read_text(encoding="utf-8")))):
        if file.is_file() and file.read_text(encoding="utf-8") == made:
            continue
        if write:
            file.write_text(made, encoding="utf-8")
        else:
            sys.stderr.write(f"{file.relative_to(ROOT)} is not fresh: run python -m policies.build.docs --write\n")
            stale = True
    return int(stale)


if __name__ == "__main__":
    raise SystemExit(main())
