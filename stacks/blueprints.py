"""Which blueprint a stack's configuration asks for: the only place that chooses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, assert_never

import pulumi

from stacks.config import BaselineConfig, StackConfig


class Deployed(Protocol):
    """What a blueprint has registered: `outputs` are the stack's."""

    @property
    def outputs(self) -> Mapping[str, pulumi.Output[str]]:
        """By name, as the stack exports them."""
        ...


def deploy(config: StackConfig | BaselineConfig) -> Deployed:
    """Register what the stack's blueprint builds. Only that blueprint is imported.

    Raises pulumi.RunError, which Pulumi shows as it is, for what the reader of the stack file has to change.
    """
    match config:
        case StackConfig():
            from stacks import streaming  # only this blueprint: sizing, packages and tables come with it

            return streaming.deploy(config)
        case BaselineConfig():
            from stacks import baseline

            return baseline.deploy(config)
        case _:  # pyright: ignore[reportUnnecessaryComparison]
            assert_never(config)
