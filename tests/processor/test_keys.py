"""The key ring: tokens, versions, and that nothing of a key shows."""

from __future__ import annotations

import json
import traceback
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.keys import KeyFault, KeyRing
from tests.processor import reference
from tests.processor.batches import KEY


def ring() -> KeyRing:
    return KeyRing("k1", {"k1": KEY})


@given(st.text())
def test_a_token_is_hmac_sha256_under_the_fields_own_key(value: str):
    assert ring().tokeniser("user_id")(value) == reference.token(KEY, "user_id", value)


def test_a_token_carries_its_version_and_fields_do_not_join():
    made = ring()
    assert made.tokeniser("user_id")("ada").startswith("k1:")
    assert made.tokeniser("user_id")("ada") != made.tokeniser("ip")("ada")
    assert len(made.tokeniser("user_id")("ada")) == len("k1:") + 32


def test_rotation_keeps_every_version_so_that_old_tokens_still_join():
    old = ring()
    new = old.rotated().rotated()
    assert (new.current, new.versions) == ("k3", ("k1", "k2", "k3"))
    assert new.tokeniser("ip", "k1")("192.0.2.1") == old.tokeniser("ip")("192.0.2.1")
    assert new.tokeniser("ip")("192.0.2.1").startswith("k3:")


def test_versions_are_in_order_of_age_beyond_the_ninth():
    made = ring()
    for _ in range(11):
        made = made.rotated()
    assert made.versions[-2:] == ("k11", "k12")
    assert made.current == "k12"


def test_a_ring_survives_its_secret():
    made = KeyRing.create().rotated()
    again = KeyRing.from_secret(made.to_secret())
    assert (again.current, again.versions) == (made.current, made.versions)
    assert again.tokeniser("ip", "k1")("x") == made.tokeniser("ip", "k1")("x")
    assert json.loads(made.to_secret()).keys() == {"current", "keys"}


def test_two_rings_differ():
    assert KeyRing.create().to_secret() != KeyRing.create().to_secret()


GOOD = b64encode(KEY).decode()
SECRET_TEXT = "planted-key-material"


@pytest.mark.parametrize(
    "text",
    [
        "",
        SECRET_TEXT,
        json.dumps({"current": "k1"}),
        json.dumps({"current": "k1", "keys": {"k1": SECRET_TEXT}}),
        json.dumps({"current": "k1", "keys": {"k1": b64encode(SECRET_TEXT.encode()).decode()}}),
        json.dumps({"current": "k2", "keys": {"k1": GOOD}}),
        json.dumps({"current": "first", "keys": {"first": GOOD}}),
        json.dumps({"current": "k1", "keys": {"k1": GOOD}, SECRET_TEXT: 1}),
        json.dumps({"current": "k1", "keys": {"k1": GOOD + "\n"}}),
        json.dumps({"current": "k1", "keys": [GOOD]}),
    ],
)
def test_a_secret_that_is_no_ring_is_refused_without_a_word_of_it(text: str):
    with pytest.raises(KeyFault) as refused:
        KeyRing.from_secret(text)
    assert SECRET_TEXT not in str(refused.value)
    assert GOOD not in str(refused.value)
    # Nor in a log of the whole chain: the error underneath may quote the secret.
    told = "".join(traceback.format_exception(refused.value, chain=True))
    assert "DecodeError:" not in told
    assert refused.value.__cause__ is None


def test_nothing_of_a_key_shows_in_its_representation():
    assert repr(ring()) == "KeyRing(current='k1', versions=('k1',))"


def test_an_unknown_version_is_a_fault():
    with pytest.raises(KeyFault, match="no key version"):
        ring().tokeniser("ip", "k7")
