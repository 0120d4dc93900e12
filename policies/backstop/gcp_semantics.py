"""What organisation policies deny, as Google's documentation of each constraint has it: an interpreter, not Google.

A constraint denies what is made against it, or sets it right itself ("mended"): a topic gets the regions and the
transit that the policy says. A constraint holds for the services that are known to support it and for no other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Literal, cast

from policies.backstop.gcp import TABLE
from policies.backstop.guard import Document, mapping, table
from policies.model import Resource
from policies.places import place
from policies.values import Plain

How = Literal["denied", "mended"]
TOPIC: Final = "gcp:pubsub/topic:Topic"
BUCKET: Final = "gcp:storage/bucket:Bucket"
KEY: Final = "gcp:serviceaccount/key:Key"
MEMBERS: Final = ("member", "members[]", "entity", "iamMember", "accesses[].iamMember", "accesses[].specialGroup")
Rule = Mapping[str, Plain]
Outcome = How | None


def stopped_by(documents: Iterable[Document], resource: Resource) -> Iterator[tuple[str, How]]:
    """The constraints that stop `resource`, and how. Raises KeyError for a constraint that we do not understand."""
    for document in documents:
        constraint = str(document.content["name"]).rpartition("/")[2]
        spec = cast("dict[str, list[Rule]]", document.content["spec"])
        for rule in spec["rules"]:
            how = CONSTRAINTS[constraint](resource, rule)
            if how:
                yield constraint, how


def _listed(rule: Rule, key: str) -> list[str]:
    return cast("list[str]", cast("dict[str, Plain]", rule["values"])[key])


def locations(resource: Resource, rule: Rule) -> Outcome:
    """gcp.resourceLocations: a location must be in an allowed group; a topic that states none gets the allowed ones."""
    paths = mapping(TABLE, "locations").get(resource.type)
    if paths is None:
        return None
    allowed = frozenset(one.removeprefix("in:").removesuffix("-locations") for one in _listed(rule, "allowedValues"))
    readings = [one for path in cast("list[str]", paths) for one in resource.read_all(path)]
    named = [one.text for one in readings if one.text]
    everywhere = cast("list[str]", mapping(TABLE, "everywhere").get(resource.type) or [])
    if any(resource.read(path).present for path in everywhere):
        return "denied"
    if not named and not any(one.unknown for one in readings):
        default = mapping(TABLE, "defaults").get(resource.type)
        named = [str(default)] if default else []
        if resource.type == TOPIC:
            return "mended"
    return "denied" if any(_region(one) not in allowed for one in named) else None


def _region(text: str) -> str:
    """The region that a location lies in; a location of several regions, or of none, as it stands."""
    name = text.rpartition("/")[2].removeprefix("regional-")
    found = place("gcp", name)
    return found.name if found and found.kind == "region" else name.lower()


def _transit(resource: Resource, _rule: Rule) -> Outcome:
    on = resource.read("messageStoragePolicy.enforceInTransit")
    return "mended" if resource.type == TOPIC and not on.unknown and on.flag is not True else None


def _omni(cloud: str) -> Callable[[Resource, Rule], Outcome]:
    def judge(resource: Resource, _rule: Rule) -> Outcome:
        if not resource.type.startswith("gcp:bigquery/"):
            return None
        abroad = resource.read("location").text.lower().startswith(f"{cloud}-") or resource.read(cloud).present
        return "denied" if abroad else None

    return judge


def _keyless(resource: Resource, rule: Rule) -> Outcome:
    about = cast("dict[str, str] | None", mapping(TABLE, "keys").get(resource.type))
    if about is None or about["service"] not in _listed(rule, "deniedValues"):
        return None
    return "denied" if resource.read(about["path"]).missing else None


def _foreign_key(resource: Resource, rule: Rule) -> Outcome:
    about = cast("dict[str, str] | None", mapping(TABLE, "keys").get(resource.type))
    key = resource.read(about["path"]).text if about else ""
    project = re.match(r"projects/[^/]+", key)
    return "denied" if project and project[0] not in _listed(rule, "allowedValues") else None


def _shared(resource: Resource, _rule: Rule) -> Outcome:
    """Members of everybody's, in any grant: a directory of one customer holds neither of them."""
    everybody = {one.lower() for one in cast("list[str]", table(TABLE)["everybody"])}
    named = (one.text for path in MEMBERS for one in resource.read_all(path))
    return "denied" if any(one.lower() in everybody for one in named) else None


def _public_bucket(resource: Resource, rule: Rule) -> Outcome:
    """A bucket that leaves its own setting open takes the policy's; a grant to everybody is refused."""
    if resource.type == BUCKET:
        own = resource.read("publicAccessPrevention")
        return None if own.unknown or own.among("enforced") else "mended"
    return _shared(resource, rule) if resource.type.startswith("gcp:storage/") else None


def _uniform(resource: Resource, _rule: Rule) -> Outcome:
    access = resource.read("uniformBucketLevelAccess")
    return "denied" if resource.type == BUCKET and not access.unknown and access.flag is not True else None


def _account_key(resource: Resource, _rule: Rule) -> Outcome:
    return "denied" if resource.type == KEY else None


CONSTRAINTS: Final[Mapping[str, Callable[[Resource, Rule], Outcome]]] = {
    "gcp.resourceLocations": locations,
    "pubsub.enforceInTransitRegions": _transit,
    "bigquery.disableBQOmniAWS": _omni("aws"),
    "bigquery.disableBQOmniAzure": _omni("azure"),
    "gcp.restrictCmekCryptoKeyProjects": _foreign_key,
    "gcp.restrictNonCmekServices": _keyless,
    "storage.publicAccessPrevention": _public_bucket,
    "storage.uniformBucketLevelAccess": _uniform,
    "iam.disableServiceAccountKeyCreation": _account_key,
    "iam.allowedPolicyMemberDomains": _shared,
}
"""What each constraint makes of a resource."""
