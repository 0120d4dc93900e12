"""How one resource type is applied: read back, create, update, delete; and the one way in which they are combined."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from homeshore.local.aws import Aws
from homeshore.local.compare import differences, without
from homeshore.local.fields import Fields

IDENTITY_TAG = "homeshore-local"


class ApplyError(Exception):
    """The emulator did not do what its API promises; the message names the resource."""


@dataclass(frozen=True)
class Wanted:
    """A resource as the program declares it: resolved inputs under their wire names, and where its provider puts it.

    A stack with a standby has things of one name in two regions.
    """

    urn: str
    type: str
    name: str
    inputs: Fields
    region: str
    account_id: str

    @property
    def identity(self) -> str:
        """The value of the tag by which a resource without a name is found again (at most 256 characters)."""
        return f"{self.name[:200]}@{hashlib.sha256(self.urn.encode()).hexdigest()[:16]}"

    @property
    def tags(self) -> dict[str, str]:
        """The declared tags and the identity."""
        return {**self.inputs.table("tags"), IDENTITY_TAG: self.identity}


@dataclass(frozen=True)
class Found:
    """A resource as the emulator reads it back.

    `state` has the shape of the inputs; `outputs` is what only the cloud knows.
    """

    id: str
    state: Mapping[str, object]
    outputs: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True)
class Kind:
    """The functions of one resource type.

    `create` may set as little as makes the resource exist: whatever then differs goes through `update`, which is also
    what repairs drift and what finishes a run that was killed half-way. `update` gets the names of the inputs that
    differ. `fixed` names inputs that cannot be changed in place. `engine_only` names inputs that tell the deployment
    engine something and have no state in the cloud.
    """

    read: Callable[[Aws, Wanted], Found | None]
    create: Callable[[Aws, Wanted], object]
    update: Callable[[Aws, Wanted, Found, frozenset[str]], object]
    delete: Callable[[Aws, Wanted, Found], object]
    fixed: frozenset[str] = frozenset()
    engine_only: frozenset[str] = frozenset()


def written(
    read: Callable[[Aws, Wanted], Found | None],
    write: Callable[[Aws, Wanted], object],
    delete: Callable[[Aws, Wanted, Found], object],
    *,
    engine_only: frozenset[str] = frozenset(),
) -> Kind:
    """A type whose API has one operation that both creates and replaces."""

    def update(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> object:
        del found, drift
        return write(aws, wanted)

    return Kind(read, write, update, delete, engine_only=engine_only)


class Change(Enum):
    """What applying a resource did."""

    CREATED = "created"
    UPDATED = "updated"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Applied:
    """The outcome for one resource. `unconfirmed` names inputs that were written and read back as something else."""

    found: Found
    change: Change
    drift: frozenset[str]
    unconfirmed: frozenset[str]


def ensure(kind: Kind, aws: Aws, wanted: Wanted, unread: frozenset[str]) -> Applied:
    """Bring the emulator to what is wanted, judged only by what it reads back.

    `unread` are the input paths that this emulator is known not to read back; they are written, never compared.
    Raises ApplyError when a resource that was accepted cannot be found, and botocore's ClientError.
    """
    compared = without(wanted.inputs, unread | kind.engine_only)
    found = kind.read(aws, wanted)
    change = Change.UNCHANGED
    drift = differences(compared, found.state) if found else frozenset[str]()
    if found and drift & kind.fixed:
        kind.delete(aws, wanted, found)
        found, change = None, Change.REPLACED
    if found is None:
        kind.create(aws, wanted)
        change = change if change is Change.REPLACED else Change.CREATED
        found = _read_again(kind, aws, wanted)
        # All that differs is written now, also what will never be read back.
        drift = differences(without(wanted.inputs, kind.engine_only), found.state)
    if not drift:
        return Applied(found, change, drift, frozenset())
    kind.update(aws, wanted, found, drift)
    found = _read_again(kind, aws, wanted)
    left = differences(compared, found.state)
    if change is Change.UNCHANGED and drift - left:
        change = Change.UPDATED
    return Applied(found, change, drift, left)


def _read_again(kind: Kind, aws: Aws, wanted: Wanted) -> Found:
    found = kind.read(aws, wanted)
    if found is None:
        raise ApplyError(f"{wanted.type} {wanted.name!r}: the emulator accepted it and does not show it")
    return found


def listed_tags(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as the list of pairs that most APIs take."""
    return [{key: name, value: text} for name, text in tags.items()]


def read_tags(tags: tuple[Fields, ...], key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Tags from a list of pairs, the identity included."""
    return {tag.text(key): tag.text_or(value) for tag in tags}


def declared(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags without the identity and without the ones that the cloud reserves for itself."""
    return {name: text for name, text in tags.items() if name != IDENTITY_TAG and not name.startswith("aws:")}
