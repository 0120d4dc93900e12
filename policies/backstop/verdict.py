"""Makes the guard of a stack, and says what of a stack it would stop: by our reading of the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policies.backstop import aws, azure, gcp
from policies.backstop.aws_requests import requests
from policies.backstop.aws_semantics import denied_by as denied_by_statement
from policies.backstop.azure_semantics import assigned
from policies.backstop.azure_semantics import denied_by as denied_by_definition
from policies.backstop.gcp_semantics import How, stopped_by
from policies.backstop.guard import Control, Guard, mapping
from policies.backstop.home import Home
from policies.model import Resource, Stack

GUARDS = {"aws": aws.guard, "azure": azure.guard, "gcp": gcp.guard}


@dataclass(frozen=True)
class Stopped:
    """A resource that a control would not let be made as it is, and the request that it stops.

    `how` is "denied", or "mended" where the cloud sets right what the resource leaves open.
    """

    resource: Resource
    control: Control
    request: str
    how: How = "denied"


def guard(home: Home) -> Guard:
    """The guard for `home`. Raises KeyError for a cloud that has none, geography.UnknownRegion for its region."""
    return GUARDS[home.cloud](home)


def stopped(found: Guard, stack: Stack) -> tuple[Stopped, ...]:
    """What of `stack` the guard would stop, in the stack's order; resources of other clouds are none of its."""
    by_id = {one.id: one for one in found.controls}
    return tuple(
        Stopped(resource, by_id[identity], request, how) for resource, identity, request, how in _all(found, stack)
    )


def _all(found: Guard, stack: Stack) -> Iterator[tuple[Resource, str, str, How]]:
    if found.home.cloud == "aws":
        at_home = str(mapping(aws.TABLE, "home")[aws.partition(found.home)])
        for resource, request in requests(stack, at_home):
            for statement in denied_by_statement(found.documents, request):
                yield resource, statement.rstrip("0123456789"), f"{request.action} in {request.region}", "denied"
        return
    ours = [one for one in stack.resources if one.cloud == found.home.cloud and not one.is_provider]
    if found.home.cloud == "azure":
        definitions = tuple(assigned(found.documents[0]))
        for resource in ours:
            for reference in denied_by_definition(definitions, stack, resource):
                yield resource, reference, "create", "denied"
        return
    for resource in ours:
        for constraint, how in stopped_by(found.documents, resource):
            yield resource, constraint, "create", how
