"""Buckets: encrypted, reached over TLS only, closed to the public, logged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.aws import buckets
from policies.aws.buckets import absent, buckets_of, first_present, joined, takes_logs
from policies.aws.documents import Document, Statement, document, matches
from policies.aws.encryption import own_key
from policies.aws.whereabouts import BUCKETS, arn
from policies.model import Resource
from policies.rules import Case, Said, rule
from policies.values import Reading, within

INLINE_ENCRYPTION: Final = {
    "serverSideEncryptionConfiguration": ("rule", "applyServerSideEncryptionByDefault"),
    "serverSideEncryptionConfigurations": ("[].rules[]", "applyServerSideEncryptionByDefaults"),
}
KMS: Final = ("aws:kms", "aws:kms:dsse")
FLAGS: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
LOWEST_TLS: Final = 1.2
# Conditions beside the one on transport that leave the refusal whole for everybody but AWS's own services.
HARMLESS: Final = frozenset({"aws:principalisawsservice", "aws:viaawsservice"})


@rule("ENC-AWS-002", *buckets.ENCRYPTIONS)
def configuration_encrypts(case: Case) -> Iterator[Said]:
    """The default encryption as a resource of its own."""
    for block in case.read_all("rules[]"):
        yield from _encrypts(case, block, "applyServerSideEncryptionByDefault")


@rule("ENC-AWS-002", *BUCKETS)
def bucket_is_encrypted(case: Case) -> Iterator[Said]:
    """The default encryption inside the bucket, else a sibling; S3's own default is a key of S3's."""
    inline = False
    for name, (rules, default) in INLINE_ENCRYPTION.items():
        if case.read(name).present:
            inline = True
            for block in case.read_all(f"{name}{'' if rules.startswith('[') else '.'}{rules}"):
                yield from _encrypts(case, block, default)
    siblings = joined(case.stack, buckets.ENCRYPTIONS)
    if not inline and not siblings.of(case.resource) and not takes_logs(case):
        yield from absent(case, siblings, "it has no default encryption with a key of your own")


def _encrypts(case: Case, block: Reading, default: str) -> Iterator[Said]:
    may_be_simple = takes_logs(case)
    for algorithm in within(block, f"{default}.sseAlgorithm"):
        if may_be_simple and algorithm.among("AES256"):
            continue
        if algorithm.unknown:
            yield case.unsure(algorithm)
        elif not algorithm.among(*KMS):
            yield case.fail(algorithm, f"{algorithm.path} must be aws:kms or aws:kms:dsse")
        # Whatever an unknown algorithm turns out to be: where no key is named, it uses none of the customer's.
        if algorithm.among(*KMS) or (algorithm.unknown and not may_be_simple):
            for key in within(block, f"{default}.kmsMasterKeyId"):
                yield from own_key(case, key)


@rule("ENC-AWS-003", *buckets.ENCRYPTIONS)
def configuration_uses_bucket_keys(case: Case) -> Iterator[Said]:
    """A bucket key asks KMS once in a while instead of once per object; dual-layer encryption has none."""
    for block in case.read_all("rules[]"):
        yield from _bucket_key(case, block, "applyServerSideEncryptionByDefault")


@rule("ENC-AWS-003", *BUCKETS)
def bucket_uses_bucket_keys(case: Case) -> Iterator[Said]:
    """The same inside the bucket."""
    for name, (rules, default) in INLINE_ENCRYPTION.items():
        for block in case.read_all(f"{name}{'' if rules.startswith('[') else '.'}{rules}"):
            if block.present:
                yield from _bucket_key(case, block, default)


def _bucket_key(case: Case, block: Reading, default: str) -> Iterator[Said]:
    for algorithm in within(block, f"{default}.sseAlgorithm"):
        for enabled in within(block, "bucketKeyEnabled"):
            if algorithm.among("aws:kms") and not enabled.unknown and enabled.flag is not True:
                yield case.fail(
                    enabled, f"{enabled.path} must be true: every object asks KMS otherwise, and is paid for"
                )
            elif enabled.unknown and (algorithm.unknown or algorithm.among("aws:kms")):
                yield case.unsure(enabled)


@rule("PUB-AWS-001", *buckets.BLOCKS)
def block_is_complete(case: Case) -> Iterator[Said]:
    """All four, each false where it is missing."""
    for flag in FLAGS:
        yield from case.must_be_true(flag)


@rule("PUB-AWS-001", *BUCKETS)
def bucket_has_a_block(case: Case) -> Iterator[Said]:
    """One block for each bucket."""
    siblings = joined(case.stack, buckets.BLOCKS)
    if not siblings.of(case.resource):
        yield from absent(case, siblings, "it has no public access block")


@rule("LOG-AWS-001", *BUCKETS)
def bucket_is_logged(case: Case) -> Iterator[Said]:
    """Who read and wrote what, unless the bucket itself takes logs."""
    siblings = joined(case.stack, buckets.LOGGINGS)
    inline = first_present(case, "logging", "loggings")
    if inline is None and not siblings.of(case.resource) and not takes_logs(case):
        yield from absent(case, siblings, "it has no access logging")


@rule("TLS-AWS-001", *BUCKETS)
def bucket_refuses_plain_transport(case: Case) -> Iterator[Said]:
    """A policy of the bucket's own, else a sibling."""
    inline = case.read("policy")
    siblings = joined(case.stack, buckets.POLICIES)
    if inline.present:
        yield from _refuses(case, document(inline), (case.resource,))
    elif not siblings.of(case.resource):
        yield from absent(case, siblings, "it has no policy that refuses requests without TLS")


