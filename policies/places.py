"""Where a text says that something lies: regions, zones, ARNs, resource ids, hosts, by cloud. Never by prefix."""

from __future__ import annotations

import re
from typing import NamedTuple

import geography

_ZONE = {"aws": re.compile(r"(.+-\d)[a-z]"), "gcp": re.compile(r"(.+\d)-[a-z]")}
_ARN = re.compile(r"arn:(aws[a-z-]*):([a-z0-9-]*):([a-z0-9-]*):(\d{12}|aws|)?:(.*)", re.DOTALL)
_GCP_LOCATION = re.compile(r"(?:^|/)(?:locations|regions|zones)/([a-z0-9-]+)(?:/|$)")
_WORD = re.compile(r"[a-z0-9-]+")


class Arn(NamedTuple):
    """An ARN taken apart; `region` and `account` are empty where the service is not regional or not of an account."""

    partition: str
    service: str
    region: str
    account: str
    resource: str


def place(cloud: str, text: str) -> geography.Region | None:
    """The location that `text` names on `cloud`, however it is spelled; None where there is none of that name."""
    return _place(cloud, text)


@geography.cached
def _place(cloud: str, text: str) -> geography.Region | None:
    name = text.strip().lower()
    if cloud == "azure":
        name = re.sub(r"[\s()]", "", name)
    zone = _ZONE.get(cloud)
    inside = zone.fullmatch(name) if zone else None
    for one in (name, inside[1] if inside else None):
        if one is None:
            continue
        for spelled in (one, one.upper()):
            try:
                return geography.region(cloud, spelled)
            except geography.UnknownRegion:
                continue
    return None


def arn(text: str) -> Arn | None:
    """The ARN that `text` is, as a whole; None where it is none."""
    found = _ARN.fullmatch(text)
    return Arn(*(part or "" for part in found.groups())) if found else None


def gcp_location(text: str) -> str | None:
    """The location in a resource name (projects/P/locations/L/…); None where it has none."""
    found = _GCP_LOCATION.search(text)
    return found[1] if found else None


def places_in_host(cloud: str, host: str) -> tuple[geography.Region, ...]:
    """The locations that a host name names in one of its labels (kinesis.REGION.amazonaws.com, REGION-pubsub…)."""
    found: dict[str, geography.Region] = {}
    for label in host.lower().split("."):
        for word in _words(label):
            named = place(cloud, word)
            if named is not None and named.kind == "region":
                found[named.name] = named
    return tuple(found.values())


def _words(label: str) -> tuple[str, ...]:
    """The label, and every run of its dashed parts: a region's name may stand at either end."""
    if not _WORD.fullmatch(label):
        return ()
    parts = label.split("-")
    runs = ("-".join(parts[start:end]) for start in range(len(parts)) for end in range(len(parts), start, -1))
    return tuple(dict.fromkeys(runs))
