"""Object stores."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_azure_native import authorization, storage

from components.azure import names
from components.azure.account import closed_account, container, recoverable
from components.azure.grants import (
    ADD_OBJECTS,
    MAINTAIN_OBJECTS,
    READ_OBJECTS,
    assign,
    custom_role,
    grant,
    role_definition,
    role_on,
)
from components.azure.key import Key
from components.azure.place import AzureComponent, own
from components.base import RegionalComponent
from components.contracts import BucketSpec, Handle, KeyHandle, Redundancy, Unsupported
from components.lifecycle import LifecycleRule

_TIERS = ("Cool", "Cold")
_CONTAINERS = "/blobServices/default/containers/"
_GROUP_PARTS = 5
"""Parts of an identifier up to the name of the resource group."""
_OWN_ROLES = {
    "writer": (ADD_OBJECTS, "Add and replace objects"),
    "maintainer": (MAINTAIN_OBJECTS, "Read, write, rename and delete objects"),
}
_UNFINISHED_DAYS = 7
"""Blocks that were never committed to an object go after a week (Microsoft Learn, "Put Block", remarks)."""


class Bucket(AzureComponent):
    """A storage account of its own with one container, named for its role: closed, encrypted with the region's own key.

    Deleted objects and the deleted container can be brought back for `recovery_days` of the rules, at least a week;
    an account with real directories keeps no versions. Azure itself drops the parts of an upload that was not completed
    within a week. Who touched what is logged by diagnostic settings, which observability makes: `logs` needs no more.
    `copied` says that Azure keeps a copy in the region that it pairs with this one.
    """

    def __init__(self, name: str, spec: BucketSpec, *, key: KeyHandle, logs: Handle, parent: RegionalComponent) -> None:
        base = own(key, Key)
        super().__init__("Bucket", name, parent, group=base.group)
        place, account_name = self.place, names.storage_account(self.scope.names, spec.role)
        account_id = place.id("Microsoft.Storage/storageAccounts", account_name)
        self.found_at(f"{account_id}{_CONTAINERS}{spec.role}", spec, logs)
        account = closed_account(
            self,
            name,
            account_name=account_name,
            key=base,
            redundancy=spec.redundancy,
            classification=spec.classification,
            hierarchical=True,
            # The serverless pool comes from outside of every network.
            instances=[place.id("Microsoft.Synapse/workspaces", names.workspace(self.scope.names))]
            if spec.queried
            else [],
        )
        recoverable(self, f"{name}-recovery", account, account_name, _recovery_days(spec.rules))
        self.account: pulumi.Resource = account
        self.blobs: pulumi.Resource = container(self, f"{name}-container", account, account_name, self.container)
        storage.ManagementPolicy(
            f"{name}-lifecycle",
            account_name=account_name,
            resource_group_name=place.group,
            management_policy_name="default",
            policy=storage.ManagementPolicySchemaArgs(rules=lifecycle_rules(spec.rules, self.container)),
            opts=self.keeper(depends_on=[account]),
        )
        self.name, self.resource_id = account.name, account.id
        self.uri = pulumi.Output.concat(f"abfss://{self.container}@", account.name, f".dfs.{place.world.storage}/")
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})

    def found_at(self, container_id: str, spec: BucketSpec, logs: Handle | None) -> None:
        """Set what follows from the identifier of the container; `logs` is None where its owner keeps them."""
        self.account_id, _, self.container = container_id.partition(_CONTAINERS)
        self.container_id = container_id
        self.physical_name = self.account_name = self.account_id.rpartition("/")[2]
        self.blob_endpoint = f"https://{self.account_name}.blob.{self.place.world.storage}"
        self.dfs_endpoint = f"https://{self.account_name}.dfs.{self.place.world.storage}"
        self.role, self.logs = spec.role, logs
        self.redundancy: Redundancy = spec.redundancy
        self.copied = logs is not None and spec.redundancy == "pair"
        self._group_id = "/".join(container_id.split("/")[:_GROUP_PARTS])
        self._roles: dict[str, authorization.RoleDefinition] = {}
        self.name: pulumi.Output[str] = pulumi.Output.from_input(self.account_name)
        self.resource_id: pulumi.Output[str] = pulumi.Output.from_input(self.account_id)
        self.uri: pulumi.Output[str] = pulumi.Output.from_input(
            f"abfss://{self.container}@{self.account_name}.dfs.{self.place.world.storage}/"
        )

    def grant_read(
        self,
        name: str,
        principal: pulumi.Input[str],
        kind: authorization.PrincipalType = authorization.PrincipalType.SERVICE_PRINCIPAL,
    ) -> Sequence[pulumi.Resource]:
        """Let `principal` list and read the container's objects."""
        assigned = grant(
            self,
            name,
            role=READ_OBJECTS,
            scope=self.container_id,
            principal=principal,
            why=f"Read the objects of {self.container}",
            after=[self.blobs],
            kind=kind,
        )
        return (assigned,)

    def grant_write(
        self,
        name: str,
        principal: pulumi.Input[str],
        kind: authorization.PrincipalType = authorization.PrincipalType.SERVICE_PRINCIPAL,
    ) -> Sequence[pulumi.Resource]:
        """Let `principal` add and replace objects of the container, neither read nor delete them."""
        return self._own_role(name, "writer", principal, kind)

    def grant_maintain(
        self,
        name: str,
        principal: pulumi.Input[str],
        kind: authorization.PrincipalType = authorization.PrincipalType.SERVICE_PRINCIPAL,
    ) -> Sequence[pulumi.Resource]:
        """Let `principal` read, write, rename and delete objects of the container, as a table format must."""
        return self._own_role(name, "maintainer", principal, kind)

    def _own_role(
        self, name: str, role: str, principal: pulumi.Input[str], kind: authorization.PrincipalType
    ) -> Sequence[pulumi.Resource]:
        """Assign the store's own role, which is made with its first assignment."""
        actions, what = _OWN_ROLES[role]
        # Unique in the tenant, although two stacks may share an account that somebody else made.
        owner = "" if self._group_id == self.place.group_id else f" {names.digest(self.scope.names)}"
        title, why = f"Homeshore {self.account_name}{owner} {role}", f"{what} of {self.container}"
        made: list[pulumi.Resource] = []
        if role not in self._roles:
            self._roles[role] = custom_role(
                self,
                f"{self._name}-{role}",
                title=title,
                why=why,
                data_actions=actions,
                group_id=self._group_id,
            )
            made.append(self._roles[role])
        assigned = assign(
            self,
            name,
            role_id=role_on(self.container_id, role_definition(self._group_id, title)),
            scope=self.container_id,
            principal=principal,
            why=why,
            after=[self.blobs, self._roles[role]],
            kind=kind,
        )
        return (*made, assigned)


