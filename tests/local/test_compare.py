"""When an input counts as what was read back."""

from __future__ import annotations

import json

import pytest

from homeshore.local.compare import differences, without


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"a": 1}, {"a": 1.0}),
        ({"a": "150.0"}, {"a": "150"}),
        ({"a": True}, {"a": "true"}),
        ({"a": None}, {}),
        ({"a": ""}, {"a": None}),
        ({"a": []}, {}),
        ({"a": ["x", "y"]}, {"a": ["y", "x"]}),
        ({"a": ["x"]}, {"a": "x"}),
        ({"a": {"b": 1}}, {"a": {"b": 1, "added_by_the_cloud": 2}}),
        ({"a": [{"id": 1}, {"id": 2}]}, {"a": [{"id": 2, "more": 0}, {"id": 1}]}),
        ({"policy": json.dumps({"a": 1, "b": 2})}, {"policy": '{"b": 2,\n "a": 1}'}),
        ({"tags": {"a": "b"}}, {"tags": {"a": "b"}}),
    ],
)
def test_counts_as_the_same(wanted: dict[str, object], found: dict[str, object]) -> None:
    assert differences(wanted, found) == frozenset()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {}),
        ({"a": True}, {"a": False}),
        ({"a": True}, {}),
        ({"a": 0}, {"a": 1}),
        ({"a": False}, {"a": True}),
        ({"a": []}, {"a": ["x"]}),
        ({"a": ["x", "x"]}, {"a": ["x", "y"]}),
        ({"a": ["x"]}, {"a": ["x", "y"]}),
        ({"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 2}}}),
        ({"a": [{"id": 1, "days": 30}]}, {"a": [{"id": 1, "days": 31}]}),
        ({"policy": '{"a": 1}'}, {"policy": '{"a": 1, "Statement": "x"}'}),
        ({"tags": {"a": "b"}}, {"tags": {"a": "b", "c": "d"}}),
        ({"environment": {"variables": {"A": "1"}}}, {"environment": {"variables": {"A": "1", "B": "2"}}}),
        ({"columns": [{"name": "a"}, {"name": "b"}]}, {"columns": [{"name": "b"}, {"name": "a"}]}),
    ],
)
def test_counts_as_different(wanted: dict[str, object], found: dict[str, object]) -> None:
    assert differences(wanted, found) == frozenset(wanted)


def test_paths_are_taken_out_at_any_depth_and_the_original_stays() -> None:
    values: dict[str, object] = {"rules": [{"id": 1, "filter": {"prefix": "x"}}, {"id": 2}], "name": "n", "size": 1}
    assert without(values, ["rules.filter", "size", "missing", "missing.too"]) == {
        "rules": [{"id": 1}, {"id": 2}],
        "name": "n",
    }
    assert values["size"] == 1
    assert values["rules"] == [{"id": 1, "filter": {"prefix": "x"}}, {"id": 2}]
