"""What holds for every cloud: each rule looks at one stack's registrations and yields what breaks it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from components.base import Classification
from components.gcp.names import labels as gcp_labels
from homeshore.engine import Resource
from homeshore.engine.model import STACK_TYPE as STACK
from tests.conformance import tables
from tests.conformance.paths import at, texts
from tests.conformance.subjects import BASELINE, PIPELINE, Subject
from validity import sdk

OUTPUTS = frozenset(
    [
        "alerts",
        "bucket",
        "dashboard",
        "database",
        "endpoint",
        "failed_batches",
        "key",
        "processor",
        "pseudonym_secret",
        "sql",
        "stream",
        "workgroup",
    ]
)
STANDBY_OUTPUTS = frozenset(
    ["failover_endpoint", "standby_bucket", "standby_endpoint", "standby_pseudonym_secret", "standby_stream"]
)
KEYS = {"aws:kms/key:Key", "azure-native:keyvault:Key", "gcp:kms/cryptoKey:CryptoKey"}
PROVIDERS = {"aws": "pulumi:providers:aws", "azure": "pulumi:providers:azure-native", "gcp": "pulumi:providers:gcp"}
TAGGED_BY = {"aws": (), "azure": ("tags",), "gcp": ("userLabels",)}
"""Properties that carry the labels themselves; elsewhere the provider adds them."""


@dataclass(frozen=True)
class Finding:
    """What breaks a rule, and where; `resource` is None for what is no single resource's."""

    rule: str
    type: str
    name: str
    told: str
    resource: Resource | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.rule}: {self.type} {self.name}: {self.told}"


Rule = Callable[[Subject], Iterator[Finding]]


def finding(rule: str, resource: Resource, told: str) -> Finding:
    """A finding on the resource."""
    return Finding(rule, resource.type, resource.name, told, resource)


def listed(subject: Subject) -> Iterator[Finding]:
    """A type that nobody has looked at fails: it might hold data or open something."""
    for resource in subject.managed:
        if resource.type not in tables.types():
            yield finding("listed", resource, "is no row of types.csv")


def provider(subject: Subject) -> Iterator[Finding]:
    """Each resource names the one explicit provider of its region, which is held to account and region."""
    providers = {r.urn: r for r in subject.snapshot.resources if r.is_provider}
    expected = {"primary", "standby"} if "standby" in subject.config else {"primary"}
    if {r.name for r in providers.values()} != expected:
        yield Finding("provider", "", "", f"there are {sorted(r.name for r in providers.values())}")
    for each in providers.values():
        home = subject.config["standby" if each.name == "standby" else "placement"]["region"]
        inputs = set(texts(dict(each.inputs)))
        if each.type != PROVIDERS[subject.cloud] or home not in inputs:
            yield finding("provider", each, f"is not held to {home}")
        if not any(subject.account in text for text in inputs):
            yield finding("provider", each, f"is not held to {subject.account}")
    for resource in subject.managed:
        named = providers.get(str(resource.provider).rpartition("::")[0])
        if named is None:
            yield finding("provider", resource, "names no explicit provider")
        elif (named.name == "standby") != subject.standing_by(resource):
            yield finding("provider", resource, f"lies elsewhere than its provider {named.name}")


def parent(subject: Subject) -> Iterator[Finding]:
    """Each resource is a child of its component, each component of the pipeline, named after it."""
    for resource in subject.managed:
        component = subject.component(resource)
        if component is None or not re.fullmatch(rf"homeshore:{subject.cloud}:[A-Z]\w+", component.type):
            yield finding("parent", resource, f"is a child of {component and component.type}")
            continue
        *between, top = [each.type for each in subject.ancestors(component) if each.type != STACK] or [""]
        if top not in {PIPELINE, BASELINE} or not all(each.startswith("homeshore:") for each in between):
            yield finding("parent", component, f"lies below {[*between, top]}")


