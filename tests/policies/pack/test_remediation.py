"""What the pack mends: only at the level `remediate`, only what its rule finds, and so that the rule is content."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from pulumi.runtime.proto import analyzer_pb2 as wire

from policies.facts import rows
from policies.judge import judge
from policies.model import Resource, Stack
from policies.pack.policies import single_rules
from policies.pack.remediation import mends
from policies.values import SECRET, SIGNATURE
from tests.policies.build import UNKNOWN, res, stack
from tests.policies.pack.engine import ask, configure, here, mended

REMEDIATE: Any = wire.EnforcementLevel.REMEDIATE
KMS = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "mine"}}
BROKEN: dict[str, dict[str, Any]] = {
    "SOV-AWS-013": {"accelerationStatus": "Enabled", "status": "Enabled"},
    "SOV-AZ-007": {"allowCrossTenantReplication": True},
    "ENC-AWS-003": {"rules": [KMS, {**KMS, "bucketKeyEnabled": False}]},
    "ENC-AWS-008": {"configuration": {"enforceWorkgroupConfiguration": False}},
    "TLS-AZ-001": {"enableHttpsTrafficOnly": False, "minimumTlsVersion": "TLS1_0"},
    "PUB-AZ-001": {"publicAccess": "Blob", "allowBlobPublicAccess": True},
}
ROWS = rows("remediations.csv")
TARGETS = sorted({(row["rule"], row["type"]) for row in ROWS} | {("SOV-X-002", "gcp:pubsub/topic:Topic")})


@pytest.fixture(autouse=True)
def no_stack_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG", raising=False)


def provided(resource: Resource) -> tuple[Resource, Resource]:
    provider = res(f"pulumi:providers:{resource.package}", "main", {})
    return provider, dataclasses.replace(resource, provider=provider.urn)


def paths(rule: str, resources: tuple[Resource, ...]) -> set[str]:
    found = judge(Stack("test", resources, boundary=stack("eu").boundary), {rule}).failed
    return {one.said.path for one in found if one.resource is resources[-1]}


def mend(rule: str, resource: Resource, level: Any = REMEDIATE) -> dict[str, Any]:
    pack = here()
    levels = {rule if rule in single_rules() else f"{rule}-mend": level} if level is not None else {}
    configure(pack, {"boundary": "eu"}, levels)
    provider, it = provided(resource)
    ask(pack, [provider])  # the parameters come with the first resource
    return mended(pack, it, [provider])


@pytest.mark.parametrize(("rule", "kind"), TARGETS)
def test_what_is_mended_is_what_the_rule_found(rule: str, kind: str) -> None:
    resource = res(kind, "it", BROKEN.get(rule, {}))
    before = paths(rule, provided(resource))
    after = paths(rule, provided(dataclasses.replace(resource, inputs=mend(rule, resource))))
    table = {row["path"] for row in ROWS if (row["rule"], row["type"]) == (rule, kind)}
    assert before
    assert after != before
    assert not {one for one in after if one in table}
    assert mend(rule, resource, None) == resource.inputs  # off by default


def test_every_rule_of_the_table_is_tried() -> None:
    assert {rule for rule, _ in TARGETS} == mends()


def test_nothing_unknown_or_secret_is_touched() -> None:
    secret = {SIGNATURE: SECRET, "value": "hunter2"}
    kind = "azure-native:storage:StorageAccount"
    given = {"minimumTlsVersion": UNKNOWN, "accountName": secret, "enableHttpsTrafficOnly": False}
    assert mend("TLS-AZ-001", res(kind, "it", given)) == {**given, "enableHttpsTrafficOnly": True}


def test_a_block_that_is_unknown_stays_unknown() -> None:
    given = {"configuration": UNKNOWN}
    assert mend("ENC-AWS-008", res("aws:athena/workgroup:Workgroup", "it", given)) == given
    topic = {"messageStoragePolicy": UNKNOWN}
    assert mend("SOV-GCP-004", res("gcp:pubsub/topic:Topic", "it", topic)) == topic


def test_the_label_says_the_boundary_in_the_letters_of_the_cloud() -> None:
    assert mend("SOV-X-002", res("gcp:pubsub/topic:Topic", "it", {"labels": {"data_residency": "us"}}))["labels"] == {
        "data_residency": "eu"
    }
    assert mend("SOV-X-002", res("aws:kinesis/stream:Stream", "it", {}))["tags"] == {"DataResidency": "eu"}
