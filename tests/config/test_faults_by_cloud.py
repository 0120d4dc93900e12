"""What may be said on one cloud only, and where: each refusal has its own sentence on the key that it belongs to."""

from __future__ import annotations

import pytest

import geography
from geography import Availability, offering
from stacks.faults import ConfigFaults, Fault
from stacks.retention import replay
from tests.config.conftest import Sandbox, region_in
from tests.config.test_faults import JARGON

STACK = {"aws": "dev", "azure": "dev-azure", "gcp": "dev-gcp"}
TITLE = {"aws": "AWS", "azure": "Azure", "gcp": "Google Cloud"}
GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg/providers"


def the(cloud: str, sandbox: Sandbox, **changes: object) -> Fault:
    """The one fault of the cloud's dev stack with these changes; its message has no jargon."""
    fault = sandbox.fault(sandbox.changed(STACK[cloud], **changes))
    assert fault.line is not None
    assert len(fault.consequence) > 20
    assert not JARGON.search(str(ConfigFaults([fault])))
    return fault


def read(cloud: str, sandbox: Sandbox, **changes: object) -> object:
    """The configuration of the cloud's dev stack with these changes."""
    return sandbox.read(sandbox.changed(STACK[cloud], **changes)).config


@pytest.mark.parametrize(
    ("cloud", "changes", "path", "problem", "remedy"),
    [
        ("aws", {"placement__cloud": "awss"}, "placement.cloud", "must be one of aws, azure, gcp", "did you mean aws?"),
        ("gcp", {"placement__cloud": "GCP "}, "placement.cloud", "and is the text 'GCP '", "did you mean gcp?"),
        ("azure", {"placement__cloud": 3}, "placement.cloud", "and is the number 3", "the stack stands on"),
        (
            "azure",
            {"placement__cloud": None},
            "placement.cloud",
            "cloud is missing",
            "subscription_id is a key of Azure",
        ),
        ("gcp", {"placement__cloud": None}, "placement.cloud", "cloud is missing", "so gcp may be meant"),
        ("azure", {"placement__tenant_id": None}, "placement.tenant_id", "tenant_id is missing", "az account show"),
        ("azure", {"placement__subscription_id": "x"}, "placement.subscription_id", "'x' is not an id", "az account"),
        (
            "azure",
            {"placement__account_id": "1"},
            "placement.account_id",
            "belongs to AWS",
            "subscription_id and tenant",
        ),
        (
            "aws",
            {"placement__project_id": "x"},
            "placement.project_id",
            "belongs to Google Cloud",
            "AWS has account_id",
        ),
        ("gcp", {"placement__project_id": None}, "placement.project_id", "project_id is missing", "gcloud projects"),
        ("gcp", {"placement__project_id": "A"}, "placement.project_id", "is not a project id", "gcloud projects"),
        ("gcp", {"placement__project_number": "x"}, "placement.project_number", "not a project number", "in quotes"),
        ("gcp", {"placement__project_number": 12}, "placement.project_number", "must be text", 'in quotes: "12"'),
        (
            "gcp",
            {"placement__billing_account": "x"},
            "placement.billing_account",
            "not a billing acc",
            "gcloud billing",
        ),
        ("gcp", {"placement__billing_account": None}, "budget", "billing_account is missing", "Add billing_account"),
        ("aws", {"storage__redundancy": "pair"}, "storage.redundancy", "AWS has no storage redundancy pair", "standby"),
        ("gcp", {"storage__redundancy": "local"}, "storage.redundancy", "no storage redundancy local", "zone"),
        (
            "aws",
            {"storage__redundancy": "zones"},
            "storage.redundancy",
            "one of local, zone, pair",
            "did you mean zone",
        ),
        ("aws", {"key__expires": "2030-01-31"}, "key.expires", "a key of AWS does not expire", "Remove expires"),
        ("gcp", {"key__expires": "2030-01-31"}, "key.expires", "a key of Google Cloud does not", "rotation_days"),
        ("azure", {"key__expires": "31.01.2030"}, "key.expires", "not a day of the calendar", '"2030-01-31"'),
        ("azure", {"key__expires": "2030-02-30"}, "key.expires", "not a day of the calendar", '"2030-01-31"'),
        ("azure", {"key__expires": "20300131"}, "key.expires", "not a day of the calendar", '"2030-01-31"'),
        ("aws", {"key__rotation_days": 30}, "key.rotation_days", "must be 90 or more", "90 to 365"),
        ("gcp", {"key__deletion_days": 31}, "key.deletion_days", "must be 30 or less", "7 to 30"),
        ("gcp", {"stream__ordered": "yes"}, "stream.ordered", "must be true or false", "Pub/Sub"),
        ("aws", {"baseline__managed_by": "me"}, "baseline.managed_by", "one of stack, platform", "baseline stack"),
        ("azure", {"processor__architecture": "arm64"}, "processor.architecture", "Flex Consumption", "remove it"),
        ("gcp", {"processor__architecture": "arm64"}, "processor.architecture", "runs x86_64 only", "x86_64"),
        ("azure", {"retention__replay_hours": 2161}, "retention.replay_hours", "Event Hubs Premium", "2160 or less"),
        ("gcp", {"retention__replay_hours": 745}, "retention.replay_hours", "Pub/Sub keeps them for 744", "744"),
        ("azure", {"retention__cool_days": 45}, "retention.cool_days", "Cool for 15 days", "cool_days to 60 or more"),
        ("azure", {"retention__delete_after_days": 100}, "retention.delete_after_days", "Cold for 40 days", "150"),
        ("gcp", {"retention__delete_after_days": 80}, "retention.delete_after_days", "COLDLINE on day 80", "to 90 or"),
        ("azure", {"budget__starts": None}, "budget.starts", "budget.starts is missing", "first day of the month"),
        ("azure", {"budget__starts": "2026-12-02"}, "budget.starts", "'2026-12-02' is not the first", "2026-12-01"),
        ("gcp", {"budget__starts": "2026-12-01"}, "budget.starts", "has no first day", "Remove starts"),
        ("aws", {"network__modus": "x"}, "network.modus", "there is no key 'modus' here", "did you mean mode?"),
        ("aws", {"owner__latency": "x"}, "owner.latency", "no key 'latency' here", "a key of its own, beside owner"),
    ],
)
def test_its_own_sentence(  # noqa: PLR0917 - a row of the table above
    sandbox: Sandbox, cloud: str, changes: dict[str, object], path: str, problem: str, remedy: str
) -> None:
    fault = the(cloud, sandbox, **changes)
    assert fault.path == f"homeshore:{path}"
    assert problem in fault.problem
    assert remedy in fault.remedy


