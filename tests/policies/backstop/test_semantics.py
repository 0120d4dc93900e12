"""The interpreters: each word of the documents, as the clouds document it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

import geography
from policies.backstop import Document, Home, guard
from policies.backstop.aws_requests import action_of, requests
from policies.backstop.aws_semantics import Request, denied_by
from policies.backstop.azure_semantics import Definition, Looking, assigned
from policies.backstop.azure_semantics import denied_by as denied_by_definition
from policies.backstop.gcp_semantics import stopped_by
from policies.values import Plain
from tests.policies.build import UNKNOWN, res, stack


def scp(**statement: Plain) -> list[Document]:
    body: dict[str, Plain] = {"Sid": "It", "Effect": "Deny", "Resource": "*", **statement}
    return [Document("scp.json", "", {"Statement": [body]})]


def denies(condition: Plain, region: str = "r", **keys: str | tuple[str, ...]) -> bool:
    given = {key: (value,) if isinstance(value, str) else value for key, value in keys.items()}
    return bool(list(denied_by(scp(Action="a:Do", Condition=condition), Request("a:Do", region, given))))


@pytest.mark.parametrize(
    ("action", "patterns", "expected"),
    [
        ("a:Do", "a:Do", True),
        ("a:do", "A:Do", True),
        ("a:DoMore", "a:Do", False),
        ("a:DoMore", "a:Do*", True),
        ("ab:Do", "a:*", False),
        ("b:Do", ["a:*", "b:*"], True),
    ],
)
def test_actions(action: str, patterns: Plain, expected: bool) -> None:
    assert bool(list(denied_by(scp(Action=patterns), Request(action, "r")))) == expected
    assert bool(list(denied_by(scp(NotAction=patterns), Request(action, "r")))) != expected


def test_operators_with_a_key() -> None:
    assert denies({"StringEquals": {"k": ["x", "y"]}}, k="y")
    assert not denies({"StringEquals": {"k": ["x", "y"]}}, k="Y")
    assert denies({"StringNotEquals": {"k": ["x", "y"]}}, k="z")
    assert not denies({"StringNotEquals": {"k": ["x", "y"]}}, k="x")
    assert denies({"Bool": {"k": "true"}}, k="True")
    assert not denies({"Bool": {"k": "true"}}, k="false")
    assert denies({"ForAnyValue:StringNotEquals": {"k": "x"}}, k=("x", "z"))
    assert not denies({"ForAnyValue:StringNotEquals": {"k": "x"}}, k=("x", "x"))
    assert denies({"ForAnyValue:ArnNotLike": {"k": "arn:*:here:*"}}, k=("arn:aws:there:1",))
    assert not denies({"ForAnyValue:ArnNotLike": {"k": "arn:*:here:*"}}, k=("arn:aws:here:1",))
    assert denies({"Null": {"k": "false"}}, k="x")
    assert not denies({"Null": {"k": "true"}}, k="x")


def test_operators_without_a_key() -> None:
    assert not denies({"StringEquals": {"k": "x"}})
    assert denies({"StringNotEquals": {"k": "x"}})  # negated operators hold for what is not there
    assert not denies({"Bool": {"k": "true"}})
    assert not denies({"ForAnyValue:StringNotEquals": {"k": "x"}})
    assert denies({"Null": {"k": "true"}})
    assert not denies({"Null": {"k": "false"}})
    assert not denies({"StringNotEquals": {"k": "x"}, "Null": {"k": "false"}})  # all must hold


def test_a_region_that_nobody_knows_is_no_reason() -> None:
    assert denies({"StringNotEquals": {"aws:RequestedRegion": "r"}}, region="elsewhere")
    assert not denies({"StringNotEquals": {"aws:RequestedRegion": "r"}}, region="")


def test_what_is_not_understood_is_no_verdict() -> None:
    for condition in ({"NumericLessThan": {"k": "1"}}, {"ForAllValues:StringEquals": {"k": "x"}}):
        with pytest.raises(ValueError, match="not understood"):
            denies(condition, k="1")
    with pytest.raises(ValueError, match="not a denial"):
        list(denied_by(scp(Effect="Allow", Action="a:*"), Request("a:Do", "r")))
    with pytest.raises(ValueError, match="not understood"):
        azure({"field": "type", "like": "x*"}, {})
    with pytest.raises(KeyError):
        list(stopped_by([policy("gcp.unheardOf", {"enforce": True})], res("gcp:kms/keyRing:KeyRing")))


def test_requests_follow_the_resource() -> None:
    key = res(
        "aws:kms/replicaKey:ReplicaKey",
        "copy",
        {"primaryKeyArn": "arn:aws:kms:one:123456789012:key/k", "region": "two"},
    )
    table = res("aws:dynamodb/table:Table", "t", {"region": "one", "replicas": [{"regionName": "three"}]})
    user = res("aws:iam/user:User", "u", {"region": "one"})
    unknown = res("aws:sqs/queue:Queue", "q", {"region": UNKNOWN})
    bucket = res("aws:s3/bucket:Bucket", "b", {"region": "one", "acl": "public-read"})
    made = [request for _, request in requests(stack(None, key, table, user, unknown, bucket), "home")]
    assert made == [
        Request("kms:ReplicateKey", "one", {"kms:ReplicaRegion": ("two",)}),
        Request("kms:CreateKey", "two"),
        Request("dynamodb:CreateTable", "one"),
        Request("dynamodb:CreateTableReplica", "three"),
        Request("iam:CreateUser", "home"),
        Request("sqs:CreateQueue", ""),
        Request("s3:CreateBucket", "one", {"s3:x-amz-acl": ("public-read",), "s3:LocationConstraint": ("one",)}),
    ]
    assert action_of("aws:costexplorer/costCategory:CostCategory") == "ce:CreateCostCategory"


ACCOUNT = "azure-native:storage:StorageAccount"


def azure(rule: Plain, inputs: Mapping[str, Plain], kind: str = ACCOUNT) -> bool | None:
    made = res(kind, "it", inputs)
    return Looking(stack(None, made), made, {"list": ["here"]}).holds(rule)


SKU = "Microsoft.Storage/storageAccounts/sku.name"


@pytest.mark.parametrize(
    ("rule", "inputs", "expected"),
    [
        ({"field": SKU, "equals": "x"}, {"sku": {"name": "X"}}, True),
        ({"field": SKU, "equals": "x"}, {}, False),
        ({"field": SKU, "notEquals": "x"}, {}, True),
        ({"field": SKU, "in": ["x"]}, {}, False),
        ({"field": SKU, "notIn": ["x"]}, {}, True),
        ({"field": SKU, "notIn": ["x"]}, {"sku": {"name": "x"}}, False),
        ({"field": SKU, "equals": "x"}, {"sku": {"name": UNKNOWN}}, None),
        ({"not": {"field": SKU, "equals": "x"}}, {"sku": {"name": UNKNOWN}}, None),
        (
            {"allOf": [{"field": SKU, "equals": "x"}, {"field": "location", "equals": "b"}]},
            {"sku": {"name": UNKNOWN}, "location": "a"},
            False,
        ),
        (
            {"anyOf": [{"field": SKU, "equals": "x"}, {"field": "location", "equals": "a"}]},
            {"sku": {"name": UNKNOWN}, "location": "a"},
            True,
        ),
        (
            {"anyOf": [{"field": SKU, "equals": "x"}, {"field": "location", "equals": "b"}]},
            {"sku": {"name": UNKNOWN}, "location": "a"},
            None,
        ),
        ({"field": "location", "notIn": "[parameters('list')]"}, {"location": "He Re"}, False),
        ({"field": "location", "notIn": "[parameters('list')]"}, {"location": "there"}, True),
        ({"field": "type", "equals": "microsoft.storage/STORAGEACCOUNTS"}, {}, True),
        (
            {"field": "Microsoft.Storage/storageAccounts/allowCrossTenantReplication", "notEquals": False},
            {"allowCrossTenantReplication": False},
            False,
        ),
        (
            {"field": "Microsoft.Storage/storageAccounts/allowCrossTenantReplication", "notEquals": False},
            {"allowCrossTenantReplication": "false"},
            False,
        ),
        ({"field": "Microsoft.Storage/storageAccounts/allowCrossTenantReplication", "notEquals": False}, {}, True),
    ],
)
def test_conditions_of_azure(rule: Plain, inputs: dict[str, Plain], expected: bool | None) -> None:
    assert azure(rule, inputs) is expected


LIST = {
    "not": {"field": "Microsoft.DocumentDB/databaseAccounts/Locations[*].locationName", "in": "[parameters('list')]"}
}


@pytest.mark.parametrize(
    ("places", "expected"),
    [(["here"], False), (["here", "there"], True), ([], False), ([UNKNOWN, "there"], True), ([UNKNOWN, "here"], None)],
)
def test_members_of_a_list_must_all_hold(places: list[str], expected: bool | None) -> None:
    inputs: dict[str, Plain] = {"locations": [{"locationName": one} for one in places]}
    assert azure(LIST, inputs, "azure-native:cosmosdb:DatabaseAccount") is expected


def test_mode_indexed_looks_at_what_has_a_location() -> None:
    rule: Plain = {"field": "location", "notEquals": "here"}
    definitions = [Definition("indexed", "Indexed", rule, {}), Definition("all", "All", rule, {})]
    for kind, expected in ((ACCOUNT, ["indexed", "all"]), ("azure-native:storage:BlobContainer", ["all"])):
        made = res(kind, "it", {})
        assert list(denied_by_definition(definitions, stack(None, made), made)) == expected


def policy(constraint: str, rule: Mapping[str, Plain]) -> Document:
    return Document("p.yaml", "", {"name": f"projects/p/policies/{constraint}", "spec": {"rules": [dict(rule)]}})


CASES = yaml.safe_load((Path(__file__).parent / "google.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['constraint']} {case['type']} {case['inputs']}")
def test_constraints_of_google(case: dict[str, Any]) -> None:
    document = policy(case["constraint"], {"values": case["values"]})
    inputs = {key: UNKNOWN if value == "~unknown" else value for key, value in case["inputs"].items()}
    assert [how for _, how in stopped_by([document], res(case["type"], "it", inputs))] == case["stopped"]


def test_a_template_must_declare_what_it_gives() -> None:
    found = guard(Home("azure", *azure_place(), "home", "home"))
    assert {one.reference for one in assigned(found.documents[0])} == {one.id for one in found.controls}
    for kind in ("policyDefinitions", "policySetDefinitions"):
        content = copy.deepcopy(found.documents[0].content)
        for one in cast("list[dict[str, Any]]", content["resources"]):
            if one["type"].endswith(kind):
                one["properties"]["parameters"] = {}
        with pytest.raises(ValueError, match="its parameters are"):
            list(assigned(Document("broken.json", "", content)))


def azure_place() -> tuple[str, geography.Boundary]:
    boundary = geography.boundary("eu")
    return next(one.name for one in geography.regions("azure") if boundary.holds(one)), boundary
