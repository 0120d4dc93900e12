"""Who may do what on what: read from the registrations, in the same words for every stack of a cloud.

Physical names become the logical names of what they name, in angle brackets; `{at}` stands for the region's pipeline
or its standby, so that one row says it for both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from components.naming import PRODUCT
from homeshore.engine import Resource
from tests.conformance import tables
from tests.conformance.paths import at
from tests.conformance.rules import names_of
from tests.conformance.subjects import Subject

A_NAME = re.compile(r"(?=.*[0-9])(?!(?:[0-9a-f]+-){4}[0-9a-f]+$).{8,}")
"""Names with the stack's generation or digest in them; others ("lake", "data", "key") are words of longer ones."""


@dataclass(frozen=True, order=True)
class Grant:
    """One permission. `standby`: it is the standby's. `only` is under which condition, "" without one."""

    standby: bool
    who: str
    may: str
    on: str
    only: str


def granted(subject: Subject) -> list[tuple[Grant, Resource]]:
    """Every permission that the stack gives, with the registration that gives it."""
    words = {standby: Words(subject, standby=standby) for standby in (False, True)}
    return [
        (grant, resource)
        for resource in subject.managed
        if resource.type in READERS
        for grant in READERS[resource.type](subject, resource, words[subject.standing_by(resource)])
    ]


class Words:
    """Says in the table's words what the registrations say in the cloud's."""

    def __init__(self, subject: Subject, *, standby: bool) -> None:
        placement = subject.config["placement"]
        self.standby = standby
        regions = [placement["region"], subject.config.get("standby", {}).get("region", placement["region"])]
        own, other = reversed(regions) if standby else regions
        stack = f"{subject.config['environment']}-g{subject.config.get('generation', 1)}"
        self._fixed = {
            str(placement.get("project_number", subject.account)): "{number}",
            subject.account: "{account}",
            other: "{other region}",
            own: "{region}",
            f"{PRODUCT}-{stack}": "{names}",
            f"{PRODUCT}/{stack}": "{paths}",
            json.dumps(subject.config.get("network", {}).get("allowed_cidrs", [])): "{senders}",
        }
        ordered = sorted(subject.managed, key=lambda r: _claim(subject, r, standby=standby))
        physical = {name: r.name for r in ordered for name in names_of(r) if A_NAME.fullmatch(name)}
        prefix = "standby-" if standby else "pipeline-"
        self._names = {name: f"<{re.sub(f'^{prefix}', '{at}-', logical)}>" for name, logical in physical.items()}
        self._prefix = prefix
        found = sorted((*self._names, *self._fixed), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, found)))

    def say(self, text: str) -> str:
        """The text with names, regions and accounts replaced."""
        said = self._pattern.sub(lambda found: self._names.get(found[0]) or self._fixed[found[0]], text)
        return re.sub(r"arn:of:([\w-]+)", lambda found: self.logical(found[1]), said)

    def logical(self, urn: str) -> str:
        """The logical name of a registration, of which the URN or that name is given."""
        return "<" + re.sub(f"^{self._prefix}", "{at}-", urn.rpartition("::")[2]) + ">"


def _claim(subject: Subject, resource: Resource, *, standby: bool) -> tuple[bool, bool, int, str]:
    """Of several things with one name, the last means it: of the own region, holding data, shortest logical name."""
    facts = tables.types().get(resource.type)
    return (
        subject.standing_by(resource) == standby,
        facts is not None and facts.data,
        -len(resource.name),
        resource.name,
    )


Reader = Callable[[Subject, Resource, Words], Iterator[Grant]]


def _document(who: str, path: str) -> Reader:
    """Reads a policy document of AWS at `path`; `who` is the property that names the principal, "" where it says."""

    def read(subject: Subject, resource: Resource, words: Words) -> Iterator[Grant]:
        del subject
        for text in at(resource.inputs, path):
            for statement in json.loads(text)["Statement"]:
                principal = statement.get("Principal", {})
                named = [str(resource.inputs[who])] if who else [f"{k} {v}" for k, v in principal.items()]
                verb = "refused: " if statement["Effect"] == "Deny" else ""
                on = _listed(statement.get("Resource", [str(resource.inputs.get("name", ""))]))
                yield Grant(
                    words.standby,
                    words.say(" ".join(named)),
                    verb + " ".join(sorted(_listed(statement["Action"]))),
                    " ".join(sorted(map(words.say, on))) + (f" of {words.logical(resource.urn)}" if not who else ""),
                    words.say(json.dumps(statement["Condition"], sort_keys=True)) if "Condition" in statement else "",
                )

    return read


