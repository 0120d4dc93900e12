"""The text: worst first, folded where many are alike, four states, no colour and no torn word."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from findings import States
from homeshore.check.text import render, render_all
from tests.check.reports import WARNING, exempted, found, preview, report, state, strange, unknown

ROOT = Path(__file__).resolve().parents[2]

WHOLE = """\
Stack prod

  lake  aws:s3/bucket:Bucket
    critical  SOV-AWS-001  Resource region inside boundary
      region lies outside the boundary: "outside-1"
      expected  A region of the EU.
      fix       Stay.
      meets     GDPR 44-46; SOC 2 C1.1
      line      components/aws/bucket.py:57
    warning  VAL-DOCS-006  two keys that exclude each other
      region: two keys that exclude each other: "outside-1"
      expected  A region of the EU.
      fix       Stay.
      meets     GDPR 44-46; SOC 2 C1.1

  Exempted:
    ENC-AWS-003 logs: Known and small (data-platform, until 2027-01-31, DATA-1)

  Not judged:
    validity: pet (random:index/randomPet:RandomPet): no SDK

  3 values are known only after the update: IAM-AWS-001 (2), ENC-AWS-002 (1);
    --verbose lists them.
  3 rules: 1 pass, 0 fail, 0 not applicable, 2 not evaluated (SOV-GCP-012:
    elsewhere; 1 known only after the update).
  8 of 8 resources judged: 1 error, 1 warning, 1 exempted, 1 not judged.
  No verdict: nobody looked."""


def whole():
    return report(
        found(**WARNING),
        found(source_file="components/aws/bucket.py", source_line=57),
        exempted=(exempted(found("logs", "ENC-AWS-003")),),
        not_judged=(strange("pet"),),
        undetermined=(unknown("a"), unknown("b"), unknown("a", "ENC-AWS-002")),
        gaps=("nobody looked",),
    )


def test_the_whole_page() -> None:
    assert render(whole()) == WHOLE


def test_verbose_leaves_nothing_out() -> None:
    lines = render(whole(), verbose=True, width=120).splitlines()
    assert "  3 values are known only after the update: IAM-AWS-001 (2), ENC-AWS-002 (1)." in lines
    assert sum(line.endswith("its value is known only after the update") for line in lines) == 3


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_too_long_and_no_word_is_torn(width: int, tmp_path: Path) -> None:
    words = " ".join(f"word{at}" for at in range(60))
    text = render(report(found(message=words, allowed=words, remedy=words, frameworks=(words,) * 3)), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert set(re.findall(r"word\d+", text)) <= set(words.split())
    assert text.count("word59") >= 3


@pytest.mark.parametrize(("number", "shown"), [(5, 5), (6, 1)])
def test_the_same_on_many_resources_is_told_once(number: int, shown: int) -> None:
    rows = [found(f"r{at}") for at in range(number)] + [found(f"r{at}", **WARNING) for at in range(number)]
    text = render(report(*rows, found("other", "SOV-AWS-002")))
    assert text.count("SOV-AWS-001") == shown
    assert text.count("VAL-DOCS-006") == shown
    assert ("6 resources: r0, r1, r2, r3, r4 and 1 more; --verbose lists them" in text) is (shown == 1)
    assert render(report(*rows), verbose=True).count("SOV-AWS-001") == number


def test_left_out_rules_are_told_by_reason() -> None:
    many = {f"SOV-X-{at:03}": "nobody named a boundary" for at in range(7)} | {"A": "off", "B": "off"}
    text = render(report(states=States(1, 2, 3, 9, many)), width=300)
    assert "15 rules: 1 pass, 2 fail, 3 not applicable, 9 not evaluated (SOV-X-000 and 6 more: nobody named a" in text
    assert "boundary; A, B: off)." in text


def test_clean_stacks_take_a_line_each() -> None:
    text = render_all([report(undetermined=(unknown("a"),)), report(found()), report()])
    lines = text.splitlines()
    assert lines[0] == "Stack prod"  # what there is to say comes first
    head = lines.index("Clean  resources  pass  not applicable  not evaluated  unknown yet")
    assert lines[head + 1].split() == ["prod", "8", "1", "0", "2", "1"]
    assert lines[head + 2].split() == ["prod", "8", "1", "0", "2", "0"]
    assert text.count("Not evaluated: SOV-GCP-012: elsewhere.") == 1
    assert lines[-1] == "3 stacks: 2 pass, 1 fail."
    assert (
        render_all([report(gaps=("x",)), report()]).splitlines()[-1] == "2 stacks: 1 pass, 0 fail, 1 without a verdict."
    )


def test_names_of_foreign_files_command_nothing() -> None:
    evil = "::set-output name=a::\x1b[2J\x9b31m\u202e##[error]x\n::add-mask::y"
    text = render(report(found(evil, message=evil, found=evil, allowed=evil, remedy=evil, path=evil), not_judged=()))
    for painted in (text, click.unstyle(render(report(found(evil)), click.style))):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", painted)
        assert "##[" not in painted
        assert not [line for line in painted.splitlines() if line.lstrip().startswith("::")]
    assert r"\x3a:set-output" in text
    assert r"\x1b[2J\x9b31m\u202e" in text


def test_a_huge_text_is_cut() -> None:
    text = render(report(found("n" * 100_000, message="m" * 100_000, found="f" * 100_000)))
    assert len(text) < 5_000


def test_there_is_no_colour_where_there_is_no_terminal(tmp_path: Path) -> None:
    path = preview(tmp_path, state("aws:s3/bucket:Bucket", "lake"))
    command = [str(Path(sys.executable).parent / "homeshore")]
    done = subprocess.run([*command, "check", "--input", path], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "PUB-AWS-001" in done.stdout
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80 or path in done.stdout


def test_a_finding_about_no_resource_has_a_name() -> None:
    text = render(report(found(urn="", path=""), found(urn="pipeline-lake", rule="EXM-X-001")))
    assert "  (the stack)\n" in text
    assert "  pipeline-lake\n" in text
