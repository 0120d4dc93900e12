"""The recording monitor: answers the SDK as the real engine does, and keeps what the program registered."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import alias_pb2, resource_pb2

from homeshore.engine import values
from homeshore.engine.configuration import StackStrings
from homeshore.engine.model import PROVIDER_PREFIX, STACK_TYPE, Backend, BackendError, Resource
from homeshore.engine.redaction import Secrets
from homeshore.engine.source import made_at
from homeshore.engine.urns import AliasSpec, alias_urns, make_urn
from homeshore.engine.values import UNKNOWN, Plain

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Struct

FEATURES = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
)
"""What the program may use. Transforms and hooks need a callback server: the SDK refuses them here."""

LEGACY_FEATURES = ("secrets", "resourceReferences", "aliasSpecs", "deletedWith", "replaceWith", "parameterization")
DISABLED_PROVIDERS = "pulumi:disable-default-providers"
GET_RESOURCE = "pulumi:pulumi:getResource"


class Refusal(grpc.RpcError):
    """What the engine answers instead of a result; the SDK takes its text for the user's message."""

    def __init__(self, text: str, code: grpc.StatusCode = grpc.StatusCode.UNKNOWN) -> None:
        super().__init__(text)
        self._text, self._code = text, code

    def code(self) -> grpc.StatusCode:
        """The gRPC status."""
        return self._code

    def details(self) -> str:
        """The message."""
        return self._text


@dataclass
class State:
    """A resource, its state on the wire, and what its children inherit."""

    resource: Resource
    id: str
    object: Struct
    protect: bool
    retain_on_delete: bool
    deleted_with: str


