"""Runtime access as methods of the handles, by value: what a role of somebody else's is let do, to which one thing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import cast

import pulumi
import pytest

from components.aws.brought import BroughtBucket, BroughtKey
from components.aws.bucket import Bucket
from components.aws.key import Key
from components.aws.sink import Sink
from components.aws.stream import Stream
from components.base import Classification, RegionalComponent
from components.contracts import BucketSpec, KeySpec, SinkSpec
from events.contract import SHIPPED, load
from tests.components.conftest import ACCOUNT, HOME, under_mocks
from tests.components.test_processor import STREAM, Thing, parent

LAKE = f"homeshore-test-g1-{ACCOUNT}-{HOME}-lake"
SPEC = BucketSpec("lake", Classification.PSEUDONYMISED, ())
OBJECTS_OF_THE_LAKE = {
    "StringEquals": {
        "kms:ViaService": f"s3.{HOME}.amazonaws.com",
        "kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{LAKE}",
    }
}
SINK = SinkSpec(load(SHIPPED), scan_limit_bytes=1 << 30, keep_days=30, refresh_minutes=5, log_days=14)

Granted = Sequence[pulumi.Resource]


def granted(grant: Callable[[RegionalComponent], Granted]) -> dict[str, dict[str, object]]:
    """The statements, by their ids, of the one policy that `grant` attaches to the role `reader`."""
    made: list[pulumi.Resource] = []
    registered = under_mocks(lambda: made.extend(grant(parent())))
    ours = {name: inputs for (kind, name), inputs in registered.items() if kind == "aws:iam/rolePolicy:RolePolicy"}
    assert list(ours) == ["dashboards"]
    assert len(made) == 1
    (policy,) = ours.values()
    assert (policy["name"], policy["role"]) == ("dashboards", "reader")
    statements = cast("list[dict[str, object]]", json.loads(policy["policy"])["Statement"])
    assert all(s["Effect"] == "Allow" for s in statements)
    return {str(s["Sid"]): {key: s[key] for key in ("Action", "Resource", "Condition") if key in s} for s in statements}


def test_using_the_key_is_using_that_key() -> None:
    wanted = {"Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]}
    own = granted(lambda up: Key("k", KeySpec(budget_alerts=False), parent=up).grant_use("dashboards", "reader"))
    assert own == {"UseTheKey": {**wanted, "Resource": ["arn:of:k"]}}
    spec = KeySpec(budget_alerts=False)
    brought = granted(lambda up: BroughtKey("k", "arn:theirs", spec, parent=up).grant_use("dashboards", "reader"))
    assert brought == {"UseTheKey": {**wanted, "Resource": ["arn:theirs"]}}


def bucket(up: RegionalComponent) -> Bucket:
    return Bucket("lake", SPEC, key=Thing("key"), logs=None, parent=up)


def theirs(up: RegionalComponent) -> BroughtBucket:
    return BroughtBucket("lake", LAKE, SPEC, key=Thing("key"), parent=up)


@pytest.mark.parametrize("store", [bucket, theirs], ids=["made", "brought along"])
def test_reading_a_bucket_is_listing_and_reading_it(store: Callable[[RegionalComponent], Bucket]) -> None:
    assert granted(lambda up: store(up).grant_read("dashboards", "reader")) == {
        "ListTheObjects": {"Action": ["s3:ListBucket"], "Resource": [f"arn:aws:s3:::{LAKE}"]},
        "LocateTheBucket": {"Action": ["s3:GetBucketLocation"], "Resource": [f"arn:aws:s3:::{LAKE}"]},
        "ReadTheObjects": {"Action": ["s3:GetObject"], "Resource": [f"arn:aws:s3:::{LAKE}/*"]},
        "DecryptTheObjects": {
            "Action": ["kms:Decrypt"],
            "Resource": ["arn:of:key"],
            "Condition": OBJECTS_OF_THE_LAKE,
        },
    }


@pytest.mark.parametrize("store", [bucket, theirs], ids=["made", "brought along"])
def test_writing_a_bucket_is_adding_to_it_and_neither_reading_nor_deleting(
    store: Callable[[RegionalComponent], Bucket],
) -> None:
    assert granted(lambda up: store(up).grant_write("dashboards", "reader")) == {
        "AddObjects": {"Action": ["s3:AbortMultipartUpload", "s3:PutObject"], "Resource": [f"arn:aws:s3:::{LAKE}/*"]},
        "EncryptTheObjects": {
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": ["arn:of:key"],
            "Condition": OBJECTS_OF_THE_LAKE,
        },
    }


def test_producing_is_sending_to_that_stream_under_its_key() -> None:
    sending = granted(lambda up: Stream("s", STREAM, key=Thing("key"), parent=up).grant_produce("dashboards", "reader"))
    assert sending == {
        "SendEvents": {
            "Action": [
                "kinesis:DescribeStreamSummary",
                "kinesis:ListShards",
                "kinesis:PutRecord",
                "kinesis:PutRecords",
            ],
            "Resource": [f"arn:aws:kinesis:{HOME}:{ACCOUNT}:stream/homeshore-test-g1-events"],
        },
        "EncryptSentEvents": {
            "Action": ["kms:GenerateDataKey"],
            "Resource": ["arn:of:key"],
            "Condition": {"StringEquals": {"kms:ViaService": f"kinesis.{HOME}.amazonaws.com"}},
        },
    }


def sink(up: RegionalComponent) -> Sink:
    lake = Thing(LAKE)
    return Sink("sink", SINK, key=Thing("key"), lake=lake, stream=Thing("stream"), network=None, parent=up)


def test_querying_reaches_the_tables_and_neither_the_failed_batches_nor_the_pseudonym_key() -> None:
    querying = granted(lambda up: sink(up).grant_read("dashboards", "reader"))
    database = "homeshore_test_g1_lake"
    catalog = f"arn:aws:glue:{HOME}:{ACCOUNT}"
    assert {sid: s["Resource"] for sid, s in querying.items()} == {
        "RunQueries": [f"arn:aws:athena:{HOME}:{ACCOUNT}:workgroup/homeshore-test-g1-sql"],
        "ReadTheCatalog": [f"{catalog}:catalog", f"{catalog}:database/{database}", f"{catalog}:table/{database}/*"],
        "ListTheObjects": [f"arn:aws:s3:::{LAKE}"],
        "LocateTheBucket": [f"arn:aws:s3:::{LAKE}"],
        "ReadTheObjects": [
            f"arn:aws:s3:::{LAKE}/{prefix}/*"
            for prefix in ("bronze", "quarantine", "dead-letter", "silver", "gold", "query-results")
        ],
        "AddObjects": [f"arn:aws:s3:::{LAKE}/query-results/*"],
        "EncryptTheObjects": ["arn:of:key"],
    }
    verbs = {action for s in querying.values() for action in cast("list[str]", s["Action"])}
    assert not {
        verb for verb in verbs if verb.partition(":")[2].startswith(("Delete", "Create", "Update", "PutBucket"))
    }
    assert not {verb for verb in verbs if verb.startswith("secretsmanager:") or "*" in verb}
