"""The rules for Google Cloud: on valid stacks and on each with one input bent."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.rules import catalogue, rules
from tests.policies.bent import Bent, cases, said

HERE = Path(__file__).parent
TABLES = sorted(HERE.glob("*.yaml"))
CASES = [case for table in TABLES for case in cases(table)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}: {case.title}")
def test_a_rule_says_what_is_wrong_and_nothing_else(case: Bent) -> None:
    assert said(case) == (case.fails, case.unsure)


def test_every_rule_is_declared_and_has_a_case_that_fails() -> None:
    wanted = {one for one, about in catalogue().items() if about.cloud == "gcp"}
    assert wanted == {one.id for one in rules() if one.id in wanted}
    assert wanted <= {rule for case in CASES for rule, _, _ in case.fails}
