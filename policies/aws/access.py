"""Who may reach AWS resources from outside: resource policies, public ACLs, functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.aws.documents import Document, Statement, documents
from policies.aws.whereabouts import BUCKETS
from policies.rules import Case, Said, rule
from policies.values import Reading

# Every type that carries a policy saying who may use it; `policy` is the input in all of them.
WITH_POLICY: Final = (
    *BUCKETS,
    *(
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/accessPoint:AccessPoint",
        "aws:s3control/accessPointPolicy:AccessPointPolicy",
    ),
    *("aws:kinesis/resourcePolicy:ResourcePolicy", "aws:kms/key:Key", "aws:kms/keyPolicy:KeyPolicy"),
    *("aws:kms/replicaKey:ReplicaKey", "aws:kms/externalKey:ExternalKey", "aws:glue/resourcePolicy:ResourcePolicy"),
    *(
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:sns/topic:Topic",
        "aws:sqs/queuePolicy:QueuePolicy",
        "aws:sqs/queue:Queue",
    ),
    *(
        "aws:secretsmanager/secretPolicy:SecretPolicy",
        "aws:secretsmanager/secret:Secret",
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
    ),
    *(
        "aws:dynamodb/resourcePolicy:ResourcePolicy",
        "aws:backup/vaultPolicy:VaultPolicy",
        "aws:efs/fileSystemPolicy:FileSystemPolicy",
    ),
)
PUBLIC_ACLS: Final = ("public-read", "public-read-write", "authenticated-read")
PUBLIC_GROUPS: Final = ("/groups/global/allusers", "/groups/global/authenticatedusers")
SERVICE: Final = (".amazonaws.com", ".amazonaws.com.cn", ".amazon.com")


@rule("PUB-AWS-003", *WITH_POLICY)
def policy_is_not_for_everybody(case: Case) -> Iterator[Said]:
    """No statement lets everybody in."""
    for found in documents(case, "policy"):
        yield from open_statements(case, found)


@rule("PUB-AWS-003", "aws:cloudwatch/logDestinationPolicy:LogDestinationPolicy")
def log_destination_is_not_for_everybody(case: Case) -> Iterator[Said]:
    """A destination's policy says which accounts may send it their logs."""
    for found in documents(case, "accessPolicy"):
        yield from open_statements(case, found)


def open_statements(case: Case, found: Document) -> Iterator[Said]:
    """The statements that let everybody in without a condition that says whom."""
    if found.unknown:
        yield case.unsure(found.at, "some of the policy is known only after the update")
    for statement in found.statements:
        if not statement.allows:
            continue
        if statement.speaks_to_everybody and not statement.narrowed:
            if statement.condition_unknown:
                yield case.unsure(found.at, f"{statement.label}: its condition is known only after the update")
            else:
                yield case.fail(_shown(found, statement), f"{found.at.path} ({statement.label}) lets everybody in")
        elif statement.uncertain("principal"):
            yield case.unsure(found.at, f"{statement.label}: its principal is known only after the update")


def _shown(found: Document, statement: Statement) -> Reading:
    principal = statement.elements.get("notprincipal", statement.elements.get("principal"))
    return Reading(found.at.path, found.at.state, principal)  # pyright: ignore[reportArgumentType]


@rule("PUB-AWS-002", *BUCKETS)
def bucket_has_no_public_acl(case: Case) -> Iterator[Said]:
    """An ACL or grant of the bucket itself."""
    yield from _no_public_acl(case, "acl", "grants[].uri")


@rule("PUB-AWS-002", "aws:s3/bucketAcl:BucketAcl", "aws:s3/bucketAclV2:BucketAclV2")
def acl_is_not_public(case: Case) -> Iterator[Said]:
    """An ACL or grant as a resource of its own."""
    yield from _no_public_acl(case, "acl", "accessControlPolicy.grants[].grantee.uri")


def _no_public_acl(case: Case, acl: str, grantee: str) -> Iterator[Said]:
    canned = case.read(acl)
    if canned.unknown:
        yield case.unsure(canned)
    elif canned.among(*PUBLIC_ACLS):
        yield case.fail(canned, f"{acl} must be private: {canned.text} opens the bucket to everybody")
    for uri in case.read_all(grantee):
        if uri.unknown:
            yield case.unsure(uri)
        elif uri.text.lower().endswith(PUBLIC_GROUPS):
            yield case.fail(uri, f"{uri.path} grants access to everybody")


@rule("PUB-AWS-004", "aws:lambda/functionUrl:FunctionUrl")
def function_url_wants_credentials(case: Case) -> Iterator[Said]:
    """A URL for signed requests only, and no page of any origin acting with somebody's credentials."""
    yield from case.must_be("authorizationType", "AWS_IAM")
    credentials = case.read("cors.allowCredentials")
    for origin in case.read_all("cors.allowOrigins[]"):
        if origin.text.strip() == "*":
            if credentials.flag is True:
                yield case.fail(origin, "cors.allowOrigins must not be * together with cors.allowCredentials")
            elif credentials.unknown:
                yield case.unsure(credentials)
        elif origin.unknown and credentials.flag is True:
            yield case.unsure(origin)


@rule("PUB-AWS-004", "aws:lambda/permission:Permission")
def permission_says_who(case: Case) -> Iterator[Said]:
    """Everybody only of one organisation; a service only for one source of ours, or any customer's could call."""
    principal = case.read("principal")
    sources = [case.read(path) for path in ("sourceArn", "sourceAccount", "principalOrgId")]
    named = [one for one in sources if one.present and one.text != "*"]
    if principal.unknown:
        if not named:
            yield case.unsure(principal)
    elif principal.missing or principal.text.strip() == "*":
        if not case.read("principalOrgId").present:
            yield case.fail(
                principal, "principal must not be * without principalOrgId: everybody may call the function"
            )
    elif principal.text.lower().endswith(SERVICE):
        by_token = case.read("eventSourceToken").present  # Alexa has neither an account nor an ARN
        if not named and not by_token:
            yield case.fail(
                "sourceArn", f"sourceArn or sourceAccount is missing: {principal.text} calls for any customer"
            )
