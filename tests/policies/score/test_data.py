"""The tables: every way on every cloud, every operator explained, no row without a reason."""

from __future__ import annotations

from collections import Counter

import pytest

from policies.judge import judge
from policies.model import Stack
from policies.score.abroad import Abroad
from policies.score.guests import guests
from policies.score.operators import every
from policies.score.report import ABOUT
from policies.score.ways import ways
from policies.score.weigh import equivalents, known_survivors

WAYS = 30


def test_each_of_the_ways_stands_for_each_cloud_or_says_why_not() -> None:
    clouds: dict[str, set[str]] = {}
    for one in ways():
        clouds.setdefault(one.name, set()).add(one.cloud)
        assert bool(one.none) != bool(one.add or (one.at and one.set)), one
    assert len(clouds) == WAYS
    assert {name: found for name, found in clouds.items() if found != {"aws", "azure", "gcp"}} == {}


@pytest.mark.parametrize("stack", guests(), ids=lambda one: one.name)
def test_the_guests_are_clean_and_every_operator_is_explained(stack: Stack) -> None:
    assert [(one.rule.id, one.said.path, one.said.message) for one in judge(stack).failed] == []
    assert stack.boundary is not None
    operators = {bend.operator.partition(":")[0] for bend in every(stack, Abroad(stack.boundary))}
    assert operators <= set(ABOUT)


def test_every_row_has_a_reason_and_stands_once() -> None:
    rows = [*equivalents(), *known_survivors()]
    assert [row for row in rows if len(row.reason) < 12] == []
    twice = Counter((row.operators, row.types, row.paths, row.after) for row in rows)
    assert [key for key, count in twice.items() if count > 1] == []
