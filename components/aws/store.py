"""What all stores share: who may do what in them."""

from __future__ import annotations

import pulumi

from components.aws import grants
from components.aws.place import AwsComponent
from components.base import RegionalComponent


class Store(AwsComponent):
    """A bucket, made or brought along, and the key that encrypts what is written to it."""

    physical_name: str
    key_id: pulumi.Output[str]

    def __init__(self, kind: str, name: str, parent: RegionalComponent, *, bucket: str, key_id: pulumi.Output[str]):
        super().__init__(kind, name, parent)
        self.physical_name = bucket
        self.key_id = key_id

    def grant_read(self, name: str, principal: pulumi.Input[str]) -> list[pulumi.Resource]:
        """Let the role of that name list and read the objects."""
        return self.let(
            name,
            principal,
            *grants.read_objects(self.place, self.physical_name),
            key=(self.key_id, grants.decrypt_objects(self.place, self.physical_name)),
        )

    def grant_write(self, name: str, principal: pulumi.Input[str]) -> list[pulumi.Resource]:
        """Let the role of that name add objects."""
        return self.let(
            name,
            principal,
            *grants.add_objects(self.place, self.physical_name),
            key=(self.key_id, grants.encrypt_objects(self.place, self.physical_name)),
        )
