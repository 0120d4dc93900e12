"""What ties a region and its standby together: S3 copies each new object of one lake into the other."""

from __future__ import annotations

import pulumi
from pulumi_aws import iam

from components.aws import grants
from components.aws.bucket import Bucket
from components.aws.documents import document
from components.aws.place import AwsComponent, own
from components.base import RegionalComponent
from components.contracts import BucketHandle, Stores


class Pair(AwsComponent):
    """Copies what the processors store, in both directions, so that failing back needs no copying by hand.

    While the standby waits it writes nothing, so nothing flows back. Objects from before the pair are not copied, nor
    are deletions, the raw failed batches, and what SQL derives (silver, gold, query results). Kinesis copies nothing
    and has no address for both regions: producers are pointed to the other one.
    """

    def __init__(self, name: str, *, primary: Stores, standby: Stores, parent: RegionalComponent) -> None:
        super().__init__("Pair", name, parent)
        here, there = _lake(primary.lake), _lake(standby.lake)
        role = self.role(
            f"{name}-role",
            role="replication",
            service="s3.amazonaws.com",
            description="Lets S3 copy new objects between the lakes of the region and its standby",
        )
        allowed: list[pulumi.Resource] = [
            iam.RolePolicy(
                f"{name}-data-policy",
                name="data",
                role=role.name,
                policy=document(*grants.copy_objects(self.place, here.physical_name, there.physical_name)),
                opts=self.child(),
            ),
            self._key_policy(f"{name}-key-policy", "key", role, here),
            self._key_policy(f"{name}-standby-key-policy", "standby-key", role, there),
        ]
        here.copy_to(f"{name}-replication", there, role=role.arn, after=allowed)
        there.copy_to(f"{name}-replication-back", here, role=role.arn, after=allowed)
        self.uri: pulumi.Output[str] = primary.stream.uri
        self.register_outputs({"uri": self.uri})

    def _key_policy(self, name: str, policy: str, role: iam.Role, lake: Bucket) -> iam.RolePolicy:
        return iam.RolePolicy(
            name,
            name=policy,
            role=role.name,
            policy=lake.key_id.apply(lambda arn: document(*grants.copy_under_key(lake.place, lake.physical_name, arn))),
            opts=self.child(),
        )


def _lake(handle: BucketHandle) -> Bucket:
    return own(
        handle,
        Bucket,
        "standby and bring.bucket: copying into the standby is set on the lake itself, and a bucket that is brought "
        "along is not changed: leave one of the two out",
    )
