"""Whom a value means: resources of the stack that hold or move data, or a place outside of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from policies.aws.whereabouts import BUCKETS, arn
from policies.azure import joins
from policies.azure.facts import HSM, VAULT
from policies.azure.facts import named as azure_names
from policies.gcp import where as gcp
from policies.model import Resource, Stack
from policies.paths.facts import role
from policies.paths.model import Spot, Verdict
from policies.paths.where import named
from policies.places import gcp_location, places_in_host
from policies.values import Reading

OF_AWS: Final = {"bucket": BUCKETS, "replica": BUCKETS, "log bucket": BUCKETS}
HOST: Final = re.compile(r"(?:[a-z0-9_-]+\.)+[a-z]{2,}", re.IGNORECASE)
OF_CLOUD: Final = (
    ("aws", re.compile(r"(?:^|\.)(?:amazonaws\.(?:com(?:\.cn)?|eu)|api\.aws|on\.aws)$")),
    ("azure", re.compile(r"\.(?:azure\.com|azure\.net|windows\.net|microsoft\.com|azurecontainerapps\.io)$")),
)
OWN_INPUTS: Final = (
    *("name", "bucket", "functionName", "jobName", "secretId", "repositoryId", "accountId", "datasetId", "tableId"),
    *("identifier", "clusterIdentifier", "clusterName", "domainName", "workgroupName", "namespaceName"),
    *("bucketId", "queueName", "topicName", "topicArn"),
)
OF_PARTS: Final = (
    *("eventHubName", "queueName", "topicName", "containerName", "shareName", "tableName", "databaseName", "keyName"),
    *("resourceName", "diskName", "snapshotName", "vmName", "jobName", "sqlPoolName", "deploymentName"),
)
"""Inputs by which types of Azure are called that others name only as a part of something."""
SERVICES: Final = {
    "logs": "cloudwatch",
    "events": "cloudwatch",
    "es": "opensearch",
    "states": "sfn",
    "firehose": "kinesis",
}
"""Services whose ARNs are called otherwise than the provider's module."""


