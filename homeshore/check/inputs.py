"""The judge of category `validity`: what a provider would refuse."""

from __future__ import annotations

import validity
from findings import Enforcement, Finding, Judgement, NotJudged, Severity
from homeshore.engine import Resource, Snapshot

BUILT_IN = "pulumi:pulumi:"  # stacks and references to stacks: the engine's own, no cloud holds anything for them
UNKNOWN_TYPE = "no installed Pulumi SDK describes this type"


def judge(snapshot: Snapshot, file: str | None) -> Judgement:
    """Compare the inputs of each managed resource, and of each provider, with what is stated about its type."""
    judged: set[str] = set()
    findings: list[Finding] = []
    unknown: list[NotJudged] = []
    for resource in snapshot.resources:
        if not resource.custom or resource.external or resource.type.startswith(BUILT_IN):
            continue
        problems = validity.check(resource.type, resource.inputs)
        if problems is None:
            unknown.append(NotJudged("validity", snapshot.stack, resource.urn, resource.type, UNKNOWN_TYPE, file))
            continue
        if resource.managed:  # a provider alone is no stack that was judged
            judged.add(resource.urn)
        findings += [_finding(problem, resource, snapshot.stack, file) for problem in problems]
    return Judgement(frozenset(judged), tuple(findings), (), tuple(unknown))


def _finding(problem: validity.Problem, resource: Resource, stack: str, file: str | None) -> Finding:
    refused = problem.level is validity.Level.ERROR
    return Finding(
        rule=problem.kind.id,
        category="validity",
        severity=Severity.HIGH if refused else Severity.LOW,
        enforcement=Enforcement.MANDATORY if refused else Enforcement.ADVISORY,
        stack=stack,
        urn=resource.urn,
        path=problem.path,
        message=problem.message,
        remedy=problem.kind.remedy,
        found=problem.found,
        allowed=problem.allowed,
        source=problem.source,
        file=file,
    )
