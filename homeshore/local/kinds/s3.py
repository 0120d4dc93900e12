"""Buckets and the resources that configure them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from homeshore.local.aws import Aws
from homeshore.local.fields import Fields, capitalised, renamed, uncapitalised
from homeshore.local.kind import Found, Kind, Wanted, declared, listed_tags, read_tags, written

_NO_BUCKET = ("NoSuchBucket", "404", "NotFound")

# ---- the bucket


def _read_bucket(aws: Aws, wanted: Wanted) -> Found | None:
    name = wanted.inputs.text("bucket")
    if aws.find("s3", "head_bucket", *_NO_BUCKET, Bucket=name) is None:
        return None
    tagging = aws.find("s3", "get_bucket_tagging", "NoSuchTagSet", *_NO_BUCKET, Bucket=name)
    tags = read_tags(tagging.blocks("TagSet")) if tagging else {}
    domain = f"{name}.s3.amazonaws.com"
    outputs = {
        "arn": f"arn:aws:s3:::{name}",
        "bucketDomainName": domain,
        "bucketRegionalDomainName": f"{name}.s3.{aws.region}.amazonaws.com",
        "region": aws.region,
    }
    return Found(name, {"bucket": name, "tags": declared(tags)}, outputs)


def _create_bucket(aws: Aws, wanted: Wanted) -> None:
    aws.call(
        "s3",
        "create_bucket",
        Bucket=wanted.inputs.text("bucket"),
        CreateBucketConfiguration={"LocationConstraint": aws.region},
    )
    _tag_bucket(aws, wanted)


def _tag_bucket(aws: Aws, wanted: Wanted, *_: object) -> None:
    aws.call(
        "s3",
        "put_bucket_tagging",
        Bucket=wanted.inputs.text("bucket"),
        Tagging={"TagSet": listed_tags(wanted.tags)},
    )


def _delete_bucket(aws: Aws, wanted: Wanted, found: Found) -> None:
    """Empty the bucket, every version included, and delete it: the embedded cloud holds no data worth two keys."""
    del wanted
    for listing in ("Versions", "DeleteMarkers"):
        for item in list(aws.each("s3", "list_object_versions", listing, Bucket=found.id)):
            aws.call(
                "s3",
                "delete_object",
                Bucket=found.id,
                Key=item.text("Key"),
                VersionId=item.text_or("VersionId", "null"),
            )
    for item in list(aws.each("s3", "list_objects_v2", "Contents", Bucket=found.id)):
        aws.call("s3", "delete_object", Bucket=found.id, Key=item.text("Key"))
    aws.call("s3", "delete_bucket", Bucket=found.id)


# ---- its siblings: each is one document of the bucket


def _sibling(
    *,
    get: str,
    put: str,
    delete: str,
    absent: str,
    state: Callable[[Fields], Mapping[str, object]],
    parameters: Callable[[Wanted], Mapping[str, object]],
) -> Kind:
    """A configuration document of a bucket.

    `absent` is the error code of a bucket without one; an empty `delete` means that it cannot be deleted.
    """

    def read(aws: Aws, wanted: Wanted) -> Found | None:
        bucket = wanted.inputs.text("bucket")
        answer = aws.find("s3", get, absent, *_NO_BUCKET, Bucket=bucket)
        if answer is None:
            return None
        document = state(answer)
        return Found(bucket, {"bucket": bucket, **document}) if document else None

    def write(aws: Aws, wanted: Wanted) -> None:
        aws.call("s3", put, Bucket=wanted.inputs.text("bucket"), **parameters(wanted))

    def remove(aws: Aws, wanted: Wanted, found: Found) -> None:
        del wanted
        if delete:
            aws.find("s3", delete, *_NO_BUCKET, Bucket=found.id)

    return written(read, write, remove)


_BLOCKS = {
    "blockPublicAcls": "BlockPublicAcls",
    "blockPublicPolicy": "BlockPublicPolicy",
    "ignorePublicAcls": "IgnorePublicAcls",
    "restrictPublicBuckets": "RestrictPublicBuckets",
}


def _public_access_state(answer: Fields) -> Mapping[str, object]:
    document = answer.block("PublicAccessBlockConfiguration")
    return {name: document.flag(api) for name, api in _BLOCKS.items()}


def _public_access(wanted: Wanted) -> Mapping[str, object]:
    return {"PublicAccessBlockConfiguration": {api: wanted.inputs.flag(name) for name, api in _BLOCKS.items()}}


def _encryption_state(answer: Fields) -> Mapping[str, object]:
    rules = answer.block("ServerSideEncryptionConfiguration").blocks("Rules")
    return {"rules": [_encryption_rule_state(rule) for rule in rules]}


def _encryption_rule_state(rule: Fields) -> Mapping[str, object]:
    default = rule.block("ApplyServerSideEncryptionByDefault")
    return {
        "applyServerSideEncryptionByDefault": {
            "sseAlgorithm": default.get("SSEAlgorithm"),
            "kmsMasterKeyId": default.get("KMSMasterKeyID"),
        },
        "bucketKeyEnabled": rule.flag("BucketKeyEnabled"),
    }


def _encryption(wanted: Wanted) -> Mapping[str, object]:
    names = {"sseAlgorithm": "SSEAlgorithm", "kmsMasterKeyId": "KMSMasterKeyID"}
    rules = [
        {
            "ApplyServerSideEncryptionByDefault": renamed(rule.block("applyServerSideEncryptionByDefault"), names),
            "BucketKeyEnabled": rule.flag("bucketKeyEnabled"),
        }
        for rule in wanted.inputs.blocks("rules")
    ]
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def _versioning_state(answer: Fields) -> Mapping[str, object]:
    status = answer.text_or("Status")
    return {"versioningConfiguration": {"status": status}} if status else {}


def _versioning(wanted: Wanted) -> Mapping[str, object]:
    return {"VersioningConfiguration": {"Status": wanted.inputs.block("versioningConfiguration").text("status")}}


def _ownership_state(answer: Fields) -> Mapping[str, object]:
    rules = answer.block("OwnershipControls").blocks("Rules")
    return {"rule": {"objectOwnership": rules[0].text("ObjectOwnership")}} if rules else {}


def _ownership(wanted: Wanted) -> Mapping[str, object]:
    ownership = wanted.inputs.block("rule").text("objectOwnership")
    return {"OwnershipControls": {"Rules": [{"ObjectOwnership": ownership}]}}


def _lifecycle_state(answer: Fields) -> Mapping[str, object]:
    rules = [_recapitalised(rule, from_api=True) for rule in answer.blocks("Rules")]
    return {"rules": rules} if rules else {}


def _lifecycle(wanted: Wanted) -> Mapping[str, object]:
    rules = [_recapitalised(rule, from_api=False) for rule in wanted.inputs.blocks("rules")]
    return {"LifecycleConfiguration": {"Rules": rules}}


def _recapitalised(rule: Fields, *, from_api: bool) -> dict[str, object]:
    """A lifecycle rule in the API's case or in the wire's; only `ID` is not a matter of the first letter."""
    names = {"ID": "id"} if from_api else {"id": "ID"}
    case = uncapitalised if from_api else capitalised
    body = case({key: value for key, value in rule.items() if key not in names and value is not None})
    return {**body, **renamed(rule, names)}


def _policy_state(answer: Fields) -> Mapping[str, object]:
    return {"policy": answer.text("Policy")}


def _logging_state(answer: Fields) -> Mapping[str, object]:
    enabled = answer.block("LoggingEnabled")
    return {"targetBucket": enabled["TargetBucket"], "targetPrefix": enabled.text_or("TargetPrefix")} if enabled else {}


def _logging(wanted: Wanted) -> Mapping[str, object]:
    target = {
        "TargetBucket": wanted.inputs.text("targetBucket"),
        "TargetPrefix": wanted.inputs.text_or("targetPrefix"),
    }
    return {"BucketLoggingStatus": {"LoggingEnabled": target}}


KINDS = {
    "aws:s3/bucket:Bucket": Kind(
        _read_bucket,
        _create_bucket,
        _tag_bucket,
        _delete_bucket,
        engine_only=frozenset({"forceDestroy"}),
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _sibling(
        get="get_public_access_block",
        put="put_public_access_block",
        delete="delete_public_access_block",
        absent="NoSuchPublicAccessBlockConfiguration",
        state=_public_access_state,
        parameters=_public_access,
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _sibling(
        get="get_bucket_encryption",
        put="put_bucket_encryption",
        delete="delete_bucket_encryption",
        absent="ServerSideEncryptionConfigurationNotFoundError",
        state=_encryption_state,
        parameters=_encryption,
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _sibling(
        get="get_bucket_versioning",
        put="put_bucket_versioning",
        delete="",
        absent="NoSuchVersioning",
        state=_versioning_state,
        parameters=_versioning,
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _sibling(
        get="get_bucket_ownership_controls",
        put="put_bucket_ownership_controls",
        delete="delete_bucket_ownership_controls",
        absent="OwnershipControlsNotFoundError",
        state=_ownership_state,
        parameters=_ownership,
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _sibling(
        get="get_bucket_lifecycle_configuration",
        put="put_bucket_lifecycle_configuration",
        delete="delete_bucket_lifecycle",
        absent="NoSuchLifecycleConfiguration",
        state=_lifecycle_state,
        parameters=_lifecycle,
    ),
    "aws:s3/bucketPolicy:BucketPolicy": _sibling(
        get="get_bucket_policy",
        put="put_bucket_policy",
        delete="delete_bucket_policy",
        absent="NoSuchBucketPolicy",
        state=_policy_state,
        parameters=lambda wanted: {"Policy": wanted.inputs.text("policy")},
    ),
    "aws:s3/bucketLogging:BucketLogging": _sibling(
        get="get_bucket_logging",
        put="put_bucket_logging",
        delete="",
        absent="NoSuchLogging",
        state=_logging_state,
        parameters=_logging,
    ),
}
