"""Where each value of the effective configuration came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from pydantic import BaseModel

from stacks.document import Key, KeyPath

Source = Literal["file", "project", "default", "derived"]

# Values that follow from other values when the file does not state them.
DERIVED_FROM = {
    "key.rotation_days": "placement",
    "processor.architecture": "placement",
    "slo.freshness_minutes": "latency",
}


@dataclass(frozen=True)
class Origin:
    """Where a value came from: the stack file (with its line), Pulumi.yaml, a default, or derived from another value.

    `derived_from` names the key that a derived value follows from.
    """

    source: Source
    line: int | None = None
    derived_from: str | None = None


def leaves(config: BaseModel) -> Iterator[tuple[KeyPath, object]]:
    """Every value of `config` that is not itself a section, with its path, in the models' order."""
    for name in type(config).model_fields:
        value = cast("object", getattr(config, name))
        if isinstance(value, BaseModel):
            yield from (((name, *path), leaf) for path, leaf in leaves(value))
        else:
            yield (name,), value


def origins(
    config: BaseModel, stated: Mapping[str, object], inherited: Mapping[str, object], lines: Mapping[KeyPath, int]
) -> dict[str, Origin]:
    """The origin of each leaf of `config`, by dotted path.

    `stated` is what the stack file says, `inherited` what Pulumi.yaml says for all stacks, `lines` the stack file's
    line of each stated path.
    """
    found: dict[str, Origin] = {}
    for path, _ in leaves(config):
        dotted = ".".join(str(key) for key in path)
        if path[0] in stated:
            source: Source | None = "file" if _states(stated, path) else None
        else:
            source = "project" if _states(inherited, path) else None
        if source is not None:
            found[dotted] = Origin(source, lines.get(path) if source == "file" else None)
        elif dotted in DERIVED_FROM:
            found[dotted] = Origin("derived", derived_from=DERIVED_FROM[dotted])
        else:
            found[dotted] = Origin("default")
    return found


def _states(values: Mapping[str, object], path: KeyPath) -> bool:
    here: object = values
    for key in path:
        if not isinstance(here, dict):
            return False
        inside = cast("dict[Key, object]", here)
        if key not in inside:
            return False
        here = inside[key]
    return True
