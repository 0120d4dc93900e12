from __future__ import annotations

import csv
import importlib.util
import re
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest

import geography
from policies.aws.destinations import KINDS, Row, table
from policies.aws.identity import actions, needs_every_resource
from policies.aws.whereabouts import global_types
from policies.build import aws_tables
from policies.rules import catalogue, rules
from tests.policies.build import UNKNOWN, findings, res, stack, unsure

SDK = Path(str((importlib.util.find_spec("pulumi_aws") or pytest.fail("pulumi_aws is not installed")).origin)).parent
ROWS = [row for rows in table().values() for row in rows]


@cache
def _module(name: str) -> str:
    return "\n".join(file.read_text("utf-8") for file in (SDK / name).glob("*.py"))


@cache
def _inputs(module: str, name: str, holding: str) -> dict[str, str]:
    """The inputs of an Args class of the SDK, by wire name, with their types; of the one that has `holding`.

    A nested class may have the name of another resource's.
    """
    holder = rf"^class {name.removesuffix('Args')}(?:Init)?Args:\n(.*?)(?=^class |^@pulumi|\Z)"
    getter = r'@pulumi\.getter(?:\(name="(\w+)"\))?\n(?:    @_utilities[^\n]*\n)?    def (\w+)\(self\) -> (.*?):\n'
    for body in re.findall(holder, _module(module), re.DOTALL | re.MULTILINE):
        found = {wire or own: kind for wire, own, kind in re.findall(getter, body)}
        if holding in found:
            return found
    raise AssertionError(f"{module}.{name} has no input {holding}")


def _walk(token: str, path: str) -> None:
    module = token.split(":")[1].split("/", maxsplit=1)[0]
    module, holder = {"lambda": "lambda_"}.get(module, module), token.rsplit(":", 1)[1] + "Args"
    for step in path.split("."):
        name = step.removesuffix("[]")
        kind = _inputs(module, holder, name)[name]
        assert ("Sequence" in kind) == step.endswith("[]"), f"{token} {path}: {kind}"
        inner = re.findall(r"'(\w+Args)'", kind)
        holder = inner[0] if inner else "?"


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.type} {row.path}" for row in ROWS])
def test_every_destination_is_an_input_of_the_sdk(row: Row) -> None:
    assert row.kind in KINDS
    assert row.rule in catalogue()
    _walk(row.type, row.path)


def test_every_type_of_a_rule_is_one_of_the_sdk() -> None:
    everything = set(re.findall(r'@pulumi\.type_token\("(aws:[^"]+)"\)', "\n".join(map(_module, _modules()))))
    named = {kind for one in rules() if "-AWS-" in one.id for kind in one.types if not kind.endswith("*")}
    assert named - everything - {"pulumi:providers:aws"} == set()


def _modules() -> list[str]:
    return [one.name for one in SDK.iterdir() if one.is_dir() and not one.name.startswith("_")]


def test_global_types_take_no_region() -> None:
    assert {"aws:iam/role:Role", "aws:cloudfront/distribution:Distribution"} <= global_types()
    assert "aws:s3/bucket:Bucket" not in global_types()


def test_the_reference_knows_which_actions_take_no_resource() -> None:
    assert len(actions()) > 400
    free = ("xray:PutTraceSegments", "ec2:Describe*", "s3:ListAllMyBuckets", "cloudwatch:PutMetricData", "kms:ListKeys")
    assert [one for one in free if not needs_every_resource(one)] == []
    bound = ("s3:GetObject", "s3:List*", "kinesis:PutRecord", "s3:Get*", "nobody:DoesThis", "ec2:*", "kms:Decrypt")
    assert [one for one in bound if needs_every_resource(one)] == []


def test_every_rule_says_why_what_passes_and_what_mends_it() -> None:
    silent = [
        one.id for one in catalogue().values() if "-AWS-" in one.id and not (one.why and one.expected and one.remedy)
    ]
    assert silent == []


def test_tables_are_sorted_by_rule_and_say_each_input_once() -> None:
    with (Path(__file__).parents[3] / "policies" / "data" / "aws_destinations.csv").open(newline="") as file:
        rows = [(row["rule"], row["type"], row["path"]) for row in csv.DictReader(file)]
    assert len(rows) == len(set(rows))
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)


AWAY = next(one.name for one in geography.regions("aws") if one.country == "US")
OUTSIDE = {
    "region": AWAY,
    "place": AWAY,
    "arn": f"arn:aws:sqs:{AWAY}:123456789012:theirs",
    "key": f"arn:aws:kms:{AWAY}:123456789012:key/1",
    "bucket": f"arn:aws:s3:{AWAY}:123456789012:accesspoint/theirs",
    "replica": f"arn:aws:s3:{AWAY}:123456789012:accesspoint/theirs",
    "log bucket": f"arn:aws:s3:{AWAY}:123456789012:accesspoint/theirs",
    "endpoint": f"https://x.execute-api.{AWAY}.amazonaws.com/in",
    "subscriber": f"arn:aws:sqs:{AWAY}:123456789012:theirs",
    "connection": "theirs",
}


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.type} {row.path}" for row in ROWS])
def test_every_destination_is_looked_at(row: Row) -> None:
    found = findings(stack("eu", res(row.type, "it", _nested(row.path, OUTSIDE[row.kind]))), row.rule, "SOV-X-005")
    where = row.path.replace("[]", "[0]")
    assert (("SOV-X-005" if row.kind == "connection" else row.rule), where) in found


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.type} {row.path}" for row in ROWS])
def test_every_destination_may_be_unknown(row: Row) -> None:
    one = stack("eu", res(row.type, "it", _nested(row.path, UNKNOWN)))
    assert findings(one, row.rule, "SOV-X-005") == set()
    assert (row.rule, row.path.replace("[]", "[0]")) in unsure(one, row.rule)


def _nested(path: str, value: object) -> dict[str, Any]:
    for step in reversed(path.split(".")):
        value = {step.removesuffix("[]"): [value] if step.endswith("[]") else value}
    return cast("dict[str, Any]", value)


def test_the_types_without_a_region_are_those_of_the_installed_sdk() -> None:
    table = Path(__file__).parents[3] / "policies" / "data" / "aws_global.csv"
    with table.open(encoding="utf-8", newline="") as file:
        assert [row["type"] for row in csv.DictReader(file)] == [token for (token,) in aws_tables.global_types()]
