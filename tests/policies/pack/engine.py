"""The part of Pulumi's engine that talks to a policy pack: requests out of plain resources, answers as plain rows."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol, cast

import pulumi
import pulumi.runtime
from google.protobuf import json_format
from pulumi.runtime.proto import analyzer_pb2 as wire
from pulumi_policy import policy as sdk

from policies import configuration
from policies.model import PROVIDER, Resource, Stack
from policies.pack import NAME, policies
from policies.parameters import Parameters

MANDATORY = wire.EnforcementLevel.MANDATORY
ADVISORY = wire.EnforcementLevel.ADVISORY
HOUSE = frozenset({"known-after-update", "known-at-update", "exemptions-expiring", "sovereignty-enabled", "parameters"})


class Told(NamedTuple):
    """One diagnostic: which policy, of which resource, and how firmly."""

    policy: str
    urn: str
    message: str
    level: int


class Pack(Protocol):
    """What a pack answers to, in this process or in another one."""

    def Configure(self, request: Any, context: Any, /) -> Any: ...  # noqa: N802 - the protocol's names

    def Analyze(self, request: Any, context: Any, /) -> Any: ...  # noqa: N802

    def AnalyzeStack(self, request: Any, context: Any, /) -> Any: ...  # noqa: N802

    def Remediate(self, request: Any, context: Any, /) -> Any: ...  # noqa: N802


def here(stack: str = "test", *, dry_run: bool = True) -> Pack:
    """The pack behind the class of the SDK that the real engine talks to, in this process."""
    pulumi.runtime.configure(pulumi.runtime.Settings(project="homeshore", stack=stack, dry_run=dry_run))
    servicer: Any = sdk._PolicyAnalyzerServicer  # pyright: ignore[reportPrivateUsage] - what PolicyPack serves
    return cast("Pack", servicer(NAME, "0.0.1", policies(), sdk.EnforcementLevel.MANDATORY))


def configure(pack: Pack, parameters: Mapping[str, object], levels: Mapping[str, int] | None = None) -> None:
    """Hand the pack its config, as `--policy-pack-config` does."""
    request = wire.ConfigureAnalyzerRequest()
    request.policyConfig["parameters"].enforcementLevel = MANDATORY
    request.policyConfig["parameters"].properties.update(json.loads(json.dumps(parameters)))
    for name, level in (levels or {}).items():
        request.policyConfig[name].enforcementLevel = cast("Any", level)
    pack.Configure(request, None)


def ask(pack: Pack, resources: Iterable[Resource]) -> list[Told]:
    """Ask about each resource in turn, then about all of them, as a preview or an update does."""
    listed = list(resources)
    by_urn = {one.urn: one for one in listed}
    told = [
        row
        for one in listed
        for row in _told(pack.Analyze(_request(wire.AnalyzeRequest(), one, by_urn), None), one.urn)
    ]
    whole = wire.AnalyzeStackRequest()
    for one in listed:
        into = whole.resources.add()
        _request(into, one, by_urn)
        into.parent = one.parent or ""
        into.dependencies.extend(one.dependencies)
        for key, urns in one.property_dependencies.items():
            into.propertyDependencies[key].urns.extend(urns)
    return [*told, *_told(pack.AnalyzeStack(whole, None), "")]


def mended(pack: Pack, resource: Resource, others: Iterable[Resource] = ()) -> dict[str, Any]:
    """The resource's inputs after the pack's remediations; those that it had where there is none."""
    by_urn = {one.urn: one for one in (*others, resource)}
    answer = pack.Remediate(_request(wire.AnalyzeRequest(), resource, by_urn), None)
    inputs: dict[str, Any] = dict(resource.inputs)
    for one in answer.remediations:
        assert not one.diagnostic, one.diagnostic
        inputs = json_format.MessageToDict(one.properties)
    return inputs


def served(stack: Stack) -> list[Resource]:
    """The stack's resources with what the real engine adds: each custom resource has a provider."""
    providers: dict[str, Resource] = {one.urn: one for one in stack.resources if one.is_provider}
    found: list[Resource] = []
    for one in stack.resources:
        if one.is_provider or not one.custom or one.package == "pulumi":
            found.append(one)
            continue
        its = stack.provider_of(one)
        if its is None:
            its = Resource(
                f"urn:pulumi:test::test::{PROVIDER}{one.package}::default", f"{PROVIDER}{one.package}", "default", {}
            )
        providers[its.urn] = its
        found.append(dataclasses.replace(one, provider=its.urn, protect=bool(one.protect)))
    known = {one.urn for one in found}
    return [*(one for urn, one in providers.items() if urn not in known), *found]


def as_config(stack: Stack) -> dict[str, object]:
    """The pack's parameters that give a stack its boundary and its parameters."""
    given: dict[str, object] = {"boundary": stack.boundary.name} if stack.boundary else {}
    for field in dataclasses.fields(Parameters):
        value = getattr(stack.parameters, field.name)
        if field.name in configuration.Told.model_fields:  # the others are the stack's own statement
            given[field.name] = sorted(cast("frozenset[str]", value)) if isinstance(value, frozenset) else value
    return given


def _request(request: Any, one: Resource, by_urn: Mapping[str, Resource]) -> Any:
    request.type, request.urn, request.name = one.type, one.urn, one.name
    request.properties.update(json.loads(json.dumps(one.inputs)))
    request.options.protect = bool(one.protect)
    request.options.parent = one.parent or ""
    provider = by_urn.get((one.provider or "").rsplit("::", 1)[0]) or by_urn.get(one.provider or "")
    if provider is not None:
        request.provider.type, request.provider.urn = provider.type, provider.urn
        request.provider.name = provider.name
        request.provider.properties.update(json.loads(json.dumps(provider.inputs)))
    return request


def _told(answer: Any, urn: str) -> Iterator[Told]:
    for one in answer.diagnostics:
        yield Told(one.policyName, one.urn or urn, one.message, one.enforcementLevel)
