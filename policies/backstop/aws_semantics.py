"""What service control policies deny, as AWS's documentation of policy evaluation has it: an interpreter, not AWS.

Only what the guard's own statements use: Deny with Action or NotAction on every resource, and these condition
operators. A key that a request does not carry makes a positive operator false, a negated one true, and any set
operator ForAnyValue false.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from policies.backstop.guard import Document
from policies.values import Plain

REGION: Final = "aws:RequestedRegion"


@dataclass(frozen=True)
class Request:
    """A call: "kms:CreateKey", the region that it is sent to, and the values of its condition keys.

    `region` is empty where nobody knows it: no condition on it is then said to hold.
    """

    action: str
    region: str
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, "tuple[str, ...]"])

    def values(self, key: str) -> tuple[str, ...]:
        """The values of a condition key; none where the call does not carry it."""
        return (self.region,) if key == REGION else self.keys.get(key, ())


def denied_by(documents: Iterable[Document], request: Request) -> Iterator[str]:
    """The ids of the statements that deny `request`. Raises ValueError for a statement that we do not understand."""
    for document in documents:
        for statement in cast("list[dict[str, Plain]]", document.content["Statement"]):
            if statement["Effect"] != "Deny" or statement["Resource"] != "*":
                raise ValueError(f"{document.name}: not a denial of everything: {statement['Sid']}")
            if _speaks_of(statement, request.action) and _holds(statement.get("Condition") or {}, request):
                yield str(statement["Sid"])


def _speaks_of(statement: Mapping[str, Plain], action: str) -> bool:
    if "NotAction" in statement:
        return not _named(statement["NotAction"], action)
    return _named(statement["Action"], action)


def _named(patterns: Plain, action: str) -> bool:
    return any(fnmatch.fnmatchcase(action.lower(), one.lower()) for one in _texts(patterns))


def _holds(condition: Plain, request: Request) -> bool:
    """Whether every operator holds for every key."""
    blocks = cast("dict[str, dict[str, Plain]]", condition)
    return all(
        (key != REGION or bool(request.region)) and _compared(operator, request.values(key), _texts(wanted))
        for operator, keys in blocks.items()
        for key, wanted in keys.items()
    )


def _compared(operator: str, values: tuple[str, ...], wanted: list[str]) -> bool:
    if operator == "Null":
        return (not values) == (wanted == ["true"])
    quantifier, _, name = operator.rpartition(":")
    if quantifier not in {"", "ForAnyValue"} or name not in OPERATORS:
        raise ValueError(f"condition operator {operator} is not understood")
    matches, negated = OPERATORS[name]
    if not values:
        return negated and not quantifier
    return any(any(matches(value, one) for one in wanted) != negated for value in values)


def _like(value: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(value, pattern)


def _same(value: str, wanted: str) -> bool:
    return value == wanted


def _same_truth(value: str, wanted: str) -> bool:
    return value.lower() == wanted.lower()


OPERATORS: Final[Mapping[str, tuple[Callable[[str, str], bool], bool]]] = {
    "StringEquals": (_same, False),
    "StringNotEquals": (_same, True),
    "ArnNotLike": (_like, True),
    "Bool": (_same_truth, False),
}
"""Each operator: how one value is compared with one that is wanted, and whether the outcome is turned round."""


def _texts(value: Plain) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
