"""What a walk finds, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from policies.model import Resource


class Verdict(Enum):
    """What is known of where a path ends, worst first."""

    LEAVES = "leaves"
    """Outside the boundary, or to something that nobody can place and nobody has allowed."""
    VANISHES = "vanishes"
    """Nowhere: good records are thrown away."""
    UNKNOWN = "unknown"
    """Only the update knows."""
    NAMED = "named"
    """Somebody outside the stack is let in by name; where that one takes the bytes, no resource says."""
    ALLOWED = "allowed"
    """Outside the stack, and somebody has looked at it and allowed it."""
    INSIDE = "inside"


ORDER = tuple(Verdict)


class Spot(NamedTuple):
    """A place, as a report names it, and what is known of it. `path` is the input that says it, where one does."""

    name: str
    verdict: Verdict
    path: str = ""


class Hop(NamedTuple):
    """One step: the input at `path` of the resource `urn` opens the way. `kind` is a word, `what` says what goes."""

    urn: str
    path: str
    kind: str
    what: str


@dataclass(frozen=True)
class Edge:
    """Bytes of `source` can reach `target`, a resource of the stack or a place outside of it."""

    source: Resource
    target: Resource | Spot
    hop: Hop


@dataclass(frozen=True)
class Path:
    """One way out of a store: where it ends, and the steps. `rules` are the ids of the rules that report its end."""

    to: str
    verdict: Verdict
    hops: tuple[Hop, ...]
    rules: tuple[str, ...] = ()
    urn: str | None = None
    """The resource of the stack that it ends at, if it is one."""
    place: str = ""
    """Where that resource lies."""
    through: tuple[str, ...] = ()
    """The names of the stores and programs that it passes on its way."""

    @property
    def silent(self) -> bool:
        """Whether it leaves and no rule says so: a defect of the rules."""
        return self.verdict is Verdict.LEAVES and not self.rules


@dataclass(frozen=True)
class Store:
    """Something that holds or moves data, where it lies, and its ways out, worst first. `what` is a word for it."""

    urn: str
    type: str
    name: str
    what: str
    place: str
    paths: tuple[Path, ...]
    more: int = 0
    """Paths that are not told, because they pass other stores that tell them."""


@dataclass(frozen=True)
class Chart:
    """All stores of a stack. `bounded` says whether a boundary is known: without one nothing can leave it."""

    stack: str
    stores: tuple[Store, ...]
    bounded: bool

    def ending(self, *verdicts: Verdict) -> tuple[tuple[Store, Path], ...]:
        """The paths with one of these verdicts, each with the store that it begins at."""
        return tuple((store, path) for store in self.stores for path in store.paths if path.verdict in verdicts)

    @property
    def fails(self) -> bool:
        """Whether a path leaves the boundary, or good records can vanish."""
        return bool(self.ending(Verdict.LEAVES, Verdict.VANISHES))
