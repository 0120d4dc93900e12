"""What is known of a rule, in one place: its row, what it looks at, who decides, and whether the pack can mend it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Final, Literal, TypeAlias

from homeshore.errors import UserError
from homeshore.explain.examples import Example, examples
from policies.facts import rows
from policies.rules import CATALOGUE, About, catalogue, rules

Decides: TypeAlias = Literal["resource", "stack"]
CLOUDS: Final = {
    "aws": "AWS",
    "azure": "Azure",
    "gcp": "Google Cloud",
    "all": "Every cloud",
    "house": "The pack itself",
}
MEANT: Final = 3
"""How many ids a mistyped one may have meant."""


@dataclass(frozen=True)
class Explained:
    """A rule with everything that is known of it.

    `types` are type tokens (`aws:*` for all of a package, `*` for all); empty where it looks at the stack as a whole.
    `decides` says whether one resource is enough, before it is made. `mends` says whether the pack can mend a violation
    by itself. `anchor` is what other tools have for it.
    """

    about: About
    anchor: str
    types: tuple[str, ...]
    decides: Decides
    mends: bool
    example: Example | None


def explained(identity: str) -> Explained:
    """The rule with the id, in letters of either size. Raises UserError with the ids that may have been meant."""
    wanted = identity.strip().upper()
    if wanted not in catalogue():
        near = get_close_matches(wanted, list(catalogue()), n=MEANT, cutoff=0.75)
        begun = [one for one in catalogue() if one.startswith(wanted)] if not near else []
        meant = f" Did you mean {' or '.join(near or begun[:MEANT])}?" if near or begun else ""
        raise UserError(f"{identity}: there is no such rule.{meant} `homeshore policy explain` lists them all.")
    return _all()[wanted]


def explained_all() -> tuple[Explained, ...]:
    """Every rule, in the catalogue's order."""
    return tuple(_all().values())


@cache
def _all() -> dict[str, Explained]:
    # They load Pulumi's policy SDK, which the list of commands has no need of.
    from policies.pack.policies import single_rules
    from policies.pack.remediation import mends

    anchors = {row["id"]: row["anchor"] for table in CATALOGUE for row in rows(table)}
    alone, mendable = single_rules(), mends()
    return {
        identity: Explained(
            about=about,
            anchor=anchors[identity],
            types=_types(identity, examples().get(identity)),
            decides="resource" if identity in alone else "stack",
            mends=identity in mendable,
            example=examples().get(identity),
        )
        for identity, about in catalogue().items()
    }


def _types(identity: str, example: Example | None) -> tuple[str, ...]:
    """What the rule looks at: whole packages first, then what its example shows."""
    shown = {one.type for one in example.broken} if example else set[str]()
    kinds = {kind for one in rules() if one.id == identity for kind in one.types}
    return tuple(sorted(kinds, key=lambda kind: ("*" not in kind, kind not in shown, kind)))


def short(kind: str) -> str:
    """A type token as programs write it: `aws:kinesis/stream:Stream` is aws.kinesis.Stream."""
    if kind == "*":
        return "every type"
    if kind.endswith(":*"):
        return f"every type of {kind.removesuffix(':*')}"
    return re.sub(r"/[^:]*", "", kind).replace(":", ".")
