"""What the settings of Azure's functions and containers name: the host's account, and other services' hosts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

from policies.azure.facts import column, types_of_host
from policies.model import Resource
from policies.values import Reading, State, within

OWN: Final = {
    "azure-native:web:WebAppApplicationSettings": "properties.*",
    "azure-native:web:WebAppApplicationSettingsSlot": "properties.*",
    "azure-native:web:WebAppConnectionStrings": "properties.*.value",
    "azure-native:web:WebAppConnectionStringsSlot": "properties.*.value",
}
"""Settings of a site in a resource of their own, by name."""
IN_SITE: Final = (
    ("siteConfig.appSettings", "name", "value"),
    ("siteConfig.connectionStrings", "name", "connectionString"),
)
"""Lists of a site's settings, and what each member calls its name and its value."""
CONTAINERS: Final = {
    "azure-native:app:Job": "template.containers[].env[]",
    "azure-native:app:ContainerApp": "template.containers[].env[]",
    "azure-native:containerinstance:ContainerGroup": "containers[].environmentVariables[]",
}
"""Where containers are told their settings: a list of names and values."""
HOST_SETTINGS: Final = ("azurewebjobsstorage", "website_contentazurefileconnectionstring")
"""What a function's host calls the account that it keeps its books and its code in."""
IN_A_VAULT: Final = "@microsoft.keyvault"
_START: Final = "(?<![a-z0-9])(?<![a-z0-9][.-])"
"""A host begins where its letters do: a search that tries each letter of a long text takes the square of its length."""
_NAMES_AN_ACCOUNT: Final = re.compile(r"(?i)__(accountname|(blob|queue|table|file)?(service)?uri)$")
_IN_CONNECTION: Final = re.compile(r"(?i)(?:^|;)\s*(?:AccountName|BlobEndpoint)\s*=\s*([^;]+)")


def host_accounts(resource: Resource) -> Iterator[Reading]:
    """The settings in which a function's host finds its account, each with the account's name or host."""
    for name, value in settings(resource):
        low = name.lower()
        start = next((one for one in HOST_SETTINGS if low.startswith(one)), None)
        if start is None:
            continue
        if _NAMES_AN_ACCOUNT.search(low):
            yield value
        elif low == start:
            yield from _connection(value)


def other_hosts(resource: Resource) -> Iterator[tuple[Reading, tuple[str, ...]]]:
    """The other services that settings name by their hosts, each with the types that such a host may be of."""
    for name, value in settings(resource):
        if value.text and not name.lower().startswith(HOST_SETTINGS) and IN_A_VAULT not in value.text.lower():
            for found in _hosts().finditer(value.text.lower()):
                yield Reading(value.path, State.KNOWN, found[0]), types_of_host()[found[2]]


def foreign_hosts(resource: Resource) -> Iterator[Reading]:
    """The hosts of Azure that settings name and that say their region, but not which resource they belong to."""
    for _, value in settings(resource):
        for found in _vendors().finditer(value.text.lower()):
            if not _hosts().fullmatch(found[0]):
                yield Reading(value.path, State.KNOWN, found[0])


def settings(resource: Resource) -> Iterator[tuple[str, Reading]]:
    """The settings by name: a mapping in a resource of their own, a list of pairs elsewhere.

    A pair that nobody knows yet counts as one that names the host's account.
    """
    if resource.type in OWN:
        for value in resource.read_all(OWN[resource.type]):
            yield value.path.partition(".")[2].removesuffix(".value"), value
    elif resource.type in CONTAINERS:
        yield from _pairs(resource.read_all(CONTAINERS[resource.type]), "name", "value")
    else:
        for path, name, text in IN_SITE:
            listed = resource.read(path)
            if isinstance(listed.value, dict) and name not in listed.value:  # a mapping by name, as other tools have it
                for value in within(listed, "*"):
                    yield value.path.removeprefix(f"{path}."), value
            else:
                yield from _pairs(within(listed, "[]"), name, text)


def _pairs(pairs: Iterable[Reading], name: str, text: str) -> Iterator[tuple[str, Reading]]:
    for pair in pairs:
        if pair.unknown:
            yield HOST_SETTINGS[0], pair
            continue
        for called in within(pair, name):
            for value in within(pair, text):
                yield called.text, value


def _connection(value: Reading) -> Iterator[Reading]:
    """The account in a connection string; a reference to a secret store is as good as unknown."""
    if value.unknown or value.text.lower().startswith(IN_A_VAULT):
        yield Reading(value.path, State.UNKNOWN)
    elif found := _IN_CONNECTION.search(value.text):
        yield Reading(value.path, State.KNOWN, found[1].strip())


@cache
def _hosts() -> re.Pattern[str]:
    suffixes = "|".join(re.escape(one) for one in types_of_host())
    return re.compile(rf"{_START}([a-z0-9](?:[a-z0-9.-]{{0,252}}[a-z0-9])?)\.({suffixes})\b")


@cache
def _vendors() -> re.Pattern[str]:
    domains = "|".join(re.escape(one) for one in sorted(column("azure_domains.csv", "domain")))
    return re.compile(rf"{_START}[a-z0-9](?:[a-z0-9.-]{{0,252}}[a-z0-9])?\.(?:{domains})\b")
