"""What a policy may mend by itself, where it is safe and leaves no choice: only at the level `remediate`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, cast

from pulumi_policy import ResourceValidationArgs

from policies.anywhere.labels import residency_label
from policies.facts import rows
from policies.judge import judge
from policies.model import Resource, Stack
from policies.pack.plain import properties
from policies.values import Plain, is_unknown, opened

if TYPE_CHECKING:
    from policies.pack.run import Run

Mend: TypeAlias = Callable[[ResourceValidationArgs], "Mapping[str, Any] | None"]
LABEL: Final = "SOV-X-002"
"""The rule whose remedy is not in the table: its value is the stack's boundary, its place depends on the type."""
_STEP: Final = re.compile(r"[^.\[\]]+")


class Change(NamedTuple):
    """A value for the input at `path`, in which `[]` stands for each element."""

    path: str
    value: Plain


def mends() -> frozenset[str]:
    """The ids of the rules whose violations can be mended."""
    return frozenset(one for one, _ in _table()) | {LABEL}


def remediation(rule: str, run: Run) -> Mend | None:
    """What mends a violation of `rule`; None where nothing is safe. It changes what the rule finds, nothing else."""
    if rule not in mends():
        return None

    def mend(args: ResourceValidationArgs) -> Mapping[str, Any] | None:
        stack = run.stack_of(args)
        resource = stack.by_urn[args.urn]
        mended = properties(args.props)
        found = [one.said.path for one in judge(stack, {rule}).failed if one.resource is resource]
        done = [
            _set(mended, at, change.value)
            for change in changes(rule, stack, resource)
            for path in found
            for at in _places(path, change.path)
        ]
        return mended if any(done) else None

    return mend


def changes(rule: str, stack: Stack, resource: Resource) -> tuple[Change, ...]:
    """What would mend a violation of `rule` by `resource`."""
    if rule != LABEL:
        return _table().get((rule, resource.type), ())
    label = residency_label(resource, stack.boundary)
    return (Change(*label),) if label else ()


def _places(broken: str, path: str) -> Iterator[str]:
    """Where to write: the place that the rule names, or below it where a whole block is missing."""
    general = re.sub(r"\[\d+\]", "[]", broken)
    if path == general:
        yield broken
    elif path.startswith(f"{general}.") and "[]" not in path.removeprefix(general):
        yield broken + path.removeprefix(general)


def _set(into: Plain, path: str, value: Plain) -> bool:
    """Put `value` at `path`, with the blocks that lead to it; not where something on the way is unknown."""
    *way, last = _STEP.findall(path)
    here: object = into
    for step in way:
        below = opened(_member(here, step))
        if below is None and isinstance(here, dict):
            below = cast("dict[str, object]", here)[step] = dict[str, object]()
        here = below
    if not isinstance(here, dict) or is_unknown(opened(cast("dict[str, object]", here).get(last))):
        return False
    cast("dict[str, object]", here)[last] = value
    return True


def _member(block: object, step: str) -> object:
    if isinstance(block, list):
        return cast("list[object]", block)[int(step)]
    return cast("dict[str, object]", block).get(step) if isinstance(block, dict) else None


@cache
def _table() -> dict[tuple[str, str], tuple[Change, ...]]:
    table: dict[tuple[str, str], tuple[Change, ...]] = {}
    for row in rows("remediations.csv"):
        key = row["rule"], row["type"]
        table[key] = (*table.get(key, ()), Change(row["path"], cast("Plain", json.loads(row["value"]))))
    return table
