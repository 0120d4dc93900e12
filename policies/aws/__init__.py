"""Rules: aws. Importing the package declares them."""

from policies.aws import (
    access,
    bedrock,
    bucket_contents,
    destinations,
    encryption,
    identity,
    providers,
    residency,
    retention,
    telemetry,
)

__all__ = [
    "access",
    "bedrock",
    "bucket_contents",
    "destinations",
    "encryption",
    "identity",
    "providers",
    "residency",
    "retention",
    "telemetry",
]
