"""How long Azure keeps data: long enough to recover it, no longer than told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.azure.facts import ACCOUNT, LOGS, SITE, SLOT
from policies.azure.joins import parts, target, unjoined
from policies.azure.settings import host_accounts
from policies.azure.shapes import at_least
from policies.model import Resource, Stack
from policies.rules import Case, Fail, Said, Unsure, rule, stack_rule
from policies.values import within

RECOVERABLE_DAYS: Final = 7
BLOBS: Final = "azure-native:storage:BlobServiceProperties"
LIFECYCLE: Final = "azure-native:storage:ManagementPolicy"
CONTAINER: Final = "azure-native:storage:BlobContainer"


@rule("RET-AZ-001", BLOBS)
def deleted_blobs_are_kept(case: Case) -> Iterator[Said]:
    """A deleted object can be had back for a week."""
    yield from case.must_be_true("deleteRetentionPolicy.enabled")
    if case.read("deleteRetentionPolicy.enabled").flag is not False and case.read("deleteRetentionPolicy").present:
        days = f"a deleted object must be recoverable for {RECOVERABLE_DAYS} days"
        yield from at_least(case, "deleteRetentionPolicy.days", RECOVERABLE_DAYS, days)


@rule("RET-AZ-001", LIFECYCLE)
def lifecycle_acts(case: Case) -> Iterator[Said]:
    """At least one rule of a lifecycle policy is on and does something."""
    if not _acts(case.resource):
        rules = case.read("policy.rules")
        if rules.unknown or any(one.unknown for one in case.read_all("policy.rules[].enabled")):
            yield case.unsure(rules)
        else:
            yield case.fail(rules, "no rule of the policy is enabled and moves or deletes anything")
        return
    for one in case.read_all("policy.rules[].enabled"):
        if one.flag is False:
            yield case.fail(one, f"{one.path} is false: what the rule is about is kept for ever")


@stack_rule("RET-AZ-001")
def accounts_forget(stack: Stack) -> Iterator[Said]:
    """Every account that the stack declares has recovery of deleted objects, and a lifecycle.

    What an account of another stack lacks is said there: only that stack knows all its parts.
    """
    for account in stack.of(ACCOUNT):
        if not account.read("kind").among("FileStorage"):
            yield from _sibling(stack, account, BLOBS, "deleted objects are gone at once: it has no soft delete")
            if not _only_a_host(stack, account):
                yield from _sibling(stack, account, LIFECYCLE, "its objects are kept for ever: it has no lifecycle")


def _sibling(stack: Stack, account: Resource, kind: str, message: str) -> Iterator[Said]:
    if parts(stack, account, kind):
        return
    if unjoined(stack, kind, ACCOUNT):
        yield Unsure("", f"the account of a {kind.rpartition(':')[2]} is known only after the update", account)
    else:
        yield Fail("", message, resource=account)


def _acts(policy: Resource) -> bool:
    for block in policy.read_all("policy.rules[]"):
        enabled = all(one.flag is not False for one in within(block, "enabled"))
        if enabled and any(one.present for one in within(block, "definition.actions.*.*")):
            return True
    return False


def _only_a_host(stack: Stack, account: Resource) -> bool:
    """Whether a function's host keeps its books and its code in the account, and the stack nothing else.

    Leases, keys and the running package must outlive any age that a lifecycle could name; the host overwrites them.
    """
    code: set[str] = set()
    hosts = False
    for site in stack.of(SITE, SLOT):
        package = site.read("functionAppConfig.deployment.storage.value")
        if account in target(stack, site, package, ACCOUNT).inside:
            hosts = True
            code.add(package.text.rstrip("/").rpartition("/")[2].lower())
        for books in host_accounts(site):
            hosts = hosts or account in target(stack, site, books, ACCOUNT).inside
    return hosts and all(one.read("containerName").text.lower() in code for one in parts(stack, account, CONTAINER))


@rule("RET-AZ-002", LOGS)
def logs_are_kept_for_a_while(case: Case) -> Iterator[Said]:
    """The workspace says for how many days it keeps logs, within the bounds of the pack's parameters."""
    days = case.read("retentionInDays")
    least, most = case.stack.parameters.log_days
    if days.unknown:
        yield case.unsure(days)
    elif days.missing:
        yield case.fail(days, "retentionInDays is missing")
    elif days.number is None or not least <= days.number <= most:
        yield case.fail(days, f"retentionInDays must lie between {least} and {most}{case.stack.parameters.by_law}")
