"""The small tables of facts, each row by what it does: a name, a code, a host, a role, a pattern."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
import yaml

import geography
from policies.aws.bedrock import leaves, prefixes
from policies.azure.facts import named, worlds
from policies.azure.joins import target
from policies.facts import rows
from policies.gcp.where import location, may_pair, pairs, places_of_host
from policies.judge import judge
from policies.rules import catalogue
from tests.policies.build import findings, provider, res, stack

HERE = Path(__file__).parent
FACTS: dict[str, Any] = yaml.safe_load((HERE / "facts.yaml").read_text(encoding="utf-8"))
EU = geography.boundary("eu")
SECRETS = [
    ("AKIA" + "B" * 16, "an access key of AWS"),
    ("x ASIA" + "B" * 12 + ".", "an access key of AWS"),
    ("AKIA" + "B" * 11, ""),
    ("x" + "AKIA" + "B" * 16, ""),
    ("DefaultEndpointsProtocol=https;AccountKey=abc==", "the key of a storage account"),
    ("AccountKey=${KEY}", ""),
    ("AccountKey=", ""),
    ("SharedAccessKeyName=send;SharedAccessKey=abc=", "the key of an event hub or service bus"),
    ("SharedAccessKey=<key>", ""),
    ("https://x.example.com/?sv=1&sig=" + "a" * 20, "a shared access signature"),
    ("https://x.example.com/?sig=" + "a" * 19, ""),
    ("Server=x;Password=hunter2", "a password"),
    ("pwd = x", ""),
    ("PWD=x", "a password"),
    ("Server=x;Password={{secret}}", ""),
    ("-----BEGIN RSA PRIVATE KEY-----", "a private key"),
    ("-----BEGIN PRIVATE KEY-----", "a private key"),
    ("-----BEGIN CERTIFICATE-----", ""),
]


def outside(cloud: str) -> str:
    return next(one.name for one in geography.regions(cloud) if one.kind == "region" and not EU.holds(one))


def inside(cloud: str) -> str:
    return next(one.name for one in geography.regions(cloud) if one.kind == "region" and EU.holds(one))


@pytest.mark.parametrize(("text", "what"), SECRETS)
def test_what_a_secret_looks_like(text: str, what: str) -> None:
    found = findings(stack("eu", res("aws:sns/topic:Topic", "it", {"name": text})), "IAM-X-001")
    assert found == ({("IAM-X-001", "name")} if what else set())
    for one in judge(stack("eu", res("aws:sns/topic:Topic", "it", {"name": text})), {"IAM-X-001"}).failed:
        assert one.said.message == f"name holds {what} as plain text"


@pytest.mark.parametrize(("code", "name"), FACTS["codes"].items())
def test_the_code_of_a_region_in_an_address(code: str, name: str) -> None:
    region = geography.region("gcp", name)
    for host in (f"service-abc123-{code}.a.run.app", f"acme.{code}.r.appspot.com"):
        assert places_of_host(host) == (region,)
    push = res(
        "gcp:pubsub/subscription:Subscription", "it", {"pushConfig": {"pushEndpoint": f"https://a-{code}.a.run.app"}}
    )
    assert findings(stack("eu", push), "SOV-GCP-005") == (
        set() if EU.holds(region) else {("SOV-GCP-005", "pushConfig.pushEndpoint")}
    )


def test_a_code_that_nobody_knows_is_no_place() -> None:
    assert places_of_host("a-zz.a.run.app") == ()
    assert {row["code"] for row in rows("gcp_codes.csv")} == FACTS["codes"].keys()


def test_the_regions_of_each_pair() -> None:
    assert pairs() == {name: frozenset(members.split()) for name, members in FACTS["pairs"].items()}
    named = [members.split() for members in (*FACTS["pairs"].values(), *FACTS["members"].values())]
    every = sorted({one for members in named for one in members})
    for first in every:
        assert location(first) is not None
        for second in every:
            together = first != second and any({first, second} <= set(members) for members in named)
            assert may_pair(first, second) is together, (first, second)


@pytest.mark.parametrize(("group", "boundary"), FACTS["groups"].items())
def test_a_group_of_locations_of_an_organisations_policy(group: str, boundary: str) -> None:
    policy = {
        "name": "organizations/1/policies/gcp.resourceLocations",
        "spec": {"rules": [{"values": {"allowedValues": [f"in:{group}-locations"]}}]},
    }
    it = res("gcp:orgpolicy/policy:Policy", "it", policy)
    for area in ("eu", "eu+ch+uk", "us", "ca", "in", "au"):
        whole = geography.area(area)
        inside = geography.area(boundary).jurisdictions <= whole.jurisdictions
        assert bool(findings(stack(area, it), "SOV-GCP-012")) is not inside, area


@pytest.mark.parametrize("module", FACTS["without_data"])
def test_what_may_be_global_because_it_holds_no_data(module: str) -> None:
    for kind, found in ((f"gcp:{module}/it:It", False), (f"gcp:{module}x/it:It", True), ("gcp:pubsub/it:It", True)):
        assert bool(findings(stack("eu", res(kind, "it", {"location": "global"})), "SOV-GCP-001")) is found


@pytest.mark.parametrize(("prefix", "jurisdictions"), FACTS["inference"].items())
def test_where_a_profile_of_a_model_runs(prefix: str, jurisdictions: str) -> None:
    assert prefixes()[prefix] == frozenset((jurisdictions or "").split("+")) - {""}
    model = f"{prefix}.anthropic.model-1"
    for area in ("eu", "us", "us-gov", "jp", "au+nz", "ca+us", "in", "ca"):
        runs = frozenset((jurisdictions or "").split("+")) - {""}
        inside = bool(runs) and runs <= geography.area(area).jurisdictions
        assert bool(leaves(stack(area), model)) is not inside, area
    assert prefixes().keys() == FACTS["inference"].keys()


@pytest.mark.parametrize("kind", FACTS["global"])
def test_what_azure_keeps_everywhere_and_holds_no_data(kind: str) -> None:
    for location_of, found in (("global", set[tuple[str, str]]()), (outside("azure"), {("SOV-AZ-001", "location")})):
        assert findings(stack("eu", res(kind, "it", {"location": location_of})), "SOV-AZ-001") == found
    assert not findings(stack("eu", res(kind, "it", {})), "SOV-AZ-001")


@pytest.mark.parametrize(("role", "guid"), FACTS["roles"].items())
def test_the_roles_that_administer(role: str, guid: str) -> None:
    identity = f"/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/{guid}"
    grant = res(
        "azure-native:authorization:RoleAssignment", "it", {"roleDefinitionId": identity, "scope": "/subscriptions/s"}
    )
    (found,) = judge(stack("eu", grant), {"IAM-AZ-001"}).failed
    assert found.said.message == f"{role} is granted over /subscriptions/s"


@pytest.mark.parametrize("one", FACTS["ids"], ids=lambda one: one["type"])
def test_an_id_of_azure_means_the_resource_of_that_name(one: dict[str, str]) -> None:
    kind, other = one["type"], next(each for each in named() if named()[each].arm != named()[one["type"]].arm)
    meant, near = res(kind, "meant", {one["input"]: "FAR"}), res(kind, "near", {one["input"]: "near"})
    it = res("azure-native:monitor:DiagnosticSetting", "it", {"to": one["id"]})
    found = stack("eu", it, meant, near)
    assert target(found, it, it.read("to"), kind).inside == (meant,)
    assert target(found, it, it.read("to"), other).inside == ()
    assert {each["type"] for each in FACTS["ids"]} == named().keys()


@pytest.mark.parametrize("one", FACTS["hosts"], ids=lambda one: one["host"])
def test_a_host_of_azure_means_the_resource_of_that_name(one: dict[str, str]) -> None:
    kinds = one["types"].split()
    for kind in kinds:
        meant = res(kind, "meant", {named()[kind].input: "far"})
        it = res("azure-native:monitor:DiagnosticSetting", "it", {"to": f"https://{one['host']}/x"})
        assert target(stack("eu", it, meant), it, it.read("to"), kind).inside == (meant,)
    others = {each for row in FACTS["hosts"] for each in row["types"].split()} - set(kinds)
    for kind in others:
        namesake = res(kind, "namesake", {named()[kind].input: "far"})
        it = res("azure-native:monitor:DiagnosticSetting", "it", {"to": f"https://{one['host']}/x"})
        assert target(stack("eu", it, namesake), it, it.read("to"), kind).inside == ()


def test_the_world_of_a_host() -> None:
    for one in FACTS["hosts"]:
        suffix = one["host"].removeprefix("far.").removeprefix("blob.")
        assert worlds()[suffix] == (one["world"] or "")
    assert len(worlds()) == len(FACTS["hosts"])


@pytest.mark.parametrize("domain", FACTS["domains"])
def test_a_host_of_azure_in_a_setting_lies_where_it_says(domain: str) -> None:
    for region, found in ((outside("azure"), True), (inside("azure"), False)):
        setting = {"siteConfig": {"appSettings": [{"name": "TO", "value": f"https://far.{region}.{domain}/x"}]}}
        told = findings(stack("eu", res("azure-native:web:WebApp", "it", {"location": inside("azure"), **setting})))
        assert bool({path for _, path in told if path == "siteConfig.appSettings[0].value"}) is found


@pytest.mark.parametrize(("path", "targets"), FACTS["datasources"].items())
def test_what_a_job_names_as_its_source_or_end(path: str, targets: str) -> None:
    assert {row["path"] for row in rows("azure_datasources.csv")} == FACTS["datasources"].keys()
    first, _, rest = path.partition(".")
    inner: Any = {rest: "far"} if rest else "far"
    source = {"type": "x", first.removesuffix("[]"): [inner] if rest else inner}
    at = f"outputs[0].datasource.{path.replace('[]', '[0]')}"
    for kind in targets.split():
        job = res("azure-native:streamanalytics:StreamingJob", "it", {"outputs": [{"datasource": source}]})
        for where, found in ((outside("azure"), True), (inside("azure"), False)):
            end = res(kind, "end", {named()[kind].input: "far", "location": where})
            told = findings(stack("eu", job, end))
            assert bool({each for _, each in told if each == at}) is found, (kind, where)


def test_the_catalogue_keeps_what_others_rely_on() -> None:
    """Ids, categories, severities and levels are what reports, configs and exemptions are written against."""
    with (HERE / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        kept = list(csv.DictReader(file))
    now = [
        {"id": one.id, "cloud": one.cloud, "category": one.category, "severity": one.severity.value, "level": one.level}
        for one in catalogue().values()
    ]
    assert now == kept


@pytest.mark.parametrize("kind", [row["type"] for row in rows("gcp_defaulted.csv")])
def test_what_says_no_place_lies_where_its_provider_works(kind: str) -> None:
    far = provider("gcp", region=outside("gcp"))
    (row,) = [row for row in rows("gcp_defaulted.csv") if row["type"] == kind]
    assert ("SOV-GCP-001", row["input"]) in findings(stack("eu", far, res(kind, "it")), "SOV-GCP-001")
