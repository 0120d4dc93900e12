"""URNs and aliases, formed as the real engine forms them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from homeshore.engine.model import STACK_TYPE


@dataclass(frozen=True)
class Urn:
    """The parts of `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`."""

    stack: str
    project: str
    qualified_type: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Urn:
        """The parts. Raises ValueError for what is not a URN."""
        prefix, _, rest = text.partition("urn:pulumi:")
        parts = rest.split("::", 3)
        if prefix or len(parts) != 4:  # noqa: PLR2004 - stack, project, type, name
            raise ValueError(f"{text!r} is not a URN")
        return cls(*parts)

    def __str__(self) -> str:
        return f"urn:pulumi:{self.stack}::{self.project}::{self.qualified_type}::{self.name}"


def make_urn(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """The URN of a resource; the types of its ancestors, but not the stack's, stand before its own."""
    parent_type = Urn.parse(parent).qualified_type if parent else STACK_TYPE
    qualified = type_ if parent_type == STACK_TYPE else f"{parent_type}${type_}"
    return str(Urn(stack, project, qualified, name))


@dataclass(frozen=True)
class AliasSpec:
    """An earlier identity: what is empty is as it is now."""

    name: str = ""
    type: str = ""
    stack: str = ""
    project: str = ""
    parent: str = ""
    no_parent: bool = False


def alias_urns(
    own: Iterable[str | AliasSpec], urn: str, type_: str, parent: str, parent_aliases: Iterable[str]
) -> tuple[str, ...]:
    """All URNs that the resource may have had: its own aliases, and those that follow from its parent's aliases.

    `urn` and `type_` are the resource's own, `parent` is its parent's URN ("" for none).
    """
    now = Urn.parse(urn)
    found: dict[str, None] = {}
    specs = [alias for alias in own if isinstance(alias, AliasSpec)]
    for alias in own:
        found[alias if isinstance(alias, str) else _resolve(alias, now, type_, parent)] = None
    for parent_alias in parent_aliases:
        for spec in (AliasSpec(), *specs):
            if not (spec.parent or spec.no_parent):
                name = _inherited_name(spec.name or now.name, parent, parent_alias)
                moved = AliasSpec(name, spec.type, spec.stack, spec.project, parent_alias)
                found[_resolve(moved, now, type_, parent)] = None
    found.pop(urn, None)
    return tuple(found)


def _resolve(spec: AliasSpec, now: Urn, type_: str, parent: str) -> str:
    above = "" if spec.no_parent else spec.parent or parent
    return make_urn(
        spec.stack or now.stack, spec.project or now.project, above, spec.type or type_, spec.name or now.name
    )


def _inherited_name(name: str, parent: str, parent_alias: str) -> str:
    """A child named after its parent was named after the parent's earlier name."""
    parent_name = Urn.parse(parent).name
    return Urn.parse(parent_alias).name + name[len(parent_name) :] if name.startswith(parent_name) else name
