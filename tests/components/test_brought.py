"""What is brought along is used and not changed; a permission boundary limits every role."""

from __future__ import annotations

import json

import pytest

import geography
from components.naming import Names
from homeshore.engine import ProgramFailed, Snapshot
from tests.components.conftest import ACCOUNT, HOME, MAXIMAL, PUBLIC, Preview, named, of_type

KEY = f"arn:aws:kms:{HOME}:{ACCOUNT}:key/0a1b2c3d-4e5f-4a1b-8c2d-3e4f5a6b7c8d"
BUCKET = "platform-lake-of-events"
SUBNETS = ["subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"]
GUARDS = ["sg-0a1b2c3d4e5f60718"]
LIMIT = f"arn:aws:iam::{ACCOUNT}:policy/platform-limit"
STANDBY = {"region": geography.partners("aws", HOME, "eu")[0].region.name}


def bring(**what: object) -> dict[str, object]:
    return {"bring": what}


def policies(snapshot: Snapshot, role: str) -> dict[str, list[dict[str, object]]]:
    return {
        str(r.inputs["name"]): json.loads(str(r.inputs["policy"]))["Statement"]
        for r in of_type(snapshot, "aws:iam/rolePolicy:RolePolicy")
        # One that holds an ARN is not known before the key exists.
        if r.name.startswith(role) and str(r.inputs["policy"]).startswith("{")
    }


def test_a_key_that_is_brought_along_encrypts_everything_and_is_not_declared(preview: Preview) -> None:
    snapshot = preview(bring(key=KEY))
    assert of_type(snapshot, "aws:kms/key:Key") == []
    assert of_type(snapshot, "aws:kms/alias:Alias") == []
    assert snapshot.outputs["key"] == KEY
    assert named(snapshot, "aws:kinesis/stream:Stream", "pipeline-stream").inputs["kmsKeyId"] == KEY
    assert (
        named(snapshot, "aws:secretsmanager/secret:Secret", "pipeline-processor-pseudonym-key").inputs["kmsKeyId"]
        == KEY
    )
    assert named(snapshot, "aws:sns/topic:Topic", "pipeline-observability").inputs["kmsMasterKeyId"] == KEY
    assert {r.inputs["kmsKeyId"] for r in of_type(snapshot, "aws:cloudwatch/logGroup:LogGroup")} == {KEY}
    used = policies(snapshot, "pipeline-processor")["key"]
    assert {json.dumps(s["Resource"]) for s in used} == {json.dumps([KEY])}


def test_a_bucket_that_is_brought_along_is_written_to_and_not_changed(preview: Preview) -> None:
    snapshot = preview(bring(bucket=BUCKET))
    assert {r.name for r in of_type(snapshot, "aws:s3/bucket:Bucket")} == {
        "pipeline-access-logs",
        "pipeline-failed-batches",
    }
    assert [r.urn for r in snapshot.resources if r.managed and r.inputs.get("bucket") == BUCKET] == []
    assert snapshot.outputs["bucket"] == BUCKET
    function = named(snapshot, "aws:lambda/function:Function", "pipeline-processor")
    assert function.inputs["environment"]["variables"]["HOMESHORE_BUCKET"] == BUCKET
    database = named(snapshot, "aws:glue/catalogDatabase:CatalogDatabase", "pipeline-sink")
    assert database.inputs["locationUri"] == f"s3://{BUCKET}/"


def test_the_name_of_a_bucket_says_no_region_so_the_processor_asks_in_its_own_only(preview: Preview) -> None:
    store = "StoreEventsAndCompareWithEarlierAttempts"
    statements = {str(s["Sid"]): s for s in policies(preview(bring(bucket=BUCKET)), "pipeline-processor")["data"]}
    assert statements[store]["Resource"] == [
        f"arn:aws:s3:::{BUCKET}/{prefix}/*" for prefix in ("bronze", "quarantine", "dead-letter")
    ]
    assert statements[store]["Condition"] == {"StringEquals": {"aws:RequestedRegion": HOME}}
    own = {str(s["Sid"]): s for s in policies(preview(), "pipeline-processor")["data"]}
    assert "Condition" not in own[store]


