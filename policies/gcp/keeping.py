"""How long data of Google Cloud is kept, what guards it from deletion, and what is written down about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from policies.gcp.encryption import holds_data, seconds
from policies.gcp.where import BUCKET, DATASET, TABLE, TOPIC, named, own_name
from policies.model import Stack
from policies.rules import Case, Said, rule

HOUR_SECONDS: Final = 3600
RAW: Final = frozenset({"raw", "bronze", "landing", "staging"})
"""Words by which a dataset's id or labels say that it takes data as it arrives."""
WORD: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+")
"""One word of a name in small letters, in capitals, or in camel case."""
SINK: Final = "gcp:logging/projectSink:ProjectSink"
AUDITED: Final = ("DATA_READ", "DATA_WRITE")


@rule("RET-GCP-001", BUCKET)
def bucket_forgets(case: Case) -> Iterator[Said]:
    """A bucket deletes old objects or holds them for a set time, and is not deleted with them."""
    actions = list(case.read_all("lifecycleRules[].action.type"))
    held = case.read("retentionPolicy")
    if not any(one.among("Delete") for one in actions) and not held.present:
        doubtful = [one for one in actions if one.unknown]
        if doubtful:
            yield case.unsure(doubtful[0])
        else:
            yield case.fail("lifecycleRules", "no rule deletes old objects, and no retention policy is set")
    if case.stack.parameters.production:
        yield from case.must_not_be_true("forceDestroy")


@rule("RET-GCP-002", DATASET)
def raw_dataset_forgets(case: Case) -> Iterator[Said]:
    """A dataset that takes data as it arrives has a default expiry."""
    texts = [case.read("datasetId").text, *(one.text for one in case.read_all("labels.*"))]
    raw = any(RAW & {word.lower() for word in WORD.findall(text)} for text in texts)
    expiries = [case.read("defaultTableExpirationMs"), case.read("defaultPartitionExpirationMs")]
    if raw and not any(one.present for one in expiries):
        yield case.fail(
            "defaultTableExpirationMs", "raw data has no default expiry, neither of tables nor of partitions"
        )


@rule("RET-GCP-002", TABLE)
def table_is_protected(case: Case) -> Iterator[Said]:
    """In production a table that holds rows is not deleted with its stack."""
    if not (case.stack.parameters.production and holds_data(case)):
        return
    at = case.read("deletionProtection")
    if at.unknown:
        yield case.unsure(at)
    elif at.flag is False:
        yield case.fail(at, "deletionProtection is false: a table that holds data can be deleted with its stack")


@rule("RET-GCP-003", TOPIC, "gcp:pubsub/subscription:Subscription")
def messages_are_forgotten(case: Case) -> Iterator[Said]:
    """Messages are kept no longer than the bound."""
    at = case.read("messageRetentionDuration")
    longest = case.stack.parameters.topic_hours_at_most
    kept = seconds(at)
    if at.unknown:
        yield case.unsure(at)
    elif at.present and (kept is None or kept > longest * HOUR_SECONDS):
        yield case.fail(at, f"{at.path} must be at most {longest} hours")


@rule("LOG-GCP-001", BUCKET)
def bucket_is_logged(case: Case) -> Iterator[Said]:
    """Who reads and deletes objects is written to another bucket."""
    at = case.read("logging.logBucket")
    own = case.read("name").text.lower()
    if at.text and own and own_name(BUCKET, at.text) == own:
        yield case.fail(at, f"{at.path} is the bucket itself: each entry would make another")
    elif at.missing and not (_takes_logs(case) or _is_for_logs(case)):
        yield case.fail(at, f"{at.path} is missing: nobody sees who reads or deletes objects")


def _takes_logs(case: Case) -> bool:
    """Whether another bucket or a sink of the stack writes its log here."""
    return case.resource.urn in _log_takers(case.stack)


@lru_cache(maxsize=1)
def _log_takers(stack: Stack) -> frozenset[str]:
    """The buckets that a bucket or a sink writes its log to, found once for a stack: it may have thousands."""
    sources = ((BUCKET, "logging.logBucket"), (SINK, "destination"))
    return frozenset(
        taker.urn
        for kind, path in sources
        for one in stack.of(kind)
        for taker in named(stack, one, one.read(path), BUCKET)
    )


def _is_for_logs(case: Case) -> bool:
    """Whether a bucket is called one for logs: who writes them may stand in another stack."""
    name = case.read("name").text or case.resource.name
    return re.search(r"(?:^|[-_.])logs?$", name.lower()) is not None


@rule("LOG-GCP-002", "gcp:projects/iAMAuditConfig:IAMAuditConfig")
def reads_and_writes_are_audited(case: Case) -> Iterator[Said]:
    """Reads and writes are audited, for everybody."""
    kinds = list(case.read_all("auditLogConfigs[].logType"))
    doubtful = [one for one in kinds if one.unknown]
    missing = [kind for kind in AUDITED if not any(one.among(kind) for one in kinds)]
    if missing and doubtful:
        yield case.unsure(doubtful[0])
    elif missing:
        yield case.fail("auditLogConfigs", f"{' and '.join(missing)} is not audited")
    for at in case.read_all("auditLogConfigs[].exemptedMembers[]"):
        if at.present and at.path.endswith("]"):  # somebody is exempted, whoever it will be
            yield case.fail(at, f"{at.path} exempts {at.text or 'somebody'} from the audit log")
        elif at.unknown and at.path != "auditLogConfigs":
            yield case.unsure(at)