@dataclass
class Monitor:
    """The resource monitor of one run. Thread-safe: the SDK calls from worker threads."""

    project: str
    stack: str
    configuration: StackStrings
    backend: Backend | None = None
    root: Path | None = None
    states: dict[str, State] = field(default_factory=dict[str, State])
    outputs: dict[str, Plain] = field(default_factory=dict[str, Plain])
    secrets: Secrets = field(default_factory=Secrets)
    unanswered: list[str] = field(default_factory=list[str])
    failure: BackendError | None = None
    cancelled: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _packages: dict[bytes, str] = field(default_factory=dict[bytes, str])
    _default_providers: dict[tuple[str, str], str] = field(default_factory=dict["tuple[str, str]", str])

    @property
    def dry_run(self) -> bool:
        """Whether outputs that nobody computed are unknown."""
        return self.backend is None or self.backend.dry_run

    # The SDK calls these by the names of the protocol.

    def GetDeploymentInfo(self, _request: object) -> resource_pb2.DeploymentInfo:  # noqa: N802
        """What this engine supports, and what is deployed."""
        return resource_pb2.DeploymentInfo(
            project=self.project, stack=self.stack, dryRun=self.dry_run, supportedFeatures=FEATURES
        )

    def SupportsFeature(  # noqa: N802
        self, request: resource_pb2.SupportsFeatureRequest
    ) -> resource_pb2.SupportsFeatureResponse:
        """The older way to ask what is supported."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in LEGACY_FEATURES)

    def RegisterPackage(  # noqa: N802
        self, request: resource_pb2.RegisterPackageRequest
    ) -> resource_pb2.RegisterPackageResponse:
        """A reference for a parameterized package; the same request gets the same reference."""
        key = request.SerializeToString(deterministic=True)
        with self._lock:
            ref = self._packages.setdefault(key, str(uuid.uuid5(uuid.NAMESPACE_OID, key.hex())))
        return resource_pb2.RegisterPackageResponse(ref=ref)

    def SignalAndWaitForShutdown(self, _request: object) -> empty_pb2.Empty:  # noqa: N802
        """Nothing runs after the program here."""
        return empty_pb2.Empty()

    def RegisterResource(  # noqa: N802
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        """Record a resource; in a run with a backend, have it applied."""
        self._stop_if_cancelled()
        if request.remote:
            raise Refusal(
                f"{request.type} is a component of a plugin, and this engine runs no plugins: "
                "use a component written in the program's own language"
            )
        urn = make_urn(self.stack, self.project, request.parent, request.type, request.name)
        provider = self._provider_of(request, urn)
        state = self._recorded(request, urn, provider)
        if state.resource.managed and self.backend is not None and not self.backend.dry_run:
            self._apply(state, values.from_struct(request.object))
        return resource_pb2.RegisterResourceResponse(urn=urn, id=state.id, object=state.object)

    def RegisterResourceOutputs(  # noqa: N802
        self, request: resource_pb2.RegisterResourceOutputsRequest
    ) -> empty_pb2.Empty:
        """Keep the outputs of the stack; those of a component are seen by nobody but the program."""
        with self._lock:
            state = self.states.get(request.urn)
            if state is not None and state.resource.type == STACK_TYPE:
                self.outputs = self._masked(request.outputs)
        return empty_pb2.Empty()

    def ReadResource(  # noqa: N802
        self, request: resource_pb2.ReadResourceRequest
    ) -> resource_pb2.ReadResourceResponse:
        """Record a resource that exists already; what the program does not state about it is unknown."""
        self._stop_if_cancelled()
        urn = make_urn(self.stack, self.project, request.parent, request.type, request.name)
        provider = request.provider or self._default_provider(request.type, urn, request.version)
        if not self.dry_run:
            raise Refusal(f"{urn}: this run applies resources and cannot read existing ones")
        resource = Resource(
            urn=urn,
            type=request.type,
            name=request.name,
            custom=True,
            parent=request.parent or None,
            provider=provider or None,
            inputs=self._masked(request.properties),
            dependencies=tuple(sorted(set(request.dependencies))),
            additional_secret_outputs=tuple(request.additionalSecretOutputs),
            import_id=request.id,
            external=True,
            source_position=made_at(_trace(request), self.root),
        )
        self._add(State(resource, request.id, request.properties, False, False, ""))
        return resource_pb2.ReadResourceResponse(urn=urn, id=request.id, properties=request.properties)

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802
        """Answer a function call; without a backend the answer is unknown, because there is no cloud to ask."""
        self._stop_if_cancelled()
        if request.tok == GET_RESOURCE:
            return self._get_resource(request.args["urn"])
        if not request.provider:
            self._refuse_default_provider(request.tok.partition(":")[0], request.tok, "Invoke: ")
        if self.backend is None:
            with self._lock:
                self.unanswered.append(request.tok)
            return resource_pb2.ResourceInvokeResponse(unknown=True)
        try:
            answer = values.to_struct(self.backend.invoke(request.tok, values.from_struct(request.args)))
        except Exception as fault:
            raise self._failed(request.tok, fault) from fault
        return resource_pb2.ResourceInvokeResponse(**cast("Any", {"return": answer}))

    def Call(self, request: resource_pb2.ResourceCallRequest) -> object:  # noqa: N802
        """A method of a resource runs in its provider's plugin, which is not here."""
        raise Refusal(f"{request.tok} is a method of a plugin, and this engine runs no plugins")

    # What the real engine does with a registration before it believes it.

    def _provider_of(self, request: resource_pb2.RegisterResourceRequest, urn: str) -> str | None:
        if not request.custom or request.type.startswith(PROVIDER_PREFIX):
            return None
        return request.provider or self._default_provider(request.type, urn, request.version)

    def _default_provider(self, type_: str, what: str, version: str) -> str:
        package = type_.partition(":")[0]
        if package == "pulumi":
            return ""
        self._refuse_default_provider(package, what)
        with self._lock:
            known = self._default_providers.get((package, version))
        return known or self._register_default_provider(package, version)

    def _refuse_default_provider(self, package: str, what: str, prefix: str = "") -> None:
        listed = self.configuration.values.get(DISABLED_PROVIDERS) or "[]"
        try:
            barred = json.loads(listed)
        except ValueError as fault:
            raise Refusal(f"Failed to parse {listed}: {fault}") from None
        for index, name in enumerate(cast("list[object]", barred if isinstance(barred, list) else [barred])):
            if not isinstance(name, str):
                raise Refusal(f"{DISABLED_PROVIDERS}[{index}] must be a string")
            if package != "pulumi" and name.strip() in ("*", package):
                raise Refusal(
                    f"{prefix}Default provider for '{package}' disabled. '{what}' must use an explicit provider."
                )

    def _register_default_provider(self, package: str, version: str) -> str:
        name = "default" + (f"_{version.replace('.', '_')}" if version else "")
        urn = make_urn(self.stack, self.project, "", PROVIDER_PREFIX + package, name)
        prefix = f"{package}:"
        inputs: dict[str, Plain] = {
            key.removeprefix(prefix): text for key, text in self.configuration.values.items() if key.startswith(prefix)
        }
        if version:
            inputs["version"] = version
        resource = Resource(urn=urn, type=PROVIDER_PREFIX + package, name=name, custom=True, inputs=inputs)
        state = State(resource, self._provider_id(urn), values.to_struct(inputs), False, False, "")
        with self._lock:
            self.states.setdefault(urn, state)
            return self._default_providers.setdefault((package, version), f"{urn}::{state.id}")

    def _provider_id(self, urn: str) -> str:
        return UNKNOWN if self.dry_run else str(uuid.uuid5(uuid.NAMESPACE_URL, urn))

    def _recorded(self, request: resource_pb2.RegisterResourceRequest, urn: str, provider: str | None) -> State:
        """The request as a resource, added to the record. Raises Refusal for a URN that is taken."""
        parent = self.states.get(request.parent)
        protect = request.protect if request.HasField("protect") else bool(parent and parent.protect)
        retain = (
            request.retainOnDelete if request.HasField("retainOnDelete") else bool(parent and parent.retain_on_delete)
        )
        deleted_with = request.deletedWith or (parent.deleted_with if parent else "")
        if request.type.startswith(PROVIDER_PREFIX) and request.version:
            request.object["version"] = request.version
        own = [_alias(alias) for alias in cast("Iterable[alias_pb2.Alias]", request.aliases)]
        resource = Resource(
            urn=urn,
            type=request.type,
            name=request.name,
            custom=request.custom,
            parent=request.parent or None,
            provider=provider or None,
            inputs=self._masked(request.object),
            dependencies=tuple(sorted(set(request.dependencies))),
            property_dependencies={
                key: tuple(sorted(set(found.urns)))
                for key, found in sorted(request.propertyDependencies.items())
                if found.urns
            },
            protect=protect,
            retain_on_delete=retain,
            delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
            ignore_changes=tuple(request.ignoreChanges),
            replace_on_changes=tuple(request.replaceOnChanges),
            aliases=alias_urns(own, urn, request.type, request.parent, parent.resource.aliases if parent else ()),
            additional_secret_outputs=tuple(sorted(request.additionalSecretOutputs)),
            custom_timeouts=_timeouts(request),
            deleted_with=deleted_with or None,
            import_id=request.importId or None,
            source_position=None if request.type == STACK_TYPE else made_at(_trace(request), self.root),
        )
        state = State(resource, self._first_id(resource), _preview_outputs(request), protect, retain, deleted_with)
        self._add(state)
        return state

    def _first_id(self, resource: Resource) -> str:
        if resource.is_provider:
            return self._provider_id(resource.urn)
        return (resource.import_id or "") if resource.custom else ""

    def _add(self, state: State) -> None:
        urn = state.resource.urn
        with self._lock:
            if urn in self.states:
                raise Refusal(f"Duplicate resource URN '{urn}'; try giving it a unique name")
            self.states[urn] = state

    def _masked(self, struct: Struct) -> dict[str, Plain]:
        """The values as a snapshot may hold them; the secrets among them are remembered, to be kept out of logs."""
        plain = values.from_struct(struct)
        self.secrets.learn(plain)
        return cast("dict[str, Plain]", values.masked(plain))

    def _apply(self, state: State, inputs: dict[str, Plain]) -> None:
        assert self.backend is not None  # noqa: S101 - the caller asked
        known = cast("dict[str, Plain]", values.revealed(inputs))
        try:
            made = self.backend.register(replace(state.resource, inputs=known))
            hidden = {key for key, value in inputs.items() if values.contains_secret(value)}
            hidden.update(state.resource.additional_secret_outputs)
            outputs = {
                key: values.secret(cast("Plain", value)) if key in hidden else value
                for key, value in made.outputs.items()
            }
            state.object = values.to_struct(outputs)
        except Exception as fault:
            raise self._failed(state.resource.urn, fault) from fault
        self.secrets.learn(values.from_struct(state.object))
        state.id = made.id

    def _failed(self, urn: str, fault: Exception) -> Refusal:
        """Stop the run at the first fault of the backend: what is under way ends, nothing new starts."""
        error = BackendError(urn, fault)
        with self._lock:
            self.failure = self.failure or error
            self.cancelled = True
        return Refusal(str(error), grpc.StatusCode.INTERNAL)

    def _stop_if_cancelled(self) -> None:
        if self.cancelled:
            raise Refusal("the run was stopped", grpc.StatusCode.CANCELLED)

    def _get_resource(self, urn: object) -> resource_pb2.ResourceInvokeResponse:
        with self._lock:
            state = self.states.get(str(urn))
        if state is None:
            raise Refusal(f"unknown resource {urn}")
        answer = values.to_struct({"urn": state.resource.urn, "id": state.id, "state": {}})
        answer["state"] = state.object
        return resource_pb2.ResourceInvokeResponse(**cast("Any", {"return": answer}))

    def resources(self) -> tuple[Resource, ...]:
        """What was registered, in the order of registration."""
        with self._lock:
            return tuple(state.resource for state in self.states.values())


