"""A stack out of anybody's registrations: canonical tokens, and what the stack's own component says of it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import geography
from policies import subject
from policies.configuration import Configuration, Told
from policies.facts import rows
from policies.model import Resource, Stack
from policies.parameters import Parameters
from policies.subject import BASELINE, PIPELINE, canonical, canonical_type
from policies.values import OUTPUT, SECRET, SIGNATURE
from tests.policies.build import UNKNOWN, res

AREA = geography.area("eu")


def component(kind: str = PIPELINE, **inputs: Any) -> Resource:
    return res(kind, "pipeline", inputs, custom=False)


def seen(*resources: Resource, stated: dict[str, object] | None = None, **told: Any) -> Stack:
    return subject.stack("dev", resources, Configuration(Told(**told)), stated=stated)


@pytest.mark.parametrize(
    ("kind", "plain"),
    [
        ("azure-native:storage:StorageAccount", "azure-native:storage:StorageAccount"),
        ("azure-native:storage/v20230101:StorageAccount", "azure-native:storage:StorageAccount"),
        ("azure-native:eventhub/v20240501preview:Namespace", "azure-native:eventhub:Namespace"),
        ("azure-native:sql/v20211101privatepreview:Server", "azure-native:sql:Server"),
        ("azure-native_storage_v20230101:storage:StorageAccount", "azure-native:storage:StorageAccount"),
        ("azure-native_sql_v20240501preview:sql:Server", "azure-native:sql:Server"),
        ("azure-native_machinelearning_services_v20230401:x:Y", "azure-native:x:Y"),
        ("pulumi:providers:azure-native", "pulumi:providers:azure-native"),
        ("pulumi:providers:azure-native_storage_v20230101", "pulumi:providers:azure-native"),
        ("azure-native:insights:DiagnosticSetting", "azure-native:monitor:DiagnosticSetting"),
        ("azure-native:insights/v20210501preview:DiagnosticSetting", "azure-native:monitor:DiagnosticSetting"),
        ("azure-native:storage/v2023:StorageAccount", "azure-native:storage/v2023:StorageAccount"),
        ("azure-native:storage:v20230101:StorageAccount", "azure-native:storage:v20230101:StorageAccount"),
        ("aws:s3/v20230101:Bucket", "aws:s3/v20230101:Bucket"),
        ("azure:storage/account:Account", "azure:storage/account:Account"),
    ],
)
def test_the_token_of_today(kind: str, plain: str) -> None:
    assert canonical_type(kind) == plain
    one = res(kind, "it", {"location": "x"}, protect=True)
    again = canonical(one)
    assert dataclasses.replace(one, type=plain).__dict__ == again.__dict__
    assert (again is one) == (kind == plain)


def test_every_move_leads_to_a_token_that_stays() -> None:
    moves = {row["type"]: row["now"] for row in rows("azure_moved.csv")}
    for before, now in moves.items():
        assert canonical_type(before) == now
        assert canonical_type(now) == now


def test_a_stack_carries_its_name_and_its_resources_under_canonical_tokens() -> None:
    found = seen(res("azure-native:storage/v20230101:StorageAccount", "lake"), res("aws:sns/topic:Topic", "alerts"))
    assert found.name == "dev"
    assert [one.type for one in found.resources] == ["azure-native:storage:StorageAccount", "aws:sns/topic:Topic"]


def test_nobody_says_anything() -> None:
    found = subject.stack("dev", [])
    assert found.boundary is None
    assert found.parameters == dataclasses.replace(Parameters(), transfers=found.parameters.transfers)
    assert not found.parameters.transfers


def test_the_config_stands_before_the_component_and_the_component_before_what_is_stated() -> None:
    stated: dict[str, object] = {"boundary": "jp"}
    for told, own, boundary in (("eu", "us", "eu"), (None, "us", "us"), (None, None, "jp")):
        resources = [component(boundary=own)] if own else []
        found = seen(*resources, stated=stated, boundary=told).boundary
        assert found is not None
        assert found.name == boundary


@pytest.mark.parametrize("kind", [PIPELINE, BASELINE])
def test_the_context_is_read_from_the_stacks_own_component(kind: str) -> None:
    found = seen(res("aws:sns/topic:Topic", "alerts", {"boundary": "jp"}), component(kind, boundary="us"))
    assert found.boundary == geography.area("us")


def test_a_resource_of_that_type_that_is_no_component_says_nothing() -> None:
    assert seen(res(PIPELINE, "it", {"boundary": "us"})).boundary is None
    assert seen(component("homeshore:index:Other", boundary="us")).boundary is None


@pytest.mark.parametrize("value", [UNKNOWN, "[secret]", {SIGNATURE: SECRET, "value": "us"}, 5, ["us"], None, ""])
def test_a_boundary_that_nobody_can_read_is_none(value: Any) -> None:
    assert seen(component(boundary=value)).boundary is None


def test_an_output_that_is_known_is_read() -> None:
    assert seen(component(boundary={SIGNATURE: OUTPUT, "value": "us"})).boundary == geography.area("us")


@pytest.mark.parametrize(
    ("environment", "production"),
    [
        *((one, True) for one in ("prod", "production", "PRD", "Live", "", UNKNOWN, None)),
        *((one, False) for one in ("dev", "staging", "preprod", "prod2")),
    ],
)
def test_production_is_what_the_environment_says_unless_the_config_does(environment: Any, production: bool) -> None:
    assert seen(component(environment=environment)).parameters.production is production
    for told in (True, False):
        assert seen(component(environment=environment), production=told).parameters.production is told
    assert seen().parameters.production is True


@pytest.mark.parametrize(
    ("replay", "hours"),
    [
        *((24, 168), (168, 168), (169, 169), (720.0, 720), (-1, 168)),
        *(("720", 168), (UNKNOWN, 168), (None, 168), (float("nan"), 168), (float("inf"), 168)),
    ],
)
def test_a_stream_keeps_what_its_replay_needs(replay: Any, hours: int) -> None:
    found = seen(component(replayHours=replay)).parameters
    assert (found.stream_hours_at_most, found.topic_hours_at_most) == (hours, hours)
    told = seen(component(replayHours=replay), stream_hours_at_most=24, topic_hours_at_most=48).parameters
    assert (told.stream_hours_at_most, told.topic_hours_at_most) == (24, 48)
    only = seen(component(replayHours=replay), stream_hours_at_most=24).parameters
    assert (only.stream_hours_at_most, only.topic_hours_at_most) == (24, hours)


def test_placements_are_the_configs_else_the_components() -> None:
    own = component(placements=["aws:one", "aws:two"])
    assert seen(own).parameters.placements == {"aws:one", "aws:two"}
    assert seen(own, placements=("gcp:three",)).parameters.placements == {"gcp:three"}
    assert seen(component(placements="aws:one")).parameters.placements == frozenset()


def test_guardrails_stand_in_a_baseline_unless_the_config_says_otherwise() -> None:
    for kind, here in ((PIPELINE, False), (BASELINE, True)):
        assert seen(component(kind)).parameters.guardrails_here is here
        for told in (True, False):
            assert seen(component(kind), guardrails_here=told).parameters.guardrails_here is told


def test_everything_else_that_is_told_reaches_the_rules() -> None:
    told: dict[str, Any] = {
        "allowed_destinations": ("a",),
        "allowed_hosts": ("b",),
        "allowed_accounts": ("c",),
        "sovereignty_level": 2,
        "strict": True,
        "log_days": (5, 50),
        "multi_region_keys": True,
        "required_labels": ("Team",),
        "stack_boundaries": {"o/p/s": "jp"},
        "classified": {"acme:index:Page": "none: draws"},
    }
    found = subject.stack("dev", [], Configuration(Told(**told), {"ENC-AWS-001": "advisory"})).parameters
    for key, value in told.items():
        assert getattr(found, key) == (frozenset(value) if key.startswith("allowed_") else value), key
    assert found.enforcement == {"ENC-AWS-001": "advisory"}
    assert found.log_days_by == ""


def test_the_law_of_the_place_raises_the_days_of_logs() -> None:
    duties = [(one, geography.keeps_logs([one.jurisdiction])) for one in geography.regions("aws")]
    place, duty = next((one, duty) for one, duty in duties if duty is not None)
    least = duty.value
    own = component(placements=[f"aws:{place.name}"])
    for told, days in (((1, 3653), (least, 3653)), ((1, 1), (least, least)), ((least + 1, 3653), (least + 1, 3653))):
        found = seen(own, log_days=told).parameters
        assert found.log_days == days
        assert found.log_days_by == ("" if told[0] > least else duty.source)
        assert found.by_law == ("" if told[0] > least else f" ({duty.source})")
    free = next(one for one, duty in duties if duty is None and one.kind == "region")
    assert seen(component(placements=[f"aws:{free.name}"])).parameters.log_days == (1, 3653)
    # Where nobody says where it stands, the law counts if all of the boundary asks for it.
    inside = seen(boundary=place.jurisdiction).parameters
    assert (inside.log_days, inside.log_days_by) == ((least, 3653), duty.source)
    wider = seen(boundary=f"{place.jurisdiction}+{free.jurisdiction}").parameters
    assert (wider.log_days, wider.log_days_by) == ((1, 3653), "")
    assert seen(component(placements=["aws:nowhere", "nothing"])).parameters.log_days == (1, 3653)


def test_the_register_of_transfers_is_the_components() -> None:
    assert seen(component(transfers="all")).parameters.transfers.unreadable == ("it is no list",)
    assert not seen(component()).parameters.transfers


def test_who_looks_after_the_account() -> None:
    assert seen(component(baseline="platform")).parameters.platform_managed
    for other in ("stack", "", None, UNKNOWN):
        assert not seen(component(baseline=other)).parameters.platform_managed
    assert not seen().parameters.platform_managed
