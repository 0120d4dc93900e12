"""What the organisation lets be made, whoever asks: the constraint on resource locations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import geography
from policies.facts import rows
from policies.gcp.where import location
from policies.model import Resource, Stack
from policies.rules import Case, Fail, Said, Unsure, rule, stack_rule
from policies.values import Reading

LOCATIONS: Final = "gcp.resourceLocations"
POLICY: Final = "gcp:orgpolicy/policy:Policy"
OLDER: Final = (
    "gcp:projects/organizationPolicy:OrganizationPolicy",
    "gcp:folder/organizationPolicy:OrganizationPolicy",
    "gcp:organizations/policy:Policy",
)
PROJECT: Final = "gcp:organizations/project:Project"


@rule("SOV-GCP-012", POLICY)
def locations_are_constrained(case: Case) -> Iterator[Said]:
    """The policy on locations allows those inside by name, and no other."""
    if not _about_locations(case.resource):
        return
    whole = case.read("spec")
    if whole.missing:
        yield case.fail(whole, "spec is missing: nothing is enforced, a dry run only reports")
        return
    if case.read("spec.reset").flag is True:
        yield case.fail("spec.reset", "spec.reset gives the constraint back its default: every location")
    for at in case.read_all("spec.rules[].allowAll"):
        if at.flag is True:
            yield case.fail(at, f"{at.path} allows every location")
        elif at.unknown:
            yield case.unsure(at)
    allowed = [one for one in case.read_all("spec.rules[].values.allowedValues[]") if one.present]
    denied = [one for one in case.read_all("spec.rules[].denyAll") if one.flag is True or one.unknown]
    everything = [one for one in case.read_all("spec.rules[].allowAll") if one.flag is True or one.unknown]
    inherits = case.read("spec.inheritFromParent").flag is True
    yield from _values_inside(case, allowed, "spec.rules", other=bool(denied or everything or inherits))


@rule("SOV-GCP-012", *OLDER)
def older_policy_constrains_locations(case: Case) -> Iterator[Said]:
    """The same for the older form of the policy."""
    if not _about_locations(case.resource):
        return
    if case.read("restorePolicy").present:
        yield case.fail("restorePolicy", "restorePolicy gives the constraint back its default: every location")
        return
    everything = case.read("listPolicy.allow.all")
    if everything.flag is True:
        yield case.fail(everything, f"{everything.path} allows every location")
    elif everything.unknown:
        yield case.unsure(everything)
    allowed = [one for one in case.read_all("listPolicy.allow.values[]") if one.present]
    nothing = case.read("listPolicy.deny.all")
    other = everything.flag is True or everything.unknown or nothing.flag is True or nothing.unknown
    yield from _values_inside(case, allowed, "listPolicy", other=other)


def _values_inside(case: Case, allowed: list[Reading], path: str, *, other: bool) -> Iterator[Said]:
    if not allowed and not other:
        yield case.fail(path, "no location is allowed by name: a list of denied ones lets every other pass")
    for at in allowed:
        if at.unknown:
            yield case.unsure(at)
        elif case.stack.boundary is not None and not _inside(case.stack.boundary, at.text):
            yield case.fail(at, f"{at.path} allows {at.text}, outside the boundary {case.stack.boundary.name}")


def _inside(boundary: geography.Boundary, value: str) -> bool:
    """Whether a value of the constraint, a location or a group of them, lies inside."""
    name = re.sub(r"-locations$", "", re.sub(r"^(in|is|under):", "", value.strip()))
    area = _groups().get(name.lower())
    if area is not None and value.strip().startswith("in:"):
        return area.jurisdictions <= boundary.jurisdictions and area.countries <= boundary.countries
    found = location(name)
    return found is not None and boundary.holds(found)


@geography.cached
def _groups() -> dict[str, geography.Boundary]:
    """Areas by the names of value groups: Google's own, and those of countries."""
    alone = [one for one in geography.boundaries() if len(one.countries) == 1]
    countries = {re.split(r"[,(]", one.title)[0].strip().lower().replace(" ", "-"): one for one in reversed(alone)}
    return countries | {row["group"]: geography.boundary(row["boundary"]) for row in rows("gcp_location_groups.csv")}


def _about_locations(policy: Resource) -> bool:
    said = policy.read("constraint") if policy.type != POLICY else policy.read("name")
    return said.text.rstrip("/").rpartition("/")[2] == LOCATIONS


@stack_rule("SOV-GCP-012")
def guardrail_is_there(stack: Stack) -> Iterator[Said]:
    """A stack that sets the organisation's policies, or makes a project, or is told to, has this one too."""
    policies = list(stack.of(POLICY, *OLDER))
    if any(_about_locations(one) for one in policies):
        return
    for one in policies:
        if (one.read("name") if one.type == POLICY else one.read("constraint")).unknown:
            yield Unsure("name", "which constraint it sets is known only after the update", one)
            return
    owner = next((one for one in (*policies, *stack.of(PROJECT))), None)
    google = next((one for one in stack.resources if one.cloud == "gcp"), None)
    if owner is not None or (stack.parameters.guardrails_here and google is not None):
        yield Fail("", f"no policy constrains {LOCATIONS}: anybody may make things anywhere", resource=owner or google)
