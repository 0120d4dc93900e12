"""A network of the region's own, without a way to the internet."""

from __future__ import annotations

import csv
import ipaddress
from functools import cache
from pathlib import Path

import pulumi
from pulumi_aws import cloudwatch, ec2, iam, vpc

from components.aws.documents import Statement, document
from components.aws.place import AwsComponent, Place
from components.base import RegionalComponent
from components.contracts import BucketHandle, Handle, KeyHandle, NetworkSpec, StreamHandle, Unsupported

ADDRESSES = "10.64.0.0/22"
"""Nothing is peered with this network, so that it may overlap with others."""
SUBNET_BITS = 2
HTTPS = 443


class Network(AwsComponent):
    """VPC with one private subnet in each of two zones, and only the way to the services that the processor calls.

    The processor calls two: S3 through a gateway endpoint, Secrets Manager through an interface endpoint. Lambda itself
    polls the stream, writes the log and the traces and decrypts the environment, all outside of this network.
    There is no internet gateway, no NAT and no route but to S3 and within the network.
    """

    def __init__(
        self, name: str, spec: NetworkSpec, *, key: KeyHandle, lake: BucketHandle, parent: RegionalComponent
    ) -> None:
        super().__init__("Network", name, parent)
        names = self.scope.names
        self.physical_name = names.local("network")
        network = ec2.Vpc(
            name,
            cidr_block=ADDRESSES,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": self.physical_name},
            opts=self.child(),
        )
        ec2.DefaultSecurityGroup(f"{name}-default-guard", vpc_id=network.id, ingress=[], egress=[], opts=self.child())
        routes = ec2.RouteTable(f"{name}-routes", vpc_id=network.id, opts=self.child())
        subnets: list[ec2.Subnet] = []
        for number, (zone, cidr) in enumerate(zip(zones(names.region), subnet_cidrs(ADDRESSES), strict=False), start=1):
            subnet = ec2.Subnet(
                f"{name}-private-{number}",
                vpc_id=network.id,
                cidr_block=cidr,
                availability_zone_id=zone,
                map_public_ip_on_launch=False,
                tags={"Name": f"{self.physical_name}-private-{number}"},
                opts=self.child(),
            )
            ec2.RouteTableAssociation(
                f"{name}-private-{number}-routes", subnet_id=subnet.id, route_table_id=routes.id, opts=self.child()
            )
            subnets.append(subnet)
        self.subnet_ids: list[pulumi.Output[str]] = [subnet.id for subnet in subnets]
        processor = self._guard(
            "processor", "The processor: it connects to AWS services, nothing connects to it", network
        )
        services = self._guard("services", "The services' interfaces: only the processor connects", network)
        storage = ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=network.id,
            service_name=f"com.amazonaws.{names.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[routes.id],
            policy=document(
                self._only(
                    "OnlyTheLakesObjects",
                    ("s3:GetObject", "s3:PutObject"),
                    self.place.bucket_arn(lake.physical_name, "*"),
                )
            ),
            opts=self.child(),
        )
        ec2.VpcEndpoint(
            f"{name}-secrets",
            vpc_id=network.id,
            service_name=f"com.amazonaws.{names.region}.secretsmanager",
            vpc_endpoint_type="Interface",
            subnet_ids=self.subnet_ids,
            security_group_ids=[services.id],
            private_dns_enabled=True,
            policy=document(
                self._only(
                    "OnlyThePseudonymKey",
                    ("secretsmanager:GetSecretValue",),
                    self.place.arn("secretsmanager", f"secret:{names.path('pseudonym-key')}-??????"),
                )
            ),
            opts=self.child(),
        )
        self._open("to-services", processor, description="Secrets Manager", referenced_security_group_id=services.id)
        self._open("to-storage", processor, description="S3", prefix_list_id=storage.prefix_list_id)
        vpc.SecurityGroupIngressRule(
            f"{name}-from-processor",
            security_group_id=services.id,
            description="The processor",
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            referenced_security_group_id=processor.id,
            opts=self.child(),
        )
        self._record_flows(network, key, spec.log_days)
        self.guard_ids: list[pulumi.Output[str]] = [processor.id]
        self.name: pulumi.Output[str] = network.id
        self.resource_id: pulumi.Output[str] = network.arn
        self.uri: pulumi.Output[str] = network.arn
        self.register_outputs({"name": self.name, "resource_id": self.resource_id})

    def _guard(self, role: str, description: str, network: ec2.Vpc) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            f"{self._name}-{role}-guard",
            name=self.scope.names.local(role),
            description=description,
            vpc_id=network.id,
            revoke_rules_on_delete=True,
            opts=self.child(),
        )

    def _open(
        self,
        role: str,
        guard: ec2.SecurityGroup,
        *,
        description: str,
        referenced_security_group_id: pulumi.Output[str] | None = None,
        prefix_list_id: pulumi.Output[str] | None = None,
    ) -> None:
        vpc.SecurityGroupEgressRule(
            f"{self._name}-{role}",
            security_group_id=guard.id,
            description=description,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            referenced_security_group_id=referenced_security_group_id,
            prefix_list_id=prefix_list_id,
            opts=self.child(),
        )

    def _only(self, sid: str, actions: tuple[str, ...], *resources: str) -> Statement:
        """An endpoint's policy names no principal (AWS reads one as the root user), so a condition does."""
        role = self.place.global_arn("iam", f"role/{self.scope.names.account_wide('processor')}")
        return Statement(
            sid=sid,
            principals={"AWS": "*"},
            actions=actions,
            resources=resources,
            conditions={"ArnEquals": {"aws:PrincipalArn": role}},
        )

    def _record_flows(self, network: ec2.Vpc, key: Handle, days: int) -> None:
        names = self.scope.names
        group = f"/{names.path('flows')}"
        log = cloudwatch.LogGroup(
            f"{self._name}-flows-log",
            name=group,
            retention_in_days=days,
            kms_key_id=key.resource_id,
            opts=self.child(),
        )
        role = self.role(
            f"{self._name}-flows-role",
            role="flows",
            service="vpc-flow-logs.amazonaws.com",
            description="Lets the network's flow log be written",
        )
        may = iam.RolePolicy(
            f"{self._name}-flows-policy",
            name="log",
            role=role.name,
            policy=document(*_flow_log_grants(self.place, group)),
            opts=self.child(),
        )
        ec2.FlowLog(
            f"{self._name}-flows",
            vpc_id=network.id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=log.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=600,
            opts=self.child(depends_on=[may]),
        )


