"""Rules: what each is about (a row of data), what it looks at (types), and what it says (a short function)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final, TypeAlias, cast

from findings import Category, Enforcement, Severity
from policies import facts
from policies.model import Resource, Stack
from policies.values import Reading

UNPLACED: Final = "SOV-X-005"
"""The rule for destinations outside the stack that nobody can place: every sovereignty rule may report under it."""
CATALOGUE: Final = ("rules.csv", "house.csv")
"""Tables of rules: those of the catalogue, and those about the pack's own house."""
FIRM: Final = ("SOV-", "CLS-", "TRF-", "EXM-")
ANY: Final = "*"


@dataclass(frozen=True)
class About:
    """A row of the catalogue: what the rule is called, why it is there, what passes, what mends it.

    `level` is "resource" where one resource decides, else it names "stack". `remediation` says what an update may set.
    """

    id: str
    title: str
    cloud: str
    category: Category
    severity: Severity
    frameworks: tuple[str, ...]
    level: str
    why: str
    expected: str
    remedy: str
    remediation: str

    @property
    def firm(self) -> bool:
        """Whether it takes neither an exemption nor a lower level: sovereignty, and the pack's own order."""
        return self.id.startswith(FIRM)

    @property
    def enforcement(self) -> Enforcement:
        """What a finding does unless somebody configures it: cost and the lowest severity only warn."""
        return Enforcement.ADVISORY if self.severity is Severity.LOW else Enforcement.MANDATORY


@dataclass(frozen=True, slots=True)
class Fail:
    """A violation: at `path` of the resource's inputs (empty for the whole of it), `found` as a finding shows it.

    `under` is the id of another rule that it is reported under; empty for the rule that says so.
    """

    path: str
    message: str
    found: str = ""
    resource: Resource | None = None
    under: str = ""


@dataclass(frozen=True, slots=True)
class Unsure:
    """What a rule could not determine, and why: an unknown value at preview, say."""

    path: str
    reason: str
    resource: Resource | None = None


Said: TypeAlias = "Fail | Unsure"


@dataclass(frozen=True)
class Case:
    """One resource in its stack, with the sentences that most rules need."""

    stack: Stack
    resource: Resource

    def read(self, path: str) -> Reading:
        """The one value at `path`."""
        return self.resource.read(path)

    def read_all(self, path: str) -> Iterator[Reading]:
        """Every value at `path`."""
        return self.resource.read_all(path)

    def fail(self, at: Reading | str, message: str) -> Fail:
        """A violation at a reading or a path."""
        if isinstance(at, str):
            return Fail(at, message)
        return Fail(at.path, message, at.found())

    def unplaced(self, at: Reading, what: str) -> Iterator[Said]:
        """A destination that no resource of the stack is: a violation, unless somebody has looked at it and allowed it.

        `what` says what goes there ("the captured events"). An allowed one is written as it stands in the inputs.
        """
        if self.stack.boundary is None:  # there is nothing to leave
            return
        allowed = {one.lower().rstrip("/") for one in self.stack.parameters.allowed_destinations}
        if at.text.lower().rstrip("/") not in allowed:
            message = (
                f"{at.path} leads {what} to something that this stack does not declare: nobody can tell its region"
            )
            yield Fail(at.path, message, at.found(), under=UNPLACED)

    def unsure(self, at: Reading | str, reason: str = "its value is known only after the update") -> Unsure:
        """What cannot be determined, at a reading or a path."""
        return Unsure(at if isinstance(at, str) else at.path, reason)

    def must_be(self, path: str, *allowed: str, missing: str = "is missing") -> Iterator[Said]:
        """Each value at `path` must be one of `allowed` (letters of either size alike); missing violates."""
        for reading in self.read_all(path):
            if reading.unknown:
                yield self.unsure(reading)
            elif reading.missing:
                yield self.fail(reading, f"{reading.path} {missing}: it must be {' or '.join(allowed)}")
            elif not reading.among(*allowed):
                yield self.fail(reading, f"{reading.path} must be {' or '.join(allowed)}")

    def must_be_true(self, path: str, *, default: bool = False) -> Iterator[Said]:
        """The value at `path` must be true; `default` is what the cloud takes where it is missing."""
        for reading in self.read_all(path):
            if reading.unknown:
                yield self.unsure(reading)
            elif not (default if reading.missing else reading.flag is True):
                yield self.fail(reading, f"{reading.path} must be true")

    def must_not_be_true(self, path: str) -> Iterator[Said]:
        """No value at `path` may be true; missing passes."""
        for reading in self.read_all(path):
            if reading.unknown:
                yield self.unsure(reading)
            elif reading.flag is True:
                yield self.fail(reading, f"{reading.path} must not be true")

    def must_be_present(self, path: str, what: str) -> Iterator[Said]:
        """Something must stand at `path`; an unknown reference counts as present."""
        for reading in self.read_all(path):
            if reading.missing:
                yield self.fail(reading, f"{what} is missing")


Check: TypeAlias = Callable[[Case], Iterable[Said]]
OnStack: TypeAlias = Callable[[Stack], Iterable[Said]]


@dataclass(frozen=True)
class Rule:
    """A rule with its function: `types` is empty for one that looks at the stack as a whole."""

    id: str
    types: tuple[str, ...]
    check: Check | None
    on_stack: OnStack | None

    @cached_property
    def knows_types(self) -> bool:
        """Whether it is about certain types or packages, not about whatever is there."""
        return ANY not in self.types

    @property
    def about(self) -> About:
        """Its row in the catalogue."""
        return catalogue()[self.id]


_RULES: list[Rule] = []


def rule(identity: str, *types: str) -> Callable[[Check], Check]:
    """Declare a check of each resource of `types` (`*` for all, `aws:*` for all of a package) under a catalogue id.

    One id may have several checks, for different types.
    """

    def declare(check: Check) -> Check:
        _RULES.append(Rule(identity, types, check, None))
        return check

    return declare


def stack_rule(identity: str) -> Callable[[OnStack], OnStack]:
    """Declare a check of a whole stack; what it says names the resource."""

    def declare(check: OnStack) -> OnStack:
        _RULES.append(Rule(identity, (), None, check))
        return check

    return declare


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule of the pack, in the catalogue's order. Imports the modules that declare them."""
    from policies import assembly

    assembly.load()
    order = list(catalogue())
    return tuple(sorted(_RULES, key=lambda one: order.index(one.id)))


@cache
def catalogue() -> dict[str, About]:
    """Every rule's row, by id, in the tables' order."""
    return {row["id"]: _about(row) for table in CATALOGUE for row in facts.rows(table)}


def _about(row: dict[str, str]) -> About:
    return About(
        id=row["id"],
        title=row["title"],
        cloud=row["cloud"],
        category=cast("Category", row["category"]),
        severity=Severity(row["severity"]),
        frameworks=tuple(part.strip() for part in row["frameworks"].split(";") if part.strip()),
        level=row["level"],
        why=row["why"],
        expected=row["expected"],
        remedy=row["remedy"],
        remediation=row["remediation"],
    )
