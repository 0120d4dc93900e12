"""What holds for every boundary: regions outside are denied, regions inside and global services are not."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from importlib.resources import files

import pytest

import geography
from policies.backstop import Guard, Home, guard, stopped
from policies.backstop.aws_semantics import Request, denied_by
from policies.backstop.guard import table
from tests.policies.build import res, stack

# Services with one endpoint that keep content of customers there: they stay shut on purpose.
SHUT = {"chime", "codecatalyst", "importexport", "mturk-requester"}
REGIONS = [one for one in geography.regions() if one.kind == "region"]


@functools.cache
def guards(cloud: str) -> tuple[Guard, ...]:
    """The guard of every boundary in every world of a cloud that has a region inside."""
    homes: dict[tuple[str, str], Home] = {}
    for boundary in geography.boundaries():
        for one in geography.regions(cloud):
            if one.kind == "region" and boundary.holds(one):
                home = Home(cloud, one.name, boundary, "home", "home", key_projects=("p",))
                homes.setdefault((boundary.name, geography.world(one)), home)
    return tuple(guard(home) for home in homes.values())


def denied(found: Guard, action: str, region: str, **keys: str) -> set[str]:
    given = {key.replace("__", ":"): (value,) for key, value in keys.items()}
    return set(denied_by(found.documents, Request(action, region, given)))


def name(found: Guard) -> str:
    return f"{found.home.boundary.name} from {found.home.region}"


@pytest.mark.parametrize("found", guards("aws"), ids=name)
def test_aws_denies_exactly_the_regions_outside(found: Guard) -> None:
    inside = {one.name for one in found.home.inside}
    assert found.home.region in inside
    for one in geography.regions("aws"):
        expected = set() if one.name in inside else {"RegionsInsideTheBoundary"}
        for action in ("kinesis:CreateStream", "kms:CreateKey", "s3:CreateBucket", "ec2:CopySnapshot"):
            assert denied(found, action, one.name) == expected, one.name


@pytest.mark.parametrize("found", guards("aws"), ids=name)
def test_aws_denies_exactly_the_destinations_outside(found: Guard) -> None:
    inside = {one.name for one in found.home.inside}
    partition = found.home.place.partition
    for one in geography.regions("aws"):
        arn = f"arn:{partition}:backup:{one.name}:1:backup-vault:v"
        tried = {
            "KeysStayInTheirRegion2": denied(found, "kms:ReplicateKey", found.home.region, kms__ReplicaRegion=one.name),
            "NoNewRegions": denied(found, "account:EnableRegion", "anywhere", account__TargetRegion=one.name),
            "BucketsInsideTheBoundary": denied(
                found, "s3:CreateBucket", found.home.region, s3__LocationConstraint=one.name
            ),
            "SecretsInsideTheBoundary": denied(
                found, "secretsmanager:CreateSecret", found.home.region, secretsmanager__AddReplicaRegions=one.name
            ),
            "BackupsInsideTheBoundary": denied(
                found, "backup:CopyFromBackupVault", found.home.region, backup__CopyTargets=arn
            ),
        }
        for control, said in tried.items():
            assert said == (set() if one.name in inside else {control}), one.name


def global_services() -> Iterator[tuple[str, str, str]]:
    """(partition, service, region) of every service that AWS's own endpoint data says is not regional."""
    text = files("botocore").joinpath("data/endpoints.json").read_text(encoding="utf-8")
    for partition in json.loads(text)["partitions"]:
        for service, about in partition["services"].items():
            if about.get("isRegionalized") is False and service not in SHUT:
                for endpoint in about["endpoints"].values():
                    region = endpoint.get("credentialScope", {}).get("region")
                    if region:
                        yield partition["partition"], service, region


@pytest.mark.parametrize("found", guards("aws"), ids=name)
def test_no_global_service_is_locked_out(found: Guard) -> None:
    services = [one for one in global_services() if one[0] == found.home.place.partition]
    for _, service, region in services:
        assert denied(found, f"{service}:DescribeAnything", region) == set(), service
    home = str(dict(table("aws.yaml"))["home"][found.home.place.partition])  # pyright: ignore[reportIndexIssue, reportCallIssue, reportArgumentType]
    assert denied(found, "acm:RequestCertificate", home) == set()
    assert denied(found, "acm:RequestCertificate", "elsewhere") == {"CertificatesAtHome"}
    assert denied(found, "sts:AssumeRole", home) == set()


