"""Bends of one text that parses as something with a place or an owner: each yields the operator and the new text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

from policies.places import arn, gcp_location, place, places_in_host
from policies.score.abroad import Abroad, identities, rows

CLOUDS: Final = ("aws", "azure", "gcp")
_ZONE: Final = re.compile(r".*\d(-?[a-z])$")
_HOST: Final = re.compile(r"(?<![\w@.$-])(?:[A-Za-z0-9*_-]+\.)+[A-Za-z]{2,}(?![\w(])")
_ACCOUNT: Final = re.compile(r"(?<!\d)\d{12}(?!\d)")
_BUCKET: Final = re.compile(r"^(s3[an]?|gs|abfss?|wasbs?)://([^/@]+)")
_AGENT: Final = re.compile(r"(?<!\d)@(?!gcp-sa-)([a-z0-9-]+)\.iam\.gserviceaccount\.com$")
_SUBSCRIPTION: Final = re.compile(r"(?i)^(/subscriptions/)([^/]+)(.*)$", re.DOTALL)
_GROUP: Final = re.compile(r"(?i)(/resourcegroups/)([^/]+)")
_PROVIDER: Final = re.compile(r"(?i)/providers/[\w.]+/")
_PROJECT: Final = re.compile(r"(^|/)projects/([^/]+)")
_COLLECTION: Final = re.compile(r"(?:^|/)(?P<kind>[a-z][A-Za-z]+)/(?P<name>[^/]+)$")


class Bent(NamedTuple):
    """One way in which a text can be bent."""

    operator: str
    text: str


def bends(cloud: str, text: str, abroad: Abroad) -> Iterator[Bent]:
    """Every bend of `text`, an input of a resource of `cloud`, each new text once."""
    seen = {text}
    for one in _bends(cloud, text, abroad):
        if one.text not in seen:
            seen.add(one.text)
            yield one


def _bends(cloud: str, text: str, abroad: Abroad) -> Iterator[Bent]:
    if place(cloud, text) is not None:
        yield from _location(cloud, text, abroad)
    elif re.search(r"\s", text):
        return
    elif arn(text) is not None:
        yield from _arn(text, abroad)
    elif _SUBSCRIPTION.match(text):
        yield from _resource_id(text, abroad)
    elif _PROJECT.search(text):
        yield from _resource_name(text, abroad)
    elif _BUCKET.match(text):
        yield Bent("uri", _BUCKET.sub(lambda found: f"{found[1]}://{identities()['name']}", text))
        yield from _hosts(text, abroad)
    elif _ACCOUNT.fullmatch(text):
        yield Bent("account", identities()["account"])
    elif _AGENT.search(text):
        yield Bent("account", _AGENT.sub(f"@{identities()['project']}.iam.gserviceaccount.com", text))
    else:
        yield from _hosts(text, abroad)


def _location(cloud: str, text: str, abroad: Abroad) -> Iterator[Bent]:
    zone = _ZONE.fullmatch(text) if cloud in ("aws", "gcp") else None
    for operator, one in abroad.places(cloud, text):
        name = f"{one.name}{zone[1]}" if zone and one.kind == "region" else one.name
        yield Bent(operator, name.upper() if text.isupper() else name)


def _arn(text: str, abroad: Abroad) -> Iterator[Bent]:
    parts = text.split(":", 5)
    if place("aws", parts[3]) is not None:
        for operator, one in abroad.places("aws", parts[3]):
            yield Bent(f"arn-{operator}", ":".join([*parts[:3], one.name, *parts[4:]]))
    if _ACCOUNT.fullmatch(parts[4]):
        yield Bent("arn-account", ":".join([*parts[:4], identities()["account"], parts[5]]))
    if not parts[3] and not parts[4]:
        name = re.match(r"[^/*]+", parts[5])
        if name:
            yield Bent("arn-name", ":".join([*parts[:5], identities()["name"] + parts[5][name.end() :]]))


def _resource_id(text: str, abroad: Abroad) -> Iterator[Bent]:
    yield Bent(
        "id-subscription", _SUBSCRIPTION.sub(lambda found: f"{found[1]}{identities()['subscription']}{found[3]}", text)
    )
    if _GROUP.search(text):
        yield Bent("id-group", _GROUP.sub(lambda found: f"{found[1]}{identities()['name']}", text, count=1))
    provider = _PROVIDER.search(text)
    if provider:
        steps = text[provider.end() :].split("/")
        # A type, a name, and what lies inside it: the first name is the account, vault, namespace or workspace.
        for number in range(1, min(len(steps), 2)):
            bent = "/".join([*steps[:number], identities()["name"], *steps[number + 1 :]])
            yield Bent("id-name", text[: provider.end()] + bent)
    for found in re.finditer(r"(?i)/locations/([^/]+)", text):
        for operator, one in abroad.places("azure", found[1]):
            yield Bent(f"id-{operator}", text[: found.start(1)] + one.name + text[found.end(1) :])


def _resource_name(text: str, abroad: Abroad) -> Iterator[Bent]:
    where = gcp_location(text)
    if where is not None and place("gcp", where) is not None:
        at = re.search(rf"(?:locations|regions|zones)/({re.escape(where)})(?:/|$)", text)
        for operator, one in abroad.places("gcp", where) if at else ():
            yield Bent(f"id-{operator}", text[: at.start(1)] + one.name + text[at.end(1) :] if at else text)
    yield Bent("id-project", _PROJECT.sub(lambda found: f"{found[1]}projects/{identities()['project']}", text, count=1))
    last = _COLLECTION.search(text)
    if last and last["kind"] != "projects":
        yield Bent("id-name", text[: last.start("name")] + identities()["name"])


def _hosts(text: str, abroad: Abroad) -> Iterator[Bent]:
    for found in _HOST.finditer(text):
        host = found[0]
        for cloud in CLOUDS:
            for region in places_in_host(cloud, host):
                for operator, one in abroad.places(cloud, region.name):
                    if one.kind == "region":
                        bent = re.sub(re.escape(region.name), one.name, host, flags=re.IGNORECASE)
                        yield Bent(f"host-{operator}", text[: found.start()] + bent + text[found.end() :])
        if _owned(host.lower()):
            bent = f"{identities()['name']}.{host.partition('.')[2]}"
            yield Bent("host-name", text[: found.start()] + bent + text[found.end() :])


def _owned(host: str) -> bool:
    """Whether the first label of a host is a name that its owner chose."""
    return any(host.endswith(f".{suffix}") for suffix in _suffixes())


@cache
def _suffixes() -> tuple[str, ...]:
    return tuple(row["suffix"] for row in rows("hosts.csv"))
