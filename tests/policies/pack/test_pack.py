"""The pack, asked through the SDK's own class as the real engine asks it, says what the rules say in this process."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi.runtime.proto import analyzer_pb2 as wire

from homeshore.check.policy import judge_with, plain
from policies import exemptions, subject
from policies.configuration import Configuration
from policies.exemptions import Exemption
from policies.judge import judge
from policies.model import Resource, Stack
from policies.pack.policies import single_rules
from policies.rules import catalogue
from policies.values import SECRET, SIGNATURE
from tests.policies.build import UNKNOWN, res, stack, urn
from tests.policies.cases.loader import Written, cases
from tests.policies.pack.engine import ADVISORY, HOUSE, MANDATORY, Told, as_config, ask, configure, here, served
from tests.policies.test_own_stacks import snapshot

STREAM = "aws:kinesis/stream:Stream"
PROVIDER = "pulumi:providers:aws"


@pytest.fixture(autouse=True)
def no_stack_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG", raising=False)


def violations(told: list[Told]) -> set[tuple[str, str]]:
    return {(one.policy, one.urn) for one in told if one.policy not in HOUSE}


def in_process(resources: list[Resource], like: Stack) -> set[tuple[str, str]]:
    found = judge(Stack(like.name, resources, boundary=like.boundary, parameters=like.parameters))
    return {(one.rule.id, one.resource.urn if one.resource else "") for one in found.failed}


def some(every: int) -> Iterator[Written]:
    """A part of the cases, some of each rule; the whole of them is the rules' own test."""
    by_rule: dict[str, int] = {}
    for one in cases():
        number = by_rule[one.about] = by_rule.get(one.about, -1) + 1
        # The SDK hands the value of a secret over as plain text, which the rules then judge; elsewhere it stays open.
        # An asset has to be whole there.
        if number % every == 0 and not any(SIGNATURE in json.dumps(each.inputs) for each in one.stack.resources):
            yield one


def test_the_pack_says_what_the_rules_say() -> None:
    pack = here()
    compared, found = 0, set[str]()
    for one in some(3):
        resources = served(one.stack)
        configure(pack, as_config(one.stack))
        told = ask(pack, resources)
        assert violations(told) == in_process(resources, one.stack), f"{one.file}: {one.name}"
        compared += 1
        found |= {row.policy for row in told}
    assert compared > 200
    assert len(found & set(catalogue())) > 90


@pytest.mark.parametrize("name", ["homeshore-dev", "homeshore-dev-azure", "homeshore-dev-gcp"])
def test_our_own_stacks_pass(name: str) -> None:
    resources = [plain(one) for one in snapshot(name).resources]
    assert {one.level for one in ask(here(name), resources)} <= {ADVISORY}


def test_one_resource_alone_decides_what_the_catalogue_says_it_does() -> None:
    single = single_rules()
    for one in cases():
        whole = judge(one.stack, single).failed
        for resource in one.stack.resources:
            beside = one.stack.provider_of(resource)
            part = Stack(
                one.stack.name,
                dict.fromkeys(each for each in (beside, resource) if each is not None),
                boundary=one.stack.boundary,
                parameters=one.stack.parameters,
            )
            mine = {(row.rule.id, row.said.path) for row in judge(part, single).failed if row.resource is resource}
            assert mine == {(row.rule.id, row.said.path) for row in whole if row.resource is resource}, one.name


def open_stream(**inputs: Any) -> list[Resource]:
    """A stream, its provider, and nothing that it violates but what `inputs` say."""
    provider = res(PROVIDER, "main", {"region": elsewhere(), "allowedAccountIds": '["123456789012"]'})
    good = {"encryptionType": "KMS", "kmsKeyId": UNKNOWN, "retentionPeriod": 24}
    return [provider, dataclasses.replace(res(STREAM, "clicks", {**good, **inputs}), provider=provider.urn)]


def elsewhere() -> str:
    import geography

    return next(one.name for one in geography.regions("aws") if one.jurisdiction == "jp")


def test_a_wrong_parameter_is_told_once() -> None:
    pack = here()
    configure(pack, {"boundry": "eu"})
    told = [one for one in ask(pack, open_stream()) if one.policy == "parameters"]
    assert [one.level for one in told] == [MANDATORY]
    assert "there is no such parameter. Did you mean boundary?" in told[0].message


def test_sovereignty_cannot_be_disabled() -> None:
    pack = here()
    disabled: Any = wire.EnforcementLevel.DISABLED
    configure(pack, {"boundary": "jp"}, {"SOV-AWS-002": disabled, "ENC-AWS-001": disabled})
    told = [one for one in ask(pack, open_stream()) if one.policy == "sovereignty-enabled"]
    assert len(told) == 1
    assert "SOV-AWS-002 is disabled" in told[0].message