@rule("TLS-AWS-001", *buckets.POLICIES)
def policy_refuses_plain_transport(case: Case) -> Iterator[Said]:
    """The policy as a resource of its own."""
    yield from _refuses(case, document(case.read("policy")), buckets_of(case))


def _refuses(case: Case, found: Document, owners: tuple[Resource, ...]) -> Iterator[Said]:
    name = next((one.read("bucket").text for one in owners), "") or (case.read("bucket").text if not owners else "")
    refusing = [one for one in found.statements if _about_transport(one)]
    covered = [_covered(one, name) for one in refusing]
    bucket, objects = any(one for one, _ in covered), any(one for _, one in covered)
    if bucket and objects:
        return
    if found.broken:
        yield case.fail(found.at.path, "policy is no JSON document: nothing in it refuses requests without TLS")
    elif found.unknown or any(one.uncertain("resource") for one in refusing) or any(map(_maybe, found.statements)):
        yield case.unsure(found.at, "some of the policy is known only after the update")
    elif not refusing:
        yield case.fail(found.at.path or "policy", "policy must deny every action when aws:SecureTransport is false")
    else:
        rest = "the bucket's objects (…/*)" if bucket else "the bucket itself"
        yield case.fail(found.at.path, f"policy must refuse requests without TLS to {rest} too")


def _about_transport(one: Statement) -> bool:
    everything = any(action.strip().lower() in ("s3:*", "*") for action in one.texts("action"))
    return one.denies and one.speaks_to_everybody and not one.has("notprincipal") and everything and _only_plain(one)


def _only_plain(one: Statement) -> bool:
    about = False
    for operator, key, values, _ in one.conditions:
        if key == "aws:securetransport" and operator in ("bool", "boolifexists"):
            if {value.lower() for value in values} != {"false"}:
                return False
            about = True
        elif key == "s3:tlsversion" and operator in ("numericlessthan", "numericlessthanifexists"):
            if not all(_at_least_lowest(value) for value in values):
                return False
            about = True
        elif key not in HARMLESS:
            return False
    return about


def _at_least_lowest(value: str) -> bool:
    try:
        return float(value) >= LOWEST_TLS
    except ValueError:
        return False


def _maybe(one: Statement) -> bool:
    """Whether a statement may be the refusal once all of it is known."""
    conditions = one.condition_unknown or any(unknown for *_, unknown in one.conditions)
    elements = any(one.uncertain(element) for element in ("effect", "action"))
    return (conditions or elements) and not (one.allows and not one.uncertain("effect"))


def _covered(one: Statement, name: str) -> tuple[bool, bool]:
    """Whether a statement covers the bucket itself, and its objects; one without a known name is taken on trust."""
    bucket = objects = False
    for text in one.texts("resource"):
        found = arn(text)
        resource = found.resource if found else text
        own = not name or resource.strip() == "*" or matches(resource.split("/")[0], name)
        if own:
            within_bucket = "/" in resource
            bucket = bucket or not within_bucket
            objects = objects or resource.endswith("/*") or (not within_bucket and resource.endswith("*"))
    return bucket, objects
