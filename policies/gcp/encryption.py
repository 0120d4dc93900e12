"""Keys of the customer's own, how often they change, what guards them, and encryption on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.gcp.where import BUCKET, DATASET, KEY, TABLE, TOPIC, datasets_of
from policies.rules import Case, Said, rule
from policies.values import Reading

DAY_SECONDS: Final = 86_400
ROTATION_DAYS: Final = 90
DESTROY_DAYS: Final = 30
KEYED: Final = (
    ("ENC-GCP-001", TOPIC, "kmsKeyName"),
    ("ENC-GCP-002", BUCKET, "encryption.defaultKmsKeyName"),
    ("ENC-GCP-003", DATASET, "defaultEncryptionConfiguration.kmsKeyName"),
    ("ENC-GCP-004", "gcp:dataflow/job:Job", "kmsKeyName"),
    ("ENC-GCP-004", "gcp:dataflow/flexTemplateJob:FlexTemplateJob", "kmsKeyName"),
    ("ENC-GCP-004", "gcp:cloudfunctionsv2/function:Function", "kmsKeyName"),
    ("ENC-GCP-004", "gcp:cloudfunctions/function:Function", "kmsKeyName"),
)
"""Rule, type, and the input that names the key."""
EXTERNAL: Final = ("EXTERNAL", "EXTERNAL_VPC")


def _keyed(identity: str, kind: str, path: str) -> None:
    @rule(identity, kind)
    def _(case: Case) -> Iterator[Said]:
        yield from case.must_be_present(path, path)


for _row in KEYED:
    _keyed(*_row)


@rule("ENC-GCP-002", BUCKET)
def bucket_takes_no_other_key(case: Case) -> Iterator[Said]:
    """Where the pack is strict, objects under a key of Google are refused."""
    if case.stack.parameters.strict:
        yield from case.must_be(
            "encryption.googleManagedEncryptionEnforcementConfig.restrictionMode", "FullyRestricted"
        )


@rule("ENC-GCP-003", TABLE)
def table_has_a_key(case: Case) -> Iterator[Said]:
    """A table that holds rows has a key of its own, or takes that of its dataset."""
    own = case.read("encryptionConfiguration.kmsKeyName")
    if own.present or not holds_data(case):
        return
    parent = case.read("datasetId")
    datasets = datasets_of(case.stack, case.resource)
    keys = [one.read("defaultEncryptionConfiguration.kmsKeyName") for one in datasets]
    if not any(key.present for key in keys):
        if parent.unknown and not datasets:
            yield case.unsure(parent, "the dataset that the table may take its key from is known only after the update")
        else:
            yield case.fail(own, f"{own.path} is missing, and no dataset of the stack hands a key down")


def holds_data(case: Case) -> bool:
    """Whether a table holds rows: a view and a table over files do not."""
    return case.read("view").missing and case.read("externalDataConfiguration").missing


@rule("ENC-GCP-005", KEY)
def key_is_rotated(case: Case) -> Iterator[Said]:
    """A key that encrypts changes at least every 90 days; other purposes have no rotation."""
    purpose, level = case.read("purpose"), case.read("versionTemplate.protectionLevel")
    period = case.read("rotationPeriod")
    if purpose.text and not purpose.among("ENCRYPT_DECRYPT"):
        return
    if period.missing and (purpose.unknown or level.unknown):
        yield case.unsure(purpose if purpose.unknown else level)
    elif not (period.missing and level.among(*EXTERNAL)):  # a key outside Google's is rotated outside
        yield from _days(case, period, at_most=ROTATION_DAYS)


@rule("ENC-GCP-005", KEY)
def destroyed_key_can_be_restored(case: Case) -> Iterator[Said]:
    """A key version that somebody destroys can be restored for 30 days."""
    at = case.read("destroyScheduledDuration")
    if at.present:  # Cloud KMS takes 30 days where nothing is said
        yield from _days(case, at, at_least=DESTROY_DAYS)


def _days(case: Case, at: Reading, *, at_most: int | None = None, at_least: int | None = None) -> Iterator[Said]:
    """A duration in days within its bounds; missing and unreadable violate."""
    bound = f"at most {at_most} days" if at_most else f"at least {at_least} days"
    days = None if seconds(at) is None else (seconds(at) or 0) / DAY_SECONDS
    if at.unknown:
        yield case.unsure(at)
    elif at.missing:
        yield case.fail(at, f"{at.path} is missing: it must be {bound}")
    elif days is None or (at_most and days > at_most) or (at_least and days < at_least):
        yield case.fail(at, f"{at.path} must be {bound}")


def seconds(at: Reading) -> float | None:
    """The seconds of a duration ("7776000s"); None where it is none."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)s?\s*", at.text)
    return float(found[1]) if found else None


@rule("ENC-GCP-006", KEY)
def key_is_kept_in_hardware(case: Case) -> Iterator[Said]:
    """From level 3 on, keys are kept in hardware or outside Google."""
    if case.stack.parameters.sovereignty_level >= 3:  # noqa: PLR2004 - the levels are named in the parameter
        yield from case.must_be("versionTemplate.protectionLevel", "HSM", *EXTERNAL)
        if case.stack.parameters.strict:
            yield from case.must_be_present("keyAccessJustificationsPolicy", "keyAccessJustificationsPolicy")


@rule("TLS-GCP-001", "gcp:cloudfunctions/function:Function")
def function_answers_https_only(case: Case) -> Iterator[Said]:
    """A function that is called by HTTP answers HTTPS only."""
    by_http = case.read("triggerHttp")
    level = case.read("httpsTriggerSecurityLevel")
    if by_http.flag is True or level.present:
        yield from case.must_be(level.path, "SECURE_ALWAYS")
    elif by_http.unknown:
        yield case.unsure(by_http)


@rule("TLS-GCP-001", "gcp:pubsub/subscription:Subscription")
def push_is_https(case: Case) -> Iterator[Said]:
    """Messages are pushed over HTTPS."""
    at = case.read("pushConfig.pushEndpoint")
    if at.unknown:
        yield case.unsure(at)
    elif at.text and not at.text.strip().lower().startswith("https://"):
        yield case.fail(at, f"{at.path} must begin with https://")
