"""AWS data at rest is encrypted with a key of the customer's own; the keys are turned and not lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.rules import Case, Said, rule
from policies.values import Reading

KEY: Final = "aws:kms/key:Key"
LONGEST_ROTATION_DAYS: Final = 365
SHORTEST_WINDOW_DAYS: Final = 14
FIREHOSE: Final = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
FIREHOSE_DESTINATIONS: Final = (
    *("extendedS3Configuration", "elasticsearchConfiguration", "httpEndpointConfiguration", "icebergConfiguration"),
    *("opensearchConfiguration", "opensearchserverlessConfiguration", "redshiftConfiguration"),
    *("snowflakeConfiguration", "splunkConfiguration"),
)


def own_key(case: Case, reading: Reading) -> Iterator[Said]:
    """A key of the customer's own stands there: not nothing, not AWS's own key for the service."""
    if reading.missing:
        yield case.fail(reading, f"{reading.path} is missing: name a key of your own")
    elif "alias/aws/" in reading.text.lower():
        yield case.fail(reading, f"{reading.path} is AWS's own key: name a key of your own")


@rule("ENC-AWS-001", "aws:kinesis/stream:Stream")
def stream_is_encrypted(case: Case) -> Iterator[Said]:
    """Kinesis encrypts only when told to."""
    yield from case.must_be("encryptionType", "KMS")
    yield from own_key(case, case.read("kmsKeyId"))


@rule("ENC-AWS-004", "aws:dynamodb/table:Table")
def table_is_encrypted(case: Case) -> Iterator[Said]:
    """Without the block AWS's own key encrypts the table; each replica has a key of its own region."""
    yield from case.must_be_true("serverSideEncryption.enabled")
    yield from own_key(case, case.read("serverSideEncryption.kmsKeyArn"))
    if case.read("replicas").present:
        for reading in case.read_all("replicas[].kmsKeyArn"):
            yield from own_key(case, reading)


@rule("ENC-AWS-005", FIREHOSE)
def delivery_is_encrypted(case: Case) -> Iterator[Said]:
    """The delivery stream's own buffer, unless a stream feeds it and encrypts there; and what it writes to S3."""
    fed = any(case.read(path).present for path in ("kinesisSourceConfiguration", "mskSourceConfiguration"))
    if not fed:
        yield from case.must_be_true("serverSideEncryption.enabled")
        yield from case.must_be("serverSideEncryption.keyType", "CUSTOMER_MANAGED_CMK")
        yield from own_key(case, case.read("serverSideEncryption.keyArn"))
    for block in _written(case):
        yield from own_key(case, case.read(f"{block}.kmsKeyArn"))


def _written(case: Case) -> Iterator[str]:
    for name in FIREHOSE_DESTINATIONS:
        if not case.read(name).present:
            continue
        yield name if name == "extendedS3Configuration" else f"{name}.s3Configuration"
        if case.read(name).value is not None and case.read(f"{name}.s3BackupConfiguration").present:
            yield f"{name}.s3BackupConfiguration"


@rule("ENC-AWS-006", "aws:lambda/function:Function")
def variables_are_encrypted(case: Case) -> Iterator[Said]:
    """A function without variables has nothing there to encrypt."""
    key = case.read("kmsKeyArn")
    variables = case.read("environment.variables")
    if variables.missing or variables.value == {}:
        return
    if variables.unknown and key.missing:
        yield case.unsure(variables, "whether there are variables is known only after the update")
        return
    yield from own_key(case, key)


@rule("ENC-AWS-007", "aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings")
def catalog_is_encrypted(case: Case) -> Iterator[Said]:
    """Metadata and the passwords of connections."""
    at_rest = "dataCatalogEncryptionSettings.encryptionAtRest"
    yield from case.must_be(f"{at_rest}.catalogEncryptionMode", "SSE-KMS", "SSE-KMS-WITH-SERVICE-ROLE")
    yield from own_key(case, case.read(f"{at_rest}.sseAwsKmsKeyId"))
    password = "dataCatalogEncryptionSettings.connectionPasswordEncryption"  # noqa: S105 - an input's name
    yield from case.must_be_true(f"{password}.returnConnectionPasswordEncrypted")