def test_our_stack_file_names_the_boundary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG", '{"homeshore:residency": "{\\"boundary\\": \\"eu\\"}"}')
    assert ("SOV-AWS-001", urn(STREAM, "clicks")) in violations(ask(here(), open_stream()))
    monkeypatch.setenv("PULUMI_CONFIG", '{"homeshore:residency": "{\\"boundary\\": \\"jp\\"}"}')
    assert ("SOV-AWS-001", urn(STREAM, "clicks")) not in violations(ask(here(), open_stream()))


def test_what_a_preview_cannot_know_is_one_line_and_fails_an_update() -> None:
    unknown = open_stream(encryptionType=UNKNOWN)
    told = [one for one in ask(here(), unknown) if one.policy.startswith("known-")]
    assert [(one.policy, one.level) for one in told] == [("known-after-update", ADVISORY)]
    assert "ENC-AWS-001 (1)" in told[0].message
    told = [one for one in ask(here(dry_run=False), unknown) if one.policy.startswith("known-")]
    assert {(one.policy, one.level) for one in told} == {("known-at-update", MANDATORY)}


def test_an_exemption_silences_its_finding_until_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    today = datetime.date.today()  # noqa: DTZ011 - what the pack takes too
    row = {"rule": "ENC-AWS-001", "stack": "test", "resource": "clicks", "reason": "r", "owner": "o", "ticket": "T-1"}

    def told(days: int) -> list[Told]:
        one = Exemption.model_validate({**row, "expires": today + datetime.timedelta(days=days)})
        monkeypatch.setattr(exemptions, "standing", lambda: (one,))
        return [
            each for each in ask(here(), open_stream(encryptionType="NONE")) if each.policy[:3] in ("ENC", "EXM", "exe")
        ]

    assert [(one.policy, one.level) for one in told(200)] == []
    assert [(one.policy, one.level) for one in told(20)] == [("exemptions-expiring", ADVISORY)]
    assert {(one.policy, one.level) for one in told(-1)} == {("ENC-AWS-001", MANDATORY), ("EXM-X-001", MANDATORY)}


def test_a_run_after_the_run_starts_afresh() -> None:
    pack = here()
    first, second = ask(pack, open_stream(encryptionType="NONE")), ask(pack, open_stream())
    assert ("ENC-AWS-001", urn(STREAM, "clicks")) in violations(first)
    assert ("ENC-AWS-001", urn(STREAM, "clicks")) not in violations(second)


def test_a_secret_is_in_no_message() -> None:
    word = "arn:aws:kms:nowhere-1:123456789012:key/hunter2"
    told = ask(
        here(),
        open_stream(
            kmsKeyId={SIGNATURE: SECRET, "value": word}, encryptionType={SIGNATURE: SECRET, "value": "hunter2"}
        ),
    )
    assert any(one.policy == "ENC-AWS-001" for one in told)
    assert not any("hunter2" in one.message for one in told)


def test_check_and_pack_judge_our_stacks_alike() -> None:
    found = snapshot("homeshore-dev")
    told = subject.stack(found.stack, map(plain, found.resources))
    assert told.boundary is not None
    assert not judge_with(Configuration())(found, None).findings
    assert stack("eu").boundary == told.boundary


def test_a_declared_transfer_is_told_under_a_policy_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    until = datetime.date.today() + datetime.timedelta(days=200)  # noqa: DTZ011 - what the pack takes too
    row = {
        "what": "clicks",
        "destination": "jp",
        "recipient": "Example Ltd",
        "basis": "adequacy",
        "reference": "DPO-117",
        "expires": until.isoformat(),
    }
    key = ("SOV-AWS-001", urn(STREAM, "clicks"))

    def about(**changes: str) -> list[Told]:
        config = {"homeshore:residency": '{"boundary": "eu"}', "homeshore:transfers": json.dumps([{**row, **changes}])}
        monkeypatch.setenv("PULUMI_CONFIG", json.dumps(config))
        return ask(here(), open_stream())

    told = about()
    assert key not in violations(told)
    lowered = [one for one in told if one.policy == "declared-transfers" and one.urn == key[1]]
    assert [one.level for one in lowered if "SOV-AWS-001 " in one.message] == [ADVISORY]
    assert f"Declared: clicks to Example Ltd (jp) by adequacy, DPO-117, until {until}" in lowered[0].message
    assert "TRF-X-001" not in {one.policy for one in told}

    expired = about(expires="2026-01-01")
    assert key in violations(expired)
    assert [one.level for one in expired if one.policy == "TRF-X-001"] == [MANDATORY]
    assert "declared-transfers" not in {one.policy for one in expired}
