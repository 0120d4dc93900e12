"""The region's own encryption key."""

from __future__ import annotations

import pulumi
from pulumi_aws import kms

from components.aws import grants
from components.aws.documents import Statement, document
from components.aws.place import AwsComponent, Place
from components.base import RegionalComponent
from components.contracts import KeySpec, Unsupported
from components.naming import Names

# In a key policy "*" means this key, the one that the policy is attached to.
THIS_KEY = ("*",)
ENCRYPT_AND_DECRYPT = ("kms:Decrypt", "kms:GenerateDataKey*")


class Key(AwsComponent):
    """A symmetric customer-managed key of one region, rotated, with an alias that carries the generation.

    Who may use it is decided by the account's IAM policies; the key policy itself only opens it for the AWS services
    that act without a role of ours: log encryption, alarms and, where asked for, budgets.
    """

    def __init__(self, name: str, spec: KeySpec, *, parent: RegionalComponent) -> None:
        if spec.expires is not None:
            raise Unsupported("key.expires: keys of AWS do not expire: leave it out; rotation renews them")
        super().__init__("Key", name, parent)
        names = self.scope.names
        key = kms.Key(
            name,
            description=f"Homeshore {names.environment}: events, logs and secrets of {names.region}",
            key_usage="ENCRYPT_DECRYPT",
            customer_master_key_spec="SYMMETRIC_DEFAULT",
            is_enabled=True,
            # A multi-region key could be replicated out of the boundary.
            multi_region=False,
            enable_key_rotation=True,
            rotation_period_in_days=spec.rotation_days,
            deletion_window_in_days=spec.deletion_days,
            policy=document(*key_policy(self.place, names, budget_alerts=spec.budget_alerts)),
            opts=self.keeper(),
        )
        self.physical_name = f"alias/{names.path('key')}"
        alias = kms.Alias(f"{name}-alias", name=self.physical_name, target_key_id=key.key_id, opts=self.keeper())
        self.name: pulumi.Output[str] = alias.name
        self.resource_id: pulumi.Output[str] = key.arn
        self.uri: pulumi.Output[str] = key.arn
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})

    def grant_use(self, name: str, principal: pulumi.Input[str]) -> list[pulumi.Resource]:
        """Let the role of that name encrypt and decrypt with the key."""
        return self.let(name, principal, key=(self.resource_id, grants.use_key_alone()))


def key_policy(place: Place, names: Names, *, budget_alerts: bool) -> tuple[Statement, ...]:
    """The key's policy: the account decides, plus the services that bring no role of ours, each narrowed to our things.

    Alarms and budgets publish to the encrypted topic themselves; without their statements the messages are dropped
    without an error.
    """
    statements = [
        Statement(
            sid="LetTheAccountsOwnPoliciesDecide",
            principals={"AWS": place.root},
            actions=("kms:*",),
            resources=THIS_KEY,
        ),
        Statement(
            sid="LetCloudWatchEncryptOurLogGroups",
            principals={"Service": f"logs.{place.region}.amazonaws.com"},
            actions=("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"),
            resources=THIS_KEY,
            conditions={
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": [
                        place.arn("logs", f"log-group:/aws/lambda/{names.local('*')}"),
                        place.arn("logs", f"log-group:/{names.path('*')}"),
                    ]
                }
            },
        ),
        _publishing(
            place, "LetAlarmsReachTheTopic", "cloudwatch", place.arn("cloudwatch", f"alarm:{names.local('*')}")
        ),
    ]
    if budget_alerts:
        statements.append(_publishing(place, "LetBudgetsReachTheTopic", "budgets", place.global_arn("budgets", "*")))
    return tuple(statements)


def _publishing(place: Place, sid: str, service: str, source: str) -> Statement:
    return Statement(
        sid=sid,
        principals={"Service": f"{service}.amazonaws.com"},
        actions=ENCRYPT_AND_DECRYPT,
        resources=THIS_KEY,
        conditions={
            "StringEquals": {"aws:SourceAccount": place.account},
            "ArnLike": {"aws:SourceArn": source},
        },
    )
