"""The edges of a stack: what every input that opens a way leads to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, cast

import geography
from policies.aws.residency import KEY_INPUT, LABELS, WITHOUT_DATA
from policies.aws.whereabouts import KEYS, arn
from policies.azure import where as azure
from policies.azure.facts import ACCOUNT
from policies.azure.facts import rows as azure_rows
from policies.azure.settings import foreign_hosts, host_accounts, other_hosts, settings
from policies.gcp import where as gcp
from policies.gcp.places import KEY_INPUTS, KEY_NAME
from policies.model import Resource, Stack
from policies.paths.aims import Register, outside, worst
from policies.paths.facts import FAR_END, Way, kinds, links, role, ways
from policies.paths.model import Edge, Hop, Spot, Verdict
from policies.paths.told import Told
from policies.paths.where import EVERYWHERE
from policies.values import Plain, Reading, State, as_json, classify, opened, read_all, within

LATER: Final = "known only after the update"
SETTINGS: Final = {
    "aws": ("environment.variables.*", "environmentVariables.*"),
    "gcp": (
        *("environmentVariables.*", "serviceConfig.environmentVariables.*", "template.containers[].envs[].value"),
        *("template.template.containers[].envs[].value", "template.spec.containers[].envs[].value"),
    ),
}
ADDRESS: Final = re.compile(r"arn:aws|gs://|s3[an]?://|projects/[^/]+/")
OPTION: Final = re.compile(r"--(\w+)=(.*)", re.DOTALL)
NOT_SENT: Final = ("role", "policy", "kms", "key", "subnet", "connector", "securitygroup", "network", "vpc")
"""Words of inputs that name no place that a program sends data to."""
ALWAYS_HERE: Final = ("log bucket", "connection", "subscriber")
"""Aims that a rule takes for inside where nobody declares them."""


class Builder:
    """Reads the edges of one stack."""

    def __init__(self, stack: Stack, told: Told) -> None:
        self.stack = stack
        self.told = told
        self.register = Register(stack)

    def edges(self) -> Iterator[Edge]:
        """Every edge that an input opens; grants are read elsewhere."""
        for resource in self.stack.resources:
            if resource.custom and not resource.is_provider:
                yield from self._ways(resource)
                yield from self._links(resource)
                yield from self._keys(resource)
                yield from self._settings(resource)
                yield from self._named(resource)
                if resource.cloud == "azure":
                    yield from self._hosts(resource)

    def _ways(self, resource: Resource) -> Iterator[Edge]:
        """What the inputs lead to that the rules' tables know."""
        for way in ways().get(resource.type, ()):
            if not (way.unless and resource.read(way.unless).flag is False):
                for at, meant in _spelled(resource, way):
                    yield from self._way(resource, meant, at)

    def _way(self, resource: Resource, way: Way, at: Reading) -> Iterator[Edge]:
        hop = Hop(resource.urn, at.path, kinds().get(way.rule, "delivery"), way.what)
        for target in self._ends(resource, way, at):
            if target is not resource:
                yield Edge(resource, target, hop)
                if way.rule in FAR_END and isinstance(target, Resource):
                    yield Edge(target, resource, hop)

    def _ends(self, resource: Resource, way: Way, at: Reading) -> Iterator[Resource | Spot]:
        """Where one value leads."""
        stack = self.stack
        if way.aim == "pair":
            yield from self._pair(resource, way, at)
        elif way.aim == "closest" or (way.aim == "worldwide" and not at.unknown):
            if self.told.fails(resource, at):
                yield EVERYWHERE
        elif at.present and not (way.when and at.among(*way.when.split())):
            meant = self.register.meant(resource, at, way.aim)
            if meant:
                yield from meant
                return
            said = outside(stack, resource, at.text, way.aim) if at.text else None
            if at.unknown:
                yield Spot(LATER, Verdict.UNKNOWN)
            elif said is None or (said.verdict is Verdict.INSIDE and self.told.fails(resource, at)):
                yield self._undeclared(resource, way, at)
            else:
                yield said

    def _undeclared(self, resource: Resource, way: Way, at: Reading) -> Spot:
        """A literal that says no place: the rule that is about it knows whether somebody has allowed it."""
        name = _shown(at)
        if self.told.fails(resource, at):
            return Spot(name, Verdict.LEAVES)
        if self.told.unsure(resource, at):
            return Spot(name, Verdict.UNKNOWN)
        parameters = self.stack.parameters
        allowed = {
            one.lower().rstrip("/")
            for one in (*parameters.allowed_destinations, *parameters.allowed_hosts, *parameters.allowed_accounts)
        }
        text = at.text.lower().rstrip("/")
        known = any(one in text for one in allowed)
        if way.aim == "subscriber":  # people who get mail
            return Spot(name, Verdict.NAMED)
        return Spot(name, Verdict.ALLOWED if known and way.aim not in ALWAYS_HERE else Verdict.INSIDE)

    def _pair(self, resource: Resource, way: Way, at: Reading) -> Iterator[Spot]:
        taken = Reading(at.path, State.KNOWN, way.default) if at.missing and way.default else at
        if taken.unknown:
            yield Spot(LATER, Verdict.UNKNOWN)
        elif taken.among(*way.when.split()):
            lies = azure.region(self.stack, resource)
            pair = geography.pair_of(lies) if lies else None
            if pair is not None:
                yield Spot(pair.name, Verdict.INSIDE if self.stack.holds(pair) else Verdict.LEAVES)
            elif lies is None:
                yield Spot("the pair of a region that is not known", Verdict.UNKNOWN)
            else:
                leaves = self.stack.boundary is not None
                yield Spot(f"the pair of {lies.name}", Verdict.LEAVES if leaves else Verdict.INSIDE)

    def _links(self, resource: Resource) -> Iterator[Edge]:
        for link in links().get(resource.type, ()):
            for at in resource.read_all(link.path):
                hop = Hop(resource.urn, at.path, link.role, link.what)
                for one in self.register.meant(resource, at):
                    if one is resource:
                        continue
                    if link.role in ("from", "link", "as", "grants"):
                        yield Edge(one, resource, hop)
                    if link.role in ("to", "link", "as", "part"):
                        yield Edge(resource, one, hop)

    def _keys(self, resource: Resource) -> Iterator[Edge]:
        """Every key that an input names, at any depth."""
        known = role(resource.type)
        if resource.cloud not in ("aws", "gcp") or (known is not None and known.role == "key"):
            return
        for at in _key_readings(resource.inputs, "", resource.cloud):
            types = KEYS if resource.cloud == "aws" else (gcp.KEY, gcp.KEY_RING)
            meant = [one for one in self.register.meant(resource, at) if one.type in types]
            hop = Hop(resource.urn, at.path, "key", "who may read it, and turn it off")
            for one in meant:
                yield Edge(resource, one, hop)
            key = KEY_NAME.match(at.text)
            said = outside(self.stack, resource, at.text, "arn") if at.text and not meant else None
            said = outside(self.stack, resource, key[1], "region") if key and not meant else said
            if said is not None:
                yield Edge(resource, said, hop)

    def _named(self, resource: Resource) -> Iterator[Edge]:
        """What else a program, a job or a query names: ARNs, buckets by URL, resources by their full names."""
        if (known := role(resource.type)) is None or known.role != "mover" or resource.cloud == "azure":
            return
        for leaf in resource.leaves:
            option = OPTION.match(leaf.text)
            text = option[2] if option else leaf.text
            if leaf.top in LABELS or not ADDRESS.match(text) or any(word in leaf.path.lower() for word in NOT_SENT):
                continue
            at = Reading(leaf.path, State.KNOWN, text)
            name = option[1] if option else leaf.path.removeprefix("parameters.")
            hop = Hop(resource.urn, leaf.path, "names", "what it works on")
            for one in self.register.meant(resource, at):
                if one is not resource and _stores(one):
                    yield Edge(one, resource, hop) if name.lower().startswith("input") else Edge(resource, one, hop)
            said = None if _carries_nothing(text) else outside(self.stack, resource, text, "arn")
            if said is not None and said.verdict is Verdict.LEAVES:
                yield Edge(resource, said, hop)

    def _hosts(self, resource: Resource) -> Iterator[Edge]:
        """What settings of Azure's programs name by their hosts, and the account that a function's host keeps."""
        books = ((at, (ACCOUNT,), "SOV-AZ-012") for at in host_accounts(resource))
        told = [*books, *((at, types, "SOV-X-005") for at, types in other_hosts(resource))]
        for at, types, rule in told:
            yield from self._way(resource, Way(rule, resource.type, "", " ".join(types), "what the code sends"), at)
        for at in foreign_hosts(resource):
            for region in azure.regions_of(at.text.split(".")):
                if not self.stack.holds(region):
                    hop = Hop(resource.urn, at.path, "setting", "what the code sends")
                    yield Edge(resource, Spot(region.name, Verdict.LEAVES), hop)

    def _settings(self, resource: Resource) -> Iterator[Edge]:
        """What a program is told: names of stores of this stack, and hosts that say where they are."""
        for at in _settings(resource):
            hop = Hop(resource.urn, at.path, "setting", "what the program sends")
            meant = [one for one in self.register.meant(resource, at) if at.text or _stores(one)]
            for one in meant:
                if one is not resource and _stores(one):
                    yield Edge(resource, one, hop)
            if not meant and at.text:
                regions = [outside(self.stack, resource, at.text, aim) for aim in ("arn", "region")]
                said = worst(one for one in regions if one is not None and one.verdict is Verdict.LEAVES)
                if said is not None:
                    yield Edge(resource, said, hop)


