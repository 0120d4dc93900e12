"""What every bucket of the stack is like, whatever lies in it."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_gcp import storage

from components.base import Classification
from components.gcp.managed_key import ManagedKey
from components.gcp.place import GcpComponent
from components.lifecycle import LifecycleRule

SOFT_DELETE_SECONDS = 7 * 86_400
"""How long deleted versions, or the deleted bucket, can be brought back: the shortest that Cloud Storage offers."""
REFUSED = "FullyRestricted"
"""New objects with another key than the bucket's are refused."""


def closed_bucket(
    component: GcpComponent,
    name: str,
    *,
    bucket: str,
    key: ManagedKey,
    classification: Classification,
    rules: Sequence[LifecycleRule],
    logging: storage.BucketLoggingArgs | None = None,
    after: Sequence[pulumi.Resource] = (),
) -> storage.Bucket:
    """A private, versioned bucket of the region, encrypted with `key` and with no other, under IAM permissions only.

    `bucket` is its name in the cloud; `logging` says where its usage logs go.
    """
    return storage.Bucket(
        name,
        name=bucket,
        project=component.place.project,
        location=component.place.region.upper(),
        storage_class="STANDARD",
        encryption=_encryption(key.resource_id),
        uniform_bucket_level_access=True,
        public_access_prevention="enforced",
        versioning=storage.BucketVersioningArgs(enabled=True),
        soft_delete_policy=storage.BucketSoftDeletePolicyArgs(
            retention_duration_seconds=soft_delete_seconds(classification)
        ),
        autoclass=storage.BucketAutoclassArgs(enabled=False),
        lifecycle_rules=[each for rule in rules for each in lifecycle_rules(rule)],
        logging=logging,
        force_destroy=component.scope.erasable,
        labels={"data_classification": classification},
        opts=component.keeper(depends_on=[key.agents["storage"], *after]),
    )


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
