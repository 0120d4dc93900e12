"""Where a resource of the stack lies, as the rules of its cloud see it: every place that keeps a part of its bytes."""

from __future__ import annotations

from functools import cache

from policies.aws import whereabouts as aws
from policies.azure import facts as azure_facts
from policies.azure import where as azure
from policies.facts import rows
from policies.gcp import where as gcp
from policies.model import Resource, Stack
from policies.paths.model import Spot, Verdict
from policies.places import place
from policies.standings import parts
from policies.values import Reading

SECRET = "gcp:secretmanager/secret:Secret"  # noqa: S105 - a type
EVERYWHERE = Spot("any country", Verdict.LEAVES)


def spots(stack: Stack, resource: Resource) -> tuple[Spot, ...]:
    """The places of a resource; none where it lies in none, or nothing says it."""
    if resource.type == azure_facts.GROUP:  # it holds names and settings; rules of its own are about that
        return ()
    match resource.cloud:
        case "aws":
            return () if resource.type in aws.global_types() else _of(stack, "aws", stack.location(resource))
        case "azure":
            return _azure(stack, resource)
        case "gcp":
            return _gcp(stack, resource)
        case _:
            return ()


def named(stack: Stack, cloud: str, text: str) -> Spot | None:
    """The place that a location's name means; None where it means none."""
    found = gcp.location(text) if cloud == "gcp" else place(cloud, text)
    if found is None:
        return None
    if found.kind == "global":
        return EVERYWHERE if stack.boundary is not None else Spot(found.name, Verdict.INSIDE)
    told = found.name if found.cloud == cloud else f"{found.name} ({found.cloud})"
    return Spot(told, Verdict.INSIDE if stack.holds(found) else Verdict.LEAVES)


def _of(stack: Stack, cloud: str, where: Reading) -> tuple[Spot, ...]:
    if where.missing:
        return ()
    if not where.text:
        return (Spot("known only after the update", Verdict.UNKNOWN, where.path),)
    found = named(stack, cloud, where.text)
    if found is None and cloud == "aws":  # a local zone, or no region at all: that counts as outside
        outside = aws.of_region(stack, where.text).verdict is aws.Verdict.OUTSIDE
        found = Spot(where.text, Verdict.LEAVES if outside else Verdict.INSIDE)
    leaves = stack.boundary is not None
    found = found or Spot(where.text, Verdict.LEAVES if leaves else Verdict.INSIDE)
    return (found._replace(path=where.path),)


def _azure(stack: Stack, resource: Resource) -> tuple[Spot, ...]:
    where = azure.location(stack, resource)
    found = place("azure", where.text) if where.text else None
    if found is not None and found.kind == "global" and resource.type in azure_facts.column("azure_global.csv", "type"):
        return ()
    return _of(stack, "azure", where)


def _gcp(stack: Stack, resource: Resource) -> tuple[Spot, ...]:
    if parts(resource.type)[0].partition(":")[2] in _without_data():
        return ()
    if resource.type == SECRET:
        return _of_secret(stack, resource)
    if resource.type == gcp.BUCKET:
        return tuple(_of_bucket(stack, one) for one in gcp.homes(stack, resource) if one.present)
    return tuple(spot for home in gcp.homes(stack, resource) for spot in _of(stack, "gcp", home))


def _of_bucket(stack: Stack, where: Reading) -> Spot:
    if not where.text:
        return Spot("known only after the update", Verdict.UNKNOWN, where.path)
    verdict = Verdict.LEAVES if gcp.outside(stack, where, bucket=True) else Verdict.INSIDE
    return Spot(where.text.lower(), verdict, where.path)


def _of_secret(stack: Stack, resource: Resource) -> tuple[Spot, ...]:
    """A secret without regions of its own is kept wherever Google chooses."""
    regions = resource.read("replication.userManaged.replicas")
    if regions.present or resource.read("replication").unknown:
        found = resource.read_all("replication.userManaged.replicas[].location")
        return tuple(spot for one in found for spot in _of(stack, "gcp", one))
    return (EVERYWHERE._replace(path="replication"),) if stack.boundary is not None else ()


@cache
def _without_data() -> frozenset[str]:
    """The modules of Google Cloud whose resources hold no data, wherever they are."""
    return frozenset(row["module"] for row in rows("gcp_global.csv"))
