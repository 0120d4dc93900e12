"""What is done to a predicate: each operator replaces one part of a module's syntax tree.

The walk is deterministic, so that a mutant is told by its number: whoever applies it parses the module again and walks
to the same place. Left alone: annotations, imports, docstrings, and the sentences that are shown to people, except in
the modules whose sentences are tested word for word.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from types import CodeType
from typing import Any, Final, cast

from tests.policies.mutation.mutants import ROOT, Mutant

SHOWN: Final = 70
"""Characters of a changed expression that a mutant's name shows."""
SPOKEN: Final = frozenset({"fail", "unsure", "unplaced", "absent", "Fail", "Unsure", "must_be_present"})
"""Calls whose arguments after the first are sentences."""
LISTED: Final = {"rule": 1, "must_be": 1, "among": 0, "of": 0}
"""Calls that take a list of types or values as their arguments, from which place on."""
SAID_TO_PEOPLE: Final = frozenset({"description", "examples", "message", "reason", "what", "missing"})
WORD_FOR_WORD: Final = ("policies/configuration.py", "policies/exemptions.py")
UNCHANGED: Final = frozenset({"annotation", "returns", "type_comment", "names", "ctx"})
"""Fields of a syntax tree in which nothing decides anything."""
GENERIC: Final = frozenset({"dict", "list", "set", "frozenset", "tuple", "Literal", "Final", "Mapping", "cast"})
PROSE: Final = re.compile(r"[\w ,.;:'…/*()=`{}-]*[a-z…)}] [\w ,.;:'…/*()=`{}-]*")
COMPARED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
SWAPPED: Final = {"any": "all", "all": "any", "min": "max", "max": "min"}


@dataclass(frozen=True)
class Change:
    """Replace `holder.field` (the member `index` of it, where it is a list) by `new`; None takes the member away."""

    holder: ast.AST
    field: str
    index: int | None
    new: Any
    operator: str
    before: ast.AST
    where: str
    inside: bool

    def apply(self) -> None:
        """Make the change in the tree."""
        if self.index is None:
            setattr(self.holder, self.field, self.new)
            return
        members = getattr(self.holder, self.field)
        members[self.index : self.index + 1] = [] if self.new is None else [self.new]

    def said(self) -> str:
        """What is changed, and into what."""
        tells = self.operator == "compare" or isinstance(self.new, ast.Break)
        return f"{self.operator}: {_text(self.before)}" + (f" -> {_text(self.new)}" if tells else "")


def mutants(file: str) -> Iterator[Mutant]:
    """Every mutant of a module, given by its path in the project."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    for number, one in enumerate(_changes(tree, file)):
        line = getattr(one.before, "lineno", 1)
        yield Mutant(file, line, one.where, one.said(), number, one.inside)


def compiled(mutant: Mutant, source: str) -> CodeType:
    """The module's code with the mutant in it."""
    tree = ast.parse(source)
    next(islice(_changes(tree, mutant.file), mutant.number, None)).apply()
    return compile(ast.fix_missing_locations(tree), str(ROOT / mutant.file), "exec", dont_inherit=True)


def _text(node: ast.AST | list[ast.stmt]) -> str:
    if isinstance(node, list):
        return ""
    if isinstance(node, ast.FunctionDef):
        return node.name
    if isinstance(node, ast.cmpop):
        return type(node).__name__
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _changes(tree: ast.Module, file: str) -> Iterator[Change]:
    return _Walk(file in WORD_FOR_WORD).all(tree, "", inside=False)


@dataclass(frozen=True)
class _Spot:
    """Where a node stands: in a field of another one, as a member of it where that is a list."""

    holder: ast.AST
    field: str
    index: int | None
    node: ast.AST


def _spots(holder: ast.AST, *fields: str) -> Iterator[_Spot]:
    """The nodes in `fields`; in all that may be changed where none is given."""
    for field, value in ast.iter_fields(holder):
        if field not in fields if fields else field in UNCHANGED:
            continue
        several = isinstance(value, list)
        for index, member in enumerate(cast("list[object]", value) if several else [value]):
            if isinstance(member, ast.AST):
                yield _Spot(holder, field, index if several else None, member)


