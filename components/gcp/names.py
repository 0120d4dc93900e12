"""Physical names within Google Cloud's own limits and alphabets. Pure; deterministic; a name is API.

What a project shares among its regions (topics, networks, service accounts) carries the region, so that a standby's
counterparts stand beside the first ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2s

from components.contracts import Unsupported
from components.naming import PRODUCT, Names

SERVICE_ACCOUNT_LIMIT = 30
"""Characters of a service account's id (IAM API, projects.serviceAccounts.create)."""
NAME_LIMIT = 63
"""Characters of a bucket, of a key ring and of what has a DNS name's form (networks, routes, DNS zones)."""
LABEL_LIMIT = 63
"""Characters of a label's key and of its value (Resource Manager, "Requirements for labels")."""

_SHORT = "hs"
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_IN_LABELS = re.compile(r"[^a-z0-9_-]")


def regional(names: Names, role: str) -> str:
    """Name of a thing that is unique within one project and region: log buckets, key rings, subnetworks, workers."""
    return _joined(names, role, NAME_LIMIT)


def project_wide(names: Names, role: str) -> str:
    """Name of a thing that all regions of a project share: topics, subscriptions, networks, sinks."""
    return _joined(names, f"{names.region}-{role}", NAME_LIMIT)


def dataset(names: Names, role: str) -> str:
    """Id of a BigQuery dataset, which the project's regions share and in which a dash is not allowed."""
    return project_wide(names, role).replace("-", "_")


def world_wide(names: Names, role: str) -> str:
    """Name of a thing that all projects share: buckets. A digest stands for the project, whose id has 30 characters.

    Raises Unsupported for an environment that Google does not let into a bucket's name.
    """
    if "goog" in names.environment:
        raise Unsupported(
            f"environment: {names.environment!r} has 'goog' in it, which no bucket of Cloud Storage may be called by: "
            "choose another environment"
        )
    return _joined(names, f"{names.region}-{role}-{_digest(names.account, 8)}", NAME_LIMIT)


def service_account(names: Names, role: str) -> str:
    """Id of a service account, 6 to 30 characters. A digest stands for environment, generation and region.

    Raises ValueError for a role of more than 11 characters: nothing of the environment would be left to read.
    """
    digest = _digest(f"{names.environment}/{names.generation}/{names.region}", 6)
    after = f"-g{names.generation}-{role}-{digest}"
    room = SERVICE_ACCOUNT_LIMIT - len(_SHORT) - 1 - len(after)
    if room < 1:
        raise ValueError(f"no room for an environment in a service account's id that ends in {after!r}")
    return f"{_SHORT}-{names.environment[:room].rstrip('-')}{after}"


def labels(tags: Mapping[str, str]) -> dict[str, str]:
    """`tags` as labels: lower-case keys with underscores between their words, values in Google's alphabet."""
    return {_label(_WORD.sub("_", key)): _label(value.replace("@", "_at_")) for key, value in tags.items()}


def _label(text: str) -> str:
    return _NOT_IN_LABELS.sub("_", text.lower())[:LABEL_LIMIT]


def _joined(names: Names, after: str, limit: int) -> str:
    after = f"-g{names.generation}-{after}"
    room = limit - len(PRODUCT) - 1 - len(after)
    environment = names.environment
    if len(environment) > room:
        digest = _digest(environment, 6)
        if room < len(digest):
            raise ValueError(f"no room for an environment in a name of {limit} characters that ends in {after!r}")
        environment = environment[: room - len(digest)] + digest
    return f"{PRODUCT}-{environment}{after}"


def _digest(text: str, characters: int) -> str:
    return blake2s(text.encode(), digest_size=characters // 2).hexdigest()
