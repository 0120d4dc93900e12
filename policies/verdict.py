"""What the pack says of a stack, as findings: four states counted, levels from the config, exemptions applied."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Set
from typing import Final

from findings import Category, Enforcement, Finding, Judgement, State, States, Undetermined
from policies import transfers
from policies.exemptions import RULE as EXEMPTING
from policies.exemptions import Exemption, weigh
from policies.judge import Statement, judge
from policies.lowering import about_register, declared, lowered
from policies.model import Stack
from policies.rules import About, Fail, Said, Unsure, catalogue
from policies.values import known_later

ROOT: Final = "pulumi:pulumi:Stack"
NO_BOUNDARY: Final = "nobody named a boundary"
GUARDRAILS: Final = frozenset({"SOV-GCP-012"})
"""Rules about what an account has only once: they are judged where its baseline stands."""
BASELINE_HAS_IT: Final = "the account's baseline has it, which is another stack or another team's"
PLATFORM_HAS_IT: Final = "baseline.managed_by is platform: another team looks after what the account has only once"


def verdict(
    stack: Stack,
    *,
    exemptions: Iterable[Exemption] = (),
    today: datetime.date | None = None,
    file: str | None = None,
    updating: bool = False,
) -> Judgement:
    """Judge `stack`. `updating` says that every value is known by now: one that is not is a violation then.

    The value of a secret stays closed in every state, and what depends on it stays undetermined.
    """
    outcome = judge(stack)
    disabled = {one for one in catalogue() if level_of(stack, catalogue()[one]) is None}
    day = today or datetime.date.today()  # noqa: DTZ011 - a local day
    failed = [finding(stack, one, file) for one in outcome.failed if one.rule.id not in disabled]
    failed = lowered(stack, failed, day)
    about = about_register(stack, day, file)
    unsure = [one for one in outcome.unsure if one.rule.id not in disabled]
    if updating:
        late = [one for one in unsure if waits(one)]
        failed += [_undetermined_now(stack, one, file) for one in late]
        unsure = [one for one in unsure if one not in late]
    standing = [one for one in exemptions if one.stack == stack.name]
    weighed = weigh(stack.name, [*failed, *about], standing, day, file)
    looked = outcome.rules | ({transfers.RULE} if stack.parameters.transfers else set[str]())
    return Judgement(
        judged=outcome.looked_at,
        findings=weighed.findings,
        exempted=weighed.exempted,
        undetermined=tuple(undetermined(stack, one, file) for one in unsure),
        states=_states(
            stack,
            disabled=disabled,
            failed={one.rule for one in (*failed, *weighed.findings)},
            unsure={one.rule.id for one in unsure},
            looked=looked | ({EXEMPTING} if standing else set[str]()),
        ),
        evaluations=outcome.evaluations,
        transfers=declared(stack, failed, file),
    )


def waits(one: Statement[Unsure]) -> bool:
    """Whether the rule waits for a value that the update will know; not for a secret's."""
    return one.resource is not None and known_later(one.resource.inputs, one.said.path)


def level_of(stack: Stack, about: About) -> Enforcement | None:
    """What a finding of the rule does, as the config and then the rule itself say; None where it is disabled."""
    told = stack.parameters.enforcement
    level = told.get(about.id) or (told.get("all") if not about.firm else None)
    if level == "disabled":
        return None
    if level is None:
        return about.enforcement
    return Enforcement.ADVISORY if level == "advisory" else Enforcement.MANDATORY


def _states(stack: Stack, *, disabled: Set[str], failed: Set[str], unsure: Set[str], looked: Set[str]) -> States:
    """In which of the four states each rule is; the worst that it found on any resource, or about the pack's own order.

    A rule all of whose findings are exempted, or lowered, has failed all the same.
    """
    told: dict[str, State] = {}
    left_out: dict[str, str] = {}
    clouds = {one.cloud for one in stack.resources}
    for identity in catalogue():
        if identity in disabled:
            left_out[identity] = "disabled in the pack's config"
        elif identity in failed:
            told[identity] = "fail"
        elif stack.boundary is None and identity.startswith("SOV-"):
            left_out[identity] = NO_BOUNDARY
        elif identity in GUARDRAILS and not stack.parameters.guardrails_here and catalogue()[identity].cloud in clouds:
            left_out[identity] = PLATFORM_HAS_IT if stack.parameters.platform_managed else BASELINE_HAS_IT
        elif identity in unsure:
            told[identity] = "not_evaluated"
        else:
            told[identity] = "pass" if identity in looked else "not_applicable"
    told |= dict.fromkeys(left_out, "not_evaluated")
    counted = Counter(told.values())
    return States(counted["pass"], counted["fail"], counted["not_applicable"], counted["not_evaluated"], left_out, told)


def finding(stack: Stack, one: Statement[Fail], file: str | None = None) -> Finding:
    """What a rule said, as a finding."""
    about = catalogue()[one.rule.id]
    said = one.said
    return Finding(
        rule=about.id,
        category=about.category,
        severity=about.severity,
        enforcement=level_of(stack, about) or about.enforcement,
        stack=stack.name,
        urn=_urn(stack, one),
        path=said.path,
        message=said.message,
        remedy=about.remedy,
        found=said.found,
        allowed=about.expected,
        frameworks=about.frameworks,
        file=file,
    )


def undetermined(stack: Stack, one: Statement[Unsure], file: str | None = None) -> Undetermined:
    """What a rule could not determine."""
    category: Category = catalogue()[one.rule.id].category
    said = one.said
    return Undetermined(one.rule.id, category, stack.name, _urn(stack, one), said.path, said.reason, file)


def _undetermined_now(stack: Stack, one: Statement[Unsure], file: str | None) -> Finding:
    said = one.said
    told = Fail(said.path, f"cannot be determined, although the update knows every value: {said.reason}")
    return finding(stack, Statement(one.rule, one.resource, told), file)


def _urn(stack: Stack, one: Statement[Said]) -> str:
    if one.resource is not None:
        return one.resource.urn
    return next((found.urn for found in stack.of(ROOT)), "")