def lifecycle_rules(rules: Sequence[LifecycleRule], container_name: str) -> list[storage.ManagementPolicyRuleArgs]:
    """The rules as Azure has them: ages count from an object's last change, in days that must have passed.

    What only brings back or cleans up is no rule there: soft delete and the service itself do that. Raises Unsupported
    for a tier that Azure does not name so, and for unfinished uploads that shall go after other than 7 days.
    """
    for rule in rules:
        if rule.upload_days not in {None, _UNFINISHED_DAYS}:
            raise Unsupported(
                f"Azure drops an unfinished upload after {_UNFINISHED_DAYS} days, not after {rule.upload_days}"
            )
    return [_rule(rule, container_name) for rule in rules if rule.moves or rule.delete_after_days is not None]


def _rule(rule: LifecycleRule, container_name: str) -> storage.ManagementPolicyRuleArgs:
    moves = {move.storage_class: _after(move.after_days) for move in rule.moves}
    if strange := sorted(moves.keys() - set(_TIERS)):
        raise Unsupported(f"Azure's lifecycle rules move objects to {' or '.join(_TIERS)}, not to {strange[0]!r}")
    return storage.ManagementPolicyRuleArgs(
        name=rule.name,
        enabled=True,
        type=storage.RuleType.LIFECYCLE,
        definition=storage.ManagementPolicyDefinitionArgs(
            filters=storage.ManagementPolicyFilterArgs(
                blob_types=["blockBlob"], prefix_match=[f"{container_name}/{rule.prefix}"]
            ),
            actions=storage.ManagementPolicyActionArgs(
                base_blob=storage.ManagementPolicyBaseBlobArgs(
                    tier_to_cool=moves.get("Cool"),
                    tier_to_cold=moves.get("Cold"),
                    delete=None if rule.delete_after_days is None else _after(rule.delete_after_days),
                )
            ),
        ),
    )


def _after(days: int) -> storage.DateAfterModificationArgs:
    return storage.DateAfterModificationArgs(days_after_modification_greater_than=days)


def _recovery_days(rules: Sequence[LifecycleRule]) -> int:
    return max((rule.recovery_days for rule in rules if rule.recovery_days is not None), default=0)
