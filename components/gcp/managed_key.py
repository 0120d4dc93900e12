"""What all keys share, made or brought along: who encrypts with them."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_gcp import kms, projects

from components.gcp import grants
from components.gcp.place import GcpComponent, member

SERVICES = ("artifactregistry", "bigquery", "logging", "pubsub", "run", "secretmanager", "storage")
"""The services that encrypt what they hold for us with the key, each through its own agent."""
IDENTIFIED = frozenset(SERVICES) - {"bigquery"}
"""The agents that Service Usage makes on request. BigQuery's is made when somebody first asks BigQuery for it."""


class ManagedKey(GcpComponent):
    """A key of ours in Cloud KMS, and one binding on it for each service agent that is to use it.

    Whoever has a service encrypt with the key depends on that agent's binding (`agents`).
    """

    name: pulumi.Output[str]
    resource_id: pulumi.Output[str]
    uri: pulumi.Output[str]
    physical_name: str
    identities: dict[str, projects.ServiceIdentity]
    agents: dict[str, kms.CryptoKeyIAMMember]

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

    def let_in(self, services: Sequence[str] = SERVICES, after: Sequence[pulumi.Resource] = ()) -> None:
        """Bind the agents of `services` to the key, whose `resource_id` is known, once `after` is there."""
        self.identities = {service: self._identity(service, after) for service in services if service in IDENTIFIED}
        self.agents = {service: self._let_agent(service) for service in services}

    def _identity(self, service: str, after: Sequence[pulumi.Resource]) -> projects.ServiceIdentity:
        return projects.ServiceIdentity(
            f"{self._name}-{service}-identity",
            project=self.place.project,
            service=f"{service}.googleapis.com",
            opts=self.child(depends_on=after),
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