def test_the_log_bucket_takes_logs_of_the_buckets_that_the_stack_makes(preview: Preview) -> None:
    def sources(snapshot: Snapshot) -> list[str]:
        text = named(snapshot, "aws:s3/bucketPolicy:BucketPolicy", "pipeline-access-logs-policy").inputs["policy"]
        (statement,) = (s for s in json.loads(str(text))["Statement"] if s["Effect"] == "Allow")
        return statement["Condition"]["ArnLike"]["aws:SourceArn"]

    names = Names("test", 1, ACCOUNT, HOME)
    failed = f"arn:aws:s3:::{names.world_wide('failed')}"
    assert sources(preview()) == [f"arn:aws:s3:::{names.world_wide('lake')}", failed]
    assert sources(preview(bring(bucket=BUCKET))) == [failed]


def test_a_network_that_is_brought_along_takes_the_function_in_and_gets_nothing(preview: Preview) -> None:
    snapshot = preview(bring(network={"subnet_ids": SUBNETS, "guard_ids": GUARDS}))
    assert [r.urn for r in snapshot.resources if r.type.startswith(("aws:ec2/", "aws:vpc/"))] == []
    function = named(snapshot, "aws:lambda/function:Function", "pipeline-processor")
    assert function.inputs["vpcConfig"] == {"subnetIds": SUBNETS, "securityGroupIds": GUARDS}
    sids = {str(s["Sid"]) for s in policies(snapshot, "pipeline-processor")["data"]}
    assert {"LetLambdaJoinTheNetwork", "RefuseTheSameToTheFunctionsCode"} <= sids


def test_all_of_it_together(preview: Preview) -> None:
    brought = bring(
        key=KEY, bucket=BUCKET, network={"subnet_ids": SUBNETS, "guard_ids": GUARDS}, permission_boundary=LIMIT
    )
    snapshot = preview({**MAXIMAL, **brought})
    assert {r.type for r in snapshot.resources if r.type.startswith("homeshore:aws:Brought")} == {
        "homeshore:aws:BroughtKey",
        "homeshore:aws:BroughtBucket",
        "homeshore:aws:BroughtNetwork",
    }
    assert snapshot.outputs.keys() == preview(MAXIMAL).outputs.keys()


def test_a_standby_makes_its_own_key_and_network_beside_those_brought_along(preview: Preview) -> None:
    snapshot = preview({**bring(key=KEY, network={"subnet_ids": SUBNETS, "guard_ids": GUARDS}), "standby": STANDBY})
    assert [r.name for r in of_type(snapshot, "aws:kms/key:Key")] == ["standby-key"]
    assert [r.name for r in of_type(snapshot, "aws:ec2/vpc:Vpc")] == ["standby-network"]
    back = named(snapshot, "aws:s3/bucketReplicationConfig:BucketReplicationConfig", "standby-pair-replication-back")
    keys = {rule["destination"]["encryptionConfiguration"]["replicaKmsKeyId"] for rule in back.inputs["rules"]}
    assert keys == {KEY}


@pytest.mark.parametrize(
    ("changes", "roles"),
    [({}, 2), (PUBLIC, 1), (MAXIMAL, 2), ({**MAXIMAL, "standby": STANDBY}, 5)],
    ids=["minimal", "public", "maximal", "standby"],
)
def test_every_role_takes_the_permission_boundary(preview: Preview, changes: dict[str, object], roles: int) -> None:
    limited = of_type(preview({**changes, **bring(permission_boundary=LIMIT)}), "aws:iam/role:Role")
    assert [r.inputs.get("permissionsBoundary") for r in limited] == [LIMIT] * roles
    assert all("permissionsBoundary" not in r.inputs for r in of_type(preview(changes), "aws:iam/role:Role"))


def test_a_cluster_is_nothing_for_aws(preview: Preview) -> None:
    with pytest.raises(ProgramFailed, match="cluster"):
        preview(bring(cluster="/subscriptions/x"))
