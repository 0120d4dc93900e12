"""Physical names: deterministic, within the clouds' limits, unique per environment, generation, account and region.

A name is API: data and dashboards outlive the code that named them, so a change here is a change of every stack.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2s

PRODUCT = "homeshore"

BUCKET_LIMIT = 63
"""Characters of a bucket name (S3 User Guide, "Bucket naming rules")."""
NAME_LIMIT = 64
"""Characters of a function or role name, the shortest limit among the named things that are not buckets."""
_DIGEST_CHARACTERS = 6


@dataclass(frozen=True)
class Names:
    """The names of one stack's things. `generation` is raised when a deleted name is still held by the cloud."""

    environment: str
    generation: int
    account: str
    region: str

    def local(self, role: str) -> str:
        """Name of a thing that is unique within one account and region, at most 64 characters."""
        return self._fitted(f"-{role}", NAME_LIMIT)

    def account_wide(self, role: str) -> str:
        """Name of a thing that all regions of an account share (roles, dashboards, budgets): it carries the region."""
        return self._fitted(f"-{self.region}-{role}", NAME_LIMIT)

    def world_wide(self, role: str) -> str:
        """Name of a thing that all accounts share (buckets): it carries account and region, at most 63 characters."""
        return self._fitted(f"-{self.account}-{self.region}-{role}", BUCKET_LIMIT)

    def identifier(self, role: str) -> str:
        """Name for SQL, where a dash would have to be quoted: underscores instead."""
        return self.local(role).replace("-", "_")

    def path(self, role: str) -> str:
        """Name in a namespace of paths (log groups, secrets, key aliases)."""
        return f"{PRODUCT}/{self.environment}-g{self.generation}/{role}"

    def _fitted(self, after: str, limit: int) -> str:
        after = f"-g{self.generation}{after}"
        room = limit - len(PRODUCT) - 1 - len(after)
        if len(self.environment) <= room:
            return f"{PRODUCT}-{self.environment}{after}"
        if room < _DIGEST_CHARACTERS:
            raise ValueError(
                f"no room for an environment in a name of {limit} characters that ends in {after!r}: "
                "use a lower generation or a shorter role"
            )
        return f"{PRODUCT}-{_shortened(self.environment, room)}{after}"


def _shortened(text: str, room: int) -> str:
    """`text` cut to `room` characters; the last six are a digest of the whole, so that two long texts differ."""
    digest = blake2s(text.encode(), digest_size=_DIGEST_CHARACTERS // 2).hexdigest()
    return (text[: room - _DIGEST_CHARACTERS] + digest)[-room:]
