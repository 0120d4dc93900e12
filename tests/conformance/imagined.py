"""An AWS that makes nothing and only gives what is registered the identifiers that policies need."""

from __future__ import annotations

from collections.abc import Mapping

from homeshore.engine import BackendError, Registered, Resource
from homeshore.engine.values import Plain

COMPUTED = ("arn", "uuid", "prefixListId", "dashboardArn")
"""What the program asks of what it has made."""


class Imagined:
    """Answers with the inputs and with identifiers that say whose they are.

    In a preview a document that holds the key's ARN is unknown as a whole, and with it every grant in it.
    """

    dry_run = False

    def register(self, resource: Resource) -> Registered:
        """See homeshore.engine.Backend."""
        made = {attribute: f"{attribute}:of:{resource.name}" for attribute in COMPUTED}
        return Registered(f"id:of:{resource.name}", {**made, **resource.inputs})

    def invoke(self, token: str, args: Mapping[str, Plain]) -> Mapping[str, object]:
        """Refuse: the program asks the cloud nothing."""
        raise BackendError(token, AssertionError(f"the program invokes nothing, and asked {token} for {args}"))
