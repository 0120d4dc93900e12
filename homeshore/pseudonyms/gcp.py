"""The pseudonym key in Google's Secret Manager: a regional secret that the stack declares without a version.

AddSecretVersion knows no condition (its request has no etag), but numbers the versions one by one: whoever gets a
number that is not the next one was overtaken. Listings and the alias `latest` may lag behind for minutes; only access
by number is strongly consistent (documentation, "Secret Manager data consistency"), so the end is found by asking for
numbers.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from components.naming import Names
from components.placement import GcpPlacement
from homeshore.errors import UserError
from homeshore.pseudonyms.order import OrderedSecret, Version

if TYPE_CHECKING:
    from google.cloud.secretmanager_v1 import SecretManagerServiceClient

ROLE = "pseudonym-key"
ROLES = "roles/secretmanager.secretVersionManager and roles/secretmanager.secretAccessor"
CALL_SECONDS = 30.0
_AGAIN = "Run the command again: it begins with what is there then."
_REGIONAL = re.compile(r"projects/[^/]+/locations/([a-z0-9-]+)/secrets/[^/]+")


def stack_secret(placement: GcpPlacement, names: Names) -> OrderedSecret:
    """The secret that the stack declares."""
    secret = secret_name(placement, names)
    return OrderedSecret(SecretManagerVersions(_client(secret), secret))


def secret_name(placement: GcpPlacement, names: Names) -> str:
    """The secret's resource name."""
    from components.gcp.names import regional

    return f"projects/{placement.project_id}/locations/{placement.region}/secrets/{regional(names, ROLE)}"


def endpoint(secret: str) -> str | None:
    """The host that serves a regional secret; None for one that is served world-wide."""
    place = _REGIONAL.fullmatch(secret)
    return f"secretmanager.{place[1]}.rep.googleapis.com" if place else None


def _client(secret: str) -> SecretManagerServiceClient:
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.secretmanager_v1 import SecretManagerServiceClient

    host = endpoint(secret)
    try:
        return SecretManagerServiceClient(client_options={"api_endpoint": host} if host else None)
    except GoogleAuthError as fault:
        raise _unauthenticated(secret, fault) from None


class SecretManagerVersions:
    """See Versions: ids are numbers, in decimal."""

    def __init__(self, client: SecretManagerServiceClient, secret: str, patience_seconds: float = 20.0) -> None:
        """`patience_seconds` is how long a read is repeated while Google is busy; a write is never repeated."""
        from google.api_core import exceptions
        from google.api_core.retry import Retry, if_exception_type

        busy = if_exception_type(exceptions.ServiceUnavailable, exceptions.ResourceExhausted)
        self._busy = Retry(busy, initial=1.0, maximum=5.0, timeout=patience_seconds)
        self._client = client
        self.name = secret

    def listed(self) -> Sequence[Version]:
        """See Versions. Numbers are never used twice, so what a listing does not show yet is asked for by number."""
        from google.cloud.secretmanager_v1 import SecretVersion

        with self._refusals():
            # The generated client is typed in part.
            pages = self._client.list_secret_versions(  # pyright: ignore[reportUnknownMemberType]
                parent=self.name, timeout=CALL_SECONDS, retry=self._busy
            )
            states = {_number(found.name): found.state == SecretVersion.State.ENABLED for found in pages}
        newest = max(states, default=0)
        while (enabled := self._enabled(newest + 1)) is not None:
            newest += 1
            states[newest] = enabled
        return [Version(str(number), enabled=states[number]) for number in sorted(states)]

    def text(self, version: str) -> str:
        """See Versions."""
        with self._refusals():
            return self._access(int(version))

    def add(self, text: str) -> str:
        """See Versions."""
        from google.cloud.secretmanager_v1 import SecretPayload

        with self._refusals():
            # The generated client is typed in part.
            added = self._client.add_secret_version(  # pyright: ignore[reportUnknownMemberType]
                parent=self.name, payload=SecretPayload(data=text.encode()), timeout=CALL_SECONDS, retry=None
            )
            return str(_number(added.name))

    def since(self, seen: frozenset[str], ours: str) -> Sequence[str]:
        """See Versions. Ours is strongly consistent with its own writing: nothing is waited for."""
        between = range(max(map(int, seen), default=0) + 1, int(ours))
        return [*(str(number) for number in between if self._enabled(number)), ours]

    def disable(self, version: str) -> None:
        """See Versions."""
        with self._refusals():
            # The generated client is typed in part.
            self._client.disable_secret_version(  # pyright: ignore[reportUnknownMemberType]
                name=f"{self.name}/versions/{version}", timeout=CALL_SECONDS
            )

    def _enabled(self, number: int) -> bool | None:
        """Whether a version can be read; None where there is none of that number."""
        from google.api_core.exceptions import FailedPrecondition, NotFound

        with self._refusals():
            try:
                self._access(number)
            except NotFound:
                return None
            except FailedPrecondition:  # disabled or destroyed
                return False
        return True

    def _access(self, number: int) -> str:
        # The generated client is typed in part.
        found = self._client.access_secret_version(  # pyright: ignore[reportUnknownMemberType]
            name=f"{self.name}/versions/{number}", timeout=CALL_SECONDS, retry=self._busy
        )
        return found.payload.data.decode()

    @contextmanager
    def _refusals(self) -> Generator[None]:
        """What Google or its SDK refuses inside the block, as UserError with the remedy."""
        from google.api_core import exceptions
        from google.auth.exceptions import GoogleAuthError

        try:
            yield
        except exceptions.NotFound:
            raise UserError(
                f"{self.name}: there is no such secret. The stack declares it: first run `pulumi up`."
            ) from None
        except exceptions.PermissionDenied:
            raise UserError(
                f"{self.name}: whoever is signed in may not do that. It takes {ROLES} on this secret."
            ) from None
        except (exceptions.Unauthenticated, GoogleAuthError) as fault:
            raise _unauthenticated(self.name, fault) from None
        except exceptions.ResourceExhausted:
            raise UserError(f"{self.name}: Google is over its limit of calls. Wait a minute. {_AGAIN}") from None
        except exceptions.RetryError as fault:
            raise UserError(f"{self.name}: Google is busy: {fault.cause}. Wait a minute. {_AGAIN}") from None
        except exceptions.GoogleAPICallError as fault:
            raise UserError(f"{self.name}: Google refuses: {fault}. {_AGAIN}") from None


def _number(version: str) -> int:
    return int(version.rpartition("/")[2])


def _unauthenticated(secret: str, fault: Exception) -> UserError:
    return UserError(
        f"{secret}: nobody is signed in for it ({type(fault).__name__}). Run `gcloud auth application-default login`."
    )
