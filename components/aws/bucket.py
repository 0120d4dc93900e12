"""Object stores."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_aws import s3

from components.aws import grants
from components.aws.documents import Statement, document, tls_only
from components.aws.store import Store
from components.base import Classification, RegionalComponent
from components.contracts import BucketSpec, Handle, KeyHandle, LogsSpec, Unsupported
from components.lifecycle import LifecycleRule, log_rules

LOGS = "logs"
"""Role of the bucket that takes the access logs of the others."""
COPY_MINUTES = 15
"""The only objective of S3's replication time control: 99.9 % of the copies of a month are made within it (its SLA)."""
TIMED = ("aws",)
"""Partitions that are known to offer replication time control; elsewhere copies are made without an objective."""


class Bucket(Store):
    """A private, versioned bucket, encrypted with the region's own key, reached over TLS only.

    With `takes_logs_of` it receives the access logs of the buckets with those roles. AWS documents S3's own
    encryption as the only default that their delivery can write to, so such a bucket has that; and it keeps no log of
    itself, because delivering that log would be logged in turn.

    Raises Unsupported for another redundancy than "zone": S3 keeps copies in three zones of the region, always.
    """

    def __init__(
        self,
        name: str,
        spec: BucketSpec,
        *,
        key: KeyHandle,
        logs: Handle | None,
        parent: RegionalComponent,
        takes_logs_of: tuple[str, ...] = (),
    ) -> None:
        if spec.redundancy != "zone":
            raise Unsupported(
                f"storage.redundancy: {spec.redundancy} is not offered by S3, which keeps copies in several zones of "
                "the region: use zone, and a standby for copies in a second region"
            )
        bucket_name = parent.scope.names.world_wide(spec.role)
        super().__init__("Bucket", name, parent, bucket=bucket_name, key_id=key.resource_id)
        bucket = s3.Bucket(
            name,
            bucket=self.physical_name,
            force_destroy=self.scope.erasable,
            tags=None
            if spec.classification is Classification.INTERNAL
            else {"DataClassification": spec.classification},
            opts=self.keeper(),
        )
        s3.BucketOwnershipControls(
            f"{name}-ownership",
            bucket=bucket.bucket,
            rule=s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=self.keeper(),
        )
        closed = s3.BucketPublicAccessBlock(
            f"{name}-public-access",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self.keeper(),
        )
        s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=bucket.bucket,
            rules=[_encryption(None if takes_logs_of else key.resource_id)],
            opts=self.keeper(),
        )
        self.versions = s3.BucketVersioning(
            f"{name}-versioning",
            bucket=bucket.bucket,
            versioning_configuration=s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=self.keeper(),
        )
        s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=bucket.bucket,
            rules=[lifecycle_rule(rule) for rule in spec.rules],
            # Rules for replaced versions need versioning to be on.
            opts=self.keeper(depends_on=[self.versions]),
        )
        s3.BucketPolicy(
            f"{name}-policy",
            bucket=bucket.bucket,
            policy=document(*self._policy(takes_logs_of)),
            # S3 refuses both changes at the same moment.
            opts=self.keeper(depends_on=[closed]),
        )
        if logs is not None:
            s3.BucketLogging(
                f"{name}-logging",
                bucket=bucket.bucket,
                target_bucket=logs.name,
                target_prefix=log_prefix(spec.role),
                opts=self.keeper(),
            )
        self.name: pulumi.Output[str] = bucket.bucket
        self.resource_id: pulumi.Output[str] = bucket.arn
        self.uri: pulumi.Output[str] = pulumi.Output.concat("s3://", bucket.bucket)
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})

    def copy_to(self, name: str, other: Bucket, *, role: pulumi.Input[str], after: Sequence[pulumi.Resource]) -> None:
        """Have S3 copy each new object of the lake's data into `other`, as the role with that ARN.

        Copies are encrypted with the other bucket's key. A copy is not copied again, so two buckets may copy to each
        other. What is deleted here stays there: each bucket expires by its own rules, and an erasure goes to both.
        """
        s3.BucketReplicationConfig(
            name,
            bucket=self.name,
            role=role,
            rules=[
                _copying(number, prefix, other, timed=self.place.partition in TIMED)
                for number, prefix in enumerate(grants.DATA_PREFIXES, start=1)
            ],
            opts=self.keeper(depends_on=[*after, self.versions, other.versions]),
        )

    def _policy(self, takes_logs_of: tuple[str, ...]) -> list[Statement]:
        own = self.place.bucket_arn(self.physical_name)
        statements = [tls_only(own, f"{own}/*")]
        if takes_logs_of:
            sources = [self.place.bucket_arn(self.scope.names.world_wide(role)) for role in takes_logs_of]
            statements.append(
                Statement(
                    sid="LetS3DeliverAccessLogsOfOurBuckets",
                    principals={"Service": "logging.s3.amazonaws.com"},
                    actions=("s3:PutObject",),
                    resources=tuple(f"{own}/{log_prefix(role)}*" for role in takes_logs_of),
                    conditions={
                        "StringEquals": {"aws:SourceAccount": self.place.account},
                        "ArnLike": {"aws:SourceArn": sources},
                    },
                )
            )
        return statements