def test_a_misspelt_id(sandbox: Sandbox) -> None:
    unknown, missing = sandbox.faults(sandbox.changed("dev-azure", placement__tenent_id="x", placement__tenant_id=None))
    if unknown.path.endswith("tenant_id"):
        unknown, missing = missing, unknown
    assert unknown.path == "homeshore:placement.tenent_id"
    assert unknown.remedy == "did you mean tenant_id?"
    assert missing.path == "homeshore:placement.tenant_id"


def test_a_wrong_cloud_hides_no_other_fault(sandbox: Sandbox) -> None:
    path = sandbox.changed("dev-azure", placement__cloud="azur", placement__tenant_id="x", key__rotation_days=1)
    assert {fault.path for fault in sandbox.faults(path)} == {
        "homeshore:placement.cloud",
        "homeshore:placement.tenant_id",
        "homeshore:key.rotation_days",
    }


def test_a_cloud_is_guessed_from_the_region(sandbox: Sandbox) -> None:
    path = sandbox.changed("dev-gcp", placement={"region": region_in("BE", "gcp")}, budget=None)
    assert [fault.path for fault in sandbox.faults(path)] == [
        "homeshore:placement.cloud",
        "homeshore:placement.project_id",
        "homeshore:placement.project_number",
    ]


@pytest.mark.parametrize("placement", [None, "aws", [1], {}, {"region": "x"}, {"cloud": [1]}, {"secure": "v1:abc"}])
def test_a_placement_that_says_nothing(sandbox: Sandbox, placement: object) -> None:
    faults = sandbox.faults(sandbox.changed("dev", placement=placement))
    assert all(fault.path.startswith("homeshore:placement") for fault in faults)
    assert not JARGON.search(str(ConfigFaults(list(faults))))


def test_faults_of_the_placement_do_not_hide_what_its_cloud_forbids(sandbox: Sandbox) -> None:
    path = sandbox.changed("dev-gcp", placement__project_number="x", key__expires="2030-01-31", budget=None)
    assert [fault.path for fault in sandbox.faults(path)] == [
        "homeshore:placement.project_number",
        "homeshore:key.expires",
    ]


