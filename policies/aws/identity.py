"""What AWS identities may do, and who may become them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from policies.aws.documents import Document, Statement, documents, matches
from policies.rules import Case, Said, rule

ACTIONS: Final = Path(__file__).parents[1] / "data" / "aws_actions.csv"
WHOLE_SERVICE: Final = re.compile(r"[*?]+|[^:]*:[*?]*\*[*?]*")
EVERYTHING: Final = re.compile(r"[*?:]+|arn:[^:]*:[*?]+(:[*?]*)*|arn:[*?]+")
# The reference names a resource for these, yet it is optional (a data set of metrics), or is not there beforehand (an
# interface that Lambda makes): AWS's own managed policies grant them on every resource.
GRANTED_ON_ALL: Final = frozenset(
    {
        *(
            "cloudwatch:putmetricdata",
            "cloudwatch:listmetrics",
            "cloudwatch:getmetricdata",
            "cloudwatch:describealarms",
        ),
        *("ec2:createnetworkinterface", "ec2:deletenetworkinterface", "ce:getcostandusage", "polly:synthesizespeech"),
        *("ec2:assignprivateipaddresses", "ec2:unassignprivateipaddresses", "translate:translatetext"),
        *("application-autoscaling:registerscalabletarget", "rds:describedbinstances", "rds:describedbclusters"),
    }
)
ADMINISTRATION: Final = frozenset({"administratoraccess", "iamfullaccess", "poweruseraccess"})
ROLE: Final = "aws:iam/role:Role"
WITH_POLICY: Final = (
    *("aws:iam/policy:Policy", "aws:iam/rolePolicy:RolePolicy"),
    *("aws:iam/userPolicy:UserPolicy", "aws:iam/groupPolicy:GroupPolicy"),
)
ATTACHMENTS: Final = (
    *("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:iam/userPolicyAttachment:UserPolicyAttachment"),
    *("aws:iam/groupPolicyAttachment:GroupPolicyAttachment", "aws:iam/policyAttachment:PolicyAttachment"),
)


class Actions(NamedTuple):
    """A service's actions, in small letters: those that name no resource, and listing ones that do."""

    without_resource: frozenset[str]
    listing_with_resource: frozenset[str]


@cache
def actions() -> dict[str, Actions]:
    """The service authorization reference, as far as it concerns "Resource": "*"."""
    with ACTIONS.open(encoding="utf-8", newline="") as file:
        return {
            row["service"]: Actions(
                frozenset(row["without_resource"].split()), frozenset(row["listing_with_resource"].split())
            )
            for row in csv.DictReader(file)
        }


@cache
def needs_every_resource(action: str) -> bool:
    """Whether an action (or pattern: Describe… and List… only) can be granted on no narrower resource than all."""
    if action.lower() in GRANTED_ON_ALL:
        return True
    service, _, name = action.lower().partition(":")
    known = actions().get(service)
    if known is None:
        return False
    if "*" not in name and "?" not in name:
        return name in known.without_resource
    if not name.startswith(("describe", "list")):
        return False
    free = sum(matches(name, one) for one in known.without_resource)
    return free > sum(matches(name, one) for one in known.listing_with_resource)


@rule("IAM-AWS-001", *WITH_POLICY)
def policy_names_actions_and_resources(case: Case) -> Iterator[Said]:
    """A policy of its own."""
    yield from _named(case, "policy")


@rule("IAM-AWS-001", ROLE)
def inline_policy_names_actions_and_resources(case: Case) -> Iterator[Said]:
    """A policy inside a role."""
    yield from _named(case, "inlinePolicies[].policy")


def _named(case: Case, path: str) -> Iterator[Said]:
    for found in documents(case, path):
        if found.unknown:
            yield case.unsure(found.at, "some of the policy is known only after the update")
        for statement in found.statements:
            if statement.allows:
                yield from _too_wide(case, found, statement)


def _too_wide(case: Case, found: Document, statement: Statement) -> Iterator[Said]:
    where = f"{found.at.path} ({statement.label})"
    if statement.has("notaction"):
        yield case.fail(found.at.path, f"{where} allows everything but NotAction: later actions of AWS are in it too")
        return
    wide = [one for one in statement.texts("action") if WHOLE_SERVICE.fullmatch(one.strip())]
    if wide:
        yield case.fail(found.at.path, f"{where} allows {', '.join(wide)}: name the actions")
        return
    every = statement.has("notresource") or any(map(EVERYTHING.fullmatch, statement.texts("resource")))
    narrower = [one for one in statement.texts("action") if not needs_every_resource(one)]
    if every and narrower:
        yield case.fail(found.at.path, f"{where} allows {', '.join(narrower)} on every resource: name the resources")
    elif statement.uncertain("action"):
        yield case.unsure(found.at, f"{statement.label}: its actions are known only after the update")


@rule("IAM-AWS-002", ROLE)
def role_is_taken_by_somebody_named(case: Case) -> Iterator[Said]:
    """Nobody becomes the role but those it names, and it carries no administrator's rights."""
    for found in documents(case, "assumeRolePolicy"):
        if found.unknown:
            yield case.unsure(found.at, "some of the trust policy is known only after the update")
        for statement in found.statements:
            if statement.allows and statement.speaks_to_everybody and not statement.narrowed:
                if statement.condition_unknown:
                    yield case.unsure(found.at, f"{statement.label}: its condition is known only after the update")
                else:
                    yield case.fail(found.at.path, f"assumeRolePolicy ({statement.label}) lets everybody take the role")
            elif statement.allows and statement.uncertain("principal"):
                yield case.unsure(found.at, f"{statement.label}: its principal is known only after the update")
    yield from _no_administrator(case, "managedPolicyArns[]")


@rule("IAM-AWS-002", *ATTACHMENTS)
def no_administrator_is_attached(case: Case) -> Iterator[Said]:
    """An attachment of a managed policy."""
    yield from _no_administrator(case, "policyArn")


@rule("IAM-AWS-002", "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive")
def no_administrator_is_among_them(case: Case) -> Iterator[Said]:
    """All the attachments of a role at once."""
    yield from _no_administrator(case, "policyArns[]")


def _no_administrator(case: Case, path: str) -> Iterator[Said]:
    for reading in case.read_all(path):
        if reading.unknown:
            linked = case.stack.target(case.resource, reading, "aws:iam/policy:Policy")
            if not linked.inside:
                yield case.unsure(reading)
        elif reading.text.lower().rpartition("/")[2] in ADMINISTRATION:
            yield case.fail(reading, f"{reading.path} gives an administrator's rights: {reading.text}")
