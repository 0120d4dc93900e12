"""What may be done with a pseudonym key: begin it, rotate it. What a cloud's secret store has to offer for that."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from homeshore.errors import UserError
from processor.keys import KeyFault, KeyRing


class Read(NamedTuple):
    """A secret as it was found: its newest version's text (None: it has no value yet), and all versions' ids."""

    text: str | None
    seen: frozenset[str] = frozenset()


class SecretStore(Protocol):
    """One secret. Each method raises UserError, with the remedy, for what the service refuses."""

    @property
    def name(self) -> str:
        """The secret, as people find it in the cloud's own tools."""
        ...

    def read(self) -> Read:
        """The secret's state. Raises UserError where it is not declared, or its newest version is disabled."""
        ...

    def write(self, ring: KeyRing, read: Read) -> None:
        """Add a version that holds `ring`, which was made from `read`.

        Raises UserError when someone else did so meanwhile: then theirs stands.
        """
        ...


def ensure_key(store: SecretStore) -> bool:
    """Give a declared secret its first value unless it has one; return whether it was written."""
    read = store.read()
    if read.text is not None:
        return False
    store.write(KeyRing.create(), read)
    return True


def init_key(store: SecretStore) -> KeyRing:
    """Give a secret its first value. Raises UserError where it has one, or is not there."""
    read = store.read()
    if read.text is not None:
        raise UserError(
            f"{store.name}: holds a key already. Overwriting it would orphan every token made so far, so it is "
            "refused. To begin a new version and keep the old one: `homeshore data key rotate`."
        )
    ring = KeyRing.create()
    store.write(ring, read)
    return ring


def rotate_key(store: SecretStore) -> KeyRing:
    """Add a version to the key in a secret. Raises UserError where there is none to rotate."""
    read = store.read()
    if read.text is None:
        raise UserError(f"{store.name}: has no key yet. Write the first one with `homeshore data key init`.")
    try:
        ring = KeyRing.from_secret(read.text).rotated()
    except KeyFault as fault:
        raise UserError(
            f"{store.name}: {fault}. Restore an earlier version of the secret; nothing was changed."
        ) from None
    store.write(ring, read)
    return ring


def overtaken(name: str, ring: KeyRing) -> UserError:
    """What is told to the second of two writers when the service itself refused it."""
    return UserError(f"{name}: someone else wrote version {ring.current} meanwhile; nothing was changed.")
