"""A network of the region's own: the only way to stores, vault and stream."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from enum import Enum

import pulumi
from pulumi_azure_native import network, privatedns

from components.azure.bucket import Bucket
from components.azure.flows import FlowLogs, flow_logs
from components.azure.guards import Way, endpoint_ways, processor_ways, rules, sink_ways
from components.azure.key import Key
from components.azure.place import AzureComponent, Place, own
from components.azure.stream import Stream
from components.base import RegionalComponent
from components.contracts import BucketHandle, KeyHandle, NetworkSpec, StreamHandle

ADDRESSES = "10.64.0.0/22"
"""Nothing is peered with this network, so that it may overlap with others."""
SUBNET_BITS = 2
PLATFORM = "Microsoft.App/environments"
"""Flex Consumption and Container Apps stand on the same platform; each needs a subnet of its own, delegated to it."""
EVERYWHERE = "global"
"""Location of private DNS: names without data, which Azure keeps in no region."""


class Service(Enum):
    """What a private endpoint leads to: the sub-resource it names (Microsoft Learn, "What is a private endpoint")."""

    BLOB = "blob"
    DFS = "dfs"
    QUEUE = "queue"
    TABLE = "table"
    VAULT = "vault"
    BUS = "namespace"
    REGISTRY = "registry"
    SQL = "Sql"
    SQL_ON_DEMAND = "SqlOnDemand"
    SYNAPSE_DEV = "Dev"

    def zone(self, place: Place) -> str:
        """The private DNS zone that resolves the service's names to private endpoints."""
        world = place.world
        match self:
            case Service.VAULT:
                domain = world.vault_link
            case Service.BUS:
                domain = world.bus
            case Service.REGISTRY:
                domain = world.registry
            case Service.SQL | Service.SQL_ON_DEMAND:
                domain = f"sql.{world.synapse}"
            case Service.SYNAPSE_DEV:
                domain = f"dev.{world.synapse}"
            case Service.BLOB | Service.DFS | Service.QUEUE | Service.TABLE:
                domain = f"{self.value}.{world.storage}"
        return f"privatelink.{domain}"


