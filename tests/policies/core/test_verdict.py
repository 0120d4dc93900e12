"""The verdict: levels out of the config, four states that are counted, and an update that leaves nothing open."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import Any

import pytest

from findings import Enforcement, Finding, Judgement, Severity, Undetermined
from policies.exemptions import Exemption
from policies.judge import Statement
from policies.model import Resource
from policies.rules import Fail, Unsure, catalogue, rules
from policies.values import OUTPUT, SECRET, SIGNATURE
from policies.verdict import (
    BASELINE_HAS_IT,
    GUARDRAILS,
    PLATFORM_HAS_IT,
    ROOT,
    finding,
    level_of,
    undetermined,
    verdict,
    waits,
)
from tests.policies.build import UNKNOWN, res, stack, urn

TODAY = datetime.date(2027, 3, 1)
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
CLOSED = {"blockPublicAcls": True, "blockPublicPolicy": True, "ignorePublicAcls": True, "restrictPublicBuckets": True}
SECRET_VALUE = {SIGNATURE: SECRET, "value": True}


def block(**inputs: Any) -> Resource:
    return res(BLOCK, "block", {**CLOSED, **inputs}, protect=True)


def judged(*resources: Resource, boundary: str | None = "eu", **given: Any) -> Judgement:
    """The verdict of a stack; `updating` and `exemptions` are the verdict's, the rest are parameters."""
    told = {key: given.pop(key) for key in ("updating", "exemptions", "file") if key in given}
    return verdict(stack(boundary, *resources, **given), today=TODAY, **told)


def state(told: Judgement, rule: str) -> str:
    assert told.states is not None
    return told.states.rules[rule]


def of(told: Judgement, rule: str) -> list[Finding]:
    return [one for one in told.findings if one.rule == rule]


def exemption(**changed: Any) -> Exemption:
    row = {"rule": "PUB-AWS-001", "stack": "test", "resource": "block", "reason": "r", "owner": "o", "ticket": "t"}
    return Exemption.model_validate({**row, "expires": TODAY + datetime.timedelta(100), **changed})


def test_a_finding_says_all_that_the_catalogue_says_of_its_rule() -> None:
    about = catalogue()["PUB-AWS-001"]
    (told,) = of(judged(block(blockPublicPolicy=False), file="preview.json"), "PUB-AWS-001")
    assert told == Finding(
        rule="PUB-AWS-001",
        category="network",
        severity=about.severity,
        enforcement=Enforcement.MANDATORY,
        stack="test",
        urn=urn(BLOCK, "block"),
        path="blockPublicPolicy",
        message="blockPublicPolicy must be true",
        remedy=about.remedy,
        found="false",
        allowed=about.expected,
        frameworks=about.frameworks,
        file="preview.json",
    )
    assert about.remedy
    assert about.expected
    assert about.frameworks


@pytest.mark.parametrize(
    ("levels", "enforcement"),
    [
        ({}, Enforcement.MANDATORY),
        ({"PUB-AWS-001": "advisory"}, Enforcement.ADVISORY),
        ({"PUB-AWS-001": "mandatory", "all": "advisory"}, Enforcement.MANDATORY),
        ({"PUB-AWS-001": "remediate"}, Enforcement.MANDATORY),
        ({"all": "advisory"}, Enforcement.ADVISORY),
        ({"all": "remediate"}, Enforcement.MANDATORY),
        ({"PUB-AWS-002": "advisory"}, Enforcement.MANDATORY),
        ({"PUB-AWS-001": "disabled"}, None),
        ({"PUB-AWS-001": "advisory", "all": "disabled"}, Enforcement.ADVISORY),
        ({"all": "disabled"}, None),
    ],
)
def test_levels(levels: dict[str, str], enforcement: Enforcement | None) -> None:
    told = judged(block(blockPublicPolicy=False), enforcement=levels)
    assert [one.enforcement for one in of(told, "PUB-AWS-001")] == ([enforcement] if enforcement else [])
    assert state(told, "PUB-AWS-001") == ("fail" if enforcement else "not_evaluated")
    assert (told.states is not None and told.states.left_out.get("PUB-AWS-001")) == (
        None if enforcement else "disabled in the pack's config"
    )


