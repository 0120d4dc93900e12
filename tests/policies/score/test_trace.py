"""Judging again only what can have changed says what the whole judge says."""

from __future__ import annotations

import dataclasses

import pytest

from homeshore.check.policy import plain
from policies import subject
from policies.judge import judge
from policies.model import Resource, Stack
from policies.score.abroad import Abroad
from policies.score.bends import Bend
from policies.score.guests import guests
from policies.score.operators import every
from policies.score.trace import Catch, NotClean, Traced, bent
from tests.policies.test_own_stacks import snapshot
from tests.regions import region

SAMPLE = 97
STACKS = {one.name: one for one in guests()}


def own(name: str) -> Stack:
    return subject.stack(name, map(plain, snapshot(name).resources))


def whole(stack: Stack, bend: Bend) -> set[str]:
    """What the whole judge says of the bent stack."""
    return {one.rule.id for one in judge(bent(stack, bend)).failed}


def compared(stack: Stack, sample: int) -> int:
    assert stack.boundary is not None
    traced = Traced(stack)
    bends = list(every(stack, Abroad(stack.boundary)))[::sample]
    for bend in bends:
        quick = {one.rule for one in traced.caught_by(bend)}
        assert quick == whole(stack, bend), (bend.operator, bend.urn, bend.path, bend.after)
    return len(bends)


@pytest.mark.parametrize("name", list(STACKS))
def test_every_bend_of_the_guests_is_judged_as_the_whole_judge_does(name: str) -> None:
    assert compared(STACKS[name], 1) > 300


@pytest.mark.parametrize("name", ["aws-minimum", "azure-minimum", "gcp-minimum"])
def test_a_sample_of_the_bends_of_our_stacks_is_too(name: str) -> None:
    assert compared(own(name), SAMPLE) > 20


def test_a_finding_of_a_neighbour_is_seen() -> None:
    """A vault that moves away is found at the account whose key it keeps."""
    stack = STACKS["guests-azure"]
    vault = next(one for one in stack.resources if one.name == "vault")
    moved = dataclasses.replace(vault, inputs={**vault.inputs, "location": region("azure", "eu")})
    found = Traced(stack).caught_by(Bend("region", vault.urn, vault.type, "location", "", "", moved))
    assert Catch("SOV-AZ-013", "SOV-AZ-013") in found


def test_what_joins_a_stack_is_judged_at_its_neighbours_too() -> None:
    stack = STACKS["guests-azure"]
    blobs = next(one for one in stack.resources if one.name == "store-blobs")
    found = Traced(stack).caught_by(Bend("resource-removed", blobs.urn, blobs.type, "", "", "", None))
    assert {one.rule for one in found} == {"RET-AZ-001"}


def test_a_stack_with_findings_has_no_score() -> None:
    stack = STACKS["guests-aws"]
    abroad = Resource(
        "urn:pulumi:x::y::aws:sqs/queue:Queue::q", "aws:sqs/queue:Queue", "q", {"region": region("aws", "us")}
    )
    with pytest.raises(NotClean, match=r"guests-aws: \S+ at urn:pulumi:x::y"):
        Traced(Stack("guests-aws", [*stack.resources, abroad], boundary=stack.boundary))