def _carries_nothing(text: str) -> bool:
    """Whether an ARN is of a service that data does not go to: certificates, rights, filters of the edge."""
    said = arn(text)
    return said is not None and (said.service in WITHOUT_DATA or said.resource.startswith("global/"))


def _stores(one: Resource) -> bool:
    """Whether a program that is told of it may send it bytes; of a secret it is told to read it."""
    known = role(one.type)
    return known is not None and known.role in ("store", "mover") and known.word not in ("secret", "parameter")


def _settings(resource: Resource) -> Iterator[Reading]:
    if resource.cloud == "azure":
        yield from (value for _, value in settings(resource))
        return
    for path in SETTINGS.get(resource.cloud or "", ()):
        yield from (at for at in resource.read_all(path) if at.present)


def _spelled(resource: Resource, way: Way) -> Iterator[tuple[Reading, Way]]:
    """Every value of a way, with what is looked for: some tables name a block, and what it holds says of what kind."""
    if way.aim == "@datasource":
        for row in azure_rows("azure_datasources.csv"):
            for at in resource.read_all(way.path):
                yield from ((one, way._replace(aim=row["targets"])) for one in within(at, row["path"]) if one.present)
    elif way.aim == "table":
        dataset = resource.read(f"{way.path}.datasetId")
        yield dataset if dataset.present else resource.read(f"{way.path}.tableId"), way._replace(aim="dataset")
    else:
        yield from ((at, way) for at in _readings(resource, way.path))


