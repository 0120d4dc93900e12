"""What a policy may mend by itself, where it is safe and leaves no choice: only at the level `remediate`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from pulumi_policy import ResourceValidationArgs

from policies.facts import rows
from policies.judge import judge
from policies.pack.plain import properties
from policies.values import Plain, is_unknown, opened

if TYPE_CHECKING:
    from policies.pack.run import Run

Mend: TypeAlias = Callable[[ResourceValidationArgs], "Mapping[str, Any] | None"]
OWN_BOUNDARY = "$boundary"
"""A value that stands for the name of the stack's boundary."""


def remediation(rule: str, run: Run) -> Mend | None:
    """What mends a violation of `rule`; None where the table has nothing that is safe."""
    if not any(one == rule for one, _ in _table()):
        return None

    def mend(args: ResourceValidationArgs) -> Mapping[str, Any] | None:
        stack = run.stack_of(args)
        changes = _table().get((rule, stack.by_urn[args.urn].type), {})
        broken = {
            _general(one.said.path) for one in judge(stack, {rule}).failed if one.resource is stack.by_urn[args.urn]
        }
        mended = properties(args.props)
        done = [
            _set(mended, path.split("."), stack.boundary.name if value == OWN_BOUNDARY and stack.boundary else value)
            for path, value in changes.items()
            if path in broken
        ]
        return mended if any(done) else None

    return mend


def _set(into: dict[str, Plain], path: list[str], value: Plain) -> bool:
    """Put `value` at `path`, with the blocks that lead to it; not where a block on the way is unknown or a list."""
    for key in path[:-1]:
        inner = opened(into.get(key))
        if inner is None:
            inner = into[key] = {}
        if not isinstance(inner, dict):
            return False
        into = cast("dict[str, Plain]", inner)
    if value == OWN_BOUNDARY or is_unknown(opened(into.get(path[-1]))):
        return False
    into[path[-1]] = value
    return True


def _general(path: str) -> str:
    return re.sub(r"\[\d+\]", "[]", path)


@cache
def _table() -> dict[tuple[str, str], dict[str, Plain]]:
    table: dict[tuple[str, str], dict[str, Plain]] = {}
    for row in rows("remediations.csv"):
        table.setdefault((row["rule"], row["type"]), {})[row["path"]] = cast("Plain", json.loads(row["value"]))
    return table