class Network(AzureComponent):
    """Three subnets: the processor's, the sink's and the private endpoints'; nothing comes in from outside.

    Stores and vault take no other way in either network mode, so on Azure there is always a network. Out of it leads
    only what the platform needs for itself: sign-in, telemetry and its own images. Whoever sends to a private stream
    from elsewhere makes a private endpoint to its namespace in a network of their own.
    """

    def __init__(
        self,
        name: str,
        spec: NetworkSpec,
        *,
        key: KeyHandle,
        lake: BucketHandle,
        failed: BucketHandle,
        stream: StreamHandle,
        parent: RegionalComponent,
    ) -> None:
        base = own(key, Key)
        super().__init__("Network", name, parent, group=base.group)
        self.physical_name = self.scope.names.local("network")
        self.vnet_id = self.place.id("Microsoft.Network/virtualNetworks", self.physical_name)
        self.processor_subnet_id = f"{self.vnet_id}/subnets/processor"
        self.sink_subnet_id = f"{self.vnet_id}/subnets/sink"
        self.endpoints_subnet_id = f"{self.vnet_id}/subnets/endpoints"
        processor, sink, endpoints = subnet_cidrs(ADDRESSES)[:3]
        guards = [
            self._guard("processor", processor_ways(processor, endpoints)),
            self._guard("sink", sink_ways(sink, endpoints)),
            self._guard("endpoints", endpoint_ways(endpoints, (processor, sink))),
        ]
        vnet = network.VirtualNetwork(
            name,
            virtual_network_name=self.physical_name,
            resource_group_name=self.place.group,
            location=self.place.region,
            address_space=network.AddressSpaceArgs(address_prefixes=[ADDRESSES]),
            subnets=[
                self._platform_subnet("processor", processor),
                self._platform_subnet("sink", sink),
                self._endpoint_subnet("endpoints", endpoints),
            ],
            tags=self.tags(),
            opts=self.child(depends_on=guards),
        )
        self.vnet: pulumi.Resource = vnet
        self._zones: dict[str, Sequence[pulumi.Resource]] = {}
        self.connect_parts(name, base, [own(lake, Bucket), own(failed, Bucket)], own(stream, Stream))
        self.flows: FlowLogs | None = flow_logs(
            self, name, vnet=vnet, vnet_id=self.vnet_id, key=base, days=spec.log_days
        )
        self.connect(f"{name}-flows-blob", self.flows.account_id, Service.BLOB, after=[self.flows.account])
        self.subnet_ids: list[pulumi.Output[str]] = [pulumi.Output.from_input(self.processor_subnet_id)]
        self.guard_ids: list[pulumi.Output[str]] = [guards[0].id]
        self.name: pulumi.Output[str] = vnet.name
        self.resource_id: pulumi.Output[str] = vnet.id
        self.uri: pulumi.Output[str] = vnet.id
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})

    def connect(
        self, name: str, resource_id: str, service: Service, *, after: Sequence[pulumi.Resource]
    ) -> network.PrivateEndpoint:
        """A private endpoint in this network to the resource that `after` makes, under the resource's public name.

        The service's DNS zone is made with the first endpoint of its kind.
        """
        physical = self.scope.names.local(name)
        endpoint = network.PrivateEndpoint(
            name,
            private_endpoint_name=physical,
            resource_group_name=self.place.group,
            location=self.place.region,
            custom_network_interface_name=f"{physical}-interface",
            subnet=network.SubnetArgs(id=self.endpoints_subnet_id),
            private_link_service_connections=[
                network.PrivateLinkServiceConnectionArgs(
                    name=physical, private_link_service_id=resource_id, group_ids=[service.value]
                )
            ],
            tags=self.tags(),
            opts=self.child(depends_on=[self.vnet, *after]),
        )
        self.name_endpoint(name, physical, service.zone(self.place), endpoint)
        return endpoint

    def name_endpoint(self, name: str, physical: str, zone: str, endpoint: network.PrivateEndpoint) -> None:
        """Let the names of `zone` lead to the endpoint, inside this network."""
        network.PrivateDnsZoneGroup(
            f"{name}-names",
            private_dns_zone_group_name="default",
            private_endpoint_name=physical,
            resource_group_name=self.place.group,
            private_dns_zone_configs=[
                network.PrivateDnsZoneConfigArgs(
                    name=zone.replace(".", "-"),
                    private_dns_zone_id=self.place.id("Microsoft.Network/privateDnsZones", zone),
                )
            ],
            opts=self.child(depends_on=[endpoint, *self._zone(zone)]),
        )

    def connect_parts(self, name: str, key: Key, buckets: Sequence[Bucket], stream: Stream) -> None:
        """Endpoints of what every network leads to: vault, stores and stream."""
        self.connect(f"{name}-vault", key.vault_id, Service.VAULT, after=[key.vault])
        for bucket in buckets:
            for service in (Service.BLOB, Service.DFS):
                self.connect(
                    f"{name}-{bucket.role}-{service.value}", bucket.account_id, service, after=[bucket.account]
                )
        stream.settled.append(
            self.connect(f"{name}-stream", stream.namespace_id, Service.BUS, after=[stream.namespace])
        )

    def _zone(self, zone: str) -> Sequence[pulumi.Resource]:
        """The zone and its link to this network, made once."""
        if zone not in self._zones:
            made = privatedns.PrivateZone(
                f"{self._name}-{zone}",
                private_zone_name=zone,
                resource_group_name=self.place.group,
                location=EVERYWHERE,
                tags=self.tags(),
                opts=self.child(),
            )
            link = privatedns.VirtualNetworkLink(
                f"{self._name}-{zone}-link",
                virtual_network_link_name=self.physical_name,
                private_zone_name=zone,
                resource_group_name=self.place.group,
                location=EVERYWHERE,
                registration_enabled=False,
                virtual_network=privatedns.SubResourceArgs(id=self.vnet_id),
                tags=self.tags(),
                opts=self.child(depends_on=[made, self.vnet]),
            )
            self._zones[zone] = (made, link)
        return self._zones[zone]

    def _guard(self, role: str, ways: Sequence[Way]) -> network.NetworkSecurityGroup:
        return network.NetworkSecurityGroup(
            f"{self._name}-{role}-guard",
            network_security_group_name=self._guard_name(role),
            resource_group_name=self.place.group,
            location=self.place.region,
            security_rules=rules(ways),
            tags=self.tags(),
            opts=self.child(),
        )

    def _guard_name(self, role: str) -> str:
        return self.scope.names.local(f"{role}-guard")

    def _guarded_by(self, role: str) -> network.NetworkSecurityGroupArgs:
        return network.NetworkSecurityGroupArgs(
            id=self.place.id("Microsoft.Network/networkSecurityGroups", self._guard_name(role))
        )

    def _platform_subnet(self, role: str, cidr: str) -> network.SubnetArgs:
        """A subnet that Azure's platform runs our code in; it settles the default way out by itself."""
        return network.SubnetArgs(
            name=role,
            address_prefix=cidr,
            network_security_group=self._guarded_by(role),
            delegations=[network.DelegationArgs(name=role, service_name=PLATFORM)],
        )

    def _endpoint_subnet(self, role: str, cidr: str) -> network.SubnetArgs:
        return network.SubnetArgs(
            name=role,
            address_prefix=cidr,
            network_security_group=self._guarded_by(role),
            default_outbound_access=False,
            # Without this the security group would not hold for private endpoints.
            private_endpoint_network_policies=network.VirtualNetworkPrivateEndpointNetworkPolicies.ENABLED,
        )


def subnet_cidrs(addresses: str) -> list[str]:
    """The address ranges of the subnets: quarters of the network's; one stays free for later."""
    return [str(part) for part in ipaddress.ip_network(addresses).subnets(prefixlen_diff=SUBNET_BITS)]
