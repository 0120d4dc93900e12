"""Policies by value: what each principal may do, to which thing, and nothing with a wildcard that AWS lets us avoid."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from components.aws import grants
from components.aws.documents import Statement, document, trust
from components.aws.key import key_policy
from components.aws.place import Place
from components.naming import Names
from homeshore.engine import Resource, Snapshot
from tests.components.conftest import ACCOUNT, HOME, MAXIMAL, PUBLIC, Preview, of_type

PLACE = Place("aws", HOME, ACCOUNT)
NAMES = Names("test", 1, ACCOUNT, HOME)

# Actions for which AWS knows no resource to name (Service Authorization Reference), and what they are needed for.
UNSCOPED = {
    "xray:PutTraceSegments": "traces",
    "xray:PutTelemetryRecords": "traces",
    "ec2:DescribeNetworkInterfaces": "joining the network",
    "ec2:DescribeSubnets": "joining the network",
}


def statements(policy: object) -> list[dict[str, object]]:
    assert isinstance(policy, str)
    return json.loads(policy)["Statement"]


def role_statements(snapshot: Snapshot) -> Iterator[tuple[Resource, dict[str, object]]]:
    for resource in of_type(snapshot, "aws:iam/rolePolicy:RolePolicy"):
        if resource.name != "pipeline-processor-key-policy":  # holds the key's ARN, unknown here; tested by value below
            for statement in statements(resource.inputs["policy"]):
                yield resource, statement


@pytest.mark.parametrize("changes", [{}, PUBLIC, MAXIMAL], ids=["minimal", "public", "maximal"])
def test_roles_name_their_actions_and_resources(preview: Preview, changes: dict[str, object]) -> None:
    seen = 0
    for resource, statement in role_statements(preview(changes)):
        seen += 1
        actions, resources = statement["Action"], statement["Resource"]
        assert isinstance(actions, list)
        assert isinstance(resources, list)
        assert not any("*" in action for action in actions), (resource.name, statement)
        if statement["Effect"] == "Allow" and "*" in resources:
            assert set(actions) <= set(UNSCOPED), (resource.name, statement)
    assert seen


@pytest.mark.parametrize("changes", [{}, PUBLIC, MAXIMAL], ids=["minimal", "public", "maximal"])
def test_every_statement_says_why_once(preview: Preview, changes: dict[str, object]) -> None:
    documents: dict[str, list[str]] = {}
    for resource, statement in role_statements(preview(changes)):
        documents.setdefault(resource.urn, []).append(str(statement["Sid"]))
    for sids in documents.values():
        assert len(sids) == len(set(sids))
        assert all(sid.isalnum() and len(sid) > 8 for sid in sids)


def test_reading_the_stream_by_value() -> None:
    reading, subscribing = grants.read_stream(PLACE, "events", "processor")
    stream = f"arn:aws:kinesis:{HOME}:{ACCOUNT}:stream/events"
    assert reading.resources == (stream,)
    assert set(reading.actions) == {
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
    }
    assert subscribing.actions == ("kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard")
    assert subscribing.resources == (f"{stream}/consumer/processor:*",)
    assert grants.read_stream(PLACE, "events", None) == (reading,)


def test_the_processor_reaches_three_prefixes_of_the_lake_and_deletes_nothing() -> None:
    (store,) = grants.write_lake(PLACE, "lake")
    assert store.actions == ("s3:GetObject", "s3:PutObject")
    assert store.resources == tuple(f"arn:aws:s3:::lake/{p}/*" for p in ("bronze", "quarantine", "dead-letter"))


def test_failed_batches_can_be_written_and_not_read() -> None:
    keep, list_ = grants.keep_failed_batches(PLACE, "failed")
    assert (keep.actions, keep.resources) == (("s3:PutObject",), ("arn:aws:s3:::failed/aws/lambda/*",))
    assert (list_.actions, list_.resources) == (("s3:ListBucket",), ("arn:aws:s3:::failed",))
    (encrypt,) = (s for s in use_key() if s.sid == "EncryptFailedBatches")
    assert encrypt.actions == ("kms:GenerateDataKey",)


def use_key() -> tuple[Statement, ...]:
    return grants.use_key(PLACE, "arn:key", function="processor", lake="lake", failed="failed")


def test_each_use_of_the_key_is_tied_to_its_purpose() -> None:
    uses = {s.sid: s for s in use_key()}
    assert all(s.resources == ("arn:key",) for s in uses.values())
    assert {sid: (s.actions, s.conditions) for sid, s in uses.items()} == {
        "DecryptEventsAndThePseudonymKey": (
            ("kms:Decrypt",),
            {
                "StringEquals": {
                    "kms:ViaService": [f"kinesis.{HOME}.amazonaws.com", f"secretsmanager.{HOME}.amazonaws.com"]
                }
            },
        ),
        "DecryptTheOwnEnvironment": (
            ("kms:Decrypt",),
            {
                "StringEquals": {
                    "kms:EncryptionContext:aws:lambda:FunctionArn": (
                        f"arn:aws:lambda:{HOME}:{ACCOUNT}:function:processor"
                    )
                }
            },
        ),
        "EncryptAndCheckStoredEvents": (
            ("kms:Decrypt", "kms:GenerateDataKey"),
            {
                "StringEquals": {
                    "kms:ViaService": f"s3.{HOME}.amazonaws.com",
                    "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::lake",
                }
            },
        ),
        "EncryptFailedBatches": (
            ("kms:GenerateDataKey",),
            {
                "StringEquals": {
                    "kms:ViaService": f"s3.{HOME}.amazonaws.com",
                    "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::failed",
                }
            },
        ),
    }


def test_joining_a_network_is_refused_to_the_functions_own_code() -> None:
    joining, describing, refused = grants.join_network(PLACE, "processor")
    assert joining.resources == (f"arn:aws:ec2:{HOME}:{ACCOUNT}:*/*",)
    assert refused.effect == "Deny"
    assert set(refused.actions) == {*joining.actions, *describing.actions}
    assert refused.conditions == {
        "ArnEquals": {"lambda:SourceFunctionArn": f"arn:aws:lambda:{HOME}:{ACCOUNT}:function:processor"}
    }


def test_the_key_policy_by_value() -> None:
    policy = {s.sid: s for s in key_policy(PLACE, NAMES, budget_alerts=True)}
    assert {sid: dict(s.principals) for sid, s in policy.items()} == {
        "LetTheAccountsOwnPoliciesDecide": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "LetCloudWatchEncryptOurLogGroups": {"Service": f"logs.{HOME}.amazonaws.com"},
        "LetAlarmsReachTheTopic": {"Service": "cloudwatch.amazonaws.com"},
        "LetBudgetsReachTheTopic": {"Service": "budgets.amazonaws.com"},
    }
    assert {sid: s.conditions for sid, s in policy.items() if s.conditions} == {
        "LetCloudWatchEncryptOurLogGroups": {
            "ArnLike": {
                "kms:EncryptionContext:aws:logs:arn": [
                    f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:/aws/lambda/homeshore-test-g1-*",
                    f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:/homeshore/test-g1/*",
                ]
            }
        },
        "LetAlarmsReachTheTopic": {
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:homeshore-test-g1-*"},
        },
        "LetBudgetsReachTheTopic": {
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnLike": {"aws:SourceArn": f"arn:aws:budgets::{ACCOUNT}:*"},
        },
    }
    without = {s.sid for s in key_policy(PLACE, NAMES, budget_alerts=False)}
    assert without == policy.keys() - {"LetBudgetsReachTheTopic"}


@pytest.mark.parametrize("changes", [{}, PUBLIC, MAXIMAL], ids=["minimal", "public", "maximal"])
def test_nobody_is_everybody_but_in_a_refusal(preview: Preview, changes: dict[str, object]) -> None:
    """Endpoint policies are the exception that AWS forces: there a condition names the role instead."""
    checked = 0
    for resource in preview(changes).resources:
        for name in ("policy", "assumeRolePolicy"):
            text = resource.inputs.get(name)
            if not isinstance(text, str) or not text.startswith("{"):
                continue
            for statement in statements(text):
                checked += 1
                principals = statement.get("Principal", {})
                assert isinstance(principals, dict)
                if "*" in principals.values() and statement["Effect"] == "Allow":
                    assert resource.type == "aws:ec2/vpcEndpoint:VpcEndpoint"
                    assert "aws:PrincipalArn" in statement["Condition"]["ArnEquals"]
    assert checked


def test_services_are_trusted_for_this_account_only() -> None:
    (statement,) = statements(trust("lambda.amazonaws.com", ACCOUNT))
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def test_a_document_is_the_same_text_for_the_same_statements() -> None:
    one = Statement("One", ("s3:GetObject",), ("arn:x",), conditions={"Bool": {"b": "true", "a": "true"}})
    assert document(one) == document(one)
    assert statements(document(one)) == [
        {
            "Sid": "One",
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": ["arn:x"],
            "Condition": {"Bool": {"a": "true", "b": "true"}},
        }
    ]


@pytest.mark.parametrize(
    ("partition", "suffix"), [("aws", "amazonaws.com"), ("aws-cn", "amazonaws.com.cn"), ("aws-eusc", "amazonaws.eu")]
)
def test_other_partitions_have_their_own_arns_and_endpoints(partition: str, suffix: str) -> None:
    place = Place(partition, "somewhere", ACCOUNT)
    assert place.arn("kinesis", "stream/x") == f"arn:{partition}:kinesis:somewhere:{ACCOUNT}:stream/x"
    assert place.bucket_arn("b", "k") == f"arn:{partition}:s3:::b/k"
    assert place.endpoint("kinesis") == f"https://kinesis.somewhere.{suffix}"
    assert place.via("s3") == f"s3.somewhere.{suffix}"
