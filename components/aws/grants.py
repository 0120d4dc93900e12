"""What the processor may do, statement by statement; each Sid says why. Names come from config, so previews show all.

Pure: nothing here needs a resource to exist. Only the key's ARN is not known beforehand, so what concerns the key is
a document of its own.
"""

from __future__ import annotations

from components.aws.documents import Statement
from components.aws.place import Place

DATA_PREFIXES = ("bronze", "quarantine", "dead-letter")
"""The prefixes of the lake that the processor writes."""
FAILED_PREFIX = "aws/lambda"
"""Where Lambda itself puts failed batches. It cannot be chosen, which is why they have a bucket of their own."""


def read_stream(place: Place, stream: str, consumer: str | None) -> tuple[Statement, ...]:
    """Read the stream; with `consumer` also subscribe through it."""
    arn = place.arn("kinesis", f"stream/{stream}")
    reading = Statement(
        sid="ReadTheEvents",
        actions=(
            "kinesis:DescribeStream",
            "kinesis:DescribeStreamSummary",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
        ),
        resources=(arn,),
    )
    if consumer is None:
        return (reading,)
    subscribing = Statement(
        sid="ReadThroughTheOwnReadPath",
        actions=("kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"),
        # The ARN of a consumer ends in the time of its creation.
        resources=(f"{arn}/consumer/{consumer}:*",),
    )
    return (reading, subscribing)


def send_events(place: Place, stream: str) -> tuple[Statement, ...]:
    """Send to the stream, and learn its shards, which client libraries ask for."""
    return (
        Statement(
            sid="SendEvents",
            actions=("kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:PutRecord", "kinesis:PutRecords"),
            resources=(place.arn("kinesis", f"stream/{stream}"),),
        ),
    )


def encrypt_events(place: Place) -> tuple[Statement, ...]:
    """The key's part of sending: Kinesis encrypts on the sender's behalf. The resource is filled in: the key."""
    return (
        Statement(
            sid="EncryptSentEvents",
            actions=("kms:GenerateDataKey",),
            resources=(),
            conditions={"StringEquals": {"kms:ViaService": place.via("kinesis")}},
        ),
    )


def read_objects(place: Place, bucket: str, *prefixes: str) -> tuple[Statement, ...]:
    """List a bucket and read its objects, of the given prefixes only where there are any."""
    keys = tuple(f"{prefix}/*" for prefix in prefixes) or ("*",)
    return (
        Statement(
            sid="ListTheObjects",
            actions=("s3:ListBucket",),
            resources=(place.bucket_arn(bucket),),
            conditions={"StringLike": {"s3:prefix": list(keys)}} if prefixes else {},
        ),
        Statement(sid="LocateTheBucket", actions=("s3:GetBucketLocation",), resources=(place.bucket_arn(bucket),)),
        Statement(
            sid="ReadTheObjects",
            actions=("s3:GetObject",),
            resources=tuple(place.bucket_arn(bucket, key) for key in keys),
        ),
    )


def add_objects(place: Place, bucket: str, *prefixes: str) -> tuple[Statement, ...]:
    """Add objects to a bucket, under the given prefixes only where there are any."""
    keys = tuple(f"{prefix}/*" for prefix in prefixes) or ("*",)
    return (
        Statement(
            sid="AddObjects",
            actions=("s3:AbortMultipartUpload", "s3:PutObject"),
            resources=tuple(place.bucket_arn(bucket, key) for key in keys),
        ),
    )


def decrypt_objects(place: Place, bucket: str) -> tuple[Statement, ...]:
    """The key's part of reading objects. The resource is filled in: the key."""
    return (
        Statement(
            sid="DecryptTheObjects", actions=("kms:Decrypt",), resources=(), conditions=_objects_of(place, bucket)
        ),
    )


def encrypt_objects(place: Place, bucket: str) -> tuple[Statement, ...]:
    """The key's part of adding objects; S3 decrypts to join the parts of an upload. The resource is filled in."""
    return (
        Statement(
            sid="EncryptTheObjects",
            actions=("kms:Decrypt", "kms:GenerateDataKey"),
            resources=(),
            conditions=_objects_of(place, bucket),
        ),
    )


def copy_objects(place: Place, *buckets: str) -> tuple[Statement, ...]:
    """What S3 asks of the role that copies new objects of the data prefixes from each of `buckets` to the others."""
    objects = tuple(place.bucket_arn(bucket, f"{prefix}/*") for bucket in buckets for prefix in DATA_PREFIXES)
    reading = ("s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging")
    return (
        Statement(
            sid="FindWhatIsToBeCopied",
            actions=("s3:GetReplicationConfiguration", "s3:ListBucket"),
            resources=tuple(place.bucket_arn(bucket) for bucket in buckets),
        ),
        Statement(sid="ReadWhatIsToBeCopied", actions=reading, resources=objects),
        Statement(sid="WriteTheCopies", actions=("s3:ReplicateObject", "s3:ReplicateTags"), resources=objects),
    )


def copy_under_key(place: Place, bucket: str, key_arn: str) -> tuple[Statement, ...]:
    """The key's part of copying from and into a bucket with a bucket key, in the bucket's own region."""
    return (
        Statement(
            sid="DecryptWhatIsToBeCopiedEncryptTheCopies",
            # Copies keep the bucket key, which takes a data key of its own.
            actions=("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"),
            resources=(key_arn,),
            conditions=_objects_of(place, bucket),
        ),
    )


def use_key_alone() -> tuple[Statement, ...]:
    """Encrypt and decrypt with the key itself. The resource is filled in: the key."""
    actions = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey")
    return (Statement(sid="UseTheKey", actions=actions, resources=()),)


