"""The resource types that the embedded cloud can be given, by their type token."""

from __future__ import annotations

from collections.abc import Mapping

from homeshore.local.kind import Kind
from homeshore.local.kinds import catalog, firewall, functions, identity, keys, network, notices, s3, streams, watching

KINDS: Mapping[str, Kind] = {
    **keys.KINDS,
    **s3.KINDS,
    **streams.KINDS,
    **identity.KINDS,
    **functions.KINDS,
    **watching.KINDS,
    **notices.KINDS,
    **catalog.KINDS,
    **network.KINDS,
    **firewall.KINDS,
}
