"""All components of this part in one stack: valid, under the explicit provider, twice beside each other."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import validity
from homeshore.engine import Resource, Snapshot
from homeshore.engine.values import contains_unknown
from tests.components.gcp.recording import EUROPE, HOME, LABELS, PROJECT, Everything, of_type, pipeline, record, scope

OTHER = next(place.name for place in EUROPE if place.name != HOME)
GUARDED = {
    "KeyRing",
    "CryptoKey",
    "CryptoKeyIAMMember",
    "Bucket",
    "Topic",
    "Subscription",
    "ProjectBucketConfig",
    "ProjectSink",
}


@pytest.fixture(scope="module")
def both() -> Snapshot:
    def build() -> None:
        Everything(pipeline())
        Everything(pipeline("standby", scope(OTHER)))

    return record(build)


def managed(snapshot: Snapshot) -> list[Resource]:
    return [each for each in snapshot.resources if each.managed]


def test_a_provider_would_take_every_input(both: Snapshot) -> None:
    assert len(managed(both)) > 60
    for each in managed(both):
        assert validity.check(each.type, dict(each.inputs)) == (), each.name


def test_each_placement_has_its_own_provider_and_its_own_names(both: Snapshot) -> None:
    assert len({each.urn for each in both.resources}) == len(both.resources)
    for each in managed(both):
        prefix = each.name.partition("-")[0]
        assert each.parent is not None
        assert f"::{prefix}-provider::" in str(each.provider)
    # An identity is asked for, not made: both placements ask for the same ones of their common project.
    named = [
        each for each in managed(both) if "name" in each.inputs and not each.type.endswith(("RecordSet", "CryptoKey"))
    ]
    taken = Counter((each.type, each.inputs["name"], each.inputs.get("location")) for each in named)
    regional = {"KeyRing", "Subnetwork", "RegionalEndpoint"}
    assert not [key for key, count in taken.items() if count > 1 and key[0].split(":")[-1] not in regional]


def test_every_region_is_the_placements_own(both: Snapshot) -> None:
    seen: set[str] = set()
    for each in managed(both):
        region = OTHER if each.name.startswith("standby") else HOME
        for key in ("location", "region"):
            if key in each.inputs:
                assert str(each.inputs[key]).casefold() == region, each.name
                seen.add(each.type.split(":")[-1])
    assert seen == {"KeyRing", "Bucket", "ProjectBucketConfig", "Subnetwork", "RegionalEndpoint"}


def test_nothing_is_unknown_before_it_exists(both: Snapshot) -> None:
    assert not [each.name for each in managed(both) if contains_unknown(dict(each.inputs))]


def test_what_holds_data_or_guards_it_is_kept(both: Snapshot) -> None:
    for each in managed(both):
        kept = each.type.split(":")[-1] in GUARDED
        assert (each.protect, each.retain_on_delete) == (kept, kept), each.name


def test_no_grant_is_on_the_project_or_to_everybody(both: Snapshot) -> None:
    grants = [each for each in managed(both) if "role" in each.inputs]
    assert len(grants) == 20
    for each in grants:
        assert not each.type.startswith("gcp:projects/")
        assert str(each.inputs["member"]).startswith("serviceAccount:") or each.name.endswith("-logs-deliver")
        assert str(each.inputs["role"]).rpartition(".")[2] not in {"admin", "owner", "editor", "viewer"}


def test_the_provider_knows_project_region_and_labels(both: Snapshot) -> None:
    providers: dict[str, Any] = {name: each.inputs for name, each in of_type(both, "pulumi:providers:gcp").items()}
    assert {name: inputs["region"] for name, inputs in providers.items()} == {
        "pipeline-provider": HOME,
        "standby-provider": OTHER,
    }
    for inputs in providers.values():
        assert inputs["project"] == inputs["billingProject"] == PROJECT
        assert inputs["userProjectOverride"] == "true"
        assert inputs["addPulumiAttributionLabel"] == "false"
        assert "zone" not in inputs
        assert '"data_classification": "internal"' in inputs["defaultLabels"]
        assert inputs["defaultLabels"].count(":") == len(LABELS)
