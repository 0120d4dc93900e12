"""SARIF: as the standard's own schema has it; stable fingerprints, places, suppressions, and what was not judged."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from findings import Report
from homeshore import cli
from homeshore.check import naming, sarif
from tests.check.reports import WARNING, exempted, found, preview, report, state, strange, unknown

SCHEMA = Path(__file__).parent / "data" / "sarif-schema-2.1.0.json"
DIGEST = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
EVIL = "::error::\x1b[31m\ud800[click](http://evil) \u202e{0} ]]>&<\x00"


def valid(document: object) -> dict[str, Any]:
    """The run, after the document was held to the schema."""
    shape = json.loads(json.dumps(document))
    schema = json.loads(SCHEMA.read_text())
    validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(shape)] == []
    (run,) = shape["runs"]
    return run


def test_the_schema_is_the_standards_own_and_refuses_what_it_should() -> None:
    assert hashlib.sha256(SCHEMA.read_bytes()).hexdigest() == DIGEST
    broken = sarif.document([report(found())])
    broken["runs"][0]["results"][0]["level"] = "catastrophe"  # pyright: ignore[reportIndexIssue]
    with pytest.raises(AssertionError, match="catastrophe"):
        valid(broken)


def whole() -> Report:
    return report(
        found(source_file="components/aws/a b.py", source_line=57),
        found(**WARNING, file="/elsewhere/preview.json"),
        found(EVIL, message=EVIL, found=EVIL, remedy=EVIL, path=EVIL, file=EVIL),
        found("x", "MADE-UP-001", file="-"),
        exempted=(exempted(found("logs", "ENC-AWS-003")),),
        not_judged=(strange("pet"), strange("dog")),
        undetermined=(unknown("a"),),
    )


def test_every_shape_of_report_is_valid() -> None:
    for reports in ([whole()], [whole(), report()], [report(gaps=("nothing was judged",))], []):
        valid(sarif.document(reports))


def test_results_and_rules_belong_together() -> None:
    run = valid(sarif.document([whole()]))
    rules = run["tool"]["driver"]["rules"]
    assert {rule["id"] for rule in rules} == {*naming.rules(), "MADE-UP-001"}
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    (rule,) = [rule for rule in rules if rule["id"] == "SOV-AWS-001"]
    assert rule["properties"]["security-severity"] == "9.5"
    assert {"security", "sovereignty"} <= set(rule["properties"]["tags"])
    for head in ("**Why.**", "**What passes.**", "**What fails.**", "**How to fix it.**", "**Frameworks.**"):
        assert head in rule["help"]["markdown"]
    assert all("security-severity" not in rule["properties"] for rule in rules if rule["id"].startswith(("TAG", "VAL")))


def test_a_result_says_where() -> None:
    results = valid(sarif.document([whole()]))["results"]
    at = {result["ruleId"]: result["locations"][0] for result in results}
    assert at["VAL-DOCS-006"]["physicalLocation"]["artifactLocation"] == {"uri": "file:///elsewhere/preview.json"}
    assert "physicalLocation" not in at["MADE-UP-001"]
    (line,) = [row for row in results if "a%20b" in json.dumps(row)]
    place = line["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "components/aws/a%20b.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 57},
    }
    assert line["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == found().urn
    assert line["level"] == "error"
    assert [row["level"] for row in results if row["ruleId"] == "VAL-DOCS-006"] == ["warning"]


def test_fingerprints_hold_while_lines_and_words_move() -> None:
    def prints(*rows: Any) -> list[str]:
        return [row["partialFingerprints"]["homeshore/v1"] for row in valid(sarif.document([report(*rows)]))["results"]]

    first = prints(found(source_file="a.py", source_line=1))
    assert first == prints(found(source_file="a.py", source_line=99, message="other words", found="9"))
    others = [found("other"), found(rule="SOV-AWS-002"), found(path="tags"), found(file="b.json")]
    assert len({*first, *prints(*others)}) == 5
    twice = prints(found(message="a"), found(message="b"))
    assert len(set(twice)) == 2
    assert first[0] in twice


def test_exempted_findings_are_suppressed_and_others_are_not() -> None:
    results = valid(sarif.document([whole()]))["results"]
    assert [row["ruleId"] for row in results if "suppressions" in row] == ["ENC-AWS-003"]
    (row,) = [row for row in results if "suppressions" in row]
    assert row["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "Known and small (data-platform, until 2027-01-31, DATA-1)",
        }
    ]


def test_what_was_not_judged_is_told_and_a_gap_is_no_success() -> None:
    (invocation,) = valid(sarif.document([whole()]))["invocations"]
    told = [(row["level"], row["message"]["text"]) for row in invocation["toolExecutionNotifications"]]
    assert invocation["executionSuccessful"] is True
    assert told == [
        ("note", "prod: 1 value is known only after the update: IAM-AWS-001 (1)."),
        ("warning", "prod: validity: 2 of type random:index/randomPet:RandomPet not judged: no SDK"),
        ("note", "prod: not evaluated: SOV-GCP-012: elsewhere"),
    ]
    for reports in ([report(gaps=("nothing was judged",))], []):
        (invocation,) = valid(sarif.document(reports))["invocations"]
        assert invocation["executionSuccessful"] is False
        assert "nothing was judged" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_foreign_text_is_neither_link_nor_control() -> None:
    run = valid(sarif.document([whole()]))
    text = json.dumps(run["results"], ensure_ascii=False)
    assert not [row for row in run["results"] if "](" in row["message"]["text"]]
    assert "[click] (http://evil)" in text
    assert not set(text) & {"\x1b", "\ud800", "\u202e"}


def test_the_command_prints_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = preview(tmp_path, state("aws:s3/bucket:Bucket", "lake", sourcePosition="project:///a.py#7"))
    assert cli.run(["check", "--input", path, "--boundary", "eu", "--format", "sarif"]) == 1
    run = valid(json.loads(capsys.readouterr().out))
    lines = {row["locations"][0]["physicalLocation"]["region"]["startLine"] for row in run["results"]}
    assert lines == {7}
