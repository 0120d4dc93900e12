"""The explicit Google Cloud provider of one placement."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from components.base import Scope
from components.gcp import names
from components.gcp.place import place_of


def provider(name: str, scope: Scope) -> pulumi.ProviderResource:
    """The only way into the placement's region: no zone, no key is written down.

    Credentials come from the environment of whoever runs Pulumi. Each resource gets the scope's labels, in the alphabet
    that Google has for them, and no label that says which tool made it.
    """
    place = place_of(scope)
    return gcp.Provider(
        name,
        project=place.project,
        region=place.region,
        default_labels=names.labels(scope.labels),
        add_pulumi_attribution_label=False,
        # Calls count against the stack's own project, not against the project of whoever deploys.
        user_project_override=True,
        billing_project=place.project,
    )