def access_logs(name: str, spec: LogsSpec, *, key: KeyHandle, parent: RegionalComponent) -> Bucket:
    """The bucket that S3 delivers the access logs of the buckets with `spec.roles` into."""
    bucket = BucketSpec(LOGS, Classification.INTERNAL, log_rules(spec.days))
    return Bucket(name, bucket, key=key, logs=None, parent=parent, takes_logs_of=spec.roles)


def log_prefix(role: str) -> str:
    """Where the access logs of the bucket with that role lie in the log bucket."""
    return f"{role}/"


def lifecycle_rule(rule: LifecycleRule) -> s3.BucketLifecycleConfigurationRuleArgs:
    """The rule as S3 has it."""
    return s3.BucketLifecycleConfigurationRuleArgs(
        id=rule.name,
        status="Enabled",
        filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=rule.prefix),
        transitions=[
            s3.BucketLifecycleConfigurationRuleTransitionArgs(days=move.after_days, storage_class=move.storage_class)
            for move in rule.moves
        ]
        or None,
        expiration=(
            s3.BucketLifecycleConfigurationRuleExpirationArgs(days=rule.delete_after_days)
            if rule.delete_after_days is not None
            else None
        ),
        noncurrent_version_expiration=(
            s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(noncurrent_days=rule.recovery_days)
            if rule.recovery_days is not None
            else None
        ),
        abort_incomplete_multipart_upload=(
            s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                days_after_initiation=rule.upload_days
            )
            if rule.upload_days is not None
            else None
        ),
    )


def _encryption(key_id: pulumi.Output[str] | None) -> s3.BucketServerSideEncryptionConfigurationRuleArgs:
    default = s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs
    return s3.BucketServerSideEncryptionConfigurationRuleArgs(
        apply_server_side_encryption_by_default=(
            default(sse_algorithm="AES256")
            if key_id is None
            else default(sse_algorithm="aws:kms", kms_master_key_id=key_id)
        ),
        # One data key per bucket and period instead of one KMS request per object.
        bucket_key_enabled=None if key_id is None else True,
    )


def _copying(number: int, prefix: str, other: Bucket, *, timed: bool) -> s3.BucketReplicationConfigRuleArgs:
    """The rule that copies the objects under one prefix. `timed`: with an objective that S3 is held to."""
    destination = s3.BucketReplicationConfigRuleDestinationArgs(
        # Built from the name, which a preview knows, unlike the ARN that AWS returns.
        bucket=other.name.apply(other.place.bucket_arn),
        storage_class="STANDARD",
        encryption_configuration=s3.BucketReplicationConfigRuleDestinationEncryptionConfigurationArgs(
            replica_kms_key_id=other.key_id
        ),
        metrics=s3.BucketReplicationConfigRuleDestinationMetricsArgs(
            status="Enabled",
            event_threshold=(
                s3.BucketReplicationConfigRuleDestinationMetricsEventThresholdArgs(minutes=COPY_MINUTES)
                if timed
                else None
            ),
        ),
        replication_time=(
            s3.BucketReplicationConfigRuleDestinationReplicationTimeArgs(
                status="Enabled",
                time=s3.BucketReplicationConfigRuleDestinationReplicationTimeTimeArgs(minutes=COPY_MINUTES),
            )
            if timed
            else None
        ),
    )
    return s3.BucketReplicationConfigRuleArgs(
        id=prefix,
        priority=number,
        status="Enabled",
        filter=s3.BucketReplicationConfigRuleFilterArgs(prefix=f"{prefix}/"),
        delete_marker_replication=s3.BucketReplicationConfigRuleDeleteMarkerReplicationArgs(status="Disabled"),
        source_selection_criteria=s3.BucketReplicationConfigRuleSourceSelectionCriteriaArgs(
            sse_kms_encrypted_objects=s3.BucketReplicationConfigRuleSourceSelectionCriteriaSseKmsEncryptedObjectsArgs(
                status="Enabled"
            )
        ),
        destination=destination,
    )