def network(
    name: str,
    spec: NetworkSpec,
    *,
    key: KeyHandle,
    lake: BucketHandle,
    failed: BucketHandle,  # noqa: ARG001 - Lambda itself writes to it, outside of this network
    stream: StreamHandle,  # noqa: ARG001 - Lambda itself polls it, outside of this network
    parent: RegionalComponent,
) -> Network | None:
    """The network of a private stack; without one Lambda runs the function, which nothing can connect to either."""
    return Network(name, spec, key=key, lake=lake, parent=parent) if spec.private else None


def subnet_cidrs(addresses: str) -> list[str]:
    """The address ranges of the subnets: quarters of the network's, so that two stay free for later."""
    return [str(part) for part in ipaddress.ip_network(addresses).subnets(prefixlen_diff=SUBNET_BITS)]


def zones(region: str) -> tuple[str, str]:
    """Ids of two zones of the region. Ids, not letters: a letter means another place in each account.

    Raises Unsupported for a region whose zones nobody has entered into zones.csv yet.
    """
    found = _zones().get(region)
    if found is None:
        raise Unsupported(
            f"{region}: its availability zones are not in components/aws/zones.csv, so no private network can be "
            "placed there: add a row with two zone ids and their source, or use network.mode: public"
        )
    return found


@cache
def _zones() -> dict[str, tuple[str, str]]:
    with (Path(__file__).parent / "zones.csv").open(encoding="utf-8", newline="") as file:
        return {row["region"]: (row["first_zone"], row["second_zone"]) for row in csv.DictReader(file)}


def _flow_log_grants(place: Place, group: str) -> tuple[Statement, ...]:
    return (
        Statement(
            sid="WriteTheFlowLog",
            actions=("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
            resources=(place.arn("logs", f"log-group:{group}"), place.arn("logs", f"log-group:{group}:*")),
        ),
        Statement(
            sid="FindTheFlowLog",
            actions=("logs:DescribeLogGroups",),
            resources=(place.arn("logs", "log-group:*"),),
        ),
    )
