"""What is brought along: taken where its cloud can use it, refused elsewhere, and never from another region."""

from __future__ import annotations

import re

import pytest

import geography
from stacks.brought import KINDS
from tests.config.conftest import Sandbox, region_in
from tests.config.test_faults_by_cloud import GROUP, STACK, TITLE, read, the


def brought(cloud: str, key: str, region: str) -> str:
    return KINDS[cloud, key].example.replace("{region}", region)


@pytest.mark.parametrize(("cloud", "key"), [pair for pair in KINDS if pair[1] in ("key", "bucket", "cluster")])
def test_what_is_brought_along_is_taken(sandbox: Sandbox, cloud: str, key: str) -> None:
    home = region_in({"aws": "DE", "azure": "NL", "gcp": "BE"}[cloud], cloud)
    read(cloud, sandbox, bring={key: brought(cloud, key, home)}, key=None)  # the section key is about a key of ours
    malformed = the(cloud, sandbox, bring={key: f"{brought(cloud, key, home)}/ "}, key=None)
    assert malformed.path == f"homeshore:bring.{key}"
    assert f"is not {KINDS[cloud, key].what}" in malformed.problem
    assert brought(cloud, key, home) in malformed.remedy


@pytest.mark.parametrize("cloud", ["aws", "gcp"])
def test_a_key_elsewhere_is_refused(sandbox: Sandbox, cloud: str) -> None:
    away = region_in("US", cloud)
    fault = the(cloud, sandbox, bring={"key": brought(cloud, "key", away)})
    assert fault.path == "homeshore:bring.key"
    assert f"it lies in {away}, and the placement in" in fault.problem
    assert "outside the region" in fault.consequence


def test_a_key_of_many_regions_and_of_another_partition_is_refused(sandbox: Sandbox) -> None:
    one = brought("aws", "key", region_in("DE"))
    multi = the("aws", sandbox, bring={"key": re.sub("key/.*", "key/mrk-1234abcd12ab34cd56ef1234567890ab", one)})
    assert "a multi-Region key can be replicated" in multi.problem
    other = the("aws", sandbox, bring={"key": one.replace("arn:aws:", "arn:aws-cn:")})
    assert "it belongs to the partition aws-cn" in other.problem


def test_a_key_that_is_brought_along_is_not_also_made(sandbox: Sandbox) -> None:
    bring = {"key": brought("aws", "key", region_in("DE"))}
    fault = the("aws", sandbox, bring=bring, key={"rotation_days": 90})
    assert fault.path == "homeshore:bring.key"
    assert "the section key says how a key is to be made" in fault.problem


@pytest.mark.parametrize(
    ("cloud", "key", "clouds"),
    [
        ("azure", "permission_boundary", "AWS"),
        ("gcp", "permission_boundary", "AWS"),
        ("aws", "cluster", "Azure"),
        ("gcp", "cluster", "Azure"),
    ],
)
def test_what_another_cloud_takes_is_refused(sandbox: Sandbox, cloud: str, key: str, clouds: str) -> None:
    fault = the(cloud, sandbox, bring={key: "x"})
    assert fault.path == f"homeshore:bring.{key}"
    assert f"{key} can be brought along on {clouds}, not on {TITLE[cloud]}" in fault.problem
    assert "key" in fault.remedy


NETWORKS: dict[str, dict[str, object]] = {
    "aws": {"subnet_ids": ["subnet-0a1b2c3d", "subnet-0a1b2c3d4e5f60718"], "guard_ids": ["sg-0a1b2c3d"]},
    "azure": {
        name: f"{GROUP}/Microsoft.Network/virtualNetworks/v/subnets/{name}"
        for name in ("processor_subnet", "jobs_subnet", "endpoints_subnet")
    },
    "gcp": {
        "network": "projects/homeshore-example/global/networks/v",
        "subnetwork": f"projects/homeshore-example/regions/{region_in('BE', 'gcp')}/subnetworks/s",
    },
}
PRIVATE: dict[str, object] = {"network": {"mode": "private"}}


@pytest.mark.parametrize("cloud", geography.CLOUDS)
def test_a_network_that_is_brought_along(sandbox: Sandbox, cloud: str) -> None:
    whole = NETWORKS[cloud]
    public = the(cloud, sandbox, bring={"network": whole})
    assert "network.mode is public" in public.problem
    read(cloud, sandbox, bring={"network": whole}, **PRIVATE)
    for name in whole:
        part = {key: value for key, value in whole.items() if key != name}
        fault = the(cloud, sandbox, bring={"network": part}, **PRIVATE)
        assert f"a network of {TITLE[cloud]} needs {name}" in fault.problem
    other = next(each for each in geography.CLOUDS if each != cloud)
    key = list(NETWORKS[other])[-1]
    foreign = the(cloud, sandbox, bring={"network": {**whole, key: NETWORKS[other][key]}}, **PRIVATE)
    assert f"the key {key} can be brought along on {TITLE[other]}, not on {TITLE[cloud]}" in foreign.problem


def test_a_subnetwork_elsewhere_is_refused(sandbox: Sandbox) -> None:
    away = region_in("US", "gcp")
    subnetwork = f"projects/homeshore-example/regions/{away}/subnetworks/s"
    fault = the("gcp", sandbox, bring={"network": {**NETWORKS["gcp"], "subnetwork": subnetwork}}, **PRIVATE)
    assert fault.path == "homeshore:bring.network.subnetwork"
    assert f"it lies in {away}" in fault.problem


def test_all_that_is_wrong_with_what_is_brought_along_is_told_at_once(sandbox: Sandbox) -> None:
    bring = {"key": "x", "bucket": "X", "cluster": "y", "network": {"subnet_ids": ["a", "b"], "subnetwork": "c"}}
    faults = sandbox.faults(sandbox.changed("dev", bring=bring, placement__account_id="1"))
    assert [fault.path.removeprefix("homeshore:") for fault in faults] == [
        "placement.account_id",
        "bring.key",
        "bring.bucket",
        "bring.cluster",
        "bring.network",
        "bring.network",
        "bring.network.subnet_ids",
        "bring.network.subnet_ids",
        "bring.network.subnetwork",
    ]


@pytest.mark.parametrize("cloud", ["aws", "gcp"])
def test_a_derived_rotation_does_not_stand_against_a_key_that_is_brought_along(sandbox: Sandbox, cloud: str) -> None:
    bring = {"key": brought(cloud, "key", region_in("DE", cloud))}
    home = region_in("DE", cloud)
    accepted = sandbox.read(sandbox.changed(STACK[cloud], bring=bring, placement__region=home)).config
    assert accepted.bring.key == bring["key"]
    fault = the(cloud, sandbox, bring=bring, key={"deletion_days": 8}, placement__region=home)
    assert "the section key says how a key is to be made" in fault.problem
