"""Names that are unique in the world, and identifiers that config decides."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

import geography
from components.azure import names
from components.azure.key import Key
from components.azure.place import own, place_of
from components.contracts import Unsupported
from components.naming import Names
from tests.components.azure.program import HOME, STANDBY, SUBSCRIPTION, scope

ENVIRONMENTS = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=40).map(lambda text: "e" + text)
GENERATIONS = st.integers(1, 999)
REGIONS = st.sampled_from([place.name for place in geography.regions("azure")])


@given(ENVIRONMENTS, GENERATIONS, REGIONS)
def test_names_keep_azures_rules(environment: str, generation: int, region: str) -> None:
    stack = Names(environment, generation, SUBSCRIPTION, region)
    for role in ("lake", "failed", "flows", "host"):
        assert re.fullmatch("[a-z0-9]{3,24}", names.storage_account(stack, role))
    assert re.fullmatch("(?!.*--)[a-z][a-z0-9-]{1,22}[a-z0-9]", names.vault(stack))
    assert re.fullmatch("[a-z][a-z0-9-]{4,48}[a-z0-9]", names.namespace(stack))


@given(st.lists(st.tuples(ENVIRONMENTS, GENERATIONS, REGIONS), min_size=2, max_size=2, unique=True))
def test_two_stacks_never_share_a_name(stacks: list[tuple[str, int, str]]) -> None:
    one, other = (Names(env, generation, SUBSCRIPTION, region) for env, generation, region in stacks)
    assert names.storage_account(one, "lake") != names.storage_account(other, "lake")
    assert names.vault(one) != names.vault(other)
    assert names.namespace(one) != names.namespace(other)


def test_names_are_what_they_were() -> None:
    """A name is API: this one stands for all."""
    stack = Names("test", 1, SUBSCRIPTION, "a-region")
    assert names.storage_account(stack, "lake") == NAMES["lake"]
    assert names.vault(stack) == NAMES["vault"]
    assert names.namespace(stack) == NAMES["namespace"]
    assert names.assignment("scope", "role", "name") == NAMES["assignment"]


NAMES = {
    "lake": "hslakeefbg53ff46nag",
    "vault": "hs-vault-efbg53ff46nag",
    "namespace": "homeshore-test-g1-events-efbg53ff46nag",
    "assignment": "84a5d3ec-f186-529d-a29f-bf63c078d7b6",
}


@pytest.mark.parametrize("role", ["Lake", "la-ke", "", "averylongrole"])
def test_a_role_that_no_account_can_have_is_a_fault(role: str) -> None:
    with pytest.raises(ValueError, match=r"letters|room"):
        names.storage_account(Names("test", 1, SUBSCRIPTION, HOME), role)


def test_the_separate_worlds_have_their_own_domains() -> None:
    worlds = {
        place_of(scope(place.name)).world.environment: place_of(scope(place.name)).world
        for place in geography.regions("azure")
        if place.kind == "region"
    }
    assert worlds.keys() == {"public", "china", "usgovernment"}
    for field in ("vault", "vault_link", "storage", "bus", "registry", "synapse"):
        assert len({getattr(world, field) for world in worlds.values()}) == len(worlds)


def test_identifiers_are_known_before_anything_exists() -> None:
    place = place_of(scope())
    assert place.id("Microsoft.KeyVault/vaults", "v", "keys", "k") == (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/homeshore-test-g1-{HOME}-pipeline"
        "/providers/Microsoft.KeyVault/vaults/v/keys/k"
    )
    assert place_of(scope(STANDBY)).group != place.group


def test_a_component_of_another_cloud_is_refused() -> None:
    with pytest.raises(Unsupported, match=r"Key of components\.azure is needed here, and builtins\.str was given"):
        own("a key", Key)
