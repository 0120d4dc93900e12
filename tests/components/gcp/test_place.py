"""Identifiers that config decides, and the refusal of what belongs to another cloud."""

from __future__ import annotations

import pytest

from components.contracts import Unsupported
from components.gcp.key import Key
from components.gcp.place import AGENTS, member, own, place_of
from components.naming import Names
from components.placement import AwsPlacement
from tests.components.conftest import ACCOUNT
from tests.components.conftest import HOME as AWS_HOME
from tests.components.gcp.recording import HOME, NUMBER, PROJECT, scope

PLACE = place_of(scope())
PREFIXES = {"bigquery": "bq", "storagetransfer": "project"}


def test_identifiers_are_googles_own() -> None:
    assert PLACE.at("secrets", "s") == f"projects/{PROJECT}/locations/{HOME}/secrets/s"
    assert PLACE.shared("topics", "t") == f"projects/{PROJECT}/topics/t"
    assert PLACE.network("n") == f"projects/{PROJECT}/global/networks/n"
    assert PLACE.subnetwork("s") == f"projects/{PROJECT}/regions/{HOME}/subnetworks/s"
    assert PLACE.service_account("a") == f"a@{PROJECT}.iam.gserviceaccount.com"
    assert PLACE.endpoint("pubsub") == f"https://{HOME}-pubsub.googleapis.com"
    assert PLACE.regional_host("secretmanager") == f"secretmanager.{HOME}.rep.googleapis.com"
    assert member("a@b") == "serviceAccount:a@b"


@pytest.mark.parametrize("service", sorted(AGENTS))
def test_agents_are_named_by_the_projects_number(service: str) -> None:
    name, _, domain = PLACE.agent(service).partition("@")
    assert name == f"{PREFIXES.get(service, 'service')}-{NUMBER}"
    assert domain.endswith(".iam.gserviceaccount.com")


def test_what_belongs_to_another_cloud_is_refused_by_name() -> None:
    with pytest.raises(Unsupported, match="here is a str, and a Key of theirs is needed"):
        own("an ARN", Key)
    aws = AwsPlacement(cloud="aws", region=AWS_HOME, account_id=ACCOUNT)
    foreign = scope()
    with pytest.raises(Unsupported, match="here is a AwsPlacement, and a GcpPlacement of theirs is needed"):
        place_of(
            type(foreign)(aws, Names("test", 1, ACCOUNT, AWS_HOME), "eu", {}, protect=True, removal_destroys=False)
        )
