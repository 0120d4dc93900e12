"""Our own stacks pass every rule: each stack file, each component at its defaults and at its maximum, each baseline."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from findings import Judgement
from homeshore.check.policy import judge_with
from homeshore.engine import Resource, Snapshot, run_program
from policies.configuration import Configuration, configuration
from policies.rules import catalogue
from tests.components.baselines import examples
from tests.conformance.subjects import PROJECT, stack_files

CLOUDS = ("aws", "azure", "gcp")
LOGGING = "azure-native:monitor:DiagnosticSetting"
BUCKET = "gcp:storage/bucket:Bucket"
SECRET_SETTINGS = {
    "aws": set[str](),
    # The identity's client id, four times, and where telemetry goes: Azure makes both up.
    "azure": {f"siteConfig.appSettings[{number}].value" for number in (2, 6, 16, 20, 21)},
    "gcp": set[str](),
}
"""Settings of the processor that nobody knows before the update, and which could therefore hold a secret."""
Document = dict[str, Any]


@cache
def documents() -> dict[str, Document]:
    """What is judged, by name: the least, the most and the most open of each cloud, the project's own, baselines."""
    files = {
        name: cast("Document", yaml.safe_load(path.read_text(encoding="utf-8"))["config"])
        for name, path in stack_files().items()
    }
    return {**files, **{f"page-{name}": cast("Document", each["config"]) for name, each in examples().items()}}


def previewed(name: str, document: Document) -> Snapshot:
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in document.items()}
    with Path(os.devnull).open("w", encoding="utf-8") as diagnostics:
        return run_program(PROJECT, name, config=texts, diagnostics=diagnostics)


@cache
def snapshot(name: str) -> Snapshot:
    return previewed(name, documents()[name])


@cache
def judged(name: str) -> Judgement:
    return judge_with(Configuration())(snapshot(name), None)


def of(name: str) -> tuple[str, bool]:
    """The stack's cloud, and whether it is a baseline."""
    document = documents()[name]
    return document["homeshore:placement"]["cloud"], document.get("homeshore:blueprint") == "baseline"


EVERY = pytest.mark.parametrize("stack", list(documents()))


@EVERY
def test_every_rule_passes_and_nothing_is_exempted(stack: str) -> None:
    told = judged(stack)
    assert [(each.rule, each.urn, each.path, each.message) for each in told.findings] == []
    assert told.exempted == ()
    assert told.states is not None
    assert told.states.failed == 0


@EVERY
def test_every_resource_is_looked_at(stack: str) -> None:
    managed = {each.urn for each in snapshot(stack).resources if each.managed}
    assert managed
    assert managed - judged(stack).judged == set()


@EVERY
def test_all_rules_are_counted_and_those_left_out_say_why(stack: str) -> None:
    states = judged(stack).states
    assert states is not None
    assert states.passed + states.failed + states.not_applicable + states.not_evaluated == len(catalogue())
    assert states.passed > 10
    cloud, baseline = of(stack)
    # What a project has only once is judged where it stands, and is no question on another cloud.
    assert set(states.left_out) == ({"SOV-GCP-012"} if cloud == "gcp" and not baseline else set())


@EVERY
def test_what_a_preview_cannot_know_is_what_the_cloud_makes_up(stack: str) -> None:
    cloud, baseline = of(stack)
    undetermined = judged(stack).undetermined
    settings = {each.path for each in undetermined if each.rule == "IAM-X-001"}
    assert settings == (set() if baseline else SECRET_SETTINGS[cloud])
    others = {(each.rule, each.path) for each in undetermined if each.rule != "IAM-X-001"}
    # What a role may do with the key, whose ARN AWS makes up: a policy of its own, so that the rest is judged.
    assert others == ({("IAM-AWS-001", "policy")} if cloud == "aws" and not baseline else set())
    assert all(each.urn.endswith("-key-policy") for each in undetermined if each.rule == "IAM-AWS-001")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_component_is_among_them_at_its_least_and_at_its_most(cloud: str) -> None:
    def kinds(name: str) -> set[str]:
        return {each.type for each in snapshot(name).resources if each.type.startswith(f"homeshore:{cloud}:")}

    least, most, once = (kinds(f"{cloud}-{size}") for size in ("minimum", "maximum", "baseline"))
    assert len(least) > 5
    assert least <= most
    assert most - least == {f"homeshore:{cloud}:Pair"}
    assert f"homeshore:{cloud}:Baseline" in once


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_guardrail_of_the_account_is_judged_in_its_baseline_only(cloud: str) -> None:
    """Whatever the config says: a pipeline that is told to hold them would lack them."""
    told = configuration({"parameters": {"guardrails_here": True}})
    found = judge_with(told)(snapshot(f"{cloud}-baseline"), None)
    assert [each.message for each in found.findings] == []
    lacking = judge_with(told)(snapshot(f"{cloud}-minimum"), None)
    assert {each.rule for each in lacking.findings} == ({"SOV-GCP-012"} if cloud == "gcp" else set())


