"""Two snapshots of a stack, before and after a change → what the change does. Pure: no file, no process, no cloud."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from homeshore.base.model import Change, Difference, StackDiff, Whereabouts
from homeshore.base.replacing import NOBODY_SAYS, Effect, Ruling, matches, ruling
from homeshore.base.values import Place, places
from homeshore.engine.model import Resource, Snapshot
from homeshore.engine.values import UNKNOWN, Plain
from homeshore.foreign import known

OPTION: Final = "options."
"""Paths of options begin so; no input's name has a dot at the top."""
_ANOTHER_PROVIDER: Final = Ruling(Effect.REPLACE, "Pulumi: another provider makes the resource anew")
_REPLACED_PROVIDER: Final = Ruling(Effect.REPLACE, "Pulumi: its provider is made anew")
_RENAMED: Final = Ruling(Effect.UPDATE, "an alias joins the two names")
_IN_THE_STATE: Final = Ruling(Effect.UPDATE, "Pulumi keeps it in its state")


def compare(stack: str, before: Snapshot | None, after: Snapshot | None) -> StackDiff:
    """What happens when the program that gave `before` becomes the one that gives `after`.

    None is a stack that has no file on that side: all of it is added, or all of it would be deleted.
    """
    where = Whereabouts.NEW if before is None else Whereabouts.GONE if after is None else Whereabouts.BOTH
    return _Comparison(_kept(before), _kept(after)).outcome(stack, where)


def compare_all(before: Mapping[str, Snapshot], after: Mapping[str, Snapshot]) -> list[StackDiff]:
    """What becomes of each stack that is on either side, by name."""
    found = [compare(name, before.get(name), after.get(name)) for name in sorted({*before, *after})]
    gone = {_inventory(one.deleted): one.stack for one in found if one.whereabouts is Whereabouts.GONE}
    return [
        replace(one, looks_like=gone.get(_inventory(one.added))) if one.whereabouts is Whereabouts.NEW else one
        for one in found
    ]


def _inventory(resources: Iterable[Resource]) -> frozenset[str]:
    """What a stack holds, whatever it is called."""
    return frozenset(one.urn.split("::", 1)[-1] for one in resources)


def _kept(snapshot: Snapshot | None) -> dict[str, Resource]:
    """What a cloud or an engine holds something for: no components, nothing that is only read."""
    resources = snapshot.resources if snapshot else ()
    return {
        one.urn: replace(one, inputs={key: known(value) for key, value in one.inputs.items()})
        for one in resources
        if one.custom and not one.external
    }


