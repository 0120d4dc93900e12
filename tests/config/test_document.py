"""Broken and hostile YAML: a sentence with a line, never a traceback, and the same values as Pulumi's own reader."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stacks.document import MAX_BYTES, Document, parse
from stacks.faults import ConfigFaults
from tests.config.conftest import Sandbox


def only(document: Document) -> tuple[int, str]:
    assert len(document.findings) == 1
    finding = document.findings[0]
    return finding.line, finding.told.problem


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "the file is empty"),
        ("# only a comment\n", 1, "the file is empty"),
        ("- a\n", 1, "the file is not a mapping"),
        ("hello", 1, "the file is not a mapping"),
        ("a: [1, 2\nb: 3\n", 2, "this is not YAML"),
        ("a: 1\nb:\n\t- c\n", 3, "a tab where it may not stand"),
        ("a: b: c", 1, "mapping values are not allowed here"),
        ('a: 1\nb: "unclosed\n', 2, "the end of the file"),
        ("a: {b: 1", 1, "the end of the file"),
        ("a: 1\n b: 2", 2, "this is not YAML"),
        ("a: \x01", 1, "a control character"),
        ("---\na: 1\n---\nb: 2\n", 3, "a second YAML document"),
        ("a: 1\nb: 2\na: 3\n", 3, "the key stands twice, first in line 1"),
        ("a: {b: 1, b: 2}", 1, "the key stands twice"),
        ("[a, b]: c", 1, "a list or a mapping stands where a key must stand"),
        ("a: &anchor 1", 1, "an anchor (&name) stands here"),
        ("a: &x [1]\nb: *x", 1, "an anchor (&name) stands here"),
        ("a: *x", 1, "an alias (*name) stands here"),
        ("<<: *x", 1, "an alias (*name) stands here"),
        ("a: !!python/object/apply:os.system ['echo']", 1, "a tag (!name) stands here"),
        ("a: !!binary aGVsbG8=", 1, "a tag (!name) stands here"),
        ("a: ! 12", 1, "a tag (!name) stands here"),
        ("a: !custom x", 1, "a tag (!name) stands here"),
        ("[" * 5000, 1, "nests deeper than 16 levels"),
        ("a: " + "[" * 30 + "]" * 30, 1, "nests deeper than 16 levels"),
    ],
)
def test_what_is_wrong_and_where(text: str, line: int, problem: str) -> None:
    found_line, found = only(parse(text))
    assert found_line == line
    assert problem in found


def test_a_bomb_of_aliases_is_refused_at_its_first_anchor() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{n}: &{n} [*{m}, *{m}, *{m}]\n" for m, n in zip("abcdefgh", "bcdefghi"))  # noqa: B905
    started = time.perf_counter()
    assert "anchor" in only(parse(bomb))[1]
    assert time.perf_counter() - started < 1


def test_a_file_that_is_too_large_is_not_parsed(sandbox: Sandbox) -> None:
    fault = sandbox.fault(sandbox.write("a: 1\n" * MAX_BYTES))
    assert f"larger than {MAX_BYTES} bytes" in fault.problem


@pytest.mark.parametrize(
    "raw", ["config: caf\u00e9".encode("latin-1"), "config: {}".encode("utf-16"), b"\xff\xfe\x00", b"a: \xc3\x28"]
)
def test_other_encodings(sandbox: Sandbox, raw: bytes) -> None:
    assert "not UTF-8 text" in sandbox.fault(sandbox.write(raw)).problem


def test_a_byte_order_mark_and_windows_line_ends_are_harmless(sandbox: Sandbox) -> None:
    text = sandbox.stack_text()
    sandbox.read(sandbox.write(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()))


def test_a_directory_and_a_missing_file(sandbox: Sandbox) -> None:
    folder = sandbox.root / "Pulumi.folder.yaml"
    folder.mkdir()
    assert "cannot be read" in sandbox.fault(folder).problem
    assert "cannot be read" in sandbox.fault(sandbox.root / "Pulumi.none.yaml").problem


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("True", True),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("1_000", 1000),
        ("0x1F", 31),
        ("0o17", 15),
        ("0777", 511),
        ("0b101", 5),
        ("1e5", 100_000),
        ("1.5", 1.5),
        ("1.0", 1),
        ("012345678901", 12_345_678_901),
        ("2026-01-01", "2026-01-01"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("1:30", "1:30"),
        (".inf", math.inf),
        ("9" * 500, math.inf),
    ],
)
def test_scalars_are_read_as_pulumi_reads_them(text: str, value: object) -> None:
    document = parse(f"key: {text}\n")
    assert document.values == {"key": value}
    assert type((document.values or {})["key"]) is type(value)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_values_or_a_finding(text: str) -> None:
    document = parse(text)
    assert (document.values is None) <= bool(document.findings)


@settings(deadline=None)
@given(st.text(alphabet="abc:{}[],-&*!|>'\"%@`#?\n\t 012.~<\u00e9\x00\u2028", max_size=40))
def test_any_text_of_yaml_marks_is_values_or_a_finding(text: str) -> None:
    document = parse(text)
    assert (document.values is None) <= bool(document.findings)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_end_in_faults(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "Pulumi.any.yaml"
    path.write_bytes(raw)
    with pytest.raises(ConfigFaults):
        Sandbox(path.parent).read(path)
