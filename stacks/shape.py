"""Looks into the models: which section or field lies at a path, and an example of it."""

from __future__ import annotations

import json
from types import UnionType
from typing import Union, cast, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from stacks.document import Key, KeyPath, parse


def sections_of(field: FieldInfo) -> tuple[type[BaseModel], ...]:
    """The models that `field` may hold: several for a section that differs from cloud to cloud, none for a scalar.

    Of a list of sections it is theirs.
    """
    kinds: tuple[object, ...] = get_args(field.annotation)[:1] if is_list(field) else (field.annotation,)
    if get_origin(field.annotation) in (Union, UnionType):
        kinds = get_args(field.annotation)
    return tuple(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))


def is_list(field: FieldInfo) -> bool:
    """Whether `field` holds any number of values."""
    return get_origin(field.annotation) is tuple


def section_of(field: FieldInfo, tag: str | None = None) -> type[BaseModel] | None:
    """The model that `field` holds, also where it may be None; no model for a scalar or a list of scalars.

    Of several it is the one that `tag` tells apart (a cloud); the first stands for all when the tag is not known.
    """
    found = sections_of(field)
    tagged = (section for section in found if tag is not None and tag_of(field, section) == tag)
    return next(tagged, next(iter(found), None))


def tag_of(field: FieldInfo, section: type[BaseModel]) -> str | None:
    """What tells `section` apart from the others that `field` may hold; None where there is only one."""
    if not isinstance(field.discriminator, str):
        return None
    return str(get_args(section.model_fields[field.discriminator].annotation)[0])


def section_at(model: type[BaseModel], path: KeyPath, tag: str | None = None) -> type[BaseModel] | None:
    """The section of `model` at `path`; `model` itself at the empty path, None where there is none."""
    here: type[BaseModel] | None = model
    for key in (key for key in path if isinstance(key, str)):
        field = here.model_fields.get(str(key)) if here else None
        here = section_of(field, tag) if field else None
    return here


def field_at(model: type[BaseModel], path: KeyPath, tag: str | None = None) -> FieldInfo | None:
    """The field of `model` at `path`; for a place in a list, the list's field."""
    names = [key for key in path if isinstance(key, str)]
    section = section_at(model, tuple(names[:-1]), tag) if names else None
    return section.model_fields.get(names[-1]) if section else None


def untagged(model: type[BaseModel], path: KeyPath) -> KeyPath:
    """A path as pydantic has it, without the tags that it puts behind a section of several kinds."""
    here: type[BaseModel] | None = model
    kept: list[Key] = []
    keys = iter(path)
    for key in keys:
        kept.append(key)
        if isinstance(key, int):
            continue
        field = here.model_fields.get(str(key)) if here else None
        tag = next(keys, None) if field is not None and field.discriminator is not None else None
        here = section_of(field, str(tag)) if field else None
    return tuple(kept)


def example_of(field: FieldInfo, tag: str | None = None) -> object:
    """A value that `field` could have: its example, its default, or one made of its section's own; None without.

    `tag` says which section, where it differs from cloud to cloud.
    """
    if field.examples:
        return cast("object", field.examples[0])
    section = section_of(field, tag)
    if section is None:
        default: object = field.get_default()
        return None if field.is_required() else default
    shown = {name: example_of(part) for name, part in section.model_fields.items() if part.is_required()}
    shown = shown or {name: example_of(part) for name, part in section.model_fields.items()}
    return {name: value for name, value in shown.items() if value is not None and value != ()}


def example_text(field: FieldInfo, tag: str | None = None) -> str:
    """The example as YAML in one line; empty when there is none."""
    example = example_of(field, tag)
    return "" if example in (None, {}) else flow(example)


def flow(value: object) -> str:
    """A value as YAML in flow style, the way a person would type it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {flow(v)}" for k, v in cast("dict[str, object]", value).items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(part) for part in cast("list[object]", value)) + "]"
    if isinstance(value, str):
        return value if _is_plain(value) else json.dumps(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value)


def _is_plain(text: str) -> bool:
    """Whether YAML reads `text` back as the same text without quotes."""
    return "," not in text and parse(f"{{key: {text}}}").values == {"key": text}
