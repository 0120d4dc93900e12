"""The whole program, as recorded: providers, parents, guards against deletion, siblings, outputs, names."""

from __future__ import annotations

import itertools
import re

import pytest

import geography
from components.aws.network import zones
from components.contracts import Unsupported
from homeshore.engine import ProgramFailed, Resource, Snapshot
from tests.components.conftest import ACCOUNT, BUILT, DELETABLE, HOME, MAXIMAL, PUBLIC, Preview, named, of_type

EVERY = pytest.mark.parametrize(
    "changes", [{}, PUBLIC, MAXIMAL, DELETABLE], ids=["minimal", "public", "maximal", "deletable"]
)
KEEPERS = {
    "aws:kms/key:Key",
    "aws:kms/alias:Alias",
    "aws:kinesis/stream:Stream",
    "aws:secretsmanager/secret:Secret",
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketLogging:BucketLogging",
}
"""What holds data, what is needed to read it, and what guards it: a bucket that stays must stay closed."""

PROVIDER_INPUTS = ("region", "stsRegion", "allowedAccountIds", "skipMetadataApiCheck", "s3UsEast1RegionalEndpoint")

# The property that is a resource's name in the cloud, where it is not `name`.
NAMED_BY = {
    "aws:s3/bucket:Bucket": "bucket",
    "aws:cloudwatch/dashboard:Dashboard": "dashboardName",
}


def unzoned() -> tuple[str, str]:
    """A region whose zones nobody has entered, and a boundary that holds it."""
    for place in BUILT:
        try:
            zones(place.name)
        except Unsupported:
            return place.name, next(b.name for b in geography.boundaries() if b.holds(place))
    raise AssertionError("every region has its zones: nothing is left to refuse")


UNZONED, LAND = unzoned()


def managed(snapshot: Snapshot) -> list[Resource]:
    return [resource for resource in snapshot.resources if resource.managed]


@EVERY
def test_every_resource_names_the_one_explicit_provider(preview: Preview, changes: dict[str, object]) -> None:
    snapshot = preview(changes)
    (provider,) = (r for r in snapshot.resources if r.is_provider)
    assert (provider.type, provider.name) == ("pulumi:providers:aws", "primary")
    assert len(managed(snapshot)) > 40
    assert {str(r.provider).rpartition("::")[0] for r in managed(snapshot)} == {provider.urn}


@EVERY
def test_no_resource_carries_a_region_of_its_own(preview: Preview, changes: dict[str, object]) -> None:
    assert [r.urn for r in managed(preview(changes)) if "region" in r.inputs] == []


def test_the_provider_is_held_to_one_region_and_account(preview: Preview) -> None:
    (provider,) = (r for r in preview().resources if r.is_provider)
    # The SDK hands a provider's lists and booleans over as JSON text.
    assert {key: provider.inputs.get(key) for key in PROVIDER_INPUTS} == {
        "region": HOME,
        "stsRegion": HOME,
        "allowedAccountIds": f'["{ACCOUNT}"]',
        "skipMetadataApiCheck": "true",
        "s3UsEast1RegionalEndpoint": "regional",
    }
    assert not {"accessKey", "secretKey", "token", "profile", "endpoints", "assumeRoles"} & provider.inputs.keys()
    for tag in ("Owner", "Environment", "DataClassification", "DataResidency", "CostCenter", "Project", "Stack"):
        assert f'"{tag}": "' in str(provider.inputs["defaultTags"])


@EVERY
def test_every_resource_lies_in_a_component_and_every_component_in_the_pipeline(
    preview: Preview, changes: dict[str, object]
) -> None:
    snapshot = preview(changes)
    by_urn = {r.urn: r for r in snapshot.resources}
    (pipeline,) = of_type(snapshot, "homeshore:pipeline:RegionalPipeline")
    for resource in managed(snapshot):
        parent = by_urn[str(resource.parent)]
        assert re.fullmatch(r"homeshore:aws:[A-Z]\w+", parent.type)
        assert parent.parent == pipeline.urn
        assert resource.name == parent.name or resource.name.startswith(f"{parent.name}-")


