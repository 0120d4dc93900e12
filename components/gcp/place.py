"""Where a placement lies, in Google Cloud's own terms: identifiers that config decides, known before anything exists.

They are literals, so a preview shows which resource a grant is on and which key a store uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import pulumi

from components.base import RegionalComponent, Scope
from components.contracts import Unsupported
from components.gcp import names
from components.placement import GcpPlacement

T = TypeVar("T")

AGENTS = {
    "artifactregistry": "service-{number}@gcp-sa-artifactregistry.iam.gserviceaccount.com",
    "bigquery": "bq-{number}@bigquery-encryption.iam.gserviceaccount.com",
    "bigquerydatatransfer": "service-{number}@gcp-sa-bigquerydatatransfer.iam.gserviceaccount.com",
    "logging": "service-{number}@gcp-sa-logging.iam.gserviceaccount.com",
    "monitoring": "service-{number}@gcp-sa-monitoring-notification.iam.gserviceaccount.com",
    "pubsub": "service-{number}@gcp-sa-pubsub.iam.gserviceaccount.com",
    "run": "service-{number}@serverless-robot-prod.iam.gserviceaccount.com",
    "secretmanager": "service-{number}@gcp-sa-secretmanager.iam.gserviceaccount.com",
    "storage": "service-{number}@gs-project-accounts.iam.gserviceaccount.com",
    "storagetransfer": "project-{number}@storage-transfer-service.iam.gserviceaccount.com",
}
"""Google's own accounts in a project, by service (IAM documentation, "Service agents")."""


@dataclass(frozen=True)
class Place:
    """One region of one project. `number` is the project's number, by which its service agents are named."""

    project: str
    number: str
    region: str

    @property
    def regional(self) -> str:
        """Parent of the regional resources of the newer APIs (KMS, Cloud Run, log buckets, secrets)."""
        return f"projects/{self.project}/locations/{self.region}"

    def at(self, collection: str, name: str) -> str:
        """Identifier of a regional resource: `at("secrets", "x")` is projects/…/locations/…/secrets/x."""
        return f"{self.regional}/{collection}/{name}"

    def shared(self, collection: str, name: str) -> str:
        """Identifier of a resource that the project's regions share: `shared("topics", "x")` is projects/…/topics/x."""
        return f"projects/{self.project}/{collection}/{name}"

    def network(self, name: str) -> str:
        """Identifier of a VPC network."""
        return self.shared("global/networks", name)

    def subnetwork(self, name: str) -> str:
        """Identifier of a subnetwork in the region."""
        return self.shared(f"regions/{self.region}/subnetworks", name)

    def service_account(self, account_id: str) -> str:
        """E-mail address of one of the project's own service accounts."""
        return f"{account_id}@{self.project}.iam.gserviceaccount.com"

    def agent(self, service: str) -> str:
        """E-mail address of a service's agent in the project; `service` as in AGENTS."""
        return AGENTS[service].format(number=self.number)

    def endpoint(self, service: str) -> str:
        """Address of a service's locational endpoint, for those that have one (Pub/Sub)."""
        return f"https://{self.region}-{service}.googleapis.com"

    def regional_host(self, service: str) -> str:
        """Host of a service's regional endpoint, for those that have one (Secret Manager)."""
        return f"{service}.{self.region}.rep.googleapis.com"


def known(identifier: str, name: pulumi.Output[str]) -> pulumi.Output[str]:
    """`identifier`, which ends in a resource's `name`, as an output that a preview knows already."""
    collection, _, _ = identifier.rpartition("/")
    return pulumi.Output.concat(collection, "/", name)


def member(email: str) -> str:
    """A service account, given its e-mail address, as a member of a binding."""
    return f"serviceAccount:{email}"


def place_of(scope: Scope) -> Place:
    """The place of a scope. Raises Unsupported for the placement of another cloud."""
    placement = own(scope.placement, GcpPlacement)
    return Place(placement.project_id, placement.project_number, placement.region)


def own(thing: object, kind: type[T]) -> T:
    """`thing`, known to be this cloud's own `kind`. Raises Unsupported when it is another's."""
    if not isinstance(thing, kind):
        raise Unsupported(
            f"Google Cloud's components work with each other only: here is a {type(thing).__name__}, "
            f"and a {kind.__name__} of theirs is needed"
        )
    return thing


class GcpComponent(RegionalComponent):
    """A component in a region of Google Cloud: `kind` is the last part of its type token."""

    place: Place
    labels: dict[str, str]

    def __init__(self, kind: str, name: str, parent: RegionalComponent) -> None:
        self.place = place_of(parent.scope)
        super().__init__(f"homeshore:gcp:{kind}", name, parent.scope, parent=parent)
        self.labels = names.labels(parent.scope.labels)

    def regional(self, role: str) -> str:
        """Name of a thing that is unique within the project and the region."""
        return names.regional(self.scope.names, role)

    def project_wide(self, role: str) -> str:
        """Name of a thing that the project's regions share."""
        return names.project_wide(self.scope.names, role)