def _readings(resource: Resource, path: str) -> Iterator[Reading]:
    """Every value at `path`, also where its first step holds a document as text."""
    top = re.split(r"[.\[]", path, maxsplit=1)[0]
    at = resource.read(top)
    inner = as_json(at.value) if isinstance(at.value, str) and path != top else None
    yield from resource.read_all(path) if inner is None else read_all({top: cast("Plain", inner)}, path)


def _key_readings(value: object, at: str, cloud: str) -> Iterator[Reading]:
    here = opened(value)
    if isinstance(here, list):
        for number, member in enumerate(cast("list[object]", here)):
            yield from _key_readings(member, f"{at}[{number}]", cloud)
    elif isinstance(here, Mapping):
        for key, member in cast("Mapping[str, object]", here).items():
            path = f"{at}.{key}" if at else key
            if not at and key in LABELS:
                continue
            named = KEY_INPUT.fullmatch(key) if cloud == "aws" else key in KEY_INPUTS
            if named and not isinstance(opened(member), Mapping | list):
                reading = classify(path, member)
                if reading.present:
                    yield reading
            else:
                yield from _key_readings(member, path, cloud)


def _shown(at: Reading) -> str:
    text = re.sub(r"//[^/@]*@", "//", at.found().strip('"')).partition("?")[0]  # no password, no signature
    return text if len(text) <= 60 else f"{text[:59]}…"  # noqa: PLR2004 - characters of a line