class _Walk:
    """The places of a module that can be changed, in the order of its text."""

    def __init__(self, sentences: bool) -> None:
        self.sentences = sentences

    def all(self, holder: ast.AST, where: str, inside: bool) -> Iterator[Change]:
        """The changes of all that stands in a node."""
        for spot in _spots(holder):
            yield from self.one(spot, where, inside)

    def one(self, spot: _Spot, where: str, inside: bool) -> Iterator[Change]:
        """The changes of a node, and of what stands in it."""
        node = spot.node
        if _left_alone(spot) or (not self.sentences and _said(spot)):
            return
        for operator, before, new in _replaced(spot.holder, spot.field, node, self.sentences):
            yield Change(spot.holder, spot.field, spot.index, new, operator, before, where, inside)
        yield from _within(node, where, inside)
        if isinstance(node, ast.FunctionDef):
            yield from self._function(node, where, inside)
        elif isinstance(node, ast.ClassDef):
            if "Enum" in map(_name, node.bases):
                return  # what a member is called is nobody's business
            for member in _spots(node, "body"):
                yield from self.one(member, f"{where}{node.name}.", inside)
        elif not isinstance(node, ast.JoinedStr):
            yield from self.all(node, where or _assigned(node), inside)

    def _function(self, node: ast.FunctionDef, where: str, inside: bool) -> Iterator[Change]:
        name = f"{where}.<locals>.{node.name}" if inside else f"{where}{node.name}"
        for spot in (*_spots(node, "decorator_list"), *_spots(node, "args")):
            yield from self.one(spot, name, inside)
        yield Change(node, "body", None, _nothing(node), "body", node, name, inside=True)
        for spot in _spots(node, "body"):
            yield from self.one(spot, name, True)


def _left_alone(spot: _Spot) -> bool:
    """Whether a node decides nothing: an import, a docstring, a part of a type, a description, what joins a list."""
    holder, node = spot.holder, spot.node
    typing = isinstance(holder, ast.Subscript) and spot.field == "slice" and _name(holder.value) in GENERIC
    alias = isinstance(holder, ast.AnnAssign) and _name(holder.annotation) == "TypeAlias"
    called = _name(holder.func) if isinstance(holder, ast.Call) and spot.field == "args" else ""
    joining = isinstance(holder, ast.Attribute) and holder.attr == "join" and isinstance(node, ast.Constant)
    return (
        isinstance(node, ast.Import | ast.ImportFrom)
        or joining
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        or (isinstance(node, ast.keyword) and node.arg in SAID_TO_PEOPLE)
        or typing
        or (alias and isinstance(node, ast.Constant))
        or (called in ("cast", "TypeVar") and spot.index == 0)
    )


def _said(spot: _Spot) -> bool:
    """Whether a node is a sentence for people: what is raised, or an argument of a call that says something."""
    if isinstance(spot.node, ast.Raise):
        return True
    if not (isinstance(spot.holder, ast.Call) and spot.field == "args" and spot.index):
        return False
    return _name(spot.holder.func) in SPOKEN and not isinstance(spot.node, ast.Name | ast.Attribute)


def _assigned(node: ast.AST) -> str:
    """The name of what a statement of a module or class assigns: it is where a change of its value is."""
    target = node.target if isinstance(node, ast.AnnAssign) else None
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
    return target.id if isinstance(target, ast.Name) else ""


def _name(node: ast.AST | None) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _nothing(node: ast.FunctionDef) -> list[ast.stmt]:
    """A body that does nothing, of the same kind: a generator stays one."""
    generates = any(isinstance(one, ast.Yield | ast.YieldFrom) for one in _own(node))
    done: list[ast.stmt] = [ast.Return(value=None)]
    return [*done, ast.Expr(ast.Yield(value=None))] if generates else done


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function, without those of the functions in it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.Lambda):
            yield child
            yield from _own(child)


