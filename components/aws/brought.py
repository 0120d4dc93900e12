"""What exists already and is used instead of being made: handles, and nothing that is changed.

What its owner must have set is in docs/bring-your-own.md.
"""

from __future__ import annotations

import pulumi

from components.aws import grants
from components.aws.place import AwsComponent
from components.aws.store import Store
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
)


class BroughtKey(AwsComponent):
    """A KMS key of the placement's region: rotation, deletion and key policy are its owner's."""

    def __init__(self, name: str, brought: str, spec: KeySpec, *, parent: RegionalComponent) -> None:  # noqa: ARG002
        super().__init__("BroughtKey", name, parent)
        self.physical_name = brought
        self.name = self.resource_id = self.uri = _known(brought)
        self.register_outputs({"resource_id": self.resource_id})

    def grant_use(self, name: str, principal: pulumi.Input[str]) -> list[pulumi.Resource]:
        """Let the role of that name encrypt and decrypt with the key."""
        return self.let(name, principal, key=(self.resource_id, grants.use_key_alone()))


class BroughtBucket(Store):
    """A bucket of the placement's region: its rules, policy, versions, encryption and logs are its owner's."""

    def __init__(
        self,
        name: str,
        brought: str,
        spec: BucketSpec,  # noqa: ARG002 - the owner's bucket is as it is
        *,
        key: KeyHandle,
        parent: RegionalComponent,
    ) -> None:
        super().__init__("BroughtBucket", name, parent, bucket=brought, key_id=key.resource_id)
        self.name = _known(brought)
        self.resource_id = _known(self.place.bucket_arn(brought))
        self.uri = _known(f"s3://{brought}")
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})


class BroughtVpc(AwsComponent):
    """Subnets of the placement's region and the security groups that limit the processor's connections."""

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
        self.physical_name = ",".join(brought.subnet_ids)
        self.subnet_ids = [_known(subnet) for subnet in brought.subnet_ids]
        self.guard_ids = [_known(guard) for guard in brought.guard_ids]
        self.name = self.resource_id = self.uri = _known(self.physical_name)
        self.register_outputs({"name": self.name})


def _known(value: str) -> pulumi.Output[str]:
    return pulumi.Output.from_input(value)


BRING = Bring(BroughtKey, BroughtBucket, BroughtVpc)
