"""Sentences that several of Azure's rules share."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from policies.rules import Case, Said
from policies.values import within

OPEN_PREFIX = 1
"""A rule that lets in half of the internet or more lets in everybody: two such make the whole."""


def any_of(case: Case, message: str, *ways: tuple[str, tuple[str, ...]]) -> Iterator[Said]:
    """One of several inputs must have one of its values; the first one is to blame, or what is not known yet."""
    readings = [(case.read(path), allowed) for path, allowed in ways]
    if any(reading.among(*allowed) for reading, allowed in readings):
        return
    for reading, _ in readings:
        if reading.unknown:
            yield case.unsure(reading)
            return
    yield case.fail(readings[0][0], message)


def at_least(case: Case, path: str, least: float, what: str, *, missing_passes: bool = False) -> Iterator[Said]:
    """A number must be at least `least`."""
    reading = case.read(path)
    if reading.unknown:
        yield case.unsure(reading)
    elif reading.missing:
        if not missing_passes:
            yield case.fail(reading, f"{reading.path} is missing: {what}")
    elif reading.number is None or reading.number < least:
        yield case.fail(reading, f"{reading.path} is too low: {what}")


def must_not_be_false(case: Case, path: str) -> Iterator[Said]:
    """A switch that the cloud turns on by itself must not be turned off."""
    reading = case.read(path)
    if reading.unknown:
        yield case.unsure(reading)
    elif reading.flag is False:
        yield case.fail(reading, f"{reading.path} must not be false")


def no_open_range(case: Case, rules: str, key: str) -> Iterator[Said]:
    """No rule of the list at `rules` may let every address in; one whose action is Deny lets nobody in."""
    for one in case.read_all(f"{rules}[]"):
        denies = any(action.among("Deny") for action in within(one, "action"))
        for address in within(one, key):
            if address.text and _is_open(address.text) and not denies:
                yield case.fail(address, f"{address.path} lets every address in")


def _is_open(text: str) -> bool:
    if text.strip().lower() in {"any", "*", "internet"}:
        return True
    try:
        return ip_network(text.strip(), strict=False).prefixlen <= OPEN_PREFIX
    except ValueError:
        return False
