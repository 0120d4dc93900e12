"""The explicit AWS provider of one placement."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.aws.place import placement_of
from components.base import Scope


def provider(name: str, scope: Scope) -> pulumi.ProviderResource:
    """The only way into the placement's region: no other account is allowed, no key is written down.

    Credentials come from the environment of whoever runs Pulumi. Each resource gets the scope's labels as tags.
    """
    placement = placement_of(scope)
    region = placement.region
    return aws.Provider(
        name,
        region=region,
        allowed_account_ids=[placement.account_id],
        default_tags=aws.ProviderDefaultTagsArgs(tags=dict(scope.labels)),
        # The machine that deploys is not asked for an instance role: whoever deploys brings credentials.
        skip_metadata_api_check=True,
        # Both of these may otherwise leave the region.
        sts_region=region,
        s3_us_east1_regional_endpoint="regional",
    )
