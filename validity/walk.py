"""Compares the inputs of one resource with everything that is stated about its type.

Three states: what is unknown is skipped and never guessed; what is missing may be required; what is known is judged,
also beside an unknown neighbour. A secret is judged where its value is there, and neither it nor a part of it is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from validity import catalogue, sdk, table
from validity.catalogue import Kind, Level, Source, value_kind
from validity.fit import named, type_fits
from validity.formats import CHECKS
from validity.rules import faults
from validity.sdk import Field
from validity.table import Stated
from validity.values import Plain, see

SDK = "the Pulumi SDK's types"
DOCS = "the Pulumi SDK's documentation"
OUTPUT_TEXT = "Calling __str__ on an Output"
OPTION_KEYS = frozenset({"version", "pluginDownloadURL"})  # options, which travel with a provider's inputs
INTERNAL_KEYS = frozenset({"__defaults", "__internal"})
SHOWN = 80  # characters of a value


@dataclass(frozen=True)
class Problem:
    """One thing that a provider would refuse, or is said to refuse.

    `path` leads to the input (`rules[0].expiration.days`); `found` shows the value as JSON, never that of a secret;
    `allowed` says what would do; `source` who says so.
    """

    kind: Kind
    path: str
    message: str
    found: str
    allowed: str
    source: str
    level: Level


@dataclass(frozen=True)
class _Place:
    """Where the walk is: the path that people read, and the same one as the tables write it."""

    token: str
    stated: Mapping[str, tuple[Stated, ...]]
    path: str = ""
    plain: str = ""

    @property
    def strict(self) -> bool:
        """Whether a number as text is refused: aws and gcp convert, Azure does not."""
        return self.token.startswith("azure-native:")

    @property
    def key(self) -> str:
        """The last key on the path."""
        return self.plain.rstrip("[]{}").rpartition(".")[2]

    def at(self, key: str) -> _Place:
        """The place of a key of this object."""
        return replace(self, path=_joined(self.path, key), plain=_joined(self.plain, key))

    def item(self, number: int) -> _Place:
        """The place of an item of this list."""
        return replace(self, path=f"{self.path}[{number}]", plain=f"{self.plain}[]")

    def entry(self, key: str) -> _Place:
        """The place of a value of this map."""
        return replace(self, path=_joined(self.path, key), plain=f"{self.plain}{{}}")

    def problem(self, kind: Kind, found: Plain, allowed: str) -> Problem:
        """A problem here that the SDK's types show; `found` is None where there is no value to show."""
        return Problem(kind, self.path, kind.title, "" if found is None else shown(found), allowed, SDK, kind.level)


def check(token: str, inputs: Mapping[str, Plain]) -> tuple[Problem, ...] | None:
    """Everything that is wrong with the inputs of one resource (by wire names), or None for a type nobody knows."""
    described = sdk.args_class(token)
    if described is None:
        return None
    place = _Place(token, table.stated(token))
    given = dict(inputs)
    if token.startswith(sdk.PROVIDER_PREFIX):
        given = _decoded(described, given)
    return _merged(_object(place, described, given))


