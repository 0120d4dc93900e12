"""What became of each bend of a stack: caught, equivalent with the reason, or survived with what is known of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase
from functools import cache
from typing import Final, NamedTuple

from policies.judge import SOVEREIGNTY
from policies.model import Stack
from policies.score.abroad import Abroad, rows
from policies.score.bends import Bend
from policies.score.operators import every
from policies.score.trace import Catch, Traced
from policies.score.ways import OPERATOR

WANTED_PERCENT: Final = 98.0
"""What each stack must reach."""
NO_CATCH: Final = frozenset({"CLS-X-001"})
"""Rules whose finding is no catch: that nobody has looked at a type says nothing of what the bend did."""


class Fate(Enum):
    """What became of a bend."""

    CAUGHT = "caught"
    EQUIVALENT = "equivalent"
    SURVIVED = "survived"


class Row(NamedTuple):
    """A row of a table about uncaught bends: patterns, several in one cell, `*` for any letters; and the reason."""

    operators: tuple[str, ...]
    types: tuple[str, ...]
    paths: tuple[str, ...]
    after: str
    reason: str

    def matches(self, bend: Bend) -> bool:
        """Whether it is about `bend`. Brackets in a path are letters like others."""
        return (
            any(fnmatchcase(bend.operator, one) for one in self.operators)
            and any(fnmatchcase(bend.type, one) for one in self.types)
            and any(fnmatchcase(_round(path), _round(one)) for one in self.paths for path in (bend.plain, bend.path))
            and fnmatchcase(_round(bend.after), _round(self.after))
        )


def _round(path: str) -> str:
    return path.replace("[", "(").replace("]", ")")


@cache
def equivalents() -> tuple[Row, ...]:
    """Bends that change nothing of place, encryption, exposure or keeping; the first row that matches counts."""
    return _table("equivalents.csv")


@cache
def known_survivors() -> tuple[Row, ...]:
    """Bends that open something and that no rule catches, with why that is so."""
    return _table("survivors.csv")


def _table(name: str) -> tuple[Row, ...]:
    return tuple(
        Row(
            tuple(row["operators"].split()),
            tuple(row["types"].split()),
            tuple(row["paths"].split() or ["*"]),
            row["after"] or "*",
            row["reason"],
        )
        for row in rows(name)
    )


@dataclass(frozen=True)
class Weighed:
    """One bend without its resources: what a report shows.

    `catches` are those that count; `reason` says why there are none, and `row` which row of its table says so.
    """

    operator: str
    type: str
    name: str
    path: str
    before: str
    after: str
    fate: Fate
    catches: frozenset[Catch]
    reason: str = ""
    row: int = -1


@dataclass(frozen=True)
class Score:
    """The bends of one stack."""

    stack: str
    boundary: str
    bends: tuple[Weighed, ...]
    guest: bool = field(default=False)

    def of(self, fate: Fate) -> list[Weighed]:
        """The bends with one fate."""
        return [one for one in self.bends if one.fate is fate]

    @property
    def percent(self) -> float:
        """Of the bends that are not equivalent, how many were caught; 0 where there are none."""
        return percent(len(self.of(Fate.CAUGHT)), len(self.of(Fate.SURVIVED)))

    @property
    def enough(self) -> bool:
        """Whether it is as many as each stack must reach."""
        return self.percent >= WANTED_PERCENT

    def without(self, rule: str) -> float:
        """The percentage if the pack did not have `rule`: what nothing else caught survives."""
        lost = sum(1 for one in self.of(Fate.CAUGHT) if all(rule in catch for catch in one.catches))
        return percent(len(self.of(Fate.CAUGHT)) - lost, len(self.of(Fate.SURVIVED)) + lost)


def percent(caught: int, survived: int) -> float:
    """Caught out of both, in percent; 0 where there are none."""
    return 100.0 * caught / (caught + survived) if caught + survived else 0.0


def weigh(stack: Stack, *, sample: int = 1, guest: bool = False) -> Score:
    """Bend `stack` in every way, or in each `sample`-th of them, and judge each. Raises NotClean, ValueError.

    ValueError: the stack has no boundary, so there is nothing to leave.
    """
    if stack.boundary is None:
        raise ValueError(f"{stack.name}: has no boundary: nothing can leave it")
    traced = Traced(stack)
    bends = list(every(stack, Abroad(stack.boundary)))
    return Score(stack.name, stack.boundary.name, tuple(_weighed(traced, one) for one in bends[::sample]), guest)


def _weighed(traced: Traced, bend: Bend) -> Weighed:
    catches = frozenset(one for one in traced.caught_by(bend) if one.rule not in NO_CATCH)
    if bend.operator.startswith(OPERATOR):  # a stranger beside the stack lacks labels and logs too: that is no catch
        catches = frozenset(one for one in catches if one.rule.startswith(SOVEREIGNTY))
    fate, reason, number = (Fate.CAUGHT, "", -1) if catches else _uncaught(bend)
    return Weighed(
        operator=bend.operator,
        type=bend.type,
        name=bend.name,
        path=bend.path,
        before=bend.before,
        after=bend.after,
        fate=fate,
        catches=catches,
        reason=reason,
        row=number,
    )


def _uncaught(bend: Bend) -> tuple[Fate, str, int]:
    for fate, table in ((Fate.SURVIVED, known_survivors()), (Fate.EQUIVALENT, equivalents())):
        for number, row in enumerate(table):
            if row.matches(bend):
                return fate, row.reason, number
    return Fate.SURVIVED, "", -1


def per_operator(scores: Iterable[Score]) -> dict[str, Counter[Fate]]:
    """How many bends of each operator had which fate, by operator in the order in which they were first seen."""
    found: dict[str, Counter[Fate]] = {}
    for one in (bend for score in scores for bend in score.bends):
        found.setdefault(one.operator.partition(":")[0], Counter())[one.fate] += 1
    return found
