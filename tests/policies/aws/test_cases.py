from __future__ import annotations

from typing import Any

import pytest

from policies.rules import catalogue
from tests.policies.aws.loading import cases, found_in

EVERYTHING = list(cases())


@pytest.mark.parametrize(
    ("case", "change"), [entry[1:] for entry in EVERYTHING], ids=[entry[0] for entry in EVERYTHING]
)
def test_a_case_has_exactly_its_findings(case: dict[str, Any], change: dict[str, Any]) -> None:
    failed, unsure = found_in(case, change)
    assert failed == set(change.get("finds", []))
    assert unsure == set(change.get("unsure", case.get("unsure", [])))


def test_every_rule_is_broken_somewhere() -> None:
    broken = {one.split()[0] for _, _, change in EVERYTHING for one in change.get("finds", [])}
    assert {one for one in catalogue() if "-AWS-" in one} <= broken
