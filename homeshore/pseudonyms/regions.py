"""One pseudonym key in a region and in its standby: the same value in both, or their tokens would not join.

The primary's secret is the truth: it is written first, and what it holds is carried to the standby's. A run that ends
between the two leaves a standby that lags; the next one carries the rest.
"""

from __future__ import annotations

import json

from homeshore.errors import UserError
from homeshore.pseudonyms.ring import Read, SecretStore, init_key, rotate_key
from processor.keys import KeyFault, KeyRing


def init_both(primary: SecretStore, standby: SecretStore) -> KeyRing:
    """Give both secrets their first value, or carry the primary's key to a standby that lacks it or a part of it.

    Raises UserError where both hold the same key already, where they hold different ones, or where one is not there.
    """
    behind = standby.read()
    if primary.read().text is None:
        _refuse_a_key_of_its_own(primary, standby, behind)
        ring = init_key(primary)
    else:
        ring = _held(primary)
        if behind.text is not None and _ring(standby, behind.text).to_secret() == ring.to_secret():
            return init_key(primary)  # which refuses, and says what to do instead
        _check_that_it_lags(standby, behind, ring)
    standby.write(ring, behind)
    return ring


def rotate_both(primary: SecretStore, standby: SecretStore) -> KeyRing:
    """Add one version to the key in both secrets. Raises UserError where the two hold different keys, or none."""
    behind = standby.read()
    if primary.read().text is not None:
        _check_that_it_lags(standby, behind, _held(primary))
    ring = rotate_key(primary)
    standby.write(ring, behind)
    return ring


def _held(store: SecretStore) -> KeyRing:
    text = store.read().text
    if text is None:
        raise UserError(f"{store.name}: its key is gone; nothing was changed.")
    return _ring(store, text)


def _ring(store: SecretStore, text: str) -> KeyRing:
    try:
        return KeyRing.from_secret(text)
    except KeyFault as fault:
        raise UserError(
            f"{store.name}: {fault}. Restore an earlier version of the secret; nothing was changed."
        ) from None


def _check_that_it_lags(standby: SecretStore, behind: Read, ring: KeyRing) -> None:
    """The standby holds nothing, or a part of what the primary holds. Raises UserError."""
    if behind.text is None:
        return
    theirs, ours = _keys(_ring(standby, behind.text)), _keys(ring)
    if strange := sorted(version for version, key in theirs.items() if ours.get(version) != key):
        raise UserError(
            f"{standby.name}: the standby holds another key than the primary (version {', '.join(strange)}), so tokens "
            "of the two regions would not join; nothing was changed. If the standby has made no tokens yet, delete its "
            "secret's value and run `homeshore data key init`."
        )


def _refuse_a_key_of_its_own(primary: SecretStore, standby: SecretStore, behind: Read) -> None:
    if behind.text is not None:
        raise UserError(
            f"{standby.name}: the standby holds a key and the primary ({primary.name}) holds none; nothing was "
            "changed. Copy the standby's value into the primary's secret, with the cloud's own tools."
        )


def _keys(ring: KeyRing) -> dict[str, str]:
    return json.loads(ring.to_secret())["keys"]
