"""Reports as SARIF 2.1.0, for viewers of static analysis: one run over all stacks."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final
from urllib.parse import quote

from findings import Enforcement, Exempted, Finding, Report, Severity
from homeshore.check import naming
from homeshore.check.harmless import clipped, printable
from homeshore.check.text import left_out, undetermined
from homeshore.foreign import STDIN

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT: Final = "%SRCROOT%"
LEVELS: Final = {Enforcement.MANDATORY: "error", Enforcement.ADVISORY: "warning"}
SCORES: Final = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
"""`security-severity`, as GitHub sorts: over 9 critical, over 7 high, from 4 medium."""
SECURITY: Final = frozenset({"sovereignty", "encryption", "network", "identity", "retention"})
MESSAGE: Final = 4000  # characters

Json = dict[str, object]


def document(reports: Sequence[Report]) -> Json:
    """The log. Its results have stable fingerprints: of the rule, the resource and the path, not of lines."""
    told = list(_told(reports))
    order = {rule: at for at, rule in enumerate(dict.fromkeys((*naming.rules(), *(one.rule for one, _ in told))))}
    seen: Counter[str] = Counter()
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "homeshore check",
                        "version": version("homeshore"),
                        "rules": [_rule(rule, told) for rule in order],
                    }
                },
                "automationDetails": {"id": "homeshore-check/"},
                "originalUriBaseIds": {ROOT: {"description": {"text": "The directory of the Pulumi project."}}},
                "columnKind": "unicodeCodePoints",
                "invocations": [_invocation(reports)],
                "results": [_result(found, exempted, order, seen) for found, exempted in told],
            }
        ],
    }


def _told(reports: Sequence[Report]) -> Iterator[tuple[Finding, Exempted | None]]:
    for report in reports:
        yield from ((found, None) for found in report.findings)
        yield from ((row.finding, row) for row in report.exempted)


def _rule(identity: str, told: Sequence[tuple[Finding, Exempted | None]]) -> Json:
    known = naming.rules().get(identity)
    if known is None:  # a rule that nobody lists has only what its findings say
        found = next(one for one, _ in told if one.rule == identity)
        return {"id": printable(identity), "defaultConfiguration": {"level": LEVELS[found.enforcement]}}
    parts = (
        ("Why", known.why),
        ("What passes", known.expected),
        ("What fails", f"Anything else: {known.title[:1].lower()}{known.title[1:]}." if known.why else ""),
        ("How to fix it", known.remedy),
        ("Frameworks", "; ".join(known.frameworks)),
    )
    listed = [(head, text) for head, text in parts if text]
    properties: Json = {"category": known.category, "tags": _tags(known), "precision": "very-high"}
    if known.category in SECURITY:
        properties["security-severity"] = SCORES[known.severity]
    else:
        properties["problem.severity"] = "error" if known.enforcement is Enforcement.MANDATORY else "warning"
    return {
        "id": known.id,
        "name": known.title,
        "shortDescription": {"text": known.title},
        "fullDescription": {"text": known.why or known.title},
        "help": {
            "text": "\n".join(f"{head}: {text}" for head, text in listed),
            "markdown": "\n\n".join(f"**{head}.** {_escaped(text)}" for head, text in listed),
        },
        "defaultConfiguration": {"level": LEVELS[known.enforcement]},
        "properties": properties,
    }


def _tags(rule: naming.Rule) -> list[str]:
    security = ["security"] if rule.category in SECURITY else []
    return list(dict.fromkeys((*security, rule.category, *rule.frameworks)))


def _result(found: Finding, exempted: Exempted | None, order: dict[str, int], seen: Counter[str]) -> Json:
    result: Json = {
        "ruleId": printable(found.rule),
        "ruleIndex": order[found.rule],
        "level": LEVELS[found.enforcement],
        "message": {"text": _message(found)},
        "locations": [_location(found)],
        "partialFingerprints": _fingerprints(found, seen),
        "properties": {"stack": printable(found.stack), "category": found.category, "severity": found.severity},
    }
    if exempted is not None:
        until = f"{exempted.owner}, until {exempted.expires}{f', {exempted.ticket}' if exempted.ticket else ''}"
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": printable(f"{exempted.reason} ({until})")}
        ]
    return result


def _message(found: Finding) -> str:
    source = f" ({found.source})" if found.source else ""
    expected = f" Expected: {found.allowed.rstrip('.')}." if found.allowed else ""
    text = f"{naming.name(found.urn)}: {naming.statement(found)}.{expected} {found.remedy}{source}"
    return clipped(text, MESSAGE).replace("](", "] (")  # a viewer makes a link of it


def _fingerprints(found: Finding, seen: Counter[str]) -> Json:
    """The second finding of the same rule at the same place gets a number, as GitHub's own tools do."""
    text = "\0".join((found.rule, found.urn, found.path, found.file or ""))
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    seen[digest] += 1
    value = f"{digest}:{seen[digest]}"
    # GitHub looks at this name alone; without it, it takes the text of the line, which moves.
    return {"homeshore/v1": value, "primaryLocationLineHash": value}


