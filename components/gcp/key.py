"""The region's own encryption key."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_gcp import kms

from components.base import RegionalComponent
from components.contracts import KeySpec, Unsupported
from components.gcp.managed_key import SERVICES, ManagedKey
from components.gcp.place import known

SECONDS_PER_DAY = 86_400


class Key(ManagedKey):
    """A symmetric customer-managed key of one region, rotated, in a key ring that carries the generation.

    Google deletes no key ring and no key, only the versions of a key: a stack that is built again under the same name
    needs the next generation. `services` are the ones that use the key, `role` is what its ring is called, `after` is
    what must be there first.
    """

    def __init__(
        self,
        name: str,
        spec: KeySpec,
        *,
        parent: RegionalComponent,
        services: tuple[str, ...] = SERVICES,
        role: str = "keys",
        after: Sequence[pulumi.Resource] = (),
    ) -> None:
        super().__init__("Key", name, parent)
        if spec.expires is not None:
            raise Unsupported(
                "Google Cloud's keys do not expire: a version is used until the next one replaces it, "
                "so leave the key without a day of expiry"
            )
        self.physical_name = self.regional(role)
        self.ring_id = self.place.at("keyRings", self.physical_name)
        self.key_id = f"{self.ring_id}/cryptoKeys/data"
        ring = kms.KeyRing(
            f"{name}-ring",
            name=self.physical_name,
            location=self.place.region,
            project=self.place.project,
            opts=self.keeper(depends_on=after),
        )
        key = kms.CryptoKey(
            name,
            name="data",
            key_ring=known(self.ring_id, ring.name),
            purpose="ENCRYPT_DECRYPT",
            rotation_period=f"{spec.rotation_days * SECONDS_PER_DAY}s",
            destroy_scheduled_duration=f"{spec.deletion_days * SECONDS_PER_DAY}s",
            version_template=kms.CryptoKeyVersionTemplateArgs(
                algorithm="GOOGLE_SYMMETRIC_ENCRYPTION", protection_level="SOFTWARE"
            ),
            deletion_policy="DELETE" if self.scope.erasable else "PREVENT",
            opts=self.keeper(),
        )
        self.name = key.name
        self.resource_id = known(self.key_id, key.name)
        self.uri = self.resource_id
        self.let_in(services, after)
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})
