"""What exists already and is used instead of being made: bindings are added to it, and nothing of it is changed.

What its owner must have set is in docs/bring-your-own.md.
"""

from __future__ import annotations

import pulumi

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
from components.gcp.managed_key import ManagedKey
from components.gcp.place import GcpComponent
from components.gcp.store import Store


class BroughtKey(ManagedKey):
    """A key of the placement's region, of this project or another: rotation and deletion are its owner's.

    The agents of the services that encrypt with it are bound to it, each by a binding of its own, for without that they
    refuse to make anything. With both keys for deleting data turned, a destroy takes these bindings away.
    """

    def __init__(self, name: str, brought: str, spec: KeySpec, *, parent: RegionalComponent) -> None:  # noqa: ARG002
        super().__init__("BroughtKey", name, parent)
        self.physical_name = brought
        self.name = self.resource_id = self.uri = _known(brought)
        self.let_in()
        self.register_outputs({"resource_id": self.resource_id})


class BroughtBucket(Store):
    """A bucket of the placement's region: its location, rules, versions, encryption and logs are its owner's.

    Who is granted something gets a binding on it.
    """

    def __init__(
        self,
        name: str,
        brought: str,
        spec: BucketSpec,  # noqa: ARG002 - the owner's bucket is as it is
        *,
        key: KeyHandle,  # noqa: ARG002 - the service encrypts with the bucket's own default key
        parent: RegionalComponent,
    ) -> None:
        super().__init__("BroughtBucket", name, parent, bucket=brought)
        self.name = _known(brought)
        self.resource_id = _known(f"projects/_/buckets/{brought}")
        self.uri = _known(f"gs://{brought}")
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})


class BroughtVpc(GcpComponent):
    """A subnetwork of the placement's region, of this project or of the one that shares it.

    The workers carry the network tag that they would have in a network of ours, so that its owner's firewall rules can
    name them (`guard_ids`). Nothing is added to it: routes, names, rules and, for a shared network, the right of Cloud
    Run's agent to use it are its owner's.
    """

    def __init__(
        self,
        name: str,
        brought: BroughtNetwork,
        spec: NetworkSpec,  # noqa: ARG002 - its flow logs are its owner's
        *,
        key: KeyHandle,  # noqa: ARG002
        lake: BucketHandle,  # noqa: ARG002 - the ways to the services are its owner's
        failed: BucketHandle,  # noqa: ARG002
        stream: StreamHandle,  # noqa: ARG002
        parent: RegionalComponent,
    ) -> None:
        super().__init__("BroughtNetwork", name, parent)
        if brought.network is None or brought.subnetwork is None:
            raise Unsupported("bring.network: a network of Google Cloud is a network and a subnetwork: name both")
        self.physical_name = brought.network
        self.subnet_ids = [_known(brought.subnetwork)]
        self.guard_ids = [_known(self.regional("processor"))]
        self.name = self.resource_id = self.uri = _known(brought.network)
        self.register_outputs({"name": self.name})


def _known(value: str) -> pulumi.Output[str]:
    return pulumi.Output.from_input(value)


BRING = Bring(BroughtKey, BroughtBucket, BroughtVpc)
