"""Settings with which one command deletes what is stored: none of them in production."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from policies.facts import rows
from policies.gcp.where import TABLE
from policies.rules import Case, Said, rule

PROTECT: Final = "protect"


@cache
def _shortcuts() -> dict[str, tuple[tuple[str, str], ...]]:
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for row in rows("shortcuts.csv"):
        found[row["type"]] = (*found.get(row["type"], ()), (row["path"], row["bad"]))
    return found


@rule("OPS-X-001", *_shortcuts())
def nothing_deletes_data_by_the_way(case: Case) -> Iterator[Said]:
    """In production no setting lets a destroy take the data along, and the stores are protected."""
    # A view and a table over files hold nothing that could be lost.
    holds_none = case.resource.type == TABLE and (
        case.read("view").present or case.read("externalDataConfiguration").present
    )
    if not case.stack.parameters.production or holds_none:
        return
    for path, bad in _shortcuts()[case.resource.type]:
        at = case.read(path)
        if path == PROTECT:
            if case.resource.protect is False:
                yield case.fail(PROTECT, "the resource option protect is not set: a destroy deletes it")
            elif case.resource.protect is None:
                yield case.unsure(PROTECT, "the file does not say whether the resource is protected")
        elif at.unknown:
            yield case.unsure(at)
        elif at.among(bad):
            yield case.fail(at, f"{path} must not be {bad} in production")
