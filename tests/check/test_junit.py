"""JUnit: a suite per stack; passed, failed, skipped with a reason; XML that every reader takes."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

import pytest

from findings import Report
from homeshore.check.junit import document
from tests.check.reports import WARNING, exempted, found, report, strange, unknown

EVIL = "]]>&<\"'\x00\x1b\x08\ufffe\ud800\u202e\n--"


def parsed(*reports: Report, strict: bool = False) -> Xml.Element:
    text = document(reports, strict=strict)
    text.encode("utf-8")
    return Xml.fromstring(text)


def outcome(case: Xml.Element) -> str:
    return next((child.tag for child in case if child.tag != "system-out"), "passed")


def test_every_outcome() -> None:
    told = report(
        found(source_file="a.py", source_line=5),
        found(**WARNING),
        exempted=(exempted(found("logs", "ENC-AWS-003")),),
        not_judged=(strange("pet"), strange("dog")),
        undetermined=(unknown("a"), unknown("b")),
        gaps=("nobody looked",),
    )
    (suite,) = parsed(told)
    cases = {(str(case.get("classname")), str(case.get("name")).split(" ")[0]): outcome(case) for case in suite}
    assert cases == {
        ("prod.verdict", "no"): "error",
        ("prod.sovereignty", "SOV-AWS-001"): "failure",
        ("prod.validity", "VAL-DOCS-006"): "passed",
        ("prod.sovereignty", "ENC-AWS-003"): "skipped",
        ("prod.encryption", "ENC-AWS-001"): "passed",
        ("prod.sovereignty", "SOV-GCP-012"): "skipped",
        ("prod.identity", "IAM-AWS-001"): "skipped",
        ("prod.validity", "2"): "skipped",
    }
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "8",
        "failures": "1",
        "errors": "1",
        "skipped": "4",
    }


def test_reasons_and_places() -> None:
    told = report(
        found(source_file="a.py", source_line=5),
        exempted=(exempted(found("logs", "ENC-AWS-003")),),
        undetermined=(unknown("a"), unknown("b")),
    )
    (suite,) = parsed(told)
    by_rule = {str(case.get("name")).split(" ")[0]: case for case in suite}
    failed = by_rule["SOV-AWS-001"]
    assert (failed.get("file"), failed.get("line")) == ("a.py", "5")
    assert failed.get("name") == "SOV-AWS-001 Resource region inside boundary: lake at region"
    (failure,) = failed
    assert failure.get("message") == 'region lies outside the boundary: "outside-1"'
    assert "fix: Stay." in str(failure.text)
    assert by_rule["ENC-AWS-003"][0].get("message") == (
        "exempted: Known and small (data-platform, until 2027-01-31, DATA-1)"
    )
    assert by_rule["SOV-GCP-012"][0].get("message") == "elsewhere"
    assert by_rule["IAM-AWS-001"][0].get("message") == "2 values are known only after the update"


def test_a_warning_fails_only_when_it_is_strict() -> None:
    assert parsed(report(found(**WARNING))).get("failures") == "0"
    assert "warning: region" in str(parsed(report(found(**WARNING))).findtext(".//system-out"))
    assert parsed(report(found(**WARNING)), strict=True).get("failures") == "1"


def test_a_suite_for_each_stack_and_one_for_none() -> None:
    assert [suite.get("name") for suite in parsed(report(), report(found()))] == ["prod", "prod"]
    assert parsed().get("errors") == "1"


@pytest.mark.parametrize("field", ["urn", "message", "found", "path", "remedy", "rule", "source_file", "file"])
def test_any_text_is_well_formed(field: str) -> None:
    root = parsed(report(found(**{field: EVIL})))
    text = Xml.tostring(root, encoding="unicode")
    assert not set(text) & set("\x00\x1b\x08\ufffe\ud800\u202e")