@rule("ENC-AWS-007", "aws:glue/securityConfiguration:SecurityConfiguration")
def security_configuration_encrypts(case: Case) -> Iterator[Said]:
    """Results, logs and bookmarks; each mode is DISABLED where it is missing."""
    for block, mode, allowed in (
        ("s3Encryption", "s3EncryptionMode", ("SSE-KMS", "SSE-S3")),
        ("cloudwatchEncryption", "cloudwatchEncryptionMode", ("SSE-KMS",)),
        ("jobBookmarksEncryption", "jobBookmarksEncryptionMode", ("CSE-KMS",)),
    ):
        yield from case.must_be(f"encryptionConfiguration.{block}.{mode}", *allowed)


@rule("ENC-AWS-007", "aws:glue/job:Job", "aws:glue/crawler:Crawler")
def job_has_a_security_configuration(case: Case) -> Iterator[Said]:
    """A job or crawler without one encrypts nothing that it writes."""
    yield from case.must_be_present("securityConfiguration", "securityConfiguration")


@rule("ENC-AWS-008", "aws:athena/workgroup:Workgroup")
def results_are_encrypted(case: Case) -> Iterator[Said]:
    """Results in the customer's bucket, or in storage that Athena manages; clients must not override it."""
    managed = case.read("configuration.managedQueryResultsConfiguration.enabled")
    managed_key = case.read("configuration.managedQueryResultsConfiguration.encryptionConfiguration.kmsKey")
    encryption = "configuration.resultConfiguration.encryptionConfiguration"
    own_bucket = case.read(encryption)
    if managed.flag is True or (managed.missing and managed_key.present and own_bucket.missing):
        yield from own_key(case, managed_key)
    elif managed.unknown and own_bucket.missing:
        yield case.unsure(managed)
        yield from own_key(case, managed_key)  # without this one nothing encrypts them, whatever it turns out to be
    else:
        yield from case.must_be(f"{encryption}.encryptionOption", "SSE_KMS", "CSE_KMS")
        yield from own_key(case, case.read(f"{encryption}.kmsKeyArn"))
    enforced = case.read("configuration.enforceWorkgroupConfiguration")
    if enforced.unknown:
        yield case.unsure(enforced)
    elif enforced.flag is False:
        yield case.fail(enforced, f"{enforced.path} must be true: clients could write results unencrypted elsewhere")


@rule("ENC-AWS-008", "aws:athena/database:Database")
def database_is_encrypted(case: Case) -> Iterator[Said]:
    """What Athena writes when it makes the database."""
    yield from case.must_be("encryptionConfiguration.encryptionOption", "SSE_KMS", "CSE_KMS")
    yield from own_key(case, case.read("encryptionConfiguration.kmsKey"))


@rule("ENC-AWS-009", KEY)
def key_is_rotated(case: Case) -> Iterator[Said]:
    """Only symmetric keys whose material AWS makes can be rotated by it; rotation is off where it is missing."""
    spec, usage = case.read("customerMasterKeySpec"), case.read("keyUsage")
    other = (spec.text and not spec.among("SYMMETRIC_DEFAULT")) or (usage.text and not usage.among("ENCRYPT_DECRYPT"))
    if other or case.read("customKeyStoreId").present or case.read("xksKeyId").present:
        return
    rotated = case.read("enableKeyRotation")
    if rotated.unknown or (rotated.flag is not True and (spec.unknown or usage.unknown)):
        yield case.unsure(rotated)
    elif rotated.flag is not True:
        yield case.fail(rotated, "enableKeyRotation must be true")
    period = case.read("rotationPeriodInDays")
    if period.unknown:
        yield case.unsure(period)
    elif period.number is not None and period.number > LONGEST_ROTATION_DAYS:
        yield case.fail(period, f"rotationPeriodInDays must be {LONGEST_ROTATION_DAYS} or less")


@rule("ENC-AWS-010", KEY)
def key_is_not_lost(case: Case) -> Iterator[Said]:
    """A deletion can be noticed and stopped, the key works, and somebody can still administer it."""
    window = case.read("deletionWindowInDays")
    if window.unknown:
        yield case.unsure(window)
    elif window.number is not None and window.number < SHORTEST_WINDOW_DAYS:
        yield case.fail(window, f"deletionWindowInDays must be {SHORTEST_WINDOW_DAYS} or more")
    enabled = case.read("isEnabled")
    if enabled.unknown:
        yield case.unsure(enabled)
    elif enabled.flag is False:
        yield case.fail(enabled, "isEnabled must not be false")
    yield from case.must_not_be_true("bypassPolicyLockoutSafetyCheck")


@rule("ENC-AWS-011", "aws:cloudwatch/logGroup:LogGroup")
def log_group_is_encrypted(case: Case) -> Iterator[Said]:
    """Logs hold what programs print."""
    yield from own_key(case, case.read("kmsKeyId"))
