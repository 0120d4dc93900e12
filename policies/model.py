"""A stack as the rules see it: plain resources, who refers to whom, where each lies, and what the boundary is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import geography
from policies.parameters import Parameters
from policies.places import place
from policies.values import End, Leaf, Plain, Reading, State, ends, read, read_all, texts

CLOUDS: Final = {"aws": "aws", "aws-native": "aws", "azure-native": "azure", "azure": "azure", "gcp": "gcp"}
PROVIDER: Final = "pulumi:providers:"
AZURE_GROUP: Final = "azure-native:resources:ResourceGroup"
NAMES: Final = (
    *("name", "bucket", "accountName", "namespaceName", "eventHubName", "vaultName", "workspaceName", "containerName"),
    *("resourceGroupName", "keyName", "topic", "datasetId", "tableId", "keyRing", "functionName", "serverName"),
    *("clusterName", "jobName", "registryName", "repositoryId", "secretId", "accountId", "dashboardName"),
)
"""Inputs that may carry a resource's own name in its cloud."""


@dataclass(frozen=True, eq=False)
class Resource:
    """One registration, of any engine: `inputs` in the names of the wire, `provider` the URN of its provider.

    `protect` is None where the source does not say whether it is protected.
    """

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Plain]
    parent: str | None = None
    provider: str | None = None
    custom: bool = True
    protect: bool | None = False
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, "tuple[str, ...]"])

    @cached_property
    def package(self) -> str:
        """The package of its type: aws, azure-native, gcp, pulumi, or a stranger's."""
        return self.type.removeprefix(PROVIDER) if self.is_provider else self.type.partition(":")[0]

    @cached_property
    def cloud(self) -> str | None:
        """aws, azure or gcp; None for a type of none of them."""
        return CLOUDS.get(self.package)

    @cached_property
    def is_provider(self) -> bool:
        """Whether it is a provider, explicit or default."""
        return self.type.startswith(PROVIDER)

    def read(self, path: str) -> Reading:
        """The one value at `path`; see policies.values.read."""
        return read(self.inputs, path)

    def read_all(self, path: str) -> Iterator[Reading]:
        """Every value at `path`; see policies.values.read_all."""
        return read_all(self.inputs, path)

    @cached_property
    def ends(self) -> tuple[End, ...]:
        """Every value in its inputs that holds no other; see policies.values.ends."""
        return tuple(ends(self.inputs))

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """Every known text in its inputs."""
        return tuple(texts(self.ends))

    @cached_property
    def known_as(self) -> frozenset[str]:
        """The names, in small letters, by which others may refer to it, as far as its inputs say."""
        named = (self.read(key) for key in NAMES if key in self.inputs)
        return frozenset(one.text.lower() for one in named if one.text)


@dataclass(frozen=True)
class Target:
    """What a value refers to: resources of the stack, else the text of something outside it.

    `unknown` says that there is a reference and nobody knows to what. Nothing at all is a missing reading.
    """

    reading: Reading
    inside: tuple[Resource, ...] = ()

    @property
    def unknown(self) -> bool:
        """A reference whose target nobody knows."""
        return not self.inside and self.reading.unknown

    @property
    def outside(self) -> str:
        """The text of a reference to something that this stack does not declare; empty where there is none."""
        return "" if self.inside else self.reading.text