def _alias(alias: alias_pb2.Alias) -> str | AliasSpec:
    if alias.WhichOneof("alias") == "urn":
        return alias.urn
    spec = alias.spec
    return AliasSpec(spec.name, spec.type, spec.stack, spec.project, spec.parentUrn, spec.noParent)


def _timeouts(request: resource_pb2.RegisterResourceRequest) -> Mapping[str, str]:
    if not request.HasField("customTimeouts"):
        return {}
    given = request.customTimeouts
    durations = {"create": given.create, "read": given.read, "update": given.update, "delete": given.delete}
    return {action: duration for action, duration in durations.items() if duration}


def _preview_outputs(request: resource_pb2.RegisterResourceRequest) -> Struct:
    """What a provider's preview returns: the inputs as they are; all else is computed, hence unknown."""
    if not request.custom:
        return values.to_struct({})
    identities = _lists_identities(request)
    if not (request.additionalSecretOutputs or identities):
        return request.object
    outputs = values.from_struct(request.object)
    if identities:
        cast("dict[str, Plain]", outputs["identity"])["userAssignedIdentities"] = UNKNOWN
    for key in request.additionalSecretOutputs:
        outputs[key] = values.secret(outputs.get(key, UNKNOWN))
    return values.to_struct(outputs)


def _lists_identities(request: resource_pb2.RegisterResourceRequest) -> bool:
    """Whether this is a resource of Azure with identities: a list of ids goes in, a mapping of details comes out."""
    if not request.type.startswith("azure-native:") or "identity" not in request.object.fields:
        return False
    identity = request.object.fields["identity"].struct_value
    return "userAssignedIdentities" in identity.fields


def _trace(request: object) -> object:
    """The call stack of a registration; the SDK's stubs do not describe it."""
    return getattr(request, "stackTrace", None)
