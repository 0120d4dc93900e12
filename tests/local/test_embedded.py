"""The fixture stack on the embedded emulator: up, again, repaired, used from outside. They share one emulator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import boto3
import pytest

from homeshore.engine import run_program
from homeshore.errors import UserError
from homeshore.local import cloud
from homeshore.local.backend import UNEXPLAINED
from homeshore.local.emulators import choose, rows
from homeshore.local.kinds import KINDS
from tests.local.embedded import Up, eventually, processes_using

pytestmark = pytest.mark.embedded
NEEDS = {"resources", "lambda", "kinesis-to-lambda", "drift-repair"}


def names(up: Up, outcome: str) -> set[str]:
    return {f"{entry.type} {entry.name}" for entry in up.report.changes.sorted(outcome)}


def again(up: Up) -> None:
    up.report = cloud.up(up.project, up.stack)


def test_the_emulator_is_the_one_that_proves_what_is_tested_here(stack: Up) -> None:
    row = rows()[stack.report.emulator]
    assert row.embedded
    assert row.proves >= NEEDS


def test_everything_the_program_registers_is_applied(stack: Up) -> None:
    managed = {r.urn for r in run_program(stack.project, stack.stack).resources if r.managed}
    changes = stack.report.changes
    assert {entry.urn for entry in [*changes.created, *changes.unchanged]} == managed
    assert changes.not_applied == []
    assert changes.updated == []
    assert changes.repaired == []
    assert {entry.type for entry in changes.created} | {entry.type for entry in changes.unchanged} >= {
        token for token in KINDS if token not in BESIDES
    }


BESIDES = {  # of the types that can be applied, the ones that the fixture has no use for
    "aws:kms/keyPolicy:KeyPolicy",
    "aws:kinesis/resourcePolicy:ResourcePolicy",
    "aws:sns/topicSubscription:TopicSubscription",
}


def test_what_is_not_read_back_has_its_reason(stack: Up) -> None:
    entries = stack.report.changes.not_read_back
    assert entries
    assert [entry for entry in entries if entry.reason == UNEXPLAINED] == []


def test_arns_and_outputs_name_the_account_and_region_of_the_program(stack: Up) -> None:
    report = stack.report
    for name in ("key", "secret", "function", "topic"):
        assert f":{report.region}:{report.account_id}:" in str(report.outputs[name]), name
    assert stack.client("sts").get_caller_identity()["Account"] == report.account_id


def test_default_tags_of_the_provider_reach_the_resources(stack: Up) -> None:
    tags = stack.client("s3").get_bucket_tagging(Bucket=stack.bucket)["TagSet"]
    found = {tag["Key"]: tag["Value"] for tag in tags}
    assert found.items() >= {"Owner": "fixture", "Stack": "dev", "DataClassification": "internal"}.items()


def test_a_second_up_changes_nothing(stack: Up) -> None:
    again(stack)
    changes = stack.report.changes
    assert len(changes.unchanged) == len(stack.report.digests)
    assert [*changes.created, *changes.updated, *changes.repaired, *changes.removed] == []


def test_what_was_changed_behind_its_back_is_repaired_and_nothing_else(stack: Up) -> None:
    """A lifecycle rule is changed and the event source mapping deleted: exactly two repairs."""
    s3, functions = stack.client("s3"), stack.client("lambda")
    rules = s3.get_bucket_lifecycle_configuration(Bucket=stack.bucket)["Rules"]
    next(rule for rule in rules if rule["ID"] == "bronze")["Expiration"]["Days"] = 1000
    s3.put_bucket_lifecycle_configuration(Bucket=stack.bucket, LifecycleConfiguration={"Rules": rules})
    (mapping,) = functions.list_event_source_mappings()["EventSourceMappings"]
    functions.delete_event_source_mapping(UUID=mapping["UUID"])

    again(stack)

    changes = stack.report.changes
    assert names(stack, "repaired") == {
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration lake",
        "aws:lambda/eventSourceMapping:EventSourceMapping function",
    }
    assert [*changes.created, *changes.updated, *changes.removed] == []
    kept = s3.get_bucket_lifecycle_configuration(Bucket=stack.bucket)["Rules"]
    assert {rule["ID"]: rule["Expiration"]["Days"] for rule in kept} == {"bronze": 150, "results": 30}
    assert len(functions.list_event_source_mappings()["EventSourceMappings"]) == 1


def test_more_drift_of_other_kinds_is_seen_and_repaired(stack: Up) -> None:
    stack.client("kinesis").decrease_stream_retention_period(StreamName=stack.stream, RetentionPeriodHours=24)
    wider = json.dumps({"Statement": [{"Effect": "Allow", "Action": "kinesis:*", "Resource": "*"}]})
    stack.client("iam").put_role_policy(RoleName="fixture-dev-function", PolicyName="stream", PolicyDocument=wider)
    stack.client("lambda").update_function_configuration(FunctionName="fixture-dev-function", MemorySize=256)
    stack.client("kms").disable_key_rotation(KeyId=stack.report.outputs["key"])
    stack.client("s3").put_bucket_tagging(Bucket=stack.bucket, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    stack.client("logs").delete_log_group(logGroupName="/fixture-dev/flow")
    stack.client("glue").delete_table(DatabaseName="fixture_dev", Name="bronze")

    again(stack)

    assert names(stack, "repaired") >= {
        "aws:kinesis/stream:Stream stream",
        "aws:iam/rolePolicy:RolePolicy function",
        "aws:lambda/function:Function function",
        "aws:kms/key:Key key",
        "aws:s3/bucket:Bucket lake",
        "aws:cloudwatch/logGroup:LogGroup flow",
        "aws:glue/catalogTable:CatalogTable bronze",
    }
    again(stack)
    assert len(stack.report.changes.unchanged) == len(stack.report.digests)


def test_records_of_a_foreign_producer_reach_the_function_and_the_bucket(stack: Up) -> None:
    """Nothing of ours in it: boto3 and what `up --json` says."""
    document = json.loads(json.dumps(stack.report.to_json()))
    where = document["environment"]
    session = boto3.Session(
        where["AWS_ACCESS_KEY_ID"], where["AWS_SECRET_ACCESS_KEY"], region_name=where["AWS_DEFAULT_REGION"]
    )
    kinesis = session.client("kinesis", endpoint_url=document["endpoint"])
    s3 = session.client("s3", endpoint_url=document["endpoint"])
    records = [{"Data": f"event {n}".encode(), "PartitionKey": str(n)} for n in range(700)]
    for start in (0, 350):
        assert (
            kinesis.put_records(StreamName=stack.stream, Records=records[start : start + 350])["FailedRecordCount"] == 0
        )

    def stored() -> list[str]:
        keys = [o["Key"] for o in s3.list_objects_v2(Bucket=stack.bucket, Prefix="bronze/").get("Contents", [])]
        return [
            line
            for key in keys
            for line in s3.get_object(Bucket=stack.bucket, Key=key)["Body"].read().decode().split("\n")
        ]

    eventually("all records are in the bucket", lambda: len(stored()) >= len(records))
    assert sorted(stored()) == sorted(f"event {n}" for n in range(700))


def test_nothing_listens_beyond_loopback(stack: Up) -> None:
    """Every listening socket of the emulator and its workers, from the kernel's own tables."""
    pids = [stack.report.pid, *processes_using(stack.project.root)]
    inodes = {link for pid in pids if pid for link in _sockets(pid)}
    listening = [address for address, inode in _listeners() if f"socket:[{inode}]" in inodes]
    assert listening
    assert {address.partition(":")[0] for address in listening} == {"0100007F"}  # 127.0.0.1