class Register:
    """The resources of a stack that bytes can be in, by what others call them."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._by_name: dict[str, list[Resource]] = {}
        for one in stack.resources:
            if one.custom and role(one.type) is not None:
                for name in _names(one):
                    self._by_name.setdefault(name, []).append(one)

    def meant(self, resource: Resource, at: Reading, aim: str = "") -> tuple[Resource, ...]:
        """The resources that the value of `at`, an input of `resource`, refers to; `aim` says of what kinds."""
        if at.missing:
            return ()
        types = self._types(resource, aim)
        if types is not None and resource.cloud == "azure":
            return joins.target(self.stack, resource, at, *(one for one in types if one in azure_names())).inside
        if resource.cloud == "gcp" and aim in gcp.KINDS:
            return tuple(gcp.named(self.stack, resource, at, gcp.KINDS[aim]))
        linked = [one for one in self._linked(resource, at) if types is None or one.type in types]
        if not at.text:
            return tuple(linked)
        among = [one for one in self._named(at.text, types) if one is not resource]
        both = [one for one in among if one in linked]
        nameless = [one for one in linked if not _names(one, of_program=False)]
        return tuple(both or self._nearest(resource, at.text, among) or nameless)

    def _types(self, resource: Resource, aim: str) -> tuple[str, ...] | None:
        """The types that an aim allows; None for any."""
        if resource.cloud == "aws" and aim in OF_AWS:
            return OF_AWS[aim]
        if aim == "@vault":
            return (VAULT, HSM)
        if ":" in aim:
            return tuple(one.partition("#")[0] for one in aim.split())
        return None

    def _linked(self, resource: Resource, at: Reading) -> Iterator[Resource]:
        top = re.split(r"[.\[]", at.path, maxsplit=1)[0]
        for urn in dict.fromkeys(resource.property_dependencies.get(top, ())):
            one = self.stack.by_urn.get(urn)
            if one is not None and one is not resource and role(one.type) is not None:
                yield one

    def _named(self, text: str, types: tuple[str, ...] | None) -> list[Resource]:
        found = {one.urn: one for word in words(text) for one in self._by_name.get(word, ())}
        said = arn(text)
        return [
            one
            for one in found.values()
            if (types is None or one.type in types) and (said is None or _serves(said.service, one))
        ]

    def _nearest(self, resource: Resource, text: str, among: list[Resource]) -> list[Resource]:
        """Of namesakes those in the region that the text says, or else in the same one as who names them."""
        said = arn(text)
        here = (said.region if said and said.region else self.stack.location(resource).text).lower()
        near = [one for one in among if here and self.stack.location(one).text.lower() == here]
        if said and said.region:
            return near
        # A name alone means something near, unless it is of a kind whose names are unique in the world.
        bare = not re.search(r"[/:.]", text)
        return near or [one for one in among if not (bare and here) or _unique(one)]


def _unique(one: Resource) -> bool:
    known = role(one.type)
    return known is not None and known.word in ("bucket", "storage account", "identity", "role", "service account")


def _serves(service: str, resource: Resource) -> bool:
    module = resource.type.partition("/")[0].partition(":")[2].split(":")[0]
    return module == SERVICES.get(service, service) or module.startswith(service)


def _names(resource: Resource, *, of_program: bool = True) -> frozenset[str]:
    """What others call it. Where its cloud will name it, its name in the program has to do."""
    keys = OWN_INPUTS
    if resource.cloud == "azure":  # a part carries the names of what it is a part of
        keys = (azure_names()[resource.type].input,) if resource.type in azure_names() else OF_PARTS
    found = {resource.read(key).text.lower() for key in keys if key in resource.inputs} - {""}
    return frozenset(found or ({resource.name.lower()} if of_program else ()))


def words(text: str) -> frozenset[str]:
    """The names that a reference may mean: itself, the parts of its path, the first label of its host."""
    text = text.strip().lower()
    said = arn(text)
    if said is not None:
        inner = re.sub(r"^[a-z-]+:|:\*$", "", said.resource)  # log-group:/its/name:*
        return frozenset({*re.split(r"[/:*]", said.resource), said.resource, re.sub(r":\*$", "", inner)} - {""})
    rest = re.sub(r"^[a-z0-9+]+://", "", text)
    host, _, path = rest.partition("/")
    if re.match(r"(?:gs|s3[an]?)://", text):
        return frozenset({host})
    if text.startswith("projects/"):
        return frozenset({text, text.rstrip("/").rpartition("/")[2]})
    found = {text, rest, path, *re.split(r"[/:]", path)}
    if rest != text or "." in host:
        found |= {host, host.split("@")[-1].split(".")[0], host.split("@")[0]}
    return frozenset({*found, *(() if "." in host else re.split(r"[/:]", rest))} - {""})


def outside(stack: Stack, resource: Resource, text: str, aim: str) -> Spot | None:
    """The place that a text itself says, in the words of `aim`; None where it says none."""
    cloud = resource.cloud or ""
    if aim in ("region", "place", "other-cloud", "aws-region"):
        return _region(stack, cloud, text, aim)
    said = arn(text)
    if said is not None:
        return named(stack, "aws", said.region) if said.region and "*" not in said.region else None
    if gcp_location(text):
        return named(stack, "gcp", gcp_location(text) or "")
    return of_host(stack, text)


def of_host(stack: Stack, text: str) -> Spot | None:
    """The place that a host in a text says: the worst, where it says several."""
    found: list[Spot] = []
    for host in HOST.findall(re.sub(r"//[^/@]*@", "//", text.lower())):  # what stands before @ is a name, not a host
        places = [*gcp.places_of_host(host)]
        for cloud, pattern in OF_CLOUD:
            if pattern.search(host):  # the first label of a host of Azure is a name that people chose
                places += places_in_host(cloud, host.partition(".")[2] if cloud == "azure" else host)
        found += (Spot(one.name, Verdict.INSIDE if stack.holds(one) else Verdict.LEAVES) for one in places)
    return worst(found)


def _region(stack: Stack, cloud: str, text: str, aim: str) -> Spot | None:
    if aim == "aws-region":
        return named(stack, "aws", text)
    if aim == "other-cloud" and text.startswith(("aws-", "azure-")):
        return named(stack, "gcp", text)
    if cloud == "gcp":  # Spanner's configurations carry their region at the end
        text = re.sub(r"^.*\bregional-", "", text)
    found = named(stack, cloud, text)
    return found or (outside(stack, _ANYBODY, text, "arn") if aim == "place" else None)


_ANYBODY: Final = Resource("", "", "", {})


def worst(found: Iterable[Spot]) -> Spot | None:
    """The spot that a report names first; None where there is none."""
    order = list(Verdict)
    return min(found, key=lambda one: order.index(one.verdict), default=None)
