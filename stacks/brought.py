"""What is brought along: how each cloud names it, and whether it lies where the placement does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, cast

from pydantic_core import PydanticCustomError

import geography
from components.placement import TITLES
from components.refusal import refusal, shown
from stacks.by_cloud import Place
from stacks.sections import Bring, BroughtNetwork

_SUBSCRIPTION = r"/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/\s]{1,90}/providers"
_PROJECT = r"[a-z][a-z0-9-]{4,28}[a-z0-9]"
_EXAMPLE_GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/platform/providers"


class Kind(NamedTuple):
    """How a cloud names a thing: `pattern` may hold the groups `region` and `partition`; `example` may hold {region}.

    `where` is the command that shows the name.
    """

    what: str
    pattern: re.Pattern[str]
    example: str
    where: str


def _kind(what: str, pattern: str, example: str, where: str) -> Kind:
    return Kind(what, re.compile(pattern, re.ASCII), example, where)


_SUBNET = _kind(
    "the resource id of a subnet",
    rf"{_SUBSCRIPTION}/Microsoft\.Network/virtualNetworks/[^/\s]+/subnets/[^/\s]+",
    f"{_EXAMPLE_GROUP}/Microsoft.Network/virtualNetworks/platform/subnets/example",
    "az network vnet subnet list",
)

KINDS: dict[tuple[str, str], Kind] = {
    ("aws", "key"): _kind(
        "the ARN of a KMS key",
        r"arn:(?P<partition>aws[a-z-]*):kms:(?P<region>[a-z0-9-]+):[0-9]{12}:key/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "arn:aws:kms:{region}:123456789012:key/00000000-0000-4000-8000-000000000000",
        "aws kms describe-key",
    ),
    ("azure", "key"): _kind(
        "the resource id of a Key Vault key, without a version",
        rf"{_SUBSCRIPTION}/Microsoft\.KeyVault/vaults/[A-Za-z0-9-]{{3,24}}/keys/[A-Za-z0-9-]{{1,127}}",
        f"{_EXAMPLE_GROUP}/Microsoft.KeyVault/vaults/platform/keys/homeshore",
        "az keyvault show",
    ),
    ("gcp", "key"): _kind(
        "the name of a Cloud KMS key, without a version",
        rf"projects/{_PROJECT}/locations/(?P<region>[a-z0-9-]+)/keyRings/[\w-]{{1,63}}/cryptoKeys/[\w-]{{1,63}}",
        "projects/homeshore-platform/locations/{region}/keyRings/platform/cryptoKeys/homeshore",
        "gcloud kms keys list",
    ),
    ("aws", "bucket"): _kind(
        "the name of an S3 bucket",
        r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        "example-lake",
        "aws s3api list-buckets",
    ),
    ("azure", "bucket"): _kind(
        "the resource id of a blob container",
        rf"{_SUBSCRIPTION}/Microsoft\.Storage/storageAccounts/[a-z0-9]{{3,24}}/blobServices/default/containers/[a-z0-9-]{{3,63}}",
        f"{_EXAMPLE_GROUP}/Microsoft.Storage/storageAccounts/examplelake/blobServices/default/containers/lake",
        "az storage container-rm list",
    ),
    ("gcp", "bucket"): _kind(
        "the name of a Cloud Storage bucket",
        r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]",
        "example-lake",
        "gcloud storage buckets list",
    ),
    ("aws", "permission_boundary"): _kind(
        "the ARN of an IAM policy",
        r"arn:(?P<partition>aws[a-z-]*):iam::([0-9]{12}|aws):policy/[\w+=,.@/-]{1,512}",
        "arn:aws:iam::123456789012:policy/platform-boundary",
        "aws iam list-policies",
    ),
    ("azure", "cluster"): _kind(
        "the resource id of an Event Hubs cluster",
        rf"{_SUBSCRIPTION}/Microsoft\.EventHub/clusters/[A-Za-z][A-Za-z0-9-]{{4,48}}[A-Za-z0-9]",
        f"{_EXAMPLE_GROUP}/Microsoft.EventHub/clusters/platform",
        "az eventhubs cluster list",
    ),
    ("aws", "subnet_ids"): _kind(
        "the id of a subnet", r"subnet-[0-9a-f]{8,17}", "subnet-0a1b2c3d4e5f60718", "aws ec2 describe-subnets"
    ),
    ("aws", "guard_ids"): _kind(
        "the id of a security group", r"sg-[0-9a-f]{8,17}", "sg-0a1b2c3d4e5f60718", "aws ec2 describe-security-groups"
    ),
    ("azure", "processor_subnet"): _SUBNET,
    ("azure", "jobs_subnet"): _SUBNET,
    ("azure", "endpoints_subnet"): _SUBNET,
    ("gcp", "network"): _kind(
        "the name of a VPC network",
        rf"projects/{_PROJECT}/global/networks/[a-z0-9-]{{1,63}}",
        "projects/homeshore-platform/global/networks/platform",
        "gcloud compute networks list",
    ),
    ("gcp", "subnetwork"): _kind(
        "the name of a subnetwork",
        rf"projects/{_PROJECT}/regions/(?P<region>[a-z0-9-]+)/subnetworks/[a-z0-9-]{{1,63}}",
        "projects/homeshore-platform/regions/{region}/subnetworks/processor",
        "gcloud compute networks subnets list",
    ),
}


def faults(bring: Bring, place: Place, mode: str | None, *, key_stated: bool) -> Iterator[PydanticCustomError]:
    """All that is wrong with what is brought along to `place`; `mode` is network.mode, None while it is not known.

    `key_stated` says whether the file also says how a key of the stack's own is to be.
    """
    if bring.key is not None and key_stated:
        yield refusal(
            "a key is brought along, and the section key says how a key is to be made",
            consequence="Nothing of it would be done to a key that somebody else looks after.",
            remedy="Remove the section key, or bring.key.",
            at="key",
        )
    for name in ("key", "bucket", "permission_boundary", "cluster"):
        value = getattr(bring, name)
        if isinstance(value, str):
            yield from _value_faults(name, name, value, place)
    if bring.network is None:
        return
    yield from _network_faults(bring.network, place)
    if mode == "public":
        yield refusal(
            "a network is brought along and network.mode is public",
            consequence="A public stack has no network of its own, so this one would not be used.",
            remedy="Use network.mode private, or remove bring.network.",
            at="network",
        )


def example(place: geography.Region) -> dict[str, str]:
    """What could be brought along to a region, by key: for the comments of a new stack file."""
    name = next(key for key in ("permission_boundary", "cluster", "bucket") if (place.cloud, key) in KINDS)
    text = KINDS[place.cloud, name].example.replace("{region}", place.name)
    return {name: text.replace("arn:aws:", f"arn:{place.partition}:")}


def _network_faults(network: BroughtNetwork, place: Place) -> Iterator[PydanticCustomError]:
    wanted = [key for cloud, key in KINDS if cloud == place.cloud and key in BroughtNetwork.model_fields]
    for name in BroughtNetwork.model_fields:
        value = cast("str | tuple[str, ...] | None", getattr(network, name))
        for each in (value,) if isinstance(value, str) else value or ():
            yield from _value_faults(f"network.{name}", name, each, place)
    for name in wanted:
        if not getattr(network, name):
            kind = KINDS[place.cloud, name]
            yield refusal(
                f"a network of {TITLES[place.cloud]} needs {name}",
                consequence="A part of a network cannot carry the stack, and the rest would have to be guessed.",
                remedy=f"Add {name}, {kind.what}, as `{kind.where}` shows it; or leave bring.network out.",
                at="network",
            )


def _value_faults(at: str, name: str, value: str, place: Place) -> Iterator[PydanticCustomError]:
    kind = KINDS.get((place.cloud, name))
    if kind is None:
        yield _of_another_cloud(at, name, place.cloud)
        return
    found = kind.pattern.fullmatch(value)
    if found is None:
        multi = "key/mrk-" in value
        yield refusal(
            "a multi-Region key can be replicated to other regions" if multi else f"{shown(value)} is not {kind.what}",
            consequence="What protects the data could leave the region with it."
            if multi
            else "Nothing of that name could be found.",
            remedy=f"Write {kind.what}{' of this region alone' * multi}, such as "
            f"{kind.example.replace('{region}', place.region.name if place.region else 'REGION')} "
            f"(`{kind.where}` shows it).",
            at=at,
        )
        return
    if place.region is not None:
        yield from _elsewhere(at, kind, found.groupdict(), place.region.name, place.region.partition)


def _elsewhere(
    at: str, kind: Kind, named: dict[str, str | None], region: str, partition: str
) -> Iterator[PydanticCustomError]:
    there = named.get("region") or region
    if there != region:
        yield refusal(
            f"it lies in {there}, and the placement in {region}",
            consequence="What protects the data would lie outside the region."
            if at == "key"
            else "The processor could not run there.",
            remedy=f"Name {kind.what} in {region}.",
            at=at,
        )
    elif (named.get("partition") or partition) != partition:
        yield refusal(
            f"it belongs to the partition {named['partition']}, and {region} to {partition}",
            consequence="No account sees both.",
            remedy=f"Name {kind.what} in {partition}.",
            at=at,
        )


def _of_another_cloud(at: str, name: str, cloud: str) -> PydanticCustomError:
    clouds = [other for other, key in KINDS if key == name]
    here = [
        key for other, key in KINDS if other == cloud and ("network." in at) == (key in BroughtNetwork.model_fields)
    ]
    there = " and ".join(TITLES[each] for each in clouds)
    return refusal(
        f"the key {name} can be brought along on {there}, not on {TITLES[cloud]}",
        consequence="It would not be used, although the file says so.",
        remedy=f"Remove it; on {TITLES[cloud]} the keys here are {', '.join(here)}.",
        at=at,
    )
