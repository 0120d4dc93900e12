"""Annotations: beside the line, no more than GitHub shows, and nothing of a foreign file becomes a command."""

from __future__ import annotations

import re

from homeshore.check.github import SHOWN, commands
from tests.check.reports import WARNING, exempted, found, report, strange, unknown


def of(*lines: str, level: str) -> list[str]:
    return [line for line in lines if line.startswith(f"::{level} ")]


def test_file_and_line() -> None:
    (first, *rest) = commands([report(found(source_file="a,b:c.py", source_line=57))])
    title = "SOV-AWS-001 Resource region inside boundary"
    message = 'lake: region lies outside the boundary: "outside-1". Expected: A region of the EU. Stay.'
    assert first == f"::error file=a%2Cb%3Ac.py,line=57,title={title}::{message}"
    assert rest == []
    (first,) = commands([report(found(file="preview.json"))])
    assert first.startswith("::error file=preview.json,title=")
    (first,) = commands([report(found())])
    assert first.startswith("::error file=Pulumi.prod.yaml,title=")


def test_ten_of_each_level_and_the_rest_in_the_log() -> None:
    errors = [found(f"r{at}", message=f"m{at}") for at in range(30)]
    warnings = [found(f"w{at}", **{**WARNING, "message": f"m{at}"}) for at in range(10)]
    lines = list(commands([report(*errors[:15], *warnings), report(*errors[15:])]))
    assert len(of(*lines, level="error")) == SHOWN
    assert of(*lines, level="error")[-1] == "::error title=homeshore check::21 more errors stand in the log"
    assert len(of(*lines, level="warning")) == SHOWN
    fold = lines[lines.index("::group::21 more errors") + 1 : lines.index("::endgroup::")]
    assert len(fold) == 21
    told = "\n".join(lines)
    assert all(f"m{at}" in told for at in range(30))


def test_the_same_on_many_resources_takes_one() -> None:
    lines = list(commands([report(*(found(f"r{at}") for at in range(9)))]))
    assert len(lines) == 1
    assert lines[0].endswith(", as in r1, r2, r3, r4 and 4 more")
    assert len(list(commands([report(*(found(f"r{at}") for at in range(5)))]))) == 5


def test_notices_take_a_line_each() -> None:
    told = report(
        found(),
        exempted=(exempted(found("logs", "ENC-AWS-003")),),
        not_judged=tuple(strange(f"pet{at}") for at in range(7)),
        undetermined=(unknown("a"), unknown("b")),
        gaps=("nobody looked",),
    )
    pet = "random:index/randomPet:RandomPet"
    assert of(*commands([told]), level="notice") == [
        f"::notice title=homeshore check::prod: {text}"
        for text in (
            "ENC-AWS-003 logs is exempted: Known and small (data-platform, until 2027-01-31, DATA-1)",
            f"7 not judged: {', '.join(f'pet{at} ({pet})' for at in range(5))} and 2 more",
            "2 values are known only after the update: IAM-AWS-001 (2).",
            "no verdict: nobody looked",
        )
    ]
    assert len(of(*commands([told] * 12), level="notice")) == SHOWN


def test_a_clean_stack_says_what_was_looked_at() -> None:
    (told,) = commands([report()])
    assert told.endswith(
        "::prod: 3 rules: 1 pass, 0 fail, 0 not applicable, 2 not evaluated (SOV-GCP-012: elsewhere; "
        "1 known only after the update)."
    )


def test_nothing_of_a_foreign_file_is_a_command() -> None:
    evil = "x\n::set-env name=A::b\r\n::error::\x1b[31m%0A::stop-commands::t"
    rows = [
        found(f"{at}{evil}", message=evil, found=evil, path=evil, source_file=evil, source_line=1) for at in range(12)
    ]
    rows += [found(f"::set-env name=A::{at}", rule="ENC-AWS-001", message=str(at)) for at in range(12)]
    lines = "\n".join(commands([report(*rows, not_judged=(strange(evil),))])).splitlines()
    known = re.compile(r"::(error|warning|notice)( file=[^,]*(,line=\d+)?,| )title=[^:]*::|::(end)?group::")
    assert [line for line in lines if line.lstrip().startswith("::") and not known.match(line)] == []
    assert "\x1b" not in "\n".join(lines)