def _merged(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """One problem for each place and kind, also where several sources state it; the worst level holds.

    What only a text says is not told beside a refusal of the same value.
    """
    found: dict[tuple[str, str], Problem] = {}
    for problem in problems:
        key = problem.path, problem.kind.title
        first = found.setdefault(key, problem)
        if problem.source not in first.source:
            first = replace(first, source=f"{first.source}, {problem.source}")
        found[key] = replace(first, level=Level.ERROR) if problem.level is Level.ERROR else first
    refused = {problem.path for problem in found.values() if problem.level is Level.ERROR}
    return tuple(problem for problem in found.values() if problem.source != DOCS or problem.path not in refused)


def shown(value: Plain) -> str:
    """A value as it stands in a message: short, on one line."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _decoded(described: type, inputs: dict[str, Plain]) -> dict[str, Plain]:
    """A provider's inputs: all but text travel as JSON inside of a text."""
    known = sdk.fields(described)
    decoded: dict[str, Plain] = {}
    for key, value in inputs.items():
        if key in OPTION_KEYS:
            continue
        field, seen = known.get(key), see(value)
        decoded[key] = value
        if field and str not in field.types and not seen.secret and isinstance(seen.value, str):
            try:
                decoded[key] = json.loads(seen.value)
            except (ValueError, RecursionError):
                continue  # not JSON: the walk tells that a text stands where something else belongs
    return decoded


def _object(place: _Place, described: type, given: Mapping[str, Plain]) -> Iterator[Problem]:
    known = sdk.fields(described)
    for key in sorted(given.keys() - known.keys() - INTERNAL_KEYS):
        yield place.at(key).problem(catalogue.UNKNOWN_KEY, None, _nearest(key, known))
    for key, field in known.items():
        here, seen = place.at(key), see(given.get(key))
        if seen.missing:
            if field.required:
                yield here.problem(catalogue.MISSING_KEY, None, named(field.types))
            continue
        if field.deprecated:
            yield here.problem(catalogue.DEPRECATED, None, "")
        for other in field.conflicts:
            if key < other and not see(given.get(other)).missing and key in known[other].conflicts:
                yield replace(here.problem(catalogue.EXCLUSIVE, None, f"not together with {other}"), source=DOCS)
        yield from _value(here, field.types, given[key], field)


def _nearest(key: str, known: Mapping[str, Field]) -> str:
    """The keys that may have been meant, or all."""
    import difflib

    close = difflib.get_close_matches(key, known, n=3, cutoff=0.6)
    return ", ".join(close or sorted(known))


def _value(place: _Place, types: tuple[Any, ...], given: Plain, field: Field | None) -> Iterator[Problem]:
    seen = see(given)
    if seen.secret:
        yield from _secret(place, types, seen.value if seen.known else None, field)
        return
    value = seen.value
    if not seen.known or value is None:
        return
    if isinstance(value, str) and OUTPUT_TEXT in value:
        yield place.problem(catalogue.OUTPUT_TEXT, None, "a text without an Output in it")
    elif not type_fits(value, types, strict=place.strict):
        yield place.problem(catalogue.WRONG_TYPE, value, named(types))
    elif isinstance(value, dict):
        yield from _mapping(place, types, value)
    elif isinstance(value, list):
        yield from _against(place, value, place.stated.get(place.plain, ()))
        inside = sdk.inner(types, of_list=True)
        for number, item in enumerate(value):
            yield from _value(place.item(number), inside, item, field)
    else:
        yield from _scalar(place, types, value, field)


def _secret(place: _Place, types: tuple[Any, ...], value: Plain, field: Field | None) -> Iterator[Problem]:
    """Judged like any other value; told without the value, and without the keys and places inside of it."""
    for problem in _value(place, types, value, field):
        yield replace(
            problem, path=place.path, found="(secret)", allowed=problem.allowed if problem.path == place.path else ""
        )


def _mapping(place: _Place, types: tuple[Any, ...], value: dict[str, Plain]) -> Iterator[Problem]:
    objects = [kind for kind in types if sdk.is_object(kind)]
    if not objects:
        inside = sdk.inner(types, of_list=False)
        for key, item in value.items():
            name = replace(place.entry(key), plain=f"{place.plain}{{key}}")
            yield from _against(name, key, name.stated.get(name.plain, ()))
            yield from _form(name, key)
            yield from _value(place.entry(key), inside, item, None)
        return
    if len(objects) == 1:
        yield from _object(place, objects[0], value)
        return
    yield from _union(place, objects, value)


def _union(place: _Place, objects: list[type], value: dict[str, Plain]) -> Iterator[Problem]:
    """One of several objects, told apart by a key whose value is fixed in each."""
    for tag in sorted({key for kind in objects for key, field in sdk.fields(kind).items() if field.constant}):
        variants = {sdk.fields(kind)[tag].constant: kind for kind in objects if tag in sdk.fields(kind)}
        seen, here = see(value.get(tag)), place.at(tag)
        allowed = ", ".join(sorted(constant for constant in variants if constant))
        if seen.missing and all(tag in sdk.fields(kind) and sdk.fields(kind)[tag].required for kind in objects):
            yield here.problem(catalogue.MISSING_KEY, None, allowed)
            return
        if seen.known and isinstance(seen.value, str):
            if seen.value in variants:
                yield from _object(place, variants[seen.value], value)
            else:
                yield here.problem(catalogue.NOT_A_MEMBER, "(secret)" if seen.secret else seen.value, allowed)
            return


def _scalar(place: _Place, types: tuple[Any, ...], value: Plain, field: Field | None) -> Iterator[Problem]:
    """One value against all that is stated. A value that any source lists is in the list: each lags in its own way."""
    enums = [sdk.members(kind) for kind in types if sdk.is_enum(kind)]
    stated = list(place.stated.get(place.plain, ()))
    if field and field.stated and (place.token, place.plain, "docs") not in table.disbelieved():
        stated.append(Stated(field.stated, Source.DOCS, DOCS, Level.WARNING))
    text = str(value)
    # An empty text is how the providers that are made from Terraform's say "not given".
    listed = (text == "" and not place.strict) or any(text in members for members in enums)
    listed = listed or any(text in rule.rule.enum for rule in stated)
    constant = field.constant if field and str in types else None
    # An enumeration beside `str` lags behind the API in the SDKs of AWS and Google: alone it is no refusal, and the
    # API's own list, where there is one, speaks for both.
    sure = place.strict or str not in types
    if not sure and any(row.kind is Source.API and row.rule.enum for row in stated):
        enums = []
    for members in ([(constant,)] if constant else []) + enums:
        if listed or text in members or isinstance(value, bool):
            continue
        same = text.lower() in {member.lower() for member in members}
        kind = catalogue.LETTER_CASE if same else catalogue.NOT_A_MEMBER
        found = place.problem(kind, value, ", ".join(members))
        yield found if sure else replace(found, level=Level.WARNING)
    yield from _against(place, value, tuple(stated), listed=listed)
    if isinstance(value, str | int) and not isinstance(value, bool):
        yield from _form(place, value)


def _against(place: _Place, value: Plain, stated: tuple[Stated, ...], *, listed: bool = False) -> Iterator[Problem]:
    for entry in stated:
        for fault in faults(entry.rule, value, listed=listed):
            found = f"{len(value)} items" if isinstance(value, list) else shown(value)
            kind = value_kind(entry.kind, fault.kind)
            yield Problem(kind, place.path, fault.what, found, fault.allowed, entry.source, entry.level)


def _form(place: _Place, value: str | int) -> Iterator[Problem]:
    for form in table.forms(place.token, place.plain):
        right, allowed = CHECKS[form.check]
        if not right(str(value)):
            kind = value_kind(Source.HAND, "pattern")
            yield Problem(kind, place.path, kind.title, shown(value), allowed, form.source, form.level)
