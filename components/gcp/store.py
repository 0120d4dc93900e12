"""What all stores share, made or brought along: who may do what in them."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_gcp import storage

from components.base import RegionalComponent
from components.gcp import grants
from components.gcp.place import GcpComponent
from components.lifecycle import LifecycleRule


class Store(GcpComponent):
    """The bucket of that name. `ready` is what must be there before somebody uses it.

    `rules` are those by which its objects are kept; none where that is its owner's matter.
    """

    name: pulumi.Output[str]
    resource_id: pulumi.Output[str]
    uri: pulumi.Output[str]

    def __init__(self, kind: str, name: str, parent: RegionalComponent, *, bucket: str) -> None:
        super().__init__(kind, name, parent)
        self.physical_name = self.bucket = bucket
        self.ready: list[pulumi.Resource] = []
        self.rules: tuple[LifecycleRule, ...] = ()

    def grant_read(self, name: str, principal: pulumi.Input[str]) -> Sequence[pulumi.Resource]:
        """Let `principal` (a member, such as serviceAccount:…) list and read the objects."""
        return [self._grant(name, grants.READ_OBJECTS, principal)]

    def grant_write(self, name: str, principal: pulumi.Input[str]) -> Sequence[pulumi.Resource]:
        """Let `principal` add objects; it can neither read, replace nor delete them."""
        return [self._grant(name, grants.ADD_OBJECTS, principal)]

    def grant_replace(
        self, name: str, principal: pulumi.Input[str], prefixes: tuple[str, ...]
    ) -> Sequence[pulumi.Resource]:
        """Let `principal` read, add and replace the objects under `prefixes` ("bronze/"), and not list them.

        The condition leaves out listing, which is asked of the bucket.
        """
        condition = storage.BucketIAMMemberConditionArgs(
            title="own prefixes",
            description="Only the objects that it writes",
            expression=grants.under_prefixes(self.bucket, prefixes),
        )
        return [self._grant(name, grants.REPLACE_OBJECTS, principal, condition)]

    def grant_deliver(self, name: str, principal: pulumi.Input[str]) -> Sequence[pulumi.Resource]:
        """Let a service of Google's deliver into the bucket: it adds objects, and looks at the bucket first."""
        return [
            self._grant(f"{name}-add", grants.ADD_OBJECTS, principal),
            self._grant(f"{name}-look", grants.SEE_BUCKET, principal),
        ]

    def _grant(
        self,
        name: str,
        role: str,
        principal: pulumi.Input[str],
        condition: storage.BucketIAMMemberConditionArgs | None = None,
    ) -> storage.BucketIAMMember:
        return storage.BucketIAMMember(
            name, bucket=self.name, role=role, member=principal, condition=condition, opts=self.child()
        )
