"""Unknown, missing and known: what is judged, what is skipped, and that a secret is never told."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import validity
from tests.validity.samples import Mistake, Sample, mistakes, put, valid
from validity import Plain
from validity.values import MASK, OUTPUT, SECRET, SIGNATURE, UNKNOWN_SENTINELS, see

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CANARY = "canary-5f1d"


def secret(value: Plain) -> Plain:
    return {SIGNATURE: SECRET, "value": value}


def places(value: Plain, path: str = "") -> list[str]:
    """Every path in the inputs, parents too."""
    below = list(value.items()) if isinstance(value, dict) else []
    found = [(f"{path}.{key}" if path else key, item) for key, item in below if "." not in key and "/" not in key]
    if isinstance(value, list):
        found = [(f"{path}[{number}]", item) for number, item in enumerate(value)]
    return [place for here, item in found for place in (here, *places(item, here))]


def changed(sample: Sample, path: str, value: Plain) -> dict[str, Plain]:
    inputs = copy.deepcopy(sample.inputs)
    put(inputs, path, value)
    return inputs


def at(inputs: dict[str, Plain], path: str) -> Plain:
    found: list[Plain] = []

    def keep(value: Plain, here: str) -> None:
        if here == path:
            found.append(value)
        children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, item in children:
            keep(item, f"{here}[{key}]" if isinstance(value, list) else f"{here}.{key}" if here else str(key))

    keep(inputs, "")
    return found[0]


@QUICK
@given(data=st.data(), sample=st.sampled_from(list(valid().values())), mark=st.sampled_from(UNKNOWN_SENTINELS))
def test_an_unknown_anywhere_is_skipped(data: st.DataObject, sample: Sample, mark: str) -> None:
    path = data.draw(st.sampled_from(places(sample.inputs)))
    for value in (mark, f"arn:aws:{mark}/x", secret(mark), {SIGNATURE: OUTPUT, "secret": True}):
        assert validity.check(sample.type, changed(sample, path, value)) == ()


@QUICK
@given(mistake=st.sampled_from(mistakes()))
def test_a_known_mistake_is_found_beside_unknown_neighbours(mistake: Mistake) -> None:
    first = mistake.path.split(".")[0].split("[")[0]
    inputs = {key: value if key == first else UNKNOWN_SENTINELS[0] for key, value in mistake.inputs.items()}
    found = validity.check(mistake.sample.type, inputs)
    assert mistake.path in {problem.path for problem in found or ()}


@QUICK
@given(data=st.data(), sample=st.sampled_from(list(valid().values())))
def test_a_secret_with_a_good_value_is_as_good_as_the_value(data: st.DataObject, sample: Sample) -> None:
    path = data.draw(st.sampled_from(places(sample.inputs)))
    wrapped = changed(sample, path, secret(at(sample.inputs, path)))
    assert validity.check(sample.type, wrapped) == ()
    masked = changed(sample, path, secret(MASK))
    assert validity.check(sample.type, masked) == ()


BAD: st.SearchStrategy[Plain] = st.recursive(
    st.sampled_from([CANARY, f" {CANARY}!", -1, True]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.just(CANARY), inner, max_size=1),
    max_leaves=4,
)


@QUICK
@given(data=st.data(), sample=st.sampled_from(list(valid().values())), bad=BAD)
def test_neither_a_secret_nor_a_key_inside_of_it_is_told(data: st.DataObject, sample: Sample, bad: Plain) -> None:
    path = data.draw(st.sampled_from(places(sample.inputs)))
    for form in (
        secret(bad),
        {SIGNATURE: SECRET, "plaintext": json.dumps(bad)},
        {SIGNATURE: OUTPUT, "secret": True, "value": bad},
    ):
        found = validity.check(sample.type, changed(sample, path, form))
        assert CANARY not in repr(found)


def test_a_wrong_secret_is_found_at_its_own_place() -> None:
    sample = valid()["aws-stream"]
    found = validity.check(sample.type, changed(sample, "streamModeDetails", secret({"mode": CANARY}))) or ()
    assert {problem.kind.id for problem in found} == {"VAL-SDK-001", "VAL-SDK-002"}
    assert {(problem.path, problem.found) for problem in found} == {("streamModeDetails", "(secret)")}


JSON: st.SearchStrategy[Plain] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=6) | st.sampled_from([SIGNATURE, "value", "type", "name"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@QUICK
@given(data=st.data(), sample=st.sampled_from(list(valid().values())), value=JSON)
def test_whatever_stands_there_is_judged_without_a_fault(data: st.DataObject, sample: Sample, value: Plain) -> None:
    path = data.draw(st.sampled_from(places(sample.inputs)))
    found = validity.check(sample.type, changed(sample, path, value))
    assert found is not None
    assert all(problem.source and problem.kind.remedy for problem in found)


@pytest.mark.parametrize("value", [None, "", 0, False, [], {}], ids=repr)
def test_what_is_known_is_known_also_when_it_is_nothing(value: Plain) -> None:
    assert see(value).known
    assert see(value).missing == (value is None)


def test_an_output_that_was_formatted_into_a_text_is_found() -> None:
    text = "arn:Calling __str__ on an Output[T] is not supported."
    (problem,) = validity.check("aws:kinesis/stream:Stream", {"kmsKeyId": text}) or ()
    assert problem.kind.id == "VAL-SDK-007"


def test_numbers_and_text_convert_where_the_provider_converts_them() -> None:
    assert validity.check("aws:kinesis/stream:Stream", {"shardCount": "4", "name": 7}) == ()
    sample = valid()["azure-hub"]
    (problem,) = validity.check(sample.type, {**sample.inputs, "partitionCount": "32"}) or ()
    assert (problem.kind.id, problem.path) == ("VAL-SDK-003", "partitionCount")


def test_the_inputs_of_a_provider_are_read_as_they_travel() -> None:
    good: dict[str, Plain] = {"region": "xx-middle-1", "skipRegionValidation": "true", "version": "7.51.1"}
    assert validity.check("pulumi:providers:aws", {**good, "defaultTags": '{"tags": {"A": "b"}}'}) == ()
    (problem,) = validity.check("pulumi:providers:aws", {**good, "defaultTags": '{"tag": {}}'}) or ()
    assert (problem.kind.id, problem.path) == ("VAL-SDK-001", "defaultTags.tag")


def test_a_union_is_told_apart_by_its_tag() -> None:
    sample = valid()["azure-alert"]
    missing = changed(sample, "criteria.odataType", None)
    assert [problem.kind.id for problem in validity.check(sample.type, missing) or ()] == ["VAL-SDK-002"]
    other = changed(sample, "criteria.odataType", "Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria")
    paths = {problem.path for problem in validity.check(sample.type, other) or ()}
    assert {"criteria.allOf", "criteria.componentId", "criteria.webTestId"} <= paths


def test_keys_that_exclude_each_other_are_told() -> None:
    found = validity.check("aws:sqs/queue:Queue", {"name": "a", "namePrefix": "b"}) or ()
    assert [problem.kind.id for problem in found] == ["VAL-DOCS-006"]