@dataclass
class _Comparison:
    before: Mapping[str, Resource]
    after: Mapping[str, Resource]
    unknown: int = 0
    secret: int = 0
    pairs: dict[str, str] = field(default_factory=dict[str, str])
    """URNs: after → before."""

    def outcome(self, stack: str, where: Whereabouts) -> StackDiff:
        self.pairs = _paired(self.before, self.after)
        changes = {urn: list(self._changes(urn)) for urn in self.pairs}
        self._follow(changes)
        differences = tuple(
            Difference(self.before[self.pairs[urn]], self.after[urn], tuple(rows))
            for urn, rows in changes.items()
            if rows
        )
        added = tuple(one for urn, one in self.after.items() if urn not in self.pairs)
        paired = set(self.pairs.values())
        deleted = tuple(one for urn, one in self.before.items() if urn not in paired)
        return StackDiff(
            stack=stack,
            whereabouts=where,
            added=added,
            deleted=deleted,
            differences=differences,
            unchanged=len(self.pairs) - len(differences),
            unknown=self.unknown,
            secret=self.secret,
            lookalikes=_lookalikes(added, deleted),
        )

    def _changes(self, urn: str) -> Iterator[Change]:
        """What differs in one resource by itself; counts what cannot be compared."""
        before, after = self.before[self.pairs[urn]], self.after[urn]
        if before.urn != after.urn:
            yield Change(f"{OPTION}urn", before.urn, after.urn, _RENAMED)
        yield from self._options(before, after)
        for place in places(dict(before.inputs), dict(after.inputs)):
            self.unknown += place.unknown
            self.secret += place.secret
            if place.differs and not _ignored(after, place):
                yield Change(place.path, place.before, place.after, _ruling(after, place))

    def _options(self, before: Resource, after: Resource) -> Iterator[Change]:
        old, new = _provider(before), _provider(after)
        if old != new and self.pairs.get(new) != old and not (_is_default(old) and _is_default(new)):
            yield Change(f"{OPTION}provider", old, new, _ANOTHER_PROVIDER)
        if before.type != after.type:
            yield Change(f"{OPTION}type", before.type, after.type, NOBODY_SAYS)
        if before.protect != after.protect:
            yield Change(f"{OPTION}protect", before.protect, after.protect, _IN_THE_STATE)
        if before.retain_on_delete != after.retain_on_delete:
            yield Change(f"{OPTION}retainOnDelete", before.retain_on_delete, after.retain_on_delete, _IN_THE_STATE)

    def _follow(self, changes: dict[str, list[Change]]) -> None:
        """Add what follows from replacements, in the order of the resources: each stands after what it depends on."""
        replaced: set[str] = set()
        for urn, rows in changes.items():
            after, provider = self.after[urn], _provider(self.after[urn])
            if provider in replaced:
                rows.append(Change(f"{OPTION}provider", provider, provider, _REPLACED_PROVIDER, follows=provider))
            if not _replaces(rows):
                rows.extend(self._handed_on(after, replaced))
            if _replaces(rows):
                replaced.add(urn)

    def _handed_on(self, after: Resource, replaced: set[str]) -> list[Change]:
        """Inputs that come from a replaced resource: unknown or secret on both sides, and most likely another value."""
        before = self.before[self.pairs[after.urn]]
        found: list[Change] = []
        for key, urns in after.property_dependencies.items():
            source = next((urn for urn in urns if urn in replaced), None)
            if source is None or key not in before.inputs or key not in after.inputs:
                continue
            for place in places(before.inputs[key], after.inputs[key], key):
                if not place.differs and not _ignored(after, place):
                    found.append(Change(place.path, place.before, place.after, _ruling(after, place), follows=source))
        return found


def _replaces(rows: Iterable[Change]) -> bool:
    return any(row.ruling.effect is Effect.REPLACE for row in rows)


def _ignored(after: Resource, place: Place) -> bool:
    return any(matches(pattern, place.path) for pattern in after.ignore_changes)


def _ruling(after: Resource, place: Place) -> Ruling:
    if any(matches(pattern, place.path) for pattern in after.replace_on_changes):
        said = Ruling(Effect.REPLACE, "the option replace_on_changes")
    else:
        said = ruling(after.type, place.path)
    if said.effect is Effect.REPLACE and (place.secret or UNKNOWN in (place.before, place.after)):
        return Ruling(Effect.UNKNOWN, said.source)  # the two may turn out to be the same: a fixed name comes back
    return said


def _paired(before: Mapping[str, Resource], after: Mapping[str, Resource]) -> dict[str, str]:
    """URNs of the same resource, after → before: the same URN, else the first alias that nobody else has."""
    pairs = {urn: urn for urn in after if urn in before}
    taken = set(pairs)
    for urn, resource in after.items():
        earlier = next((alias for alias in resource.aliases if alias in before and alias not in taken), None)
        if urn not in pairs and earlier is not None:
            pairs[urn] = earlier
            taken.add(earlier)
    return {urn: pairs[urn] for urn in after if urn in pairs}


def _provider(resource: Resource) -> str:
    """The URN of the provider resource; "" for none."""
    return (resource.provider or "").rpartition("::")[0]


def _is_default(provider: str) -> bool:
    """Whether the engine made the provider: its name says the version, and another one replaces nothing."""
    return provider.rpartition("::")[2].partition("_")[0] == "default"


def _lookalikes(added: Iterable[Resource], deleted: Iterable[Resource]) -> dict[str, str]:
    """Added resources, by URN, that are a deleted one but for its name: a rename that lacks its alias."""
    by_shape: dict[tuple[str, str], list[str]] = {}
    for one in deleted:
        by_shape.setdefault(_shape(one), []).append(one.urn)
    return {one.urn: found.pop(0) for one in added if one.inputs and (found := by_shape.get(_shape(one)))}


def _shape(resource: Resource) -> tuple[str, str]:
    inputs: Mapping[str, Plain] = resource.inputs
    return resource.type, json.dumps(inputs, sort_keys=True).replace(resource.name, "\0")