@pytest.mark.parametrize(("protect", "removal"), list(itertools.product((True, False), ("retain", "destroy"))))
def test_deleting_data_takes_two_keys(preview: Preview, protect: bool, removal: str) -> None:
    snapshot = preview({"protect": protect, "removal": removal})
    erasable = not protect and removal == "destroy"
    kept = [r for r in managed(snapshot) if r.type in KEEPERS]
    assert {r.type for r in kept} == KEEPERS
    assert {(r.protect, r.retain_on_delete) for r in kept} == {(protect, not erasable)}
    for bucket in of_type(snapshot, "aws:s3/bucket:Bucket"):
        assert bucket.inputs["forceDestroy"] is erasable
    (secret,) = of_type(snapshot, "aws:secretsmanager/secret:Secret")
    assert secret.inputs["recoveryWindowInDays"] == (0 if erasable else 30)


@EVERY
def test_what_can_be_made_again_is_neither_protected_nor_left_behind(
    preview: Preview, changes: dict[str, object]
) -> None:
    for resource in managed(preview(changes)):
        if resource.type not in KEEPERS:
            assert (resource.protect, resource.retain_on_delete) == (False, False), resource.urn


@EVERY
def test_a_fixed_name_is_freed_before_it_is_taken_again(preview: Preview, changes: dict[str, object]) -> None:
    assert [r.urn for r in managed(preview(changes)) if r.delete_before_replace is not True] == []


def physical_names(snapshot: Snapshot) -> dict[str, str]:
    """Account-wide identity of each named thing: type and name, with what a name is only unique within."""
    names: dict[str, str] = {}
    for resource in managed(snapshot):
        name = resource.inputs.get(NAMED_BY.get(resource.type, "name"))
        if isinstance(name, str):
            within = next(
                (
                    str(resource.inputs[scope])
                    for scope in ("role", "workgroup", "databaseName")
                    if scope in resource.inputs
                ),
                "",
            )
            names[resource.urn] = f"{resource.type} {within} {name}"
    return names


@EVERY
def test_no_two_resources_have_one_physical_name(preview: Preview, changes: dict[str, object]) -> None:
    names = list(physical_names(preview(changes)).values())
    assert len(names) > 20
    assert len(names) == len(set(names))


def test_destroy_then_up_with_the_next_generation_takes_no_name_that_is_still_held(preview: Preview) -> None:
    """Buckets, keys and secrets that were kept hold their names; the next generation has others for all of them."""
    first, second = (physical_names(preview({"generation": generation})) for generation in (1, 2))
    assert first.keys() == second.keys()
    held = {urn: name for urn, name in first.items() if urn.split("::")[2].rpartition("$")[2] in KEEPERS}
    assert len(held) == 6  # three buckets, stream, alias, secret
    assert not set(held.values()) & set(second.values())


def test_destroy_then_up_of_a_deletable_stack_finds_every_name_free(preview: Preview) -> None:
    """With both keys turned nothing is left behind, and nothing holds its name while it waits to be deleted."""
    for resource in managed(preview(DELETABLE)):
        assert not resource.retain_on_delete
        if resource.type == "aws:secretsmanager/secret:Secret":
            assert resource.inputs["recoveryWindowInDays"] == 0
        if resource.type == "aws:s3/bucket:Bucket":
            assert resource.inputs["forceDestroy"] is True
    # A key waits 30 days, but has no name of its own; its alias is freed at once.
    (key,) = of_type(preview(DELETABLE), "aws:kms/key:Key")
    assert "name" not in key.inputs


def test_the_outputs_have_the_names_that_they_have_on_every_cloud(preview: Preview) -> None:
    assert set(preview().outputs) == {
        "endpoint", "stream", "bucket", "sql", "key", "dashboard",
        "processor", "failed_batches", "pseudonym_secret", "database", "workgroup", "alerts",
    }  # fmt: skip


