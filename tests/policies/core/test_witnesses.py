"""A witness for each fact: without the row, the type or the word that it stands for, nobody would see the difference.

In the files, `bad` are inputs that have the finding of `rule` at `path`, `good` such as have not; `beside` are the
other resources of the stack, each with its type and inputs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from policies.facts import rows
from policies.model import Stack
from tests.policies.build import UNKNOWN, findings, provider, res, stack

HERE = Path(__file__).parent
WITNESSES: list[dict[str, Any]] = [
    one for file in sorted(HERE.glob("witnesses_*.yaml")) for one in yaml.safe_load(file.read_text(encoding="utf-8"))
]
TABLES = ("aws_destinations.csv", "destinations.csv", "gcp_locations.csv", "azure_places.csv", "egress.csv")
UNSEEN = {
    # BigQuery refuses a destination elsewhere than where the job or the transfer runs, so that it is not looked at.
    ("gcp:bigquery/dataTransferConfig:DataTransferConfig", "destinationDatasetId"),
    ("gcp:bigquery/job:Job", "query.destinationTable"),
    ("gcp:bigquery/job:Job", "load.destinationTable"),
}


IDENTITIES = {
    f"aws:iam/{one[0].lower()}{one[1:]}:{one}" for one in ("Policy", "RolePolicy", "UserPolicy", "GroupPolicy")
}
"""What an identity may do: nobody is let in by it."""


def filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: filled(one) for key, one in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [filled(one) for one in cast("list[Any]", value)]
    return UNKNOWN if value == "~unknown" else value


@pytest.mark.parametrize("one", WITNESSES, ids=lambda one: f"{one['rule']} {one['type']} {one['path']}")
def test_what_breaks_a_rule_is_found_and_what_mends_it_is_not(one: dict[str, Any]) -> None:
    found = (one["rule"], one["path"])
    if "bad" in one:
        assert found in findings(judged(one, "bad", protect=one.get("protect", True)), one["rule"])
    if "good" in one:
        assert found not in findings(judged(one, "good", protect=True), one["rule"])


def judged(one: dict[str, Any], key: str, *, protect: bool) -> Stack:
    """The witness's resource, with those that stand beside it."""
    beside = [res(kind, f"beside{number}", inputs) for number, (kind, inputs) in enumerate(one.get("beside", ()))]
    return stack("eu", res(one["type"], "it", filled(one[key]), protect=protect), *beside)


STRANGER = {"Effect": "Allow", "Principal": {"AWS": "210987654321"}, "Action": "*", "Resource": "*"}
POLICY = {"policy": json.dumps({"Statement": [STRANGER]})}


@pytest.mark.parametrize("kind", sorted({one["type"] for one in WITNESSES if "policy" in one.get("bad", ())}))
def test_no_policy_lets_a_stranger_in(kind: str) -> None:
    for account, found in (("123456789012", {("SOV-X-005", "policy")}), ("210987654321", set[tuple[str, str]]())):
        own = provider("aws", allowedAccountIds=[account])
        expected = found if kind not in IDENTITIES else set[tuple[str, str]]()
        assert findings(stack("eu", own, res(kind, "it", POLICY)), "SOV-X-005") == expected


def test_every_row_has_a_witness() -> None:
    seen = {(one["type"], one["path"]) for one in WITNESSES}
    named = {(row["type"], row["path"]) for table in TABLES for row in rows(table)}
    missing = {
        (kind, path)
        for kind, path in named - UNSEEN
        if (kind, path.replace("[]", "[0]").replace("*", "k")) not in seen and (kind, f"{path}.datasetId") not in seen
    }
    assert missing == set()
