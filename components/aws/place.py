"""Where a placement lies, in AWS's own terms: identifiers that config decides, known before anything exists."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import pulumi
from pulumi_aws import iam

import geography
from components.aws.documents import Statement, document, trust
from components.base import RegionalComponent, Scope
from components.contracts import Unsupported
from components.placement import AwsPlacement

_SUFFIXES = {"aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu"}
"""Domain of the endpoints, by partition, where it is not amazonaws.com (botocore, partitions.json)."""


@dataclass(frozen=True)
class Place:
    """One region of one account. `partition` is the vendor's separate world that an ARN names."""

    partition: str
    region: str
    account: str

    @property
    def suffix(self) -> str:
        """Domain of the region's endpoints."""
        return _SUFFIXES.get(self.partition, "amazonaws.com")

    @property
    def root(self) -> str:
        """The account itself as a principal: who may do what is then decided by the account's IAM policies."""
        return f"arn:{self.partition}:iam::{self.account}:root"

    def arn(self, service: str, resource: str) -> str:
        """ARN of a regional resource."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def global_arn(self, service: str, resource: str) -> str:
        """ARN of a resource that is not in one region (IAM, budgets)."""
        return f"arn:{self.partition}:{service}::{self.account}:{resource}"

    def bucket_arn(self, bucket: str, keys: str = "") -> str:
        """ARN of a bucket, or with `keys` ("bronze/*") of objects in it. S3's ARNs name neither region nor account."""
        return f"arn:{self.partition}:s3:::{bucket}" + (f"/{keys}" if keys else "")

    def via(self, service: str) -> str:
        """Value of kms:ViaService for requests that `service` makes on somebody's behalf."""
        return f"{service}.{self.region}.{self.suffix}"

    def endpoint(self, service: str) -> str:
        """Address of a service's endpoint in this region."""
        return f"https://{service}.{self.region}.{self.suffix}"


def place_of(scope: Scope) -> Place:
    """The AWS place of a scope."""
    placement = placement_of(scope)
    partition = geography.region("aws", placement.region).partition
    return Place(partition, placement.region, placement.account_id)


def placement_of(scope: Scope) -> AwsPlacement:
    """The scope's placement, which is one on AWS: components/clouds.py chose these components by it."""
    if not isinstance(scope.placement, AwsPlacement):
        raise TypeError(f"AWS components were asked to build on {scope.placement.cloud}")
    return scope.placement


class AwsComponent(RegionalComponent):
    """A component in an AWS region: `kind` is the last part of its type token."""

    place: Place

    def __init__(self, kind: str, name: str, parent: RegionalComponent) -> None:
        super().__init__(f"homeshore:aws:{kind}", name, parent.scope, parent=parent)
        self.place = place_of(parent.scope)

    def role(self, name: str, *, role: str, service: str, description: str) -> iam.Role:
        """A role that only `service` can take, on behalf of this account only; `role` is the last part of its name.

        The stack's permission boundary, where there is one, limits it.
        """
        return iam.Role(
            name,
            name=self.scope.names.account_wide(role),
            description=description,
            assume_role_policy=trust(service, self.place.account),
            permissions_boundary=self.scope.permission_boundary,
            opts=self.child(),
        )

    def let(
        self,
        name: str,
        role: pulumi.Input[str],
        *statements: Statement,
        key: tuple[pulumi.Output[str], tuple[Statement, ...]] | None = None,
    ) -> list[pulumi.Resource]:
        """Attach the statements to the role of that name, as an inline policy called `name`.

        `key` is the encryption key's ARN and statements about it whose resources are left empty, to be filled with it.
        """
        text: pulumi.Input[str] = document(*statements)
        if key is not None:
            arn, about = key
            text = arn.apply(lambda known: document(*statements, *(replace(one, resources=(known,)) for one in about)))
        return [iam.RolePolicy(name, name=name, role=role, policy=text, opts=self.child())]


T = TypeVar("T")


def own(handle: object, kind: type[T], sentence: str) -> T:
    """`handle` as the class of this package that it must be. Raises Unsupported with `sentence` for another."""
    if not isinstance(handle, kind):
        raise Unsupported(sentence)
    return handle