PAIRS_OUT = [
    place
    for place in geography.regions("azure")
    if place.kind == "region" and geography.pair_outside(place, geography.boundary(place.jurisdiction))
]
UNPAIRED = [r for r in geography.regions("azure") if r.kind == "region" and not r.paired_region]


@pytest.mark.parametrize("place", PAIRS_OUT, ids=lambda place: place.name)
def test_a_pair_outside_is_named(sandbox: Sandbox, place: geography.Region) -> None:
    changes = {"placement__region": place.name, "residency__boundary": place.jurisdiction}
    fault = the("azure", sandbox, storage__redundancy="pair", **changes)
    assert fault.path == "homeshore:storage.redundancy"
    assert f"the pair {place.name} and {place.paired_region} leaves the boundary" in fault.problem
    assert "zone" in fault.remedy


def test_there_are_pairs_outside_and_regions_without_one() -> None:
    assert {place.jurisdiction for place in PAIRS_OUT} == {"br", "sg", "hk"}
    assert UNPAIRED


def test_a_region_without_a_pair(sandbox: Sandbox) -> None:
    place = next(place for place in UNPAIRED if place.jurisdiction == "eu")
    fault = the("azure", sandbox, placement__region=place.name, storage__redundancy="pair")
    assert f"the region {place.name} has no paired region" in fault.problem


def test_a_pair_inside_is_taken(sandbox: Sandbox) -> None:
    read("azure", sandbox, storage__redundancy="pair")


def test_a_region_without_zones(sandbox: Sandbox) -> None:
    zoneless = next(
        place.name
        for place in geography.regions("azure")
        if geography.boundary("eu").holds(place) and geography.missing("azure", place.name, ("storage-zrs",))
    )
    fault = the("azure", sandbox, placement__region=zoneless)
    assert "has no availability zones" in fault.problem
    assert "which is the default" in fault.consequence
    asked = the("azure", sandbox, placement__region=zoneless, storage__redundancy="zone")
    assert "which is asked for" in asked.consequence
    read("azure", sandbox, placement__region=zoneless, storage__redundancy="local")


@pytest.mark.parametrize("cloud", geography.CLOUDS)
def test_a_standby(sandbox: Sandbox, cloud: str) -> None:
    home = region_in({"aws": "DE", "azure": "NL", "gcp": "BE"}[cloud], cloud)
    away = region_in("US", cloud)
    outside = the(cloud, sandbox, standby__region=away)
    assert outside.path == "homeshore:standby.region"
    assert f"the pair {home} and {away} leaves the boundary eu" in outside.problem
    partner = geography.partners(cloud, home, "eu")[0].region.name
    assert partner in outside.remedy
    itself = the(cloud, sandbox, standby__region=home)
    assert f"the standby {home} is the placement's own region" in itself.problem
    unknown = the(cloud, sandbox, standby__region=f"{partner}x")
    assert unknown.path == "homeshore:standby.region"
    assert f"did you mean {partner}" in unknown.remedy
    config = sandbox.read(sandbox.changed(STACK[cloud], standby__region=partner)).config
    assert config.standby is not None
    assert config.standby.region == partner


def test_a_standby_in_another_world(sandbox: Sandbox) -> None:
    us = {"residency__boundary": "us+us-gov", "placement__region": region_in("US")}
    other = next(place for place in geography.regions("aws") if place.jurisdiction == "us-gov")
    fault = the("aws", sandbox, standby__region=other.name, **us)
    assert "belong to separate worlds of AWS" in fault.problem
    assert other.name not in fault.remedy


def test_a_standby_is_checked_beside_a_faulty_placement(sandbox: Sandbox) -> None:
    path = sandbox.changed("dev", placement__account_id="1", standby__region=region_in("US"))
    assert {fault.path for fault in sandbox.faults(path)} == {
        "homeshore:placement.account_id",
        "homeshore:standby.region",
    }


