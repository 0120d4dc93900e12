"""The pseudonym key in Key Vault, through the real client library."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from azure.core.exceptions import ClientAuthenticationError

from components.naming import Names
from components.placement import AzurePlacement
from geography import regions
from homeshore.errors import UserError
from homeshore.pseudonyms import azure
from homeshore.pseudonyms.azure import SECRET, KeyVaultVersions
from homeshore.pseudonyms.order import OrderedSecret
from homeshore.pseudonyms.ring import Read, init_key, rotate_key
from processor.keys import KeyRing
from tests.pseudonyms.fake_vault import TENANT, Fault, Vault, client

PLAIN = "planted-secret"


@pytest.fixture
def vault() -> Vault:
    return Vault()


def store(vault: Vault, sleep: Callable[[float], None] = lambda _: None) -> OrderedSecret:
    return OrderedSecret(KeyVaultVersions(client(vault), SECRET, sleep))


def newest(vault: Vault) -> KeyRing:
    return KeyRing.from_secret(vault.secrets[SECRET][-1].text)


def test_a_key_is_begun_and_rotated(vault: Vault):
    assert init_key(store(vault)).versions == ("k1",)
    first = vault.secrets[SECRET][0].text
    vault.now += 60
    assert rotate_key(store(vault)).versions == ("k1", "k2")
    assert newest(vault).tokeniser("user_id", "k1")("x") == KeyRing.from_secret(first).tokeniser("user_id")("x")
    assert [stored.enabled for stored in vault.secrets[SECRET]] == [True, True]


def test_a_key_is_never_overwritten_and_never_rotated_from_nothing(vault: Vault):
    with pytest.raises(UserError, match="data key init"):
        rotate_key(store(vault))
    assert vault.secrets == {}
    init_key(store(vault))
    with pytest.raises(UserError, match="holds a key already"):
        init_key(store(vault))
    assert len(vault.secrets[SECRET]) == 1


def test_the_version_that_is_rotated_is_the_newest_of_many_pages(vault: Vault):
    init_key(store(vault))
    for number in range(2, 7):
        vault.now += 60
        assert rotate_key(store(vault)).current == f"k{number}"


def test_a_disabled_newest_version_is_left_for_people(vault: Vault):
    init_key(store(vault))
    vault.secrets[SECRET][0].enabled = False
    for change in (init_key, rotate_key):
        with pytest.raises(UserError, match="disabled or destroyed"):
            change(store(vault))
    assert len(vault.secrets[SECRET]) == 1


def test_what_is_no_ring_is_left_alone_and_not_shown(vault: Vault):
    client(vault).set_secret(SECRET, PLAIN)
    with pytest.raises(UserError, match="nothing was changed") as raised:
        rotate_key(store(vault))
    assert PLAIN not in str(raised.value)
    assert [stored.text for stored in vault.secrets[SECRET]] == [PLAIN]


@pytest.mark.parametrize("second_id", ["0" * 32, "f" * 32])
def test_of_two_writers_within_one_second_one_stands(vault: Vault, second_id: str):
    """Each sees both versions with one time; the ids decide, and both writers decide alike."""
    init_key(store(vault))
    vault.now += 60
    vault.next_ids = ["8" * 32, second_id]
    told: dict[str, UserError | None] = {}
    rings: dict[str, KeyRing] = {}

    def attempt(name: str, writer: OrderedSecret, read: Read) -> None:
        rings[name] = KeyRing.from_secret(read.text or "").rotated()
        try:
            told[name] = writer.write(rings[name], read)
        except UserError as fault:
            told[name] = fault

    second = store(vault)
    seen_by_second = second.read()
    first = store(vault, lambda _: attempt("second", second, seen_by_second))
    attempt("first", first, first.read())
    (won,) = [name for name, fault in told.items() if fault is None]
    (lost,) = [fault for fault in told.values() if fault is not None]
    assert won == ("second" if second_id < "8" else "first")
    assert "someone else wrote a key a moment before" in str(lost)
    assert newest(vault).to_secret() == rings[won].to_secret()
    enabled = [one.text for one in vault.secrets[SECRET] if one.enabled][1:]
    assert set(enabled) == {rings[won].to_secret()}


def test_a_key_made_from_ours_meanwhile_is_no_rival(vault: Vault):
    init_key(store(vault))
    vault.now += 60
    vault.next_ids = ["8" * 32, "0" * 32]
    ring = rotate_key(store(vault, lambda _: assert_rotated(vault)))
    assert ring.versions == ("k1", "k2")
    assert newest(vault).versions == ("k1", "k2", "k3")
    assert [one.enabled for one in vault.secrets[SECRET]] == [True] * 3


def assert_rotated(vault: Vault) -> None:
    assert rotate_key(store(vault)).current == "k3"


def test_a_writer_that_read_before_another_wrote_gives_way(vault: Vault):
    init_key(store(vault))
    slow = store(vault)
    read = slow.read()
    vault.now += 5
    won = rotate_key(store(vault))
    vault.now += 5
    with pytest.raises(UserError, match=r"Theirs \(version .*\) stands"):
        slow.write(KeyRing.from_secret(read.text or "").rotated(), read)
    assert newest(vault).to_secret() == won.to_secret()
    assert [stored.enabled for stored in vault.secrets[SECRET]] == [True, True, False, True]


def test_a_key_that_cannot_be_withdrawn_is_told_with_what_to_do_by_hand(vault: Vault):
    init_key(store(vault))
    slow = store(vault)
    read = slow.read()
    vault.now += 5
    rotate_key(store(vault))
    vault.now += 5
    vault.faults = [Fault(403, "ForbiddenByRbac", after=lambda request: request.method == "PATCH")]
    with pytest.raises(UserError, match="by hand, at once"):
        slow.write(KeyRing.from_secret(read.text or "").rotated(), read)


def test_a_write_that_the_library_repeated_is_no_rival(vault: Vault):
    put = vault.put
    lost = iter([True])

    def cut(request: object, name: str) -> object:
        answered = put(request, name)  # type: ignore[arg-type]
        if next(lost, False):
            answered.status_code = answered.raw.status = 503  # written all the same
        return answered

    vault.put = cut  # type: ignore[method-assign, assignment]
    ring = init_key(store(vault))
    assert [stored.text for stored in vault.secrets[SECRET]] == [ring.to_secret()] * 2


@pytest.mark.parametrize(
    ("status", "inner", "said"),
    [
        (403, "ForbiddenByRbac", "Key Vault Secrets Officer"),
        (403, "ForbiddenByConnection", "private endpoints only"),
        (403, "ForbiddenByFirewall", "private endpoints only"),
        (403, "AccessDenied", "Azure refuses: AccessDenied"),
        (429, "Throttled", "over its limit of calls"),
        (500, "", "Azure refuses with 500"),
    ],
)
def test_what_the_vault_refuses_is_told_with_its_remedy(vault: Vault, status: int, inner: str, said: str):
    vault.faults = [Fault(status, inner)]
    with pytest.raises(UserError, match=said):
        init_key(store(vault))
    assert vault.secrets == {}


def test_throttling_that_passes_is_not_seen(vault: Vault):
    vault.faults = [Fault(429, "Throttled", times=2)]
    assert init_key(store(vault)).current == "k1"


def test_a_deleted_key_is_to_be_recovered_not_replaced(vault: Vault):
    vault.deleted.add(SECRET)
    with pytest.raises(UserError, match="az keyvault secret recover"):
        init_key(store(vault))


def test_a_vault_that_is_not_there_or_closed_is_told(vault: Vault):
    vault.unreachable = True
    with pytest.raises(UserError, match="pulumi up"):
        init_key(store(vault))


def test_nobody_signed_in_is_told(vault: Vault):
    def refuse(*_: str, **__: object) -> object:
        raise ClientAuthenticationError("no credential in the chain worked")

    nobody = SimpleNamespace(get_token=refuse)
    with pytest.raises(UserError, match="az login"):
        init_key(OrderedSecret(KeyVaultVersions(client(vault, nobody), SECRET)))


def test_the_vault_is_the_stack_s_own_and_in_its_world():
    place = next(found for found in regions("azure") if found.kind == "region" and found.country == "DE")
    placement = AzurePlacement(
        cloud="azure", region=place.name, subscription_id="00000000-0000-4000-8000-000000000001", tenant_id=TENANT
    )
    url = azure.vault_url(placement, Names("prod", 1, placement.account, placement.region))
    assert url.startswith("https://hs-vault-")
    assert url.endswith(".vault.azure.net")
    assert url != azure.vault_url(placement, Names("prod", 2, placement.account, placement.region))
