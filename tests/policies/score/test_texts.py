"""What one text is bent to."""

from __future__ import annotations

import pytest

import geography
from policies.score.abroad import Abroad
from policies.score.texts import bends

EU = Abroad(geography.boundary("eu"))
CASES: list[tuple[str, str, dict[str, str]]] = [
    ("aws", "eu-central-1", {"region-near": "eu-central-2", "region-far": "af-south-1"}),
    ("aws", "eu-central-1a", {"region-near": "eu-central-2a", "region-far": "af-south-1a"}),
    (
        "aws",
        "arn:aws:sqs:eu-west-1:123456789012:q",
        {
            "arn-region-near": "arn:aws:sqs:eu-west-2:123456789012:q",
            "arn-region-far": "arn:aws:sqs:af-south-1:123456789012:q",
            "arn-account": "arn:aws:sqs:eu-west-1:210987654321:q",
        },
    ),
    ("aws", "arn:aws:s3:::lake/bronze/*", {"arn-name": "arn:aws:s3:::somebody-elses-data/bronze/*"}),
    ("aws", "s3://lake/bronze/", {"uri": "s3://somebody-elses-data/bronze/"}),
    ("aws", "a text of several words about eu-central-1", {}),
    ("azure", "https://v.vault.azure.net/keys/k", {"host-name": "https://somebody-elses-data.vault.azure.net/keys/k"}),
    (
        "gcp",
        "EUROPE-WEST1",
        {
            "region-near": "EUROPE-WEST2",
            "region-far": "AFRICA-SOUTH1",
            "multi-region": "US",
            "partly-inside": "EUR5",
            "global": "GLOBAL",
        },
    ),
    ("gcp", "x@p.iam.gserviceaccount.com", {"account": "x@somebody-elses.iam.gserviceaccount.com"}),
]


@pytest.mark.parametrize(("cloud", "text", "expected"), CASES, ids=[case[1] for case in CASES])
def test_a_text_is_bent_in_exactly_these_ways(cloud: str, text: str, expected: dict[str, str]) -> None:
    assert {one.operator: one.text for one in bends(cloud, text, EU)} == expected
