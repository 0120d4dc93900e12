"""What an AWS account has only once, and what it has once per region."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_aws import glue, kms, s3

from components.aws.documents import Statement, document
from components.aws.key import THIS_KEY
from components.aws.place import AwsComponent, Place
from components.base import RegionalComponent
from components.contracts import BaselineSpec


class Baseline(AwsComponent):
    """The region's Glue data catalog under a key of its own; for the account, no bucket may be made public.

    The catalog holds names of databases, tables and columns of all pipelines of the region, so its key belongs to none
    of them. Passwords that somebody enters into a connection of the catalog are encrypted with it too.
    """

    outputs: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, spec: BaselineSpec, *, parent: RegionalComponent) -> None:
        super().__init__("Baseline", name, parent)
        key = self._key(name, spec)
        glue.DataCatalogEncryptionSettings(
            f"{name}-catalog",
            catalog_id=self.place.account,
            data_catalog_encryption_settings=glue.DataCatalogEncryptionSettingsDataCatalogEncryptionSettingsArgs(
                encryption_at_rest=glue.DataCatalogEncryptionSettingsDataCatalogEncryptionSettingsEncryptionAtRestArgs(
                    catalog_encryption_mode="SSE-KMS", sse_aws_kms_key_id=key.arn
                ),
                connection_password_encryption=(
                    glue.DataCatalogEncryptionSettingsDataCatalogEncryptionSettingsConnectionPasswordEncryptionArgs(
                        return_connection_password_encrypted=True, aws_kms_key_id=key.arn
                    )
                ),
            ),
            opts=self.keeper(),
        )
        if spec.account_wide:
            s3.AccountPublicAccessBlock(
                f"{name}-public-access",
                account_id=self.place.account,
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=True,
                opts=self.keeper(),
            )
        self.outputs = {"key": key.arn}
        self.register_outputs(dict(self.outputs))

    def _key(self, name: str, spec: BaselineSpec) -> kms.Key:
        names = self.scope.names
        key = kms.Key(
            f"{name}-key",
            description=f"Homeshore {names.environment}: data catalog of {names.region}",
            key_usage="ENCRYPT_DECRYPT",
            customer_master_key_spec="SYMMETRIC_DEFAULT",
            is_enabled=True,
            # A multi-region key could be replicated out of the boundary.
            multi_region=False,
            enable_key_rotation=True,
            rotation_period_in_days=spec.rotation_days,
            deletion_window_in_days=spec.deletion_days,
            policy=document(*catalog_key_policy(self.place)),
            opts=self.keeper(),
        )
        kms.Alias(
            f"{name}-key-alias", name=f"alias/{names.path('catalog-key')}", target_key_id=key.key_id, opts=self.keeper()
        )
        return key


def catalog_key_policy(place: Place) -> tuple[Statement, ...]:
    """The account's own policies decide; and whoever of the account may ask Glue for a table may read it.

    Glue uses the key in the name of its caller. Without the second statement every reader of every pipeline would need
    a permission on the key besides the ones on the catalog; with it, the key is of use through Glue only. It says what
    AWS says in the policy of the key that it manages for Glue.
    """
    return (
        Statement(
            sid="LetTheAccountsOwnPoliciesDecide",
            principals={"AWS": place.root},
            actions=("kms:*",),
            resources=THIS_KEY,
        ),
        Statement(
            sid="LetWhoMayReadTheCatalogReadItEncrypted",
            principals={"AWS": "*"},
            actions=("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"),
            resources=THIS_KEY,
            conditions={"StringEquals": {"kms:CallerAccount": place.account, "kms:ViaService": place.via("glue")}},
        ),
    )
