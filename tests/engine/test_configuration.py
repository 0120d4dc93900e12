"""A stack file's values reach the program as the strings that the real engine makes of them."""

from __future__ import annotations

import json

import pytest

from homeshore.engine.configuration import FAST_BYTES, stack_strings
from homeshore.errors import UserError


def read(tmp_path, text, **defaults):
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(text, encoding="utf-8")
    return stack_strings(path, "proj", defaults)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("text", "text"),
        ('"4711"', "4711"),
        ("4711", "4711"),
        ("012", "012"),
        ("1_000", "1_000"),
        ("true", "true"),
        ("yes", "yes"),
        ("1.50", "1.50"),
        ("2026-01-02", "2026-01-02"),
        ("~", ""),
        ("ünïcode", "ünïcode"),
    ],
)
def test_a_scalar_is_its_own_text(tmp_path, written, text):
    assert read(tmp_path, f"config:\n  proj:a: {written}\n").values == {"proj:a": text}


def test_objects_and_lists_are_json(tmp_path):
    strings = read(tmp_path, "config:\n  proj:a: {b: 1, c: [true, null, 1.5, '2']}\n  proj:d: []\n")
    assert json.loads(strings.values["proj:a"]) == {"b": 1, "c": [True, None, 1.5, "2"]}
    assert json.loads(strings.values["proj:d"]) == []


def test_numbers_are_written_as_go_writes_them(tmp_path):
    strings = read(tmp_path, "config:\n  proj:a: {b: 1.0, c: -3.0e+2, d: 1.5, e: 1.0e+21}\n")
    assert strings.values["proj:a"] == '{"b": 1, "c": -300, "d": 1.5, "e": 1e+21}'


def test_a_plain_value_inside_an_object_is_read_as_pulumi_reads_it(tmp_path):
    strings = read(tmp_path, "config:\n  proj:a: [no, on, 1:30, 2026-01-02, 1e5, 0o17, 017, 'no', True, ~]\n")
    assert json.loads(strings.values["proj:a"]) == [
        *("no", "on", "1:30", "2026-01-02", 100000, 15, 15, "no", True, None),
    ]


def test_what_is_no_number_is_named_by_its_path(tmp_path):
    with pytest.raises(UserError, match=r"proj:a: .*b\.c\[1\] is no number"):
        read(tmp_path, "config:\n  proj:a: {b: {c: [1, .nan]}}\n")


def test_namespaces(tmp_path):
    strings = read(tmp_path, "config:\n  bare: 1\n  aws:region: r\n  old:config:key: 2\n")
    assert strings.values == {"proj:bare": "1", "aws:region": "r", "old:key": "2"}


def test_project_wide_values_lie_beneath(tmp_path):
    strings = read(tmp_path, "config:\n  proj:a: mine\n  b: ~\n", a="default", b="kept", c=["*"], d=None)
    assert strings.values == {"proj:a": "mine", "proj:b": "kept", "proj:c": '["*"]'}


def test_secure_values_are_placeholders(tmp_path):
    strings = read(tmp_path, "config:\n  a: {secure: v1:x}\n  b: {c: [{secure: v1:y}], d: 1}\n  e: 2\n")
    assert strings.secret_keys == ("proj:a", "proj:b")
    assert strings.values["proj:a"] == "[secret]"
    assert json.loads(strings.values["proj:b"]) == {"c": ["[secret]"], "d": 1}


@pytest.mark.parametrize("text", ["", "# nothing\n", "config:\n", "secretsprovider: passphrase\n"])
def test_a_file_without_values(tmp_path, text):
    assert read(tmp_path, text).values == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("config: [", "cannot be read as YAML"),
        ("- a\n", "a stack file is a mapping"),
        ("config: 3\n", "config: must be a mapping"),
        ("config:\n  a: &x [*x]\n", "proj:a: cannot be turned into a configuration value"),
        ("config:\n  a: [.nan]\n", "proj:a: cannot be turned into a configuration value"),
        ("config:\n  a: [!strange 1]\n", "proj:a: cannot be turned into a configuration value"),
    ],
)
def test_a_broken_file(tmp_path, text, told):
    with pytest.raises(UserError, match=r"Pulumi\.dev\.yaml") as caught:
        read(tmp_path, text)
    assert told in str(caught.value)


@pytest.mark.parametrize("levels", [FAST_BYTES // 2 - 20, 100_000])
def test_nesting_beyond_measure_ends_in_an_error(tmp_path, levels):
    with pytest.raises(UserError, match=r"Pulumi\.dev\.yaml"):
        read(tmp_path, "config:\n  a: " + "[" * levels + "]" * levels)


def test_bytes_that_are_not_text(tmp_path):
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_bytes(b"config:\n  a: \xff\n")
    with pytest.raises(UserError, match="cannot be read as YAML"):
        stack_strings(path, "proj", {})
