"""Which functions depend on a constant: directly, or through another constant that is made of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.policies.mutation.mutants import POLICIES
from tests.policies.mutation.reach import Function


def users(name: str) -> frozenset[Function]:
    """The functions of the rules that mention the constant `name`, of any module, or one that is made of it."""
    wanted, before = {name}, 0
    while len(wanted) > before:
        before = len(wanted)
        wanted |= {made for made, mentioned in _constants() if mentioned & wanted}
    return frozenset(function for function, mentioned in _functions() if mentioned & wanted)


@cache
def _trees() -> tuple[tuple[Path, ast.Module], ...]:
    return tuple((one, ast.parse(one.read_text(encoding="utf-8"))) for one in sorted(POLICIES.rglob("*.py")))


@cache
def _constants() -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple(
        (target.id, _mentioned(node))
        for _, tree in _trees()
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    )


@cache
def _functions() -> tuple[tuple[Function, frozenset[str]], ...]:
    return tuple(((str(path), name), _mentioned(node)) for path, tree in _trees() for name, node in _named(tree, ""))


def _named(holder: ast.Module | ast.ClassDef, where: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in holder.body:
        if isinstance(node, ast.FunctionDef):
            yield f"{where}{node.name}", node
        elif isinstance(node, ast.ClassDef):
            yield from _named(node, f"{where}{node.name}.")


def _mentioned(node: ast.AST) -> frozenset[str]:
    return frozenset(
        one.id if isinstance(one, ast.Name) else one.attr
        for one in ast.walk(node)
        if isinstance(one, ast.Name | ast.Attribute)
    )