@pytest.mark.parametrize("rule", sorted(catalogue()))
def test_every_rule_takes_the_level_of_all_unless_it_is_firm(rule: str) -> None:
    about = catalogue()[rule]
    own = Enforcement.ADVISORY if about.severity is Severity.LOW else Enforcement.MANDATORY
    assert level_of(stack("eu"), about) is own
    lowered = stack("eu", enforcement={"all": "advisory"})
    assert level_of(lowered, about) is (own if about.firm else Enforcement.ADVISORY)
    silenced = stack("eu", enforcement={"all": "disabled"})
    assert level_of(silenced, about) is (own if about.firm else None)
    raised = stack("eu", enforcement={rule: "mandatory"})
    assert level_of(raised, about) is Enforcement.MANDATORY


def test_a_rule_of_the_lowest_severity_only_warns() -> None:
    low = [one for one, about in catalogue().items() if about.severity is Severity.LOW]
    assert low
    assert all(level_of(stack("eu"), catalogue()[one]) is Enforcement.ADVISORY for one in low)


def test_each_rule_is_in_one_of_four_states() -> None:
    told = judged(block(blockPublicPolicy=UNKNOWN), res("aws:kinesis/stream:Stream", "s", {"region": "nowhere"}))
    states = told.states
    assert states is not None
    assert states.rules.keys() == catalogue().keys()
    counted = Counter(states.rules.values())
    assert (states.passed, states.failed) == (counted["pass"], counted["fail"])
    assert (states.not_applicable, states.not_evaluated) == (counted["not_applicable"], counted["not_evaluated"])
    assert state(told, "PUB-AWS-001") == "not_evaluated"
    assert state(told, "SOV-AWS-001") == "fail"
    assert state(told, "ENC-AWS-001") == "fail"
    assert state(told, "IAM-X-001") == "pass"
    assert state(told, "SOV-AZ-001") == "not_applicable"
    assert states.left_out == {}


def test_what_fails_somewhere_fails_although_it_is_open_elsewhere() -> None:
    second = res(BLOCK, "second", {**CLOSED, "blockPublicAcls": UNKNOWN})
    told = judged(block(blockPublicPolicy=False), second)
    assert state(told, "PUB-AWS-001") == "fail"
    assert [one.path for one in told.undetermined if one.rule == "PUB-AWS-001"] == ["blockPublicAcls"]


def test_guardrails_are_judged_where_they_stand() -> None:
    assert list(GUARDRAILS) == ["SOV-GCP-012"]
    bucket = res("gcp:storage/bucket:Bucket", "lake", {"location": "EU"})
    for platform, reason in ((False, BASELINE_HAS_IT), (True, PLATFORM_HAS_IT)):
        elsewhere = judged(bucket, platform_managed=platform)
        assert state(elsewhere, "SOV-GCP-012") == "not_evaluated"
        assert elsewhere.states is not None
        assert elsewhere.states.left_out == {"SOV-GCP-012": reason}
    there = judged(bucket, guardrails_here=True)
    assert state(there, "SOV-GCP-012") == "fail"
    assert there.states is not None
    assert there.states.left_out == {}
    for here in (False, True):
        assert state(judged(block(), guardrails_here=here), "SOV-GCP-012") == "not_applicable"
    assert state(judged(bucket, guardrails_here=True, platform_managed=True), "SOV-GCP-012") == "fail"


def test_without_a_boundary_sovereignty_is_not_evaluated_and_the_rest_is() -> None:
    told = judged(block(blockPublicPolicy=False), boundary=None)
    assert told.states is not None
    silent = {one for one in catalogue() if one.startswith("SOV-")}
    assert {one for one, why in told.states.left_out.items() if why == "nobody named a boundary"} == silent
    assert state(told, "PUB-AWS-001") == "fail"
    assert state(told, "CLS-X-001") == "pass"


def test_what_could_not_be_determined_is_told_with_its_place_and_reason() -> None:
    told = judged(block(blockPublicPolicy=UNKNOWN), file="preview.json")
    assert of(told, "PUB-AWS-001") == []
    assert [one for one in told.undetermined if one.rule == "PUB-AWS-001"] == [
        Undetermined(
            "PUB-AWS-001",
            "network",
            "test",
            urn(BLOCK, "block"),
            "blockPublicPolicy",
            "its value is known only after the update",
            "preview.json",
        )
    ]


