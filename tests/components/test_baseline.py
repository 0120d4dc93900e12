"""The baseline: the examples of its page are built, hold what a cloud has only once, and fight with no pipeline."""

from __future__ import annotations

import json
import re
from itertools import combinations

import pytest

import geography
import validity
from components.once_only import once_only
from homeshore.engine import ProgramFailed, Resource, Snapshot
from homeshore.engine.values import UNKNOWN
from tests.components.baselines import (
    CLOUDS,
    SINK,
    Document,
    baseline,
    examples,
    managed,
    of_type,
    pipelines,
    recorded,
    run,
)
from validity import sdk

EVERY = pytest.mark.parametrize("cloud", CLOUDS)

NAMING = {
    "aws": r"name|.*Name|bucket|catalogId|accountId|role|vpcId|arn|.*Arn|topic|subnetId|routeTableId|securityGroupId",
    # A resource group's names are unique whatever their region.
    "azure": r"name|(?!groupShort|customNetwork|managed|role)\w+Name|roleAssignmentName|roleDefinitionId|resourceUri"
    r"|scope",
    "gcp": r"name|project|location|\w+Id|service|role|member|bucket|dataset|topic|subscription|keyRing|parent",
}
"""Inputs that say which thing a resource is; what it is like does not matter here."""
NAMED_ALONE_BY = {
    "aws:lambda/function:Function": r"name",
    "aws:sns/topic:Topic": r"name",
}
"""Types that these inputs name, whatever else they refer to."""
NOT_A_THING = {
    "gcp:projects/serviceIdentity:ServiceIdentity": "a request that Google make its own account in the project: it may "
    "be repeated, and nothing is deleted with it",
}
"""Types that several stacks of a project declare alike, and why they do not fight over it."""
NAMED_BY_THE_CLOUD = {
    "aws:athena/namedQuery:NamedQuery",
    "aws:ec2/vpc:Vpc",
    "aws:kms/key:Key",
    "gcp:bigquery/dataTransferConfig:DataTransferConfig",
    "gcp:billing/budget:Budget",
    "gcp:monitoring/alertPolicy:AlertPolicy",
    "gcp:monitoring/dashboard:Dashboard",
    "gcp:monitoring/notificationChannel:NotificationChannel",
}
"""Types whose identifier the cloud chooses: any number of alike ones stand beside each other."""
NOT_REGIONAL = ("aws:iam/", "aws:budgets/", "aws:s3/")
"""Types of AWS that an account, or the world, has once; the others it has in each region."""


def identity(resource: Resource, region: str) -> tuple[str, str] | None:
    """Which thing of the cloud a resource is; None where its name is the stack's own, known when it exists."""
    package = resource.type.partition(":")[0].partition("-")[0]
    pattern = NAMED_ALONE_BY.get(resource.type, NAMING[package])
    naming = {key: value for key, value in resource.inputs.items() if re.fullmatch(pattern, key)}
    if UNKNOWN in json.dumps(naming) or resource.type in (NAMED_BY_THE_CLOUD | NOT_A_THING.keys()):
        return None
    if package == "aws" and not resource.type.startswith(NOT_REGIONAL):
        naming["the provider's region"] = region
    return resource.type, json.dumps(naming, sort_keys=True)


def identities(snapshot: Snapshot) -> set[tuple[str, str]]:
    regions = {
        provider.urn: str(provider.inputs.get("region", provider.inputs.get("location")))
        for provider in snapshot.resources
        if provider.is_provider
    }
    here = ((resource, regions[str(resource.provider).rpartition("::")[0]]) for resource in managed(snapshot))
    return {known for resource, region in here if (known := identity(resource, region))}


def fights(first: Snapshot, second: Snapshot) -> list[tuple[str, str]]:
    return sorted(identities(first) & identities(second))


@EVERY
def test_no_two_stacks_of_an_account_declare_the_same_thing(cloud: str) -> None:
    environments = [document["config"]["homeshore:environment"] for document in pipelines(cloud).values()]
    # The baseline has the environment of one of them: names alone do not keep them apart.
    assert examples()[f"baseline-{cloud}"]["config"]["homeshore:environment"] in environments
    assert len(set(environments)) == 2
    stacks = {"baseline": baseline(cloud), **recorded(cloud)}
    found = {(a, b): fights(stacks[a], stacks[b]) for a, b in combinations(stacks, 2)}
    assert len(found) == 3
    assert {pair: same for pair, same in found.items() if same} == {}


@EVERY
def test_the_same_stack_twice_would_fight(cloud: str) -> None:
    """Otherwise the test above could not see a fight."""
    for snapshot in (*recorded(cloud).values(), baseline(cloud)):
        assert len(fights(snapshot, snapshot)) > len(managed(snapshot)) / 2, snapshot.stack


