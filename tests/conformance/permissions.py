"""What the grants must be: the reviewed ones of grants.csv, each on one resource, none broad without a reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tests.conformance import tables
from tests.conformance.grants import READERS, Grant, granted
from tests.conformance.rules import Finding
from tests.conformance.subjects import Subject

BROAD_ROLE = re.compile(r"owner|contributor|editor|admin|roles/viewer", re.IGNORECASE)
SCOPED = re.compile(r"[^*?]+(?:/\*|:\*|-\?{6})(?: of <[^>]+>)?")
"""A wildcard for what lies below a named thing: a bucket's objects, a group's streams, a secret's six characters."""
GIVES = {"accesses", "assumeRolePolicy", "bindings", "member", "members", "policyData", "principalId", "policyArn"}
"""Properties by which a registration gives a permission."""
WHOLE = re.compile(r"arn:[^ ]*:log-group:\*")


@dataclass(frozen=True)
class Expected:
    """One row of grants.csv. `when` are words that must all hold, `wide` why it may be broad, "" where it is not."""

    cloud: str
    who: str
    may: str
    on: str
    only: str
    when: str
    why: str
    wide: str

    def applies(self, subject: Subject, *, standby: bool) -> bool:
        """Whether the stack gives this permission in that region."""
        if subject.is_baseline != ("baseline" in self.when):
            return False
        return all(_holds(word, subject, standby=standby) for word in self.when.split())

    def grant(self, *, standby: bool) -> Grant:
        """The permission, as it would be read from the registrations."""
        return Grant(standby, self.who, self.may, self.on, self.only)


def _holds(word: str, subject: Subject, *, standby: bool) -> bool:
    if word.startswith("has:"):
        kind = word.removeprefix("has:")
        return any(r.type == kind and subject.standing_by(r) == standby for r in subject.managed)
    return {
        "always": True,
        "baseline": subject.is_baseline,
        "primary": not standby,
        "standby": standby,
        "pair": "standby" in subject.config,
        "private": subject.private,
        "public": not subject.private,
        "budget": "budget" in subject.config,
    }[word]


@cache
def expected_rows() -> tuple[Expected, ...]:
    """All rows of grants.csv."""
    return tuple(Expected(**row) for row in tables.rows(tables.DATA / "grants.csv"))


def expected(subject: Subject) -> Counter[Grant]:
    """The permissions that the stack is to give."""
    sides = (False, True) if "standby" in subject.config else (False,)
    return Counter(
        row.grant(standby=side)
        for row in expected_rows()
        for side in sides
        if row.cloud == subject.cloud and row.applies(subject, standby=side)
    )


def grants(subject: Subject) -> Iterator[Finding]:
    """Each permission of the table is given, and no other."""
    given, wanted = Counter(grant for grant, _ in granted(subject)), expected(subject)
    for resource in subject.managed:
        if resource.type not in READERS and GIVES & resource.inputs.keys():
            yield Finding("grants", resource.type, resource.name, "gives a permission that nobody reads")
    for grant in (wanted - given).elements():
        yield Finding("grants", "", grant.who, f"is not given, or is given otherwise: {told(grant)}")
    for grant in (given - wanted).elements():
        yield Finding("grants", "", grant.who, f"is given, and is no row of grants.csv: {told(grant)}")


def told(grant: Grant) -> str:
    """The permission in one line."""
    condition = f" if {grant.only}" if grant.only else ""
    return f"{'standby: ' if grant.standby else ''}{grant.who} may {grant.may} on {grant.on}{condition}"


def privilege(subject: Subject) -> Iterator[Finding]:
    """No broad role, no wildcard, nothing on a whole project, group or subscription, unless a row says why."""
    reasons = {row.grant(standby=side) for row in expected_rows() if row.wide for side in (False, True)}
    for grant, resource in granted(subject):
        if is_wide(subject.cloud, grant) and grant not in reasons:
            yield Finding("privilege", resource.type, resource.name, f"is broad: {told(grant)}")


def is_wide(cloud: str, grant: Grant) -> bool:
    """Whether the permission is broader than one thing done with one resource."""
    if grant.may.startswith("refused: "):
        return False
    if cloud == "aws":
        actions, resources = grant.may.split(), re.sub(r" of <[^>]+>$", "", grant.on).split()
        open_resource = any("*" in each and (not SCOPED.fullmatch(each) or WHOLE.fullmatch(each)) for each in resources)
        return any("*" in action for action in actions) or open_resource or ("AWS *" in grant.who and not grant.only)
    if cloud == "azure":
        return bool(BROAD_ROLE.search(grant.may)) or "*" in grant.may or not grant.on
    return bool(BROAD_ROLE.search(grant.may)) or grant.on == "{account}" or "all" in grant.who.split(":")[0].casefold()