class Stack:
    """The resources of one stack, with what joins them. `boundary` is None where nobody has named one."""

    def __init__(
        self,
        name: str,
        resources: Iterable[Resource],
        *,
        boundary: geography.Boundary | None = None,
        parameters: Parameters | None = None,
    ) -> None:
        self.name = name
        self.resources = tuple(resources)
        self.boundary = boundary
        self.parameters = parameters or Parameters()
        self._located: dict[Resource, Reading] = {}
        self._works: dict[Resource, Reading | None] = {}
        self.by_urn: dict[str, Resource] = {one.urn: one for one in self.resources}
        self.by_type: dict[str, list[Resource]] = {}
        for one in self.resources:
            self.by_type.setdefault(one.type, []).append(one)

    def of(self, *types: str) -> Iterator[Resource]:
        """The resources of the given types, in the stack's order within each."""
        for kind in types:
            yield from self.by_type.get(kind, ())

    def provider_of(self, resource: Resource) -> Resource | None:
        """The provider that makes `resource`, where the stack knows it; unsaid, the only one of its package."""
        if resource.provider:
            return self.by_urn.get(resource.provider.rsplit("::", 1)[0]) or self.by_urn.get(resource.provider)
        only = self.by_type.get(f"{PROVIDER}{resource.package}", [])
        return only[0] if len(only) == 1 else None

    def target(self, resource: Resource, reading: Reading, *types: str) -> Target:
        """What the value of `reading`, an input of `resource`, refers to; only resources of `types` where given."""
        if reading.missing:
            return Target(reading)
        top = re.split(r"[.\[]", reading.path, maxsplit=1)[0]
        linked = (self.by_urn.get(urn) for urn in resource.property_dependencies.get(top, ()))
        candidates = [one for one in linked if one is not None and (not types or one.type in types)]
        text = reading.text.lower()
        if text:
            words = _words(text)
            named = [one for one in candidates if one.known_as & words] or self._named(text, types)
            # A resource whose inputs carry no name: the text is what the cloud called it, and the link says who it is.
            named = named or [one for one in candidates if not one.known_as]
            return Target(reading, tuple(named))
        return Target(reading, tuple(candidates))

    def referring(self, resource: Resource, kind: str, path: str) -> Iterator[Resource]:
        """The resources of type `kind` whose input at `path` refers to `resource`: siblings joined by dependencies."""
        for one in self.of(kind):
            if any(resource in self.target(one, reading, resource.type).inside for reading in one.read_all(path)):
                yield one

    def location(self, resource: Resource) -> Reading:
        """Where `resource` lies, as its inputs, its group or its provider say; MISSING where none does."""
        found = self._located.get(resource)
        if found is None:
            found = self._located[resource] = self._location(resource)
        return found

    def _location(self, resource: Resource) -> Reading:
        # Only AWS has an input `location` that means something else (a site of Direct Connect, say).
        for key in ("region",) if resource.cloud == "aws" else ("region", "location", "zone"):
            own = resource.read(key)
            if own.present:
                return own
        if resource.cloud == "azure" and resource.type != AZURE_GROUP:
            group = resource.read("resourceGroupName")
            target = self.target(resource, group, AZURE_GROUP)
            for one in target.inside:
                return self.location(one)
        provider = self.provider_of(resource)
        theirs = self._worked_in(provider) if provider is not None else None
        return theirs or Reading("location" if resource.cloud == "azure" else "region", State.MISSING)

    def _worked_in(self, provider: Resource) -> Reading | None:
        """Where a provider works: read once, for all that it makes."""
        if provider not in self._works:
            said = (provider.read(key) for key in ("region", "location", "zone"))
            self._works[provider] = next((one for one in said if one.present), None)
        return self._works[provider]

    def region(self, resource: Resource) -> geography.Region | None:
        """The place of `resource` in the table of regions; None where it is not known, or no region of its cloud."""
        where = self.location(resource)
        return place(resource.cloud or "", where.text) if where.text else None

    def holds(self, region: geography.Region) -> bool:
        """Whether `region` lies inside the boundary. True where no boundary is known: there is nothing to leave."""
        return self.boundary is None or self.boundary.holds(region)

    def _named(self, text: str, types: tuple[str, ...]) -> list[Resource]:
        found: dict[str, Resource] = {}
        for word in _words(text):
            for one in self._index.get(word, ()):
                if not types or one.type in types:
                    found[one.urn] = one
        return list(found.values())

    @cached_property
    def _index(self) -> dict[str, list[Resource]]:
        index: dict[str, list[Resource]] = {}
        for one in self.resources:
            for name in one.known_as:
                index.setdefault(name, []).append(one)
        return index


def _words(text: str) -> frozenset[str]:
    """The names that a reference may mean: itself, the parts of an id or ARN, a URL's bucket, a host's label."""
    words = {text}
    rest = re.sub(r"^[a-z0-9+]+://", "", text)
    host, _, path = rest.partition("/")
    if rest != text:
        words |= {host, host.split("@")[-1], host.split("@")[-1].split(".")[0], host.split("@")[0]}
    words |= {part for part in re.split(r"[/:]", rest) if part}
    if path:
        words.add(path)
    return frozenset(words)