def test_a_region_that_lacks_a_service(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    home = region_in("DE")
    service = geography.services("aws")[0]
    near = (region_in("IE"),)

    def unavailable(_cloud: str, region: str, _names: object, *, boundary: object) -> tuple[geography.Unavailable, ...]:
        assert boundary == geography.boundary("eu")
        return (geography.Unavailable(service, region, "2026-11-21", "a list", near),) if region == home else ()

    monkeypatch.setattr(geography, "unavailable", unavailable)
    fault = the("aws", sandbox)
    assert fault.path == "homeshore:placement.region"
    assert f"the region {home} does not offer {service.title} (as of 2026-11-21: a list)" in fault.problem
    assert f"Choose a region inside eu that has it, such as {near[0]}." in fault.remedy
    elsewhere = the("aws", sandbox, placement__region=region_in("FR"), standby__region=home)
    assert elsewhere.path == "homeshore:standby.region"


def test_the_architecture_follows_from_the_placement(sandbox: Sandbox) -> None:
    derived = {}
    for cloud, stack in STACK.items():
        loaded = sandbox.read(sandbox.changed(stack, processor={"runtime": "python3.12"}))
        derived[cloud] = loaded.config.processor.architecture
        assert loaded.config.processor.runtime == "python3.12"
        origin = loaded.origins["processor.architecture"]
        assert (origin.source, origin.derived_from) == ("derived", "placement")
    assert derived == {"aws": "arm64", "azure": "x86_64", "gcp": "x86_64"}


@pytest.mark.parametrize("key", [{}, {"deletion_days": 8}])
def test_how_often_the_key_is_rotated_follows_from_the_placement(sandbox: Sandbox, key: dict[str, object]) -> None:
    derived = {}
    for cloud, stack in STACK.items():
        loaded = sandbox.read(sandbox.changed(stack, key=key) if key else sandbox.changed(stack))
        derived[cloud] = loaded.config.key.rotation_days
        assert loaded.config.key.deletion_days == key.get("deletion_days", 30)
        origin = loaded.origins["key.rotation_days"]
        assert (origin.source, origin.derived_from) == ("derived", "placement")
    assert derived == {"aws": 365, "azure": 365, "gcp": 90}
    stated = sandbox.read(sandbox.changed(STACK["gcp"], key__rotation_days=365)).config
    assert stated.key.rotation_days == 365


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No network in Google Cloud's region in Germany reaches the secrets."""
    answers, away = offering._answers(), region_in("DE", "gcp")
    said = Availability("no", "2026-11-01", "somebody said so", "vendor")
    monkeypatch.setattr(offering, "_answers", lambda: {**answers, ("gcp", "secretmanager-private", away): said})


@pytest.mark.usefixtures("nowhere")
def test_a_private_stack_is_refused_where_its_network_reaches_no_secrets(sandbox: Sandbox) -> None:
    home = region_in("DE", "gcp")
    read("gcp", sandbox, placement__region=home)  # the dev stack is public
    fault = the("gcp", sandbox, placement__region=home, network={"mode": "private"})
    assert fault.path == "homeshore:network.mode"
    assert f"{home} does not offer Secret Manager by Private Service Connect (as of 2026-11-01" in fault.problem


@pytest.mark.usefixtures("nowhere")
def test_a_private_standby_is_refused_there_too(sandbox: Sandbox) -> None:
    away = region_in("DE", "gcp")
    read("gcp", sandbox, standby={"region": away})
    fault = the("gcp", sandbox, standby={"region": away}, network={"mode": "private"})
    assert fault.path == "homeshore:standby.region"
    assert "Secret Manager by Private Service Connect" in fault.problem


def test_how_far_a_stream_looks_back(sandbox: Sandbox) -> None:
    for cloud, hours in (("aws", 8760), ("azure", 2160), ("gcp", 744)):
        assert replay(cloud).longest_hours == hours
        assert replay(cloud).source
        read(cloud, sandbox, retention__replay_hours=hours)


def test_what_is_accepted_everywhere(sandbox: Sandbox) -> None:
    for cloud in geography.CLOUDS:
        config = sandbox.read(
            sandbox.changed(
                STACK[cloud],
                stream={"ordered": True},
                key={"rotation_days": 90, "deletion_days": 7},
                baseline={"managed_by": "platform"},
                storage={"redundancy": "zone"},
            )
        ).config
        assert config.stream.ordered
        assert (config.key.rotation_days, config.key.deletion_days, config.key.expires) == (90, 7, None)
        assert config.baseline.managed_by == "platform"
        assert config.bring.key is config.bring.network is None
    assert "2030-01-31" in str(read("azure", sandbox, key__expires="2030-01-31"))