def region(subject: Subject) -> Iterator[Finding]:
    """Each resource lies in the region of its placement, as its own properties say."""
    made = [(name, subject.region(r)) for r in subject.managed for name in names_of(r)]
    regions = {subject.region(r) for r in subject.managed}
    for resource in subject.managed:
        if (facts := tables.types().get(resource.type)) is None:
            continue
        own, (how, _, path) = subject.region(resource), facts.lies.partition(":")
        if how == "provider":
            if "region" in resource.inputs:
                yield finding("region", resource, "has a region of its own, which overrides the provider's")
        elif how in {"with", "within"}:
            named = [str(value) for value in at(resource.inputs, path)]
            wanted = {own} if how == "within" else {name for name, lies in made if lies == own}
            if not any(set(re.split(r"[/@]", text)) & wanted for text in named):
                yield finding("region", resource, f"{path} names nothing that lies in {own}: {named}")
        elif how != "nowhere":
            said = [str(value).casefold() for value in at(resource.inputs, facts.lies)]
            if own not in said or not set(said) <= regions:
                yield finding("region", resource, f"{facts.lies} is {said}, not {own}")


def names_of(resource: Resource) -> Iterator[str]:
    """The physical name of the resource, by which others name it."""
    facts = tables.types().get(resource.type)
    if facts is not None and facts.name:
        yield from (str(value) for value in at(resource.inputs, facts.name))


def labels(subject: Subject) -> Iterator[Finding]:
    """What can be labelled says whose it is, what it holds and where it belongs."""
    for resource in subject.managed:
        described = sdk.args_class(resource.type)
        takes = {"labels", "tags", "userLabels"} & set(sdk.fields(described)) if described else set[str]()
        for carrier in takes & set(TAGGED_BY[subject.cloud]):
            yield from _labelled(subject, resource, resource.inputs.get(carrier, {}))
        if takes and not takes & set(TAGGED_BY[subject.cloud]):
            own = resource.inputs.get("tags" if subject.cloud == "aws" else "labels", {})
            stated: dict[str, Any] = dict(own) if isinstance(own, dict) else {}
            yield from _labelled(subject, resource, {**_added(subject, resource), **stated})


def _added(subject: Subject, resource: Resource) -> dict[str, Any]:
    """What the resource's provider adds."""
    named = subject.by_urn.get(str(resource.provider).rpartition("::")[0])
    if named is None:
        return {}
    if subject.cloud == "aws":
        return dict(json.loads(str(named.inputs.get("defaultTags", "{}"))).get("tags", {}))
    return dict(json.loads(str(named.inputs.get("defaultLabels", "{}"))))


def _labelled(subject: Subject, resource: Resource, carried: Any) -> Iterator[Finding]:
    config = subject.config
    wanted = {
        "Project": subject.snapshot.project,
        "Stack": subject.snapshot.stack,
        "Environment": config["environment"],
        "Owner": config["owner"]["team"],
        "CostCenter": config["owner"]["cost_center"],
        "Contact": config["owner"]["contact"],
        "DataResidency": config["residency"]["boundary"],
    }
    classified = "data_classification" if subject.cloud == "gcp" else "DataClassification"
    for key, value in (gcp_labels(wanted) if subject.cloud == "gcp" else wanted).items():
        if carried.get(key) != value:
            yield finding("labels", resource, f"{key} is {carried.get(key)!r}, not {value!r}")
    if carried.get(classified) not in {str(each) for each in Classification}:
        yield finding("labels", resource, f"{classified} is {carried.get(classified)!r}")


def key(subject: Subject) -> Iterator[Finding]:
    """What holds data is encrypted with the stack's own key of its region."""
    uses = {use.type: use for use in tables.key_uses()}
    for resource in subject.managed:
        facts = tables.types().get(resource.type)
        if facts is None or not facts.data:
            continue
        use = uses.get(resource.type)
        if use is None:
            yield finding("key", resource, "holds data, and keys.csv does not say where it names the key")
        elif any(fnmatchcase(resource.name, pattern) for pattern in use.names):
            values = [value for holder in holders(subject, resource, use) for value in at(holder.inputs, use.path)]
            wanted = identities(subject, resource)
            if not values or not all(any(name in str(value) for name in wanted) for value in values):
                yield finding("key", resource, f"{use.path} is {values}, not the stack's key")


def holders(subject: Subject, resource: Resource, use: tables.KeyUse) -> list[Resource]:
    """The registrations that say under which key the resource's data lies: itself, or what is set on it."""
    if not use.holder:
        return [resource]
    return [
        each
        for each in subject.managed
        if each.type == use.holder and resource.urn in each.property_dependencies.get(use.join, ())
    ]


