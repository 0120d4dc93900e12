"""What AWS services tell of their work is switched on."""

from __future__ import annotations

from collections.abc import Iterator

from policies.aws.encryption import FIREHOSE, FIREHOSE_DESTINATIONS
from policies.rules import Case, Said, rule


@rule("LOG-AWS-002", FIREHOSE)
def delivery_errors_are_logged(case: Case) -> Iterator[Said]:
    """Each destination logs what it could not deliver; off where it is missing."""
    for name in FIREHOSE_DESTINATIONS:
        if case.read(name).present:
            yield from case.must_be_true(f"{name}.cloudwatchLoggingOptions.enabled")


@rule("LOG-AWS-002", "aws:athena/workgroup:Workgroup")
def queries_are_measured(case: Case) -> Iterator[Said]:
    """On where it is missing."""
    yield from case.must_be_true("configuration.publishCloudwatchMetricsEnabled", default=True)


@rule("LOG-AWS-002", "aws:lambda/function:Function")
def function_is_traced(case: Case) -> Iterator[Said]:
    """PassThrough where it is missing: traced only if the caller is."""
    yield from case.must_be("tracingConfig.mode", "Active")
