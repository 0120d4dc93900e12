"""Object stores."""

from __future__ import annotations

import pulumi
from pulumi_gcp import storage

from components.base import Classification, RegionalComponent
from components.contracts import BucketSpec, Handle, KeyHandle, Unsupported
from components.gcp import names
from components.gcp.logs import Logs
from components.gcp.managed_key import ManagedKey
from components.gcp.place import own
from components.gcp.store import Store
from components.lifecycle import LifecycleRule

SOFT_DELETE_SECONDS = 7 * 86_400
"""How long deleted versions, or the deleted bucket, can be brought back: the shortest that Cloud Storage offers."""
REFUSED = "FullyRestricted"
"""New objects with another key than the bucket's are refused."""


class Bucket(Store):
    """A private, versioned bucket, encrypted with our own key and with no other, reached under IAM permissions only.

    It lies in the region, which for Cloud Storage is always several zones of it, and in no other: a bucket of two
    regions could not have a key of one. What a standby needs is copied into a bucket of its own (standby.py).

    Who reads and writes objects is in the audit entries that `logs` keeps, so there are no usage logs beside them.
    """

    def __init__(self, name: str, spec: BucketSpec, *, key: KeyHandle, logs: Handle, parent: RegionalComponent) -> None:
        super().__init__("Bucket", name, parent, bucket=names.world_wide(parent.scope.names, spec.role))
        if spec.redundancy != "zone":
            raise Unsupported(
                f"storage redundancy {spec.redundancy!r}: Cloud Storage keeps a region's objects in several zones, no "
                "less, and has no pairs of regions of its own: use 'zone', and standby.region for a second region"
            )
        encryption = own(key, ManagedKey)
        self.resource = storage.Bucket(
            name,
            name=self.bucket,
            project=self.place.project,
            location=self.place.region.upper(),
            storage_class="STANDARD",
            encryption=_encryption(encryption.resource_id),
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            versioning=storage.BucketVersioningArgs(enabled=True),
            soft_delete_policy=storage.BucketSoftDeletePolicyArgs(
                retention_duration_seconds=soft_delete_seconds(spec.classification)
            ),
            autoclass=storage.BucketAutoclassArgs(enabled=False),
            lifecycle_rules=[each for rule in spec.rules for each in lifecycle_rules(rule)],
            force_destroy=self.scope.erasable,
            labels={"data_classification": spec.classification},
            # Nobody touches it before that is written down.
            opts=self.keeper(depends_on=[encryption.agents["storage"], own(logs, Logs).sink]),
        )
        self.ready = [self.resource]
        self.rules = spec.rules
        self.name = self.resource.name
        self.resource_id = pulumi.Output.concat("projects/_/buckets/", self.resource.name)
        self.uri = pulumi.Output.concat("gs://", self.resource.name)
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})


def soft_delete_seconds(classification: Classification) -> int:
    """How long Cloud Storage keeps what was deleted for good. Raw personal data goes when it has expired: 0."""
    return 0 if classification is Classification.PERSONAL else SOFT_DELETE_SECONDS


def lifecycle_rules(rule: LifecycleRule) -> list[storage.BucketLifecycleRuleArgs]:
    """The rule as Cloud Storage has it, where each thing that happens is a rule of its own.

    In a versioned bucket deleting a live object leaves a noncurrent version, which `recovery_days` removes.
    """
    prefixes = [rule.prefix] if rule.prefix else None
    found = [
        _rule("SetStorageClass", storage_class=move.storage_class, age=move.after_days, state="LIVE", prefixes=prefixes)
        for move in rule.moves
    ]
    if rule.delete_after_days is not None:
        found.append(_rule("Delete", age=rule.delete_after_days, state="LIVE", prefixes=prefixes))
    if rule.recovery_days is not None:
        found.append(_rule("Delete", noncurrent_days=rule.recovery_days, state="ARCHIVED", prefixes=prefixes))
    if rule.upload_days is not None:
        found.append(_rule("AbortIncompleteMultipartUpload", age=rule.upload_days, prefixes=prefixes))
    return found


def _rule(
    action: str,
    *,
    storage_class: str | None = None,
    age: int | None = None,
    noncurrent_days: int | None = None,
    state: str | None = None,
    prefixes: list[str] | None = None,
) -> storage.BucketLifecycleRuleArgs:
    return storage.BucketLifecycleRuleArgs(
        action=storage.BucketLifecycleRuleActionArgs(type=action, storage_class=storage_class),
        condition=storage.BucketLifecycleRuleConditionArgs(
            age=age,
            # Zero days are left out by the provider unless this says that they are meant.
            send_age_if_zero=True if age == 0 else None,
            days_since_noncurrent_time=noncurrent_days,
            with_state=state,
            matches_prefixes=prefixes,
        ),
    )


def _encryption(key_id: pulumi.Output[str]) -> storage.BucketEncryptionArgs:
    return storage.BucketEncryptionArgs(
        default_kms_key_name=key_id,
        google_managed_encryption_enforcement_config=storage.BucketEncryptionGoogleManagedEncryptionEnforcementConfigArgs(
            restriction_mode=REFUSED
        ),
        customer_supplied_encryption_enforcement_config=(
            storage.BucketEncryptionCustomerSuppliedEncryptionEnforcementConfigArgs(restriction_mode=REFUSED)
        ),
    )
