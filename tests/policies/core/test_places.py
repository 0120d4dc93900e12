"""Where a text says that something lies, however it is spelled: regions, zones, ARNs, resource names, hosts."""

from __future__ import annotations

import re

import pytest

import geography
from policies.places import Arn, arn, gcp_location, place, places_in_host

REAL = [one for one in geography.regions() if one.kind == "region"]


@pytest.mark.parametrize("one", geography.regions(), ids=lambda one: f"{one.cloud} {one.name}")
def test_every_location_by_its_name_in_any_letters(one: geography.Region) -> None:
    for text in (one.name, one.name.upper(), f" {one.name.lower()} "):
        found = place(one.cloud, text)
        assert found is not None
        assert found.name.lower() == one.name.lower()
        assert found == one or one.kind != "region"  # areas have two names, of Cloud Storage and of other services


def test_azures_names_as_people_write_them() -> None:
    name = next(one.name for one in geography.regions("azure") if one.name.endswith("europe"))
    spelled = name.replace("europe", " Europe")
    assert place("azure", spelled.title()) == geography.region("azure", name)
    assert place("azure", f"({spelled})") == geography.region("azure", name)
    other = next(one.name for one in geography.regions("gcp") if one.kind == "region")
    assert place("gcp", other.replace("-", " -")) is None


@pytest.mark.parametrize("one", [each for each in REAL if each.cloud != "azure"], ids=lambda one: one.name)
def test_a_zone_lies_in_its_region(one: geography.Region) -> None:
    zone = f"{one.name}a" if one.cloud == "aws" else f"{one.name}-b"
    assert place(one.cloud, zone) == one
    for wrong in (f"{zone}b", f"x{zone}", f"{one.name}-1", f"{one.name}1x"):
        assert place(one.cloud, wrong) is None, wrong


def test_no_beginning_of_a_name_is_a_place() -> None:
    for one in REAL:
        for wrong in (one.name[:-1], f"{one.name}-extra", f"my-{one.name}"):
            found = place(one.cloud, wrong)
            assert found is None or found.name == wrong.lower()
    for cloud in ("", "aws", "azure", "gcp", "oracle"):
        assert place(cloud, "") is None
        assert place(cloud, "nowhere") is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("arn:aws:s3:::audit/x", Arn("aws", "s3", "", "", "audit/x")),
        ("arn:aws:sns:r-1:123456789012:a:b", Arn("aws", "sns", "r-1", "123456789012", "a:b")),
        ("arn:aws-us-gov:iam::aws:policy/P", Arn("aws-us-gov", "iam", "", "aws", "policy/P")),
        ("arn:aws:sqs:r-1:123456789012:line\nbreak", Arn("aws", "sqs", "r-1", "123456789012", "line\nbreak")),
        ("arn:aws:s3:::", Arn("aws", "s3", "", "", "")),
        ("arn:aws:sns:r-1:12345:a", None),
        ("arn:azure:s3:::a", None),
        ("xarn:aws:s3:::a", None),
        ("arn:aws:s3", None),
        ("", None),
    ],
)
def test_an_arn_as_a_whole(text: str, parts: Arn | None) -> None:
    assert arn(text) == parts


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("projects/p/locations/l-1/keyRings/k", "l-1"),
        ("projects/p/regions/l-1", "l-1"),
        ("zones/l-1-b/instances/i", "l-1-b"),
        ("https://example.com/projects/p/zones/z/x", "z"),
        ("projects/p/mylocations/l", None),
        ("projects/p/locations", None),
        ("locations/UPPER", None),
        ("", None),
    ],
)
def test_the_location_in_a_resource_name(text: str, location: str | None) -> None:
    assert gcp_location(text) == location


@pytest.mark.parametrize("one", REAL, ids=lambda one: f"{one.cloud} {one.name}")
def test_a_region_in_the_label_of_a_host(one: geography.Region) -> None:
    hosts = [f"service.{one.name}.example.com", f"SERVICE.{one.name.upper()}.EXAMPLE.COM", one.name]
    hosts += [f"{one.name}-service.example.com", f"my-{one.name}-service.example.com", f"a-{one.name}.x"]
    for host in hosts:
        assert one in places_in_host(one.cloud, host), host
    assert one not in places_in_host(one.cloud, f"x{one.name}.example.com")
    assert one not in places_in_host(one.cloud, f"{one.name}_a.example.com")


def test_every_region_of_a_host_once() -> None:
    first, second = [one for one in REAL if one.cloud == "aws"][:2]
    host = f"{first.name}.{second.name}.{first.name}.example.com"
    assert places_in_host("aws", host) == (first, second)
    assert places_in_host("aws", "example.com") == ()
    for one in geography.regions():
        if one.kind != "region" and re.fullmatch(r"[a-z0-9-]+", one.name):
            assert one not in places_in_host(one.cloud, f"a.{one.name}.com")
