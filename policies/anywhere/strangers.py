"""Resources of packages that no module knows: nobody can judge where their data goes, but some say that it leaves.

Kubernetes workloads, databases of other vendors, commands: what one of them names outside the boundary is a link that
leaves it, whatever else the resource does. That nothing was found proves nothing; CLS-X-001 says so where it has to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import geography
from policies.gcp.where import places_of_host
from policies.places import arn, gcp_location, place, places_in_host
from policies.rules import ANY, Case, Fail, Said, rule
from policies.values import Leaf

KNOWN: Final = frozenset({"aws", "azure-native", "gcp", "pulumi"})
LABELS: Final = frozenset({"tags", "labels", "description"})
NAMES_A_PLACE: Final = re.compile(r"(?:region|location|zone)s?(?:_?name)?(?:\[\d+\])*", re.IGNORECASE)
DASHED: Final = re.compile(r"[a-z]{2,}(?:-[a-z]+)+-?\d[a-z]?")
"""A region or zone of AWS or Google Cloud, which no other word looks like."""
OF_VENDOR: Final = re.compile(r"^(aws|azure|gcp|google)-")
HOST: Final = re.compile(r"(?<![a-z0-9-])(?:[a-z0-9-]{1,63}\.){1,20}[a-z]{2,}")
"""Bounded, and from the start of a word on: a dynamic provider's code is one word of many thousand letters."""
AWS_HOST: Final = re.compile(r"\.(?:amazonaws\.(?:com(?:\.cn)?|eu)|api\.aws|on\.aws)$")
AZURE_HOST: Final = re.compile(r"\.(?:azure\.com|azure\.net|windows\.net|microsoft\.com|azurecontainerapps\.io)$")


@rule("SOV-X-004", ANY)
def stranger_names_nothing_outside(case: Case) -> Iterator[Said]:
    """No ARN, resource name, cloud host or region in a stranger's inputs lies outside the boundary."""
    if case.stack.boundary is None or not case.resource.custom or case.resource.package in KNOWN:
        return
    for leaf in case.resource.leaves:
        gone = [one for one in _places(leaf) if one.kind == "region" and not case.stack.holds(one)]
        if gone and leaf.top not in LABELS:
            told = f"{leaf.path} names {gone[0].name} ({gone[0].cloud}), outside the boundary"
            yield Fail(leaf.path, told, f'"{gone[0].name}"')


def _places(leaf: Leaf) -> Iterator[geography.Region]:
    """What a text names, told from its form, or from its key where its form says nothing."""
    text = leaf.text.strip().lower()
    named = arn(text)
    spelled = OF_VENDOR.sub("", text.replace("_", "-"))
    if named is not None:
        yield from filter(None, [place("aws", named.region)])
    elif gcp_location(text):
        yield from filter(None, [place("gcp", gcp_location(text) or "")])
    elif DASHED.fullmatch(spelled):
        yield from filter(None, [place("aws", spelled) or place("gcp", spelled)])
    elif NAMES_A_PLACE.search(leaf.path.rpartition(".")[2]):
        yield from filter(None, [place("azure", text)])
    for host in HOST.findall(text):
        yield from places_of_host(host)
        for cloud, pattern in (("aws", AWS_HOST), ("azure", AZURE_HOST)):
            if pattern.search(host):
                # The first label is a name that people chose; nobody puts a region there alone.
                yield from places_in_host(cloud, host.partition(".")[2] if cloud == "azure" else host)