def _sockets(pid: int) -> list[str]:
    found: list[str] = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(str(entry.readlink()))
        except FileNotFoundError:
            continue
    return found


def _listeners() -> list[tuple[str, str]]:
    rows_ = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    return [(row[1], row[9]) for row in rows_ if row[3] == "0A"]


def test_the_emulator_sees_none_of_the_users_settings(stack: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = Path(f"/proc/{stack.report.pid}/environ").read_bytes().decode().split("\0")
    seen = {entry.partition("=")[0] for entry in environment}
    assert not {name for name in seen if name.startswith("AWS_") and name != "AWS_EC2_METADATA_DISABLED"}
    assert not {name for name in seen if name.lower().endswith("_proxy")}


def test_status_reads_what_is_there(stack: Up) -> None:
    stack.client("cloudwatch").delete_dashboards(DashboardNames=["fixture-dev-dashboard"])
    found = cloud.status(stack.project, stack.stack)
    gone = [item.wanted.name for item in found.resources if item.id is None]
    assert gone == ["dashboard"]
    document = found.to_json()
    assert (document["running"], document["pid"]) == (True, stack.report.pid)
    assert cast("dict[str, object]", document["outputs"])["stream"] == stack.stream
    again(stack)
    assert names(stack, "repaired") == {"aws:cloudwatch/dashboard:Dashboard dashboard"}


def test_its_own_endpoint_in_the_environment_means_itself(stack: Up) -> None:
    report = cloud.up(stack.project, stack.stack, choice=choose(environment=stack.report.environment))
    assert (report.emulator, report.pid) == (stack.report.emulator, stack.report.pid)


def test_what_the_program_no_longer_declares_is_removed(stack: Up) -> None:
    file = stack.project.root / "Pulumi.dev.yaml"
    before = file.read_text(encoding="utf-8")
    file.write_text(before.replace("private: true", "private: false"), encoding="utf-8")
    try:
        again(stack)
        assert "aws:ec2/vpc:Vpc net" in names(stack, "removed")
        assert "aws:lambda/function:Function function" in names(stack, "updated")
        assert [v for v in stack.aws.each("ec2", "describe_vpcs", "Vpcs") if not v.flag("IsDefault")] == []
    finally:
        file.write_text(before, encoding="utf-8")
    again(stack)
    assert "aws:ec2/vpc:Vpc net" in names(stack, "created")


def test_two_stacks_share_the_emulator_and_leave_it_one_by_one(stack: Up) -> None:
    other = cloud.up(stack.project, "small")
    assert other.pid == stack.report.pid
    assert cloud.down(stack.project, "small")
    assert "fixture-small-stream" not in stack.client("kinesis").list_streams()["StreamNames"]
    left = [bucket["Name"] for bucket in stack.client("s3").list_buckets()["Buckets"]]
    assert all(name.startswith("fixture-dev-") for name in left)
    again(stack)
    assert len(stack.report.changes.unchanged) == len(stack.report.digests)


def test_a_run_that_fails_leaves_a_running_emulator_as_it_is(stack: Up) -> None:
    program = stack.project.root / "__main__.py"
    before = program.read_text(encoding="utf-8")
    program.write_text(before.replace("shard_count=2", "shard_count=-2"), encoding="utf-8")
    try:
        with pytest.raises(UserError, match="stream"):
            again(stack)
    finally:
        program.write_text(before, encoding="utf-8")
    again(stack)
    assert not stack.report.changes.not_applied
    assert names(stack, "created") == set()