def _listed(value: object) -> list[str]:
    return [str(item) for item in cast("list[object]", value)] if isinstance(value, list) else [str(value)]


def _assignment(subject: Subject, resource: Resource, words: Words) -> Iterator[Grant]:
    """A role assignment of Azure; a role of our own is told by its data actions."""
    guid = str(resource.inputs["roleDefinitionId"]).rpartition("/")[2]
    own = {str(r.inputs["roleDefinitionId"]): r for r in subject.managed if r.type == ROLE_DEFINITION}
    if guid in own:
        (permission,) = cast("list[dict[str, list[str]]]", own[guid].inputs["permissions"])
        may = " ".join(sorted([*permission.get("actions", ()), *permission.get("dataActions", ())]))
    else:
        may = _built_in().get(guid, guid)
    scope = words.say(str(resource.inputs["scope"])).partition("/providers/")[2]
    who = " ".join(words.logical(urn) for urn in resource.property_dependencies.get("principalId", ()))
    yield Grant(words.standby, who, may, scope, str(resource.inputs.get("condition", "")))


@cache
def _built_in() -> Mapping[str, str]:
    return {row["guid"]: row["name"] for row in tables.rows(tables.DEVIATIONS.parent / "azure" / "roles.csv")}


def _administrator(subject: Subject, resource: Resource, words: Words) -> Iterator[Grant]:
    """The administrator of a Synapse workspace's SQL."""
    del subject
    who = " ".join(words.logical(urn) for urn in resource.property_dependencies.get("sid", ()))
    yield Grant(words.standby, who, "SQL administrator", words.say(str(resource.inputs["workspaceName"])), "")


def _member(*on: str) -> Reader:
    """A member of Google Cloud gets a role on what the properties `on` name; without them on the key that it names."""

    def read(subject: Subject, resource: Resource, words: Words) -> Iterator[Grant]:
        role = str(resource.inputs["role"])
        for own in subject.managed:
            if own.type == CUSTOM_ROLE and role.rpartition("/")[2] == own.inputs["roleId"]:
                role = " ".join(sorted(cast("list[str]", own.inputs["permissions"])))
        condition = cast("dict[str, str]", resource.inputs.get("condition", {})).get("expression", "")
        by_name = "/".join(words.say(str(resource.inputs.get(part, "?"))) for part in on)
        where = by_name or " ".join(words.logical(urn) for urn in resource.property_dependencies.get("cryptoKeyId", ()))
        yield Grant(words.standby, words.say(str(resource.inputs["member"])), role, where, words.say(condition))

    return read


def _accesses(subject: Subject, resource: Resource, words: Words) -> Iterator[Grant]:
    """What a dataset of BigQuery says itself of who may use it."""
    del subject
    for entry in cast("list[dict[str, Any]]", resource.inputs["accesses"]):
        role = str(entry.get("role", "read"))
        who = {key: value for key, value in entry.items() if key != "role"}
        yield Grant(
            words.standby,
            words.say(json.dumps(who, sort_keys=True)),
            f"dataset {role}",
            words.logical(resource.urn),
            "",
        )


ROLE_DEFINITION = "azure-native:authorization:RoleDefinition"
CUSTOM_ROLE = "gcp:projects/iAMCustomRole:IAMCustomRole"
READERS: Mapping[str, Reader] = {
    "aws:ec2/vpcEndpoint:VpcEndpoint": _document("", "policy"),
    "aws:iam/role:Role": _document("", "assumeRolePolicy"),
    "aws:iam/rolePolicy:RolePolicy": _document("role", "policy"),
    "aws:kinesis/resourcePolicy:ResourcePolicy": _document("", "policy"),
    "aws:kms/key:Key": _document("", "policy"),
    "aws:s3/bucketPolicy:BucketPolicy": _document("", "policy"),
    "aws:sns/topicPolicy:TopicPolicy": _document("", "policy"),
    "azure-native:authorization:RoleAssignment": _assignment,
    "azure-native:synapse:WorkspaceSqlAadAdmin": _administrator,
    "gcp:bigquery/dataset:Dataset": _accesses,
    "gcp:bigquery/iamMember:IamMember": _member("datasetId", "tableId"),
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": _member(),
    "gcp:projects/iAMMember:IAMMember": _member("project"),
    "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember": _member("subscription"),
    "gcp:pubsub/topicIAMMember:TopicIAMMember": _member("topic"),
    "gcp:secretmanager/regionalSecretIamMember:RegionalSecretIamMember": _member("secretId"),
    "gcp:serviceaccount/iAMMember:IAMMember": _member("serviceAccountId"),
    "gcp:storage/bucketIAMMember:BucketIAMMember": _member("bucket"),
}
