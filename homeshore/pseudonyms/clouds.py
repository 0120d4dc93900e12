"""The secret store of a stack's cloud; the libraries of another one are not touched."""

from __future__ import annotations

from typing import assert_never

from components.naming import Names
from components.placement import AwsPlacement, AzurePlacement, GcpPlacement, Placement
from homeshore.pseudonyms.ring import SecretStore


def stack_secret(placement: Placement, names: Names) -> SecretStore:
    """The secret of the stack with these names, reached with the user's own credentials. Raises UserError."""
    match placement:
        case AwsPlacement():
            from homeshore.pseudonyms import aws

            return aws.stack_secret(placement, names)
        case AzurePlacement():
            from homeshore.pseudonyms import azure

            return azure.stack_secret(placement, names)
        case GcpPlacement():
            from homeshore.pseudonyms import gcp

            return gcp.stack_secret(placement, names)
        case _:
            assert_never(placement)
