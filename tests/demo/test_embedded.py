"""The main job, end to end on the embedded cloud, as a user starts it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
import zstandard

from homeshore.local.aws import Aws
from homeshore.project import Project
from tests.local.embedded import eventually, processes_using

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient

pytestmark = pytest.mark.embedded
HOMESHORE = [sys.executable, "-c", "import sys; from homeshore.cli import run; sys.exit(run())"]
EVENTS = 5000
PERSONAL = (b"@mail.example", b"198.51.", b"2001:db8")


def homeshore(project: Project, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*HOMESHORE, *arguments], cwd=project.root, capture_output=True, timeout=180, check=False)


def test_the_main_job_accounts_for_every_event_and_leaves_nothing(home: Project) -> None:
    done = homeshore(home, "demo", "--events", str(EVENTS), "--json")
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    assert found["version"] == 1
    assert found["closes"] is True
    assert found["faults"] == []
    assert found["events"] == {
        "sent": EVENTS,
        "stored": EVENTS - 150 - 100 - 50,
        "quarantined": 150,
        "dead_lettered": 100,
        "duplicates": 50,
        "missing": 0,
    }
    assert sum(int(row["events"]) for row in found["query"]) == found["events"]["stored"]
    assert {"hour_start", "event_type", "events", "users"} == set(found["query"][0])
    assert found["not_applied"] == []
    assert found["findings"] is None
    assert found["monthly_usd"] is None
    assert not (home.root / ".homeshore").exists()
    assert processes_using(home.root) == []


@pytest.mark.parametrize("moment", ["coming up", "sending"])
def test_ctrl_c_stops_everything_that_was_started(home: Project, moment: str) -> None:
    with subprocess.Popen(
        [*HOMESHORE, "demo", "--events", "400000"],
        cwd=home.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as child:
        assert child.stderr is not None
        if moment == "coming up":
            eventually("the emulator is being started", lambda: processes_using(home.root / ".homeshore") != [])
        else:
            # The step before has ended, so the producer is at work.
            assert any(b"endpoint" in line for line in child.stderr)
        child.send_signal(signal.SIGINT)
        _, rest = child.communicate(timeout=60)
        assert child.returncode == 130, rest.decode()
        assert b"Traceback" not in rest
    assert not (home.root / ".homeshore").exists()
    eventually("no process works here", lambda: processes_using(home.root) == [], 5)


def test_a_foreign_producer_and_a_planted_secret(home: Project) -> None:
    """One stack that is up: records of somebody else's producer, and a search for what must never be shown."""
    up = homeshore(home, "local", "up", "--json")
    assert up.returncode == 0, up.stderr.decode()
    try:
        document = json.loads(up.stdout)
        outputs = document["outputs"]
        aws = Aws(document["endpoint"], document["region"], document["account_id"])
        secrets = cast("SecretsManagerClient", aws.client("secretsmanager"))
        kinesis, s3 = cast("KinesisClient", aws.client("kinesis")), cast("S3Client", aws.client("s3"))
        secret = secrets.get_secret_value(SecretId=outputs["pseudonym_secret"])["SecretString"]
        material = json.loads(secret)["keys"]["k1"].encode()

        for data in (event("DE"), event("US"), b"garbage visitor-1@mail.example"):
            kinesis.put_record(StreamName=outputs["stream"], Data=data, PartitionKey="p")
        eventually("all three are stored", lambda: accounted(s3, outputs["bucket"]) == (1, 1, 1), 40)

        demo = homeshore(home, "demo", "--events", "1000")
        assert demo.returncode == 0, demo.stderr.decode()
        again = homeshore(home, "local", "up", "--json")
        told = [homeshore(home, *arguments) for arguments in TELLING]
        outputs_of_all = b"\n".join(run.stdout + run.stderr for run in (up, again, demo, *told))
        assert b"pipeline-processor" in outputs_of_all
        assert material not in outputs_of_all

        kept = {path: path.read_bytes() for path in (home.root / ".homeshore").rglob("*.json")}
        assert kept
        assert [path for path, text in kept.items() if material in text] == []
        stored = list(objects(s3, outputs["bucket"]))
        assert stored
        assert [key for key, body in stored if any(part in body for part in (*PERSONAL, material))] == []
    finally:
        homeshore(home, "local", "down")
    assert not (home.root / ".homeshore").exists()


TELLING = (
    ("preview", "dev"),
    ("preview", "dev", "--json"),
    ("config", "dev"),
    ("local", "status"),
    ("doctor",),
)


def event(home: str) -> bytes:
    return json.dumps(
        {
            "event_id": f"6f1c2a34-5b6d-4e7f-8a90-00000000{home.lower().encode().hex()}",
            "event_time": "2026-03-02T08:00:00.000Z",
            "event_type": "click",
            "tenant_id": "tenant-01",
            "home": home,
            "user_id": "visitor-1@mail.example",
            "ip": "198.51.100.7",
            "page": "https://shop.example/",
        }
    ).encode()


def objects(s3: S3Client, bucket: str) -> list[tuple[str, bytes]]:
    listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    found: list[tuple[str, bytes]] = []
    for item in listed:
        key = item.get("Key", "")
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        found.append((key, zstandard.decompress(body) if Path(key).suffix == ".zst" and body else body))
    return found


def accounted(s3: S3Client, bucket: str) -> tuple[int, int, int]:
    counts = {"bronze": 0, "quarantine": 0, "dead-letter": 0}
    for key, body in objects(s3, bucket):
        store = key.partition("/")[0]
        if store in counts:
            counts[store] += body.count(b"\n")
    return counts["bronze"], counts["quarantine"], counts["dead-letter"]
