"""The region's own encryption key."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_gcp import kms, projects

from components.base import RegionalComponent
from components.contracts import KeySpec, Unsupported
from components.gcp import grants
from components.gcp.place import GcpComponent, known, member

SERVICES = ("artifactregistry", "bigquery", "logging", "pubsub", "run", "secretmanager", "storage")
"""The services that encrypt what they hold for us with the key, each through its own agent."""
IDENTIFIED = frozenset(SERVICES) - {"bigquery"}
"""The agents that Service Usage makes on request. BigQuery's is made when somebody first asks BigQuery for it."""
SECONDS_PER_DAY = 86_400


class Key(GcpComponent):
    """A symmetric customer-managed key of one region, rotated, in a key ring that carries the generation.

    Google deletes no key ring and no key, only the versions of a key: a stack that is built again under the same name
    needs the next generation. Every service agent that is to use the key has its own binding on it; whoever has a
    service encrypt with the key depends on that agent's binding (`agents`). `services` are the ones that use it, `role`
    is what its ring is called.
    """

    def __init__(
        self,
        name: str,
        spec: KeySpec,
        *,
        parent: RegionalComponent,
        services: tuple[str, ...] = SERVICES,
        role: str = "keys",
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
            opts=self.keeper(),
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
        self.name: pulumi.Output[str] = key.name
        self.resource_id: pulumi.Output[str] = known(self.key_id, key.name)
        self.uri: pulumi.Output[str] = self.resource_id
        self.identities = {service: self._identity(service) for service in services if service in IDENTIFIED}
        self.agents = {service: self._let_agent(service) for service in services}
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})

    def grant_use(self, name: str, principal: pulumi.Input[str]) -> Sequence[pulumi.Resource]:
        """Let `principal` (a member, such as serviceAccount:…) encrypt and decrypt with the key."""
        return [
            kms.CryptoKeyIAMMember(
                name,
                crypto_key_id=self.resource_id,
                role=grants.USE_KEY,
                member=principal,
                opts=self.child(),
            )
        ]

    def _identity(self, service: str) -> projects.ServiceIdentity:
        return projects.ServiceIdentity(
            f"{self._name}-{service}-identity",
            project=self.place.project,
            service=f"{service}.googleapis.com",
            opts=self.child(),
        )

    def _let_agent(self, service: str) -> kms.CryptoKeyIAMMember:
        """The agent's address is built, not read: Service Usage does not return it for every service."""
        made = self.identities.get(service)
        return kms.CryptoKeyIAMMember(
            f"{self._name}-{service}",
            crypto_key_id=self.resource_id,
            role=grants.USE_KEY,
            member=member(self.place.agent(service)),
            # Without this binding what the service holds cannot be read any more.
            opts=self.keeper(depends_on=[made] if made else []),
        )
