"""Every written case: the rules that it is about say what they said when somebody last looked, and say it there."""

from __future__ import annotations

import pytest

from tests.policies.cases.loader import Written, cases
from tests.policies.core.said import KEPT, kept, told

EVERY = tuple(cases())
AGAIN = "where that is right: python -m tests.policies.core.said, and review the difference"


@pytest.mark.parametrize("case", EVERY, ids=lambda case: f"{case.file}: {case.name}")
def test_a_rule_says_what_it_said(case: Written) -> None:
    assert told(case) == kept(case.file).get(case.name), AGAIN


def test_nothing_is_kept_of_cases_that_are_gone() -> None:
    names = {(one.file, one.name) for one in EVERY}
    assert {(file.stem, name) for file in KEPT.glob("*.yaml") for name in kept(file.stem)} - names == set(), AGAIN
