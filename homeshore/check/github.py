"""Reports as commands of GitHub's workflows, which show them beside the lines that they are about.

GitHub shows ten errors, ten warnings and ten notices of a step and drops the rest without a word; what is left over is
printed in the log, in a fold of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from findings import Enforcement, Finding, Report
from homeshore.check import naming
from homeshore.check.harmless import clipped, line, printable
from homeshore.check.text import FOLDED_FROM, states, undetermined, violation

SHOWN: Final = 10  # of each level, by step
NAMED: Final = 5
TITLE: Final = 200  # characters; GitHub cuts at 255
MESSAGE: Final = 2000  # characters
LEVELS: Final = {Enforcement.MANDATORY: "error", Enforcement.ADVISORY: "warning"}


def commands(reports: Sequence[Report]) -> Iterator[str]:
    """The commands for all reports, worst first, and one line in the log for each finding beyond the limit."""
    findings = sorted((found for one in reports for found in one.findings), key=lambda found: found.order)
    for level in Enforcement:
        yield from _of_level(level, [found for found in findings if found.enforcement is level])
    notices = [text for one in reports for text in _notices(one)]
    for text in notices[:SHOWN] if len(notices) <= SHOWN else notices[: SHOWN - 1]:
        yield f"::notice title=homeshore check::{_data(text)}"
    if len(notices) > SHOWN:
        yield f"::notice title=homeshore check::{len(notices) - SHOWN + 1} more notices stand in the log"
        yield from _fold("more notices", notices[SHOWN - 1 :])


def _of_level(level: Enforcement, findings: list[Finding]) -> Iterator[str]:
    """One command for each violation: many resources that have the same one share it."""
    alike: dict[object, list[Finding]] = {}
    for found in findings:
        alike.setdefault(violation(found), []).append(found)
    told = [one for group in alike.values() for one in _folded(group)]
    fits = len(told) <= SHOWN
    for found, message in told if fits else told[: SHOWN - 1]:
        yield f"::{LEVELS[level]}{_place(found)}title={_property(_title(found))}::{_data(message)}"
    if not fits:
        rest = told[SHOWN - 1 :]
        word = f"{len(rest)} more {LEVELS[level]}s"
        yield f"::{LEVELS[level]} title=homeshore check::{word} stand in the log"
        yield from _fold(word, [f"{_title(found)}: {message}" for found, message in rest])


def _folded(group: list[Finding]) -> Iterator[tuple[Finding, str]]:
    if len(group) < FOLDED_FROM:
        yield from ((found, _message(found)) for found in group)
    else:
        others = ", ".join(naming.name(found.urn) for found in group[1:NAMED])
        more = f", as in {others} and {len(group) - NAMED} more"
        yield group[0], f"{_message(group[0])}{more}"


def _fold(title: str, texts: Sequence[str]) -> Iterator[str]:
    yield f"::group::{title}"
    yield from (line(clipped(text, MESSAGE)) for text in texts)
    yield "::endgroup::"


def _notices(report: Report) -> Iterator[str]:
    where = f"{report.stack or '(no name)'}{f' in {report.file}' if report.file else ''}"
    for row in report.exempted:
        found = row.finding
        yield (
            f"{where}: {found.rule} {naming.name(found.urn)} is exempted: {row.reason} "
            f"({row.owner}, until {row.expires}{f', {row.ticket}' if row.ticket else ''})"
        )
    for row in report.transfers:
        yield f"{where}: declared transfer: {naming.transfer(row)}"
    if report.not_judged:
        rows = report.not_judged
        named = ", ".join(f"{naming.name(row.urn)} ({row.type})" for row in rows[:NAMED])
        more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
        yield f"{where}: {len(rows)} not judged: {named}{more}"
    if report.undetermined:
        yield f"{where}: {undetermined(report, hint=False)}"
    for gap in report.gaps:
        yield f"{where}: no verdict: {gap}"
    if report.states is not None and not report.findings:
        yield f"{where}: {states(report)}"


def _title(found: Finding) -> str:
    about = naming.title(found.rule)
    return f"{found.rule} {about}".strip()


def _message(found: Finding) -> str:
    source = f" ({found.source})" if found.source else ""
    expected = f" Expected: {found.allowed.rstrip('.')}." if found.allowed else ""
    return f"{naming.name(found.urn)}: {naming.statement(found)}.{expected} {found.remedy}{source}"


def _place(found: Finding) -> str:
    file = found.source_file or found.file or f"Pulumi.{found.stack}.yaml"
    at = f",line={found.source_line}" if found.source_line and found.source_file else ""
    return f" file={_property(file)}{at},"


def _data(text: str) -> str:
    """The message with its own lines, which the runner would take for the end of it."""
    lines = text[:MESSAGE].split("\n")
    return "%0A".join(printable(one).replace("%", "%25") for one in lines)


def _property(text: str) -> str:
    return clipped(text, TITLE).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