@EVERY
def test_pipelines_declare_nothing_that_there_is_only_once(cloud: str) -> None:
    kinds = {row.type for row in once_only() if row.cloud == cloud}
    assert kinds
    for snapshot in recorded(cloud).values():
        assert [resource.urn for resource in managed(snapshot) if resource.type in kinds] == []
        if cloud == "gcp":
            assert "_Default" not in [sink.inputs["name"] for sink in of_type(snapshot, SINK)]


@EVERY
def test_the_baseline_declares_what_the_table_says(cloud: str) -> None:
    declared = {row.type for row in once_only() if row.cloud == cloud and row.declared}
    left = {row.type for row in once_only() if row.cloud == cloud and not row.declared}
    here = {resource.type for resource in managed(baseline(cloud))}
    assert declared <= here
    assert not left & here


@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_a_further_region_has_only_what_is_the_regions(cloud: str) -> None:
    document = examples()[f"baseline-{cloud}"]
    further = run("further", elsewhere(document), baseline={"account_wide": False})
    wide = {row.type for row in once_only() if row.cloud == cloud and row.once_per == "account"}
    regional = {row.type for row in once_only() if row.cloud == cloud and row.once_per == "region" and row.declared}
    here = {resource.type for resource in managed(further)}
    assert regional <= here
    assert not wide & here
    assert fights(baseline(cloud), further) == []
    whole = run("further", elsewhere(document))
    # Without the setting both would look after the account.
    assert {"aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", "azure-native:resources:ResourceGroup"} & {
        kind for kind, _ in fights(baseline(cloud), whole)
    }


def elsewhere(document: Document) -> Document:
    """The stack in another region of the same boundary and account."""
    place = document["config"]["homeshore:placement"]
    boundary = geography.boundary(document["config"]["homeshore:residency"]["boundary"])
    services = geography.services_of(place["cloud"])
    other = next(
        region.name
        for region in geography.regions(place["cloud"])
        if region.kind == "region"
        and boundary.holds(region)
        and region.name != place["region"]
        and not geography.missing(place["cloud"], region.name, services)
    )
    return {"config": {**document["config"], "homeshore:placement": {**place, "region": other}}}


def test_the_pages_further_region_is_one_of_the_same_account() -> None:
    further, first = examples()["further"], examples()["baseline-aws"]
    assert fights(run("further", further), baseline("aws")) == []
    places = [each["config"]["homeshore:placement"] for each in (further, first)]
    assert places[0]["account_id"] == places[1]["account_id"]
    assert places[0]["region"] != places[1]["region"]


@EVERY
def test_a_provider_would_refuse_nothing(cloud: str) -> None:
    judged = managed(baseline(cloud))
    assert len(judged) > 3
    for resource in judged:
        assert validity.check(resource.type, dict(resource.inputs)) == (), resource.urn


@EVERY
def test_everything_goes_through_the_one_provider_and_stays(cloud: str) -> None:
    snapshot = baseline(cloud)
    (provider,) = (resource for resource in snapshot.resources if resource.is_provider)
    assert {str(resource.provider).rpartition("::")[0] for resource in managed(snapshot)} == {provider.urn}
    # What is not guarded can be made again: APIs stay enabled, Google's own accounts stay.
    loose = {resource.type for resource in managed(snapshot) if not (resource.protect and resource.retain_on_delete)}
    assert loose <= {"gcp:projects/service:Service", *NOT_A_THING}
    assert all(
        service.inputs["disableOnDestroy"] is False for service in of_type(snapshot, "gcp:projects/service:Service")
    )
    erasable = run("erasable", examples()[f"baseline-{cloud}"], protect=False, removal="destroy")
    assert not [resource for resource in managed(erasable) if resource.protect or resource.retain_on_delete]


@EVERY
def test_what_it_gives_out(cloud: str) -> None:
    expected = {"aws": {"key"}, "azure": {"logs", "watcher"}, "gcp": {"key", "logs"}}
    assert baseline(cloud).outputs.keys() == expected[cloud]


@pytest.mark.parametrize("word", ["stack", "platform"])
def test_a_pipeline_says_who_looks_after_the_account(word: str) -> None:
    name, document = next(iter(pipelines("aws").items()))
    snapshot = run(name, document, baseline={"managed_by": word})
    (pipeline,) = of_type(snapshot, "homeshore:pipeline:RegionalPipeline")
    assert pipeline.inputs["baseline"] == word


def test_a_baseline_of_one_region_of_a_project_is_refused_by_the_program_too() -> None:
    with pytest.raises(ProgramFailed) as raised:
        run("further", examples()["baseline-gcp"], baseline={"account_wide": False})
    assert "one baseline stack per project" in str(raised.value)


def test_every_type_of_the_table_exists_and_is_explained() -> None:
    for row in once_only():
        assert sdk.args_class(row.type) is not None, row.type
        assert row.once_per in ("account", "region")
        assert len(row.why) > 20
    assert {row.cloud for row in once_only()} == set(CLOUDS)
