"""What shows that a declared deviation is real: a deviation that nothing shows any more is taken out of the table.

`shown_by` in components/deviations.csv holds one or more of these, with semicolons between them:

    rule RULE TYPE [NAMES…] [where PATH=VALUE]
                                     the suite's rule finds it, and the row excuses the finding
    value TYPE PATH JSON [NAMES…]    every such resource has that value there
    missing TYPE PATH [NAMES…]       no such resource has anything there
    made TYPE [NAMES…]               there is such a resource
    absent TYPE                      no stack of the cloud has such a resource
    unknown TYPE                     the cloud's SDK has no such type
    nowhere TYPE                     the type belongs to no region (types.csv says why)
    grant WHAT                       a row of grants.csv says why that permission may be broad
    test FILE::NAME                  that test shows it

NAMES are patterns of logical names.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from homeshore.engine import Resource
from tests.conformance import permissions, suite, tables
from tests.conformance.paths import at
from tests.conformance.subjects import PROJECT, Subject
from tests.conformance.tables import Deviation
from validity import sdk


def unfounded(deviation: Deviation, subjects: Sequence[Subject]) -> list[str]:
    """The parts of the deviation's evidence that do not hold in the stacks of its cloud."""
    own = [subject for subject in subjects if subject.cloud == deviation.cloud]
    parts = [part.strip() for part in deviation.shown_by.split(";")]
    return [part for part in parts if not part or not _holds(part, own)]


Stacks = Sequence[Subject]


def _holds(part: str, stacks: Stacks) -> bool:
    kind, _, rest = part.partition(" ")
    if kind not in KINDS:
        raise ValueError(f"components/deviations.csv: {part!r}: no such kind of evidence")
    return KINDS[kind](rest, stacks)


def _rule(excuse: str, stacks: Stacks) -> bool:
    rule = excuse.split(maxsplit=1)[0]
    return any(suite.excuses(excuse, each) for stack in stacks for each in suite.RULES[rule](stack))


def _value(rest: str, stacks: Stacks) -> bool:
    kind, path, more = rest.split(maxsplit=2)
    value, end = json.JSONDecoder().raw_decode(more)
    found = _found(stacks, kind, more[end:].split())
    return bool(found) and all(at(each.inputs, path) == [value] for each in found)


def _missing(rest: str, stacks: Stacks) -> bool:
    kind, path, *names = rest.split()
    found = _found(stacks, kind, names)
    return bool(found) and not any(at(each.inputs, path) for each in found)


def _made(rest: str, stacks: Stacks) -> bool:
    kind, *names = rest.split()
    return bool(_found(stacks, kind, names))


def _absent(kind: str, stacks: Stacks) -> bool:
    return not _made(kind, stacks)


def _unknown(kind: str, stacks: Stacks) -> bool:
    del stacks
    return sdk.args_class(kind) is None


def _nowhere(kind: str, stacks: Stacks) -> bool:
    return _made(kind, stacks) and tables.types()[kind].lies == "nowhere"


def _grant(what: str, stacks: Stacks) -> bool:
    clouds = {stack.cloud for stack in stacks}
    return any(row.wide and row.may == what and row.cloud in clouds for row in permissions.expected_rows())


def _test(name: str, stacks: Stacks) -> bool:
    del stacks
    file, _, function = name.partition("::")
    return function in tests_of(PROJECT.root / file)


KINDS: Mapping[str, Callable[[str, Stacks], bool]] = {
    "rule": _rule,
    "value": _value,
    "missing": _missing,
    "made": _made,
    "absent": _absent,
    "unknown": _unknown,
    "nowhere": _nowhere,
    "grant": _grant,
    "test": _test,
}


def _found(stacks: Stacks, kind: str, names: Sequence[str]) -> list[Resource]:
    wanted = names or ["*"]
    return [r for s in stacks for r in s.managed if r.type == kind and any(fnmatchcase(r.name, n) for n in wanted)]


@cache
def tests_of(file: Path) -> frozenset[str]:
    """The names of the tests in the file, those of classes as Class::name; none where there is no such file."""
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    methods = {
        f"{group.name}::{node.name}"
        for group in tree.body
        if isinstance(group, ast.ClassDef)
        for node in group.body
        if isinstance(node, ast.FunctionDef)
    }
    return frozenset(name for name in functions | methods if "test_" in name)