def _replaced(holder: ast.AST, field: str, node: ast.AST, sentences: bool) -> Iterator[tuple[str, ast.AST, Any]]:
    """What may stand in the place of a node: (operator, what is shown as changed, the new node)."""
    if field in ("test", "ifs") and isinstance(node, ast.expr) and not isinstance(node, ast.Compare):
        yield "negate", node, _negated(node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "negate", node, node.operand
    if isinstance(node, ast.BoolOp):
        other = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        yield "swap", node, ast.BoolOp(other, node.values)
    elif isinstance(node, ast.Compare):
        for index, one in enumerate(node.ops):
            ops = [*node.ops[:index], COMPARED[type(one)](), *node.ops[index + 1 :]]
            yield "compare", node, ast.Compare(node.left, ops, node.comparators)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SWAPPED:
        yield "swap", node, ast.Call(ast.Name(SWAPPED[node.func.id], ast.Load()), node.args, node.keywords)
    elif isinstance(node, ast.Constant) and not _listed(holder, field, node):
        yield from _constants(node, sentences)
    elif isinstance(node, ast.JoinedStr):
        text = "".join(str(one.value) for one in node.values if isinstance(one, ast.Constant))
        if sentences or " " not in text:
            yield "constant", node, ast.JoinedStr([*node.values, ast.Constant("x")])
    elif isinstance(node, ast.stmt):
        yield from _statements(node)


def _negated(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return node.operand
    return ast.UnaryOp(ast.Not(), node)


def _constants(node: ast.Constant, sentences: bool) -> Iterator[tuple[str, ast.AST, Any]]:
    value = node.value
    if isinstance(value, bool):
        yield "constant", node, ast.Constant(not value)
    elif isinstance(value, int | float):
        yield "constant", node, ast.Constant(value + 1)
    elif isinstance(value, str) and (sentences or not PROSE.fullmatch(value)):
        yield "constant", node, ast.Constant(f"{value}x")


def _statements(node: ast.stmt) -> Iterator[tuple[str, ast.AST, Any]]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield | ast.YieldFrom):
        yield "drop yield", node, ast.Expr(ast.YieldFrom(ast.Tuple([], ast.Load())))
    elif isinstance(node, ast.Expr | ast.AugAssign | ast.Raise):
        yield "remove", node, ast.Pass()
    elif isinstance(node, ast.Continue):
        yield "remove", node, ast.Break()
        yield "remove", node, ast.Pass()
    elif isinstance(node, ast.Break) or (isinstance(node, ast.Return) and node.value is None):
        yield "remove", node, ast.Pass()
    elif isinstance(node, ast.Return) and not _is_none(node.value):
        yield "return", node, ast.Return(None)
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript | ast.Attribute):
        yield "remove", node, ast.Pass()


def _is_none(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _within(node: ast.AST, where: str, inside: bool) -> Iterator[Change]:
    """A member taken out of a collection that is written down: of types, of values, of the arguments of a rule."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set) and node.elts and all(map(_data, node.elts)):
        field, members, first = "elts", node.elts, 0
    elif isinstance(node, ast.Call) and _name(node.func) in LISTED:
        field, members, first = "args", node.args, LISTED[_name(node.func)]
    else:
        if isinstance(node, ast.Dict) and all(
            isinstance(key, ast.Constant | ast.Tuple | ast.Attribute) for key in node.keys
        ):
            for index, key in enumerate(node.keys):
                rest = ast.Dict(
                    [one for at, one in enumerate(node.keys) if at != index],
                    [one for at, one in enumerate(node.values) if at != index],
                )
                yield _Entry(node, "keys", None, rest, "drop", key or node, where, inside)
        return
    for index, one in enumerate(members[first:], first):
        yield Change(node, field, index, None, "drop", one, where, inside)


class _Entry(Change):
    """An entry taken out of a mapping: its key and its value."""

    def apply(self) -> None:
        """Make the change in the tree."""
        self.holder.keys, self.holder.values = self.new.keys, self.new.values  # type: ignore[attr-defined]

    def said(self) -> str:
        """What is taken away."""
        return f"{self.operator}: {_text(self.before)}"


def _listed(holder: ast.AST, field: str, node: ast.expr) -> bool:
    """Whether a constant is a member of a collection out of which it is taken as a whole."""
    if isinstance(holder, ast.Tuple | ast.List | ast.Set):
        return all(map(_data, holder.elts))
    if isinstance(holder, ast.Call) and field == "args":
        first = LISTED.get(_name(holder.func))
        return first is not None and holder.args.index(node) >= first
    return False


def _data(node: ast.expr) -> bool:
    """Whether it is written down, not computed: a text, a number, the name of a constant, and what holds such."""
    if isinstance(node, ast.Starred):
        return True
    if isinstance(node, ast.Tuple):
        return all(map(_data, node.elts))
    if isinstance(node, ast.Name | ast.Attribute):
        return _name(node).isupper()
    return isinstance(node, ast.Constant)
