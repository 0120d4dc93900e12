"""Names that Azure keeps short, or unique in the world: a digest tells stacks apart where a name has no room."""

from __future__ import annotations

from base64 import b32encode
from hashlib import blake2s
from uuid import UUID, uuid5

from components.naming import PRODUCT, Names

SHORT_LIMIT = 24
"""Characters of the name of a storage account or a vault (Microsoft Learn, "Naming rules for Azure resources")."""
NAMESPACE_LIMIT = 50
"""Characters of the name of an Event Hubs namespace (same page)."""
_DIGEST_CHARACTERS = 13
_ASSIGNMENTS = UUID("5f0bd1c4-6f0e-5b6a-9a55-1d3c7a0b8e42")
"""Namespace of the names of role assignments and role definitions: chosen once, at random."""


def storage_account(names: Names, role: str) -> str:
    """Name of a storage account, unique in the world: at most 24 small letters and digits, which `role` is made of."""
    if not (role.isascii() and role.isalnum() and role.islower()):
        raise ValueError(f"{role!r}: a storage account's name has small letters and digits only")
    return _short(f"hs{role}", names)


def vault(names: Names) -> str:
    """Name of the key vault, unique in the world: at most 24 letters, digits and dashes."""
    return _short("hs-vault-", names)


def namespace(names: Names, role: str = "events") -> str:
    """Name of an Event Hubs namespace, unique in the world: at most 50 letters, digits and dashes."""
    ending = f"-g{names.generation}-{role}-{digest(names)}"
    return f"{PRODUCT}-{names.environment}"[: NAMESPACE_LIMIT - len(ending)].rstrip("-") + ending


def workspace(names: Names) -> str:
    """Name of the SQL engine's workspace, unique in the world: at most 50 small letters, digits and dashes."""
    return namespace(names, "sql")


def assignment(*what: str) -> str:
    """Name of a role assignment or definition, a GUID: the same for the same parts."""
    return str(uuid5(_ASSIGNMENTS, "|".join(what)))


def digest(names: Names, characters: int = _DIGEST_CHARACTERS) -> str:
    """What tells this stack's names from all others': of environment, generation, account and region."""
    whole = "|".join((names.environment, str(names.generation), names.account, names.region))
    return b32encode(blake2s(whole.encode(), digest_size=16).digest()).decode().lower()[:characters]


def _short(start: str, names: Names) -> str:
    if len(start) > SHORT_LIMIT - _DIGEST_CHARACTERS:
        raise ValueError(f"{start!r} leaves no room for {_DIGEST_CHARACTERS} characters of digest in {SHORT_LIMIT}")
    return start + digest(names)
