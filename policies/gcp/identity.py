"""Who may do what on Google Cloud."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.rules import Case, Said, rule
from policies.values import leaves

BROAD: Final = ("roles/owner", "roles/editor", "roles/viewer")
"""The basic roles: each is thousands of permissions."""
BORROWING: Final = ("roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountUser")
"""At a project they let one act as every service account in it."""
GRANTS: Final = tuple(
    f"gcp:{module}/iAM{kind}:IAM{kind}"
    for module in ("projects", "folder", "organizations")
    for kind in ("Member", "Binding")
)
POLICIES: Final = tuple(f"gcp:{module}/iAMPolicy:IAMPolicy" for module in ("projects", "folder", "organizations"))
DEFAULT_ACCOUNT: Final = re.compile(
    r"(?:\d+-compute@developer|[a-z0-9-]+@appspot)\.gserviceaccount\.com", re.IGNORECASE
)
ACCOUNTS: Final = (
    ("gcp:cloudfunctions/function:Function", "serviceAccountEmail"),
    ("gcp:cloudfunctionsv2/function:Function", "serviceConfig.serviceAccountEmail"),
    ("gcp:dataflow/job:Job", "serviceAccountEmail"),
    ("gcp:dataflow/flexTemplateJob:FlexTemplateJob", "serviceAccountEmail"),
    ("gcp:cloudrunv2/service:Service", "template.serviceAccount"),
    ("gcp:cloudrunv2/job:Job", "template.template.serviceAccount"),
    ("gcp:compute/instance:Instance", "serviceAccount.email"),
    ("gcp:compute/instanceTemplate:InstanceTemplate", "serviceAccount.email"),
    ("gcp:container/cluster:Cluster", "nodeConfig.serviceAccount"),
    ("gcp:container/nodePool:NodePool", "nodeConfig.serviceAccount"),
    ("gcp:dataproc/cluster:Cluster", "clusterConfig.gceClusterConfig.serviceAccount"),
    ("gcp:cloudrunv2/workerPool:WorkerPool", "template.serviceAccount"),
)
"""Types and the input that says as whom the code runs."""


@rule("IAM-GCP-001", *GRANTS)
def grant_is_narrow(case: Case) -> Iterator[Said]:
    """A grant on a project or above is no basic role, borrows no account, and goes to no default account."""
    role = case.read("role")
    if role.unknown:
        yield case.unsure(role)
    elif role.among(*BROAD):
        yield case.fail(role, f"role {role.text} is a basic role: it grants nearly everything")
    elif role.among(*BORROWING):
        yield case.fail(role, f"role {role.text} lets one act as every service account here: grant it on one account")
    for path in ("member", "members[]"):
        for at in case.read_all(path):
            if DEFAULT_ACCOUNT.search(at.text):
                yield case.fail(at, f"{at.path} is a default service account, which everything here may run as")


@rule("IAM-GCP-001", *POLICIES)
def policy_is_narrow(case: Case) -> Iterator[Said]:
    """A whole policy of a project or above has no such role in it, and no such account."""
    policy = case.read("policyData")
    said = [one.text for one in leaves({policy.path: policy.value}) if not one.text.lstrip().startswith("{")]
    broad = [text for text in said if text in (*BROAD, *BORROWING) or DEFAULT_ACCOUNT.search(text)]
    if broad:
        yield case.fail(policy.path, f"{policy.path} grants to or by {', '.join(dict.fromkeys(broad))}")
    elif policy.unknown:
        yield case.unsure(policy)


@rule("IAM-GCP-001", "gcp:serviceaccount/key:Key")
def nobody_keeps_a_key_file(case: Case) -> Iterator[Said]:
    """No service account has a key that somebody keeps."""
    yield case.fail("", "a key of a service account is a password in a file: use workload identity instead")


@rule("IAM-GCP-001", *(kind for kind, _ in ACCOUNTS))
def code_runs_as_itself(case: Case) -> Iterator[Said]:
    """Code does not run as the default account that everything here may run as."""
    for kind, path in ACCOUNTS:
        if kind == case.resource.type:
            at = case.read(path)
            if DEFAULT_ACCOUNT.search(at.text):
                yield case.fail(at, f"{at.path} is a default service account, which everything here may run as")
