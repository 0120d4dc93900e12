"""Who a value means: an ARM id, a host, a URL or a bare name, joined to the stack's resources by type and own name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias
from weakref import WeakKeyDictionary

from policies.azure.facts import GROUP, LOGS, WORKSPACE, Named, named, types_of_host
from policies.model import Resource, Stack, Target
from policies.values import Reading, read

_HOST: Final = re.compile(r"(?:[a-z0-9+.-]+://|tcp:)?(?:[^/@]*@)?([^/:?#,]+)")
"""The host of an address: `abfss://files@HOST/`, `tcp:HOST,1433`, or the host alone."""
_SUBSCRIPTION: Final = re.compile(r"/subscriptions/([^/]+)/")
ON_DEMAND: Final = "-ondemand"
"""What stands behind a workspace's name in the host of its serverless SQL."""
NOBODY: Final = ""
"""The key of those whose owner is not known yet."""
Grouped: TypeAlias = dict[str, tuple[Resource, ...]]
_REMEMBERED: Final[WeakKeyDictionary[Stack, dict[tuple[str, ...], Grouped]]] = WeakKeyDictionary()


def target(stack: Stack, resource: Resource, reading: Reading, *types: str) -> Target:
    """What the value of `reading`, an input of `resource`, means among the stack's resources of `types`.

    A known value is compared with names; an unknown one is what the engine says that its input depends on.
    """
    if reading.missing:
        return Target(reading)
    linked = tuple(dict.fromkeys(_linked(stack, resource, reading, types)))
    if reading.unknown:
        return Target(reading, linked)
    meant = tuple(one for kind in types for one in _meant(stack, reading.text, kind))
    both = tuple(one for one in meant if one in linked)
    # A resource that Azure's plugin names by itself has no name to compare yet: the link alone says that it is meant.
    return Target(reading, both or meant or tuple(one for one in linked if not own_name(one)))


def owner(stack: Stack, resource: Resource, kind: str) -> Target:
    """The resource of `kind` that `resource` is a part of: the account of a container, say."""
    return target(stack, resource, resource.read(named()[kind].input), kind)


def parts(stack: Stack, one: Resource, kind: str) -> tuple[Resource, ...]:
    """The resources of `kind` that are parts of `one`."""
    return _parts(stack, kind, one.type).get(one.urn, ())


def unjoined(stack: Stack, kind: str, owner_kind: str) -> bool:
    """Whether a resource of `kind` is a part of something that nobody knows yet: it may be of any."""
    return NOBODY in _parts(stack, kind, owner_kind)


def _parts(stack: Stack, kind: str, owner_kind: str) -> Grouped:
    """The resources of `kind` by the URN of their owner; under NOBODY those whose owner nobody knows yet."""

    def group() -> Grouped:
        found: Grouped = {}
        for part in stack.of(kind):
            aim = owner(stack, part, owner_kind)
            for urn in (NOBODY,) if aim.unknown else (one.urn for one in aim.inside):
                found[urn] = (*found.get(urn, ()), part)
        return found

    return remembered(stack, ("parts", kind, owner_kind), group)


def remembered(stack: Stack, what: tuple[str, ...], make: Callable[[], Grouped]) -> Grouped:
    """What was grouped once of a stack, for as long as the stack lives."""
    kept = _REMEMBERED.setdefault(stack, {})
    if what not in kept:
        kept[what] = make()
    return kept[what]


def own_name(resource: Resource) -> str:
    """The name in small letters that the resource's own input gives it; empty where Azure's plugin will name it."""
    kind = named().get(resource.type)
    return resource.read(kind.input).text.lower() if kind else ""


def name_of(text: str, kind: Named) -> str:
    """The name of a resource of `kind` in a reference to it, in small letters; empty where it names another type."""
    text = text.strip().lower()
    if text.startswith("/"):
        found = re.search(rf"/{re.escape(kind.arm)}/([^/?]+)", text)
        return found[1] if found else ""
    name, _, suffix = host_of(text).partition(".")
    if suffix and not _serves(suffix, kind.type):
        return ""
    return name.removesuffix(ON_DEMAND if kind.type == WORKSPACE else "")


def host_of(text: str) -> str:
    """The host in an address, or the bare name that stands for one; empty for a resource id."""
    found = _HOST.match(text.strip().lower())
    return found[1] if found else ""


def _serves(suffix: str, kind: str) -> bool:
    """Whether resources of `kind` have hosts that end so; anything goes where the table knows no host of the type."""
    known = [one for one, kinds in types_of_host().items() if kind in kinds]
    return not known or any(suffix == one or suffix.endswith(f".{one}") for one in known)


def _linked(stack: Stack, resource: Resource, reading: Reading, types: Iterable[str]) -> Iterator[Resource]:
    """What the input depends on: resources of `types`, or those that its parts (a key, a container) belong to."""
    top = re.split(r"[.\[]", reading.path, maxsplit=1)[0]
    # Files written by hand say what a resource depends on, not through which input.
    for urn in resource.property_dependencies.get(top, ()) if resource.property_dependencies else resource.dependencies:
        one = stack.by_urn.get(urn)
        if one is None or one is resource:
            continue
        if one.type in types:
            yield one
            continue
        for kind in types:
            parent = named()[kind].input
            if parent != "name" and read(one.inputs, parent).present and one.type not in named():
                yield from owner(stack, one, kind).inside


def _meant(stack: Stack, text: str, kind: str) -> tuple[Resource, ...]:
    name = name_of(text, named()[kind])
    found = _by_name(stack, kind).get(name, ()) if name else ()
    found = tuple(one for one in found if not _elsewhere(stack, one, text))
    if len(found) > 1 and kind != GROUP and text.startswith("/"):
        # Namesakes stand in different groups, and an id says in which; one alone is meant whatever its group is called.
        group = name_of(text, named()[GROUP])
        return tuple(one for one in found if group in _groups(stack, one)) or found
    return found


def _elsewhere(stack: Stack, resource: Resource, text: str) -> bool:
    """Whether an id is of another subscription, or a workspace of another group, than the resource's provider says.

    A provider that is held to no subscription leaves open whose ids its stack's files spell out, and how exactly.
    """
    found = _SUBSCRIPTION.match(text.strip().lower())
    provider = stack.provider_of(resource) if found else None
    own = provider.read("subscriptionId").text.lower() if provider is not None else ""
    if found is None or not own:
        return False
    # Other names are unique in Azure: no other group can have them.
    grouped = resource.type == LOGS and not {name_of(text, named()[GROUP]), ""} & _groups(stack, resource)
    return own != found[1] or grouped


def _groups(stack: Stack, resource: Resource) -> frozenset[str]:
    """What the group that `resource` stands in is called."""
    stated = resource.read(named()[GROUP].input)
    return frozenset({stated.text.lower(), *map(own_name, target(stack, resource, stated, GROUP).inside)})


def _by_name(stack: Stack, kind: str) -> Grouped:
    """The stack's resources of a type by name. One that gives none goes by its name in the program."""

    def group() -> Grouped:
        found: Grouped = {}
        for one in stack.of(kind):
            own = one.read(named()[kind].input)
            name = own.text.lower() or ("" if own.unknown else one.name.lower())
            found[name] = (*found.get(name, ()), one)
        return found

    return remembered(stack, ("names", kind), group)
