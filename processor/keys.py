"""The pseudonym key: its versions, and the tokens made with it.

A token is `VERSION:HEX`, 128 bits of HMAC-SHA256 under a key of its own per field, so equal values in two fields cannot
be joined, while equal values of one field can. Old versions are kept: a token made under one can still be recomputed,
so what was stored before a rotation still joins to the person it was made from.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping

import msgspec

KEY_BYTES = 32
TOKEN_HEX = 32  # characters: 128 bits
_VERSION = re.compile(r"k([1-9][0-9]{0,8})")


class KeyFault(ValueError):  # noqa: N818 - named for what is wrong
    """The secret does not hold a usable key ring. The message never holds a part of the secret."""


class _Secret(msgspec.Struct, forbid_unknown_fields=True):
    current: str
    keys: dict[str, str]


class KeyRing:
    """All versions of one region's pseudonym key, and which of them makes new tokens."""

    __slots__ = ("_keys", "current")

    def __init__(self, current: str, keys: Mapping[str, bytes]) -> None:
        if current not in keys:
            raise KeyFault(f"the current version {current[:16]!r} is not among the keys")
        if not all(_VERSION.fullmatch(version) and len(key) == KEY_BYTES for version, key in keys.items()):
            raise KeyFault(f"versions must be k1, k2 … and each key {KEY_BYTES} bytes")
        self.current = current
        self._keys = dict(keys)

    def __repr__(self) -> str:  # key material must not reach a log through a repr
        return f"KeyRing(current={self.current!r}, versions={self.versions})"

    @property
    def versions(self) -> tuple[str, ...]:
        """All versions, oldest first."""
        return tuple(sorted(self._keys, key=lambda version: int(version[1:])))

    @classmethod
    def create(cls) -> KeyRing:
        """A new ring with one random key, version k1."""
        return cls("k1", {"k1": secrets.token_bytes(KEY_BYTES)})

    def rotated(self) -> KeyRing:
        """This ring with a new random key as the current version; every older version is kept."""
        version = f"k{int(self.versions[-1][1:]) + 1}"
        return KeyRing(version, {**self._keys, version: secrets.token_bytes(KEY_BYTES)})

    @classmethod
    def from_secret(cls, text: str) -> KeyRing:
        """The ring that the secret's text holds. Raises KeyFault, with nothing of the text in its message."""
        try:
            secret = msgspec.json.decode(text, type=_Secret)
            keys = {version: b64decode(key, validate=True) for version, key in secret.keys.items()}
        except (msgspec.DecodeError, binascii.Error, UnicodeError, ValueError) as fault:
            # `from None`: the chained error could quote the secret.
            raise KeyFault(f"the pseudonym key secret cannot be read ({type(fault).__name__})") from None
        return cls(secret.current, keys)

    def to_secret(self) -> str:
        """The secret's text, to be stored and never shown."""
        keys = {version: b64encode(self._keys[version]).decode() for version in self.versions}
        return msgspec.json.encode({"current": self.current, "keys": keys}).decode()

    def tokeniser(self, field: str, version: str | None = None) -> Callable[[str], str]:
        """The function from a value of `field` to its token, under `version` (default: the current one).

        Both halves of the HMAC are keyed once here and copied for each value. Raises KeyFault for an unknown version.
        """
        version = version or self.current
        if version not in self._keys:
            raise KeyFault(f"there is no key version {version[:16]!r}")
        key = hmac.digest(self._keys[version], b"homeshore field " + field.encode(), "sha256")
        block = key.ljust(hashlib.sha256().block_size, b"\0")
        inner_copy = hashlib.sha256(bytes(byte ^ 0x36 for byte in block)).copy
        outer_copy = hashlib.sha256(bytes(byte ^ 0x5C for byte in block)).copy
        prefix = version + ":"

        def token(value: str) -> str:
            inner = inner_copy()
            inner.update(value.encode())
            outer = outer_copy()
            outer.update(inner.digest())
            return prefix + outer.hexdigest()[:TOKEN_HEX]

        return token