def test_the_endpoint_data_knows_global_services_and_those_that_stay_shut() -> None:
    assert {"iam", "organizations", "route53", "cloudfront", "budgets"} <= {one for _, one, _ in global_services()}
    found = guards("aws")[0]
    for service in SHUT:
        assert denied(found, f"{service}:Anything", "elsewhere"), service


@pytest.mark.parametrize("found", guards("aws"), ids=name)
def test_policies_fit_what_aws_takes(found: Guard) -> None:
    quota = table("aws.yaml")["characters"]
    assert isinstance(quota, int)
    # Five may be attached to one account, and FullAWSAccess is one of them.
    assert 1 <= len(found.documents) <= 4
    for document in found.documents:
        assert len(document.text) <= quota
        assert json.loads(document.text) == document.content
    ids = [one["Sid"] for document in found.documents for one in json.loads(document.text)["Statement"]]
    assert len(ids) == len(set(ids))
    assert {one.rstrip("0123456789") for one in ids} == {one.id for one in found.controls}


def test_policies_are_split_where_one_would_be_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    home = guards("aws")[0].home
    monkeypatch.setitem(table("aws.yaml"), "characters", 2600)
    split = guard(home)
    assert len(split.documents) > 1
    assert all(len(one.text) <= 2600 for one in split.documents)
    whole = [one for document in split.documents for one in json.loads(document.text)["Statement"]]
    assert whole == [one for document in guards("aws")[0].documents for one in json.loads(document.text)["Statement"]]


@pytest.mark.parametrize("found", guards("azure"), ids=name)
def test_azure_denies_exactly_the_locations_outside(found: Guard) -> None:
    inside = {one.name for one in found.home.inside}
    boundary = found.home.boundary.name
    for one in geography.regions("azure"):
        if one.kind != "region":
            continue
        made = [
            res("azure-native:resources:ResourceGroup", "group", {"location": one.name}),
            res("azure-native:operationalinsights:Workspace", "logs", {"location": one.name.upper()}),
        ]
        controls = {(each.resource.name, each.control.id) for each in stopped(found, stack(boundary, *made))}
        outside = {("group", "group-locations"), ("group", "locations"), ("logs", "locations")}
        assert controls == (set() if one.name in inside else outside), one.name
    zone = res("azure-native:privatedns:PrivateZone", "zone", {"location": "global"})
    assert stopped(found, stack(boundary, zone)) == ()


@pytest.mark.parametrize("found", guards("azure"), ids=name)
def test_azure_denies_geo_redundancy_exactly_where_the_pair_lies_outside(found: Guard) -> None:
    for one in found.home.inside:
        account = {"location": one.name, "sku": {"name": "Standard_GRS"}, "allowCrossTenantReplication": False}
        made = res("azure-native:storage:StorageAccount", "lake", {**account, "publicNetworkAccess": "Disabled"})
        controls = {each.control.id for each in stopped(found, stack(found.home.boundary.name, made))}
        outside = geography.pair_outside(one, found.home.boundary)
        assert controls == ({"storage-redundancy"} if outside else set()), one.name


@pytest.mark.parametrize("found", guards("gcp"), ids=name)
def test_google_denies_exactly_the_locations_outside(found: Guard) -> None:
    inside = {one.name for one in found.home.inside}
    for one in geography.regions("gcp"):
        made = [
            res("gcp:kms/keyRing:KeyRing", "ring", {"location": one.name}),
            res("gcp:compute/disk:Disk", "disk", {"zone": f"{one.name}-b"}),
            res("gcp:cloudrunv2/service:Service", "run", {"location": one.name.upper()}),
            res("gcp:compute/network:Network", "network", {}),
        ]
        controls = {each.resource.name for each in stopped(found, stack(found.home.boundary.name, *made))}
        assert controls == (set() if one.name in inside else {"ring", "disk", "run"}), one.name


def test_a_guard_stays_in_its_own_world() -> None:
    worlds = {
        (one.home.region, geography.world(each))
        for cloud in geography.CLOUDS
        for one in guards(cloud)
        for each in one.home.inside
    }
    assert len({region for region, _ in worlds}) == len(worlds)
    assert len(guards("aws")) > len(geography.boundaries()) / 2
