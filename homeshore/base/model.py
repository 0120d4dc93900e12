"""What a change does to a stack, as plain data, and its documented JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from homeshore.base.replacing import Effect, Ruling
from homeshore.engine.model import Resource
from homeshore.engine.values import Plain


class Whereabouts(Enum):
    """On which side a stack has a file."""

    BOTH = "both"
    NEW = "new"
    GONE = "gone"


class Absent(Enum):
    """No such input on this side; JSON has null for it, as for a null that the program states."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


@dataclass(frozen=True)
class Change:
    """One input that differs. A side that has no such input is ABSENT.

    `follows` is the URN of a replaced resource from which the value comes: it is unknown or secret on both
    sides, and most likely another one.
    """

    path: str
    before: Plain | Absent
    after: Plain | Absent
    ruling: Ruling
    follows: str | None = None

    def to_json(self) -> dict[str, object]:
        """One row without its resource."""
        return {
            "path": self.path,
            "before": _shown(self.before),
            "after": _shown(self.after),
            "effect": self.ruling.effect.value,
            "source": self.ruling.source,
            "follows": self.follows,
        }


def _shown(value: Plain | Absent) -> Plain:
    return None if isinstance(value, Absent) else value


@dataclass(frozen=True)
class Difference:
    """A resource that both sides have and that is not the same: `was` is its earlier URN, where it was renamed."""

    before: Resource
    after: Resource
    changes: tuple[Change, ...]

    @property
    def was(self) -> str | None:
        """The earlier URN, where an alias joins the two."""
        return self.before.urn if self.before.urn != self.after.urn else None

    @property
    def replaced(self) -> bool:
        """Whether it is made anew, for sure."""
        return any(change.ruling.effect is Effect.REPLACE for change in self.changes)

    @property
    def may_be_replaced(self) -> bool:
        """Whether nobody here knows that it is changed in place."""
        return not self.replaced and any(change.ruling.effect is Effect.UNKNOWN for change in self.changes)


@dataclass(frozen=True)
class StackDiff:
    """What becomes of one stack. Components and resources that are only read count nowhere: no cloud holds them.

    `unknown` and `secret` count inputs that nobody can compare: known after `pulumi up` only, or hidden, on both sides.
    `lookalikes` maps the URN of an added resource to a deleted one that differs in nothing but its name; `looks_like`
    is the gone stack whose resources a new stack has.
    """

    stack: str
    whereabouts: Whereabouts
    added: tuple[Resource, ...] = ()
    deleted: tuple[Resource, ...] = ()
    differences: tuple[Difference, ...] = ()
    unchanged: int = 0
    unknown: int = 0
    secret: int = 0
    lookalikes: dict[str, str] = field(default_factory=dict[str, str])
    looks_like: str | None = None

    @property
    def replaced(self) -> tuple[Difference, ...]:
        """Resources that are made anew, for sure."""
        return tuple(one for one in self.differences if one.replaced)

    @property
    def changed(self) -> tuple[Difference, ...]:
        """The other resources that differ."""
        return tuple(one for one in self.differences if not one.replaced)

    @property
    def refused(self) -> tuple[Resource, ...]:
        """Protected resources that would be deleted or replaced: Pulumi refuses the whole update."""
        gone = self.deleted if self.whereabouts is not Whereabouts.GONE else ()
        return tuple(one for one in (*gone, *(one.before for one in self.replaced)) if one.protect)

    @property
    def empty(self) -> bool:
        """Whether nothing would happen."""
        return not (self.added or self.deleted or self.differences)

    def counts(self) -> dict[str, int]:
        """Resources by what becomes of them, and inputs that cannot be compared."""
        return {
            "added": len(self.added),
            "changed": len(self.changed),
            "replaced": len(self.replaced),
            "deleted": len(self.deleted),
            "unchanged": self.unchanged,
            "may_replace": sum(one.may_be_replaced for one in self.differences),
            "protected": len(self.refused),
            "unknown": self.unknown,
            "secret": self.secret,
        }

    def to_json(self) -> dict[str, object]:
        """One entry of `stacks` in the documented shape."""
        return {
            "stack": self.stack,
            "state": self.whereabouts.value,
            "looks_like": self.looks_like,
            "added": [{**_identity(one), "looks_like": self.lookalikes.get(one.urn)} for one in self.added],
            "changed": [
                {
                    **_identity(one.after),
                    "was": one.was,
                    "may_replace": one.may_be_replaced,
                    **change.to_json(),
                }
                for one in self.changed
                for change in one.changes
            ],
            "replaced": [
                {
                    **_identity(one.after),
                    "was": one.was,
                    **_hold(one.before),
                    "delete_before_replace": one.after.delete_before_replace,
                    "changes": [change.to_json() for change in one.changes],
                }
                for one in self.replaced
            ],
            "deleted": [{**_identity(one), **_hold(one)} for one in self.deleted],
            "summary": self.counts(),
        }


def _identity(resource: Resource) -> dict[str, object]:
    return {"urn": resource.urn, "type": resource.type, "name": resource.name}


def _hold(resource: Resource) -> dict[str, object]:
    return {"protect": resource.protect, "retain_on_delete": resource.retain_on_delete}
