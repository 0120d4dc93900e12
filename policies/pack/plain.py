"""From what Pulumi's policy SDK hands over to plain resources. No value is read through its proxies, which raise.

A component has no provider: that is how it is told from what a cloud holds, for the engine does not say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from pulumi_policy import PolicyProviderResource, PolicyResource, ResourceValidationArgs
from pulumi_policy.deserialize import serialize_properties

from policies.model import PROVIDER, Resource
from policies.values import Plain


def alone(args: ResourceValidationArgs) -> Iterator[Resource]:
    """The resource that is about to be made, and its provider: all that is known of the stack by then."""
    if args.provider is not None:
        yield _provider(args.provider)
    yield Resource(
        urn=args.urn,
        type=args.resource_type,
        name=args.name,
        inputs=properties(args.props),
        parent=args.opts.parent or None,
        provider=args.provider.urn if args.provider else None,
        custom=args.provider is not None or args.resource_type.startswith(PROVIDER),
        protect=args.opts.protect,
    )


def together(resources: Iterable[PolicyResource]) -> Iterator[Resource]:
    """Every resource of the stack, and the providers that only their users name."""
    providers: dict[str, PolicyProviderResource] = {}
    listed: set[str] = set()
    for one in resources:
        listed.add(one.urn)
        if one.provider is not None:
            providers[one.provider.urn] = one.provider
        yield Resource(
            urn=one.urn,
            type=one.resource_type,
            name=one.name,
            inputs=properties(one.props),
            parent=one.parent.urn if one.parent else one.opts.parent or None,
            provider=one.provider.urn if one.provider else None,
            custom=one.provider is not None or one.resource_type.startswith(PROVIDER),
            protect=one.opts.protect,
            dependencies=tuple(other.urn for other in one.dependencies),
            property_dependencies={
                key: tuple(other.urn for other in others) for key, others in one.property_dependencies.items()
            },
        )
    yield from (_provider(one) for urn, one in providers.items() if urn not in listed)


def properties(proxies: Mapping[str, object]) -> dict[str, Plain]:
    """The properties as plain data: an unknown as Pulumi's mark of it, an asset under its signature."""
    # The SDK's own way back to the wire, which opens its proxies without asking them for a value.
    return cast("dict[str, Plain]", serialize_properties(proxies))


def _provider(provider: PolicyProviderResource) -> Resource:
    return Resource(provider.urn, provider.resource_type, provider.name, properties(provider.props))