def identities(subject: Subject, resource: Resource) -> set[str]:
    """By what the keys of the resource's own region are named."""
    own = [r for r in subject.managed if r.type in KEYS and subject.standing_by(r) == subject.standing_by(resource)]
    if subject.cloud == "aws":
        return {f"arn:of:{r.name}" for r in own}
    if subject.cloud == "azure":
        return {str(r.inputs["keyName"]) for r in own}
    return {f"{r.inputs['keyRing']}/cryptoKeys/{r.inputs['name']}" for r in own}


def protection(subject: Subject) -> Iterator[Finding]:
    """What holds data or guards it outlives a destroy unless both keys are turned; what can be made again does not."""
    protect = bool(subject.config.get("protect", True))
    for resource in subject.managed:
        if (facts := tables.types().get(resource.type)) is None:
            continue
        kept = facts.keeps(resource.name)
        wanted = (protect, not subject.erasable) if kept else (False, False)
        if (resource.protect, resource.retain_on_delete) != wanted:
            yield finding("protection", resource, f"protect, retain: {resource.protect}, {resource.retain_on_delete}")


def replacing(subject: Subject) -> Iterator[Finding]:
    """A fixed name is freed before the replacement takes it."""
    for resource in subject.managed:
        if resource.delete_before_replace is not True:
            yield finding("replacing", resource, "its replacement is made first, and finds the name taken")


def names(subject: Subject) -> Iterator[Finding]:
    """Names are known at preview, within the cloud's rules, and no two things have one name."""
    taken: Counter[tuple[str, ...]] = Counter()
    for resource in subject.managed:
        facts = tables.types().get(resource.type)
        if facts is None or not facts.name:
            continue
        found = list(names_of(resource))
        if not found:
            yield finding("names", resource, f"{facts.name} is missing: the provider would invent a name")
        for name in found:
            if not tables.name_rules()[facts.rule].fullmatch(name):
                yield finding("names", resource, f"{name!r} breaks the rule {facts.rule}")
        taken[identity(subject, resource)] += 1
    for (kind, *rest), count in taken.items():
        if count > 1:
            yield Finding("names", kind, rest[0], f"{count} things are called {' '.join(rest)}")


SCOPES = (
    "resourceGroupName",
    "accountName",
    "vaultName",
    "namespaceName",
    "eventHubName",
    "privateEndpointName",
    "privateZoneName",
    "keyRing",
    "datasetId",
    "project",
    "scope",
    "resourceUri",
    "role",
    "workgroup",
    "databaseName",
    "networkWatcherName",
    "location",
    "region",
)
"""Properties that say within what a name is unique."""


def identity(subject: Subject, resource: Resource) -> tuple[str, ...]:
    """Type, physical name, and what the name is unique within."""
    within = [str(resource.inputs[scope]) for scope in SCOPES if scope in resource.inputs]
    place = [subject.region(resource)] if tables.types()[resource.type].lies == "provider" else []
    return (resource.type, *names_of(resource), *within, *place)


def outputs(subject: Subject) -> Iterator[Finding]:
    """The exports have the same names on every cloud, and all of them say something."""
    wanted = OUTPUTS | STANDBY_OUTPUTS if "standby" in subject.config else OUTPUTS
    if subject.is_baseline:  # what an account has only once is not the same on any two clouds
        wanted = frozenset(subject.snapshot.outputs)
    for name in wanted ^ subject.snapshot.outputs.keys():
        yield Finding("outputs", "", name, "is missing or not agreed")
    for name, value in subject.snapshot.outputs.items():
        if not value:
            yield Finding("outputs", "", name, "is empty")


def senders(subject: Subject) -> Iterator[Finding]:
    """The allowed networks may send to the stream, and are named nowhere else."""
    allowed = set(subject.config.get("network", {}).get("allowed_cidrs", ()))
    for resource in subject.managed:
        component = subject.component(resource)
        at_the_stream = component is not None and component.type.endswith(":Stream")
        if not at_the_stream and any(cidr in text for text in texts(dict(resource.inputs)) for cidr in allowed):
            yield finding("senders", resource, "names the networks that may send, and is no part of the stream")


RULES: Mapping[str, Rule] = {
    rule.__name__: rule
    for rule in (
        listed,
        provider,
        parent,
        region,
        labels,
        key,
        protection,
        replacing,
        names,
        outputs,
        senders,
    )
}
