"""Grants to accounts and projects that are not the stack's own: what they may read, they may take anywhere.

Whose the stack is, its providers say; where they do not, nobody can tell a stranger from a colleague. A statement that
only lets others bring something (a service's logs, say) takes nothing out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple, cast

from policies.aws.access import WITH_POLICY
from policies.aws.documents import Statement, documents
from policies.gcp.exposure import GRANT
from policies.model import PROVIDER, Stack
from policies.rules import UNPLACED, Case, Fail, Said, Unsure, rule
from policies.values import as_json, is_unknown, opened

ROLE: Final = "aws:iam/role:Role"
PERMISSION: Final = "aws:lambda/permission:Permission"
ACCOUNT: Final = re.compile(r"(?:arn:[^:]*:(?:iam|sts)::)?(\d{12})(?::.*)?")
BRINGING: Final = ("put", "send", "publish", "abortmultipartupload", "sts:tagsession", "getbucketacl")
"""How the name of an action begins by which others bring something, or only ask whether they may."""
SERVICE_ACCOUNT: Final = re.compile(
    r"serviceAccount:([^@]+)@([a-z][a-z0-9-]+)\.iam\.gserviceaccount\.com", re.IGNORECASE
)
CONSUMERS: Final = re.compile(r"(?:user|group):[^@]+@(?:gmail|googlemail|googlegroups)\.com", re.IGNORECASE)
AGENT: Final = re.compile(r"(?:service|service-org|bq|project|p|o|f)-?\d+.*", re.IGNORECASE)
"""An account of Google's own: it is named after the number of the project that it works for."""


class Own(NamedTuple):
    """The accounts or projects that the stack's providers are held to; not `sure` where some are not said."""

    names: frozenset[str]
    sure: bool


@rule("SOV-X-005", *WITH_POLICY, ROLE)
def no_stranger_is_let_in(case: Case) -> Iterator[Said]:
    """A policy of a resource, or a role's trust, lets no account read that is not the stack's own."""
    if case.stack.boundary is None:
        return
    path = "assumeRolePolicy" if case.resource.type == ROLE else "policy"
    for found in documents(case, path):
        for statement in found.statements:
            if statement.allows and _takes(statement):
                for account in _accounts(statement):
                    yield from _judged(case, _accounts_of(case.stack), path, account)


@rule("SOV-X-005", PERMISSION)
def no_stranger_calls(case: Case) -> Iterator[Said]:
    """A function answers no account that is not the stack's own."""
    found = ACCOUNT.fullmatch(case.read("principal").text)
    if case.stack.boundary is not None and found:
        yield from _judged(case, _accounts_of(case.stack), "principal", found[1])


@rule("SOV-X-005", "gcp:*")
def no_other_project_is_let_in(case: Case) -> Iterator[Said]:
    """A grant goes to no service account of another project, and to nobody's private address."""
    if case.stack.boundary is None or not GRANT.search(case.resource.type):
        return
    for path in ("member", "members[]"):
        for at in case.read_all(path):
            found = SERVICE_ACCOUNT.fullmatch(at.text)
            if CONSUMERS.fullmatch(at.text):
                yield from _judged(case, Own(frozenset(), sure=True), at.path, at.text)
            elif found and not AGENT.fullmatch(found[1]):
                yield from _judged(case, _projects_of(case.stack), at.path, found[2])


def _judged(case: Case, own: Own, path: str, stranger: str) -> Iterator[Said]:
    if stranger in own.names or stranger in case.stack.parameters.allowed_accounts:
        return
    if own.sure:
        message = f"{path} lets {stranger} in, which may take what it reads anywhere and is not among the allowed"
        yield Fail(path, message, under=UNPLACED)
    else:
        yield Unsure(path, f"no provider says whether {stranger} is the stack's own")


def _takes(statement: Statement) -> bool:
    """Whether something can be read, or done as somebody else, by it."""
    actions = [one.lower() for one in statement.texts("action")]
    return not actions or any(not one.split(":")[-1].startswith(BRINGING) and one not in BRINGING for one in actions)


def _accounts(statement: Statement) -> Iterator[str]:
    for kind, principal in statement.principals:
        found = ACCOUNT.fullmatch(principal) if kind.lower() == "aws" else None
        if found:
            yield found[1]


def _accounts_of(stack: Stack) -> Own:
    names: set[str] = set()
    providers = list(stack.of(f"{PROVIDER}aws"))
    sure = bool(providers)
    for one in providers:
        at = one.read("allowedAccountIds")
        listed = as_json(at.text) if isinstance(at.value, str) else opened(at.value)
        said = [str(opened(each)) for each in cast("list[object]", listed)] if isinstance(listed, list) else []
        names |= set(said)
        sure = sure and bool(said) and not any(map(is_unknown, said))
    return Own(frozenset(names), sure)


def _projects_of(stack: Stack) -> Own:
    said = [one.read("project") for one in stack.of(f"{PROVIDER}gcp")]
    return Own(frozenset(one.text for one in said if one.text), bool(said) and all(one.text for one in said))
