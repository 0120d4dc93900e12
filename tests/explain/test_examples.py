"""The examples that people are shown: the pack judges each of them, broken and mended."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from homeshore.explain import Example, Shown, changed, examples, explained_all
from policies.configuration import configuration
from policies.judge import judge
from policies.model import Resource, Stack
from policies.rules import catalogue, rules
from policies.subject import stack
from tests.policies.build import urn

JUDGING = {one.id for one in rules()}


def judged(example: Example, shown: Iterable[Shown], parameters: Mapping[str, Any]) -> set[str]:
    """The rules that find something, with the config as a user would write it."""
    told = configuration({"parameters": {"boundary": example.boundary, **example.parameters, **parameters}})
    # Whether a resource is protected stands in no snippet.
    found: Stack = stack(
        "test", [Resource(urn(one.type, one.name), one.type, one.name, one.inputs, protect=None) for one in shown], told
    )
    return {one.rule.id for one in judge(found).failed}


@pytest.mark.parametrize("rule", examples())
def test_the_broken_one_breaks_its_rule_and_the_valid_one_mends_just_that(rule: str) -> None:
    example = examples()[rule]
    broken = judged(example, example.broken, {})
    valid = judged(example, example.valid, example.told)
    assert rule in broken
    assert broken - valid == {rule, *example.also}


def test_every_rule_that_judges_resources_has_an_example() -> None:
    assert list(examples()) == [one for one in catalogue() if one in JUDGING]


def test_an_example_shows_types_that_its_rule_looks_at() -> None:
    strangers = []
    for one in explained_all():
        if one.example and one.types and not any("*" in kind for kind in one.types):
            shown = {each.type for each in (*one.example.broken, *one.example.valid)}
            strangers += [] if shown & set(one.types) else [one.about.id]
    assert strangers == []


def test_mending_changes_something() -> None:
    assert [rule for rule, one in examples().items() if one.broken == one.valid and not one.told] == []


def test_a_change_finds_its_place_or_says_so() -> None:
    inputs: dict[str, Any] = {"it": {"a": {"b": [1, 2]}}}
    assert changed(inputs, {"it.a.b.1": 3}) == {"it": {"a": {"b": [1, 3]}}}
    assert changed(inputs, {"it.a": "~gone"}) == {"it": {}}
    assert inputs == {"it": {"a": {"b": [1, 2]}}}
    with pytest.raises(KeyError):
        changed(inputs, {"it.c.b": 3})


def test_no_example_holds_a_secret() -> None:
    """The one key that is shown is the one of AWS's own documentation."""
    text = repr(examples())
    assert set(re.findall(r"AKIA\w+", text)) == {"AKIAIOSFODNN7EXAMPLE"}
