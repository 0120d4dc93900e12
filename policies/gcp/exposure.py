"""Who can reach what is on Google Cloud: everybody, the internet, or those who are named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from policies.gcp.where import BUCKET, DATASET
from policies.rules import Case, Said, rule
from policies.values import Reading, leaves

EVERYBODY: Final = ("allusers", "allauthenticatedusers")
GRANT: Final = re.compile(r"(IAM|Iam)(Member|Binding|Policy)$")
ACCESS_LISTS: Final = (
    *("gcp:storage/bucketACL:BucketACL", "gcp:storage/bucketAccessControl:BucketAccessControl"),
    *("gcp:storage/defaultObjectACL:DefaultObjectACL", "gcp:storage/objectACL:ObjectACL"),
    *("gcp:storage/defaultObjectAccessControl:DefaultObjectAccessControl",),
    *("gcp:storage/objectAccessControl:ObjectAccessControl",),
)
OPEN_LISTS: Final = ("publicRead", "publicReadWrite", "authenticatedRead")
INSIDE: Final = ("ALLOW_INTERNAL_ONLY", "ALLOW_INTERNAL_AND_GCLB")


@rule("PUB-GCP-001", BUCKET)
def bucket_is_closed(case: Case) -> Iterator[Said]:
    """A bucket refuses public grants and object lists of access."""
    yield from case.must_be("publicAccessPrevention", "enforced")
    yield from case.must_be_true("uniformBucketLevelAccess")


@rule("PUB-GCP-002", "gcp:*")
def nobody_unnamed_is_granted(case: Case) -> Iterator[Said]:
    """No grant of any kind names everybody, or everybody with a Google account."""
    if not _grants(case.resource.type):
        return
    for path in ("member", "members[]"):
        yield from _not_everybody(case, path)
    policy = case.read("policyData")
    if policy.unknown:
        yield case.unsure(policy)
    elif policy.text:
        everybody = [one.text for one in leaves({"policyData": policy.value}) if one.text.lower() in EVERYBODY]
        if everybody:
            yield case.fail(policy.path, f"{policy.path} grants to {everybody[0]}")


@rule("PUB-GCP-002", *ACCESS_LISTS)
def nobody_unnamed_is_listed(case: Case) -> Iterator[Said]:
    """No list of access names everybody, one by one or by a word for it."""
    yield from _not_everybody(case, "entity")
    for at in case.read_all("roleEntities[]"):
        if at.text.rpartition(":")[2].lower() in EVERYBODY:
            yield case.fail(at, f"{at.path} grants to {at.text.rpartition(':')[2]}")
        elif at.unknown:
            yield case.unsure(at)
    for path in ("predefinedAcl", "defaultAcl"):
        at = case.read(path)
        if at.among(*OPEN_LISTS):
            yield case.fail(at, f"{path} {at.text} opens it to everybody")
        elif at.unknown:
            yield case.unsure(at)


def _not_everybody(case: Case, path: str) -> Iterator[Said]:
    for at in case.read_all(path):
        if at.text.strip().lower() in EVERYBODY:
            yield case.fail(at, f"{at.path} is {at.text}: everybody, known or not")
        elif at.unknown:
            yield case.unsure(at)


@cache
def _grants(kind: str) -> bool:
    return GRANT.search(kind) is not None


@rule("PUB-GCP-003", DATASET)
def dataset_is_closed(case: Case) -> Iterator[Said]:
    """A dataset's accesses name people, groups and accounts, not everybody."""
    for path in ("accesses[].specialGroup", "accesses[].iamMember"):
        yield from _not_everybody(case, path)


@rule("PUB-GCP-003", "gcp:bigquery/datasetAccess:DatasetAccess")
def access_is_named(case: Case) -> Iterator[Said]:
    """An access that is added to a dataset names somebody."""
    for path in ("specialGroup", "iamMember"):
        yield from _not_everybody(case, path)


@rule("PUB-GCP-004", "gcp:cloudfunctions/function:Function")
def function_is_internal(case: Case) -> Iterator[Said]:
    """A function of the first generation is called from inside only."""
    yield from _is_internal(case, case.read("ingressSettings"))


@rule("PUB-GCP-004", "gcp:cloudfunctionsv2/function:Function")
def function_2_is_internal(case: Case) -> Iterator[Said]:
    """A function of the second generation is called from inside only."""
    yield from _is_internal(case, case.read("serviceConfig.ingressSettings"))


def _is_internal(case: Case, at: Reading) -> Iterator[Said]:
    yield from case.must_be(at.path, *INSIDE, missing="is missing, which lets everybody call it")


@rule("PUB-GCP-004", "gcp:dataflow/job:Job", "gcp:dataflow/flexTemplateJob:FlexTemplateJob")
def workers_have_no_public_address(case: Case) -> Iterator[Said]:
    """A job's workers have private addresses only."""
    yield from case.must_be("ipConfiguration", "WORKER_IP_PRIVATE", missing="is missing, which gives public addresses")