def _location(found: Finding) -> Json:
    location: Json = {
        "logicalLocations": [
            {
                "name": clipped(naming.name(found.urn), MESSAGE),
                "fullyQualifiedName": clipped(f"{found.urn or found.stack}", MESSAGE),
                "kind": "resource",
            }
        ]
    }
    file = found.source_file or found.file or f"Pulumi.{found.stack}.yaml"
    if file != STDIN:
        line = found.source_line if found.source_file and found.source_line else 1
        location["physicalLocation"] = {"artifactLocation": _artifact(file), "region": {"startLine": line}}
    return location


def _artifact(file: str) -> Json:
    """A file below the project, or by its whole address where it lies elsewhere."""
    path = Path(file)
    if path.is_absolute():
        here = Path.cwd()
        if not path.is_relative_to(here):
            return {"uri": path.as_uri()}
        path = path.relative_to(here)
    return {"uri": quote(path.as_posix().encode("utf-8", "surrogatepass")), "uriBaseId": ROOT}


def _invocation(reports: Sequence[Report]) -> Json:
    """What is no result: what is known only later, what nobody could judge, and why there is no verdict."""
    notes = [note for report in reports for note in _notes(report)]
    if not reports:
        notes.append(("error", "nothing was judged: there is no stack in the input"))
    return {
        "executionSuccessful": not any(level == "error" for level, _ in notes),
        "toolExecutionNotifications": [
            {"level": level, "message": {"text": clipped(text, MESSAGE)}} for level, text in notes
        ],
    }


def _notes(report: Report) -> Iterator[tuple[str, str]]:
    where = f"{report.stack or '(no name)'}{f' in {report.file}' if report.file else ''}"
    for gap in report.gaps:
        yield "error", f"{where}: no verdict: {gap}"
    for row in report.transfers:
        yield "note", f"{where}: declared transfer: {naming.transfer(row)}"
    if report.undetermined:
        yield "note", f"{where}: {undetermined(report, hint=False)}"
    kinds = Counter((row.category, row.type, row.reason) for row in report.not_judged)
    for (category, kind, reason), number in kinds.items():
        yield "warning", f"{where}: {category}: {number} of type {kind} not judged: {reason}"
    for reason, rules in left_out(report).items():
        yield "note", f"{where}: not evaluated: {', '.join(rules)}: {reason}"


def _escaped(text: str) -> str:
    """The catalogue's plain text in Markdown: `*` and `_` are meant, code in back quotes is kept."""
    quoted = text.split("`")
    return "`".join(
        part if at % 2 else part.replace("*", "\\*").replace("_", "\\_").replace("<", "&lt;")
        for at, part in enumerate(quoted)
    )