def changed(name: str, change: Callable[[Resource], Resource | None]) -> Judgement:
    """What is said of the stack after `change` of each resource; None leaves the resource out."""
    whole = snapshot(name)
    after = tuple(found for each in whole.resources if (found := change(each)) is not None)
    assert after != whole.resources
    return judge_with(Configuration())(dataclasses.replace(whole, resources=after), None)


def rules_of(told: Judgement) -> dict[str, set[str]]:
    """The names of the resources that each rule found something at."""
    found: dict[str, set[str]] = {}
    for each in told.findings:
        found.setdefault(each.rule, set()).add(each.urn.rpartition("::")[2])
    return found


@pytest.mark.parametrize("side", ["pipeline", "standby"])
def test_a_region_of_azure_that_keeps_no_records_is_found(side: str) -> None:
    """Otherwise the tests above could not see that they are missing."""

    def silent(one: Resource) -> Resource | None:
        return None if one.type == LOGGING and one.name.startswith(side) else one

    found = rules_of(changed("azure-maximum", silent))
    assert found.keys() == {"LOG-AZ-001"}
    services = {"stream-namespace", "failed-batches", "lake", "network-flows", "processor-host", "key-vault"}
    primary = {"sink-sql"} if side == "pipeline" else set[str]()
    assert found["LOG-AZ-001"] == {f"{side}-{name}" for name in services | primary}


@pytest.mark.parametrize("name", ["pipeline-lake", "standby-failed-batches"])
def test_a_bucket_of_google_cloud_without_usage_logs_is_found(name: str) -> None:
    def silent(one: Resource) -> Resource:
        if one.type != BUCKET or one.name != name:
            return one
        return dataclasses.replace(one, inputs={key: one.inputs[key] for key in one.inputs if key != "logging"})

    assert rules_of(changed("gcp-maximum", silent)) == {"LOG-GCP-001": {name}}


def test_a_bucket_that_takes_logs_is_exempt_only_while_it_does() -> None:
    def unused(one: Resource) -> Resource:
        if one.type != BUCKET or "logging" not in one.inputs:
            return one
        return dataclasses.replace(one, inputs={**one.inputs, "logging": {"logBucket": "elsewhere"}})

    found = rules_of(changed("gcp-minimum", unused))
    assert found["LOG-GCP-001"] == {"pipeline-access-logs-usage"}


PLATFORM = "/subscriptions/00000000-0000-4000-8000-0000000000ff/resourceGroups/platform/providers"
BROUGHT: dict[str, tuple[Document, dict[str, list[str]]]] = {
    "aws": (
        {"bucket": "platform-lake", "permission_boundary": "arn:aws:iam::210987654321:policy/platform-limit"},
        {"allowed_destinations": ["platform-lake"]},
    ),
    "azure": (
        {
            "key": f"{PLATFORM}/Microsoft.KeyVault/vaults/platform-vault/keys/platform-key",
            "bucket": f"{PLATFORM}/Microsoft.Storage/storageAccounts/platformlake"
            "/blobServices/default/containers/events",
        },
        {
            "allowed_destinations": [f"{PLATFORM}/Microsoft.Storage/storageAccounts/platformlake"],
            "allowed_hosts": [
                "platform-vault.vault.azure.net",
                "platformlake.blob.core.windows.net",
                "platformlake.dfs.core.windows.net",
            ],
        },
    ),
}
"""What a stack brings along, and what the pack is told of it: nothing in these identifiers says where it lies."""


@pytest.mark.parametrize("cloud", list(BROUGHT))
def test_what_is_brought_along_passes_once_somebody_has_looked_where_it_lies(cloud: str) -> None:
    bring, looked_at = BROUGHT[cloud]
    found = previewed("bring", {**documents()[f"{cloud}-minimum"], "homeshore:bring": bring})
    assert {each.rule for each in judge_with(Configuration())(found, None).findings} == {"SOV-X-005"}
    told = judge_with(configuration({"parameters": looked_at}))(found, None)
    assert [(each.rule, each.urn, each.path) for each in told.findings] == []
