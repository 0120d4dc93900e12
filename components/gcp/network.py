"""A network of the region's own, without a way to the internet."""

from __future__ import annotations

import ipaddress

import pulumi
from pulumi_gcp import compute, dns, networkconnectivity

from components.base import RegionalComponent
from components.contracts import BucketHandle, KeyHandle, NetworkSpec, StreamHandle
from components.gcp.place import GcpComponent, known

ADDRESSES = "10.64.0.0/22"
"""Nothing is peered with this network, so it may overlap with others. Cloud Run takes sixteen addresses at once."""
APIS = "199.36.153.4/30"
"""restricted.googleapis.com: Google's APIs without those that could carry data out (VPC, "Private Google Access")."""
EVERYWHERE = "0.0.0.0/0"
HTTPS = "443"
OPEN, CLOSED = 1000, 65_000
"""Priorities of firewall rules; the lower one goes first. The implied rule that lets everything out has 65535."""
TTL_SECONDS = 300
LOGGED = compute.FirewallLogConfigArgs(metadata="INCLUDE_ALL_METADATA")


class Network(GcpComponent):
    """VPC network with one subnetwork, and only the way to the Google services that the processor calls.

    Pub/Sub and Cloud Storage answer at the restricted addresses of Google's APIs, which the network's own DNS gives for
    their names. A regional secret has an endpoint that is not among them, so it has an address in the subnetwork.
    There is no NAT, no default route and nothing that lets anybody in; what is refused is logged. Cloud Run itself
    pulls the image and takes the log, both outside of this network.

    Flow and firewall logs go where the stack's log entries go (Logs), and are kept as long.
    """

    def __init__(self, name: str, *, parent: RegionalComponent) -> None:
        super().__init__("Network", name, parent)
        self.physical_name = self.project_wide("network")
        self.network_id = self.place.network(self.physical_name)
        self.subnetwork_id = self.place.subnetwork(self.regional("workers"))
        self.tag = self.regional("processor")
        self.secrets_address = secrets_address(ADDRESSES)
        network = compute.Network(
            name,
            name=self.physical_name,
            project=self.place.project,
            description="The processor's network: no way to the internet",
            auto_create_subnetworks=False,
            delete_default_routes_on_create=True,
            routing_mode="REGIONAL",
            opts=self.child(),
        )
        self.name: pulumi.Output[str] = network.name
        self.resource_id: pulumi.Output[str] = known(self.network_id, network.name)
        self.uri: pulumi.Output[str] = self.resource_id
        self.subnetwork = self._subnetwork(name)
        subnetwork_id = known(self.subnetwork_id, self.subnetwork.name)
        secrets = networkconnectivity.RegionalEndpoint(
            f"{name}-secrets",
            name=self.regional("secrets"),
            project=self.place.project,
            location=self.place.region,
            access_type="REGIONAL",
            target_google_api=self.place.regional_host("secretmanager"),
            network=self.resource_id,
            subnetwork=subnetwork_id,
            address=self.secrets_address,
            opts=self.child(),
        )
        self.rules: list[pulumi.Resource] = [self._route(name), *self._firewall(name), *self._dns(name), secrets]
        self.subnet_ids: list[pulumi.Output[str]] = [subnetwork_id]
        self.guard_ids: list[pulumi.Output[str]] = [pulumi.Output.from_input(self.tag)]
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})

    def _subnetwork(self, name: str) -> compute.Subnetwork:
        return compute.Subnetwork(
            f"{name}-workers",
            name=self.regional("workers"),
            project=self.place.project,
            region=self.place.region,
            network=self.resource_id,
            ip_cidr_range=ADDRESSES,
            private_ip_google_access=True,
            stack_type="IPV4_ONLY",
            log_config=compute.SubnetworkLogConfigArgs(
                aggregation_interval="INTERVAL_10_MIN", flow_sampling=1.0, metadata="INCLUDE_ALL_METADATA"
            ),
            opts=self.child(),
        )

    def _route(self, name: str) -> compute.Route:
        return compute.Route(
            f"{name}-to-apis",
            name=self.project_wide("to-apis"),
            project=self.place.project,
            network=self.resource_id,
            description="Google's APIs; the addresses are announced inside Google's network only",
            dest_range=APIS,
            next_hop_gateway="default-internet-gateway",
            opts=self.child(),
        )

    def _firewall(self, name: str) -> list[pulumi.Resource]:
        """The processor may speak TLS with the APIs and the secrets; nobody may do anything else."""
        everything = [compute.FirewallDenyArgs(protocol="all")]
        return [
            compute.Firewall(
                f"{name}-allow-services",
                name=self.project_wide("to-services"),
                project=self.place.project,
                network=self.resource_id,
                description="The processor to Google's APIs and to the secrets",
                direction="EGRESS",
                priority=OPEN,
                allows=[compute.FirewallAllowArgs(protocol="tcp", ports=[HTTPS])],
                destination_ranges=[APIS, f"{self.secrets_address}/32"],
                target_tags=[self.tag],
                log_config=LOGGED,
                opts=self.child(),
            ),
            compute.Firewall(
                f"{name}-refuse-out",
                name=self.project_wide("refuse-out"),
                project=self.place.project,
                network=self.resource_id,
                description="Nothing else leaves",
                direction="EGRESS",
                priority=CLOSED,
                denies=everything,
                destination_ranges=[EVERYWHERE],
                log_config=LOGGED,
                opts=self.child(),
            ),
            compute.Firewall(
                f"{name}-refuse-in",
                name=self.project_wide("refuse-in"),
                project=self.place.project,
                network=self.resource_id,
                description="Nothing comes in",
                direction="INGRESS",
                priority=CLOSED,
                denies=everything,
                source_ranges=[EVERYWHERE],
                log_config=LOGGED,
                opts=self.child(),
            ),
        ]

    def _dns(self, name: str) -> list[pulumi.Resource]:
        """Names of Google's APIs lead to the restricted addresses, and queries are logged.

        The host of the regional secrets is more specific, so the general record does not answer for it, nor for other
        regional hosts: those are not found.
        """
        policy = dns.Policy(
            f"{name}-dns",
            name=self.project_wide("dns"),
            project=self.place.project,
            description="Writes down what the processor looks up",
            enable_logging=True,
            networks=[dns.PolicyNetworkArgs(network_url=self.resource_id)],
            opts=self.child(),
        )
        zone = dns.ManagedZone(
            f"{name}-apis",
            name=self.project_wide("apis"),
            project=self.place.project,
            description="Google's APIs as the processor sees them",
            dns_name="googleapis.com.",
            visibility="private",
            private_visibility_config=dns.ManagedZonePrivateVisibilityConfigArgs(
                networks=[dns.ManagedZonePrivateVisibilityConfigNetworkArgs(network_url=self.resource_id)]
            ),
            opts=self.child(),
        )
        restricted = "restricted.googleapis.com."
        records = (
            ("restricted", restricted, "A", [str(address) for address in ipaddress.ip_network(APIS)]),
            ("all", "*.googleapis.com.", "CNAME", [restricted]),
            ("secrets-name", f"{self.place.regional_host('secretmanager')}.", "A", [self.secrets_address]),
        )
        return [
            policy,
            *(
                dns.RecordSet(
                    f"{name}-{role}",
                    project=self.place.project,
                    managed_zone=zone.name,
                    name=host,
                    type=kind,
                    ttl=TTL_SECONDS,
                    rrdatas=values,
                    opts=self.child(),
                )
                for role, host, kind, values in records
            ),
        ]


def network(
    name: str,
    spec: NetworkSpec,
    *,
    key: KeyHandle,  # noqa: ARG001 - nothing in it holds data
    lake: BucketHandle,  # noqa: ARG001 - the addresses are the same for every bucket and topic
    failed: BucketHandle,  # noqa: ARG001
    stream: StreamHandle,  # noqa: ARG001
    parent: RegionalComponent,
) -> Network | None:
    """The processor's network, None where the stack file asks for none: stores, keys and SQL have no network here.

    How long its flow logs are kept (`spec.log_days`) is the log bucket's matter.
    """
    return Network(name, parent=parent) if spec.private else None


def secrets_address(addresses: str) -> str:
    """The address of the secrets' endpoint: the last that is free, for Google keeps the first two and the last two."""
    return str(ipaddress.ip_network(addresses)[-3])
