"""Turns pydantic's errors into sentences for the person who wrote the stack file: no jargon, no address of a manual."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import cast

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from components.placement import TITLES
from components.refusal import REFUSED, shown
from stacks.document import KeyPath, Secret, Told
from stacks.shape import example_text, field_at, section_at, sections_of, tag_of, untagged

WRONG_VALUE = "The value cannot be used, and a guess at what was meant could build the wrong thing."
MISSING = "It has no default, because no value would be safe for every stack."
UNKNOWN = "It would be ignored in silence, and what it was meant to change would keep its default."
ENCRYPTED = "The configuration is plain data that reports print; an encrypted value cannot be one, and is never shown."


def faults_of(model: type[BaseModel], errors: list[ErrorDetails], cloud: str | None = None) -> Iterator[Told]:
    """The faults that `errors`, from validating `model`, mean for the reader; `cloud` is the stack's, where known."""
    for error in errors:
        if error["type"] == "default_factory_not_called":
            continue  # a default that could not be derived, because of a fault that is told by itself
        path = untagged(model, tuple(error["loc"]))
        context = cast("Mapping[str, object]", error.get("ctx", {}))
        value: object = error["input"]
        if error["type"] == REFUSED:
            yield refused_at(path, context)
        elif isinstance(value, Secret) and error["type"] != "extra_forbidden":
            yield _encrypted(model, path, cloud)
        elif error["type"].startswith("union_tag_") and isinstance(value, dict):
            yield wrong_tag(model, path, cast("Mapping[str, object]", value))
        elif error["type"] == "missing":
            yield Told(path, f"{path[-1]} is missing", MISSING, f"add it. {_explained(model, path, cloud)}")
        elif error["type"] == "extra_forbidden":
            yield unknown_key(model, path, cloud)
        else:
            yield _wrong_value(model, path, error, context, cloud)


def _encrypted(model: type[BaseModel], path: KeyPath, cloud: str | None) -> Told:
    remedy = f"set it without --secret. {_explained(model, path, cloud)}"
    return Told(path, "the value is encrypted", ENCRYPTED, remedy)


def refused_at(path: KeyPath, context: Mapping[str, object]) -> Told:
    """The fault that a validator raised as a refusal (see components.refusal) at `path`."""
    below = [int(part) if part.isdecimal() else part for part in str(context["at"]).split(".") if part]
    return Told((*path, *below), str(context["problem"]), str(context["consequence"]), str(context["remedy"]))


def wrong_tag(model: type[BaseModel], path: KeyPath, stated: Mapping[str, object], guess: str | None = None) -> Told:
    """The fault of a section of several kinds at `path` that does not say which one it is, or says it wrongly.

    `stated` is what the section says, `guess` the kind that it may mean.
    """
    field = field_at(model, path)
    name = str(field.discriminator) if field else ""
    kinds = _kinds_at(model, path)
    where, choices = (*path, name), ", ".join(kinds)
    if name not in stated:
        own = [
            key for key in stated if guess in kinds and key in kinds[guess].model_fields and key not in _common(kinds)
        ]
        hint = f"{own[0]} is a key of {TITLES[str(guess)]}, so {guess} may be meant. " if own else ""
        hint = f"the region is one of {TITLES[guess]}, so {guess} may be meant. " if guess and not own else hint
        return Told(where, f"{name} is missing", MISSING, f"add it: one of {choices}. {hint}{_explained(model, where)}")
    value = stated[name]
    if isinstance(value, Secret):
        return _encrypted(model, where, None)
    hint = f"did you mean {guess}? " if guess and isinstance(value, str) else ""
    problem = f"it must be one of {choices}, and is {described(value)}"
    return Told(where, problem, WRONG_VALUE, hint + _explained(model, where))


def unknown_key(model: type[BaseModel], path: KeyPath, cloud: str | None = None) -> Told:
    """The fault of a key that `model` does not have at `path`."""
    section = section_at(model, path[:-1], cloud)
    names = list(section.model_fields) if section else []
    name = str(path[-1])
    near = get_close_matches(name.lower(), names, n=2, cutoff=0.6)
    home = next(iter(_homes(model, name)), None)
    kinds = _kinds_at(model, path[:-1])
    others = [TITLES[tag] for tag, kind in kinds.items() if name in kind.model_fields]
    if others and cloud in kinds:
        own = [key for key in names if key not in _common(kinds)]
        problem = f"the key {name} belongs to {' and '.join(others)}, and this stack stands on {TITLES[cloud]}"
        return Told(path, problem, UNKNOWN, f"Remove it; {TITLES[cloud]} has {' and '.join(own)} instead.")
    if name in model.model_fields:
        remedy = f"move it: {name} is a key of its own, beside {path[0]}."
    elif home is not None:
        remedy = f"move it: {name} belongs under {home}."
    elif near:
        remedy = f"did you mean {' or '.join(near)}?"
    else:
        remedy = f"Remove it; the keys here are {', '.join(names)}."
    return Told(path, f"there is no key {shown(name)} here", UNKNOWN, remedy)