def query_lake(place: Place, database: str, workgroup: str) -> tuple[Statement, ...]:
    """Run queries in the workgroup, and read the catalog of the database."""
    running = (
        "athena:BatchGetQueryExecution",
        "athena:GetNamedQuery",
        "athena:GetQueryExecution",
        "athena:GetQueryResults",
        "athena:GetQueryResultsStream",
        "athena:GetWorkGroup",
        "athena:ListNamedQueries",
        "athena:ListQueryExecutions",
        "athena:StartQueryExecution",
        "athena:StopQueryExecution",
    )
    reading = ("glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables")
    return (
        Statement(sid="RunQueries", actions=running, resources=(place.arn("athena", f"workgroup/{workgroup}"),)),
        Statement(
            sid="ReadTheCatalog",
            actions=reading,
            resources=(
                place.arn("glue", "catalog"),
                place.arn("glue", f"database/{database}"),
                place.arn("glue", f"table/{database}/*"),
            ),
        ),
    )


def write_lake(place: Place, bucket: str, *, in_region: bool = False) -> tuple[Statement, ...]:
    """Write the three kinds of object, and read one that an earlier attempt left before replacing it.

    `in_region`: only through S3 of this region. The name of a bucket does not say where it lies, and clients follow
    S3's word that it is elsewhere.
    """
    return (
        Statement(
            sid="StoreEventsAndCompareWithEarlierAttempts",
            actions=("s3:GetObject", "s3:PutObject"),
            resources=tuple(place.bucket_arn(bucket, f"{prefix}/*") for prefix in DATA_PREFIXES),
            conditions={"StringEquals": {"aws:RequestedRegion": place.region}} if in_region else {},
        ),
    )


def keep_failed_batches(place: Place, bucket: str) -> tuple[Statement, ...]:
    """What Lambda asks of the function's role to hand over batches that failed for good."""
    return (
        Statement(
            sid="KeepFailedBatches",
            actions=("s3:PutObject",),
            resources=(place.bucket_arn(bucket, f"{FAILED_PREFIX}/*"),),
        ),
        Statement(
            sid="LambdaListsTheDestinationFirst",
            actions=("s3:ListBucket",),
            resources=(place.bucket_arn(bucket),),
        ),
    )


def read_secret(place: Place, secret: str) -> tuple[Statement, ...]:
    """Read the pseudonym key, of any version; Secrets Manager ends the ARN in six characters of its own."""
    return (
        Statement(
            sid="ReadThePseudonymKey",
            actions=("secretsmanager:GetSecretValue",),
            resources=(place.arn("secretsmanager", f"secret:{secret}-??????"),),
        ),
    )


def write_logs(place: Place, log_group: str) -> tuple[Statement, ...]:
    """Write to the function's own log group, which the stack creates."""
    return (
        Statement(
            sid="WriteTheOwnLog",
            actions=("logs:CreateLogStream", "logs:PutLogEvents"),
            resources=(place.arn("logs", f"log-group:{log_group}:*"),),
        ),
    )


def trace() -> tuple[Statement, ...]:
    """Send traces. X-Ray knows no resource to name here (Service Authorization Reference)."""
    return (
        Statement(
            sid="SendTracesWhichHaveNoResourceToName",
            actions=("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
            resources=("*",),
        ),
    )


def join_network(place: Place, function: str) -> tuple[Statement, ...]:
    """What Lambda asks of the function's role to put it into a network; the function's own code is refused the same."""
    inside = place.arn("ec2", "*/*")
    writing = (
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:UnassignPrivateIpAddresses",
    )
    describing = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")
    return (
        Statement(sid="LetLambdaJoinTheNetwork", actions=writing, resources=(inside,)),
        Statement(
            sid="DescribingHasNoResourceToName",
            actions=describing,
            resources=("*",),
        ),
        Statement(
            sid="RefuseTheSameToTheFunctionsCode",
            effect="Deny",
            actions=(*writing, *describing),
            resources=("*",),
            conditions={"ArnEquals": {"lambda:SourceFunctionArn": place.arn("lambda", f"function:{function}")}},
        ),
    )


def use_key(place: Place, key_arn: str, *, function: str, lake: str, failed: str) -> tuple[Statement, ...]:
    """What the processor needs of the key, each use tied to the service and the thing that it is for."""
    return (
        Statement(
            sid="DecryptEventsAndThePseudonymKey",
            actions=("kms:Decrypt",),
            resources=(key_arn,),
            conditions={"StringEquals": {"kms:ViaService": [place.via("kinesis"), place.via("secretsmanager")]}},
        ),
        Statement(
            sid="DecryptTheOwnEnvironment",
            actions=("kms:Decrypt",),
            resources=(key_arn,),
            conditions={
                "StringEquals": {
                    "kms:EncryptionContext:aws:lambda:FunctionArn": place.arn("lambda", f"function:{function}")
                }
            },
        ),
        Statement(
            sid="EncryptAndCheckStoredEvents",
            actions=("kms:Decrypt", "kms:GenerateDataKey"),
            resources=(key_arn,),
            conditions=_objects_of(place, lake),
        ),
        Statement(
            # The role can put failed batches there, and cannot read them back.
            sid="EncryptFailedBatches",
            actions=("kms:GenerateDataKey",),
            resources=(key_arn,),
            conditions=_objects_of(place, failed),
        ),
    )


def _objects_of(place: Place, bucket: str) -> dict[str, dict[str, str | list[str]]]:
    """With a bucket key the encryption context is the bucket, not the object."""
    return {
        "StringEquals": {
            "kms:ViaService": place.via("s3"),
            "kms:EncryptionContext:aws:s3:arn": place.bucket_arn(bucket),
        }
    }
