"""Mistakes that a provider would refuse are found where they are; careful inputs are left alone."""

from __future__ import annotations

from collections import Counter

import pytest

import validity
from tests.validity.samples import Mistake, Sample, mistakes, valid
from validity import Level


@pytest.mark.parametrize("sample", valid().values(), ids=lambda sample: sample.name)
def test_valid_inputs_are_left_alone(sample: Sample) -> None:
    assert validity.check(sample.type, sample.inputs) == ()


@pytest.mark.parametrize("mistake", mistakes(), ids=str)
def test_a_mistake_is_found_where_it_is(mistake: Mistake) -> None:
    found = validity.check(mistake.sample.type, mistake.inputs)
    assert found is not None
    assert mistake.path in {problem.path for problem in found}


def test_most_mistakes_fail_the_check() -> None:
    refused = [
        mistake
        for mistake in mistakes()
        if any(problem.level is Level.ERROR for problem in validity.check(mistake.sample.type, mistake.inputs) or ())
    ]
    clouds = Counter(mistake.sample.type.partition(":")[0] for mistake in refused)
    assert len(refused) >= len(mistakes()) - 5
    assert min(clouds[cloud] for cloud in ("aws", "azure-native", "gcp")) >= 40


def test_a_problem_says_what_was_found_what_is_allowed_and_who_says_so() -> None:
    sample = valid()["aws-mapping"]
    (problem,) = validity.check(sample.type, {**sample.inputs, "parallelizationFactor": 11}) or ()
    assert (problem.kind.id, problem.path, problem.found, problem.level) == (
        "VAL-API-004",
        "parallelizationFactor",
        "11",
        Level.ERROR,
    )
    assert problem.allowed == "1 to 10"
    assert "botocore" in problem.source
    assert "cfn-lint" in problem.source  # two sources, one problem


def test_a_type_that_no_sdk_has_is_told_and_not_passed_over() -> None:
    assert validity.check("kubernetes:core/v1:Pod", {}) is None
    assert validity.check("aws:kinesis/stream:Strem", {}) is None
    assert validity.check("aws:nowhere/thing:Thing", {}) is None
    assert validity.check("pulumi:providers:random", {}) is None