def test_outputs_that_config_decides_are_known_before_anything_exists(preview: Preview) -> None:
    outputs = preview().outputs
    assert outputs["endpoint"] == f"https://kinesis.{HOME}.amazonaws.com"
    assert outputs["stream"] == "homeshore-test-g1-events"
    assert outputs["bucket"] == f"homeshore-test-g1-{ACCOUNT}-{HOME}-lake"
    assert outputs["failed_batches"] == f"homeshore-test-g1-{ACCOUNT}-{HOME}-failed"
    assert outputs["processor"] == "homeshore-test-g1-processor"
    assert outputs["database"] == "homeshore_test_g1_lake"
    assert outputs["workgroup"] == "homeshore-test-g1-sql"
    assert outputs["sql"] == (
        f"awsathena://athena.{HOME}.amazonaws.com:443/homeshore_test_g1_lake?work_group=homeshore-test-g1-sql"
    )


@EVERY
def test_the_program_never_holds_a_secrets_value(preview: Preview, changes: dict[str, object]) -> None:
    snapshot = preview(changes)
    assert not [r.urn for r in snapshot.resources if "secretVersion" in r.type or "secretString" in r.inputs]
    function = named(snapshot, "aws:lambda/function:Function", "pipeline-processor")
    environment = function.inputs["environment"]
    assert isinstance(environment, dict)
    variables = environment["variables"]
    assert isinstance(variables, dict)
    assert sorted(variables) == ["HOMESHORE_BOUNDARY", "HOMESHORE_BUCKET", "HOMESHORE_SECRET", "HOMESHORE_STREAM"]
    assert variables["HOMESHORE_BOUNDARY"] == "eu"


def test_a_budget_is_declared_only_where_the_stack_file_has_one(preview: Preview) -> None:
    assert of_type(preview(), "aws:budgets/budget:Budget") == []
    (budget,) = of_type(preview(MAXIMAL), "aws:budgets/budget:Budget")
    assert (budget.inputs["limitAmount"], budget.inputs["limitUnit"]) == ("9000.50", "USD")
    assert budget.inputs["timeUnit"] == "MONTHLY"
    assert budget.inputs["costFilters"] == [{"name": "TagKeyValue", "values": ["user:Stack$test"]}]
    notifications = budget.inputs["notifications"]
    assert isinstance(notifications, list)
    assert [(n["notificationType"], n["threshold"]) for n in notifications] == [("ACTUAL", 80), ("FORECASTED", 100)]


def test_personal_data_is_labelled_where_it_lies(preview: Preview) -> None:
    snapshot = preview()
    labelled = {
        r.name: tags["DataClassification"]
        for r in managed(snapshot)
        if isinstance(tags := r.inputs.get("tags"), dict) and "DataClassification" in tags
    }
    assert labelled == {
        "pipeline-stream": "personal",
        "pipeline-failed-batches": "personal",
        "pipeline-processor-pseudonym-key": "personal",
        "pipeline-lake": "pseudonymised",
    }


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"workload": {"events_per_second": {"average": 10, "peak": 10**7}, "event_bytes": 10_000}}, "shard"),
        (
            {"placement": {"cloud": "aws", "region": UNZONED, "account_id": ACCOUNT}, "residency": {"boundary": LAND}},
            "zones.csv",
        ),
    ],
    ids=["too much load", "no zones known"],
)
def test_what_cannot_be_built_is_told_without_a_traceback(
    preview: Preview, changes: dict[str, object], told: str
) -> None:
    with pytest.raises(ProgramFailed) as failed:
        preview(changes)
    assert told in str(failed.value)
    assert "called from" not in str(failed.value)


def test_what_no_service_carries_is_refused_with_the_stack_files_name(preview: Preview) -> None:
    """Among many stacks nobody could tell whose load is meant."""
    load = {"events_per_second": {"average": 10, "peak": 90_000_000}, "event_bytes": 1024}
    with pytest.raises(ProgramFailed, match=r"^Pulumi\.test\.yaml: .*\n +limit: "):
        preview({"workload": load})
