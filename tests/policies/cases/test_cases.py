"""The rules, held to cases whose authors knew the catalogue and the clouds but not the rules."""

from __future__ import annotations

from collections import Counter

import pytest

from policies.rules import catalogue
from tests.policies.cases.loader import Written, cases, entries, faults

CLOUDS = {"aws": "AWS", "azure": "AZ", "gcp": "GCP", "x": "X"}
AT_LEAST = 2
"""Broken and valid cases that each rule of a cloud has."""
EVERY = tuple(cases())


@pytest.mark.parametrize("case", EVERY, ids=lambda case: f"{case.file}: {case.name}")
def test_case(case: Written) -> None:
    fired = case.fired()
    assert (case.missed(fired), case.false_alarms(fired)) == (frozenset(), frozenset())


def test_every_case_is_well_formed() -> None:
    assert [f"{file}: {entry.get('name')}: {one}" for file, entry in entries() for one in faults(entry)] == []


def test_names_are_unique() -> None:
    counted = Counter((one.file, one.name) for one in EVERY)
    assert [name for name, times in counted.items() if times > 1] == []


@pytest.mark.parametrize("cloud", sorted({one.file.partition("_")[0] for one in EVERY}))
def test_each_rule_has_broken_and_valid_cases(cloud: str) -> None:
    broken = Counter(identity for one in EVERY for identity in one.expect)
    valid = Counter(one.about for one in EVERY if one.about not in one.expect)
    # What the pack says of itself ("house") is not in the catalogue that the cases' authors had.
    ids = [one for one, about in catalogue().items() if f"-{CLOUDS[cloud]}-" in one and about.cloud != "house"]
    assert [one for one in ids if min(broken[one], valid[one]) < AT_LEAST] == []
