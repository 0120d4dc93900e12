"""Reading one value: missing, unknown or known, in whatever shape it is written, and never a crash."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pulumi.runtime.rpc as engine
import pytest
import yaml

from policies import values
from policies.values import (
    OUTPUT,
    SECRET,
    SHOWN_CHARACTERS,
    SIGNATURE,
    UNKNOWNS,
    Leaf,
    Reading,
    State,
    as_json,
    classify,
    is_unknown,
    known_later,
    leaves,
    masked,
    opened,
    read,
    read_all,
    within,
)
from tests.policies.build import UNKNOWN

CASES = yaml.safe_load((Path(__file__).parent / "readings.yaml").read_text(encoding="utf-8"))
HIDDEN = {SIGNATURE: SECRET, "value": "s3cret"}
MARKS = {"~unknown": UNKNOWN, "~secret": HIDDEN, "~masked": "[secret]"}


def unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: unmarked(member) for key, member in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [unmarked(member) for member in cast("list[Any]", value)]
    return MARKS.get(value, value) if isinstance(value, str) else value


def shown(reading: Reading) -> list[Any]:
    state = {State.MISSING: "missing", State.UNKNOWN: "unknown"}.get(reading.state)
    return [reading.path, state] if state else [reading.path, "known", reading.value]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['path']} in {json.dumps(case['inputs'])}")
def test_every_value_at_a_path(case: dict[str, Any]) -> None:
    assert [shown(one) for one in read_all(unmarked(case["inputs"]), case["path"])] == case["reads"]


def test_the_marks_are_those_of_the_engine() -> None:
    assert UNKNOWN in UNKNOWNS
    assert engine.UNKNOWN in UNKNOWNS
    assert len(UNKNOWNS) == 7
    kinds = ("_special_sig_key", "_special_secret_sig", "_special_output_value_sig")
    assert [getattr(engine, one) for one in kinds] == [SIGNATURE, SECRET, OUTPUT]


@pytest.mark.parametrize("mark", sorted(UNKNOWNS))
def test_every_mark_is_an_unknown(mark: str) -> None:
    assert is_unknown(mark)
    assert classify("a", mark) == Reading("a", State.UNKNOWN)
    assert list(leaves({"a": mark})) == []


def test_one_value_is_read_where_there_is_one() -> None:
    assert read({"a": {"b": 1}}, "a.b") == Reading("a.b", State.KNOWN, 1)
    with pytest.raises(ValueError, match=r"^a\[\]: leads to several values$"):
        read({"a": [1]}, "a[]")


@pytest.mark.parametrize(
    ("value", "text", "flag", "number"),
    [
        ("x", "x", None, None),
        ("", "", None, None),
        (None, "", None, None),
        (UNKNOWN, "", None, None),
        (HIDDEN, "", None, None),
        (True, "true", True, None),
        (False, "false", False, None),
        (" TRUE ", " TRUE ", True, None),
        ("False", "False", False, None),
        ("yes", "yes", None, None),
        (0, "0", None, 0.0),
        (7, "7", None, 7.0),
        (1.5, "1.5", None, 1.5),
        ("7", "7", None, 7.0),
        ("1.5", "1.5", None, 1.5),
        ("seven", "seven", None, None),
        ([1], "[1]", None, None),
        ({"a": 1}, '{"a": 1}', None, None),
    ],
)
def test_a_value_as_text_flag_and_number(value: Any, text: str, flag: bool | None, number: float | None) -> None:
    reading = classify("a", value)
    assert (reading.text, reading.flag, reading.number) == (text, flag, number)
    assert type(reading.flag) is type(flag)


def test_the_three_states() -> None:
    for value, missing, unknown in ((None, True, False), (UNKNOWN, False, True), ("x", False, False)):
        reading = classify("a", value)
        assert (reading.missing, reading.unknown, reading.present) == (missing, unknown, not missing)


def test_one_of_several_in_letters_of_either_size() -> None:
    assert classify("a", " AES256 ").among("x", "aes256")
    assert classify("a", "aes256").among("AES256")
    assert classify("a", True).among("true")
    assert not classify("a", "aes").among("aes256")
    assert not classify("a", "x").among()
    for nothing in (None, UNKNOWN, "[secret]"):
        assert not classify("a", nothing).among("", "[secret]", UNKNOWN)


def test_what_a_finding_shows() -> None:
    assert classify("a", "ä").found() == '"ä"'
    assert classify("a", {"b": 1, "a": [True, None]}).found() == '{"a": [true, null], "b": 1}'
    for nothing in (None, UNKNOWN, HIDDEN):
        assert classify("a", nothing).found() == ""
    longest = "x" * (SHOWN_CHARACTERS - 2)
    assert classify("a", longest).found() == f'"{longest}"'
    assert classify("a", f"{longest}y").found() == f'"{longest}y…'
    assert SHOWN_CHARACTERS == 120
    assert classify("a", {"b": [HIDDEN, {"c": HIDDEN}]}).found() == '{"b": ["[secret]", {"c": "[secret]"}]}'


@pytest.mark.parametrize(
    ("wrapped", "inside"),
    [
        ("x", "x"),
        (None, None),
        (5, 5),
        ([HIDDEN], [HIDDEN]),
        ({"a": 1}, {"a": 1}),
        (HIDDEN, "[secret]"),
        ({SIGNATURE: SECRET}, "[secret]"),
        ({SIGNATURE: SECRET, "ciphertext": "abc"}, "[secret]"),
        ({SIGNATURE: OUTPUT, "value": 5}, 5),
        ({SIGNATURE: OUTPUT, "value": 5, "secret": False}, 5),
        ({SIGNATURE: OUTPUT, "value": 5, "secret": True}, "[secret]"),
        ({SIGNATURE: OUTPUT, "value": {SIGNATURE: OUTPUT, "value": "x"}}, "x"),
        ({SIGNATURE: OUTPUT, "value": HIDDEN}, "[secret]"),
        ({SIGNATURE: "another", "value": 5}, {SIGNATURE: "another", "value": 5}),
    ],
)
def test_wrappers_are_opened_and_secrets_stay_closed(wrapped: Any, inside: Any) -> None:
    assert opened(wrapped) == inside


def test_an_output_without_a_value_is_an_unknown() -> None:
    assert is_unknown(opened({SIGNATURE: OUTPUT}))
    assert classify("a", {SIGNATURE: OUTPUT}).unknown


def test_secrets_are_masked_at_any_depth() -> None:
    value = {"a": [HIDDEN, {"b": HIDDEN}], "c": {SIGNATURE: OUTPUT, "value": [1]}, "d": None}
    assert masked(value) == {"a": ["[secret]", {"b": "[secret]"}], "c": [1], "d": None}


def test_what_stands_below_a_block() -> None:
    block = Reading("rules[0]", State.KNOWN, {"to": [{"arn": "x"}, {"arn": UNKNOWN}]})
    assert [shown(one) for one in within(block, "to[].arn")] == [
        ["rules[0].to[0].arn", "known", "x"],
        ["rules[0].to[1].arn", "unknown"],
    ]
    assert [shown(one) for one in within(Reading("r", State.UNKNOWN), "to[].arn")] == [["r", "unknown"]]
    assert [shown(one) for one in within(Reading("r", State.MISSING), "to[].arn")] == [["r.to[0].arn", "missing"]]


def test_every_known_text_and_where_it_stands() -> None:
    policy = json.dumps({"Statement": [{"Resource": "arn:one"}, "two"]})
    inputs: dict[str, Any] = {
        "a": "x",
        "b": {"c": ["y", 5, None, "", UNKNOWN, HIDDEN, "[secret]"], "d": {SIGNATURE: OUTPUT, "value": "z"}},
        "policy": policy,
        "list": '  ["in"]',
        "broken": "{no",
    }
    assert list(leaves(inputs)) == [
        Leaf("a", "x"),
        Leaf("b.c[0]", "y"),
        Leaf("b.d", "z"),
        Leaf("policy", policy),
        Leaf("policy.Statement[0].Resource", "arn:one"),
        Leaf("policy.Statement[1]", "two"),
        Leaf("list", '  ["in"]'),
        Leaf("list[0]", "in"),
        Leaf("broken", "{no"),
    ]


@pytest.mark.parametrize(("path", "top"), [("a", "a"), ("a.b.c", "a"), ("a[0].b", "a"), ("a[0]", "a")])
def test_the_input_that_a_leaf_lies_in(path: str, top: str) -> None:
    assert Leaf(path, "x").top == top


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ('{"a": 1}', {"a": 1}),
        (" \n[1]", [1]),
        ("", None),
        ("null", None),
        ("5", None),
        ('"x"', None),
        ("{", None),
        ("[" * 100_000, None),
    ],
)
def test_a_document_in_a_text(text: str, document: Any) -> None:
    assert as_json(text) == document


@pytest.mark.parametrize(
    ("path", "later"),
    [
        ("known", False),
        ("open", True),
        ("open.deeper", True),
        ("list[0]", False),
        ("list[1]", True),
        ("list[1].arn", True),
        ("list[2].arn", True),
        ("list[9]", False),
        ("list.arn", False),
        ("block.open", True),
        ("block.none", False),
        ("missing", False),
        ("hidden", False),
        ("hidden.value", False),
        ("block.hidden", False),
        ("output", True),
        ("output.deeper", True),
        ("known.deeper", False),
        ("", False),
    ],
)
def test_what_the_update_will_know(path: str, later: bool) -> None:
    inputs: dict[str, Any] = {
        "known": "x",
        "open": UNKNOWN,
        "list": ["x", UNKNOWN, {"arn": UNKNOWN}],
        "block": {"open": UNKNOWN, "hidden": HIDDEN},
        "hidden": HIDDEN,
        "output": {SIGNATURE: OUTPUT},
    }
    assert known_later(inputs, path) is later


def test_masks_are_no_marks_of_an_unknown_that_ends() -> None:
    assert {"[secret]"} == values.MASKS
    assert is_unknown("[secret]")
    assert not is_unknown(["[secret]"])
    assert not known_later({"a": "[secret]"}, "a")
