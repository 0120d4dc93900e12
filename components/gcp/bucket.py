"""Object stores."""

from __future__ import annotations

import pulumi
from pulumi_gcp import storage

from components.base import RegionalComponent
from components.contracts import BucketSpec, Handle, KeyHandle, Unsupported
from components.gcp import names
from components.gcp.closed import closed_bucket
from components.gcp.logs import Logs
from components.gcp.managed_key import ManagedKey
from components.gcp.place import own
from components.gcp.store import Store


class Bucket(Store):
    """A private, versioned bucket, encrypted with our own key and with no other, reached under IAM permissions only.

    It lies in the region, which for Cloud Storage is always several zones of it, and in no other: a bucket of two
    regions could not have a key of one. What a standby needs is copied into a bucket of its own (standby.py).

    Who reads and writes objects is in the audit entries that `logs` keeps; what the lifecycle rules delete is only in
    the usage logs, which lie there too.
    """

    def __init__(self, name: str, spec: BucketSpec, *, key: KeyHandle, logs: Handle, parent: RegionalComponent) -> None:
        super().__init__("Bucket", name, parent, bucket=names.world_wide(parent.scope.names, spec.role))
        if spec.redundancy != "zone":
            raise Unsupported(
                f"storage redundancy {spec.redundancy!r}: Cloud Storage keeps a region's objects in several zones, no "
                "less, and has no pairs of regions of its own: use 'zone', and standby.region for a second region"
            )
        kept = own(logs, Logs)
        self.resource = closed_bucket(
            self,
            name,
            bucket=self.bucket,
            key=own(key, ManagedKey),
            classification=spec.classification,
            rules=spec.rules,
            logging=storage.BucketLoggingArgs(log_bucket=kept.usage.name, log_object_prefix=spec.role),
            # Nobody touches it before that is written down.
            after=[kept.sink, *kept.delivered],
        )
        self.ready = [self.resource]
        self.rules = spec.rules
        self.name = self.resource.name
        self.resource_id = pulumi.Output.concat("projects/_/buckets/", self.resource.name)
        self.uri = pulumi.Output.concat("gs://", self.resource.name)
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})
