"""Writing in order where a secret store takes every write: of two that began from one state, the first stands.

Key Vault and Secret Manager add a version for whoever asks; neither has a condition for it. So each writer looks,
after its write, at what was written since it had read: where another version is the first, its own is withdrawn. The
processor reads the newest version, whatever its state, so the first one's text is written once more before the other is
disabled. Between the two a processor may have read the withdrawn key: that is told, because nothing can undo it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from homeshore.errors import UserError
from homeshore.pseudonyms.ring import Read
from processor.keys import KeyFault, KeyRing


class Version(NamedTuple):
    """One version of a secret."""

    id: str
    enabled: bool


class Versions(Protocol):
    """A secret's versions. Each method raises UserError, with the remedy, for what the service refuses."""

    @property
    def name(self) -> str:
        """The secret, as people find it in the cloud's own tools."""
        ...

    def listed(self) -> Sequence[Version]:
        """All versions, oldest first; none where the secret has no value yet."""
        ...

    def text(self, version: str) -> str:
        """What an enabled version holds."""
        ...

    def add(self, text: str) -> str:
        """Write a version; its id."""
        ...

    def since(self, seen: frozenset[str], ours: str) -> Sequence[str]:
        """The enabled versions that are not among `seen`, in the order in which they were written.

        Every writer gets the same first one; `ours` is there.
        """
        ...

    def disable(self, version: str) -> None:
        """Have a version never read again; it can be enabled by hand."""
        ...


class OrderedSecret:
    """A SecretStore over versions that everybody may add to."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions

    @property
    def name(self) -> str:
        """See SecretStore."""
        return self._versions.name

    def read(self) -> Read:
        """See SecretStore."""
        there = self._versions.listed()
        if not there:
            return Read(None)
        newest = there[-1]
        if not newest.enabled:
            raise UserError(
                f"{self.name}: its newest version, {newest.id}, is disabled or destroyed, and the processor reads that "
                "one. Enable it, or write an earlier version's value once more; nothing was changed."
            )
        return Read(self._versions.text(newest.id), frozenset(version.id for version in there))

    def write(self, ring: KeyRing, read: Read) -> None:
        """See SecretStore."""
        ours = self._versions.add(ring.to_secret())
        first = next(iter(self._versions.since(read.seen, ours)), ours)
        if first == ours:
            return
        theirs = self._versions.text(first)
        if _holds(theirs, ring):
            return
        self._withdraw(ours, first, theirs)
        raise UserError(
            f"{self.name}: someone else wrote a key a moment before. Theirs (version {first}) stands, ours ({ours}) "
            "is disabled. A processor that read the key in that moment makes tokens with ours until it reads again, "
            "within five minutes: the persons of those minutes are counted apart."
        )

    def _withdraw(self, ours: str, first: str, theirs: str) -> None:
        try:
            self._versions.add(theirs)
            self._versions.disable(ours)
        except UserError as fault:
            raise UserError(
                f"{self.name}: someone else wrote a key a moment before (version {first}), and ours ({ours}) could not "
                f"be withdrawn: {fault}\nDo it by hand, at once: write the value of version {first} once more, so that "
                f"it is the newest, then disable version {ours}."
            ) from None


def _holds(text: str, ring: KeyRing) -> bool:
    """Whether a secret's text holds the ring's newest key.

    Then it is our own, which a client library wrote twice because it got no answer, or was made from ours already.
    """
    try:
        theirs = KeyRing.from_secret(text)
    except KeyFault:
        return False
    newest = ring.current
    return newest in theirs.versions and theirs.tokeniser("", newest)("") == ring.tokeniser("", newest)("")
