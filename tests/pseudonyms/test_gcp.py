"""The pseudonym key in Secret Manager, through the real client library."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest
from google.auth.exceptions import DefaultCredentialsError

from components.naming import Names
from components.placement import GcpPlacement
from geography import regions
from homeshore.errors import UserError
from homeshore.pseudonyms import gcp
from homeshore.pseudonyms.gcp import SecretManagerVersions
from homeshore.pseudonyms.order import OrderedSecret
from homeshore.pseudonyms.ring import init_key, rotate_key
from processor.keys import KeyRing
from tests.pseudonyms.fake_secret_manager import Manager, State

PLACE = next(found.name for found in regions("gcp") if found.kind == "region" and found.country == "DE")
SECRET = f"projects/homeshore-test/locations/{PLACE}/secrets/homeshore-test-g1-pseudonym-key"


@pytest.fixture
def manager() -> Manager:
    return Manager(SECRET)


@pytest.fixture
def store(manager: Manager) -> Iterator[OrderedSecret]:
    with manager.serving() as client:
        yield OrderedSecret(SecretManagerVersions(client, SECRET, patience_seconds=0.01))


def test_a_key_is_begun_and_rotated(manager: Manager, store: OrderedSecret):
    assert init_key(store).versions == ("k1",)
    for number in range(2, 7):  # more than a listing shows at once
        assert rotate_key(store).current == f"k{number}"
    first, *_, last = map(KeyRing.from_secret, manager.texts)
    assert last.tokeniser("user_id", "k1")("x") == first.tokeniser("user_id")("x")
    assert set(manager.states) == {State.ENABLED}


def test_a_key_is_never_overwritten_and_never_rotated_from_nothing(manager: Manager, store: OrderedSecret):
    with pytest.raises(UserError, match="data key init"):
        rotate_key(store)
    init_key(store)
    with pytest.raises(UserError, match="holds a key already"):
        init_key(store)
    assert len(manager.texts) == 1


@pytest.mark.parametrize("lag", [1, 2])
def test_a_listing_that_lags_does_not_hide_a_key(manager: Manager, store: OrderedSecret, lag: int):
    init_key(store)
    rotate_key(store)
    manager.lag = lag
    assert rotate_key(store).versions == ("k1", "k2", "k3")
    with pytest.raises(UserError, match="holds a key already"):
        init_key(store)


@pytest.mark.parametrize("state", [State.DISABLED, State.DESTROYED])
def test_a_newest_version_that_cannot_be_read_is_left_for_people(manager: Manager, store: OrderedSecret, state: State):
    init_key(store)
    rotate_key(store)
    manager.secrets[SECRET][-1] = (b"", state)
    for lag in (0, 1):
        manager.lag = lag
        for change in (init_key, rotate_key):
            with pytest.raises(UserError, match="disabled or destroyed"):
                change(store)
    assert len(manager.texts) == 2


def test_of_two_writers_the_lower_number_stands(manager: Manager, store: OrderedSecret):
    init_key(store)
    rings: list[KeyRing] = []
    manager.before_add = lambda: rings.append(rotate_key(store))
    with pytest.raises(UserError, match=r"Theirs \(version 2\) stands, ours \(3\) is disabled"):
        rotate_key(store)
    assert manager.texts[1] == manager.texts[3] == rings[0].to_secret()
    assert manager.states == [State.ENABLED, State.ENABLED, State.DISABLED, State.ENABLED]
    assert rotate_key(store).versions == ("k1", "k2", "k3")


def test_of_two_first_keys_the_lower_number_stands(manager: Manager, store: OrderedSecret):
    manager.before_add = lambda: init_key(store)
    with pytest.raises(UserError, match=r"Theirs \(version 1\) stands"):
        init_key(store)
    assert manager.texts[0] == manager.texts[2]
    assert manager.states[1] == State.DISABLED


def test_a_secret_that_is_not_declared_is_told(manager: Manager, store: OrderedSecret):
    manager.secrets.clear()
    for change in (init_key, rotate_key):
        with pytest.raises(UserError, match="pulumi up"):
            change(store)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, "secretmanager.secretVersionManager"),
        (grpc.StatusCode.UNAUTHENTICATED, "gcloud auth application-default login"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "Wait a minute"),
        (grpc.StatusCode.UNAVAILABLE, "Wait a minute"),
        (grpc.StatusCode.INVALID_ARGUMENT, "Google refuses"),
    ],
)
def test_what_google_refuses_is_told_with_its_remedy(
    manager: Manager, store: OrderedSecret, code: grpc.StatusCode, said: str
):
    manager.refusal = code
    with pytest.raises(UserError, match=said):
        init_key(store)


@pytest.mark.parametrize("code", [grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE])
def test_a_write_is_never_repeated(manager: Manager, store: OrderedSecret, code: grpc.StatusCode):
    def refuse() -> None:
        manager.refusal = code

    manager.before_add = refuse
    with pytest.raises(UserError, match="Run the command again"):
        init_key(store)
    assert manager.texts == []


def test_what_is_no_ring_is_left_alone_and_not_shown(manager: Manager, store: OrderedSecret):
    manager.secrets[SECRET].append((b"planted-secret", State.ENABLED))
    with pytest.raises(UserError, match="nothing was changed") as raised:
        rotate_key(store)
    assert "planted" not in str(raised.value)
    assert manager.texts == ["planted-secret"]


def test_a_regional_secret_is_reached_in_its_region_only():
    placement = GcpPlacement(cloud="gcp", region=PLACE, project_id="homeshore-test", project_number="123456789012")
    name = gcp.secret_name(placement, Names("test", 1, placement.account, placement.region))
    assert name == SECRET
    assert gcp.endpoint(name) == f"secretmanager.{PLACE}.rep.googleapis.com"
    assert gcp.endpoint("projects/homeshore-test/secrets/x") is None


def test_nobody_signed_in_is_told(monkeypatch: pytest.MonkeyPatch):
    def refuse(**_: object) -> object:
        raise DefaultCredentialsError("no credentials")

    monkeypatch.setattr("google.cloud.secretmanager_v1.SecretManagerServiceClient", refuse)
    placement = GcpPlacement(cloud="gcp", region=PLACE, project_id="homeshore-test", project_number="123456789012")
    with pytest.raises(UserError, match="gcloud auth application-default login"):
        gcp.stack_secret(placement, Names("test", 1, placement.account, placement.region))
