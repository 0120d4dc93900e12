"""What may pass between the subnets, and out of them: rules of network security groups, closed unless opened here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi_azure_native import network

HTTPS = "443"
AMQP = "5671-5672"
SQL = "1433"
ANY = "*"
LAST = 4096
"""The lowest priority of a rule of ours: the one that closes."""

OUTBOUND, INBOUND = network.SecurityRuleDirection.OUTBOUND, network.SecurityRuleDirection.INBOUND


@dataclass(frozen=True)
class Way:
    """A way that is open: where from and where to are address ranges or Azure's service tags."""

    name: str
    why: str
    direction: network.SecurityRuleDirection
    source: str
    target: str
    ports: tuple[str, ...] = (HTTPS,)
    protocol: network.SecurityRuleProtocol = network.SecurityRuleProtocol.TCP


def processor_ways(subnet: str, endpoints: str) -> tuple[Way, ...]:
    """Flex Consumption: the private endpoints, sign-in and telemetry. Triggers are polled, so nothing comes in."""
    return (
        _endpoints(subnet, endpoints, (HTTPS, AMQP)),
        *_platform(subnet),
        *_among(subnet),
    )


def sink_ways(subnet: str, endpoints: str) -> tuple[Way, ...]:
    """Container Apps: what the platform itself needs too (Microsoft Learn, "Securing a virtual network")."""
    return (
        _endpoints(subnet, endpoints, (HTTPS, SQL)),
        *_platform(subnet),
        Way("system-images", "The platform's own images", OUTBOUND, subnet, "MicrosoftContainerRegistry"),
        Way("system-images-cache", "Where those images are kept", OUTBOUND, subnet, "AzureFrontDoor.FirstParty"),
        Way("probes", "The platform's health probes", INBOUND, "AzureLoadBalancer", subnet, ("30000-32767",)),
        *_among(subnet),
    )


def endpoint_ways(endpoints: str, clients: Sequence[str]) -> tuple[Way, ...]:
    """Private endpoints: they answer to the two subnets of ours and begin nothing."""
    return tuple(
        Way(f"from-{number}", "Clients of ours", INBOUND, client, endpoints, (HTTPS, AMQP, SQL))
        for number, client in enumerate(clients, start=1)
    )


def rules(ways: Sequence[Way]) -> list[network.SecurityRuleArgs]:
    """Those ways, and then nothing more in either direction, not even within the network."""
    opened = [
        _rule(way, network.SecurityRuleAccess.ALLOW, priority)
        for priority, way in zip(range(100, LAST, 10), ways, strict=False)
    ]
    closed = [
        _rule(
            Way(f"close-{direction.value.lower()}", "Nothing else", direction, ANY, ANY, (ANY,), _ANY_PROTOCOL),
            network.SecurityRuleAccess.DENY,
            LAST,
        )
        for direction in (INBOUND, OUTBOUND)
    ]
    return [*opened, *closed]


_ANY_PROTOCOL = network.SecurityRuleProtocol.ASTERISK


def _endpoints(subnet: str, endpoints: str, ports: tuple[str, ...]) -> Way:
    return Way("to-endpoints", "Stores, vault and stream, by private endpoints", OUTBOUND, subnet, endpoints, ports)


def _platform(subnet: str) -> tuple[Way, ...]:
    """Public services without a private endpoint, which the platform calls for a managed identity and for telemetry."""
    return (
        Way("sign-in", "Tokens of the managed identity", OUTBOUND, subnet, "AzureActiveDirectory"),
        Way("telemetry", "Logs and metrics", OUTBOUND, subnet, "AzureMonitor"),
    )


def _among(subnet: str) -> tuple[Way, ...]:
    """The platform's own machines talk to each other."""
    return tuple(
        Way(
            f"among-{direction.value.lower()}",
            "The platform's own machines",
            direction,
            subnet,
            subnet,
            (ANY,),
            _ANY_PROTOCOL,
        )
        for direction in (INBOUND, OUTBOUND)
    )


def _rule(way: Way, access: network.SecurityRuleAccess, priority: int) -> network.SecurityRuleArgs:
    one = len(way.ports) == 1
    return network.SecurityRuleArgs(
        name=way.name,
        description=way.why,
        priority=priority,
        direction=way.direction,
        access=access,
        protocol=way.protocol,
        source_address_prefix=way.source,
        source_port_range=ANY,
        destination_address_prefix=way.target,
        # Azure takes one of the two.
        destination_port_range=way.ports[0] if one else None,
        destination_port_ranges=None if one else list(way.ports),
    )
