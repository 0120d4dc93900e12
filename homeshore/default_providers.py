"""The default providers of a preview of Pulumi's, which leaves them out and gives their settings once, as config."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from homeshore.engine.model import PROVIDER_PREFIX, Resource
from homeshore.engine.urns import make_urn
from homeshore.engine.values import Plain

PLACED_BY: Final = {"aws": ("region",), "azure-native": ("location",), "gcp": ("region", "zone")}
"""The packages whose providers say where resources lie, and the settings that do."""
DEFAULT: Final = "default"


def default_providers(
    resources: Mapping[str, Resource], config: Mapping[str, Plain], stack: str, project: str
) -> Iterator[Resource]:
    """The default provider of each package that the config gives a place and the file no provider.

    It stands under the URN by which the resources refer to it, or as `default` where they refer to none.
    """
    for package, keys in PLACED_BY.items():
        used = [one for one in resources.values() if one.type.startswith(f"{package}:") and one.custom]
        settings: dict[str, Plain] = {
            key.removeprefix(f"{package}:"): value for key, value in config.items() if key.startswith(f"{package}:")
        }
        if not used or not any(settings.get(key) for key in keys):
            continue
        kind = PROVIDER_PREFIX + package
        named = sorted({urn for urn in _referred(used) if _is_default(urn, kind) and urn not in resources})
        told = any(one.type == kind for one in resources.values())
        if not named and not told and any(not one.provider for one in used):
            named = [make_urn(stack, project, "", kind, DEFAULT)]
        for urn in named:
            yield Resource(urn=urn, type=kind, name=urn.rpartition("::")[2], custom=True, inputs=settings)


def _referred(resources: Iterable[Resource]) -> Iterator[str]:
    """The providers' URNs; a reference is `URN::ID`, and the ID of a preview may be missing."""
    for one in resources:
        if one.provider:
            stack, project, kinds, name = (one.provider.removeprefix("urn:pulumi:").split("::") + [""] * 4)[:4]
            yield f"urn:pulumi:{stack}::{project}::{kinds}::{name}"


def _is_default(urn: str, kind: str) -> bool:
    name = urn.rpartition("::")[2]
    return f"::{kind}::" in urn and (name == DEFAULT or name.startswith(f"{DEFAULT}_"))