@pytest.mark.parametrize("mark", [UNKNOWN, {SIGNATURE: OUTPUT}])
def test_an_update_leaves_no_unknown_open(mark: Any) -> None:
    told = judged(block(blockPublicPolicy=mark), updating=True, file="state.json")
    (found,) = of(told, "PUB-AWS-001")
    assert (found.path, found.file, found.enforcement) == ("blockPublicPolicy", "state.json", Enforcement.MANDATORY)
    assert found.message == (
        "cannot be determined, although the update knows every value: its value is known only after the update"
    )
    assert [one for one in told.undetermined if one.rule == "PUB-AWS-001"] == []
    assert state(told, "PUB-AWS-001") == "fail"


@pytest.mark.parametrize("value", [SECRET_VALUE, "[secret]", {SIGNATURE: OUTPUT, "secret": True, "value": True}])
def test_a_secret_stays_closed_at_an_update(value: Any) -> None:
    told = judged(block(blockPublicPolicy=value), updating=True)
    assert of(told, "PUB-AWS-001") == []
    assert [one.path for one in told.undetermined if one.rule == "PUB-AWS-001"] == ["blockPublicPolicy"]
    assert state(told, "PUB-AWS-001") == "not_evaluated"


def test_an_unknown_beside_a_secret_fails_alone() -> None:
    told = judged(block(blockPublicPolicy=SECRET_VALUE, blockPublicAcls=UNKNOWN), updating=True)
    assert [one.path for one in of(told, "PUB-AWS-001")] == ["blockPublicAcls"]
    assert [one.path for one in told.undetermined if one.rule == "PUB-AWS-001"] == ["blockPublicPolicy"]


def test_a_disabled_rule_leaves_nothing_open_either() -> None:
    for updating in (False, True):
        told = judged(block(blockPublicPolicy=UNKNOWN), enforcement={"PUB-AWS-001": "disabled"}, updating=updating)
        assert of(told, "PUB-AWS-001") == []
        assert [one for one in told.undetermined if one.rule == "PUB-AWS-001"] == []
        assert state(told, "PUB-AWS-001") == "not_evaluated"


def test_an_exempted_finding_is_told_and_its_rule_has_failed_all_the_same() -> None:
    told = judged(block(blockPublicPolicy=False), exemptions=[exemption()])
    assert of(told, "PUB-AWS-001") == []
    assert [one.finding.rule for one in told.exempted] == ["PUB-AWS-001"]
    assert state(told, "PUB-AWS-001") == "fail"
    assert state(told, "EXM-X-001") == "pass"


@pytest.mark.parametrize("days", [-1, 5])
def test_an_exemption_out_of_order_makes_its_own_rule_fail(days: int) -> None:
    late = exemption(expires=TODAY + datetime.timedelta(days))
    told = judged(block(blockPublicPolicy=False), exemptions=iter([late]), file="preview.json")
    assert [one.file for one in of(told, "EXM-X-001")] == ["preview.json"]
    assert state(told, "EXM-X-001") == "fail"


def test_an_exemption_of_another_stack_is_not_looked_at() -> None:
    told = judged(block(), exemptions=[exemption(stack="other")])
    assert state(told, "EXM-X-001") == "not_applicable"
    assert told.exempted == ()


def test_an_exemption_holds_on_the_day_it_is_asked_on() -> None:
    ends = datetime.date.today()  # noqa: DTZ011 - the verdict's own day
    told = verdict(stack("eu", block(blockPublicPolicy=False)), exemptions=[exemption(expires=ends)])
    assert len(told.exempted) == 1
    gone = exemption(expires=ends - datetime.timedelta(1))
    assert verdict(stack("eu", block(blockPublicPolicy=False)), exemptions=[gone]).exempted == ()


def test_what_is_said_of_the_stack_as_a_whole_names_its_root() -> None:
    root = res(ROOT, "test-test", custom=False)
    rule = next(one for one in rules() if one.on_stack is not None)
    for resources, named in (((root, block()), root.urn), ((block(),), "")):
        found = stack("eu", *resources)
        assert finding(found, Statement(rule, None, Fail("", "no key"))).urn == named
        assert undetermined(found, Statement(rule, None, Unsure("", "open"))).urn == named
        assert not waits(Statement(rule, None, Unsure("", "open")))


def test_what_was_judged_is_passed_on() -> None:
    told = judged(block())
    assert told.judged == {urn(BLOCK, "block")}
    assert told.evaluations > 0
    assert judged().evaluations == 0


def test_the_ids_of_what_is_implemented_are_those_of_the_catalogue() -> None:
    kept = ("EXM-X-001", "TRF-X-001")  # judged beside the rules
    assert list(dict.fromkeys(one.id for one in rules())) == [one for one in catalogue() if one not in kept]
