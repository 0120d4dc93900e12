"""The pseudonym key in Azure Key Vault: a secret that the program never declares, for ARM would want its value.

Key Vault knows no condition for a write, and tells a version's time of creation in whole seconds: who wrote first is
decided after the second is over, and within one second by the version's id, which every writer sees alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from components.naming import Names
from components.placement import AzurePlacement
from homeshore.errors import UserError
from homeshore.pseudonyms.order import OrderedSecret, Version

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError
    from azure.keyvault.secrets import SecretClient, SecretProperties

SECRET = "pseudonym-key"  # noqa: S105 - its name
ROLE = "Key Vault Secrets Officer"
SETTLE_SECONDS = 2.5  # more than the second of a version's creation still lasts, and the vault's answer takes
_AGAIN = "Run the command again: it begins with what is there then."
_START = datetime.min.replace(tzinfo=UTC)


def stack_secret(placement: AzurePlacement, names: Names) -> OrderedSecret:
    """The secret in the vault that the stack declares."""
    return OrderedSecret(KeyVaultVersions(_client(vault_url(placement, names), placement.tenant_id), SECRET))


def vault_url(placement: AzurePlacement, names: Names) -> str:
    """The URL of the stack's vault; its domain is that of the region's world."""
    from components.azure import names as azure_names
    from components.azure.place import place_of
    from components.base import Scope

    # Of a scope only placement and names decide where things lie.
    scope = Scope(placement, names, boundary="", labels={}, protect=True, removal_destroys=False)
    return f"https://{azure_names.vault(names)}.{place_of(scope).world.vault}"


def _client(url: str, tenant: str) -> SecretClient:
    from azure.identity import DefaultAzureCredential
    from azure.keyvault.secrets import SecretClient

    # The vault says which tenant signs in to it; it must be the stack's.
    return SecretClient(url, DefaultAzureCredential(additionally_allowed_tenants=[tenant]))


class KeyVaultVersions:
    """See Versions."""

    def __init__(self, client: SecretClient, secret: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._secret = secret
        self._sleep = sleep
        self.name = f"{client.vault_url.rstrip('/')}/secrets/{secret}"

    def listed(self) -> Sequence[Version]:
        """See Versions."""
        return [Version(_id(found), enabled=bool(found.enabled)) for found in self._properties()]

    def text(self, version: str) -> str:
        """See Versions."""
        with self._refusals():
            return self._client.get_secret(self._secret, version).value or ""

    def add(self, text: str) -> str:
        """See Versions."""
        with self._refusals():
            return _id(self._client.set_secret(self._secret, text, content_type="application/json").properties)

    def since(self, seen: frozenset[str], ours: str) -> Sequence[str]:
        """See Versions. Waits until no other version can be created in the second of ours."""
        self._sleep(SETTLE_SECONDS)
        new = [found for found in self._properties() if _id(found) not in seen and found.enabled]
        return [_id(found) for found in new] or [ours]

    def disable(self, version: str) -> None:
        """See Versions."""
        with self._refusals():
            self._client.update_secret_properties(self._secret, version, enabled=False)

    def _properties(self) -> list[SecretProperties]:
        from azure.core.exceptions import ResourceNotFoundError

        with self._refusals():
            try:
                found = list(self._client.list_properties_of_secret_versions(self._secret))
            except ResourceNotFoundError:  # no secret yet; without a vault nobody would have answered
                return []
        return sorted(found, key=lambda one: (one.created_on or _START, _id(one)))

    @contextmanager
    def _refusals(self) -> Generator[None]:
        """What Azure or its SDK refuses inside the block, as UserError with the remedy."""
        from azure.core.exceptions import (
            AzureError,
            ClientAuthenticationError,
            HttpResponseError,
            ServiceRequestError,
        )

        try:
            yield
        except ClientAuthenticationError as fault:
            raise UserError(f"{self.name}: nobody is signed in for it: {fault.message}\nRun `az login`.") from None
        except HttpResponseError as fault:
            raise UserError(f"{self.name}: {_explained(fault)}") from None
        except ServiceRequestError as fault:
            raise UserError(
                f"{self.name}: the vault cannot be reached ({type(fault.inner_exception or fault).__name__}). Is the "
                "stack up (`pulumi up`)? The vault answers inside the stack's network only: run this from there."
            ) from None
        except AzureError as fault:
            raise UserError(f"{self.name}: no answer from Azure ({type(fault).__name__}). {_AGAIN}") from None


def _id(properties: SecretProperties) -> str:
    return properties.version or ""


def _explained(fault: HttpResponseError) -> str:
    told = fault.error.innererror if fault.error else None
    inner = str(cast("Mapping[str, object]", told or {}).get("code", ""))
    match fault.status_code:
        case 403 if inner in ("ForbiddenByFirewall", "ForbiddenByConnection"):
            return (
                "the vault refuses this machine's network: it answers to private endpoints only. Run this from inside "
                "the stack's network; nothing was changed."
            )
        case 403 if inner == "ForbiddenByRbac":
            return f"whoever is signed in may not do that. Assign the role '{ROLE}' on this vault; nothing was changed."
        case 403:
            return f"Azure refuses: {inner or 'forbidden'}. It takes the role '{ROLE}' on this vault."
        case 409 if inner == "ObjectIsDeletedButRecoverable":
            return (
                "was deleted, and can be recovered with its versions: `az keyvault secret recover`. A new key would "
                "orphan every token made so far; nothing was changed."
            )
        case 429:
            return f"Azure is over its limit of calls, also after several attempts. Wait a minute. {_AGAIN}"
        case _:
            return f"Azure refuses with {fault.status_code} {inner or fault.reason or ''}. {_AGAIN}"
