"""What exists already and is used instead of being made: handles, and little that is added to what they name.

What its owner must have set is in docs/bring-your-own.md.
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import network

from components.azure.bucket import Bucket
from components.azure.key import Key
from components.azure.network import Network
from components.azure.place import AzureComponent, own
from components.azure.stream import Stream
from components.base import RegionalComponent
from components.contracts import (
    Bring,
    BroughtNetwork,
    BucketHandle,
    BucketSpec,
    KeyHandle,
    KeySpec,
    NetworkSpec,
    StreamHandle,
    Unsupported,
)


class BroughtKey(Key):
    """A key of a vault that exists already: rotation, expiry and network are its owner's.

    The stack's encrypting identity is let in to that one key. Its own vault is made as always: the pseudonym key lies
    there, encrypted by Key Vault itself.
    """

    def __init__(self, name: str, brought: str, spec: KeySpec, *, parent: RegionalComponent) -> None:
        super().__init__(name, spec, parent=parent, kind="BroughtKey", brought=brought)


class BroughtBucket(Bucket):
    """A container of an account that exists already: its rules, network, encryption and logs are its owner's.

    Roles on that one container are assigned, two of them of the stack's own, and private endpoints lead to it.
    """

    def __init__(
        self,
        name: str,
        brought: str,
        spec: BucketSpec,
        *,
        key: KeyHandle,
        parent: RegionalComponent,
    ) -> None:
        base = own(key, Key)
        # Not the constructor of Bucket, which would make what is there already.
        AzureComponent.__init__(self, "BroughtBucket", name, parent, group=base.group)
        self.found_at(brought, spec, logs=None)
        # There is nothing of it to wait for; the vault is there before anything else.
        self.account = self.blobs = base.vault
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})


class BroughtVnet(Network):
    """Subnets that exist already: their guards, flow logs and names are their owner's.

    Private endpoints are made in the subnet for them. A network resolves each name by one private zone only, and its
    owner mostly has them: so the stack makes none, and the owner's lead to the endpoints.
    """

    def __init__(
        self,
        name: str,
        brought: BroughtNetwork,
        spec: NetworkSpec,  # noqa: ARG002 - its flow logs are its owner's
        *,
        key: KeyHandle,
        lake: BucketHandle,
        failed: BucketHandle,
        stream: StreamHandle,
        parent: RegionalComponent,
    ) -> None:
        base = own(key, Key)
        # Not the constructor of Network, which would make what is there already.
        AzureComponent.__init__(self, "BroughtNetwork", name, parent, group=base.group)
        self.processor_subnet_id = named_subnet("processor_subnet", brought.processor_subnet)
        self.sink_subnet_id = named_subnet("jobs_subnet", brought.jobs_subnet)
        self.endpoints_subnet_id = named_subnet("endpoints_subnet", brought.endpoints_subnet)
        self.vnet_id = self.processor_subnet_id.partition("/subnets/")[0]
        self.physical_name = self.vnet_id.rpartition("/")[2]
        self.vnet, self.flows = base.vault, None
        self.connect_parts(name, base, [own(lake, Bucket), own(failed, Bucket)], own(stream, Stream))
        self.subnet_ids = [pulumi.Output.from_input(self.processor_subnet_id)]
        self.guard_ids = []
        self.name = pulumi.Output.from_input(self.physical_name)
        self.resource_id = self.uri = pulumi.Output.from_input(self.vnet_id)
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})

    def name_endpoint(self, name: str, physical: str, zone: str, endpoint: network.PrivateEndpoint) -> None:
        """Nothing: the owner's zone has that name."""


def named_subnet(what: str, subnet: str | None) -> str:
    """`subnet`, which the key `what` of bring.network names. Raises Unsupported if it does not."""
    if subnet is None:
        raise Unsupported(f"bring.network: a network of Azure needs {what}")
    return subnet


BRING = Bring(BroughtKey, BroughtBucket, BroughtVnet)
