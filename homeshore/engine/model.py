"""What a run of the program yields, as plain data: resources, outputs, and the seam to whoever applies them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from homeshore.engine.values import Plain

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Resource:
    """One registration, as the real engine would have it after it has applied its own rules.

    `inputs` carry the names of the wire (`bucketName`, not `bucket_name`). `provider` is `URN::ID` of the provider
    resource, None for components and providers. `external` marks a resource that is read, not managed.
    `delete_before_replace` is None where the program leaves it to the provider, `protect` where a file does not say it.
    `source_position` is the line of the program that made it, `components/aws/bucket.py:57`, where somebody knows it.
    """

    urn: str
    type: str
    name: str
    custom: bool
    parent: str | None = None
    provider: str | None = None
    inputs: Mapping[str, Plain] = field(default_factory=dict[str, Plain])
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, "tuple[str, ...]"])
    protect: bool | None = False
    retain_on_delete: bool = False
    delete_before_replace: bool | None = None
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    custom_timeouts: Mapping[str, str] = field(default_factory=dict[str, str])
    deleted_with: str | None = None
    import_id: str | None = None
    external: bool = False
    source_position: str | None = None

    @property
    def is_provider(self) -> bool:
        """Whether this is a provider, explicit or default."""
        return self.type.startswith(PROVIDER_PREFIX)

    @property
    def managed(self) -> bool:
        """Whether a cloud holds something for it: not for a component, a provider or a resource that is only read."""
        return self.custom and not self.is_provider and not self.external

    def to_json(self) -> dict[str, object]:
        """The resource as one entry of `resources` in the documented preview shape."""
        return {
            "urn": self.urn,
            "type": self.type,
            "name": self.name,
            "custom": self.custom,
            "parent": self.parent,
            "provider": self.provider,
            "inputs": dict(self.inputs),
            "dependencies": list(self.dependencies),
            "property_dependencies": {key: list(urns) for key, urns in self.property_dependencies.items()},
            "protect": self.protect,
            "retain_on_delete": self.retain_on_delete,
            "delete_before_replace": self.delete_before_replace,
            "ignore_changes": list(self.ignore_changes),
            "replace_on_changes": list(self.replace_on_changes),
            "aliases": list(self.aliases),
            "additional_secret_outputs": list(self.additional_secret_outputs),
            "custom_timeouts": dict(self.custom_timeouts),
            "deleted_with": self.deleted_with,
            "import_id": self.import_id,
            "external": self.external,
            "source_position": self.source_position,
        }


@dataclass(frozen=True)
class Snapshot:
    """Everything one run of the program registered, without a secret's value, in one order (homeshore.engine.order).

    `deployed` says that this is the state after an update: every value is known. `incomplete` says, a sentence each,
    why a file is known not to hold all of the stack.
    """

    project: str
    stack: str
    resources: tuple[Resource, ...]
    outputs: Mapping[str, Plain]
    deployed: bool = False
    incomplete: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The documented shape of `homeshore preview STACK --json`."""
        return {
            "version": FORMAT_VERSION,
            "project": self.project,
            "stack": self.stack,
            "resources": [resource.to_json() for resource in self.resources],
            "outputs": dict(self.outputs),
        }


@dataclass(frozen=True)
class Registered:
    """What a backend made of a resource: its id in the cloud and its outputs, by wire name, all known."""

    id: str
    outputs: Mapping[str, object]


class Backend(Protocol):
    """Applies resources while the program runs. Called from several threads at once."""

    dry_run: bool
    """False: every value is known, outputs that a backend omits are None. True: they are unknown."""

    def register(self, resource: Resource) -> Registered:
        """Apply one custom resource (never a component or a provider) and return its id and outputs.

        The inputs are resolved and secrets are plain values here, as a provider gets them: do not keep or print them.
        Any exception stops the run and surfaces as BackendError.
        """
        ...

    def invoke(self, token: str, args: Mapping[str, Plain]) -> Mapping[str, object]:
        """Answer the function `token` (`aws:index/getCallerIdentity:getCallerIdentity`), by wire names."""
        ...


class BackendError(Exception):
    """A backend failed; the original exception is the `__cause__`."""

    def __init__(self, urn: str, cause: BaseException) -> None:
        super().__init__(f"{urn}: {type(cause).__name__}: {cause}")
        self.urn = urn
        self.__cause__ = cause
