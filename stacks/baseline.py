"""The blueprint of what an account, subscription or project has only once, beneath its pipelines."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from components.base import RegionalComponent
from components.clouds import toolkit_for
from components.contracts import BaselineSpec, Unsupported
from stacks.config import BaselineConfig
from stacks.scope import scope_of, stated

BASELINE = "baseline"
LOG_DAYS = 400
"""Days for which it is kept who changed what: the twelve months of PCI DSS 10.5.1, and a month to look at them."""


class AccountBaseline(RegionalComponent):
    """Settings, guard rails and audit logs of one account, or of one of its further regions. `outputs` are the stack's.

    Pipelines do not need it to be built, and declare nothing that it declares: who destroys one leaves the other.
    """

    outputs: Mapping[str, pulumi.Output[str]]

    def __init__(self, config: BaselineConfig) -> None:
        scope = scope_of(config)
        toolkit = toolkit_for(config.placement)
        super().__init__(
            "homeshore:baseline:AccountBaseline",
            BASELINE,
            scope,
            provider=toolkit.provider("primary", scope),
            states=stated(config),
        )
        made = toolkit.baseline(f"{BASELINE}-{config.placement.cloud}", baseline_spec(config), parent=self)
        self.outputs = made.outputs
        self.register_outputs(dict(self.outputs))


def deploy(config: BaselineConfig) -> AccountBaseline:
    """Register the baseline in the Pulumi program that is running.

    Raises pulumi.RunError, which Pulumi shows as it is, for what the reader of the stack file has to change.
    """
    try:
        return AccountBaseline(config)
    except Unsupported as fault:
        raise pulumi.RunError(f"Pulumi.{pulumi.get_stack()}.yaml: {fault}") from None


def baseline_spec(config: BaselineConfig) -> BaselineSpec:
    """What is asked of the cloud's component."""
    return BaselineSpec(
        account_wide=config.baseline.account_wide,
        log_days=LOG_DAYS,
        rotation_days=config.key.rotation_days,
        deletion_days=config.key.deletion_days,
    )
