"""Stacks for the tests of the rules, from plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geography
from policies.judge import judge
from policies.model import Resource, Stack
from policies.parameters import Parameters

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:test::test::{kind}::{name}"


def res(
    kind: str,
    name: str = "it",
    inputs: Mapping[str, Any] | None = None,
    *,
    links: Mapping[str, tuple[str, ...]] | None = None,
    provider: str | None = None,
    **options: Any,
) -> Resource:
    """A resource; `links` gives the URNs (see `urn`) that each input depends on, `provider` a provider's URN."""
    linked = dict(links or {})
    everything = tuple(dict.fromkeys(one for urns in linked.values() for one in urns))
    return Resource(
        urn(kind, name),
        kind,
        name,
        dict(inputs or {}),
        provider=provider,
        dependencies=everything,
        property_dependencies=linked,
        **options,
    )


def provider(package: str, name: str = "primary", **inputs: Any) -> Resource:
    """An explicit provider of `package`."""
    return res(f"pulumi:providers:{package}", name, inputs)


def stack(boundary: str | None, *resources: Resource, **parameters: Any) -> Stack:
    """A stack inside `boundary`, the name of one in geography."""
    inside = geography.boundary(boundary) if boundary else None
    return Stack("test", resources, boundary=inside, parameters=Parameters(**parameters))


def findings(found: Stack, *rules: str) -> set[tuple[str, str]]:
    """The (rule, path) of every violation; of the given rules only, where there are any."""
    return {(one.rule.id, one.said.path) for one in judge(found, rules or None).failed}


def unsure(found: Stack, *rules: str) -> set[tuple[str, str]]:
    """The (rule, path) of everything that could not be determined."""
    return {(one.rule.id, one.said.path) for one in judge(found, rules or None).unsure}