def _kinds_at(model: type[BaseModel], path: KeyPath) -> dict[str, type[BaseModel]]:
    """The kinds of a section at `path`, by what tells them apart; empty where there is only one."""
    field = field_at(model, path)
    return {tag: section for section in sections_of(field) if (tag := tag_of(field, section))} if field else {}


def _common(kinds: Mapping[str, type[BaseModel]]) -> set[str]:
    return set[str].intersection(*(set(kind.model_fields) for kind in kinds.values())) if kinds else set()


def _homes(model: type[BaseModel], name: str, above: str = "") -> Iterator[str]:
    """The sections that do have a key `name`, of whatever cloud."""
    for key, field in model.model_fields.items():
        path = f"{above}.{key}" if above else key
        sections = sections_of(field)
        if any(name in section.model_fields for section in sections):
            yield path
        for section in sections:
            yield from _homes(section, name, path)


def _wrong_value(
    model: type[BaseModel], path: KeyPath, error: ErrorDetails, context: Mapping[str, object], cloud: str | None
) -> Told:
    value: object = error["input"]
    kind = error["type"]
    expected = _EXPECTED.get(kind, lambda _: "a value of another kind")(context)
    hint = ""
    if kind in {"enum", "literal_error"} and isinstance(value, str):
        near = get_close_matches(value.strip().lower(), _choices(context), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}? " if near else ""
    elif kind == "string_type" and isinstance(value, int | float) and not isinstance(value, bool):
        hint = f'put it in quotes: "{shown(value)}". '
    elif kind == "int_type" and isinstance(value, str) and value.strip().lstrip("+-").isdecimal():
        hint = "write it without quotes. "
    problem = f"it must be {expected}, and is {described(value)}"
    return Told(path, problem, WRONG_VALUE, hint + _explained(model, path, cloud))


def described(value: object) -> str:
    """What stands in the file, in words; the content of lists and mappings is never shown."""
    if value is None:
        return "empty"
    if isinstance(value, Secret):
        return "encrypted"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | str):
        return f"the {'text' if isinstance(value, str) else 'number'} {shown(value)}"
    return "a list" if isinstance(value, list | tuple) else "a mapping of keys"


def _explained(model: type[BaseModel], path: KeyPath, cloud: str | None = None) -> str:
    """What the key at `path` means, from the model's own description, with an example."""
    field = field_at(model, path, cloud)
    if field is None:
        return ""
    example = example_text(field, cloud)
    return f"{path[-1]}: {_description(field)}" + (f" Example: {example}" if example else "")


def _description(field: FieldInfo) -> str:
    return field.description or ""


def _choices(context: Mapping[str, object]) -> list[str]:
    return [part.strip("'") for part in str(context.get("expected", "")).replace(" or ", ", ").split(", ")]


_EXPECTED: dict[str, Callable[[Mapping[str, object]], str]] = {
    "string_type": lambda _: "text",
    "int_type": lambda _: "a whole number",
    "int_from_float": lambda _: "a whole number",
    "bool_type": lambda _: "true or false",
    "float_type": lambda _: "a number",
    "finite_number": lambda _: "a finite number",
    "model_type": lambda _: "a mapping of keys",
    "model_attributes_type": lambda _: "a mapping of keys",
    "tuple_type": lambda _: "a list",
    "enum": lambda context: f"one of {', '.join(_choices(context))}",
    "literal_error": lambda context: f"one of {', '.join(_choices(context))}",
    "greater_than_equal": lambda context: f"{context['ge']} or more",
    "less_than_equal": lambda context: f"{context['le']} or less",
    "string_too_short": lambda context: f"at least {context['min_length']} characters long",
    "string_too_long": lambda context: f"at most {context['max_length']} characters long",
    "too_long": lambda context: f"a list of at most {context['max_length']}",
}
