"""The real program on the embedded emulator: two stacks come up whole, and strangers can use the small one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import boto3
import pytest
import zstandard

from homeshore.cli import run
from homeshore.local import cloud
from homeshore.local.backend import UNEXPLAINED
from homeshore.local.emulators import rows
from homeshore.local.fields import Fields
from homeshore.project import find_project
from tests.local.embedded import Up, eventually

pytestmark = pytest.mark.embedded
ROOT = Path(__file__).parents[2]
PRODUCTION = next(stack for stack in find_project(ROOT).stacks() if stack.startswith("aws-eu"))
NOT_TO_BE_HAD = {"aws:s3/bucketReplicationConfig:BucketReplicationConfig"}
"""What ties a stack to its standby: the emulator keeps no copies in a second region."""
PERSON = "planted-person-7c1f"


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """The dev stack of this repository in a project of its own, so that a developer's running stack is left alone."""
    root = tmp_path_factory.mktemp("pipeline")
    for file in [ROOT / "Pulumi.yaml", ROOT / "__main__.py", *ROOT.glob("Pulumi.*.yaml")]:
        shutil.copy(file, root)
    shutil.copytree(ROOT / "events", root / "events", ignore=shutil.ignore_patterns("__pycache__"))
    (root / ".build").mkdir()
    (root / ".build" / "wheels").symlink_to(ROOT / ".build" / "wheels")
    project = find_project(root)
    try:
        yield Up(project, "dev", cloud.up(project, "dev"))
    finally:
        for stack in ("dev", PRODUCTION):
            cloud.down(project, stack)
    assert not (root / ".homeshore").exists()


@pytest.mark.parametrize("stack", ["dev", PRODUCTION])
def test_the_stack_comes_up_whole_and_a_second_up_changes_nothing(dev: Up, stack: str) -> None:
    first = cloud.up(dev.project, stack)
    assert {entry.type for entry in first.changes.not_applied} <= NOT_TO_BE_HAD
    assert [entry for entry in first.changes.not_read_back if entry.reason == UNEXPLAINED] == []
    again = cloud.up(dev.project, stack)
    assert len(again.changes.unchanged) == len(again.digests) == len(first.digests)
    assert (again.pid, again.endpoint) == (dev.report.pid, dev.report.endpoint)


def test_the_package_is_built_for_this_machine_and_the_report_says_so(dev: Up) -> None:
    (entry,) = [entry for entry in dev.report.changes.adapted if entry.type == "aws:lambda/function:Function"]
    assert "built for this machine" in entry.reason
    assert "arm64" in entry.reason


def test_events_of_a_stranger_are_stored_quarantined_and_dead_lettered(
    dev: Up, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Valid, foreign and garbage records from a plain boto3 producer; the key is rotated by our own command."""
    assert rows()[dev.report.emulator].proves >= {"kinesis-to-lambda", "secrets", "s3-metadata"}
    where = dev.report.environment
    monkeypatch.chdir(dev.project.root)
    with monkeypatch.context() as patch:
        for name, value in where.items():
            patch.setenv(name, value)
        assert run(["data", "key", "rotate", "dev"]) == 0
    session = boto3.Session(
        where["AWS_ACCESS_KEY_ID"], where["AWS_SECRET_ACCESS_KEY"], region_name=where["AWS_DEFAULT_REGION"]
    )
    kinesis = session.client("kinesis", endpoint_url=where["AWS_ENDPOINT_URL"])
    s3 = session.client("s3", endpoint_url=where["AWS_ENDPOINT_URL"])
    records = [event(1, "DE"), event(2, "FR"), event(3, "US"), b"not an event \xff"]
    entries = [{"Data": data, "PartitionKey": "one shard"} for data in records]
    assert kinesis.put_records(StreamName=dev.stream, Records=entries)["FailedRecordCount"] == 0

    def counted() -> dict[str, int]:
        """The accounting of every batch, from the metadata of the objects that commit it."""
        counts = dict.fromkeys(("written", "quarantined", "dead-lettered", "events-in"), 0)
        for item in s3.list_objects_v2(Bucket=dev.bucket, Prefix="bronze/").get("Contents", []):
            metadata = s3.head_object(Bucket=dev.bucket, Key=item["Key"])["Metadata"]
            counts = {name: count + int(metadata[name]) for name, count in counts.items()}
        return counts

    eventually("four events are accounted for", lambda: counted()["events-in"] >= len(records))
    assert counted() == {"written": 2, "quarantined": 1, "dead-lettered": 1, "events-in": 4}

    bodies: list[bytes] = []
    for item in s3.list_objects_v2(Bucket=dev.bucket)["Contents"]:
        bodies.append(zstandard.decompress(s3.get_object(Bucket=dev.bucket, Key=item["Key"])["Body"].read()))
    stored = b"".join(bodies)
    assert identifier(1).encode() in stored
    assert PERSON.encode() not in stored
    _assert_no_secret(dev, capfd)


def test_the_bucket_can_be_queried(dev: Up) -> None:
    """The rows that the test before stored, through the declared table and the declared workgroup."""
    assert "athena-duckdb" in rows()[dev.report.emulator].proves
    athena = dev.client("athena")
    outputs = dev.report.outputs
    sql = "SELECT event_type, count(*) AS events FROM bronze GROUP BY event_type"
    started = cast("dict[str, str]", athena.start_query_execution(
        QueryString=sql,
        WorkGroup=outputs["workgroup"],
        QueryExecutionContext={"Database": outputs["database"]},
    ))  # fmt: skip
    query = started["QueryExecutionId"]

    def state() -> str:
        execution = Fields(cast("dict[str, object]", athena.get_query_execution(QueryExecutionId=query)))
        return execution.block("QueryExecution").block("Status").text("State")

    eventually("the query has an answer", lambda: state() == "SUCCEEDED")
    answer = Fields(cast("dict[str, object]", athena.get_query_results(QueryExecutionId=query)))
    rows_ = [
        [cell.text("VarCharValue") for cell in row.blocks("Data")] for row in answer.block("ResultSet").blocks("Rows")
    ]
    assert rows_ == [["event_type", "events"], ["click", "2"]]


def identifier(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def event(number: int, home: str) -> bytes:
    return json.dumps(
        {
            "event_id": identifier(number),
            "event_time": "2026-01-02T03:04:05Z",
            "event_type": "click",
            "tenant_id": "tenant-1",
            "home": home,
            "user_id": PERSON,
            "ip": "192.0.2.7",
            "page": "/",
        }
    ).encode()


def _assert_no_secret(dev: Up, capfd: pytest.CaptureFixture[str]) -> None:
    """The key's bytes and the person's name stand in no log, no report and no file of the local cloud."""
    secret = dev.client("secretsmanager").get_secret_value(SecretId=dev.report.outputs["pseudonym_secret"])
    keys = list(json.loads(secret["SecretString"])["keys"].values())
    assert keys
    out, err = capfd.readouterr()
    texts = {"stdout": out, "stderr": err, "report": json.dumps(dev.report.to_json())}
    for path in (dev.project.root / ".homeshore").rglob("*"):
        if path.is_file() and path.suffix in ("", ".log", ".json", ".journal", ".part"):
            texts[path.name] = path.read_text(encoding="utf-8", errors="replace")
    for planted in [*keys, PERSON]:
        assert [name for name, text in texts.items() if planted in text] == []
