"""What a terminal, a log of GitHub's or a reader of JSON and XML would obey is written out."""

from __future__ import annotations

import json

import pytest

from homeshore.check.harmless import clipped, json_text, line, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 漢 🙂", "plain é 漢 🙂"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\tb\nc\rd", "a\\tb\\nc\\rd"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
        ("\u202e\u2028\u2066\ufeff", "\\u202e\\u2028\\u2066\\ufeff"),
        ("\ud800x", "\\ud800x"),
        ("\ufffe\uffff", "\\ufffe\\uffff"),
        ("\U000e0041", "\\ue0041"),
    ],
)
def test_control_characters_are_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  ::error::x", "  \\x3a:error::x"),
        ("::x", "\\x3a:x"),
        ("a::b", "a::b"),
        ("a ##[error]b", "a #\\x23[error]b"),
        ("## [x", "## [x"),
    ],
)
def test_no_line_is_a_command(text: str, shown: str) -> None:
    assert line(text) == shown


def test_a_text_is_cut_after_it_was_made_printable() -> None:
    assert clipped("abc", 3) == "abc"
    assert clipped("abcd", 3) == "ab…"
    assert clipped("\x1b" * 10, 5) == "\\x1b…"


def test_json_stays_the_same_document() -> None:
    value = {"a\x1b": ["\x9b\u202e\ud800", "\U000e0041🙂é", "\x7f"]}
    text = json_text(json.dumps(value, ensure_ascii=False))
    assert json.loads(text) == value
    text.encode("utf-8")
    assert not set(text) & set("\x7f\x9b\u202e\ud800\U000e0041")
    assert "🙂é" in text
