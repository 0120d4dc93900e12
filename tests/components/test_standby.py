"""The standby: a second region with a provider, a key and names of its own, and what S3 copies between the two."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

import geography
from components.aws import grants
from components.aws.place import Place
from components.naming import Names
from homeshore.cli import run
from homeshore.engine import ProgramFailed, Resource, Snapshot
from tests.components.conftest import ACCOUNT, BUILT, DELETABLE, HOME, MAXIMAL, PUBLIC, ROOT, Preview, named, of_type

OTHER = geography.partners("aws", HOME, "eu")[0].region.name
STANDBY: dict[str, object] = {"standby": {"region": OTHER}}
EVERY = pytest.mark.parametrize(
    "changes",
    [STANDBY, {**STANDBY, **PUBLIC}, {**MAXIMAL, **STANDBY}, {**STANDBY, **DELETABLE}],
    ids=["minimal", "public", "maximal", "deletable"],
)
CONFIG = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
HERE, THERE = Place("aws", HOME, ACCOUNT), Place("aws", OTHER, ACCOUNT)
LAKES = tuple(Names("test", 1, ACCOUNT, region).world_wide("lake") for region in (HOME, OTHER))
PREFIXES = ("bronze", "quarantine", "dead-letter")
WITHOUT_COUNTERPART = {"pipeline-sink", "pipeline-observability"}


def provider_of(snapshot: Snapshot, resource: Resource) -> Resource:
    (found,) = (r for r in snapshot.resources if r.is_provider and str(resource.provider).startswith(f"{r.urn}::"))
    return found


@EVERY
def test_each_region_has_a_provider_that_is_held_to_it(preview: Preview, changes: dict[str, object]) -> None:
    snapshot = preview(changes)
    providers = {r.name: r for r in snapshot.resources if r.is_provider}
    assert {name: (r.inputs["region"], r.inputs["stsRegion"]) for name, r in providers.items()} == {
        "primary": (HOME, HOME),
        "standby": (OTHER, OTHER),
    }
    assert {str(r.inputs["allowedAccountIds"]) for r in providers.values()} == {json.dumps([ACCOUNT])}
    assert len({str(r.inputs["defaultTags"]) for r in providers.values()}) == 1


@EVERY
def test_what_belongs_to_the_standby_goes_through_its_provider_and_nothing_else_does(
    preview: Preview, changes: dict[str, object]
) -> None:
    snapshot = preview(changes)
    seen: Counter[str] = Counter()
    for resource in snapshot.resources:
        if resource.managed:
            provider = provider_of(snapshot, resource).name
            seen[provider] += 1
            inside = "StandbyPipeline$" in resource.urn or resource.name == "standby-pair-replication-back"
            assert provider == ("standby" if inside else "primary"), resource.urn
    assert min(seen.values()) > 30


@EVERY
def test_the_standby_is_the_primary_without_sql_and_alarms(preview: Preview, changes: dict[str, object]) -> None:
    snapshot = preview(changes)
    children: dict[str, set[str]] = {"pipeline": set(), "standby": set()}
    for resource in snapshot.resources:
        parent = str(resource.parent).rpartition("::")[2]
        if resource.type.startswith("homeshore:aws:") and parent in children:
            children[parent].add(resource.name)
    primary = {name for name in children["pipeline"] if name.startswith("pipeline-")} - WITHOUT_COUNTERPART
    assert children["standby"] == {name.replace("pipeline-", "standby-") for name in primary}
    assert "standby-pair" in children["pipeline"]


def test_both_regions_are_sized_and_kept_alike(preview: Preview) -> None:
    snapshot = preview({**MAXIMAL, **STANDBY, "key": {"rotation_days": 90, "deletion_days": 14}})
    for token, name, wanted in (
        ("aws:kms/key:Key", "key", ("rotationPeriodInDays", "deletionWindowInDays", "enableKeyRotation")),
        ("aws:kinesis/stream:Stream", "stream", ("name", "shardCount", "retentionPeriod", "encryptionType")),
        ("aws:lambda/function:Function", "processor", ("name", "memorySize", "timeout", "sourceCodeHash")),
        (
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
            "lake-lifecycle",
            ("rules",),
        ),
    ):
        first, second = (named(snapshot, token, f"{region}-{name}") for region in ("pipeline", "standby"))
        assert {key: second.inputs[key] for key in wanted} == {key: first.inputs[key] for key in wanted}
    assert named(snapshot, "aws:kms/key:Key", "standby-key").inputs["rotationPeriodInDays"] == 90
    assert named(snapshot, "aws:kms/key:Key", "standby-key").inputs["deletionWindowInDays"] == 14


@EVERY
def test_each_region_encrypts_with_its_own_key(preview: Preview, changes: dict[str, object]) -> None:
    snapshot = preview(changes)
    keys = {r.name: r.urn for r in of_type(snapshot, "aws:kms/key:Key")}
    assert keys.keys() == {"pipeline-key", "standby-key"}
    for token, property_name, name in (
        ("aws:kinesis/stream:Stream", "kmsKeyId", "stream"),
        ("aws:secretsmanager/secret:Secret", "kmsKeyId", "processor-pseudonym-key"),
        ("aws:lambda/function:Function", "kmsKeyArn", "processor"),
        (
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            "rules",
            "lake-encryption",
        ),
    ):
        for region in ("pipeline", "standby"):
            resource = named(snapshot, token, f"{region}-{name}")
            assert resource.property_dependencies[property_name] == (keys[f"{region}-key"],), resource.urn


@EVERY
def test_no_two_things_of_one_region_or_of_the_account_share_a_name(
    preview: Preview, changes: dict[str, object]
) -> None:
    snapshot = preview(changes)
    everywhere = ("aws:iam/role:Role", "aws:s3/bucket:Bucket")
    taken = [
        (
            r.type,
            r.inputs.get("bucket") or r.inputs["name"],
            None if r.type in everywhere else provider_of(snapshot, r).name,
        )
        for r in snapshot.resources
        if r.type in (*everywhere, "aws:kinesis/stream:Stream", "aws:lambda/function:Function", "aws:kms/alias:Alias")
    ]
    assert [name for name, times in Counter(taken).items() if times > 1] == []


@pytest.mark.parametrize(
    ("name", "source", "target", "target_key"),
    [
        ("standby-pair-replication", "pipeline-lake", "standby-lake", "standby-key"),
        ("standby-pair-replication-back", "standby-lake", "pipeline-lake", "pipeline-key"),
    ],
)
def test_new_objects_are_copied_by_value(
    preview: Preview, name: str, source: str, target: str, target_key: str
) -> None:
    snapshot = preview(STANDBY)
    config = named(snapshot, CONFIG, name)
    buckets = {r.name: r for r in of_type(snapshot, "aws:s3/bucket:Bucket")}
    keys = {r.name: r.urn for r in of_type(snapshot, "aws:kms/key:Key")}
    assert config.inputs["bucket"] == buckets[source].inputs["bucket"]
    rules = config.inputs["rules"]
    assert [rule["filter"] for rule in rules] == [{"prefix": f"{prefix}/"} for prefix in PREFIXES]
    assert [rule["priority"] for rule in rules] == [1, 2, 3]
    for rule in rules:
        assert rule["status"] == "Enabled"
        assert rule["deleteMarkerReplication"] == {"status": "Disabled"}
        assert rule["sourceSelectionCriteria"] == {"sseKmsEncryptedObjects": {"status": "Enabled"}}
        destination = rule["destination"]
        assert destination["bucket"] == f"arn:aws:s3:::{buckets[target].inputs['bucket']}"
        assert destination["storageClass"] == "STANDARD"
        assert destination["replicationTime"] == {"status": "Enabled", "time": {"minutes": 15}}
        assert destination["metrics"] == {"status": "Enabled", "eventThreshold": {"minutes": 15}}
        assert "replicaKmsKeyId" in destination["encryptionConfiguration"]
    assert keys[target_key] in config.property_dependencies["rules"]
    # S3 refuses to copy before both buckets keep versions, and before the role may.
    for needed in ("pipeline-lake-versioning", "standby-lake-versioning", "standby-pair-data-policy"):
        assert any(urn.endswith(f"::{needed}") for urn in config.dependencies), needed


@EVERY
def test_the_copies_stay_when_the_stack_goes(preview: Preview, changes: dict[str, object]) -> None:
    snapshot = preview(changes)
    protected = changes.get("protect", True)
    assert {r.protect for r in of_type(snapshot, CONFIG)} == {protected}
    kept = [r for r in snapshot.resources if r.name == "standby-lake" and r.managed]
    assert {r.protect for r in kept} == {protected}


def test_s3_takes_the_copying_role_for_this_account_only(preview: Preview) -> None:
    role = named(preview(STANDBY), "aws:iam/role:Role", "standby-pair-role")
    assert role.inputs["name"] == Names("test", 1, ACCOUNT, HOME).account_wide("replication")
    (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def test_copying_reads_and_writes_the_data_prefixes_of_the_two_lakes(preview: Preview) -> None:
    policy = named(preview(STANDBY), "aws:iam/rolePolicy:RolePolicy", "standby-pair-data-policy")
    statements = json.loads(policy.inputs["policy"])["Statement"]
    assert statements == [one.plain() for one in grants.copy_objects(HERE, *LAKES)]
    objects = [f"arn:aws:s3:::{lake}/{prefix}/*" for lake in LAKES for prefix in PREFIXES]
    assert {s["Sid"]: (s["Action"], s["Resource"]) for s in statements} == {
        "FindWhatIsToBeCopied": (
            ["s3:GetReplicationConfiguration", "s3:ListBucket"],
            [f"arn:aws:s3:::{lake}" for lake in LAKES],
        ),
        "ReadWhatIsToBeCopied": (
            ["s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"],
            objects,
        ),
        "WriteTheCopies": (["s3:ReplicateObject", "s3:ReplicateTags"], objects),
    }


def test_each_key_is_used_by_the_copying_role_through_its_own_regions_s3_for_its_own_lake() -> None:
    for place, lake in ((HERE, LAKES[0]), (THERE, LAKES[1])):
        (statement,) = grants.copy_under_key(place, lake, "arn:key")
        assert statement.actions == ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")
        assert statement.resources == ("arn:key",)
        assert statement.conditions == {
            "StringEquals": {
                "kms:ViaService": f"s3.{place.region}.amazonaws.com",
                "kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{lake}",
            }
        }


def test_the_outputs_name_the_standby_too(preview: Preview) -> None:
    without, snapshot = preview(), preview(STANDBY)
    more = snapshot.outputs.keys() - without.outputs.keys()
    assert more == {
        "standby_endpoint",
        "standby_stream",
        "standby_bucket",
        "standby_pseudonym_secret",
        "failover_endpoint",
    }
    assert snapshot.outputs["standby_endpoint"] == f"https://kinesis.{OTHER}.amazonaws.com"
    assert snapshot.outputs["standby_stream"] == snapshot.outputs["stream"]
    assert snapshot.outputs["standby_bucket"] == LAKES[1]
    # Kinesis has no address for both regions.
    assert snapshot.outputs["failover_endpoint"] == snapshot.outputs["endpoint"]


def test_adding_a_standby_changes_nothing_of_the_primary_but_its_outputs(preview: Preview) -> None:
    before = {r.urn: (r.inputs, r.protect) for r in preview().resources if r.managed}
    after = {r.urn: (r.inputs, r.protect) for r in preview(STANDBY).resources if r.managed}
    assert {urn: after.get(urn) for urn in before} == before


@pytest.mark.parametrize("boundary", ["de", "us"])
def test_a_standby_outside_the_boundary_is_refused_with_both_regions_named(preview: Preview, boundary: str) -> None:
    inside, outside = (
        next(r.name for r in BUILT if geography.boundary(boundary).holds(r) is holds) for holds in (True, False)
    )
    changes: dict[str, object] = {
        "placement": {"cloud": "aws", "region": inside, "account_id": ACCOUNT},
        "residency": {"boundary": boundary},
        "standby": {"region": outside},
    }
    with pytest.raises(ProgramFailed, match=rf"{inside} and {outside} leaves the boundary {boundary}"):
        preview(changes)


def test_a_lake_that_is_brought_along_cannot_be_copied(preview: Preview) -> None:
    with pytest.raises(ProgramFailed, match=r"standby and bring\.bucket"):
        preview({**STANDBY, "bring": {"bucket": "somebody-elses-lake"}})


def test_the_runbook_names_outputs_and_commands_that_there_are(preview: Preview) -> None:
    text = (ROOT / "docs" / "dr.md").read_text(encoding="utf-8")
    named_there = set(re.findall(r"\$OUT (\w+)", text))
    assert {"standby_endpoint", "standby_stream", "standby_bucket", "bucket", "processor"} <= named_there
    assert named_there <= preview(STANDBY).outputs.keys()
    commands = {tuple(words.split()) for words in re.findall(r"^    homeshore ((?:[a-z]+ )+)", text, re.MULTILINE)}
    assert commands == {("plan", "standby"), ("preview",), ("data", "key", "init")}
    for words in commands:
        assert run([*words, "--help"]) == 0
