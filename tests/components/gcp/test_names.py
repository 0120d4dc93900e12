"""Names keep Google Cloud's rules for every region, tell placements apart, and never change."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product

import pytest

import geography
from components.contracts import Unsupported
from components.gcp import names
from components.naming import Names
from tests.components.gcp.recording import HOME, PROJECT, scope

REGIONS = [place.name for place in geography.regions("gcp") if place.kind == "region"]
LONG_PROJECT = "p" + "-project-with-long-names-" + "abcd"
PLACES = [
    Names(environment, generation, LONG_PROJECT, region)
    for environment, generation, region in product(("e", "production-1"), (1, 99), REGIONS)
]
ROLES = ("keys", "workers", "to-services", "dead-letters", "failed-batches", "pseudonym-key")
STORES = ("lake", "failed")
NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")


@pytest.mark.parametrize(
    ("kind", "roles"), [(names.regional, ROLES), (names.project_wide, ROLES), (names.world_wide, STORES)]
)
def test_every_name_has_at_most_63_characters_of_a_dns_name(
    kind: Callable[[Names, str], str], roles: tuple[str, ...]
) -> None:
    for place, role in product(PLACES, roles):
        name = kind(place, role)
        assert NAME.fullmatch(name), name
        assert len(name) <= 63
        assert f"-g{place.generation}-" in name
        assert role in name


def test_service_accounts_have_6_to_30_characters() -> None:
    for place, role in product(PLACES, ("processor", "sink", "scheduler")):
        account = names.service_account(place, role)
        assert NAME.fullmatch(account), account
        assert 6 <= len(account) <= 30
        assert f"-g{place.generation}-{role}-" in account


def test_a_role_that_leaves_no_room_for_the_environment_is_refused() -> None:
    with pytest.raises(ValueError, match="no room for an environment"):
        names.service_account(Names("test", 99, PROJECT, HOME), "much-too-long-a-role")


def test_names_that_a_project_shares_tell_regions_and_long_environments_apart() -> None:
    for kind, role in ((names.project_wide, "events"), (names.world_wide, "lake"), (names.service_account, "sink")):
        made = [kind(place, role) for place in PLACES]
        assert len(set(made)) == len(PLACES)
    almost = [Names(f"production-{end}", 12, PROJECT, HOME) for end in "ab"]
    assert len({names.service_account(place, "processor") for place in almost}) == len(almost)


def test_buckets_of_two_projects_differ() -> None:
    assert len({names.world_wide(Names("test", 1, project, HOME), "lake") for project in ("one", "two")}) == 2


def test_names_are_api() -> None:
    place = scope().names
    assert names.regional(place, "keys") == "homeshore-test-g1-keys"
    assert names.project_wide(place, "events") == f"homeshore-test-g1-{HOME}-events"
    assert names.world_wide(place, "lake") == f"homeshore-test-g1-{HOME}-lake-a1e4c657"
    assert names.dataset(place, "lake") == f"homeshore_test_g1_{HOME.replace('-', '_')}_lake"
    assert names.service_account(place, "processor") == "hs-test-g1-processor-c5ef58"


def test_a_bucket_cannot_be_called_after_google() -> None:
    with pytest.raises(Unsupported, match="'goog' in it"):
        names.world_wide(Names("googler", 1, PROJECT, HOME), "lake")


def test_labels_are_in_googles_alphabet() -> None:
    tags = {"CostCenter": "0815", "Owner": "Data & AI", "Contact": "Data@Example.com", "Stack": "x" * 70}
    assert names.labels(tags) == {
        "cost_center": "0815",
        "owner": "data___ai",
        "contact": "data_at_example_com",
        "stack": "x" * 63,
    }
