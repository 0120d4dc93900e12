"""The whole pipeline on Azure: what holds for all that its components register together, in each shape."""

from __future__ import annotations

from pathlib import Path

import pytest

import geography
from components.azure.grants import role_guid
from components.azure.observability import processing_region
from components.clouds import toolkit_for
from components.contracts import Packages, Unsupported
from events.contract import SHIPPED, Contract, load
from homeshore.check.inputs import judge
from homeshore.engine import Snapshot
from processor.archive import Package
from tests.components.azure.conftest import made, of_type
from tests.components.azure.pipeline import Case, recorded
from tests.components.azure.program import EUROPE, HOME, scope
from tests.components.azure.test_every_resource import GLOBAL, fields, unknowns

ELSEWHERE = next(
    place
    for place in geography.regions("azure")
    if place.kind == "region"
    and not EUROPE.holds(place)
    and "ZRS" in geography.redundancy(place, geography.boundary(place.jurisdiction)).kinds
)
CASES = {
    "private": Case(),
    "public": Case(public=True, redundancy="local", budget=False, protect=False, destroys=True),
    "pair": Case(redundancy="pair"),
    "elsewhere": Case(region=ELSEWHERE.name, boundary=ELSEWHERE.jurisdiction),
}
BOUNDARIES = {HOME: "eu", ELSEWHERE.name: ELSEWHERE.jurisdiction}
REGIONLESS = {*GLOBAL, "azure-native:monitor:MetricAlert"}


@pytest.fixture(params=CASES, name="snapshot")
def _snapshot(request: pytest.FixtureRequest) -> Snapshot:
    return recorded(CASES[request.param])


def test_azure_would_refuse_nothing(snapshot: Snapshot) -> None:
    judgement = judge(snapshot, None)
    assert [(finding.urn, finding.path, finding.message) for finding in judgement.findings] == []


def test_each_lies_in_the_region_under_its_provider_and_says_whose_it_is(snapshot: Snapshot) -> None:
    (provider,) = (r for r in snapshot.resources if r.type == "pulumi:providers:azure-native")
    components = {r.urn for r in snapshot.resources if r.type.startswith("homeshore:azure:")}
    region = provider.inputs["location"]
    for resource in made(snapshot):
        assert (resource.provider or "").startswith(provider.urn), resource.urn
        assert resource.parent in components, resource.urn
        if "tags" in fields(resource):
            assert resource.inputs["tags"].keys() >= {"Stack", "DataClassification"}, resource.urn
        if resource.type == "azure-native:monitor:ActionGroup":
            assert resource.inputs["location"] == processing_region(region, BOUNDARIES[region])
        elif "location" in fields(resource):
            assert resource.inputs["location"] == ("global" if resource.type in REGIONLESS else region), resource.urn


def test_nothing_is_unknown_but_what_identities_and_telemetry_are_given(snapshot: Snapshot) -> None:
    for resource in made(snapshot):
        assert set(unknowns(resource.inputs)) <= {"principalId", "sid", "value"}, resource.urn


def test_nothing_but_the_stream_has_a_public_door(snapshot: Snapshot) -> None:
    doors = {
        resource.name: resource.inputs["publicNetworkAccess"]
        for resource in made(snapshot)
        if resource.inputs.get("publicNetworkAccess") not in {None, "Disabled"}
    }
    public = snapshot is recorded(CASES["public"])
    assert doors.keys() == (
        {"pipeline-stream-namespace", "pipeline-stream-namespace-network-rules"} if public else set()
    )


def test_no_one_rules_over_a_group_or_a_subscription(snapshot: Snapshot) -> None:
    ruling = {"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "b24988ac-6180-42a0-ab88-20f7382dd24c"}
    for assignment in of_type(snapshot, "authorization:RoleAssignment").values():
        assert assignment.inputs["roleDefinitionId"].rpartition("/")[2] not in ruling
        assert "/providers/" in assignment.inputs["scope"], assignment.urn


def test_only_the_host_owns_objects_and_only_its_own(snapshot: Snapshot) -> None:
    owner = role_guid("Storage Blob Data Owner")
    owners = {
        assignment.name: assignment.inputs["scope"]
        for assignment in of_type(snapshot, "authorization:RoleAssignment").values()
        if assignment.inputs["roleDefinitionId"].endswith(owner)
    }
    host = of_type(snapshot, "storage:StorageAccount")["pipeline-processor-host"].inputs["accountName"]
    assert {name: scope.rpartition("/")[2] for name, scope in owners.items()} == {"pipeline-processor-host-role": host}


def test_names_fit_azures_rules(snapshot: Snapshot) -> None:
    limits = {
        "containerregistry:Registry": ("registryName", 50),
        "web:WebApp": ("name", 60),
        "synapse:Workspace": ("workspaceName", 50),
        "app:Job": ("jobName", 31),
        "app:ManagedEnvironment": ("environmentName", 60),
        "monitor:ActionGroup": ("actionGroupName", 260),
        "consumption:Budget": ("budgetName", 63),
    }
    for kind, (key, limit) in limits.items():
        for resource in of_type(snapshot, kind).values():
            assert 0 < len(resource.inputs[key]) <= limit, resource.urn


def test_a_second_run_registers_the_same() -> None:
    first = recorded(Case())
    recorded.cache_clear()
    again = recorded(Case())
    assert again is not first
    assert {r.urn: r.inputs for r in again.resources} == {r.urn: r.inputs for r in first.resources}


def test_the_toolkit_ships_for_one_architecture_only(tmp_path_factory: pytest.TempPathFactory) -> None:
    toolkit = toolkit_for(scope(HOME).placement)
    with pytest.raises(Unsupported, match="x86_64 only"):
        toolkit.packages(
            load(SHIPPED), architecture="arm64", runtime="python3.13", root=tmp_path_factory.mktemp("root")
        )


def test_the_toolkit_ships_the_app_and_the_jobs_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contract = load(SHIPPED)
    asked: list[tuple[object, ...]] = []

    def functions(of: Contract, *, runtime: str, root: Path) -> Package:
        asked.append((of, runtime, root))
        return Package(root / "app.zip", "a")

    def lakehouse(of: Contract, *, root: Path) -> Package:
        asked.append((of, root))
        return Package(root / "job.zip", "j")

    monkeypatch.setattr("components.azure.packages.build_functions", functions)
    monkeypatch.setattr("components.azure.packages.build_lakehouse", lakehouse)
    shipped = toolkit_for(scope(HOME).placement).packages(
        contract, architecture="x86_64", runtime="python3.12", root=tmp_path
    )
    assert shipped == Packages(Package(tmp_path / "app.zip", "a"), Package(tmp_path / "job.zip", "j"))
    assert asked == [(contract, "python3.12", tmp_path), (contract, tmp_path)]
