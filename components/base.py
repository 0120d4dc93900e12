"""What every component of a placement shares: its scope, its type token and the options of its children."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import pulumi

from components.naming import Names
from components.placement import Placement

Stated: TypeAlias = "str | int | list[str] | list[dict[str, str | list[str]]]"
"""A fact about a whole stack, as a component's inputs hold it."""


class Classification(StrEnum):
    """How sensitive what a resource holds is; the value of its DataClassification label."""

    INTERNAL = "internal"
    """Configuration, metrics and logs without data of people."""
    PSEUDONYMISED = "pseudonymised"
    """Events whose personal fields are keyed tokens."""
    PERSONAL = "personal"
    """Raw events, or what turns tokens back into people."""


@dataclass(frozen=True)
class Scope:
    """What one placement's components have in common; plain data, known before the first resource exists.

    `labels` are the tags that each resource carries through its provider. `protect` is Pulumi's own guard; data is
    deleted only when it is off and `erasable` is set: two keys. `permission_boundary` limits every role that is made,
    where the cloud has such a thing.
    """

    placement: Placement
    names: Names
    boundary: str
    labels: Mapping[str, str]
    protect: bool
    removal_destroys: bool
    permission_boundary: str | None = None

    @property
    def erasable(self) -> bool:
        """Whether a destroy may delete stored data: both keys are turned."""
        return self.removal_destroys and not self.protect


class RegionalComponent(pulumi.ComponentResource):
    """A component of one placement. Children take `self.child()` or `self.keeper()` as their options, nothing else.

    `states` are facts about the whole stack, recorded as the component's inputs, where previews, exports and policies
    find them.
    """

    scope: Scope

    def __init__(
        self,
        token: str,
        name: str,
        scope: Scope,
        *,
        parent: pulumi.Resource | None = None,
        provider: pulumi.ProviderResource | None = None,
        states: Mapping[str, Stated] | None = None,
    ) -> None:
        opts = pulumi.ResourceOptions(parent=parent, providers=[provider] if provider else None)
        super().__init__(token, name, states and dict(states), opts)
        self.scope = scope

    def child(self, *, depends_on: Sequence[pulumi.Resource] = ()) -> pulumi.ResourceOptions:
        """Options of a child that can be made again: its fixed name is freed before the replacement takes it."""
        return pulumi.ResourceOptions(parent=self, delete_before_replace=True, depends_on=list(depends_on) or None)

    def keeper(self, *, depends_on: Sequence[pulumi.Resource] = ()) -> pulumi.ResourceOptions:
        """Options of a child that holds data, or without which the data cannot be read or is less well guarded.

        It survives a destroy unless both keys are turned.
        """
        return pulumi.ResourceOptions(
            parent=self,
            delete_before_replace=True,
            depends_on=list(depends_on) or None,
            protect=self.scope.protect,
            retain_on_delete=not self.scope.erasable,
        )
