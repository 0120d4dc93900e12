"""All rules in one place, and what remains of their findings when declared deviations are taken off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import partial

from tests.conformance import permissions, rules, settings, tables
from tests.conformance.paths import at
from tests.conformance.rules import Finding, Rule
from tests.conformance.subjects import Subject
from tests.conformance.tables import Deviation

RULES: Mapping[str, Rule] = {
    **rules.RULES,
    **{name: partial(settings.judge, rule=name) for name in dict.fromkeys(s.rule for s in tables.settings())},
    "grants": permissions.grants,
    "privilege": permissions.privilege,
}


def excused_by(finding: Finding, cloud: str) -> Deviation | None:
    """The declared deviation that the finding belongs to, None where there is none."""
    for deviation in tables.deviations():
        if deviation.cloud == cloud:
            for part in deviation.shown_by.split(";"):
                kind, _, excuse = part.strip().partition(" ")
                if kind == "rule" and excuses(excuse, finding):
                    return deviation
    return None


def excuses(excuse: str, finding: Finding) -> bool:
    """Whether "RULE TYPE [NAMES…] [where PATH=VALUE]" is about the finding."""
    about, _, where = excuse.partition(" where ")
    rule, of_type, *names = about.split()
    if (rule, of_type) != (finding.rule, finding.type):
        return False
    path, _, value = where.partition("=")
    so = not where or (finding.resource is not None and at(finding.resource.inputs, path) == [value])
    return so and (not names or any(fnmatchcase(finding.name, name) for name in names))


def undeclared(subject: Subject, rule: str) -> Iterator[Finding]:
    """What breaks the rule, and is no declared deviation."""
    return (each for each in RULES[rule](subject) if excused_by(each, subject.cloud) is None)
