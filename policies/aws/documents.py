"""Reads policy documents: a JSON text or an object, one statement or several, with unknown parts left unknown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, cast
from weakref import WeakKeyDictionary

from policies.model import Resource
from policies.rules import Case
from policies.values import Reading, as_json, is_unknown, opened

# A condition under which a statement for everybody speaks to one organisation, account, network or key's caller.
NARROWING: Final = frozenset(
    {
        *("aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths"),
        *("aws:principalaccount", "aws:sourceaccount", "aws:principalarn", "aws:sourcearn", "aws:sourceowner"),
        *("aws:sourcevpce", "aws:sourcevpc", "aws:vpcesourceaccount", "aws:vpcesourceorgid", "kms:calleraccount"),
        *("s3:dataaccesspointaccount", "s3:dataaccesspointarn"),
    }
)
EQUALS: Final = frozenset(
    {"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"}
    | {"foranyvalue:stringequals", "foranyvalue:stringlike", "foranyvalue:arnlike", "foranyvalue:arnequals"}
)


_KEPT: WeakKeyDictionary[Resource, dict[str, tuple[Document, ...]]] = WeakKeyDictionary()
"""What was read of a resource, by path: several rules ask for the same policy."""


@dataclass(frozen=True)
class Statement:
    """One statement, its elements by name in small letters. `label` is its Sid, or its number."""

    label: str
    elements: Mapping[str, object]

    def texts(self, element: str) -> tuple[str, ...]:
        """The known texts of an element, one or many."""
        return tuple(one for one in _members(self.elements.get(element)) if not is_unknown(one))

    def uncertain(self, element: str) -> bool:
        """Whether some of an element is unknown. An unknown inside a principal's kind is a reference to somebody."""
        if isinstance(opened(self.elements.get(element)), Mapping):
            return False
        return any(is_unknown(one) for one in _members(self.elements.get(element)))

    def has(self, element: str) -> bool:
        """Whether the element is there."""
        return opened(self.elements.get(element)) not in (None, "", [])

    @property
    def allows(self) -> bool:
        """Whether it allows; an unknown effect may."""
        effect = opened(self.elements.get("effect"))
        return is_unknown(effect) or str(effect).lower() == "allow"

    @property
    def denies(self) -> bool:
        """Whether it is known to deny."""
        return str(opened(self.elements.get("effect"))).lower() == "deny"

    @property
    def principals(self) -> tuple[tuple[str, str], ...]:
        """The known principals with their kind ("AWS", "Service" …); a bare star is of the kind AWS."""
        found = opened(self.elements.get("principal"))
        if isinstance(found, Mapping):
            block = cast("Mapping[str, object]", found)
            return tuple((kind, one) for kind in block for one in _members(block[kind]) if not is_unknown(one))
        return tuple(("AWS", one) for one in _members(found) if not is_unknown(one))

    @property
    def speaks_to_everybody(self) -> bool:
        """Whether its principal is a star, or everybody but somebody."""
        return self.has("notprincipal") or any(one.strip() == "*" for _, one in self.principals)

    @property
    def conditions(self) -> Iterator[tuple[str, str, tuple[str, ...], bool]]:
        """Each condition: operator and key in small letters, its known values, and whether some are unknown."""
        block = opened(self.elements.get("condition"))
        if not isinstance(block, Mapping):
            return
        for operator, keys in cast("Mapping[str, object]", block).items():
            inner = opened(keys)
            if not isinstance(inner, Mapping):
                continue
            for key, value in cast("Mapping[str, object]", inner).items():
                members = _members(value)
                known = tuple(one for one in members if not is_unknown(one))
                yield operator.lower(), key.lower(), known, len(known) < len(members)

    @property
    def condition_unknown(self) -> bool:
        """Whether nobody can tell what its condition is."""
        block = opened(self.elements.get("condition"))
        if isinstance(block, str) and is_unknown(block):
            return True
        inner = cast("Mapping[str, object]", block).values() if isinstance(block, Mapping) else ()
        return any(is_unknown(opened(one)) for one in inner)

    @property
    def narrowed(self) -> bool:
        """Whether a condition holds it to an organisation, account, network endpoint or a key's caller.

        "…IfExists" and "ForAllValues:" hold for a caller who brings no such value, so they narrow nothing.
        """
        return any(
            operator in EQUALS and key in NARROWING and (some_unknown or (values and all(map(_specific, values))))
            for operator, key, values, some_unknown in self.conditions
        )


@dataclass(frozen=True)
class Document:
    """The statements of a policy. `unknown` says that some of it cannot be read yet, `broken` that nobody ever will."""

    at: Reading
    statements: tuple[Statement, ...]
    unknown: bool
    broken: bool = False


def document(reading: Reading) -> Document:
    """The policy that stands at a reading; one that is missing has no statements, one that is no JSON is unknown."""
    if not reading.present or reading.unknown:
        return Document(reading, (), reading.unknown)
    value = opened(reading.value)
    found = as_json(value) if isinstance(value, str) else value
    if not isinstance(found, Mapping):
        return Document(reading, (), unknown=True, broken=True)
    by_name = _lowered(cast("Mapping[str, object]", found))
    listed = opened(by_name.get("statement"))
    if listed is None:
        return Document(reading, (), unknown=False)
    members = cast("list[object]", listed) if isinstance(listed, list) else [listed]
    statements: list[Statement] = []
    unknown = False
    for number, member in enumerate(members):
        body = opened(member)
        if isinstance(body, Mapping):
            elements = _lowered(cast("Mapping[str, object]", body))
            label = opened(elements.get("sid"))
            named = isinstance(label, str) and label and not is_unknown(label)
            statements.append(Statement(str(label) if named else f"statement {number + 1}", elements))
        else:
            unknown = True
    return Document(reading, tuple(statements), unknown)


def documents(case: Case, *paths: str) -> Iterator[Document]:
    """The policies at the inputs' paths that are there."""
    kept = _KEPT.setdefault(case.resource, {})
    for path in paths:
        if path not in kept:
            kept[path] = tuple(document(one) for one in case.read_all(path) if one.present)
        yield from kept[path]


def matches(pattern: str, text: str) -> bool:
    """Whether an IAM pattern (stars and question marks, nothing else is special) covers a text."""
    return fnmatchcase(text.lower(), pattern.lower().replace("[", "[[]"))


def _specific(value: str) -> bool:
    """Whether a value names somebody: not everything, and no ARN of every account."""
    if not value.strip("*?"):
        return False
    parts = value.split(":")
    is_arn = value.startswith("arn:") and len(parts) > 5  # noqa: PLR2004 - arn:partition:service:region:account:resource
    # An ARN of a service without accounts (a bucket) is specific by its name.
    return not is_arn or bool(parts[4].strip("*?")) or (not parts[4] and bool(parts[5].strip("*?/")))


def _members(value: object) -> tuple[str, ...]:
    here = opened(value)
    if here is None:
        return ()
    several = cast("list[object]", here) if isinstance(here, list) else [here]
    opened_ones = (opened(one) for one in several)
    return tuple(_text(one) for one in opened_ones if one is not None)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _lowered(block: Mapping[str, object]) -> dict[str, object]:
    return {key.lower(): member for key, member in block.items()}
