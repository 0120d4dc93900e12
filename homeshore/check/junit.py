"""Reports as JUnit XML: a suite per stack, a case per rule that passed and per violation, so that CI lists each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from findings import Enforcement, Finding, Report
from homeshore.check import naming
from homeshore.check.harmless import clipped, printable

LONGEST: Final = 2000  # characters of one text


def document(reports: Sequence[Report], *, strict: bool = False) -> str:
    """The document. A warning is a case that passes and says so in its output; with `strict` it fails.

    A rule that is not applicable has no case. One that was not evaluated, a resource that was not judged and an
    exempted violation are skipped, with the reason; where no verdict can be, a case has an error.
    """
    root = Element("testsuites", name="homeshore check")
    for report in reports:
        root.append(_suite(report, strict=strict))
    if not reports:
        empty = SubElement(root, "testsuite", name="(no stack)")
        SubElement(SubElement(empty, "testcase", name="verdict", classname="homeshore"), "error").set(
            "message", "nothing was judged: there is no stack in the input"
        )
    for suite in (*root, root):
        _count(suite)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _suite(report: Report, *, strict: bool) -> Element:
    where = f" in {report.file}" if report.file else ""
    suite = Element("testsuite", name=clipped(f"{report.stack or '(no name)'}{where}", LONGEST))
    if report.transfers:
        declared = SubElement(suite, "properties")
        for row in report.transfers:
            SubElement(declared, "property", name="declared transfer", value=clipped(naming.transfer(row), LONGEST))
    for gap in report.gaps:
        SubElement(_case(suite, report, "verdict", "no verdict"), "error", message=clipped(gap, LONGEST))
    for found in report.findings:
        _violation(_found_case(suite, report, found), found, strict=strict)
    for row in report.exempted:
        reason = f"exempted: {row.reason} ({row.owner}, until {row.expires}{f', {row.ticket}' if row.ticket else ''})"
        SubElement(_found_case(suite, report, row.finding), "skipped", message=clipped(reason, LONGEST))
    _states(suite, report)
    kinds = Counter((row.category, row.type, row.reason) for row in report.not_judged)
    for (category, kind, reason), number in kinds.items():
        case = _case(suite, report, category, f"{number} of type {kind}")
        SubElement(case, "skipped", message=clipped(f"not judged: {reason}", LONGEST))
    if not any(found.category == "validity" for found in report.findings) and report.judged:
        _case(suite, report, "validity", "what a provider would refuse")
    return suite


def _states(suite: Element, report: Report) -> None:
    """A case per rule that passed, and per rule that was not evaluated."""
    if report.states is None:
        return
    later = Counter(row.rule for row in report.undetermined)
    for rule, state in report.states.rules.items():
        category = naming.rules()[rule].category if rule in naming.rules() else "rules"
        title = f"{rule} {naming.title(rule)}".strip()
        if state == "pass":
            _case(suite, report, category, title)
        elif state == "not_evaluated":
            reason = report.states.left_out.get(rule) or f"{later[rule]} values are known only after the update"
            SubElement(_case(suite, report, category, title), "skipped", message=clipped(reason, LONGEST))


def _found_case(suite: Element, report: Report, found: Finding) -> Element:
    title = f"{found.rule} {naming.title(found.rule)}".strip()
    at = f" at {found.path}" if found.path else ""
    case = _case(suite, report, found.category, f"{title}: {naming.name(found.urn)}{at}")
    file = found.source_file or found.file
    if file:
        case.set("file", clipped(file, LONGEST))
        case.set("line", str(found.source_line if found.source_file and found.source_line else 1))
    return case


def _violation(case: Element, found: Finding, *, strict: bool) -> None:
    statement = clipped(naming.statement(found), LONGEST)
    rows = (
        ("resource", found.urn),
        ("expected", found.allowed),
        ("fix", found.remedy),
        ("says", found.source),
        ("meets", "; ".join(found.frameworks)),
        ("line", naming.place(found)),
    )
    text = "\n".join([statement, *(f"{name}: {clipped(value, LONGEST)}" for name, value in rows if value)])
    if strict or found.enforcement is Enforcement.MANDATORY:
        SubElement(case, "failure", message=statement, type=f"{found.category}.{found.severity}").text = text
    else:
        SubElement(case, "system-out").text = f"warning: {text}"


def _case(suite: Element, report: Report, category: str, name: str) -> Element:
    stack = printable(report.stack) or "(no name)"
    return SubElement(suite, "testcase", classname=f"{stack}.{category}", name=clipped(name, LONGEST))


def _count(suite: Element) -> None:
    cases = list(suite.iter("testcase"))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("tests", str(len(cases)))
