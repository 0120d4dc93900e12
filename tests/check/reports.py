"""Reports for the tests: files as Pulumi prints them, and findings by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from findings import Enforcement, Exempted, Finding, Judgement, NotJudged, Report, Severity, States, Undetermined
from tests.regions import region

STACK = "prod"


def urn(name: str, kind: str = "aws:s3/bucket:Bucket") -> str:
    return f"urn:pulumi:{STACK}::shop::{kind}::{name}"


def state(kind: str, name: str, inputs: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"urn": urn(name, kind), "type": kind, "custom": True, "inputs": dict(inputs or {}), **more}


def preview(folder: Path, *states: dict[str, Any], name: str = "preview.json", **more: Any) -> str:
    path = folder / name
    steps = [{"op": "create", "newState": one} for one in states]
    path.write_text(json.dumps({"steps": steps, **more}), encoding="utf-8")
    return str(path)


def export(folder: Path, *states: dict[str, Any], name: str = "export.json") -> str:
    path = folder / name
    path.write_text(json.dumps({"version": 3, "deployment": {"resources": list(states)}}), encoding="utf-8")
    return str(path)


TAGS = {"Owner": "o", "Environment": "prod", "DataClassification": "internal", "DataResidency": "eu"}
PROVIDER = state("pulumi:providers:aws", "p", {"region": region("aws", "eu"), "allowedAccountIds": ["123456789012"]})
CLEAN = state(
    "aws:sqs/queue:Queue", "queue", {"kmsMasterKeyId": "alias/mine", "tags": TAGS, "messageRetentionSeconds": 86400}
)
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def found(name: str = "lake", rule: str = "SOV-AWS-001", **more: Any) -> Finding:
    fields: dict[str, Any] = {
        "rule": rule,
        "category": "sovereignty",
        "severity": Severity.CRITICAL,
        "enforcement": Enforcement.MANDATORY,
        "stack": STACK,
        "urn": urn(name),
        "path": "region",
        "message": "region lies outside the boundary",
        "remedy": "Stay.",
        "found": '"outside-1"',
        "allowed": "A region of the EU.",
        "frameworks": ("GDPR 44-46", "SOC 2 C1.1"),
    }
    return Finding(**{**fields, **more})


WARNING: dict[str, Any] = {
    "rule": "VAL-DOCS-006",
    "category": "validity",
    "severity": Severity.LOW,
    "enforcement": Enforcement.ADVISORY,
    "message": "two keys that exclude each other",
}


def exempted(one: Finding) -> Exempted:
    return Exempted(one, "Known and small", "data-platform", "2027-01-31", "DATA-1")


def unknown(name: str, rule: str = "IAM-AWS-001") -> Undetermined:
    return Undetermined(rule, "identity", STACK, urn(name), "policy", "its value is known only after the update")


def strange(name: str) -> NotJudged:
    return NotJudged(
        "validity", STACK, urn(name, "random:index/randomPet:RandomPet"), "random:index/randomPet:RandomPet", "no SDK"
    )


def report(*findings: Finding, gaps: tuple[str, ...] = (), **more: Any) -> Report:
    """A report of a stack with eight resources, of which all were judged."""
    from dataclasses import replace

    told = more.pop("states", States(1, 0, 0, 2, {"SOV-GCP-012": "elsewhere"}, RULES))
    judged = Judgement(frozenset(f"{at}" for at in range(8)), findings, states=told, **more)
    return replace(Report.over(STACK, 8, [judged]), gaps=gaps)


RULES = {"ENC-AWS-001": "pass", "SOV-GCP-012": "not_evaluated", "IAM-AWS-001": "not_evaluated"}
